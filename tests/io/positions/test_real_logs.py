"""Real logs (captured): what they hold, and what of it is a position."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectkit.core import DetectkitError, FormatError, UnknownFormatError
from detectkit.io.positions import PositionLog, open_positions
from detectkit.io.positions.stamps import SECOND_NS, utc_text_ns

SHARED_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def log_of(name: str, **settings: str) -> PositionLog:
    path = SHARED_DATA / name
    if not path.is_file():
        pytest.skip(f"the real log {name} is not on this machine")
    return open_positions(path, overrides=settings)


def said(log: PositionLog, severity: str) -> str:
    return " | ".join(str(one) for one in log.notices if one.severity == severity)


def test_flight_tlog_gives_its_flight_without_the_rows_before_the_fix() -> None:
    """76,791 frames of three systems over 1377 s; its positions begin 65 s into their messages."""
    log = log_of("mavlink/flight.tlog")
    assert (log.format, log.clock, log.datum) == ("mavlink-tlog", "utc", "mean sea level")
    assert len(log) == 2683
    assert log.rejected == {"no fix": 150}
    span_s = (log.time_ns[-1] - log.time_ns[0]) / SECOND_NS
    assert span_s == pytest.approx(985.363, abs=0.01)
    assert set(np.unique(log.fix_quality)) <= {1.0, 2.0}
    assert np.ptp(log.longitude_deg) < 0.01
    assert np.ptp(log.latitude_deg) < 0.01
    assert "started anew 1 time(s)" in said(log, "note")
    assert "19 bytes that are no record" in said(log, "warning")


def test_survey_tlog_gives_positions_attitudes_and_heights() -> None:
    log = log_of("mavlink/sitl_survey/survey_1m_payload_serial1.tlog")
    assert (len(log), log.rejected) == (5078, {"no fix": 99})
    assert (len(log.attitudes), len(log.heights)) == (12943, 5176)
    assert np.median(np.diff(log.time_ns)) == pytest.approx(0.05 * SECOND_NS, abs=0.002 * SECOND_NS)
    assert np.abs(log.latitude_deg - 50.1).max() < 0.001
    assert np.abs(log.longitude_deg - 14.3).max() < 0.001
    flying = np.isfinite(log.heights.distance_m)
    assert np.median(log.heights.distance_m[flying]) == pytest.approx(1.0, abs=0.05)


def test_the_recorders_clock_can_be_chosen() -> None:
    name = "mavlink/sitl_survey/survey_1m_payload_serial1.tlog"
    own, recorder = log_of(name), log_of(name, clock="recorder")
    apart = (recorder.time_ns[: len(own)] - own.time_ns) / SECOND_NS
    assert np.abs(np.diff(apart)).max() < 0.001
    assert "clock of the computer" in said(recorder, "note")


def test_a_tlog_of_70_bytes_whose_second_record_is_bad_is_refused() -> None:
    with pytest.raises(DetectkitError) as caught:
        log_of("mavlink/pymavlink_capture_mav2_battery_status.tlog")
    assert "battery_status.tlog" in str(caught.value)


def test_ulog_gives_its_32_rows_and_reports_the_drop_out() -> None:
    log = log_of("ulog/sample_log_small.ulg")
    assert (len(log), log.rejected, len(log.attitudes)) == (32, {}, 1298)
    assert log.time_ns[0] == 1618986658600345000
    assert (log.latitude_deg[0], log.longitude_deg[0]) == (63.4170622, 10.4082151)
    assert log.up_m[0] == pytest.approx(66.814)
    assert log.horizontal_error_m[0] == pytest.approx(3.26)
    assert "dropped rows 1 time(s), 30 ms" in said(log, "warning")


def test_ulog_attitude_is_the_quaternions() -> None:
    """The first is (0.99263, 0.00947, 0.00019, 0.12083)."""
    log = log_of("ulog/sample_log_small.ulg")
    assert log.attitudes.yaw_rad[0] == pytest.approx(2.0 * np.arctan2(0.12083, 0.99263), abs=1e-3)
    assert abs(log.attitudes.roll_rad[0]) < 0.03


def test_dataflash_of_every_field_type_has_no_position() -> None:
    with pytest.raises(FormatError, match="22 records, none of a position"):
        log_of("mavlink/ardupilot_AP_Logger_AllTypes_output.BIN")


@pytest.mark.parametrize("name", ["", "EmlidGpst", "EmlidUtc"])
def test_pos_files_give_every_row_and_invalid_ones_all_but_the_bad(name: str) -> None:
    valid, invalid = log_of(f"gnss/Valid{name}.pos"), log_of(f"gnss/Invalid{name}.pos")
    assert (len(valid), valid.rejected, said(valid, "warning")) == (9, {}, "")
    assert (len(invalid), invalid.rejected) == (8, {"damaged line": 1})
    assert "line 13 is no row: could not convert string to float: 'error'" in said(
        invalid, "warning"
    )
    missing = np.setdiff1d(valid.time_ns, invalid.time_ns)
    assert missing.tolist() == [valid.time_ns[2]]


def test_gps_time_of_a_pos_file_becomes_utc() -> None:
    gpst, utc = log_of("gnss/Valid.pos"), log_of("gnss/ValidEmlidUtc.pos")
    assert gpst.time_ns[0] == utc_text_ns("2020-07-29T14:28:56Z")
    assert utc.time_ns[0] == utc_text_ns("2023-08-29T10:42:44Z")
    assert (gpst.datum, gpst.fix_quality[0]) == ("ellipsoid", 5.0)
    assert gpst.horizontal_error_m[0] == pytest.approx(np.hypot(2.0424, 0.9793))


SKYHUB = "magnetics/geohammer_csv/"


def test_skyhub_gives_fresh_positions_and_the_time_of_every_trace() -> None:
    log = log_of(SKYHUB + "2020-07-29-14-37-42-position.csv")
    assert log.traces.trace.tolist() == list(range(8))
    assert log.time_ns[0] == utc_text_ns("2020-07-29T14:37:42.896Z")
    assert log.longitude_deg.tolist() == [24.11250626, 24.11250654, 24.11250654]
    assert "5 of 8 rows repeat the position before" in said(log, "note")
    assert np.isnan(log.fix_quality).all()
    assert np.degrees(log.attitudes.yaw_rad[0]) == pytest.approx(35.72)
    assert log.heights.distance_m[0] == 0.44


def test_skyhub_variants_are_reported() -> None:
    invalid = log_of(SKYHUB + "2020-07-29-14-37-42-position-invalid.csv")
    assert 5 not in invalid.traces.trace
    assert "line 7 is no row: could not convert string to float: '5error'" in said(
        invalid, "warning"
    )
    behind_hash = log_of(SKYHUB + "2020-07-29-14-37-42-position-no-headers.csv")
    assert len(behind_hash.traces) == 8
    assert "behind a '#'" in said(behind_hash, "note")
    undated = log_of(SKYHUB + "Missed-date-position.csv")
    assert undated.clock == "elapsed"
    assert "--set date" in said(undated, "warning")
    dated = log_of(SKYHUB + "Missed-date-position.csv", date="2020-07-29")
    assert dated.time_ns[0] == utc_text_ns("2020-07-29T14:37:42.896Z")


def test_skyhub_without_column_names_is_refused_not_guessed() -> None:
    with pytest.raises(UnknownFormatError, match="line of column names"):
        log_of(SKYHUB + "2020-07-29-14-37-42-position-missed-headers.csv")
    path = SHARED_DATA / SKYHUB / "2020-07-29-14-37-42-position-missed-headers.csv"
    with pytest.raises(FormatError, match=r"line 1.*expected the names of the columns"):
        open_positions(path, format_name="skyhub-position")


def test_other_files_are_no_position_logs() -> None:
    for name in ("gssi/test_gssi.DZT", "metal_detector/middelkerke-hi.dat", "mala/DAT_0097.rad"):
        path: Path = SHARED_DATA / name
        if path.is_file():
            with pytest.raises(UnknownFormatError):
                open_positions(path)
