from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.core.errors import ShapeError, UsageError
from detectkit.signal.along_track import EqualDistance, Gridded, MergeStationary, Positioned

Method = Literal["linear", "cubic"]
Values = npt.NDArray[np.float64]


def positioned(distance_m: npt.ArrayLike, rows: npt.ArrayLike) -> Positioned:
    distance = np.asarray(distance_m, dtype=np.float64)
    traces = np.asarray(rows, dtype=np.float32).reshape(len(distance), -1)
    number = np.arange(len(distance), dtype=np.float64)[:, np.newaxis]
    return Positioned(traces, distance, 10.0 * number, number, np.ones(len(distance)))


def gridded(line: Positioned, *, spacing: float, gap: float = 1.0, method: Method) -> Gridded:
    grid = EqualDistance(spacing_m=spacing, max_gap_m=gap, method=method)
    first, last = grid.push(line), grid.finish()
    assert last is not None
    return Gridded(*(np.concatenate(pair) for pair in zip(first, last, strict=True)))


def uneven(number: int) -> Values:
    return np.cumsum(np.random.default_rng(4).uniform(0.01, 0.2, number))


@pytest.mark.parametrize("method", ["linear", "cubic"])
def test_a_linear_ramp_is_exact_and_no_point_lies_outside(method: Method) -> None:
    distance = uneven(60)
    line = positioned(distance, np.stack([3.0 * distance, 5.0 - distance], axis=1))
    out = gridded(line, spacing=0.07, method=method)
    place = 0.07 * out.number
    assert np.all(np.diff(out.number) == 1)
    assert distance[0] <= place[0] < distance[0] + 0.07
    assert distance[-1] - 0.07 < place[-1] <= distance[-1]
    np.testing.assert_allclose(out.traces[:, 0], 3.0 * place, rtol=1e-6)
    np.testing.assert_allclose(out.traces[:, 1], 5.0 - place, rtol=1e-5)


def test_cubic_is_exact_for_a_parabola_inside_the_line() -> None:
    distance = uneven(60)
    out = gridded(positioned(distance, distance**2), spacing=0.03, method="cubic")
    place = 0.03 * out.number
    inside = (place >= distance[1]) & (place <= distance[-2])
    np.testing.assert_allclose(out.traces[inside, 0], place[inside] ** 2, rtol=1e-5)


def test_cubic_errs_less_than_linear_on_a_sine() -> None:
    distance = np.arange(0.0, 3.0, 0.1)
    line = positioned(distance, np.sin(6.0 * distance))
    inside = slice(4, 93)
    truth = np.sin(6.0 * 0.03 * np.arange(97))[inside]
    error = [
        abs(gridded(line, spacing=0.03, method=method).traces[inside, 0] - truth).max()
        for method in ("linear", "cubic")
    ]
    assert error[1] < 0.3 * error[0]


@pytest.mark.parametrize("method", ["linear", "cubic"])
def test_traces_already_at_equal_distance_come_back_as_they_were(method: Method) -> None:
    rows = np.random.default_rng(0).normal(size=(31, 4)).astype(np.float32)
    out = gridded(positioned(0.1 * np.arange(31), rows), spacing=0.1, method=method)
    np.testing.assert_allclose(out.traces, rows, atol=1e-6)


@pytest.mark.parametrize("method", ["linear", "cubic"])
def test_a_gap_stays_a_gap_and_bends_nothing_beside_it(method: Method) -> None:
    distance = np.concatenate([np.arange(0.0, 1.05, 0.1), np.arange(3.0, 4.05, 0.1)])
    values = np.where(distance < 2.0, distance, 100.0 * distance)
    out = gridded(positioned(distance, values), spacing=0.05, gap=0.5, method=method)
    place = 0.05 * out.number
    assert not np.any((place > 1.001) & (place < 2.999))
    assert {20, 60} <= set(out.number.tolist())
    expected = np.where(place < 2.0, place, 100.0 * place)
    np.testing.assert_allclose(out.traces[:, 0], expected, rtol=1e-5, atol=1e-5)


def test_values_are_interpolated_and_labels_come_from_the_nearer_trace() -> None:
    out = gridded(positioned([0.0, 1.0], [0.0, 1.0]), spacing=0.25, method="linear")
    assert out.values[:, 0].tolist() == [0.0, 2.5, 5.0, 7.5, 10.0]
    assert out.labels[:, 0].tolist() == [0.0, 0.0, 0.0, 1.0, 1.0]


def test_a_single_trace_gives_the_grid_point_it_lies_on_or_none() -> None:
    out = gridded(positioned([7.0], [3.0]), spacing=0.1, method="cubic")
    assert (out.traces.tolist(), out.number.tolist()) == ([[3.0]], [70])
    assert not len(gridded(positioned([7.03], [3.0]), spacing=0.1, method="linear").number)
    assert EqualDistance(spacing_m=0.1, max_gap_m=1.0).finish() is None


def merged(line: Positioned, *, reach_m: float) -> Positioned:
    merge = MergeStationary(line.traces.shape[1], values=1, labels=1, reach_m=reach_m)
    pair = zip(merge.push(line), merge.finish(), strict=True)
    return Positioned(*(np.concatenate(parts) for parts in pair))


def test_traces_without_motion_become_their_mean() -> None:
    out = merged(positioned([0, 0, 0, 1, 2, 2], [1, 2, 6, 7, 8, 10]), reach_m=0.0)
    assert out.distance_m.tolist() == [0, 1, 2]
    assert out.traces[:, 0].tolist() == [3, 7, 9]
    assert out.values[:, 0].tolist() == [10, 30, 45]
    assert out.labels[:, 0].tolist() == [0, 3, 4]
    assert out.merged.tolist() == [3, 1, 2]


def test_a_group_reaches_from_its_first_trace_so_slow_motion_is_not_swallowed() -> None:
    out = merged(positioned(0.01 * np.arange(100), np.arange(100)), reach_m=0.045)
    assert len(out.distance_m) == 20
    np.testing.assert_allclose(out.distance_m, 0.02 + 0.05 * np.arange(20))


def test_traces_without_distance_are_left_out() -> None:
    out = merged(positioned([np.nan, 0, np.nan, 1], [9, 1, 9, 2]), reach_m=0.0)
    assert out.traces[:, 0].tolist() == [1, 2]


def test_a_falling_distance_is_refused_across_pushes_too() -> None:
    merge = MergeStationary(1, values=1, labels=1, reach_m=0.0)
    merge.push(positioned([0.0, 2.0], [0, 0]))
    with pytest.raises(UsageError, match=r"falls to 1\.5 m by 0\.5 m"):
        merge.push(positioned([1.5], [0]))


def test_wrong_options_and_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="reach_m"):
        MergeStationary(1, values=0, labels=0, reach_m=-1.0)
    with pytest.raises(UsageError, match="spacing_m"):
        EqualDistance(spacing_m=0.0, max_gap_m=1.0)
    with pytest.raises(UsageError, match="'linear' or 'cubic'"):
        EqualDistance(spacing_m=0.1, max_gap_m=1.0, method="quintic")  # type: ignore[arg-type]
    line = positioned([0.0, 1.0], [0, 0])
    with pytest.raises(ShapeError, match="make them equal"):
        MergeStationary(1, values=1, labels=1, reach_m=0.0).push(
            line._replace(distance_m=np.zeros(3))
        )
