"""Diffraction stack of a regular line, on the ground or over an air gap, weighted by coherence.

For an output point below row i at depth z, samples are summed along the two-way time that a
point scatterer there would give in the neighbouring rows (`line_curves`: a hyperbola on the
ground, refracted rays from each row's own height in the air; Kirchhoff summation, Yilmaz, Seismic
Data Analysis, 2001, section 4.2). Weights are the obliquity, the cosine of the ray's angle to the
vertical at the antenna. The sum is multiplied by the square root of its semblance (Neidell and
Taner, Geophysics 36, 1971), the share of the energy on the curve that adds up in phase: a layer or
a jump of the direct wave lights up the curve but does not add up. Rows that do not exist (the
line's ends) and rows of unknown height count as silent, so that half a hyperbola scores less than
a whole one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.imaging.line_curves import LineGeometry, RowCurves
from detectkit.signal._jit import njit

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Rows = tuple[
    npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.float32]
]


def obliquity(geometry: LineGeometry, height_m: float) -> tuple[Float64s, Float64s]:
    """Return the curve's positions and its weights: the cosine at the antenna."""
    return geometry.curve(height_m)


def diffraction_stack(
    data: Float32s, start: int, stop: int, curves: RowCurves, *, window: int
) -> Float32s:
    """Return the coherence-weighted diffraction stack for rows `start` to `stop` of `data`.

    Parameters
    ----------
    data
        Shape (trace, delay), float32, background removed.
    start, stop
        Rows to answer; rows within ``curves.reach`` of them are used where they exist.
    curves
        Of the rows of `data`.
    window
        Output samples on each side over which the semblance is averaged.

    Returns
    -------
    Float32s
        Shape (stop - start, depth).
    """
    rows = (curves.low, curves.high, curves.part, curves.shift)
    return _stack(data, (start, stop), (curves.position, curves.weight), rows, window)


@njit
def _stack(
    data: Float32s,
    span: tuple[int, int],
    tables: tuple[Float32s, Float32s],
    rows: Rows,
    window: int,
) -> Float32s:
    start, stop = span
    delays = tables[0].shape[2]
    out = np.zeros((stop - start, delays), np.float32)
    total = np.empty(delays, np.float64)
    energy = np.empty(delays, np.float64)
    weights = np.empty(delays, np.float64)
    for row in range(start, stop):
        if rows[0][row] < 0:
            continue
        total[:] = 0.0
        energy[:] = 0.0
        weights[:] = 1e-30
        _gather(data, row, tables, rows, (total, energy, weights))
        for k in range(delays):
            total[k] /= weights[k]
            energy[k] /= weights[k]
        for k in range(delays):
            stacked = 0.0
            present = 1e-30
            for near in range(max(0, k - window), min(delays, k + window + 1)):
                stacked += total[near] * total[near]
                present += energy[near]
            out[row - start, k] = total[k] * np.sqrt(stacked / present)
    return out


@njit
def _gather(
    data: Float32s,
    row: int,
    tables: tuple[Float32s, Float32s],
    rows: Rows,
    sums: tuple[Float64s, Float64s, Float64s],
) -> None:
    """Add up what lies on the curves below one row, source row by source row."""
    position, weight = tables
    low, high, part, shift = rows
    total, energy, weights = sums
    offsets, delays = position.shape[1:]
    samples = data.shape[1]
    for step in range(-offsets + 1, offsets):
        source = row + step
        silent = source < 0 or source >= data.shape[0] or low[source] < 0
        owner = row if silent else source
        share, late = part[owner], shift[owner]
        p0, p1 = position[low[owner], abs(step)], position[high[owner], abs(step)]
        w0, w1 = weight[low[owner], abs(step)], weight[high[owner], abs(step)]
        for k in range(delays):
            w = w0[k] + share * (w1[k] - w0[k])
            weights[k] += w
            p = p0[k] + share * (p1[k] - p0[k]) + late
            whole = int(p)
            if silent or w == 0.0 or p < 0.0 or whole + 1 >= samples:
                continue
            between = p - whole
            value = data[source, whole] * (1.0 - between) + data[source, whole + 1] * between
            total[k] += w * value
            energy[k] += w * value * value
