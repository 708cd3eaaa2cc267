"""Traces at equal distances: from traces in time to traces every so many metres along the line.

A recording made at equal time intervals stretches where the carrier slows down. Two streams
undo that, one after the other: `MergeStationary` averages what was recorded without motion,
`EqualDistance` interpolates between what is left.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError, UsageError
from detectkit.signal._arrays import Traces, as_traces, at_least
from detectkit.signal._jit import njit

Values = npt.NDArray[np.float64]
Counters = npt.NDArray[np.int64]

SNAP = 1e-6  # of the spacing: a grid point this near to a trace is at the trace
CARRIED = 3  # traces that the next push may still interpolate between


class Positioned(NamedTuple):
    """Traces with where they are and what else is known of each.

    Parameters
    ----------
    traces
        Float32, shape (trace, delay).
    distance_m
        Distance along the line in m, float64, never falling; NaN where unknown.
    values
        Quantities to average and interpolate, float64, shape (trace, quantity).
    labels
        Quantities that cannot be interpolated (counters, flags), float64, shape (trace, label):
        a group takes those of its first trace, a grid point those of the nearer neighbour.
    merged
        How many recorded traces each is the mean of, float64: a group adds them up.
    """

    traces: Traces
    distance_m: Values
    values: Values
    labels: Values
    merged: Values

    def only(self, rows: slice | npt.NDArray[np.bool_]) -> Positioned:
        """Return some of the traces."""
        return Positioned(
            self.traces[rows],
            self.distance_m[rows],
            self.values[rows],
            self.labels[rows],
            self.merged[rows],
        )


class MergeStationary:
    """Average traces recorded at one place into one trace there.

    A trace belongs to the group before it while it is at most `reach_m` from the group's first
    trace. Traces, distances and values are averaged. A trace without distance is left out.

    Parameters
    ----------
    samples, values, labels
        Number of delay samples, of values and of labels per trace.
    reach_m
        0 merges only equal distances.

    Examples
    --------
    >>> nothing = np.zeros((3, 0))
    >>> merge = MergeStationary(1, values=0, labels=0, reach_m=0.0)
    >>> traces, distance_m = np.float32([[1], [3], [7]]), np.array([0.0, 0.0, 0.5])
    >>> merge.push(Positioned(traces, distance_m, nothing, nothing, np.ones(3))).traces
    array([[2.]], dtype=float32)
    >>> merge.finish().traces
    array([[7.]], dtype=float32)
    """

    def __init__(self, samples: int, *, values: int, labels: int, reach_m: float) -> None:
        if not 0.0 <= reach_m < math.inf:
            msg = f"reach_m is {reach_m}; it must be 0 or more metres"
            raise UsageError(msg)
        self._reach_m = reach_m
        self._trace_sum = np.zeros(at_least(samples, 1, "samples"))
        self._value_sum = np.zeros(2 + values)  # merged, distance, values
        self._first = np.zeros(1 + labels)  # of the group: distance, labels
        self._number = np.zeros(1, np.int64)
        self._last_m = -math.inf

    def push(self, line: Positioned) -> Positioned:
        """Take the next traces and return the groups that are complete.

        Raises
        ------
        UsageError
            The distance falls.
        """
        known = self._known(line)
        out = _empty_like(known, len(known.distance_m))
        done = _merge(
            known.traces,
            np.column_stack([known.merged, known.distance_m, known.values]),
            np.column_stack([known.distance_m, known.labels]),
            self._reach_m,
            (self._trace_sum, self._value_sum, self._first, self._number),
            out,
        )
        return out.only(slice(0, done))

    def finish(self) -> Positioned:
        """Return the last group of the line."""
        number = int(self._number[0])
        rows = slice(0, min(number, 1))
        trace = (self._trace_sum / max(number, 1)).astype(np.float32)
        mean = self._value_sum / max(number, 1)
        last = Positioned(
            trace[np.newaxis],
            mean[1:2],
            mean[np.newaxis, 2:],
            self._first[np.newaxis, 1:].copy(),
            self._value_sum[:1].copy(),
        )
        self._trace_sum[:] = self._value_sum[:] = 0.0
        self._number[0] = 0
        return last.only(rows)

    def _known(self, line: Positioned) -> Positioned:
        """Return the traces with a distance, checked."""
        traces = as_traces(line.traces, samples=self._trace_sum.size)
        lengths = [len(part) for part in line]
        if len(set(lengths)) > 1:
            msg = f"{', '.join(line._fields)} have lengths {lengths}; make them equal"
            raise ShapeError(msg)
        known = np.isfinite(line.distance_m)
        if not known.all():
            line = line.only(known)
            traces = as_traces(line.traces)
        steps = np.diff(line.distance_m, prepend=self._last_m)
        if np.any(steps < 0.0):
            at = int(np.argmin(steps))
            msg = (
                f"distance falls to {line.distance_m[at]} m by {-steps[at]} m; it must never fall: "
                "use the length of the path travelled, or split the line where it turns back"
            )
            raise UsageError(msg)
        self._last_m = float(line.distance_m[-1]) if len(traces) else self._last_m
        return line._replace(traces=traces)


class Gridded(NamedTuple):
    """Traces at equal distances.

    Parameters
    ----------
    traces
        Float32, shape (grid point, delay).
    number
        Number of each grid point, int64: it lies at number · spacing; a jump is a gap.
    values, labels, merged
        Of each grid point, float64; see `Positioned`.
    """

    traces: Traces
    number: Counters
    values: Values
    labels: Values
    merged: Values


class EqualDistance:
    """Interpolate traces at the multiples of the spacing, between their neighbours on the line.

    Nothing is extrapolated, and no point is made between two traces further apart than
    `max_gap_m`: a gap stays a gap.

    Parameters
    ----------
    spacing_m
        Distance between the grid points in m.
    max_gap_m
        Widest distance between neighbouring traces to interpolate over.
    method
        ``"linear"``, or ``"cubic"``: Hermite polynomials with the slope of the parabola through
        three neighbours (Bessel tangents, de Boor, A Practical Guide to Splines, 1978, ch. IV),
        one-sided at ends and gaps; one trace more of latency.

    Notes
    -----
    Interpolation does not filter: with more traces than grid points, merge traces over half a
    spacing first, or noise and steep hyperbola flanks alias.

    Examples
    --------
    >>> nothing = np.zeros((2, 0))
    >>> grid = EqualDistance(spacing_m=0.5, max_gap_m=2.0)
    >>> traces, distance_m = np.float32([[0], [2]]), np.array([0.0, 1.0])
    >>> grid.push(Positioned(traces, distance_m, nothing, nothing, np.ones(2))).traces.ravel()
    array([0., 1., 2.], dtype=float32)
    """

    def __init__(
        self,
        *,
        spacing_m: float,
        max_gap_m: float,
        method: Literal["linear", "cubic"] = "linear",
    ) -> None:
        if not 0.0 < spacing_m < math.inf or not max_gap_m > 0.0:
            msg = f"spacing_m is {spacing_m} and max_gap_m {max_gap_m}; both must be above 0 metres"
            raise UsageError(msg)
        if method not in {"linear", "cubic"}:
            msg = f"method is {method!r}; use 'linear' or 'cubic'"
            raise UsageError(msg)
        self._spacing_m, self._max_gap_m, self._method = spacing_m, max_gap_m, method
        self._kept: Positioned | None = None
        self._next = 0  # number of the next grid point

    def push(self, line: Positioned) -> Gridded:
        """Take the next traces, at rising distances, and return the grid points they settle."""
        if self._kept is None and len(line.distance_m):
            self._next = math.ceil(line.distance_m[0] / self._spacing_m - SNAP)
        if self._kept is not None:
            line = _joined(self._kept, line)
        gridded = self._settled(line, ahead=1 if self._method == "cubic" else 0)
        if len(line.distance_m):
            rows = np.arange(len(line.distance_m))
            self._kept = line.only(rows >= rows.size - CARRIED)
        return gridded

    def finish(self) -> Gridded | None:
        """Return the last grid points of the line; None where it had no traces."""
        return None if self._kept is None else self._settled(self._kept, ahead=0)

    def _settled(self, line: Positioned, *, ahead: int) -> Gridded:
        """Return the points up to the trace that has `ahead` traces after it."""
        at = line.distance_m
        last = len(at) - 1 - ahead
        if last < 0:
            return self._at(line, np.empty(0, np.int64))
        stop = math.floor(at[last] / self._spacing_m + SNAP) + 1
        number = np.arange(self._next, stop)
        self._next = max(self._next, stop)
        return self._at(line, number)

    def _at(self, line: Positioned, number: Counters) -> Gridded:
        at, x, snap = line.distance_m, number * self._spacing_m, SNAP * self._spacing_m
        right = np.clip(np.searchsorted(at, x - snap), min(1, len(at) - 1), len(at) - 1)
        left = np.maximum(right - 1, 0)
        width = at[right] - at[left]
        near = (np.abs(x - at[left]) <= snap) | (np.abs(x - at[right]) <= snap)
        keep = (width <= self._max_gap_m) | near
        left, right, x, width = left[keep], right[keep], x[keep], width[keep]
        share = np.clip((x - at[left]) / np.where(width > 0.0, width, 1.0), 0.0, 1.0)
        rows, weights = self._weights(at, left, right, share)
        traces = np.empty((x.size, line.traces.shape[1]), np.float32)
        _mix(as_traces(line.traces), rows, weights, traces)
        other = share[:, np.newaxis]
        return Gridded(
            traces,
            number[keep],
            (1.0 - other) * line.values[left] + other * line.values[right],
            np.where(other <= 0.5, line.labels[left], line.labels[right]),
            np.where(share <= 0.5, line.merged[left], line.merged[right]),
        )

    def _weights(
        self, at: Values, left: Counters, right: Counters, share: Values
    ) -> tuple[Counters, Values]:
        """Return the four neighbours of each point and their weights."""
        before, after = np.maximum(left - 1, 0), np.minimum(right + 1, len(at) - 1)
        rows = np.stack([before, left, right, after], axis=1)
        weights = np.zeros((share.size, 4))
        weights[:, 1], weights[:, 2] = 1.0 - share, share
        if self._method == "cubic" and share.size:
            _add_curvature(at, rows, share, self._max_gap_m, weights)
        return rows, weights


def _add_curvature(
    at: Values, rows: Counters, share: Values, max_gap_m: float, weights: Values
) -> None:
    """Add to linear weights what makes them Hermite weights with Bessel tangents.

    With the secant d of the interval of width h, the cubic is the line plus
    h t(1-t)² (m_left - d) - h t²(1-t) (m_right - d), and the parabola's slope differs from d by
    ± h (d - d_neighbour)/(h + h_neighbour).
    """
    before, left, right, after = (at[rows[:, column]] for column in range(4))
    width = right - left
    for outer, inner, far, gap, factor in (
        (0, 1, 2, left - before, share * (1.0 - share) ** 2),
        (3, 2, 1, after - right, share**2 * (1.0 - share)),
    ):
        usable = (gap > 0.0) & (gap <= max_gap_m) & (width > 0.0)
        safe_gap, safe_width = np.where(usable, gap, 1.0), np.where(usable, width, 1.0)
        bend = np.where(usable, factor * safe_width**2 / (safe_width + safe_gap), 0.0)
        weights[:, outer] -= bend / safe_gap
        weights[:, inner] += bend / safe_gap + bend / safe_width
        weights[:, far] -= bend / safe_width


def _empty_like(line: Positioned, rows: int) -> Positioned:
    return Positioned(
        np.empty((rows, line.traces.shape[1]), np.float32),
        np.empty(rows),
        np.empty((rows, line.values.shape[1])),
        np.empty((rows, line.labels.shape[1])),
        np.empty(rows),
    )


def _joined(before: Positioned, after: Positioned) -> Positioned:
    return Positioned(
        np.concatenate([before.traces, after.traces]),
        np.concatenate([before.distance_m, after.distance_m]),
        np.concatenate([before.values, after.values]),
        np.concatenate([before.labels, after.labels]),
        np.concatenate([before.merged, after.merged]),
    )


@njit
def _merge(
    traces: Traces,
    values: Values,
    labels: Values,
    reach_m: float,
    group: tuple[Values, Values, Values, Counters],
    out: Positioned,
) -> int:
    trace_sum, value_sum, first, number = group
    done = 0
    for i in range(traces.shape[0]):
        if number[0] > 0 and values[i, 1] - first[0] > reach_m:
            for j in range(trace_sum.size):
                out.traces[done, j] = trace_sum[j] / number[0]
                trace_sum[j] = 0.0
            out.merged[done] = value_sum[0]
            out.distance_m[done] = value_sum[1] / number[0]
            for j in range(2, value_sum.size):
                out.values[done, j - 2] = value_sum[j] / number[0]
            out.labels[done] = first[1:]
            value_sum[:] = 0.0
            number[0] = 0
            done += 1
        if number[0] == 0:
            first[:] = labels[i]
        for j in range(trace_sum.size):
            trace_sum[j] += traces[i, j]
        value_sum += values[i]
        number[0] += 1
    return done


@njit
def _mix(traces: Traces, rows: Counters, weights: Values, out: Traces) -> None:
    for i in range(out.shape[0]):
        before, left = traces[rows[i, 0]], traces[rows[i, 1]]
        right, after = traces[rows[i, 2]], traces[rows[i, 3]]
        w = weights[i]
        for j in range(out.shape[1]):
            out[i, j] = w[0] * before[j] + w[1] * left[j] + w[2] * right[j] + w[3] * after[j]
