"""Put a calibration into a pipeline: ordinary steps that carry all they need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from detectkit.calibration.record import ID_DIGITS, CalibrationRecord, RadarCalibration
from detectkit.core import BlockSpec, UsageError
from detectkit.pipeline import Pipeline, Step, parse_steps
from detectkit.signal.response import compactness, deconvolve_response

LEAD_S = 1e-9
MIRROR = "mirror at 1 m"
"""Unit of amplitudes over that of a perfect mirror after one metre of path."""
REPLACED = ("time-zero-threshold", "time-zero-correlation")


def steps_of(
    record: CalibrationRecord, spec: BlockSpec, *, lead_s: float = LEAD_S
) -> list[dict[str, Any]]:
    """Return the step tables that apply a radar's calibration to raw traces.

    In this order, each where it was measured: the note, cross-talk, time zero, response, amplitude.

    Parameters
    ----------
    record
        With a radar section.
    spec
        Of the raw traces.
    lead_s
        What is kept before time zero.

    Raises
    ------
    UsageError
        The record says nothing of a radar, or was made with another delay axis.
    """
    radar = record.radar
    if radar is None:
        msg = f"calibration {record.id[:ID_DIGITS]} of {record.instrument!r} has no radar section"
        raise UsageError(msg)
    differing = changed_axis(radar, spec)
    if differing:
        msg = f"calibration {record.id[:ID_DIGITS]} cannot be applied: {differing}"
        raise UsageError(msg)
    return [_note(record), *_radar_tables(radar, lead_s)]


def tables_of(record: CalibrationRecord) -> list[dict[str, Any]]:
    """Return the step tables that apply a record, for a pipeline of one's own."""
    tables = [_note(record)]
    if record.radar is not None:
        tables += _radar_tables(record.radar, LEAD_S)
    channels = () if record.detector is None else record.detector.channels
    if channels and all(one.ground_balance is not None for one in channels):
        direction = [one.ground_balance for one in channels]
        offset = [one.offset for one in channels]
        tables.append({"use": "ground-balance", "direction": direction, "offset": offset})
    return tables


def _radar_tables(radar: RadarCalibration, lead_s: float) -> list[dict[str, Any]]:
    tables: list[dict[str, Any]] = []
    if radar.crosstalk:
        tables.append({"use": "subtract-trace", "trace": list(radar.crosstalk)})
    if radar.time_zero_s is not None:
        zero = {"use": "time-zero-known", "time_zero_s": radar.time_zero_s, "lead_s": lead_s}
        tables.append(zero)
    if radar.wavelet and radar.band_hz is not None and sharpens(radar):
        response = {
            "use": "deconvolve-response",
            "wavelet": list(radar.wavelet),
            "band_hz": list(radar.band_hz),
            "origin_s": radar.wavelet_origin_s or 0.0,
        }
        tables.append(response)
    if radar.mirror_amplitude:
        factor = float(f"{1.0 / radar.mirror_amplitude:.6g}")
        tables.append({"use": "scale-amplitude", "factor": factor, "unit": MIRROR})
    return tables


def sharpens(radar: RadarCalibration) -> bool:
    """Tell whether deconvolution makes the pulse narrower without higher side lobes.

    That of an antenna that rings; a pulse that is compact already would only get side lobes.
    """
    wavelet, interval_s = np.array(radar.wavelet, np.float64), radar.sample_interval_s
    if not wavelet.any() or radar.band_hz is None:
        return False
    trace = np.zeros((1, 4 * wavelet.size), np.float32)
    trace[0, wavelet.size : 2 * wavelet.size] = wavelet
    sharp = deconvolve_response(
        trace,
        wavelet=wavelet,
        origin_sample=(radar.wavelet_origin_s or 0.0) / interval_s,
        sample_interval_s=interval_s,
        band_hz=radar.band_hz,
    )
    before, after = (compactness(one[0], sample_interval_s=interval_s) for one in (trace, sharp))
    return after.width_s < before.width_s and after.side_lobe_db <= before.side_lobe_db


def with_calibration(pipeline: Pipeline, record: CalibrationRecord, spec: BlockSpec) -> Pipeline:
    """Return a pipeline that applies a calibration instead of guessing from each trace.

    What was measured takes the place of time zero by threshold or correlation, and of ``dc``
    before it where the cross-talk is known, since that holds the offset. A pipeline with
    neither gets the steps in front.

    Raises
    ------
    UsageError
        As `steps_of`, or the pipeline has a calibration already.
    """
    names = [step.name for step in pipeline.steps]
    if "calibrated" in names:
        msg = f"pipeline {pipeline.name!r} holds a calibration already; take its steps out first"
        raise UsageError(msg)
    found = [number for number, name in enumerate(names) if name in REPLACED]
    at = found[0] if found else 0
    lead_s = getattr(pipeline.steps[at], "lead_s", LEAD_S) if found else LEAD_S
    steps = parse_steps(steps_of(record, spec, lead_s=lead_s))
    known = {step.name for step in steps}
    before = _without(pipeline.steps[:at], "dc" if "subtract-trace" in known else "")
    rest = pipeline.steps[at + 1 :] if found and "time-zero-known" in known else pipeline.steps[at:]
    head, tail = (before, rest) if found else ((), rest)
    return replace(pipeline, steps=(*_noted_first(steps, head), *tail))


def changed_axis(radar: RadarCalibration, spec: BlockSpec) -> str:
    """Return how the delay axis differs from that of the calibration, "" where it does not.

    >>> radar = RadarCalibration(1e-10, 512)
    >>> changed_axis(radar, BlockSpec(samples=256, sample_interval_s=1e-10))
    'it was made with 512 samples, the recording has 256'
    """
    interval_s = spec.sample_interval_s or 0.0
    if radar.samples != spec.samples:
        return f"it was made with {radar.samples} samples, the recording has {spec.samples}"
    if abs(radar.sample_interval_s - interval_s) > 1e-4 * radar.sample_interval_s:
        return (
            f"it was made with a sample every {1e12 * radar.sample_interval_s:.4g} ps, the "
            f"recording has one every {1e12 * interval_s:.4g} ps"
        )
    if abs(radar.first_twt_s - spec.first_twt_s) > 0.01 * radar.sample_interval_s:
        return (
            f"its traces began at {1e9 * radar.first_twt_s:.4g} ns, those of the recording begin "
            f"at {1e9 * spec.first_twt_s:.4g} ns"
        )
    return ""


def _note(record: CalibrationRecord) -> dict[str, Any]:
    return {
        "use": "calibrated",
        "id": record.id[:ID_DIGITS],
        "instrument": record.instrument,
        "serial": record.serial,
        "made_utc": record.made_utc.isoformat(timespec="seconds"),
        "expires_utc": record.expires_utc.isoformat(timespec="seconds"),
        "simulated": record.simulated,
    }


def _without(steps: tuple[Step, ...], name: str) -> tuple[Step, ...]:
    return tuple(step for step in steps if step.name != name)


def _noted_first(steps: tuple[Step, ...], head: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the calibration's steps around what stays in front of time zero."""
    raw = [step for step in steps if step.name in {"calibrated", "subtract-trace"}]
    rest = [step for step in steps if step.name not in {"calibrated", "subtract-trace"}]
    return (*raw, *head, *rest)
