"""Kirchhoff migration of a regular line, on the ground or over an air gap of varying height.

The image of a point is the sum of what lies on its curve in the neighbouring traces
(`line_curves`), filtered and weighted so that a flat layer keeps its wavelet and its amplitude
(method of stationary phase in two dimensions; Schneider, Geophysics 43, 1978; Yilmaz, Seismic Data
Analysis, 2001, section 4.2):

    m(x, z) = Σ w d'(x + u, t(u)),   w = Δx sqrt(t''(0) / 2π) cos θ sqrt(t(0) / t(u)),

d' the half-derivative of the traces, ``sqrt(-iω)`` in frequency, t'' the curvature of the curve at
its apex, ``2 / (c (h + z / n))``, θ the ray's angle at the antenna and t with the time in air. The
aperture ends in a cosine over the last sixth of its angle's sine. Samples between two are
interpolated linearly: delay axes need four samples per period or more, as after any band-pass here.
Dips at which neighbouring traces alias are not damped: keep the spacing below a quarter of the
wavelength in soil.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.imaging.line_curves import LineGeometry, RowCurves
from detectkit.signal._fft import (
    Spectrum,
    frequencies_hz,
    inverse,
    padded_length,
    through_spectrum,
)
from detectkit.signal._jit import njit
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Rows = tuple[
    npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.float32]
]

TAPER = 1.0 / 6.0
BLOCK_ROWS = 128


def half_derivative(data: Float32s, *, sample_interval_s: float) -> Float32s:
    """Return the traces filtered by ``sqrt(-iω)``, each by itself, shape and dtype unchanged.

    A sum along curves of traces smooths by half an integral; this is what undoes it.
    """
    samples = data.shape[1]
    length = padded_length(samples, samples)
    omega = 2.0 * np.pi * frequencies_hz(length, sample_interval_s)
    root = np.sqrt(0.5 * omega).astype(np.float32)
    out = np.empty(data.shape, np.float32)

    def work(batch: Float32s, spectrum: Spectrum, target: Float32s) -> None:
        real, imaginary = spectrum.real, spectrum.imag
        turned = np.empty_like(spectrum)
        turned.real = (real + imaginary) * root
        turned.imag = (imaginary - real) * root
        target[:] = inverse(turned, length)[: len(batch), :samples]

    through_spectrum(np.ascontiguousarray(data, np.float32), out, length=length, work=work)
    return out


def stationary_weights(geometry: LineGeometry, height_m: float) -> tuple[Float64s, Float64s]:
    """Return the curve's positions and the weights w of the migration, (offset, depth)."""
    position, cosine = geometry.curve(height_m)
    half = geometry.antenna_separation_m / 2.0
    air_s = 2.0 * math.hypot(height_m, half) / SPEED_OF_LIGHT_M_S if height_m else 0.0
    seconds = position * geometry.sample_interval_s + geometry.first_twt_s + air_s
    flat_m = height_m + geometry.depth_m / geometry.index
    flat_m = np.maximum(flat_m, geometry.trace_spacing_m / geometry.index)
    scale = geometry.trace_spacing_m / np.sqrt(np.pi * SPEED_OF_LIGHT_M_S * flat_m)
    spread = np.sqrt(seconds[0] / np.maximum(seconds, 1e-15))
    return position, scale * cosine * spread * _taper(geometry, cosine)


def _taper(geometry: LineGeometry, cosine: Float64s) -> Float64s:
    """Return 1, and over the last of the aperture down to 0, a half cosine of the sine."""
    edge = math.sin(geometry.half_angle_rad)
    share = np.sqrt(np.maximum(1.0 - cosine**2, 0.0)) / edge
    beyond = np.clip((share - 1.0 + TAPER) / TAPER, 0.0, 1.0)
    return 0.5 + 0.5 * np.cos(np.pi * beyond)


