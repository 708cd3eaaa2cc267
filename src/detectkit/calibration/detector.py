"""A metal detector from a coil raised and lowered over bare soil, and passed over a test piece.

Over ground without metal the channels follow ``offset + drift t + g s(h)``: all of them one shape
s of the height, each by its own part of the vector g. The shape is ``(1 + h / reference) ** -n``:
n = 3 at heights of some coil radii, where the soil answers as the coil's dipole image (Wait 1982,
"Geo-electromagnetism", ch. 3; `detectkit.sim.induction`). g depends on the soil: magnetite is real,
viscous grains add a quadrature part (Druyts, Das, Craeye and Acheroy 2009, "Modeling the response
of electromagnetic induction sensors to inhomogeneous magnetic soils with arbitrary relief").
Balancing takes out what lies along g.

Errors come from leaving out one stretch of the recording at a time (jackknife of blocks; Künsch
1989), so drift counts as it is, not as white noise; drift slower than the recording
cannot be seen in it, and the offset is as wrong as that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.calibration.record import DetectorCalibration, DetectorChannel, HeightResponse
from detectkit.core import Block, UsageError, concat

Values = npt.NDArray[np.float64]

DIPOLE_M = 1e-5
"""Reference that makes the law the plain power of the height."""
COARSE = np.arange(0.5, 8.01, 0.5)
FINE = 0.1
STRETCHES = 12
LEAST_ROWS = 120
STEADY_S = 0.5
LEAST_RANGE = 1.3
HEIGHT_BINS = 8
TIMES = ("time_ns", "host_ns", "device_ns")


@dataclass(frozen=True, slots=True, eq=False)
class SoilFit:
    """What bare soil told, beside the calibration: the fit, for its picture and its check.

    Parameters
    ----------
    calibration
        For the record: channels in the order of the recording, and the soil's height response.
    time_s, height_m
        (rows,) of the rows used.
    response, fitted
        (rows, channels) measured, and by the law.
    residual_share
        What is left along the soil's vector over what the soil moved it, root mean squares:
        how well the law of the height fits.
    balanced_share
        What is left of the soil's change in the balanced channels, likewise, noise included.
    """

    calibration: DetectorCalibration
    time_s: Values
    height_m: Values
    response: Values
    fitted: Values
    residual_share: float
    balanced_share: float


def soil_fit(
    blocks: Sequence[Block],
    channels: Sequence[str],
    *,
    unit: str = "",
    reference_m: float = DIPOLE_M,
) -> SoilFit:
    """Return the ground balance, offset, drift, noise and height response over bare soil.

    Raise and lower the coil several times over one place without metal, from as near as it flies
    to at least half as high again, for a minute or more.

    Parameters
    ----------
    blocks
        Consecutive blocks (trace, channel) of the detector, e.g. ``list(stream.blocks(1024))`` of
        `open_recording`, with ``height_m`` and one of ``time_ns``, ``host_ns``, ``device_ns``.
        Rows where something is not finite are left out.
    channels
        Their names, in the order of the columns.
    unit
        Of the channels.
    reference_m
        Of the law; the coil's radius where heights are below some radii.

    Raises
    ------
    UsageError
        No heights or times, too few rows, or heights too much alike.
    """
    time_s, height_m, response = _columns(blocks, channels)
    exponent, table = _fitted(time_s, height_m, response, reference_m)
    exponent_error, table_error, direction_error = _jackknife(
        time_s, height_m, response, reference_m
    )
    direction = _unit(table[2])
    noise = _noise(response)
    told = [
        DetectorChannel(
            name=str(name),
            unit=unit,
            offset=float(table[0, at]),
            offset_error=float(table_error[0, at]),
            drift_per_s=float(table[1, at]),
            drift_error_per_s=float(table_error[1, at]),
            noise=float(noise[at]),
            ground_balance=float(direction[at]),
            ground_balance_error=float(direction_error[at]),
        )
        for at, name in enumerate(channels)
    ]
    level = _basis(time_s, height_m, 0.0, reference_m)[:, :2] @ table[:2]
    soil = response - level
    law = (exponent, exponent_error, reference_m)
    heights = _height_table("soil", channels, height_m, soil, law)
    fitted = _basis(time_s, height_m, exponent, reference_m) @ table
    along, across = soil @ direction, soil - np.outer(soil @ direction, direction)
    moved = float(np.std(along))
    return SoilFit(
        DetectorCalibration(tuple(told), tuple(heights)),
        time_s,
        height_m,
        response,
        fitted,
        float(np.std((response - fitted) @ direction)) / moved,
        float(np.sqrt(np.mean(np.var(across, axis=0).sum()))) / moved,
    )


def piece_response(
    passes: Sequence[Sequence[Block]],
    calibration: DetectorCalibration,
    *,
    body: str,
    heights_m: Sequence[float],
) -> list[HeightResponse]:
    """Return how strong each channel, balanced, answers to a known test piece.

    Parameters
    ----------
    passes
        One or more passes right over the piece, each as consecutive blocks of the detector.
    calibration
        What `soil_fit` told of the same detector: its ground balance and noise.
    body
        Name of the piece, e.g. ``"steel ball 10 mm"``.
    heights_m
        Of the coil over the piece, one per pass.

    Returns
    -------
        One table per channel: the answer at the peak, with its sign, less the median of the pass.
        The peak is that of all channels together, each in its own noise.
    """
    if len(passes) != len(heights_m) or not passes:
        msg = f"{len(passes)} passes and {len(heights_m)} heights; give one height per pass"
        raise UsageError(msg)
    names = [one.name for one in calibration.channels]
    noise = np.array([max(one.noise or 0.0, 1e-30) for one in calibration.channels])
    peaks = []
    for blocks in passes:
        rows = concat(list(blocks)).data.astype(np.float64)
        if rows.shape[1] != len(names):
            msg = f"the pass has {rows.shape[1]} channels, the calibration {len(names)}"
            raise UsageError(msg)
        balanced = balance(rows - np.median(rows, axis=0), balance_of(calibration))
        balanced -= np.median(balanced, axis=0)
        peaks.append(balanced[int(np.argmax(np.abs(balanced / noise).sum(axis=1)))])
    order = np.argsort(heights_m)
    table = np.array(peaks)[order]
    return [
        HeightResponse(
            body=body,
            channel=name,
            height_m=tuple(float(heights_m[one]) for one in order),
            response=tuple(float(one) for one in table[:, at]),
            response_error=tuple(float(noise[at]) for _ in order),
        )
        for at, name in enumerate(names)
    ]


def balance_of(calibration: DetectorCalibration) -> Values:
    """Return the unit vector (channel,) along which the soil moves the channels."""
    parts = [one.ground_balance for one in calibration.channels]
    if any(one is None for one in parts):
        msg = "the calibration has no ground balance; record bare soil at several heights"
        raise UsageError(msg)
    return np.array(parts, np.float64)


def balance(response: Values, direction: Values) -> Values:
    """Return (rows, channels) without what lies along a unit vector (channel,).

    Examples
    --------
    >>> balance(np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([0.6, 0.8])).round(2)
    array([[ 0.  ,  0.  ],
           [ 0.64, -0.48]])
    """
    return response - (response @ direction)[:, np.newaxis] * direction


def _columns(blocks: Sequence[Block], channels: Sequence[str]) -> tuple[Values, Values, Values]:
    """Return time, height and channels of the rows that have all of them."""
    clock = next((name for name in TIMES if blocks and name in blocks[0].coords), None)
    if not blocks or clock is None or "height_m" not in blocks[0].coords:
        have = ", ".join(sorted(blocks[0].coords)) if blocks else "no rows"
        msg = f"a detector over soil needs height_m and a time ({', '.join(TIMES)}); it has: {have}"
        raise UsageError(msg)
    response = np.concatenate([one.data for one in blocks]).astype(np.float64)
    if response.shape[1] != len(channels):
        msg = f"{len(channels)} names for {response.shape[1]} channels"
        raise UsageError(msg)
    stamps = np.concatenate([one.coord(clock) for one in blocks])
    height_m = np.concatenate([one.coord("height_m") for one in blocks]).astype(np.float64)
    known = np.isfinite(height_m) & np.isfinite(response).all(axis=1) & (height_m > 0.0)
    time_s = 1e-9 * (stamps - stamps[0]).astype(np.float64)
    if known.sum() < LEAST_ROWS:
        msg = f"{int(known.sum())} rows with a height; at least {LEAST_ROWS} are needed"
        raise UsageError(msg)
    low, high = np.percentile(height_m[known], [5.0, 95.0])
    if high < LEAST_RANGE * low:
        msg = (
            f"heights from {low:.2f} to {high:.2f} m are too much alike; raise the coil to at "
            f"least {LEAST_RANGE} times the lowest height"
        )
        raise UsageError(msg)
    return time_s[known], _steadied(time_s[known], height_m[known]), response[known]


def _noise(response: Values) -> Values:
    """Return the noise of a row of each channel, from fourth differences, which know no motion."""
    return np.asarray(np.std(np.diff(response, 4, axis=0), axis=0) / math.sqrt(70.0))


def _steadied(time_s: Values, height_m: Values) -> Values:
    """Return the heights by parabolas over half a second (Savitzky and Golay, 1964).

    A noisy height makes the law flatter than it is; a hand moves the coil smoothly.
    """
    half = int(0.5 * STEADY_S / max(float(np.median(np.diff(time_s))), 1e-6))
    if half < 2:
        return height_m
    steps = np.arange(-half, half + 1, dtype=np.float64)
    weights = np.linalg.pinv(np.vander(steps, 3, increasing=True))[0]
    inner = np.convolve(height_m, weights[::-1], mode="valid")
    return np.concatenate([height_m[:half], inner, height_m[-half:]])


def _basis(time_s: Values, height_m: Values, exponent: float, reference_m: float) -> Values:
    """Return the columns 1, t, shape of the height (1 at the median height)."""
    middle = float(np.median(height_m))
    shape = ((reference_m + height_m) / (reference_m + middle)) ** -exponent
    return np.column_stack([np.ones_like(time_s), time_s, shape])


def _fitted(
    time_s: Values, height_m: Values, response: Values, reference_m: float
) -> tuple[float, Values]:
    """Return the exponent, and (3, channels): offset, drift, soil's part at the median height."""
    scale = _noise(response)
    scaled = (response - response.mean(axis=0)) / np.where(scale > 0.0, scale, 1.0)

    def misfit(exponent: float) -> float:
        basis = _basis(time_s, height_m, exponent, reference_m)
        product = basis.T @ scaled
        table = np.linalg.solve(basis.T @ basis, product)
        return float((scaled**2).sum() - (product * table).sum())

    near = float(COARSE[int(np.argmin([misfit(float(one)) for one in COARSE]))])
    tried = near + FINE * np.arange(-5, 6)
    rest = [misfit(float(one)) for one in tried]
    best = int(np.clip(np.argmin(rest), 1, tried.size - 2))
    left, middle, right = rest[best - 1 : best + 2]
    bend = left - 2.0 * middle + right
    step = 0.5 * (left - right) / bend if bend > 0.0 else 0.0
    exponent = float(tried[best] + FINE * np.clip(step, -1.0, 1.0))
    basis = _basis(time_s, height_m, exponent, reference_m)
    return exponent, np.asarray(np.linalg.lstsq(basis, response, rcond=None)[0], np.float64)


