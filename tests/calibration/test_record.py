"""A record is a value: what is written is read, the same content has the same id."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.calibration.record import (
    CalibrationRecord,
    DetectorCalibration,
    DetectorChannel,
    HeightResponse,
    MountCalibration,
    RadarCalibration,
    Source,
)
from detectkit.calibration.record_file import (
    read_record,
    record_from,
    record_toml,
    write_record,
)
from detectkit.core import FormatError, UsageError

MADE = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
RADAR = RadarCalibration(5e-11, 4, crosstalk=(1.0, -2.5, 3.0, 0.0), band_hz=(2e8, 2e9))
RECORD = CalibrationRecord(
    "Radar X",
    "1207",
    MADE,
    sensor_id="gpr",
    operator="A. Müller",
    radar=RADAR,
    detector=DetectorCalibration(
        (DetectorChannel("a", "nV", 3.0, 0.1), DetectorChannel("b", ground_balance=0.6)),
        (HeightResponse("soil", "a", (0.1, 0.2), (5.0, 1.0), (0.1, 0.1), 3.0, 0.2, 0.1),),
    ),
    mount=MountCalibration((0.1, 0.0, 0.5), (0.01, 0.01, 0.02), 0.08, 0.005, 6),
    sources=(Source("air", "air.h5", "ff00"),),
)
numbers = st.floats(-1e12, 1e12, allow_nan=False)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_record(RECORD, tmp_path / "one.toml")
    again = read_record(tmp_path / "one.toml")
    assert again == RECORD
    assert again.id == RECORD.id


@given(st.lists(numbers, min_size=4, max_size=4), numbers, st.text(max_size=20))
def test_every_number_comes_back_to_the_bit(trace: list[float], zero_s: float, notes: str) -> None:
    radar = replace(RADAR, crosstalk=tuple(trace), time_zero_s=zero_s)
    record = replace(RECORD, radar=radar, notes=notes.replace("\r", ""))
    assert record_from(record_toml(record)) == record


def test_the_id_is_that_of_the_content() -> None:
    assert replace(RECORD, notes="x").id != RECORD.id
    elsewhere = MADE.astimezone(timezone(timedelta(hours=4)))
    assert replace(RECORD, made_utc=elsewhere).id == RECORD.id


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "sample_interval_s = 5e-11",
            "sample_interval_ns = 0.05",
            "convert it to sample_interval_s",
        ),
        ("schema = 1", "schema = 2", "schema 1"),
        ('serial = "1207"', 'seriel = "1207"', "no setting 'seriel'"),
        ("samples = 4", "samples = 5", "4 values for 5 samples"),
        ("samples = 4", 'samples = "4"', "expected int"),
        ("2026-05-04 06:30:00+00:00", "2026-05-04 06:30:00", "has no time zone"),
        ("valid_days = 30.0", "valid_days = -1.0", "above zero"),
        ("[detector]", "[[detector]]", "table is expected|twice|valid TOML"),
        ("schema = 1", "schema = ", "valid TOML"),
    ],
)
def test_a_wrong_record_is_refused_with_names(before: str, after: str, said: str) -> None:
    text = record_toml(RECORD)
    assert before in text
    with pytest.raises(FormatError, match=said):
        record_from(text.replace(before, after), where="x.toml")


def test_a_record_needs_something_to_say() -> None:
    with pytest.raises(UsageError, match="at least one section"):
        CalibrationRecord("Radar X", "", MADE)
    with pytest.raises(FormatError, match="cannot be read"):
        read_record(Path("nowhere.toml"))


def test_its_name_can_be_a_file_name() -> None:
    assert RECORD.name.startswith("radar-x-1207-2026-05-04-")
    assert replace(RECORD, instrument="§/ü", serial="").name.startswith("instrument-2026")
