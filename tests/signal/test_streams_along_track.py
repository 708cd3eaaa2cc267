"""Cutting the input of any stream anywhere along the track changes no bit of its output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.signal.along_track import EqualDistance, MergeStationary, Positioned
from detectkit.signal.background import ForgettingMean, SlidingMean
from detectkit.signal.dip import DipFilter, Fan
from detectkit.signal.lowrank import windowed_svd
from detectkit.signal.robust_pca import windowed_robust_pca
from detectkit.signal.sliding_median import SlidingMedian
from detectkit.signal.stacking import Stack

TRACES, SAMPLES = 120, 37

STREAMS: dict[str, Callable[[], Any]] = {
    "sliding mean": lambda: SlidingMean(SAMPLES, before=9, after=5),
    "sliding median": lambda: SlidingMedian(SAMPLES, before=4, after=11),
    "forgetting mean": lambda: ForgettingMean(SAMPLES, time_constant_traces=13.0),
    "stack": lambda: Stack(SAMPLES, traces_per_stack=7),
    "windowed svd": lambda: windowed_svd(
        SAMPLES, window_traces=32, overlap_traces=10, components=1
    ),
    "windowed robust pca": lambda: windowed_robust_pca(
        SAMPLES, window_traces=40, overlap_traces=8, max_iterations=8
    ),
    "dip filter": lambda: DipFilter(
        SAMPLES,
        fan=Fan(slowest_m_per_s=5e7),
        tile_traces=16,
        trace_spacing_m=0.02,
        sample_interval_s=1e-10,
    ),
}


def radargram(traces: int) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(11)
    background = rng.normal(0.0, 1000.0, SAMPLES)
    return (background + rng.normal(0.0, 10.0, (traces, SAMPLES))).astype(np.float32)


def pieces(cuts: Sequence[int], traces: int) -> list[slice]:
    bounds = [0, *sorted({cut for cut in cuts if 0 < cut < traces}), traces]
    return [slice(start, stop) for start, stop in pairwise(bounds)]


def streamed(stream: Any, parts: list[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    rows = [stream.push(part).copy() for part in parts]
    if hasattr(stream, "finish"):
        rows.append(stream.finish())
    return np.concatenate(rows)


@pytest.mark.parametrize("name", STREAMS)
@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, TRACES), max_size=15), traces=st.integers(1, TRACES))
def test_cuts_change_no_bit(name: str, cuts: list[int], traces: int) -> None:
    line = radargram(traces)
    original = line.copy()
    parts = [line[part].copy() for part in pieces(cuts, traces)]
    whole, cut = streamed(STREAMS[name](), [line]), streamed(STREAMS[name](), parts)
    assert whole.dtype == np.float32
    assert np.array_equal(whole, cut)
    assert np.array_equal(line, original)


@pytest.mark.parametrize("name", STREAMS)
def test_trace_by_trace_and_empty_pushes_change_no_bit(name: str) -> None:
    line = radargram(TRACES)
    single = [line[i : i + rows] for i in range(TRACES) for rows in (0, 1)]
    assert np.array_equal(streamed(STREAMS[name](), [line]), streamed(STREAMS[name](), single))


@pytest.mark.parametrize("name", STREAMS)
def test_reusing_the_pushed_buffer_does_not_reach_what_is_held(name: str) -> None:
    line, buffer = radargram(TRACES), np.empty((10, SAMPLES), np.float32)
    stream, rows = STREAMS[name](), []
    for start in range(0, TRACES, 10):
        buffer[:] = line[start : start + 10]
        rows.append(stream.push(buffer).copy())
    buffer[:] = np.nan
    if hasattr(stream, "finish"):
        rows.append(stream.finish())
    assert np.array_equal(np.concatenate(rows), streamed(STREAMS[name](), [line]))


def positioned(seed: int) -> Positioned:
    rng = np.random.default_rng(seed)
    steps = rng.choice([0.0, 0.001, 0.03, 0.1, 0.8], TRACES, p=[0.3, 0.1, 0.3, 0.25, 0.05])
    distance = np.cumsum(steps)
    distance[rng.random(TRACES) < 0.1] = np.nan
    values = rng.normal(size=(TRACES, 2))
    return Positioned(radargram(TRACES), distance, values, np.round(values), np.ones(TRACES))


def resampled(parts: list[Positioned], method: Literal["linear", "cubic"]) -> list[Any]:
    merge = MergeStationary(SAMPLES, values=2, labels=2, reach_m=0.002)
    grid = EqualDistance(spacing_m=0.04, max_gap_m=0.5, method=method)
    out = [grid.push(merge.push(part)) for part in parts]
    out.append(grid.push(merge.finish()))
    last = grid.finish()
    assert last is not None
    return [np.concatenate(column) for column in zip(*out, last, strict=True)]


@pytest.mark.parametrize("method", ["linear", "cubic"])
@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, TRACES), max_size=15), seed=st.integers(0, 50))
def test_cuts_change_no_bit_of_equal_distances(
    method: Literal["linear", "cubic"], cuts: list[int], seed: int
) -> None:
    line = positioned(seed)
    parts = [line.only(part) for part in pieces(cuts, TRACES)]
    for one, other in zip(resampled([line], method), resampled(parts, method), strict=True):
        assert np.array_equal(one, other)
