"""A common-midpoint gather: velocities of its direct waves, reflections and layers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.detect.preset import spectral_centre_hz
from detectkit.imaging.velocity.combine import Combined, combine
from detectkit.imaging.velocity.semblance import (
    DirectWave,
    Gather,
    Reflection,
    direct_wave,
    interval_velocities,
    reflections,
    semblance_panel,
    without_direct,
)
from detectkit.io import Stream
from detectkit.product.velocity_result import MeasuredGather
from detectkit.signal.baseline import remove_dc

Float64s = npt.NDArray[np.float64]
AIR_M_PER_S = (2.6e8, 3.4e8)
GROUND_M_PER_S = (0.4e8, 1.9e8)
TRIED_M_PER_S = np.geomspace(0.4e8, 2.2e8, 80)
WOW_PERIODS = 3.0
LATEST_PERIODS = 30.0
"""Zero-offset times searched, in periods."""


def offsets_of(stream: Stream, given: tuple[float, float] | None) -> Float64s | None:
    """Return the distance of the antennas at each trace of a gather, None for a line."""
    if given is not None:
        return np.asarray(given[0] + given[1] * np.arange(stream.traces), np.float64)
    block = stream.rows(0, min(stream.traces, 1))
    if "antenna_offset_m" not in block.coords:
        return None
    whole = stream.rows(0, stream.traces)
    return np.asarray(whole.coord("antenna_offset_m"), np.float64)


def measure_gather(stream: Stream, name: str, offset_m: Float64s) -> MeasuredGather:
    """Measure the velocities of a gather.

    Parameters
    ----------
    stream
        Its traces.
    name
        Of the line.
    offset_m
        (trace,).
    """
    block = stream.rows(0, stream.traces)
    order = np.argsort(offset_m, kind="stable")
    level = remove_dc(np.asarray(block.data, np.float32))[order]
    interval_s = stream.header.sample_interval_s
    frequency_hz = stream.header.sensor.antenna_hz or spectral_centre_hz(level, interval_s)
    window = max(3, round(WOW_PERIODS / frequency_hz / interval_s)) | 1
    data = _even(level, window)
    gather = Gather(data, offset_m[order], stream.header.first_twt_s, interval_s, 1 / frequency_hz)
    air = direct_wave(gather, slowest=AIR_M_PER_S[0], fastest=AIR_M_PER_S[1])
    if air is not None:
        gather = gather.moved(air.intercept_s)
        air = direct_wave(gather, slowest=AIR_M_PER_S[0], fastest=AIR_M_PER_S[1])
    ground = direct_wave(gather, slowest=GROUND_M_PER_S[0], fastest=GROUND_M_PER_S[1])
    keep = without_direct(gather, air, ground)
    last_s = min(LATEST_PERIODS * gather.period_s, 0.9 * data.shape[1] * interval_s)
    twt0_s = np.arange(gather.period_s, last_s, max(interval_s, gather.period_s / 10.0))
    panel = semblance_panel(gather, twt0_s, TRIED_M_PER_S, keep=keep)
    found = reflections(gather, panel, keep=keep)
    layers = interval_velocities(found)
    return MeasuredGather(name, gather, panel, air, ground, found, layers, _mean(found, ground))


def _even(level: npt.NDArray[np.float32], window: int) -> npt.NDArray[np.float32]:
    """Return the traces without wow, each at the strength of the others."""
    kernel = np.ones(window) / window
    slow = np.stack([np.convolve(row, kernel, "same") for row in level])
    rest = level - slow
    size = np.sqrt((rest**2).mean(axis=1, keepdims=True))
    return np.asarray(rest / np.maximum(size, 1e-30), np.float32)


def _mean(found: list[Reflection], ground: DirectWave | None) -> Combined | None:
    if found:
        values = np.array([one.velocity_m_per_s for one in found])
        errors = np.array([one.velocity_error_m_per_s for one in found])
        # Picks of one gather share traces, time zero and the ground wave's train.
        return combine(values, errors, common_error=float(errors.min()))
    if ground is None:
        return None
    value, error = ground.velocity_m_per_s, ground.velocity_error_m_per_s
    return combine(np.array([value]), np.array([error]))