def _jackknife(
    time_s: Values, height_m: Values, response: Values, reference_m: float
) -> tuple[float, Values, Values]:
    """Return the errors of exponent, table and direction, leaving out a stretch at a time."""
    stretch = np.arange(time_s.size) * STRETCHES // time_s.size
    exponents, tables = [], []
    for one in range(STRETCHES):
        kept = stretch != one
        exponent, table = _fitted(time_s[kept], height_m[kept], response[kept], reference_m)
        exponents.append(exponent)
        tables.append(table)
    directions = np.array([_unit(one[2]) for one in tables])
    factor = math.sqrt(STRETCHES - 1.0)
    return (
        factor * float(np.std(exponents)),
        factor * np.std(np.array(tables), axis=0),
        factor * np.std(directions, axis=0),
    )


def _unit(vector: Values) -> Values:
    """Return the unit vector whose largest part is positive."""
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        msg = "the channels do not change with the height; there is no soil response to balance"
        raise UsageError(msg)
    return np.asarray(vector / length * math.copysign(1.0, vector[int(np.abs(vector).argmax())]))


def _height_table(
    body: str,
    channels: Sequence[str],
    height_m: Values,
    soil: Values,
    law: tuple[float, float, float],
) -> list[HeightResponse]:
    """Return the mean answer in bins of the height, as many rows in each."""
    edges = np.quantile(height_m, np.linspace(0.0, 1.0, HEIGHT_BINS + 1))
    which = np.clip(np.searchsorted(edges, height_m, side="right") - 1, 0, HEIGHT_BINS - 1)
    bins = [np.flatnonzero(which == one) for one in range(HEIGHT_BINS)]
    bins = [one for one in bins if one.size > 1]
    exponent, exponent_error, reference_m = law
    return [
        HeightResponse(
            body=body,
            channel=str(name),
            height_m=tuple(float(np.mean(height_m[one])) for one in bins),
            response=tuple(float(np.mean(soil[one, at])) for one in bins),
            response_error=tuple(
                float(np.std(soil[one, at]) / math.sqrt(one.size)) for one in bins
            ),
            exponent=exponent,
            exponent_error=exponent_error,
            reference_m=reference_m,
        )
        for at, name in enumerate(channels)
    ]
