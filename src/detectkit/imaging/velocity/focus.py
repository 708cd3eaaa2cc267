"""The velocity at which a line is in best focus; independent of any picked echo.

The line is migrated (Kirchhoff, see `detectkit.imaging.kirchhoff`) at a series of velocities, each
image on the same axis of apex times. Sharpness is the negative entropy of the image's energy
(Wiggins, Geoexploration 16, 1978, on such norms; De Vries and Berkhout, Geophysics 49, 1984,
on entropy for velocities), summed over windows of the line. The maximum is that of the parabola
through the three highest in log velocity; its error comes from a jackknife over the windows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.imaging.kirchhoff import half_derivative, kirchhoff_varying, stationary_weights
from detectkit.imaging.velocity.picking import Line, curves_at
from detectkit.signal.attributes import envelope

Float64s = npt.NDArray[np.float64]
WINDOWS = 10
FEWEST_WINDOWS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Focus:
    """How sharp the image of a line is at each velocity, and where it is sharpest.

    Parameters
    ----------
    velocities_m_per_s, sharpness
        (n,): mean over the windows, in units of their own spread over velocity.
    velocity_m_per_s, error_m_per_s
        Of the maximum; None where there is none inside the range, or the windows do not agree
        on any.
    windows
        Number of windows.
    """

    velocities_m_per_s: Float64s
    sharpness: Float64s
    velocity_m_per_s: float | None
    error_m_per_s: float | None
    windows: int


def focus_search(line: Line, velocities: Float64s, *, band_s: tuple[float, float]) -> Focus:
    """Return the sharpness of a line's image at each velocity, and the best.

    Parameters
    ----------
    line
        The radargram, with a background removed.
    velocities
        (n,), rising by equal ratios, m/s; at least 5.
    band_s
        First and last apex time that is looked at, on the traces' axis.
    """
    step_s = max(line.interval_s, line.period_s / 8.0)
    twt_s = np.arange(band_s[0], band_s[1], step_s)
    filtered = half_derivative(line.data, sample_interval_s=line.interval_s)
    rows = len(line.data)
    bounds = np.array_split(np.arange(rows), min(WINDOWS, max(1, rows // 20)))
    table = np.empty((len(bounds), velocities.size))
    for number, velocity in enumerate(velocities):
        curves = curves_at(line, twt_s, float(velocity), weigh=stationary_weights)
        image = envelope(kirchhoff_varying(filtered, 0, rows, curves)).astype(np.float64) ** 2
        table[:, number] = [_sharpness(image[part]) for part in bounds]
    best, error = _best(velocities, table)
    return Focus(velocities, table.mean(axis=0), best, error, len(bounds))


def _sharpness(energy: Float64s) -> float:
    """Return the negative entropy of an image's energy."""
    share = energy / max(float(energy.sum()), 1e-300)
    return float((share * np.log(np.maximum(share, 1e-300))).sum())


def _best(velocities: Float64s, table: Float64s) -> tuple[float | None, float | None]:
    whole = _highest(velocities, table.mean(axis=0))
    if whole is None or len(table) < FEWEST_WINDOWS:
        return whole, None
    left_out = [
        _highest(velocities, np.delete(table, window, axis=0).mean(axis=0))
        for window in range(len(table))
    ]
    known = np.log([one for one in left_out if one is not None])
    if known.size < len(table):
        return whole, None
    spread = float(np.sqrt((known.size - 1) / known.size * ((known - known.mean()) ** 2).sum()))
    step = float(np.log(velocities[1] / velocities[0]))
    return whole, whole * float(np.hypot(spread, 0.5 * step))


def _highest(velocities: Float64s, sharpness: Float64s) -> float | None:
    at = int(np.argmax(sharpness))
    if not 0 < at < velocities.size - 1:
        return None
    left, middle, right = sharpness[at - 1 : at + 2]
    bend = left - 2.0 * middle + right
    shift = 0.0 if bend >= 0.0 else 0.5 * (left - right) / bend
    return float(velocities[at] * (velocities[at] / velocities[at - 1]) ** shift)
