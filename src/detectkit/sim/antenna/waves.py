"""Waves that have no formula: measured ones, and antennas drawn at random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import fft

from detectkit.core import UsageError
from detectkit.sim.antenna.settings import Radar

Values = npt.NDArray[np.float64]
Wave = tuple[Values, float]
"""Samples of a wave, and their interval in s."""

LOWEST_SHARE = 0.03
"""Of a measured spectrum's highest value: what is weaker, to both sides, is noise and is cut."""
EDGE_SHARE = 0.1
STEPS_A_PERIOD = 64
LENGTH_S = 64e-9
KNOTS = 24
FLOOR = 1e-4


def measured(path: str | Path) -> Wave:
    """Return a measured wave, without its mean, faded at both ends, and its interval in s.

    Raises
    ------
    UsageError
        No such file, not two columns of numbers, not evenly sampled, or constant.
    """
    place = Path(path)
    try:
        table = np.loadtxt(place, dtype=np.float64, ndmin=2)
    except (OSError, ValueError) as error:
        msg = f"{place}: {error}; give a text file of two columns, time in ns and amplitude"
        raise UsageError(msg) from error
    if table.shape[1] != 2 or table.shape[0] < 16 or not np.isfinite(table).all():
        msg = (
            f"{place}: {table.shape[0]} lines of {table.shape[1]} columns; give 16 or more lines "
            "of two numbers, time in ns and amplitude"
        )
        raise UsageError(msg)
    steps = np.diff(table[:, 0])
    if steps.min() <= 0.99 * steps.mean() or steps.max() >= 1.01 * steps.mean():
        msg = f"{place}: steps of time from {steps.min():g} to {steps.max():g} ns; give even ones"
        raise UsageError(msg)
    wave = _faded(table[:, 1] - table[:, 1].mean())
    if not wave.any():
        msg = f"{place}: the wave is constant; give one with a pulse in it"
        raise UsageError(msg)
    return _without_noise(wave), float(steps.mean()) * 1e-9


def drawn(radar: Radar) -> Wave:
    """Return the minimum-phase wave of an antenna drawn from `Radar.antenna_seed`.

    The logarithm of its spectrum is a parabola of the wanted -10 dB band plus random ripple; the
    phase follows from the folded cepstrum (Oppenheim and Schafer, Discrete-Time Signal Processing,
    §13.5). The wave is damped, then what no antenna radiates, its mean, is taken from the spectrum
    and the phase made minimal again.
    """
    interval_s = 1.0 / (STEPS_A_PERIOD * radar.centre_hz)
    count = fft.next_fast_len(round(max(LENGTH_S, 16.0 / radar.centre_hz) / interval_s), real=True)
    count += count % 2
    freq = fft.rfftfreq(count, interval_s)
    ringing = _minimum_phase(_random_size(radar, freq), count)
    ringing *= np.exp(-np.arange(count) * interval_s / radar.antenna_decay_s)
    size = np.abs(fft.rfft(ringing)) * _radiating(freq, radar.centre_hz)
    return _faded(_minimum_phase(size, count)[: count // 2]), interval_s


def _minimum_phase(size: Values, count: int) -> Values:
    """Return the wave of an amplitude spectrum whose energy comes as early as it can."""
    cepstrum = fft.irfft(np.log(np.maximum(size, FLOOR * size.max())), count)
    cepstrum[1 : count // 2] *= 2.0
    cepstrum[count // 2 + 1 :] = 0.0
    return np.asarray(fft.irfft(np.exp(fft.rfft(cepstrum)), count))


def _radiating(freq: Values, centre: float) -> Values:
    """Return what is left of frequencies far below the centre."""
    return np.asarray(1.0 - np.exp(-((5.0 * freq / centre) ** 4)))


def _random_size(radar: Radar, freq: Values) -> Values:
    """Return the amplitude spectrum that the antenna is meant to have."""
    rng = np.random.Generator(np.random.Philox(radar.antenna_seed))
    centre = radar.centre_hz * float(np.exp(0.1 * rng.standard_normal()))
    half = 0.5 * radar.antenna_bandwidth * centre * float(np.exp(0.15 * rng.standard_normal()))
    knots = np.linspace(0.0, 4.0 * radar.centre_hz, KNOTS)
    ripple_db = np.interp(freq, knots, radar.antenna_ripple_db * rng.standard_normal(KNOTS))
    size_db = ripple_db - 10.0 * ((freq - centre) / half) ** 2
    radiates = _radiating(freq, radar.centre_hz)
    return np.asarray(radiates * 10.0 ** (np.maximum(size_db, -100.0) / 20.0))


def _without_noise(wave: Values) -> Values:
    """Keep the band around the highest value of the spectrum down to `LOWEST_SHARE` of it."""
    count = 2 * wave.size
    spectrum = fft.rfft(wave, count)
    size = np.abs(spectrum)
    top = int(size.argmax())
    weak = size < LOWEST_SHARE * size[top]
    below, above = np.flatnonzero(weak[:top]), np.flatnonzero(weak[top:])
    low = int(below[-1]) if below.size else 0
    high = top + int(above[0]) if above.size else size.size - 1
    at = np.arange(size.size, dtype=np.float64)
    rise = np.clip((at - 0.5 * low) / max(0.5 * low, 1.0), 0.0, 1.0)
    fall = np.clip((1.25 * high - at) / max(0.25 * high, 1.0), 0.0, 1.0)
    kept = np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2
    return np.asarray(fft.irfft(spectrum * kept, count)[: wave.size])


def _faded(wave: Values) -> Values:
    """Return the wave brought to 0 over a tenth of its length at the end."""
    edge = max(2, round(EDGE_SHARE * wave.size))
    faded = wave.copy()
    faded[-edge:] *= np.cos(0.5 * np.pi * np.arange(1, edge + 1) / edge) ** 2
    return faded
