"""What a radargram is like: figures by which a recorded and a simulated one can be compared.

Spectrum, decay with time, likeness of neighbouring traces, amplitudes of the clutter, and how much
of all is the same in every trace. Nothing here knows what lies in the ground.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.linalg import eigh

from detectkit.core.errors import ShapeError
from detectkit.signal._arrays import require_positive
from detectkit.signal.clutter import Clutter, clutter_of

Values = npt.NDArray[np.float64]
Pieces = Sequence[npt.NDArray[np.float32]]

LONGEST_LAG = 64
FULL_SHARE = 0.5
LATE_SHARE = 0.1
ABOVE_FLOOR = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Mean amplitude spectrum, and the bands in which it is high.

    Parameters
    ----------
    freq_hz, amplitude
        (bins,); highest value 1.
    peak_hz
        Where it is highest.
    band_3_db_hz, band_10_db_hz
        The band around the peak that is less than 3 or 10 dB weaker.
    """

    freq_hz: Values
    amplitude: Values
    peak_hz: float
    band_3_db_hz: tuple[float, float]
    band_10_db_hz: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Decay:
    """How the clutter's root mean square falls with time.

    Parameters
    ----------
    time_s, rms
        (samples,).
    db_per_ns
        Slope of a straight line fitted to 20 log₁₀ rms, negative where it falls.
    fitted_s
        From the highest value to where the late noise is reached.
    """

    time_s: Values
    rms: Values
    db_per_ns: float
    fitted_s: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class RadargramStatistics:
    """All figures of one radargram; see `statistics_of`.

    Parameters
    ----------
    traces, samples
        That counted.
    recorded, clutter_spectrum
        Spectrum of the traces, and of what differs between them.
    decay, clutter
        See `Decay` and `Clutter`.
    lag, correlation
        Mean likeness of traces so many traces apart, -1 to 1, after background removal.
    half_lag
        Where it falls below one half, in traces, between lags; NaN where it never does.
    first_share
        Of the energy, what the first singular vector holds: 1 where all traces are alike.
    """

    traces: int
    samples: int
    recorded: Spectrum
    clutter_spectrum: Spectrum
    decay: Decay
    clutter: Clutter
    lag: npt.NDArray[np.int64]
    correlation: Values
    half_lag: float
    first_share: float


def statistics_of(
    pieces: Pieces, interval_s: float, *, longest_lag: int = LONGEST_LAG
) -> RadargramStatistics:
    """Return the figures of a radargram.

    Samples that are blank (NaN) in half of the traces or more are left out, then traces that have
    a blank left, or are constant. Background is the mean trace of a piece. Memory: a few times all
    pieces, and samples².

    Parameters
    ----------
    pieces
        Runs of neighbouring traces, each (traces, samples), all of the same samples. Compare like
        with like: the background that is removed, and with it all else, depends on their length.
    interval_s
        Between samples.
    longest_lag
        In traces.

    Raises
    ------
    ShapeError
        Pieces of different width, or fewer than 16 traces of 16 samples that count.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(1).standard_normal((400, 256)).astype(np.float32)
    >>> found = statistics_of([noise], 1e-10)
    >>> round(found.clutter.weibull_shape, 1), round(found.half_lag, 1)
    (2.0, 0.5)
    """
    require_positive("interval_s", interval_s)
    used = _usable(pieces)
    traces = sum(len(one) for one in used)
    samples = used[0].shape[1] if used else 0
    if traces < 16 or samples < 16:
        msg = f"statistics: {traces} traces of {samples} samples have values; give 16 or more of 16"
        raise ShapeError(msg)
    decay = _decay(used, interval_s)
    correlation = _correlation(used, longest_lag)
    return RadargramStatistics(
        traces,
        samples,
        _spectrum(used, samples, interval_s),
        _spectrum(_without(used), samples, interval_s),
        decay,
        clutter_of(_evened(used, decay.rms)),
        np.arange(correlation.size),
        correlation,
        _half(correlation),
        _first_share(used),
    )


def _usable(pieces: Pieces) -> list[npt.NDArray[np.float32]]:
    """Return the pieces without blank samples and without traces that say nothing."""
    if len({one.shape[1:] for one in pieces}) > 1 or any(one.ndim != 2 for one in pieces):
        msg = f"statistics: pieces of shapes {[one.shape for one in pieces]}; give (n, samples)"
        raise ShapeError(msg)
    if not pieces:
        return []
    known = np.sum([np.isfinite(one).sum(axis=0) for one in pieces], axis=0)
    full = np.flatnonzero(known > FULL_SHARE * sum(len(one) for one in pieces))
    if full.size == 0:
        return []
    kept = slice(int(full[0]), int(full[-1]) + 1)
    used = []
    for one in pieces:
        cut = np.asarray(one[:, kept], np.float32)
        good = np.isfinite(cut).all(axis=1)
        whole = cut[good]
        used.append(whole[whole.min(axis=1) < whole.max(axis=1)])
    return [one for one in used if len(one)]


