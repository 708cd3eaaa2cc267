"""How the amplitudes of clutter are distributed, and which of three laws they follow."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.special import erfc, gammaln, kve

Values = npt.NDArray[np.float64]

LEVELS = np.linspace(0.0, 14.0, 281)
"""Of the envelope, over the root mean square of the signed amplitude."""
EULER = 0.5772156649015329
RAYLEIGH = 100.0
"""Shape of a K distribution from which on it is taken for a Rayleigh distribution."""


@dataclass(frozen=True, slots=True, eq=False)
class Clutter:
    """Amplitudes of what differs from trace to trace, evened out over time.

    Parameters
    ----------
    kurtosis
        Of the signed amplitude, 0 for a normal distribution.
    weibull_shape
        Of the envelope, from the spread of its logarithm; 2: a Rayleigh distribution, as the sum
        of many like echoes has; less: a few strong ones.
    log_normal_sigma
        The spread itself.
    k_shape
        From second and fourth moment (Jakeman and Pusey 1976); infinite: Rayleigh.
    closest
        Which of the three follows the envelope most closely (Kolmogorov's distance).
    level, exceedance
        Share of the envelope above a level over its root mean square, (levels,).
    """

    kurtosis: float
    weibull_shape: float
    log_normal_sigma: float
    k_shape: float
    closest: str
    level: Values
    exceedance: Values


@dataclass(slots=True)
class _Sums:
    """Moments of the amplitude and its envelope, and the envelope's histogram."""

    number: float = 0.0
    second: float = 0.0
    fourth: float = 0.0
    power: float = 0.0
    square_power: float = 0.0
    log: float = 0.0
    square_log: float = 0.0
    counts: npt.NDArray[np.int64] | None = None

    def push(self, signed: npt.NDArray[np.float32]) -> None:
        envelope = _envelope(signed)
        logs = np.log(np.maximum(envelope, 1e-12))
        square, power = np.square(signed, dtype=np.float64), np.square(envelope)
        self.number += signed.size
        self.second += float(square.sum())
        self.fourth += float(np.square(square).sum())
        self.power += float(power.sum())
        self.square_power += float(np.square(power).sum())
        self.log += float(logs.sum())
        self.square_log += float(np.square(logs).sum())
        counts = np.histogram(envelope, [*LEVELS, np.inf])[0]
        self.counts = counts if self.counts is None else self.counts + counts


def clutter_of(pieces: Iterable[npt.NDArray[np.float32]]) -> Clutter:
    """Return how amplitudes are distributed.

    Parameters
    ----------
    pieces
        Traces less their background and even over time, each (traces, samples).
    """
    sums = _Sums()
    for one in pieces:
        sums.push(one)
    if sums.counts is None or sums.second == 0.0:
        nothing = np.zeros(LEVELS.size - 1)
        return Clutter(math.nan, math.nan, math.nan, math.nan, "none", nothing, nothing)
    number = sums.number
    centre = sums.log / number
    spread = math.sqrt(max(sums.square_log / number - centre**2, 1e-12))
    scale = math.sqrt(sums.power / number)
    over = 0.5 * number * sums.square_power / sums.power**2 - 1.0
    shape, k_shape = math.pi / (math.sqrt(6.0) * spread), _k_shape(over)
    level = LEVELS[1:] / scale
    exceedance = np.asarray(1.0 - np.cumsum(sums.counts)[:-1] / number)
    centre -= math.log(scale)
    fits = {
        "Weibull": _weibull(level, shape, centre),
        "log-normal": _log_normal(level, spread, centre),
        "K": _k(level, k_shape),
    }
    distance = {name: float(np.abs(fit - exceedance).max()) for name, fit in fits.items()}
    closest = min(distance, key=distance.__getitem__)
    kurtosis = number * sums.fourth / sums.second**2 - 3.0
    return Clutter(kurtosis, shape, spread, k_shape, closest, level, exceedance)


def _k_shape(over: float) -> float:
    """Return the shape from the fourth moment's excess over that of a Rayleigh distribution."""
    return 1.0 / over if over > 1.0 / RAYLEIGH else math.inf


def _envelope(signed: npt.NDArray[np.float32]) -> Values:
    """Return the absolute value of the analytic signal."""
    samples = signed.shape[1]
    spectrum = scipy.fft.fft(signed, axis=1)
    spectrum[:, 1 : (samples + 1) // 2] *= 2.0
    spectrum[:, samples // 2 + 1 :] = 0.0
    return np.asarray(np.abs(scipy.fft.ifft(spectrum, axis=1)), np.float64)


def _weibull(level: Values, shape: float, centre: float) -> Values:
    """Return the share above a level; `centre` is the mean of the logarithm."""
    scale = math.exp(centre + EULER / shape)
    return np.asarray(np.exp(-((level / scale) ** shape)))


def _log_normal(level: Values, spread: float, centre: float) -> Values:
    return np.asarray(0.5 * erfc((np.log(level) - centre) / (math.sqrt(2.0) * spread)))


def _k(level: Values, shape: float) -> Values:
    """Return the share above a level over the root mean square."""
    if math.isinf(shape):
        return np.asarray(np.exp(-(level**2)))
    at = 2.0 * math.sqrt(shape) * level
    logs = math.log(2.0) + shape * np.log(0.5 * at) - gammaln(shape) - at
    return np.asarray(np.exp(logs) * kve(shape, at))
