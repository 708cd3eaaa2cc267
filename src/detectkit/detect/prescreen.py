"""Prescreener kernels: how unusual each sample is beside the clutter along the track.

Both work on the cube root of local energy. The energy of clutter is close to exponentially
distributed, and the cube root makes that nearly normal (Wilson and Hilferty, PNAS 17, 1931), so
that scores count in standard deviations and one threshold means about the same false-alarm
rate at every depth and on every ground.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.signal._jit import njit

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
CLIP_SIGMA = 2.5
"""Where training values are winsorised before they are correlated."""
SHRINKAGE = 0.5
"""Share of the measured correlation that is believed; the rest is 0."""
LEAST_SPREAD = 0.05
"""A clutter spread below this share of its middle is not believed."""


@njit
def energy_root(data: Float32s, delays: int, traces: int) -> Float32s:
    """Return the cube root of the mean energy around each sample.

    The window reaches `delays` samples and `traces` rows to each side and shrinks at the
    edges. Sums run in float64 and in one order, whatever the rows around.

    Parameters
    ----------
    data
        Shape (trace, delay), float32.

    Examples
    --------
    >>> energy_root(np.full((3, 4), 8.0, np.float32), 1, 1)[0, 0].round(3)
    np.float32(4.0)
    """
    rows, samples = data.shape
    along = np.empty((rows, samples), np.float64)
    for row in range(rows):
        for k in range(samples):
            low, high = max(0, k - delays), min(samples, k + delays + 1)
            total = 0.0
            for near in range(low, high):
                total += np.float64(data[row, near]) * data[row, near]
            along[row, k] = total / (high - low)
    out = np.empty((rows, samples), np.float32)
    mean = np.empty(samples, np.float64)
    for row in range(rows):
        mean[:] = 0.0
        low, high = max(0, row - traces), min(rows, row + traces + 1)
        for near in range(low, high):
            for k in range(samples):
                mean[k] += along[near, k]
        for k in range(samples):
            out[row, k] = np.cbrt(mean[k] / (high - low))
    return out


def robust_moments(training: Float32s, step: int) -> tuple[Float64s, Float64s]:
    """Return centre and inverse covariance of (E[k - step], E[k], E[k + step]) per delay k.

    The centre is the median over the training rows and the spread is that of the half below
    it: targets among the training rows are always brighter than clutter, so they widen
    neither. A spread relative to its middle that is below the median of all delays is raised
    to it, so that a delay where nothing happens makes no targets of nothing.

    Parameters
    ----------
    training
        Shape (rows, delay), from `energy_root`.
    step
        Distance between the three delays, in samples.

    Returns
    -------
    centre, inverse
        Shapes (delay, 3) and (delay, 3, 3), float64.
    """
    middle, spread = believed_spread(training)
    return _moments(training, middle, spread, _columns(training.shape[1], step))


def believed_spread(training: Float32s) -> tuple[Float64s, Float64s]:
    """Return median and lower half's spread of energy per delay, the spread raised as told.

    See `robust_moments`; both have shape (delay,), float64.
    """
    middle, spread = middle_and_spread(training)
    relative = spread / np.maximum(middle, 1e-30)
    spread = np.maximum(relative, max(float(np.median(relative)), LEAST_SPREAD)) * middle
    return middle, np.maximum(spread, 1e-12)


@njit
def middle_and_spread(training: Float32s) -> tuple[Float64s, Float64s]:
    """Return the median and the root mean square of what lies below it, per delay."""
    rows, samples = training.shape
    middle = np.empty(samples, np.float64)
    spread = np.empty(samples, np.float64)
    for k in range(samples):
        middle[k] = np.median(training[:, k])
        total = 0.0
        for row in range(rows):
            below = min(training[row, k] - middle[k], 0.0)
            total += below * below
        spread[k] = np.sqrt(2.0 * total / rows)
    return middle, spread


@njit
def _moments(
    training: Float32s,
    middle: Float64s,
    spread: Float64s,
    columns: npt.NDArray[np.int64],
) -> tuple[Float64s, Float64s]:
    """Gather the centre, and the inverse covariance from winsorised correlations.

    Loops in a fixed order and a closed-form inverse: no library may sum it another way.
    """
    rows = training.shape[0]
    samples, size = columns.shape
    centre = np.empty((samples, size), np.float64)
    inverse = np.empty((samples, size, size), np.float64)
    product = np.empty((size, size), np.float64)
    unit = np.empty(size, np.float64)
    for k in range(samples):
        product[:] = 0.0
        for row in range(rows):
            for i in range(size):
                at = columns[k, i]
                value = (training[row, at] - middle[at]) / spread[at]
                unit[i] = min(max(value, -CLIP_SIGMA), CLIP_SIGMA)
            for i in range(size):
                for j in range(size):
                    product[i, j] += unit[i] * unit[j]
        a = _damped(product, 0, 1)
        b = _damped(product, 0, 2)
        c = _damped(product, 1, 2)
        determinant = 1.0 + 2.0 * a * b * c - a * a - b * b - c * c
        adjugate = (
            (1.0 - c * c, b * c - a, a * c - b),
            (b * c - a, 1.0 - b * b, a * b - c),
            (a * c - b, a * b - c, 1.0 - a * a),
        )
        for i in range(size):
            centre[k, i] = middle[columns[k, i]]
            for j in range(size):
                scale = determinant * spread[columns[k, i]] * spread[columns[k, j]]
                inverse[k, i, j] = adjugate[i][j] / scale
    return centre, inverse


@njit
def _damped(product: Float64s, i: int, j: int) -> float:
    """Return the correlation of features i and j, shrunk towards 0 to keep it invertible."""
    scale = np.sqrt(max(product[i, i] * product[j, j], 1e-12))
    correlation: float = SHRINKAGE * product[i, j] / scale
    return correlation


def reed_xiaoli(
    energy: Float32s,
    centre: Float64s,
    inverse: Float64s,
    step: int,
) -> Float32s:
    """Return the Reed-Xiaoli score of every sample in standard deviations; 0 = clutter.

    The squared Mahalanobis distance of (E[k - step], E[k], E[k + step]) from the clutter is
    chi-square with 3 degrees of freedom for normal clutter; the cube-root transform of Wilson
    and Hilferty makes it a standard normal. What is fainter than the clutter's middle counts
    as being there, so that only brightness scores. Source: Reed and Yu, IEEE Trans. ASSP 38,
    1990.
    """
    brighter = np.maximum(energy[:, _columns(energy.shape[1], step)] - centre, 0.0)
    squared = _quadratic(brighter, inverse)
    score = (np.cbrt(squared / 3.0) - (1.0 - 2.0 / 27.0)) / np.sqrt(2.0 / 27.0)
    brightness: Float32s = np.maximum(score, 0.0).astype(np.float32)
    return brightness


def _columns(samples: int, step: int) -> npt.NDArray[np.int64]:
    """Return the three delays that describe each delay, (delay, 3); repeated at the ends."""
    index = np.arange(samples)
    columns = np.stack([index - step, index, index + step], axis=-1)
    return np.clip(columns, 0, samples - 1)


@njit
def _quadratic(difference: Float64s, inverse: Float64s) -> Float64s:
    """Return d^T A d per row and delay, summed in a fixed order."""
    rows, samples, size = difference.shape
    out = np.empty((rows, samples), np.float64)
    for row in range(rows):
        for k in range(samples):
            total = 0.0
            for i in range(size):
                for j in range(size):
                    total += difference[row, k, i] * inverse[k, i, j] * difference[row, k, j]
            out[row, k] = total
    return out


@njit
def lms_residual(
    energy: Float32s,
    history: Float32s,
    weights: Float64s,
    moments: Float64s,
    rate: float,
    forgetting: float,
) -> Float32s:
    """Predict each row from earlier ones by normalised LMS; return the error in deviations.

    Every delay has its own predictor of ``taps`` weights on the rows that lie `guard` to
    ``guard + taps`` behind (``history``, newest first). The error is divided by its own
    exponentially forgetting deviation. A bright error adapts neither: a target must not teach
    the predictor to expect it. Source: Widrow and Hoff, 1960; as a landmine prescreener
    Torrione, Throckmorton and Collins, 2006.

    Parameters
    ----------
    energy
        Shape (rows, delay), from `energy_root`.
    history
        Shape (guard + taps, delay): the rows before, oldest first; updated in place.
    weights
        Shape (delay, taps); updated in place.
    moments
        Shape (delay, 2): mean and variance of the error; updated in place.
    rate
        Step size of the LMS, 0 to 1.
    forgetting
        Share of the newest error in the moments, 0 to 1.
    """
    rows, samples = energy.shape
    taps = weights.shape[1]
    held = history.shape[0]
    out = np.zeros((rows, samples), np.float32)
    for row in range(rows):
        for k in range(samples):
            mean = 0.0
            for tap in range(taps):
                mean += history[tap, k] / taps
            predicted = mean
            power = 1e-12
            for tap in range(taps):
                deviation = history[tap, k] - mean
                predicted += weights[k, tap] * deviation
                power += deviation * deviation
            error = energy[row, k] - predicted
            sigma = max(np.sqrt(moments[k, 1]), LEAST_SPREAD * mean, 1e-12)
            score = (error - moments[k, 0]) / sigma
            out[row, k] = max(score, 0.0)
            if score < 3.0:
                for tap in range(taps):
                    deviation = history[tap, k] - mean
                    weights[k, tap] += rate * error * deviation / power
                drift = error - moments[k, 0]
                moments[k, 0] += forgetting * drift
                moments[k, 1] += forgetting * (drift * drift - moments[k, 1])
        for k in range(samples):
            for age in range(held - 1):
                history[age, k] = history[age + 1, k]
            history[held - 1, k] = energy[row, k]
    return out
