"""Each reader on logs whose every value is known (synthetic)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import FormatError, UnknownFormatError, UsageError
from detectkit.io import formats
from detectkit.io.positions import PositionLog, open_positions, position_formats
from detectkit.io.positions.stamps import SECOND_NS

from .writers import (
    START_NS,
    place,
    write_dataflash,
    write_pos,
    write_skyhub,
    write_tlog,
    write_ulog,
)

SECONDS = [0.1 * number for number in range(400)]
Writer = Callable[[Path], Path]
WRITERS: dict[str, Writer] = {
    "rtklib-pos": lambda path: write_pos(path, SECONDS),
    "ardupilot-dataflash": lambda path: write_dataflash(path, SECONDS),
    "px4-ulog": lambda path: write_ulog(path, SECONDS),
    "mavlink-tlog": lambda path: write_tlog(path, SECONDS),
    "skyhub-position": lambda path: write_skyhub(
        path, [(one, place(one), number) for number, one in enumerate(SECONDS)]
    ),
}
NOWHERE = "at longitude 0, latitude 0"
NAME = "2026-05-01-10-00-00-position.log"


def said(log: PositionLog, severity: str = "warning") -> str:
    return " | ".join(str(one) for one in log.notices if one.severity == severity)


@pytest.mark.parametrize("name", WRITERS)
def test_every_row_arrives_at_its_time_and_place(name: str, tmp_path: Path) -> None:
    """Whatever the file is called; times to 1 ms, places to the digits of the format."""
    log = open_positions(WRITERS[name](tmp_path / NAME))
    assert (log.format, log.clock, len(log), log.rejected) == (name, "utc", len(SECONDS), {})
    expected = START_NS + np.rint(np.array(SECONDS) * 1e9).astype(np.int64)
    assert np.abs(log.time_ns - expected).max() <= 1_000_000
    lon, lat, up = np.array([place(one) for one in SECONDS]).T
    assert np.abs(log.longitude_deg - lon).max() < 1e-7
    assert np.abs(log.latitude_deg - lat).max() < 1e-7
    assert np.abs(log.up_m - up).max() < 0.01


@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"rtklib-pos"}))
def test_heights_and_attitudes_come_along(name: str, tmp_path: Path) -> None:
    log = open_positions(WRITERS[name](tmp_path / NAME))
    np.testing.assert_allclose(log.heights.distance_m, 1.2, atol=1e-6)
    assert np.median(log.attitudes.yaw_rad) == pytest.approx(np.pi / 2, abs=0.1)
    assert abs(log.attitudes.time_ns[0] - START_NS) < 1_000_000


def test_settings_of_logs_and_recordings_have_different_names() -> None:
    """So that one --set serves both."""
    of_logs = {name for one in position_formats() for name in one.structural}
    assert not of_logs & {name for one in formats() for name in one.structural}


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda path: write_dataflash(path, SECONDS, status=[2] * 400), "no fix: 400"),
        (lambda path: write_dataflash(path, SECONDS, status=[1] * 400, with_pos=False), "no fix"),
        (lambda path: write_ulog(path, SECONDS, fix_type=2), "no fix"),
        (lambda path: write_tlog(path, SECONDS, fix_type=1), "no fix"),
        (lambda path: write_pos(path, SECONDS, q=0), "no fix"),
    ],
)
def test_rows_without_a_fix_look_plausible_and_are_no_positions(
    write: Writer, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(FormatError, match=reason):
        open_positions(write(tmp_path / "log"))


def test_dataflash_status_decides_row_by_row(tmp_path: Path) -> None:
    status = [1] * 100 + [6] * 200 + [3] * 50 + [1] * 50
    for with_pos in (True, False):
        path = write_dataflash(tmp_path / "log", SECONDS, status=status, with_pos=with_pos)
        log = open_positions(path)
        assert log.rejected == {"no fix": 150}
        assert log.fix_quality.tolist() == [4.0] * 200 + [1.0] * 50


def test_a_tlog_without_utc_counts_from_the_start(tmp_path: Path) -> None:
    log = open_positions(write_tlog(tmp_path / "log", SECONDS, utc=False))
    assert log.clock == "elapsed"
    assert log.time_ns[0] == 50 * SECOND_NS
    assert "never told UTC" in said(log)
    placed = log.starting(START_NS - 50 * SECOND_NS)
    assert placed.time_ns[0] == placed.attitudes.time_ns[0] == START_NS
    with pytest.raises(UsageError, match="tells UTC itself"):
        placed.starting(0)


def test_a_restarted_autopilot_is_put_on_utc_anew(tmp_path: Path) -> None:
    first = write_tlog(tmp_path / "a", SECONDS).read_bytes()
    second = write_tlog(tmp_path / "b", [one - 45.0 for one in SECONDS]).read_bytes()
    (tmp_path / "log").write_bytes(first + second)
    log = open_positions(tmp_path / "log")
    assert "started anew 1 time(s)" in said(log, "note")
    assert log.rejected["its time goes back"] == 400


def test_of_several_vehicles_the_first_is_read_unless_told(tmp_path: Path) -> None:
    one = write_tlog(tmp_path / "a", SECONDS[:50], system=3).read_bytes()
    other = write_tlog(tmp_path / "b", SECONDS, system=9).read_bytes()
    (tmp_path / "log").write_bytes(one + other)
    first = open_positions(tmp_path / "log")
    assert len(first) == 50
    assert "systems 3, 9" in said(first, "assumed")
    assert len(open_positions(tmp_path / "log", overrides={"vehicle": "9"})) == 400
    with pytest.raises(FormatError, match="systems heard: 3, 9"):
        open_positions(tmp_path / "log", overrides={"vehicle": "4"})


def test_gps_time_is_18_seconds_ahead(tmp_path: Path) -> None:
    utc = open_positions(write_pos(tmp_path / "a", SECONDS))
    gps = open_positions(write_pos(tmp_path / "b", SECONDS, zone="GPST"))
    assert set((utc.time_ns - gps.time_ns).tolist()) == {18 * SECOND_NS}


def replaced(path: Path, row: int, change: Callable[[str], str]) -> Path:
    lines = path.read_text().split("\n")
    lines[row] = change(lines[row])
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda line: line.replace("50.100", "0.").replace("14.3", "0.0"), "leaps away and back"),
        (lambda line: " ".join([*line.split()[:2], "0.0", "0.0", *line.split()[4:]]), NOWHERE),
        (lambda line: line.replace("2026/05/01", "2080/01/06", 1), "its time goes back"),
        (lambda line: line.replace("2026/05/01", "1980/01/06", 1), "damaged line"),
        (lambda line: line.replace("14.3", "14,3"), "damaged line"),
        (lambda line: line.replace("14.3", "914.3"), "off the globe"),
        (lambda line: line.replace("50.1", "51.1"), "leaps away and back"),
        (lambda line: line.replace("10:00:", "09:00:"), "its time goes back"),
    ],
)
def test_a_bad_row_of_a_pos_file_is_reported_with_its_reason(
    change: Callable[[str], str], reason: str, tmp_path: Path
) -> None:
    path = replaced(write_pos(tmp_path / "log", SECONDS), 60, change)
    log = open_positions(path)
    assert log.rejected == {reason: 1}
    assert len(log) == len(SECONDS) - 1
    assert np.ptp(log.latitude_deg) < 0.001
    assert np.all(np.diff(log.time_ns) > 0)


def test_swapped_columns_are_suspected_where_they_leave_the_globe(tmp_path: Path) -> None:
    rows = [(one, (50.1, 114.3 + one * 1e-6, 250.0), 0) for one in SECONDS]
    with pytest.raises(FormatError, match="each other's columns"):
        open_positions(write_skyhub(tmp_path / NAME, rows))


def test_decimal_commas_are_named(tmp_path: Path) -> None:
    path = write_pos(tmp_path / "log", SECONDS)
    head, rows = path.read_text().split("sdu(m)\n")
    path.write_text(head + "sdu(m)\n" + rows.replace(".", ","))
    with pytest.raises(FormatError, match="decimal comma"):
        open_positions(path)


def test_a_log_in_cartesian_coordinates_says_what_to_export(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("%  GPST   x-ecef(m)  y-ecef(m)  z-ecef(m)   Q  ns\n")
    with pytest.raises(FormatError, match="export the solution as latitude"):
        open_positions(path)


def test_skyhub_over_midnight_goes_on(tmp_path: Path) -> None:
    path = write_skyhub(tmp_path / NAME, [(one, place(one), 0) for one in SECONDS[:40]])
    text = path.read_text().replace(",10:00:0", ",23:59:59.9")
    lines = text.split("\n")
    for number in range(1, 41):
        moment = "23:59:59.5" if number <= 20 else "00:00:00.1"
        fields = lines[number].split(",")
        fields[1] = f"{moment}{number:02d}"
        lines[number] = ",".join(fields)
    path.write_text("\n".join(lines))
    log = open_positions(path)
    assert len(log) == 40
    assert (log.time_ns[-1] - log.time_ns[0]) / 1e9 == pytest.approx(0.639)


def test_skyhub_of_a_hovering_drone_keeps_a_position_every_fifth_of_a_second(
    tmp_path: Path,
) -> None:
    """Copies for 10 s: the join's longest gap of 0.5 s is not reached."""
    rows = [(0.01 * number, place(0.0), number) for number in range(1000)]
    log = open_positions(write_skyhub(tmp_path / NAME, rows))
    assert np.diff(log.time_ns).max() == 200_000_000
    assert len(log.traces) == 1000


def test_skyhub_status_that_is_unknown_is_said(tmp_path: Path) -> None:
    rows = [(one, place(one), 0) for one in SECONDS]
    log = open_positions(write_skyhub(tmp_path / NAME, rows, status="77"))
    assert "RTK status 77 is not known" in said(log)
    assert np.isnan(log.fix_quality).all()
    assert open_positions(write_skyhub(tmp_path / NAME, rows)).fix_quality[0] == 4.0


def test_wrong_names_and_files_are_refused_with_what_there_is(tmp_path: Path) -> None:
    path = write_pos(tmp_path / "log", SECONDS)
    with pytest.raises(UsageError, match="rtklib-pos logs take: no settings"):
        open_positions(path, overrides={"vehicle": "1"})
    with pytest.raises(UsageError, match="use one of ardupilot-dataflash, mavlink-tlog"):
        open_positions(path, format_name="gpx")
    with pytest.raises(FormatError, match="does not exist"):
        open_positions(tmp_path / "nothing")
    (tmp_path / "other").write_text("lat,lon\n1,2\n")
    with pytest.raises(UnknownFormatError, match=r"known formats: .*px4-ulog"):
        open_positions(tmp_path / "other")
