"""Sensors & Software: real lines to the last trace and fix, and headers as messy as they come."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import FormatError, MissingSideFileError
from detectkit.io import Certainty, Overrides, Probe, Recording, open_as
from detectkit.io.nmea import fixes_from_nmea
from detectkit.io.sensoft.dt1 import SensoftDt1
from detectkit.io.sensoft.hd import parse_hd
from detectkit.testing import FormatSuite, SampleFile

from .conftest import SHARED_DATA

HD_LINES = {
    "NUMBER OF TRACES": "6",
    "NUMBER OF PTS/TRC": "16",
    "TIMEZERO AT POINT": "5",
    "TOTAL TIME WINDOW": "6.4",
    "STARTING POSITION": "0.0",
    "FINAL POSITION": "0.25",
    "STEP SIZE USED": "0.05",
    "POSITION UNITS": "m",
    "NOMINAL FREQUENCY": "250.0",
    "ANTENNA SEPARATION": "0.28",
    "SURVEY MODE": "Reflection",
}


def hd_text(*, without: Sequence[str] = (), **changed: str) -> str:
    fields = {**HD_LINES, **{name.replace("_", " "): value for name, value in changed.items()}}
    lines = [f"{name:<19}= {value}" for name, value in fields.items() if name not in without]
    return "\n".join(["1234", "Data Collected with Noggin", "2014-03-11", *lines, ""])


def noise(traces: int = 6, samples: int = 16) -> npt.NDArray[np.int16]:
    return np.random.default_rng(traces).integers(-9000, 9000, (traces, samples), dtype=np.int16)


def write_dt1(
    path: Path,
    data: npt.NDArray[np.int16],
    *,
    hd: str | None = "",
    positions: Sequence[float] | None = None,
    numbers: Sequence[float] | None = None,
    seconds: float = 86398.0,
    comments: dict[int, bytes] | None = None,
    float_6: float = 6.4,
    garbage: float = 0.0,
) -> Path:
    traces, samples = data.shape
    records = np.zeros(
        traces, np.dtype([("f", "<f4", (25,)), ("text", "S28"), ("data", "<i2", (samples,))])
    )
    floats = records["f"]
    floats[:, 0] = np.arange(1, traces + 1) if numbers is None else numbers
    floats[:, 1] = 0.05 * np.arange(traces) if positions is None else positions
    floats[:, 2], floats[:, 5], floats[:, 6], floats[:, 7] = samples, 2, float_6, 8
    floats[:, 8:13] = garbage
    floats[:, 23] = (seconds + np.arange(traces)) % 86400.0
    for number, text in (comments or {}).items():
        records["text"][number - 1] = text
    records["data"] = data
    path.write_bytes(records.tobytes())
    if hd is not None:
        path.with_suffix(".HD").write_text(hd or hd_text())
    return path


def sentence(body: str) -> str:
    checksum = 0
    for one in body.encode():
        checksum ^= one
    return f"${body}*{checksum:02X}"


def gga(minutes: float, *, quality: int = 4) -> str:
    return sentence(
        f"GPGGA,100000.00,50{minutes:010.7f},N,01418.0000000,W,{quality},10,0.9,250.0,M,-33.9,M,,"
    )


def gps_text(places: Sequence[tuple[int, float, str]]) -> str:
    return "".join(f"Trace #{n} at position {x:.6f}\n{text}\n" for n, x, text in places)


def opened(path: Path, **given: str) -> Recording:
    return open_as(SensoftDt1(), path, Overrides(given))


def texts(recording: Recording, severity: str) -> str:
    return " | ".join(str(one) for one in recording.notices if one.severity == severity)


def real(*names: str) -> list[Path]:
    return [path for name in names if (path := SHARED_DATA / name).is_file()]


class TestSensoftLaws(FormatSuite):
    format = SensoftDt1
    small_bytes = 100_000
    paths = real(
        "sensoft/LINE0.DT1",
        "sensoft/frenke/LINE00.DT1",
        "sensoft/frenke/CMP.DT1",
    )
    foreign = real("mala/DAT_0097.rad", "mala/DAT_0097.rd3", "ids/LID10001.dt", "gssi/testdata.dzt")

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        line = write_dt1(folder / "line.dt1", noise(40, 24), comments={3: b"F1"}, float_6=9.6)
        line.with_suffix(".HD").write_text(
            hd_text(NUMBER_OF_TRACES="40", **{"NUMBER_OF_PTS/TRC": "24"})
        )
        places = [(n, 0.05 * (n - 1), gga(0.001 * n)) for n in (1, 11, 40)]
        line.with_suffix(".GPS").write_text(gps_text(places))
        alone = write_dt1(folder / "alone.dt1", noise(9, 30), hd=None, float_6=12.0)
        return [SampleFile(line, (40,), 24), SampleFile(alone, (9,), 30)]


@pytest.mark.parametrize("name", ["LINE0.DT1", "LINE0.HD"])
def test_noggin_line_has_every_trace_its_time_axis_and_its_distance(
    shared_data: Path, name: str
) -> None:
    stream = opened(shared_data / "sensoft" / name).streams[0]
    head = stream.header
    assert (head.traces, head.samples) == (4684, 232)
    assert head.sample_interval_s == pytest.approx(93e-9 / 232)
    assert head.first_twt_s == pytest.approx(-45 * 93e-9 / 232)
    assert head.trace_spacing_m == pytest.approx(0.025)
    assert (head.sensor.antenna_hz, head.sensor.antenna_separation_m) == (250e6, 0.2794)
    block = stream.rows(0, 4684)
    along = block.coord("along_track_m")
    assert along[0] == 0.0
    assert along[-1] == pytest.approx(117.075, abs=1e-4)
    assert np.all(np.diff(along) > 0.02)
    raw = np.fromfile(shared_data / "sensoft" / "LINE0.DT1", "<i2").reshape(4684, -1)
    np.testing.assert_array_equal(block.data, raw[:, 64:])
    assert block.coord("elapsed_s")[-1] == pytest.approx(42187.39 - 42003.17, abs=0.01)


def test_noggin_direct_wave_rises_after_time_zero(shared_data: Path) -> None:
    """Antennas 0.28 m apart: the air wave arrives 0.93 ns after time-zero, not before."""
    stream = opened(shared_data / "sensoft" / "LINE0.DT1").streams[0]
    level = np.abs(stream.rows(0, 4684).data.astype(np.float64)).mean(axis=0)
    onset_s = stream.twt_s[np.flatnonzero(level > 1000.0)[0]]
    assert 0.0 < onset_s < 0.28 / 299_792_458.0 + 2 * stream.header.sample_interval_s


def test_noggin_fixes_are_all_there_and_traces_lie_on_their_track(shared_data: Path) -> None:
    stream = opened(shared_data / "sensoft" / "LINE0.DT1").streams[0]
    fixes = stream.header.fixes
    lines = (shared_data / "sensoft" / "LINE0.GPS").read_text().splitlines()
    expected = fixes_from_nmea((0.0, one) for one in lines if one.startswith("$GPGGA")).fixes
    assert int(fixes.valid.sum()) == len(fixes) == len(expected) == 469
    np.testing.assert_array_equal(fixes.row, 10.0 * np.arange(469))
    block = stream.rows(0, 4684)
    for name, track in (
        ("longitude_deg", expected.longitude_deg),
        ("latitude_deg", expected.latitude_deg),
        ("up_m", expected.up_m),
    ):
        np.testing.assert_allclose(block.coord(name)[:4681:10], track, rtol=0, atol=1e-9)
        assert np.nanmin(block.coord(name)) >= track.min() - 1e-9
        assert np.nanmax(block.coord(name)) <= track.max() + 1e-9
    assert np.flatnonzero(np.isnan(block.coord("longitude_deg"))).tolist() == [4681, 4682, 4683]


def test_pulse_ekko_line_and_its_operator_mark(shared_data: Path) -> None:
    recording = opened(shared_data / "sensoft" / "frenke" / "LINE00.DT1")
    head = recording.streams[0].header
    assert (head.traces, head.samples, tuple(head.marks)) == (223, 1000, (191,))
    assert head.sample_interval_s == pytest.approx(0.4e-9)
    assert head.first_twt_s == pytest.approx(-130.460007 * 0.4e-9)
    assert head.trace_spacing_m == pytest.approx(0.25)
    assert "LINE00_topo.txt" in texts(recording, "note")
    assert "longitude_deg" not in recording.streams[0].rows(0, 5).coords


def test_common_midpoint_gather_has_no_distance_along_a_line(shared_data: Path) -> None:
    recording = opened(shared_data / "sensoft" / "frenke" / "CMP.DT1")
    stream = recording.streams[0]
    assert stream.traces == 40
    assert stream.header.trace_spacing_m is None
    assert "CMP/WARR" in texts(recording, "note")
    np.testing.assert_allclose(
        stream.rows(0, 40).coord("position"), 17.0 + 0.5 * np.arange(40), atol=1e-4
    )


def test_keys_that_run_together_on_one_line_are_all_found() -> None:
    hd = parse_hd(
        "1234\r\n2014-03-11\r\nNUMBER OF TRACES   = 1240 NUMBER OF PTS/TRC  = 500 "
        "TOTAL TIME WINDOW  = 200.0 STEP SIZE USED     = 0.25 POSITION UNITS = ft "
        "NOMINAL FREQUENCY  = 100,5 PROFILE REVERSED\r\nTRACES REPOSITIONED.\r\n"
    )
    assert hd.number("NUMBER OF TRACES") == 1240
    assert hd.number("NUMBER OF PTS/TRC") == 500
    assert hd.number("TOTAL TIME WINDOW") == 200.0
    assert hd.number("NOMINAL FREQUENCY") == 100.5
    assert hd.unit == "ft"
    assert "TRACES REPOSITIONED." in hd.remarks


def test_half_the_keys_missing_still_opens_and_says_what_is_assumed(tmp_path: Path) -> None:
    gone = ["TIMEZERO AT POINT", "TOTAL TIME WINDOW", "STEP SIZE USED", "POSITION UNITS"]
    path = write_dt1(tmp_path / "a.dt1", noise(), hd=hd_text(without=gone))
    recording = opened(path)
    head = recording.streams[0].header
    assert head.sample_interval_s == pytest.approx(6.4e-9 / 16)
    assert head.first_twt_s == 0.0
    assert head.trace_spacing_m == pytest.approx(0.05)
    settled = {one.setting for one in recording.notices if one.severity == "assumed"}
    assert settled == {"sample_interval_s", "first_twt_s", "position_unit"}


@pytest.mark.parametrize(
    ("float_6", "frequency", "interval_ns"), [(93.0, "250", 93 / 16), (800.0, "100", 0.8)]
)
def test_float_6_is_a_window_or_an_interval_by_the_frequency(
    tmp_path: Path, float_6: float, frequency: str, interval_ns: float
) -> None:
    hd = hd_text(without=["TOTAL TIME WINDOW"], NOMINAL_FREQUENCY=frequency)
    samples = 232 if float_6 == 93.0 else 500
    path = write_dt1(tmp_path / "a.dt1", noise(4, samples), hd=hd, float_6=float_6)
    expected = interval_ns * 16 / 232 if float_6 == 93.0 else interval_ns
    interval = opened(path).streams[0].header.sample_interval_s
    assert interval == pytest.approx(expected * 1e-9)


def test_window_contradicted_by_the_trace_header_is_a_warning(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise(), float_6=123.0)
    assert "float 6" in texts(opened(path), "warning")


def test_missing_hd_opens_by_assumptions_and_missing_dt1_is_named(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise())
    path.with_suffix(".HD").unlink()
    recording = opened(path)
    assert recording.streams[0].traces == 6
    assert "no .HD" in texts(recording, "warning")
    (tmp_path / "b.hd").write_text(hd_text())
    with pytest.raises(MissingSideFileError, match="DT1"):
        opened(tmp_path / "b.hd")


def test_feet_become_metres_everywhere(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise(), hd=hd_text(POSITION_UNITS="ft"))
    stream = opened(path).streams[0]
    assert stream.header.trace_spacing_m == pytest.approx(0.05 * 0.3048)
    assert stream.header.sensor.antenna_separation_m == pytest.approx(0.28 * 0.3048)
    assert stream.rows(0, 6).coord("along_track_m")[-1] == pytest.approx(0.25 * 0.3048)


@pytest.mark.parametrize("changed", [{"STEP_SIZE_USED": "0"}, {"POSITION_UNITS": "sec"}])
def test_time_mode_has_no_distance(tmp_path: Path, changed: dict[str, str]) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise(), hd=hd_text(**changed))
    stream = opened(path).streams[0]
    assert stream.header.trace_spacing_m is None
    assert "along_track_m" not in stream.rows(0, 6).coords


def test_reversed_line_counts_distance_up_from_its_first_trace(tmp_path: Path) -> None:
    positions = 10.0 - 0.05 * np.arange(6)
    path = write_dt1(
        tmp_path / "a.dt1", noise(), positions=positions.tolist(), numbers=[6, 5, 4, 3, 2, 1]
    )
    stream = opened(path).streams[0]
    along = stream.rows(0, 6).coord("along_track_m")
    np.testing.assert_allclose(along, 0.05 * np.arange(6), atol=1e-5)
    assert [one.first_trace for one in stream.blocks()] == [0]


def test_lost_traces_show_as_a_gap(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise(), numbers=[1, 2, 3, 7, 8, 9])
    assert [one.first_trace for one in opened(path).streams[0].blocks()] == [0, 6]


def test_garbage_in_trace_headers_is_no_place_and_no_gap(tmp_path: Path) -> None:
    path = write_dt1(
        tmp_path / "a.dt1",
        noise(),
        positions=[0.0, 0.05, 1e24, float("nan"), 0.2, 0.25],
        numbers=[1, 2, float("inf"), -5, 5, 6],
        garbage=1e17,
    )
    stream = opened(path).streams[0]
    block = stream.rows(0, 6)
    assert np.flatnonzero(np.isnan(block.coord("along_track_m"))).tolist() == [2, 3]
    assert [one.first_trace for one in stream.blocks()] == [0]


def test_clock_runs_over_midnight(tmp_path: Path) -> None:
    elapsed = opened(write_dt1(tmp_path / "a.dt1", noise())).streams[0].rows(0, 6)
    np.testing.assert_allclose(elapsed.coord("elapsed_s"), np.arange(6))


def test_comments_are_marks_and_blanks_are_not(tmp_path: Path) -> None:
    path = write_dt1(
        tmp_path / "a.dt1", noise(), comments={2: b" Merge Point", 4: b"   ", 5: b"F2"}
    )
    stream = opened(path).streams[0]
    assert tuple(stream.header.marks) == (2, 5)
    assert stream.rows(0, 6).coord("mark").tolist() == [0, 1, 0, 0, 1, 0]


def test_fix_of_quality_0_gives_no_position(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise())
    places = [(n, 0.05 * (n - 1), gga(0.001 * n, quality=0)) for n in (1, 3, 6)]
    path.with_suffix(".GPS").write_text(gps_text(places))
    recording = opened(path)
    assert len(recording.streams[0].header.fixes) == 3
    assert "longitude_deg" not in recording.streams[0].rows(0, 6).coords
    assert "3 of 3 GGA sentences have fix quality 0" in texts(recording, "warning")


def test_bad_checksums_are_counted_and_not_used(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise())
    places = [(1, 0.0, gga(0.001)), (3, 0.1, gga(0.003)[:-2] + "ZZ"), (6, 0.25, gga(0.006))]
    path.with_suffix(".GPS").write_text(gps_text(places))
    recording = opened(path)
    assert recording.streams[0].header.fixes.row.tolist() == [0.0, 5.0]
    assert "1 NMEA sentences" in texts(recording, "warning")


def test_trace_numbers_that_restart_are_tied_by_position(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise(20, 16), hd=hd_text(NUMBER_OF_TRACES="20"))
    places = [
        (1, 0.0, gga(0.001)),
        (9, 0.4, gga(0.009)),
        (1, 0.5, gga(0.011)),
        (6, 0.75, gga(0.016)),
    ]
    path.with_suffix(".GPS").write_text(gps_text(places))
    recording = opened(path)
    np.testing.assert_allclose(recording.streams[0].header.fixes.row, [0, 8, 10, 15], atol=1e-3)
    latitude = recording.streams[0].rows(0, 20).coord("latitude_deg")
    assert latitude[15] == pytest.approx(50.0 + 0.016 / 60.0, abs=1e-8)
    assert "2 of 4 trace numbers do not fit" in texts(recording, "warning")


def test_places_that_fit_no_trace_are_not_used(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise(), positions=[0, 1, 7, 8, 20, 21])
    places = [(2, 1.0, gga(0.001)), (4, 20.0, gga(0.009))]
    path.with_suffix(".GPS").write_text(gps_text(places))
    recording = opened(path)
    assert recording.streams[0].header.fixes.valid.tolist() == [True, False]
    assert "1 of 2 places fit no trace" in texts(recording, "warning")


def test_hd_and_trace_header_that_disagree_leave_the_file_to_decide(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise(), hd=hd_text(**{"NUMBER_OF_PTS/TRC": "17"}))
    recording = opened(path)
    assert (recording.streams[0].traces, recording.streams[0].header.samples) == (6, 16)
    assert "17" in texts(recording, "warning")


def test_cut_file_gives_whole_traces_and_the_byte(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise())
    path.write_bytes(path.read_bytes()[:-5])
    recording = opened(path)
    assert recording.streams[0].traces == 5
    cut = [one for one in recording.notices if one.offset == 5 * 160]
    assert [one.severity for one in cut] == ["warning"]


@pytest.mark.parametrize("points", ["2147483648", "1e9"])
def test_claim_of_more_samples_than_the_file_holds_is_refused(tmp_path: Path, points: str) -> None:
    path = write_dt1(tmp_path / "a.dt1", noise(), hd=hd_text(**{"NUMBER_OF_PTS/TRC": points}))
    content = bytearray(path.read_bytes())
    content[8:12] = np.float32(2.0**31).tobytes()
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"a\.dt1 at byte 8"):
        opened(path)
    assert opened(path, samples="16").streams[0].traces == 6


def test_big_file_opens_in_a_second_without_reading_its_traces(tmp_path: Path) -> None:
    path = write_dt1(tmp_path / "big.dt1", noise(2, 4000))
    record = path.read_bytes()[:8128]
    with path.open("r+b") as handle:
        handle.truncate(10_000_000_000 // 8128 * 8128)
        for row in range(64):
            handle.seek(row * 8128)
            handle.write(record)
    began = time.monotonic()
    stream = opened(path).streams[0]
    assert stream.traces == 10_000_000_000 // 8128
    stream.rows(stream.traces - 2, stream.traces)
    assert time.monotonic() - began < 1.0


@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=400))
def test_any_bytes_as_side_files_still_open(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("side")
    path = write_dt1(folder / "a.dt1", noise())
    path.with_suffix(".HD").write_bytes(content)
    path.with_suffix(".GPS").write_bytes(b"Trace #1 at position 0\n$" + content)
    assert opened(path).streams[0].rows(0, 6).data.shape == (6, 16)
    shutil.rmtree(folder)


def test_recognised_by_content(shared_data: Path) -> None:
    for name, certainty in (("LINE0.DT1", Certainty.CERTAIN), ("LINE0.HD", Certainty.CERTAIN)):
        assert SensoftDt1().recognise(Probe.of(shared_data / "sensoft" / name)) == certainty
