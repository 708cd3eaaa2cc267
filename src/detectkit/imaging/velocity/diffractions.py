"""Every usable diffraction of a radargram, each with its fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.imaging.velocity.hyperbola import Diffractor, Picks, fit_diffractor
from detectkit.imaging.velocity.picking import Apex, Arrivals, Line, find_apexes, follow, size_of
from detectkit.imaging.velocity.travel import along_line
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Float64s = npt.NDArray[np.float64]

TRIED_M_PER_S = (0.6e8, 0.75e8, 0.95e8, 1.2e8, 1.5e8, 1.9e8)
SLOWEST_M_PER_S, FASTEST_M_PER_S = 0.35e8, 1.95e8
"""Permittivity 73 to 2.4. From the air, faster ones came from wide bodies: flat tops."""
ROUNDS = 3
"""Of following and fitting: each follows the curve that was fitted before."""
FEWEST_PICKS = 11
FLANKS = (0.4, 0.8)
"""Least reach of the picks over the echo's size (`picking.size_of`): shorter and longer flank."""
WORST_SCATTER = 0.125
"""Of the picks about the curve, in periods."""
WORST_ERROR = 0.15
"""Relative error of a velocity that is still told."""
SHALLOWEST = 0.4
"""Wavelengths of depth above which flanks are straight, and the direct wave is near."""


@dataclass(frozen=True, slots=True, eq=False)
class Diffraction:
    """A diffraction that was followed and fitted."""

    fit: Diffractor
    arrivals: Arrivals
    strength: float


def find_diffractions(
    line: Line, *, band_s: tuple[float, float], offset_s: float = 0.0, most: int = 60
) -> list[Diffraction]:
    """Return the usable diffractions of a line, along it.

    Usable: followed on both flanks far enough to bend, little scatter about the curve, the apex
    among the traces, a velocity that waves in the ground have. The others are left out, they
    are no measurement.

    Parameters
    ----------
    line
        The radargram.
    band_s
        First and last apex time on its axis.
    offset_s
        Offset of all times that is known.
    most
        Apexes looked at.
    """
    found: list[Diffraction] = []
    for apex in find_apexes(line, np.array(TRIED_M_PER_S), band_s=band_s, most=most):
        if any(_on_flank(apex, other, line) for other in found):
            continue
        one = _followed(line, apex, offset_s)
        if one is not None and not any(_same(one, other, line) for other in found):
            found.append(one)
    return sorted(found, key=lambda one: one.fit.place_m[0])


def _followed(line: Line, apex: Apex, offset_s: float) -> Diffraction | None:
    start = (float(line.along_m[apex.row]), apex.depth_m, apex.velocity_m_per_s)
    for _ in range(ROUNDS):
        arrivals = follow(line, place_m=start[0], depth_m=start[1], velocity=start[2])
        if arrivals.rows.size < FEWEST_PICKS:
            return None
        picks = _picks(line, arrivals)
        fit = fit_diffractor(picks, start, period_s=line.period_s, offset_s=offset_s)
        if not _plausible(fit, line):
            return None
        start = (fit.place_m[0], fit.depth_m, fit.velocity_m_per_s)
    return Diffraction(fit, arrivals, apex.strength) if _usable(fit, arrivals, line) else None


def _picks(line: Line, arrivals: Arrivals) -> Picks:
    rows = arrivals.rows
    antennas = along_line(line.along_m[rows], line.height_m[rows], line.separation_m)
    return Picks(*antennas, arrivals.twt_s + line.removed_s[rows], arrivals.likeness**2)


def _plausible(fit: Diffractor, line: Line) -> bool:
    inside = line.along_m[0] <= fit.place_m[0] <= line.along_m[-1]
    deepest_m = 0.6 * SPEED_OF_LIGHT_M_S * line.data.shape[1] * line.interval_s
    slow_enough = 0.5 * SLOWEST_M_PER_S <= fit.velocity_m_per_s < SPEED_OF_LIGHT_M_S
    return bool(inside and slow_enough and 0.0 < fit.depth_m <= deepest_m)


def _usable(fit: Diffractor, arrivals: Arrivals, line: Line) -> bool:
    away = line.along_m[arrivals.rows] - fit.place_m[0]
    size_m = size_of(line, fit.depth_m)
    flanks = sorted((-float(away.min()) / size_m, float(away.max()) / size_m))
    told = fit.velocity_error_m_per_s <= WORST_ERROR * fit.velocity_m_per_s
    deep_enough = fit.depth_m >= SHALLOWEST * fit.velocity_m_per_s * line.period_s
    return bool(
        flanks[0] >= FLANKS[0]
        and flanks[1] >= FLANKS[1]
        and fit.scatter_s <= WORST_SCATTER * line.period_s
        and SLOWEST_M_PER_S <= fit.velocity_m_per_s <= FASTEST_M_PER_S
        and told
        and deep_enough
    )


def _on_flank(apex: Apex, other: Diffraction, line: Line) -> bool:
    """Tell whether an apex lies on a curve that was followed already."""
    at = np.flatnonzero(other.arrivals.rows == apex.row)
    if at.size == 0:
        return False
    here = slice(apex.row, apex.row + 1)
    place_m = float(line.along_m[apex.row])
    twt_s = line.times(here, place_m, apex.depth_m, apex.velocity_m_per_s)[0]
    return abs(float(twt_s - other.arrivals.twt_s[at[0]])) <= line.period_s


def _same(one: Diffraction, other: Diffraction, line: Line) -> bool:
    """Tell whether two are of one echo, or of two cycles of its wavelet."""
    apart_m = abs(one.fit.place_m[0] - other.fit.place_m[0])
    apart_s = abs(one.fit.apex_time_s - other.fit.apex_time_s)
    near_m = 0.35 * one.fit.velocity_m_per_s * line.period_s
    return apart_m <= max(near_m, 2.0 * line.spacing_m) and apart_s <= 1.5 * line.period_s
