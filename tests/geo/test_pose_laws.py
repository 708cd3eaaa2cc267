"""However records are cut into frames, the poses are the same to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.geo import PoseJoin, PoseTrack

MS, SECOND = 1_000_000, 1_000_000_000
ARMS = {"lever_arm_m": (0.4, -0.1, 0.6), "altimeter_arm_m": (0.1, 0.0, 0.3)}


def records(seed: int) -> list[tuple[int, str, np.ndarray]]:
    """Return records in the order of their arrival: kind and rows of values, times first."""
    rng = np.random.default_rng(seed)
    found = []
    for kind, period, width in (("p", 100, 3), ("a", 20, 3), ("h", 50, 1), ("s", 5, 0)):
        at, last = 0, 0
        while at < 3000:
            rows = int(rng.integers(1, 6))
            times = (at + period * np.arange(rows)) * MS + rng.integers(0, MS, rows)
            values = rng.normal(0.3, 0.1, (rows, width)) * (1e-5 if kind == "p" else 1.0)
            values[rng.random(rows) < 0.1] = np.nan
            at += period * rows + (1500 if rng.random() < 0.02 else 0)
            last = max(last, int(times[-1] + rng.exponential(30 * MS)))
            found.append((last, kind, np.column_stack([times, values])))
    return sorted(found, key=lambda record: record[0])


def play(seed: int, cut: Any) -> tuple[dict[str, np.ndarray], PoseJoin]:
    """Return all poses; `cut` divides the rows of a record into those of its frames."""
    track = PoseTrack(history_ns=2 * SECOND)
    join = PoseJoin(track, **ARMS)
    push = {"p": track.push_positions, "a": track.push_attitudes, "h": track.push_heights}
    found = []
    for arrival, kind, rows in records(seed):
        for part in cut(rows):
            times, values = part[:, 0].astype(np.int64), part[:, 1:].T
            push.get(kind, join.push)(times, *values)
        found.append(join.ready(arrival).coords)
    found.append(join.finish().coords)
    return {name: np.concatenate([one[name] for one in found]) for name in found[0]}, join


@settings(max_examples=15)
@given(seed=st.integers(0, 1000))
def test_frames_of_any_size_give_the_same_bits(seed: int) -> None:
    whole, one = play(seed, lambda rows: [rows])
    single, two = play(seed, lambda rows: [rows[k : k + 1] for k in range(len(rows))])
    for name in whole:
        np.testing.assert_array_equal(whole[name], single[name], err_msg=name)
    assert one.unposed_by_reason == two.unposed_by_reason
    assert whole["up_m"].size == sum(len(rows) for _, kind, rows in records(seed) if kind == "s")
    assert np.isfinite(whole["up_m"]).any()


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), rows=st.integers(1, 400))
def test_rows_posed_together_or_one_by_one_are_the_same(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    track = PoseTrack()
    times = np.cumsum(rng.integers(1, 150 * MS, 80))
    track.push_positions(times, *rng.normal(0.0, 1e-5, (2, 80)), rng.normal(2.0, 0.1, 80))
    track.push_attitudes(times + 3, *rng.normal(0.0, 1.0, (3, 80)))
    track.push_heights(times + 7, rng.normal(1.0, 0.5, 80))
    sensor = np.sort(rng.integers(0, int(times[-1]), rows))
    together = PoseJoin(track, **ARMS)
    together.push(sensor)
    whole = together.finish().coords
    alone = PoseJoin(track, **ARMS)
    for k in range(rows):
        alone.push(sensor[k : k + 1])
        one = alone.finish().coords
        for name in whole:
            np.testing.assert_array_equal(one[name], whole[name][k : k + 1], err_msg=name)
