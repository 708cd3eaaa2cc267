"""A calibration in a pipeline does what it says, and what does not fit is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from detectkit.calibration.apply import (
    MIRROR,
    sharpens,
    steps_of,
    tables_of,
    with_calibration,
)
from detectkit.calibration.capture import Capture
from detectkit.calibration.check import check_pipeline, check_record, told
from detectkit.calibration.choose import attached, fitted, record_for
from detectkit.calibration.library import best, entries, find, user_folder
from detectkit.calibration.plate import PlateShot
from detectkit.calibration.radar import RadarSetup, calibrate_radar
from detectkit.calibration.record import (
    CalibrationRecord,
    DetectorCalibration,
    DetectorChannel,
    MountCalibration,
)
from detectkit.calibration.record_file import record_toml, write_record
from detectkit.core import Block, UsageError
from detectkit.detect.preset import Ground, nominal_pipeline
from detectkit.pipeline import Pipeline, parse_steps, run
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

from .conftest import Bench

FLOWN = datetime(2025, 6, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def record(bench: Bench) -> CalibrationRecord:
    virtual = bench.virtual
    plates = [
        PlateShot(Capture.of([virtual.shot(h, start_s=60.0, traces=50)], name="p"), h)
        for h in (0.5, 0.9)
    ]
    setup = RadarSetup(simulated="demo_mission")
    return calibrate_radar(bench.air.capture, plates=plates, setup=setup).record


def test_a_mirror_stands_at_the_time_of_its_path_with_the_amplitude_of_a_mirror(
    bench: Bench, record: CalibrationRecord
) -> None:
    block = bench.virtual.shot(0.6, start_s=200.0, traces=20)
    pipeline = with_calibration(Pipeline(()), record, block.spec)
    (out,) = run(pipeline.steps, [block])
    trace = out.data.mean(axis=0)
    separation_m = bench.virtual.radar.antenna_separation_m
    path_m = 2.0 * np.hypot(0.6, 0.5 * separation_m)
    twt_s, top = out.coord("twt_s"), int(np.abs(trace).argmax())
    assert twt_s[top] == pytest.approx(path_m / SPEED_OF_LIGHT_M_S, abs=3e-11)
    assert np.abs(trace[top]) * path_m == pytest.approx(1.0, abs=0.04)
    assert out.sensor.unit == MIRROR
    assert out.sensor.calibration == record.id[:12]


def test_the_direct_wave_is_gone(bench: Bench, record: CalibrationRecord) -> None:
    block = bench.virtual.air(start_s=200.0, traces=20)
    raw = np.abs(np.asarray(block.data, np.float64)).max()
    (out,) = run(with_calibration(Pipeline(()), record, block.spec).steps[:2], [block])
    assert np.abs(out.data).max() < 0.04 * raw


def test_it_takes_the_place_of_the_guess_in_the_default_pipeline(
    bench: Bench, record: CalibrationRecord
) -> None:
    spec = bench.virtual.air(traces=32).spec
    default = nominal_pipeline(spec, Ground(1e8, "given"))
    pipeline = with_calibration(default, record, spec)
    names = [step.name for step in pipeline.steps]
    assert names[:6] == [
        "calibrated", "subtract-trace", "time-zero-known", "scale-amplitude", "dewow", "bandpass",
    ]  # fmt: skip
    assert pipeline.describe(spec).first_twt_s < 0.0
    assert Pipeline.from_toml(pipeline.to_toml()).fingerprint == pipeline.fingerprint
    assert pipeline.fingerprint != default.fingerprint
    with pytest.raises(UsageError, match="holds a calibration already"):
        with_calibration(pipeline, record, spec)


def test_only_a_pulse_that_rings_is_deconvolved(record: CalibrationRecord) -> None:
    """A compact one would get side lobes that it does not have."""
    assert record.radar is not None
    assert not sharpens(record.radar)
    time_s = np.arange(160) * 5e-11
    ringing = np.exp(-time_s / 8e-10) * np.sin(2e9 * np.pi * time_s) * (1 - np.exp(-time_s / 2e-10))
    rings = replace(
        record.radar,
        sample_interval_s=5e-11,
        wavelet=tuple(ringing.tolist()),
        wavelet_origin_s=4e-10,
        band_hz=(0.3e9, 2.4e9),
    )
    assert sharpens(rings)
    names = [one["use"] for one in tables_of(replace(record, radar=rings))]
    assert names[-2:] == ["deconvolve-response", "scale-amplitude"]


def test_a_detector_is_balanced_by_its_record(record: CalibrationRecord) -> None:
    channels = tuple(
        DetectorChannel(name, "nV", ground_balance=part, offset=level)
        for name, part, level in (("re", 0.8, 3.0), ("im", 0.6, -1.0))
    )
    tables = tables_of(replace(record, radar=None, detector=DetectorCalibration(channels)))
    assert [one["use"] for one in tables] == ["calibrated", "ground-balance"]
    step = parse_steps(tables)[1]
    data = np.array([[3.0 + 8.0, -1.0 + 6.0]], np.float32)
    (out,) = run([step], [Block(data, dims=("trace", "channel"))])
    np.testing.assert_allclose(out.data, 0.0, atol=1e-5)


def test_an_air_shot_alone_leaves_time_zero_to_the_default(
    bench: Bench, record: CalibrationRecord
) -> None:
    spec = bench.virtual.air(traces=32).spec
    assert record.radar is not None
    alone = replace(
        record,
        radar=replace(record.radar, time_zero_s=None, wavelet=(), mirror_amplitude=None),
    )
    steps = with_calibration(nominal_pipeline(spec, Ground(1e8, "given")), alone, spec).steps
    assert [step.name for step in steps[:3]] == [
        "calibrated", "subtract-trace", "time-zero-threshold",
    ]  # fmt: skip


def test_other_settings_of_the_instrument_are_refused(
    bench: Bench, record: CalibrationRecord
) -> None:
    spec = bench.virtual.air(traces=32).spec
    for changed in (
        replace(spec, samples=512),
        replace(spec, sample_interval_s=1e-10),
        replace(spec, first_twt_s=1e-9),
    ):
        with pytest.raises(UsageError, match="cannot be applied"):
            steps_of(record, changed)
        found = check_record(record, changed, FLOWN)
        assert [one.fault for one in found] == ["settings"]
        assert fitted(Pipeline(()), record, changed, FLOWN)[0] == Pipeline(())


@pytest.mark.parametrize(
    ("sensor", "flown", "faults", "severity"),
    [
        ({}, FLOWN, [], ""),
        ({}, None, [], ""),
        ({"instrument": "Radar Y"}, FLOWN, ["instrument"], "warning"),
        ({}, FLOWN + timedelta(days=40), ["expired"], "warning"),
        ({}, FLOWN - timedelta(days=40), ["early"], "warning"),
    ],
)
def test_what_does_not_fit_is_said(
    bench: Bench,
    record: CalibrationRecord,
    sensor: dict[str, str],
    flown: datetime | None,
    faults: list[str],
    severity: str,
) -> None:
    spec = bench.virtual.air(traces=32).spec
    pipeline = with_calibration(Pipeline(()), record, spec)
    measured = replace(spec, sensor=replace(spec.sensor, **sensor))
    for found in (
        check_record(record, measured, flown),
        check_pipeline(pipeline, measured.sensor, flown),
    ):
        assert [one.fault for one in found] == faults
        assert all(one.severity == severity for one in found)


def test_serial_numbers_are_compared_where_both_are_told(
    bench: Bench, record: CalibrationRecord
) -> None:
    spec = bench.virtual.air(traces=32).spec
    numbered = replace(record, serial="1207")
    (untold,) = check_record(numbered, spec, FLOWN)
    assert (untold.fault, untold.severity, untold.bars) == ("serial", "note", False)
    other = replace(spec, sensor=replace(spec.sensor, serial="1208"))
    (wrong,) = check_record(numbered, other, FLOWN)
    assert (wrong.severity, wrong.bars) == ("warning", True)


def test_a_missing_calibration_is_a_plain_note(bench: Bench) -> None:
    spec = bench.virtual.air(traces=32).spec
    (one,) = check_record(None, spec, FLOWN)
    assert (one.fault, one.severity) == ("missing", "note")
    assert check_pipeline(Pipeline(()), spec.sensor, FLOWN) == [one]
    assert told(Pipeline(())) == "not calibrated"


def test_the_picture_says_which_calibration(bench: Bench, record: CalibrationRecord) -> None:
    spec = bench.virtual.air(traces=32).spec
    words = told(with_calibration(Pipeline(()), record, spec))
    assert words == f"calibration {record.id[:8]} of 2025-06-11, simulated"


def test_a_flight_gives_its_calibrations_back(bench: Bench, record: CalibrationRecord) -> None:
    texts = {
        "calibration/gpr.toml": record_toml(record),
        "calibration/odd.toml": "time_zero_s = 1e-9",
        "pipeline/toml": "",
    }
    found = attached(texts)
    assert found == {"gpr": record}
    sensor = bench.virtual.air(traces=32).sensor
    assert record_for(found, sensor) == record
    assert record_for({"other": record}, replace(sensor, id="x")) == record
    assert record_for({}, sensor) is None
    mount = CalibrationRecord("r", "", FLOWN, mount=MountCalibration((0, 0, 0), (0, 0, 0)))
    assert record_for({"gpr": mount}, sensor) is None


def test_the_newest_valid_record_wins_and_order_does_not_matter(
    tmp_path: Path, record: CalibrationRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (0, 10, 20):
        one = replace(record, made_utc=record.made_utc + timedelta(days=days))
        write_record(one, tmp_path / f"{one.name}.toml")
    (tmp_path / "broken.toml").write_text("schema = 1", encoding="utf-8")
    known, said = entries((tmp_path,))
    assert len(known) == 3
    assert "broken.toml" in str(said[0])
    at = record.made_utc + timedelta(days=15)
    for order in (known, known[::-1]):
        entry = best(order, instrument=record.instrument, serial="", at_utc=at)
        assert entry is not None
        assert entry.record.made_utc == record.made_utc + timedelta(days=10)
    assert best(known, instrument="another", serial="", at_utc=at) is None
    monkeypatch.setenv("DETECTKIT_CALIBRATION", str(tmp_path))
    assert user_folder() == tmp_path
    assert find(Path(known[0].path.stem)) == known[0].path
    with pytest.raises(UsageError, match="calibrate list"):
        find(Path("nothing"))
