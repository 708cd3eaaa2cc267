"""Speed of each kernel on a whole line, into the caller's buffer where the kernel takes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.signal.along_track import EqualDistance, MergeStationary, Positioned
from detectkit.signal.attributes import envelope
from detectkit.signal.background import (
    ForgettingMean,
    subtract_mean_trace,
    subtract_sliding_mean,
)
from detectkit.signal.bandpass import bandpass
from detectkit.signal.baseline import dewow, remove_dc
from detectkit.signal.despike import despike
from detectkit.signal.dip import DipFilter, Fan
from detectkit.signal.gain import agc
from detectkit.signal.lowrank import subtract_components, windowed_svd
from detectkit.signal.robust_pca import robust_split, windowed_robust_pca
from detectkit.signal.shift import shift_rows
from detectkit.signal.sliding_median import subtract_sliding_median
from detectkit.signal.spectrum import whiten
from detectkit.signal.stacking import Stack

Traces = npt.NDArray[np.float32]
Kernel = Callable[[Traces, Traces], object]

SAMPLES, INTERVAL_S, SPACING_M = 512, 1e-10, 0.02
PUSH_TRACES = 128


def _shift(line: Traces, out: Traces) -> object:
    shift = 3.0 * np.sin(np.arange(len(line)) / 400.0)
    return shift_rows(line, shift, out=out)


def _forget(line: Traces, out: Traces) -> object:
    return ForgettingMean(SAMPLES, time_constant_traces=100.0).push(line, out=out)


def _stream(make: Callable[[], Any]) -> Kernel:
    """Return a kernel that pushes the line through a stream in live-sized pieces."""

    def through(line: Traces, out: Traces) -> object:
        stream, done = make(), 0
        for start in range(0, len(line), PUSH_TRACES):
            done += len(stream.push(line[start : start + PUSH_TRACES], out=out[done:]))
        return stream.finish(out=out[done:])

    return through


def _resample(line: Traces, _out: Traces) -> object:
    rng = np.random.default_rng(1)
    distance_m = np.cumsum(rng.uniform(0.5, 1.5, len(line)) * SPACING_M)
    nothing, ones = np.zeros((len(line), 0)), np.ones(len(line))
    whole = Positioned(line, distance_m, nothing, nothing, ones)
    merge = MergeStationary(SAMPLES, values=0, labels=0, reach_m=0.0)
    grid = EqualDistance(spacing_m=SPACING_M, max_gap_m=1.0)
    for start in range(0, len(line), PUSH_TRACES):
        grid.push(merge.push(whole.only(slice(start, start + PUSH_TRACES))))
    return grid.push(merge.finish())


# name: (kernel, most traces: the slow ones stop before)
KERNELS: dict[str, tuple[Kernel, int]] = {
    "dc": (lambda x, y: remove_dc(x, out=y), 100_000),
    "dewow, 51 samples": (lambda x, y: dewow(x, window_samples=51, out=y), 100_000),
    "band-pass, 0.4–2 GHz": (
        lambda x, y: bandpass(x, sample_interval_s=INTERVAL_S, low_hz=4e8, high_hz=2e9, out=y),
        100_000,
    ),
    "envelope": (lambda x, y: envelope(x, out=y), 100_000),
    "despike, 9 samples": (lambda x, y: despike(x, window_samples=9, out=y), 100_000),
    "agc, 101 samples": (lambda x, y: agc(x, window_samples=101, out=y), 100_000),
    "whiten, 0.4–2 GHz": (
        lambda x, y: whiten(
            x, sample_interval_s=INTERVAL_S, low_hz=4e8, high_hz=2e9, smoothing_hz=2e8, out=y
        ),
        100_000,
    ),
    "shift by fractions of a sample": (_shift, 100_000),
    "mean background": (lambda x, y: subtract_mean_trace(x, out=y), 100_000),
    "sliding mean background, 101 traces": (
        lambda x, y: subtract_sliding_mean(x, before=50, after=50, out=y),
        100_000,
    ),
    "sliding median background, 101 traces": (
        lambda x, y: subtract_sliding_median(x, before=50, after=50, out=y),
        100_000,
    ),
    "forgetting background": (_forget, 100_000),
    "svd background, 2 components": (
        lambda x, y: subtract_components(x, components=2, out=y),
        100_000,
    ),
    "svd background, windows of 200": (
        _stream(lambda: windowed_svd(SAMPLES, window_traces=200, overlap_traces=50, components=2)),
        100_000,
    ),
    "robust PCA background": (lambda x, y: robust_split(x, out=y), 10_000),
    "robust PCA background, windows of 200": (
        _stream(lambda: windowed_robust_pca(SAMPLES, window_traces=200, overlap_traces=50)),
        10_000,
    ),
    "stack of 4": (
        lambda x, y: Stack(SAMPLES, traces_per_stack=4).push(x, out=y),
        100_000,
    ),
    "resample to equal distance": (_resample, 100_000),
    "dip filter, tiles of 64": (
        _stream(
            lambda: DipFilter(
                SAMPLES,
                fan=Fan(slowest_m_per_s=3e7),
                tile_traces=64,
                trace_spacing_m=SPACING_M,
                sample_interval_s=INTERVAL_S,
            )
        ),
        100_000,
    ),
}
CASES = [
    pytest.param(name, traces, id=f"{name}-{traces}")
    for traces in (1_000, 10_000, 100_000)
    for name, (_, most) in KERNELS.items()
    if traces <= most
]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("name", "traces"), CASES)
def test_kernel(name: str, traces: int, speed: Any) -> None:
    kernel, most = KERNELS[name]
    slow = most < 100_000 and traces == most
    speed.measure(lambda: kernel(speed.line, speed.out), work=name, rounds=1 if slow else None)
    assert np.isfinite(speed.out).all()
