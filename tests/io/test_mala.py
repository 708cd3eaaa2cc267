"""MALA .rd3, .rd7, .rad, .cor and .mrk: what real and written files must give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.core import FormatError, MissingSideFileError
from detectkit.io import Certainty, Overrides, Probe, Recording, open_as
from detectkit.io.mala.rad import looks_like_rad, read_rad
from detectkit.io.mala.rd3 import Mala

from .writers import write_mala


def opened(path: Path, **settings: str) -> Recording:
    return open_as(Mala(), path, Overrides(settings))


def said(recording: Recording, severity: str) -> str:
    return " | ".join(str(one) for one in recording.notices if one.severity == severity)


@pytest.fixture
def ramp() -> npt.NDArray[np.int64]:
    return np.arange(9)[:, None] * 16 + np.arange(16)[None, :] - 70


class TestRealFile:
    @pytest.mark.parametrize("name", ["DAT_0097.rd3", "DAT_0097.rad"])
    def test_opens_from_either_file_of_the_pair(self, shared_data: Path, name: str) -> None:
        recording = opened(shared_data / "mala" / name)
        (stream,) = recording.streams
        head = stream.header
        assert (head.traces, head.samples) == (645, 512)
        assert head.sample_interval_s == pytest.approx(1e-6 / 2610.515625, rel=1e-12)
        assert head.trace_spacing_m == 0.047766
        assert head.sensor.antenna_hz == 250e6
        assert head.sensor.antenna_separation_m == 0.31
        assert head.raw["POSITIVE DIRECTION"] == "-1"
        assert said(recording, "warning") == ""
        assert "--set first_twt_s" in said(recording, "assumed")

    def test_samples_are_those_of_the_file(self, shared_data: Path) -> None:
        path = shared_data / "mala" / "DAT_0097.rd3"
        data = opened(path).streams[0].rows(0, 645).data
        assert data.dtype == np.int16
        np.testing.assert_array_equal(data, np.fromfile(path, "<i2").reshape(645, 512))


class TestHeader:
    @pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
    def test_pairs_of_any_line_end_and_leading_blanks(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], newline: str
    ) -> None:
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, newline=newline))
        head = recording.streams[0].header
        assert (head.traces, head.samples) == (9, 16)
        assert head.sample_interval_s == pytest.approx(1e-9)
        assert head.trace_spacing_m == 0.05
        assert head.sensor.antenna_separation_m == 0.18
        assert said(recording, "warning") == ""

    def test_rd7_is_32_bit(self, tmp_path: Path, ramp: npt.NDArray[np.int64]) -> None:
        (stream,) = opened(write_mala(tmp_path / "A.RD7", 100_000 * ramp)).streams
        assert stream.rows(0, 9).data.dtype == np.int32
        np.testing.assert_array_equal(stream.rows(0, 9).data, 100_000 * ramp)
        assert stream.header.sensor.full_scale == (-(2.0**31), 2.0**31 - 1)

    def test_time_window_that_disagrees_is_only_reported(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, TIMEWINDOW="32.0"))
        assert recording.streams[0].header.sample_interval_s == pytest.approx(1e-9)
        assert "TIMEWINDOW 32 ns disagrees" in said(recording, "warning")

    @pytest.mark.parametrize(
        "fields",
        [
            {"DISTANCE_INTERVAL": " 0.000000"},
            {"TIME_FLAG": 1},
            {"TIME_FLAG": 1, "DISTANCE_INTERVAL": 0},
            {"DISTANCE_INTERVAL": None},
        ],
    )
    def test_time_mode_has_no_distance(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], fields: dict[str, object]
    ) -> None:
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, **fields))
        assert recording.streams[0].header.trace_spacing_m is None
        assert "along_track_m" not in recording.streams[0].rows(0, 9).coords
        assert "--set trace_spacing_m" in said(recording, "note")

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("250 MHz shielded=1", 250e6),
            ("500_shielded_egrip", 500e6),
            ("GX80HDR 1.6 GHz", 1.6e9),
            ("800", 800e6),
            ("_", None),
            ("shielded", None),
            ("RTA 12345", None),
        ],
    )
    def test_antenna_frequency_from_its_text(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], text: str, expected: float | None
    ) -> None:
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, ANTENNAS=text))
        assert recording.streams[0].header.sensor.antenna_hz == expected
        assert ("--set antenna_hz" in said(recording, "assumed")) == (expected is None)

    def test_signal_position_moves_nothing(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, SIGNAL_POSITION="348.25"))
        assert recording.streams[0].header.first_twt_s == 0.0
        assert "SIGNAL POSITION 348.25 is not used" in said(recording, "assumed")

    def test_stray_and_repeated_lines_are_reported(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_mala(tmp_path / "a.rd3", ramp)
        rad = path.with_suffix(".rad")
        first = rad.read_bytes()
        rad.write_bytes(first + b"no pair\r\nSAMPLES:99\r\n")
        recording = opened(path)
        assert recording.streams[0].header.samples == 16
        assert "1 lines are no KEY:VALUE pair" in said(recording, "warning")
        assert "SAMPLES and perhaps others stand there twice" in said(recording, "warning")
        assert len(first) in {one.offset for one in recording.notices}

    @pytest.mark.parametrize("value", ["0", "-3", "many", "1.5", "1e12", "nan"])
    def test_impossible_trace_length_must_be_told(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], value: str
    ) -> None:
        path = write_mala(tmp_path / "a.rd3", ramp, SAMPLES=value)
        with pytest.raises(FormatError, match=r"a\.rad.*expected SAMPLES.*--set samples"):
            opened(path)
        assert opened(path, samples="16").streams[0].traces == 9

    @pytest.mark.parametrize("value", ["0", "-3", "fast", "inf", None])
    def test_impossible_frequency_must_be_told(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], value: str | None
    ) -> None:
        path = write_mala(tmp_path / "a.rd3", ramp, FREQUENCY=value)
        with pytest.raises(FormatError, match=r"FREQUENCY.*--set sample_interval_s"):
            opened(path)
        head = opened(path, sample_interval_s="3e-10").streams[0].header
        assert head.sample_interval_s == 3e-10


class TestData:
    def test_headerless_data_open_with_what_the_user_tells(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_mala(tmp_path / "a.rd3", ramp)
        path.with_suffix(".rad").unlink()
        with pytest.raises(MissingSideFileError, match=r"a\.rad.*--set samples"):
            opened(path)
        recording = opened(path, samples="16", sample_interval_s="1e-9")
        np.testing.assert_array_equal(recording.streams[0].rows(0, 9).data, ramp)
        assert "no .rad is there" in said(recording, "warning")
        assert "bits" not in said(recording, "assumed")

    def test_header_without_data_is_an_error(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_mala(tmp_path / "a.rd3", ramp)
        path.unlink()
        with pytest.raises(MissingSideFileError, match=r"a\.rd3 or \.rd7 is not there"):
            opened(path.with_suffix(".rad"))

    def test_suffix_and_size_that_disagree_on_the_bits_are_reported(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_mala(tmp_path / "a.rd7", ramp).rename(tmp_path / "a.rd3")
        recording = opened(path)
        assert recording.streams[0].traces == 18
        assert "fits LAST TRACE with 32 bits" in said(recording, "warning")
        assert "--set bits" in said(recording, "warning")
        told = opened(path, bits="32")
        assert told.streams[0].traces == 9
        assert "bits" not in said(told, "warning")

    @pytest.mark.parametrize("suffix", [".rd3", ".rd7"])
    def test_other_suffix_is_told_by_the_size(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], suffix: str
    ) -> None:
        path = write_mala(tmp_path / f"a{suffix}", ramp).rename(tmp_path / "a.bin")
        assert Mala().recognise(Probe.of(path)) == Certainty.PLAUSIBLE
        np.testing.assert_array_equal(opened(path).streams[0].rows(0, 9).data, ramp)

    def test_cut_file_gives_whole_traces_and_the_place(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_mala(tmp_path / "a.rd3", ramp)
        path.write_bytes(path.read_bytes()[: 5 * 32 + 7])
        recording = opened(path)
        assert recording.streams[0].traces == 5
        warnings = [one for one in recording.notices if one.severity == "warning"]
        assert [one.offset for one in warnings] == [160, 160]
        assert "found 7" in warnings[0].text
        assert "says 9 traces, the file has 5" in warnings[1].text

    def test_traces_beyond_the_last_of_the_header_arrive_too(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, LAST_TRACE=4))
        assert recording.streams[0].traces == 9
        assert "says 4 traces, the file has 9" in said(recording, "warning")

    def test_big_endian_and_leading_bytes_can_be_told(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_mala(tmp_path / "a.rd3", ramp)
        path.write_bytes(b"12345678" + ramp.astype(">i2").tobytes())
        (stream,) = opened(path, byte_order="big", data_offset="8").streams
        np.testing.assert_array_equal(stream.rows(0, 9).data, ramp)

    @pytest.mark.parametrize("setting", [{"bits": "24"}, {"data_offset": "999999"}])
    def test_impossible_settings_are_refused(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], setting: dict[str, str]
    ) -> None:
        with pytest.raises(FormatError, match="--set"):
            opened(write_mala(tmp_path / "a.rd3", ramp), **setting)


class TestSideFiles:
    def test_letters_give_the_sign_of_the_degrees(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        cor = [
            "1\t2021-05-04\t10:00:00\t33.5\tS\t70.25\tW\t520.5\tM\t0.9",
            "9\t2021-05-04\t10:00:08\t33.1\tS\t70.05\tW\t521.5\tM\t0.9",
        ]
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, cor=cor))
        block = recording.streams[0].rows(0, 9)
        np.testing.assert_allclose(block.coord("latitude_deg"), np.linspace(-33.5, -33.1, 9))
        np.testing.assert_allclose(block.coord("longitude_deg"), np.linspace(-70.25, -70.05, 9))
        np.testing.assert_allclose(block.coord("up_m"), np.linspace(520.5, 521.5, 9))
        assert said(recording, "warning") == ""

    def test_trace_numbers_beyond_the_file_are_reported_and_ignored(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        line = "{}\t2021-05-04\t10:00:00\t50.0\tN\t14.0\tE\t250.0\tM\t0.9"
        cor = [line.format(number) for number in (0, 3, 10, 400)]
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, cor=cor))
        latitude = recording.streams[0].rows(0, 9).coord("latitude_deg")
        assert np.flatnonzero(np.isfinite(latitude)).tolist() == [2]
        assert "3 of 4 positions belong to no trace of 1 to 9" in said(recording, "warning")

    def test_damaged_positions_are_reported_with_their_place(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        good = "3\t2021-05-04\t10:00:00\t50.0\tN\t14.0\tE\t250.0\tM\t0.9"
        cor = [good, "4\t2021-05-04", good.replace("N", "Q"), good.replace("50.0", "-50.0")]
        cor += [good.replace("14.0", "x"), "trace\tdate\ttime\t1\tN\t2\tE"]
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, cor=cor))
        assert len(recording.streams[0].header.fixes) == 1
        (warning,) = [one for one in recording.notices if one.severity == "warning"]
        assert warning.text.startswith("5 lines are no position")
        assert (warning.file, warning.offset) == ("a.cor", len(good) + 1)

    def test_empty_cor_is_reported(self, tmp_path: Path, ramp: npt.NDArray[np.int64]) -> None:
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, cor=[]))
        assert "holds no position" in said(recording, "warning")

    def test_marks_count_from_one(self, tmp_path: Path, ramp: npt.NDArray[np.int64]) -> None:
        mrk = ["7 second", "2,first", "30;outside", "comment"]
        recording = opened(write_mala(tmp_path / "a.rd3", ramp, mrk=mrk))
        assert tuple(recording.streams[0].header.marks) == (2, 7)
        assert recording.streams[0].rows(1, 3).coord("mark").tolist() == [1, 0]
        assert "1 marks lie outside" in said(recording, "warning")
        assert "1 lines do not begin with a trace number" in said(recording, "note")


class TestRecognition:
    def test_header_text_is_recognised_under_any_name(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_mala(tmp_path / "a.rd3", ramp)
        rad = path.with_suffix(".rad")
        assert Mala().recognise(Probe.of(rad)) == Certainty.LIKELY
        renamed = rad.rename(tmp_path / "b.txt")
        assert Mala().recognise(Probe.of(renamed)) == Certainty.PLAUSIBLE

    def test_needs_both_keys_and_no_binary(self) -> None:
        assert looks_like_rad(b"SAMPLES:5\r\nFREQUENCY:100\r\n")
        assert not looks_like_rad(b"SAMPLES:5\r\n")
        assert not looks_like_rad(b"SAMPLES:5\r\nFREQUENCY:100\r\n\0")

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
    def test_values_keep_colons_and_letters(self, tmp_path: Path, encoding: str) -> None:
        path = tmp_path / "a.rad"
        path.write_bytes("SITE: Malå : north\n".encode(encoding))
        assert read_rad(path).pairs == {"SITE": "Malå : north"}
