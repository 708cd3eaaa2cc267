"""Follow the reflection of the ground's surface under an antenna whose height varies."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.signal._arrays import Traces, as_rows, require_positive, require_share, sample_window
from detectkit.signal._jit import njit

MEMORY = 0.1
"""Weight of the newest trace in the carried amplitude."""
CREST = 0.8
"""The samples above this part of a maximum tell where it is."""


class TrackState(NamedTuple):
    """All that the tracker carries from one trace to the next."""

    position: float
    """Last accepted place (samples); NaN while nothing is followed."""
    amplitude: float
    """Running amplitude of the reflection, in the unit of the data."""
    lost: int
    """Traces since the last accepted one."""


NOT_LOCKED = TrackState(math.nan, math.nan, 0)


class Track(NamedTuple):
    """The ground's reflection along the line."""

    samples: npt.NDArray[np.float64]
    """(trace,) two-way time in samples; NaN where the reflection is lost."""
    quality: npt.NDArray[np.float64]
    """(trace,) 1 - mean / peak of the amplitude in the window: near 1 for one sharp
    reflection, about 0.6 for noise, 0 for a flat or dead trace."""


@njit
def _peak(row: npt.NDArray[np.float32], low: int, high: int) -> int:  # pragma: no cover
    """Return the highest local maximum in [low, high), or -1."""
    best = -1
    for i in range(max(low, 1), min(high, row.size - 1)):
        rises = row[i] > row[i - 1] and row[i] >= row[i + 1]
        if rises and (best < 0 or row[i] > row[best]):
            best = i
    return best


@njit
def _refine(row: npt.NDArray[np.float32], top: int) -> float:  # pragma: no cover - compiled
    """Return the vertex of the least-squares parabola through the crest above 0.8 of its top."""
    half = 1
    limit = CREST * row[top]
    room = min(top, row.size - 1 - top)
    while half < room and row[top - half - 1] > limit and row[top + half + 1] > limit:
        half += 1
    slope, bend, total, square, fourth = 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(-half, half + 1):
        value = np.float64(row[top + k])
        total += value
        slope += k * value
        bend += k * k * value
        square += k * k
        fourth += k * k * k * k
    slope /= square
    count = 2 * half + 1
    bend = (count * bend - square * total) / (count * fourth - square * square)
    moved = -0.5 * slope / bend if bend < 0.0 else 0.0
    return float(top + min(max(moved, -half), half))


@njit
def _contrast(
    row: npt.NDArray[np.float32], start: int, stop: int, best: int
) -> float:  # pragma: no cover - compiled
    if best < 0 or not row[best] > 0.0:
        return 0.0
    total = 0.0
    for i in range(start, stop):
        total += row[i]
    return float(max(1.0 - total / (stop - start) / row[best], 0.0))


@njit
def _follow(
    amplitude: Traces,
    window: tuple[int, int],
    maximum_move: float,
    limits: tuple[float, float, int],
    state: tuple[float, float, int],
    samples: npt.NDArray[np.float64],
    quality: npt.NDArray[np.float64],
) -> tuple[float, float, int]:  # pragma: no cover - compiled
    start, stop = window
    least_amplitude, least_quality, patience = limits
    position, level, lost = state
    for trace in range(amplitude.shape[0]):
        row = amplitude[trace]
        low, high = start, stop
        if not math.isnan(position):
            reach = maximum_move * (lost + 1)
            low = max(start, math.ceil(position - reach))
            high = min(stop, math.floor(position + reach) + 1)
        best = _peak(row, low, high)
        quality[trace] = _contrast(row, start, stop, best)
        samples[trace] = np.nan
        if quality[trace] < least_quality or best < 0 or row[best] < least_amplitude * level:
            lost += 1
            if lost > patience:
                position, level = np.nan, np.nan
            continue
        # One wild trace must not lift the level above the true ones that follow.
        peak = np.float64(row[best])
        fresh = math.isnan(level)
        level = peak if fresh else level + MEMORY * (min(peak, 2.0 * level) - level)
        position = _refine(row, best)
        samples[trace] = position
        lost = 0
    return position, level, lost


def track_ground_bounce(
    amplitude: npt.NDArray[Any],
    *,
    start: int,
    stop: int | None,
    maximum_move: float,
    minimum_amplitude: float = 0.25,
    minimum_quality: float = 0.3,
    patience: int = 20,
    state: TrackState = NOT_LOCKED,
) -> tuple[Track, TrackState]:
    """Follow the strongest reflection of a window from trace to trace.

    The first trace takes the highest local maximum of the window. Each next one takes the
    highest within `maximum_move` of the last accepted place, and the reach grows by as much
    with every trace lost. A trace is lost if that maximum is below `minimum_amplitude` of the
    carried amplitude (an exponential mean, weight 0.1, of which one trace counts at most
    double) or its quality is too low. After `patience` lost traces the search starts again in
    the whole window, so one bad first trace does no lasting harm. The place is refined by the
    least-squares parabola through the samples around the maximum that exceed 0.8 of it.

    Parameters
    ----------
    amplitude
        (trace, delay), float32, not negative: the envelope, so that the place does not jump
        between the wavelet's half-cycles.
    start, stop
        Search window (samples): after the direct wave, up to the greatest height flown.
    maximum_move
        Farthest move of the reflection from one trace to the next (samples).
    minimum_amplitude
        Least amplitude, relative to the carried one, 0 to 1.
    minimum_quality
        Least quality, 0 to 1 (see `Track`).
    patience
        Traces to search near the last place before giving it up.
    state
        What an earlier call returned, to continue its line.

    Returns
    -------
        The track, and the state to give to the call for the traces that follow.

    Examples
    --------
    >>> import numpy as np
    >>> amplitude = np.zeros((2, 20), np.float32)
    >>> amplitude[0, 9:12] = amplitude[1, 10:13] = 1, 2, 1
    >>> track, state = track_ground_bounce(amplitude, start=0, stop=20, maximum_move=3)
    >>> track.samples
    array([10., 11.])
    """
    rows = as_rows(amplitude)
    window = sample_window(rows.shape[1], start, stop)
    require_positive("maximum_move", maximum_move)
    require_share("minimum_amplitude", minimum_amplitude)
    require_share("minimum_quality", minimum_quality)
    samples, quality = np.empty(rows.shape[0]), np.empty(rows.shape[0])
    limits = (float(minimum_amplitude), float(minimum_quality), int(patience))
    plain = (float(state.position), float(state.amplitude), int(state.lost))
    farthest = min(float(maximum_move), float(rows.shape[1]))
    end = _follow(rows, window, farthest, limits, plain, samples, quality)
    return Track(samples, quality), TrackState(*end)
