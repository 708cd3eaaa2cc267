"""Diffraction stack of a regular, ground-coupled line, weighted by coherence.

For an output point below row i at depth z, samples are summed along the two-way time that a
point scatterer there would give in the neighbouring rows,

    t(u) = (sqrt(z^2 + (u + s/2)^2) + sqrt(z^2 + (u - s/2)^2)) / v,

u = distance along the line, s = antenna separation, v = velocity (Kirchhoff summation;
Yilmaz, Seismic Data Analysis, 2001, section 4.2). Weights are the obliquity z / sqrt(z^2 + u^2).
The sum is multiplied by the square root of its semblance (Neidell and Taner, Geophysics 36,
1971), the share of the energy on the curve that adds up in phase: a layer or a jump of the
direct wave lights up the curve but does not add up. Rows that do not exist (the line's ends)
count as silent, so that half a hyperbola scores less than a whole one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.signal._jit import njit
from detectkit.signal.travel_time import depth_m

Float32s = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class DiffractionTable:
    """Where to look: for each output delay and row offset, a sample position and a weight.

    Parameters
    ----------
    position
        Shape (output delay, offset), float32: sample position, -1 outside the aperture.
    weight
        Same shape, float32.
    window
        Output samples on each side over which the semblance is averaged.
    """

    position: Float32s
    weight: Float32s
    window: int

    @property
    def reach(self) -> int:
        """Rows on each side that an output row needs."""
        return int(self.position.shape[1]) - 1


def diffraction_table(
    twt_s: npt.NDArray[np.float64],
    *,
    first_twt_s: float,
    sample_interval_s: float,
    trace_spacing_m: float,
    velocity_m_per_s: float,
    antenna_separation_m: float,
    half_angle_rad: float,
    window: int,
) -> DiffractionTable:
    """Return the table for output delays `twt_s` of a line with the given axes.

    The aperture at depth z reaches z tan(half_angle) to each side.

    Examples
    --------
    >>> table = diffraction_table(
    ...     np.array([1e-9]), first_twt_s=0.0, sample_interval_s=1e-10, trace_spacing_m=0.01,
    ...     velocity_m_per_s=1e8, antenna_separation_m=0.0, half_angle_rad=0.8, window=0)
    >>> table.position[0, :2].round(3)
    array([10.   , 10.198], dtype=float32)
    """
    half = antenna_separation_m / 2.0
    depth = np.nan_to_num(
        depth_m(twt_s, velocity_m_per_s=velocity_m_per_s, separation_m=antenna_separation_m)
    )
    reach = int(np.ceil(float(depth.max(initial=0.0)) * np.tan(half_angle_rad) / trace_spacing_m))
    offset = np.arange(reach + 1) * trace_spacing_m
    z, u = depth[:, None], offset[None, :]
    delay = (np.hypot(z, u + half) + np.hypot(z, u - half)) / velocity_m_per_s
    position = (delay - first_twt_s) / sample_interval_s
    inside = (u <= z * np.tan(half_angle_rad)) & (position >= 0.0)
    weight = np.where(inside, z / np.maximum(np.hypot(z, u), 1e-9), 0.0)
    return DiffractionTable(
        np.where(inside, position, -1.0).astype(np.float32), weight.astype(np.float32), window
    )


def diffraction_stack(data: Float32s, start: int, stop: int, table: DiffractionTable) -> Float32s:
    """Return the coherence-weighted diffraction stack for rows `start` to `stop` of `data`.

    Parameters
    ----------
    data
        Shape (trace, delay), float32, background removed.
    start, stop
        Rows to answer; rows within ``table.reach`` of them are used where they exist.
    table
        From `diffraction_table`.

    Returns
    -------
    Float32s
        Shape (stop - start, output delay).
    """
    return _stack(data, start, stop, table.position, table.weight, table.window)


@njit
def _stack(
    data: Float32s,
    start: int,
    stop: int,
    position: Float32s,
    weight: Float32s,
    window: int,
) -> Float32s:
    rows, samples = data.shape
    delays, offsets = position.shape
    out = np.zeros((stop - start, delays), np.float32)
    total = np.empty(delays, np.float64)
    energy = np.empty(delays, np.float64)
    for row in range(start, stop):
        for k in range(delays):
            summed = 0.0
            squares = 0.0
            weights = 1e-30
            for step in range(-offsets + 1, offsets):
                source = row + step
                p = position[k, abs(step)]
                w = weight[k, abs(step)]
                weights += w
                whole = int(p)
                if p < 0.0 or source < 0 or source >= rows or whole + 1 >= samples:
                    continue
                part = p - whole
                value = data[source, whole] * (1.0 - part) + data[source, whole + 1] * part
                summed += w * value
                squares += w * value * value
            total[k] = summed / weights
            energy[k] = squares / weights
        for k in range(delays):
            stacked = 0.0
            present = 1e-30
            for near in range(max(0, k - window), min(delays, k + window + 1)):
                stacked += total[near] * total[near]
                present += energy[near]
            out[row - start, k] = total[k] * np.sqrt(stacked / present)
    return out
