"""GSSI .DZT: words, headers, channels and damage, on written files."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.core import FormatError, UsageError
from detectkit.io import Certainty, Overrides, Probe, Recording, open_as
from detectkit.io.gssi.antennas import antenna_hz
from detectkit.io.gssi.dzt import GssiDzt
from detectkit.io.gssi.header import packed_date

from .writers import dzt_header, write_channels, write_dzt


def opened(path: Path, **settings: str) -> Recording:
    return open_as(GssiDzt(), path, Overrides(settings))


def said(recording: Recording, severity: str) -> str:
    return " | ".join(str(one) for one in recording.notices if one.severity == severity)


@pytest.fixture
def ramp() -> npt.NDArray[np.int64]:
    """Traces whose samples tell their own trace and sample number."""
    return np.arange(6)[:, None] * 16 + np.arange(12)[None, :] - 40


class TestWords:
    @pytest.mark.parametrize(("bits", "kind"), [(8, "i1"), (16, "i2"), (32, "i4")])
    def test_samples_lose_their_offset_and_keep_their_width(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], bits: int, kind: str
    ) -> None:
        (stream,) = opened(write_dzt(tmp_path / "a.dzt", ramp, bits=bits)).streams
        block = stream.rows(0, 6)
        assert block.data.dtype == np.dtype(kind)
        np.testing.assert_array_equal(block.data[:, 2:], ramp[:, 2:])
        half = float(1 << (bits - 1))
        assert stream.header.sensor.full_scale == (-half, half - 1.0)

    @pytest.mark.parametrize("bits", [8, 16, 32])
    def test_extremes_survive(self, tmp_path: Path, bits: int) -> None:
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        data = np.array([[0, 0, low, high, 0, -1]])
        (stream,) = opened(write_dzt(tmp_path / "a.dzt", data, bits=bits)).streams
        assert stream.rows(0, 1).data[0, 2:].tolist() == [low, high, 0, -1]

    def test_header_words_become_coordinates_and_samples_repeat_the_third(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        recording = opened(write_dzt(tmp_path / "a.dzt", ramp, first=65_533, marks=[2]))
        (stream,) = recording.streams
        block = stream.rows(0, 6)
        assert block.coord("header_word_0").tolist() == [65_533, 65_534, 65_535, 0, 1, 2]
        assert block.coord("header_word_1").tolist() == [0, 0x6400, 0, 0, 0, 0]
        np.testing.assert_array_equal(block.data[:, 0], ramp[:, 2])
        np.testing.assert_array_equal(block.data[:, 1], ramp[:, 2])
        assert stream.header.sensor.blank_samples == 2
        assert "repeat sample 2" in said(recording, "note")

    def test_lost_scans_show_as_a_gap(self, tmp_path: Path, ramp: npt.NDArray[np.int64]) -> None:
        path = write_dzt(tmp_path / "a.dzt", ramp)
        words = np.fromfile(path, "<u2", offset=1024).reshape(6, 12)
        words[4:, 0] += 3
        path.write_bytes(path.read_bytes()[:1024] + words.tobytes())
        (stream,) = opened(path).streams
        starts = [(block.first_trace, len(block)) for block in stream.blocks(2)]
        assert starts == [(0, 2), (2, 2), (7, 2)]

    def test_words_can_be_taken_as_signal(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_dzt(tmp_path / "a.dzt", ramp)
        (stream,) = opened(path, header_words="0").streams
        assert stream.rows(0, 6).data[:, 0].tolist() == [row - 32768 for row in range(6)]
        assert "header_word_0" not in stream.rows(0, 6).coords
        assert tuple(stream.header.marks) == ()

    def test_unknown_second_words_are_no_marks_unless_told(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_dzt(tmp_path / "a.dzt", ramp)
        words = np.fromfile(path, "<u2", offset=1024).reshape(6, 12)
        words[3, 1] = 0x1234
        path.write_bytes(path.read_bytes()[:1024] + words.tobytes())
        recording = opened(path)
        assert tuple(recording.streams[0].header.marks) == ()
        assert "0x1234" in said(recording, "assumed")
        assert "--set mark_word" in said(recording, "assumed")
        told = opened(path, mark_word=str(0x1234))
        assert tuple(told.streams[0].header.marks) == (4,)
        assert "0x1234" not in said(told, "assumed")

    def test_signed_and_big_endian_words_can_be_told(self, tmp_path: Path) -> None:
        path = tmp_path / "a.dzt"
        signal = np.array([[0, 0, -5, 7, 300]], dtype=">i2")
        path.write_bytes(bytes(dzt_header(samples=5)) + signal.tobytes())
        (stream,) = opened(path, coding="signed", byte_order="big").streams
        assert stream.rows(0, 1).data[0].tolist() == [-5, -5, -5, 7, 300]


class TestHeader:
    def test_unknown_instrument_opens_with_what_was_assumed(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_dzt(tmp_path / "a.dzt", ramp, tag=0x0ABC, system=31 << 3, antenna=b"XYZ")
        recording = opened(path)
        assert recording.streams[0].traces == 6
        assert recording.streams[0].header.sensor.antenna_hz is None
        for key in ("data_offset", "instrument", "antenna_hz"):
            assert f"--set {key}" in said(recording, "assumed")
        assert GssiDzt().recognise(Probe.of(path)) == Certainty.PLAUSIBLE
        told = opened(path, data_offset="1024", instrument="Mine", antenna_hz="1e9")
        assert said(told, "assumed") == ""

    def test_structure_can_be_told(self, tmp_path: Path, ramp: npt.NDArray[np.int64]) -> None:
        path = write_dzt(tmp_path / "a.dzt", ramp, channels=0, bits=16)
        content = bytearray(path.read_bytes())
        content[2:8] = b"\x09\xf0\x05\x00\x63\x00"
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"byte 6.*8, 16, 32.*found 99.*--set bits"):
            opened(path)
        settings = {"data_offset": "1024", "samples": "12", "bits": "16", "channels": "1"}
        (stream,) = opened(path, sample_interval_s="1e-10", **settings).streams
        np.testing.assert_array_equal(stream.rows(0, 6).data[:, 2:], ramp[:, 2:])

    def test_impossible_channel_count_is_taken_as_one(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_dzt(tmp_path / "a.dzt", ramp, channels=60_000, data_field=1)
        content = path.read_bytes()
        recording = opened(path)
        assert [stream.traces for stream in recording.streams] == [6]
        assert "--set channels" in said(recording, "assumed")
        with pytest.raises(UsageError, match="1 to 16"):
            opened(path, channels="17")
        assert path.read_bytes() == content

    def test_missing_data_offset_is_assumed(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        recording = opened(write_dzt(tmp_path / "a.dzt", ramp, data_field=0))
        assert recording.streams[0].traces == 6
        assert "from byte 1,024" in said(recording, "assumed")

    @pytest.mark.parametrize("range_ns", [0.0, -1.0, float("nan"), float("inf"), 1e-30])
    def test_impossible_range_needs_the_interval(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], range_ns: float
    ) -> None:
        path = write_dzt(tmp_path / "a.dzt", ramp, range_ns=range_ns)
        with pytest.raises(FormatError, match=r"a\.dzt at byte 26.*--set sample_interval_s"):
            opened(path)
        (stream,) = opened(path, sample_interval_s="2e-10").streams
        assert stream.header.sample_interval_s == 2e-10

    @pytest.mark.parametrize("rate", [float("nan"), -3.0, 1e30])
    def test_impossible_scan_rate_is_no_distance(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], rate: float
    ) -> None:
        recording = opened(write_dzt(tmp_path / "a.dzt", ramp, scans_per_m=rate))
        assert recording.streams[0].header.trace_spacing_m is None
        assert "no rate" in said(recording, "warning")

    def test_field_zero_changes_nothing(self, tmp_path: Path, ramp: npt.NDArray[np.int64]) -> None:
        blocks = [
            opened(write_dzt(tmp_path / f"{zero}.dzt", ramp, zero=zero)).streams[0].rows(0, 6)
            for zero in (-32768, 0, 1, 128, 32767)
        ]
        for block in blocks[1:]:
            np.testing.assert_array_equal(block.data, blocks[0].data)
            np.testing.assert_array_equal(block.coord("twt_s"), blocks[0].coord("twt_s"))

    @pytest.mark.parametrize(
        ("position_ns", "first_twt_s"), [(0.0, 0.0), (-4.5, -4.5e-9), (5.0, 0.0), (-400.0, 0.0)]
    )
    def test_only_a_position_inside_the_range_before_zero_is_used(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64], position_ns: float, first_twt_s: float
    ) -> None:
        recording = opened(write_dzt(tmp_path / "a.dzt", ramp, position_ns=position_ns))
        assert recording.streams[0].header.first_twt_s == pytest.approx(first_twt_s)
        unused = position_ns != 0.0 and first_twt_s == 0.0
        assert ("--set first_twt_s" in said(recording, "assumed")) == unused

    def test_packed_date(self) -> None:
        assert packed_date((23 << 25) | (7 << 21) | (17 << 16) | (14 << 11) | (9 << 5) | 14) == (
            "2003-07-17T14:09:28"
        )
        assert packed_date(0) is None

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("400MHz", 400e6),
            ("250 MHz shield", 250e6),
            ("1.5 GHz", 1500e6),
            ("400D", 400e6),
            ("5103", 400e6),
            ("5106A", 200e6),
            ("3101", 900e6),
            ("62000-003", 2000e6),
            ("3200MLF", None),
            ("D50800", None),
            ("", None),
            ("99999 MHz", None),
            ("Unknown", None),
        ],
    )
    def test_antenna_frequency_only_where_the_name_plainly_tells(
        self, name: str, expected: float | None
    ) -> None:
        assert antenna_hz(name) == expected


class TestChannels:
    def test_each_channel_is_a_stream_with_its_own_header(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(3)
        channels = [rng.integers(-30_000, 30_000, (7, 10)) for _ in range(3)]
        blocks = [
            {},
            {"antenna": b"900MHz", "range_ns": 24.0},
            {"antenna": b"1600MHz", "range_ns": 12.0},
        ]
        recording = opened(write_channels(tmp_path / "c.dzt", channels, blocks, marks=[4]))
        sensors = [stream.header.sensor for stream in recording.streams]
        assert [sensor.id for sensor in sensors] == ["gpr", "gpr-2", "gpr-3"]
        assert [sensor.antenna_hz for sensor in sensors] == [400e6, 900e6, 1600e6]
        for stream, data, range_ns in zip(recording.streams, channels, (48, 24, 12), strict=True):
            np.testing.assert_array_equal(stream.rows(0, 7).data[:, 2:], data[:, 2:])
            np.testing.assert_array_equal(stream.rows(3, 5).data[:, 2:], data[3:5, 2:])
            assert stream.header.sample_interval_s == pytest.approx(range_ns * 1e-9 / 10)
            assert tuple(stream.header.marks) == (4,)
        assert said(recording, "warning") == ""

    def test_channel_without_header_block_takes_the_first(self, tmp_path: Path) -> None:
        channels = [np.full((4, 8), 10), np.full((4, 8), 20)]
        path = write_channels(tmp_path / "c.dzt", channels, [{}, {"bits": 8}])
        recording = opened(path)
        assert recording.streams[1].header.sample_interval_s == pytest.approx(6e-9)
        assert "channel 2 has no usable header" in said(recording, "assumed")

    def test_cut_between_channels_keeps_every_whole_trace(self, tmp_path: Path) -> None:
        channels = [np.full((4, 8), 10), np.full((4, 8), 20)]
        path = write_channels(tmp_path / "c.dzt", channels, [{}, {}])
        content = path.read_bytes()
        path.write_bytes(content[:-3])
        recording = opened(path)
        assert [stream.traces for stream in recording.streams] == [4, 3]
        places = {one.offset for one in recording.notices if one.severity == "warning"}
        assert places == {2048 + 7 * 16}
        assert "7 traces do not divide among 2 channels" in said(recording, "warning")
        assert [len(stream.rows(0, stream.traces)) for stream in recording.streams] == [4, 3]


class TestDamage:
    def test_cut_trace_is_reported_with_its_place(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        recording = opened(write_dzt(tmp_path / "a.dzt", ramp, tail=b"12345"))
        assert recording.streams[0].traces == 6
        (warning,) = [one for one in recording.notices if one.severity == "warning"]
        assert warning.offset == 1024 + 6 * 24
        assert "expected 24 bytes, found 5" in warning.text

    def test_file_without_traces_says_so(self, tmp_path: Path) -> None:
        path = tmp_path / "a.dzt"
        path.write_bytes(bytes(dzt_header()))
        recording = opened(path)
        assert recording.streams[0].traces == 0
        assert list(recording.streams[0].blocks()) == []
        assert "no whole trace" in said(recording, "warning")

    def test_file_shorter_than_a_header_is_an_error(self, tmp_path: Path) -> None:
        path = tmp_path / "a.dzt"
        path.write_bytes(bytes(dzt_header())[:700])
        with pytest.raises(FormatError, match=r"a\.dzt at byte 700.*1024 bytes, found 700"):
            opened(path)

    def test_offset_beyond_the_end_is_an_error(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_dzt(tmp_path / "a.dzt", ramp, data_field=128)
        path.write_bytes(path.read_bytes()[:4000])
        with pytest.raises(FormatError, match=r"byte 131,072.*ends at byte 4,000.*data_offset"):
            opened(path)

    def test_file_that_shrinks_while_open_gives_an_error(
        self, tmp_path: Path, ramp: npt.NDArray[np.int64]
    ) -> None:
        path = write_dzt(tmp_path / "a.dzt", ramp)
        (stream,) = opened(path).streams
        path.write_bytes(path.read_bytes()[:1100])
        with pytest.raises(FormatError, match="shrink"):
            stream.rows(0, 6)


class TestSize:
    def test_ten_gigabytes_open_within_a_second(self, tmp_path: Path) -> None:
        path = tmp_path / "huge.dzt"
        path.write_bytes(bytes(dzt_header(samples=512)))
        with path.open("r+b") as handle:
            handle.truncate(1024 + 1024 * 10_000_000)
        began = time.perf_counter()
        (stream,) = opened(path).streams
        last = stream.rows(9_999_990, 10_000_000)
        assert time.perf_counter() - began < 1.0
        assert stream.traces == 10_000_000
        assert len(last) == 10