def kirchhoff_level(filtered: Float32s, start: int, stop: int, curves: RowCurves) -> Float32s:
    """Return the migrated rows of a line whose traces all have one curve, as on the ground.

    Parameters
    ----------
    filtered
        From `half_derivative`, (trace, delay), float32.
    start, stop
        Rows to answer; rows within ``curves.reach`` of them are used where they exist.
    curves
        Of the rows of `filtered`; the first row's stands for all.

    Returns
    -------
    Float32s
        Shape (stop - start, depth).
    """
    table = curves.low[0]
    out = np.empty((stop - start, curves.position.shape[2]), np.float32)
    _level(filtered, start, curves.position[table], curves.weight[table], out)
    return out


def kirchhoff_varying(filtered: Float32s, start: int, stop: int, curves: RowCurves) -> Float32s:
    """Return the migrated rows of a line whose traces have curves of their own.

    Parameters and result are those of `kirchhoff_level`; traces of unknown height are silent.
    """
    rows = (curves.low, curves.high, curves.part, curves.shift)
    out = np.zeros((stop - start, curves.position.shape[2]), np.float32)
    _varying(filtered, start, (curves.position, curves.weight), rows, out)
    return out


@njit
def _level(data: Float32s, start: int, position: Float32s, weight: Float32s, out: Float32s) -> None:
    """Sum block by block with the traces side by side, so that one place serves a whole vector."""
    reach, depths = position.shape[0] - 1, position.shape[1]
    samples = data.shape[1]
    for first in range(0, out.shape[0], BLOCK_ROWS):
        count = min(BLOCK_ROWS, out.shape[0] - first)
        beside = _turned(data, start + first - reach, count + 2 * reach)
        sums = np.zeros((depths, count), np.float32)
        for k in range(depths):
            total = sums[k]
            for offset in range(reach + 1):
                w, p = weight[offset, k], position[offset, k]
                if w == 0.0 or p < 0.0 or p >= samples - 1:
                    continue
                whole = int(p)
                later = np.float32(w * (p - whole))
                if offset == 0:  # a pair of the same trace
                    w, later = np.float32(0.5) * w, np.float32(0.5) * later
                earlier = np.float32(w - later)
                left, right = reach - offset, reach + offset
                a, b = beside[whole, left : left + count], beside[whole, right : right + count]
                c = beside[whole + 1, left : left + count]
                d = beside[whole + 1, right : right + count]
                for row in range(count):
                    total[row] += earlier * (a[row] + b[row]) + later * (c[row] + d[row])
        for row in range(count):
            for k in range(depths):
                out[first + row, k] = sums[k, row]


@njit
def _turned(data: Float32s, first: int, count: int) -> Float32s:
    """Return rows from `first` on as (delay, trace); 0 where there is none."""
    beside = np.zeros((data.shape[1], count), np.float32)
    for row in range(max(0, -first), min(count, data.shape[0] - first)):
        for sample in range(data.shape[1]):
            beside[sample, row] = data[first + row, sample]
    return beside


@njit
def _varying(
    data: Float32s, start: int, tables: tuple[Float32s, Float32s], rows: Rows, out: Float32s
) -> None:
    position, weight = tables
    low, high, part, shift = rows
    reach, depths = position.shape[1] - 1, position.shape[2]
    end = np.float32(data.shape[1] - 1)
    for number in range(out.shape[0]):
        row = start + number
        if low[row] < 0:
            continue
        for source in range(max(0, row - reach), min(data.shape[0], row + reach + 1)):
            if low[source] < 0:
                continue
            share, late, offset = part[source], shift[source], abs(source - row)
            p0, p1 = position[low[source], offset], position[high[source], offset]
            w0, w1 = weight[low[source], offset], weight[high[source], offset]
            trace = data[source]
            for k in range(depths):
                w = w0[k] + share * (w1[k] - w0[k])
                p = p0[k] + share * (p1[k] - p0[k]) + late
                if w > 0.0 and 0.0 <= p < end:
                    whole = np.uint32(p)
                    before = trace[whole]
                    between = trace[whole + np.uint32(1)] - before
                    out[number, k] += w * (before + (p - np.float32(whole)) * between)