def _without(pieces: Pieces) -> Iterator[npt.NDArray[np.float32]]:
    """Yield the pieces, each less its own mean trace."""
    for one in pieces:
        yield one - one.mean(axis=0, dtype=np.float64).astype(np.float32)


def _spectrum(
    pieces: Iterable[npt.NDArray[np.float32]], samples: int, interval_s: float
) -> Spectrum:
    length = scipy.fft.next_fast_len(max(2 * samples, 512), real=True)
    total = np.zeros(length // 2 + 1)
    for one in pieces:
        level = one - one.mean(axis=1, keepdims=True)
        total += np.abs(scipy.fft.rfft(level, length, axis=1)).sum(axis=0, dtype=np.float64)
    amplitude = total / max(float(total.max()), 1e-300)
    freq = np.asarray(scipy.fft.rfftfreq(length, interval_s), np.float64)
    top = int(amplitude.argmax())
    return Spectrum(
        freq,
        amplitude,
        float(freq[top]),
        _band(freq, amplitude, top, 3.0),
        _band(freq, amplitude, top, 10.0),
    )


def _band(freq: Values, amplitude: Values, top: int, fall_db: float) -> tuple[float, float]:
    """Return the ends of the band around the peak, between bins."""
    limit = 10.0 ** (-fall_db / 20.0)
    below = np.flatnonzero(amplitude[: top + 1] < limit)
    above = np.flatnonzero(amplitude[top:] < limit)
    low, high = float(freq[0]), float(freq[-1])
    if below.size:
        k = int(below[-1])
        low = float(np.interp(limit, amplitude[k : k + 2], freq[k : k + 2]))
    if above.size:
        k = top + int(above[0])
        low_first = slice(k, k - 2 if k > 1 else None, -1)
        high = float(np.interp(limit, amplitude[low_first], freq[low_first]))
    return low, high


def _decay(pieces: Pieces, interval_s: float) -> Decay:
    total = np.zeros(pieces[0].shape[1])
    for one in _without(pieces):
        total += np.square(one, dtype=np.float64).sum(axis=0)
    rms = np.sqrt(total / sum(len(one) for one in pieces))
    time_s = interval_s * np.arange(total.size, dtype=np.float64)
    width = max(3, total.size // 32)
    smooth = np.sqrt(np.convolve(rms**2, np.full(width, 1.0 / width), mode="same"))
    top = int(smooth.argmax())
    floor = ABOVE_FLOOR * float(np.median(rms[-max(4, int(LATE_SHARE * rms.size)) :]))
    low = np.flatnonzero(smooth[top:] < floor)
    end = top + int(low[0]) if low.size else rms.size - 1
    if end - top < 4 or not np.all(smooth[top : end + 1] > 0.0):
        return Decay(time_s, rms, math.nan, (float(time_s[top]), float(time_s[end])))
    level_db = 20.0 * np.log10(smooth[top : end + 1])
    slope = float(np.polyfit(1e9 * time_s[top : end + 1], level_db, 1)[0])
    return Decay(time_s, rms, slope, (float(time_s[top]), float(time_s[end])))


def _correlation(pieces: Pieces, longest_lag: int) -> Values:
    """Return the mean likeness by lag; NaN from where no pair of traces is so far apart."""
    total = np.zeros(longest_lag + 1)
    pairs = np.zeros(longest_lag + 1)
    for one in _without(pieces):
        size = np.linalg.norm(one, axis=1, keepdims=True)
        unit = one / np.where(size > 0.0, size, 1.0)
        for lag in range(min(longest_lag, len(one) - 1) + 1):
            total[lag] += np.einsum("ij,ij->", unit[: len(one) - lag], unit[lag:])
            pairs[lag] += len(one) - lag
    with np.errstate(invalid="ignore"):
        return np.asarray(total / pairs)


def _half(correlation: Values) -> float:
    """Return the lag at which the likeness falls below one half, between lags."""
    low = np.flatnonzero(correlation < 0.5)
    if low.size == 0 or low[0] == 0:
        return math.nan
    after = int(low[0])
    before = float(correlation[after - 1])
    return after - 1.0 + (before - 0.5) / (before - float(correlation[after]))


def _evened(pieces: Pieces, rms: Values) -> Iterator[npt.NDArray[np.float32]]:
    """Yield the pieces less the mean trace, over the root mean square of each sample."""
    even = np.where(rms > 0.0, 1.0 / np.where(rms > 0.0, rms, 1.0), 0.0).astype(np.float32)
    for one in _without(pieces):
        yield one * even


def _first_share(pieces: Pieces) -> float:
    """Return the largest share of the energy that one shape of trace holds."""
    samples = pieces[0].shape[1]
    gram = np.zeros((samples, samples))
    for one in pieces:
        level = one - one.mean(axis=1, keepdims=True)
        gram += level.astype(np.float64).T @ level
    total = float(np.trace(gram))
    if total <= 0.0:
        return math.nan
    (largest,) = eigh(gram, eigvals_only=True, subset_by_index=[samples - 1, samples - 1])
    return float(largest) / total
