"""Apexes of diffractions in a radargram, and the arrival of each echo trace by trace.

Apexes: the coherence-weighted diffraction stack (see `detectkit.imaging.diffraction`) at several
velocities; where the largest of them stands out from the picture, an echo is looked for. Arrivals:
the echo's wavelet, the mean along the expected curve near its apex, is found again in each
trace by its normalised correlation, from the apex outwards, each trace looked at near the
last one's deviation, until it is found no more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.imaging.diffraction import diffraction_stack, obliquity
from detectkit.imaging.line_curves import CurveTables, LineGeometry, RowCurves, Weigh
from detectkit.imaging.velocity.travel import along_line, point_times
from detectkit.signal._jit import njit
from detectkit.signal.attributes import envelope

Float64s = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]

HALF_ANGLE_RAD = 0.75
"""Of the ray in the ground, to which apexes are summed and echoes followed."""
AIR_SHARE = 0.9
"""Of the height that counts like depth in how far an echo is followed."""
FOLLOWED = 2.5
"""Sizes of an echo to which it is followed on each side, as long as it is found."""
STANDS_OUT = 7.0
"""Times the picture's median that an apex's sum must have."""
LIKENESS = 0.75
"""Normalised correlation from which a wavelet counts as found."""
PATIENCE = 3
"""Traces in a row that may miss it."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A processed radargram with traces at equal distances.

    Parameters
    ----------
    data
        (trace, sample), float32; background removed.
    along_m
        (trace,), at equal distances.
    height_m
        (trace,): of the antennas over the ground; 0 where they touch it.
    removed_s
        (trace,): what was taken off each trace's times.
    first_twt_s, interval_s
        Of the delay axis.
    separation_m, period_s
        Of the antennas; of the wave.
    """

    data: Float32s
    along_m: Float64s
    height_m: Float64s
    removed_s: Float64s
    first_twt_s: float
    interval_s: float
    separation_m: float
    period_s: float

    @property
    def spacing_m(self) -> float:
        """Between traces."""
        return float(self.along_m[1] - self.along_m[0]) if self.along_m.size > 1 else 1.0

    def times(self, rows: slice, place_m: float, depth_m: float, velocity: float) -> Float64s:
        """Return when a point's echo arrives on the traces' axis, in s."""
        antennas = along_line(self.along_m[rows], self.height_m[rows], self.separation_m)
        point = np.array([place_m, 0.0, depth_m])
        return np.asarray(point_times(*antennas, point, velocity) - self.removed_s[rows])


@dataclass(frozen=True, slots=True)
class Apex:
    """Where an echo comes nearest."""

    row: int
    depth_m: float
    velocity_m_per_s: float
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """An echo followed from trace to trace.

    Parameters
    ----------
    rows
        (picks,), rising.
    twt_s
        (picks,): on the traces' axis.
    likeness
        (picks,): normalised correlation.
    """

    rows: npt.NDArray[np.int64]
    twt_s: Float64s
    likeness: Float64s


def depths_of(line: Line, twt_s: Float64s, velocity: float, *, row: int) -> Float64s:
    """Return the depth (m) of points right below a row whose echo comes at `twt_s`, 0 before."""
    here = slice(row, row + 1)
    at = float(line.along_m[row])
    deepest = max(0.6 * velocity * float(twt_s[-1] + line.removed_s[row]), 1e-3)
    depth = np.linspace(0.0, deepest, 256)
    time_s = np.array([line.times(here, at, z, velocity)[0] for z in depth])
    return np.interp(twt_s, time_s, depth, left=0.0)


def curves_at(
    line: Line, twt_s: Float64s, velocity: float, *, weigh: Weigh = obliquity
) -> RowCurves:
    """Return the curves of points whose echo comes at `twt_s` right above, at one velocity."""
    row = middle_row(line)
    depth = depths_of(line, twt_s, velocity, row=row) + np.arange(1, twt_s.size + 1) * 1e-6
    reach_m = reach_of(float(depth[-1]), float(line.height_m[row]))
    geometry = LineGeometry(
        depth_m=depth,
        first_twt_s=line.first_twt_s,
        sample_interval_s=line.interval_s,
        trace_spacing_m=line.spacing_m,
        velocity_m_per_s=velocity,
        antenna_separation_m=line.separation_m,
        half_angle_rad=HALF_ANGLE_RAD,
        reach=max(1, min(int(reach_m / line.spacing_m) + 1, line.along_m.size - 1)),
    )
    return CurveTables(geometry, weigh).at(line.height_m, line.removed_s)


def middle_row(line: Line) -> int:
    """Return a row of the median height."""
    return int(np.argsort(line.height_m, kind="stable")[line.height_m.size // 2])


def find_apexes(
    line: Line, velocities: Float64s, *, band_s: tuple[float, float], most: int
) -> list[Apex]:
    """Return the strongest apexes between two times, no two of one echo.

    Parameters
    ----------
    line
        The radargram.
    velocities
        (n,): those to sum with, m/s.
    band_s
        First and last apex time on the traces' axis.
    most
        Of apexes.
    """
    step_s = max(line.interval_s, line.period_s / 8.0)
    twt_s = np.arange(band_s[0], band_s[1], step_s)
    if twt_s.size < 3 or line.along_m.size < 5:
        return []
    window = max(1, round(0.5 * line.period_s / step_s))
    rows = len(line.data)
    sums = np.stack([
        np.abs(diffraction_stack(line.data, 0, rows, curves_at(line, twt_s, float(v)),
                                 window=window))
        for v in velocities
    ])  # fmt: skip
    best, which = sums.max(axis=0), sums.argmax(axis=0)
    level = STANDS_OUT * float(np.median(best))
    apart = (max(2, round(_wavelength(line, velocities) / line.spacing_m)),
             max(1, round(1.2 * line.period_s / step_s)))  # fmt: skip
    found = []
    for row, at in _highest(best, level=level, apart=apart, most=most):
        velocity = float(velocities[which[row, at]])
        depth_m = float(depths_of(line, twt_s, velocity, row=row)[at])
        if depth_m > 0.0:
            found.append(Apex(row, depth_m, velocity, float(best[row, at])))
    return found


def _wavelength(line: Line, velocities: Float64s) -> float:
    return float(np.median(velocities)) * line.period_s


def reach_of(depth_m: float, height_m: float) -> float:
    """Return how far to each side the sums reach that show an apex, in m."""
    return float((depth_m + AIR_SHARE * height_m) * np.tan(HALF_ANGLE_RAD))


def size_of(line: Line, depth_m: float) -> float:
    """Return the length by which flanks are measured: depth and, in the air, height, in m.

    Antennas apart see a shallow point obliquely: half their distance counts too.
    """
    in_air_m = AIR_SHARE * float(np.median(line.height_m))
    return float(np.hypot(depth_m, 0.5 * line.separation_m) + in_air_m)


def _highest(
    picture: npt.NDArray[np.float32], *, level: float, apart: tuple[int, int], most: int
) -> list[tuple[int, int]]:
    """Return the highest places of a picture, each farther than `apart` from a higher one."""
    order = np.argsort(-picture, axis=None, kind="stable")
    order = order[picture.ravel()[order] >= max(level, 1e-30)]
    taken = np.zeros(picture.shape, np.bool_)
    found: list[tuple[int, int]] = []
    for place in order:
        row, at = divmod(int(place), picture.shape[1])
        if taken[row, at]:
            continue
        found.append((row, at))
        if len(found) == most:
            break
        taken[max(0, row - apart[0]) : row + apart[0] + 1,
              max(0, at - apart[1]) : at + apart[1] + 1] = True  # fmt: skip
    return found


def follow(line: Line, *, place_m: float, depth_m: float, velocity: float) -> Arrivals:
    """Return the arrivals of an echo along the curve of a point, from its apex outwards.

    The apex time is that of the envelope's maximum of the echo's wavelet.
    """
    size_m = size_of(line, depth_m)
    reach_m = FOLLOWED * size_m
    near = np.flatnonzero(np.abs(line.along_m - place_m) <= reach_m)
    if near.size < 5:
        return Arrivals(near[:0], np.zeros(0), np.zeros(0))
    rows = slice(int(near[0]), int(near[-1]) + 1)
    expected = line.times(rows, place_m, depth_m, velocity)
    step_s = min(line.interval_s, line.period_s / 20.0)
    half, search = round(0.6 * line.period_s / step_s), round(0.45 * line.period_s / step_s)
    offsets = np.arange(-half - search, half + search + 1) * step_s
    windows = _sampled(line, near, expected[:, None] + offsets)
    away = np.abs(line.along_m[near] - place_m)
    apex = int(np.argmin(away))
    stack = windows[away <= max(2.0 * line.spacing_m, 0.25 * size_m)].mean(axis=0)
    strength = envelope(stack[None, :].astype(np.float32))[0]
    middle = half + int(np.argmax(strength[half : half + 2 * search + 1]))
    alike = _likeness(windows, stack[middle - half : middle + half + 1])
    chosen = _outwards(alike, apex=apex, first=middle - half, near=max(2, half // 3))
    kept = np.flatnonzero(chosen >= 0)
    shifts = np.array([_vertex(alike[row], int(chosen[row])) for row in kept])
    peak = _vertex(strength, middle)
    twt_s = expected[kept] + (shifts - (middle - half) + peak - half - search) * step_s
    return Arrivals(near[kept], twt_s, alike[kept, chosen[kept]])


def _sampled(line: Line, rows: npt.NDArray[np.int64], twt_s: Float64s) -> Float64s:
    """Return the traces at times of their own, between samples by a straight line, 0 outside."""
    axis = line.first_twt_s + np.arange(line.data.shape[1]) * line.interval_s
    traces = zip(rows, twt_s, strict=True)
    return np.stack([np.interp(t, axis, line.data[row], left=0.0, right=0.0) for row, t in traces])


@njit
def _likeness(windows: Float64s, template: Float64s) -> Float64s:
    """Return the normalised correlation of a template with each window at each place in it."""
    places = windows.shape[1] - template.size + 1
    out = np.zeros((windows.shape[0], places))
    own = np.sqrt((template * template).sum())
    for row in range(windows.shape[0]):
        for place in range(places):
            product, energy = 0.0, 1e-300
            for k in range(template.size):
                value = windows[row, place + k]
                product += value * template[k]
                energy += value * value
            out[row, place] = product / (np.sqrt(energy) * own + 1e-300)
    return out


def _outwards(alike: Float64s, *, apex: int, first: int, near: int) -> npt.NDArray[np.int64]:
    """Return the place in each trace, -1 where the wavelet is not found."""
    chosen = np.full(alike.shape[0], -1, np.int64)
    for direction in (range(apex, alike.shape[0]), range(apex - 1, -1, -1)):
        last, missed = first, 0
        for row in direction:
            low = max(0, last - near)
            at = low + int(np.argmax(alike[row, low : last + near + 1]))
            if alike[row, at] >= LIKENESS:
                chosen[row], last, missed = at, at, 0
                continue
            missed += 1
            if missed >= PATIENCE:
                break
    return chosen


def _vertex(values: npt.NDArray[np.floating], at: int) -> float:
    """Return where the parabola through a maximum and its neighbours is highest."""
    if not 0 < at < values.size - 1:
        return float(at)
    left, middle, right = (float(one) for one in values[at - 1 : at + 2])
    bend = left - 2.0 * middle + right
    return at if bend >= 0.0 else at + max(-0.5, min(0.5, 0.5 * (left - right) / bend))
