"""Stolt migration: one velocity, by moving frequencies (Stolt, Geophysics 43, 1978).

Every reflector is taken for a source that goes off at time 0 while waves run at v/2 (exploding
reflectors). With D(k, f) the spectrum of the line over wavenumber and frequency, the image has

    M(k, f') = (f' / f) D(k, f),    f = sqrt(f'^2 + (v k / 2)^2),

f' being the frequency along vertical two-way time, f'/f = cos(dip) the Jacobian. Frequencies
below v |k| / 2 belong to no travelling wave and are never read (Yilmaz, Seismic Data Analysis,
2001, section 4.3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from detectkit.imaging._delay_spectrum import PHASES, TAPS, DelaySpectrum, Spectrum
from detectkit.imaging.aperture import EVERY_ANGLE, Aperture
from detectkit.imaging.layers import Layers
from detectkit.imaging.regular_line import RegularLine, Windows, along
from detectkit.signal._arrays import Traces, require_positive
from detectkit.signal._jit import njit


@dataclass(frozen=True, slots=True, eq=False)
class StoltTable:
    """For each |wavenumber| of a window and each f': which bin is read, and its weight.

    Parameters
    ----------
    position
        (|wavenumber|, bin), int32: frequency f in bins times `PHASES`.
    weight
        Same shape, complex64: Jacobian, dip taper, and the turn between the two times.
    count
        (|wavenumber|,): number of f' whose f is on the axis.
    """

    position: npt.NDArray[np.int32]
    weight: Spectrum
    count: npt.NDArray[np.int32]


class Stolt:
    """Stolt migration of a line window by window; see the module's text for the method.

    Parameters
    ----------
    line
        Its axes.
    velocity_m_per_s
        Of the ground.
    aperture
        How steep waves weigh.
    window_traces
        Length of a window; None: four times the reach of events.

    Attributes
    ----------
    windows
        Lengths of the windows, in traces. An event moves by v t sin(dip) / 2 at most, t at most
        the last time: that is their reach.

    Examples
    --------
    >>> line = RegularLine(64, 1e-10, 0.0, 0.02)
    >>> focus = Stolt(line, velocity_m_per_s=1e8)
    >>> focus.windows
    Windows(hop=88, reach=20)
    >>> focus.migrate(np.zeros((128, 64), np.float32)).shape
    (88, 64)
    """

    def __init__(
        self,
        line: RegularLine,
        *,
        velocity_m_per_s: float,
        aperture: Aperture = EVERY_ANGLE,
        window_traces: int | None = None,
    ) -> None:
        require_positive("velocity_m_per_s", velocity_m_per_s)
        self.layout = DelaySpectrum.of(line)
        reach_m = Layers((velocity_m_per_s,)).reach_m(
            self.layout.last_time * line.sample_interval_s, steepest_sine=aperture.sine
        )
        reach = math.ceil(reach_m / line.trace_spacing_m)
        self.windows = Windows.around(reach, traces=window_traces)
        step_bins = (  # v k / 2 of the first wavenumber, in bins of frequency
            0.5 * velocity_m_per_s * self.layout.length * line.sample_interval_s
        ) / (self.windows.length * line.trace_spacing_m)
        self.table = stolt_table(
            self.layout, self.windows.length // 2 + 1, step_bins=step_bins, aperture=aperture
        )
        self.gridding = self.layout.gridding()
        self.between_bins = self.layout.between_bins()

    def migrate(self, window: Traces) -> Traces:
        """Return the middle of a window of ``windows.length`` traces, migrated."""
        spectrum = self.layout.forward(window, weights=self.gridding)
        spectrum = scipy.fft.fft(spectrum, axis=0, overwrite_x=True)
        table = self.table
        _remap(
            spectrum,
            self.layout.length,
            table.position,
            table.weight,
            table.count,
            self.between_bins,
        )
        moved = scipy.fft.ifft(spectrum, axis=0, overwrite_x=True)
        first = self.windows.reach
        return self.layout.backward(moved[first : first + self.windows.hop])


def stolt(
    data: npt.ArrayLike,
    line: RegularLine,
    *,
    velocity_m_per_s: float,
    aperture: Aperture = EVERY_ANGLE,
    window_traces: int | None = None,
    out: Traces | None = None,
) -> Traces:
    """Return a ground-coupled line with equal spacing, migrated at one velocity.

    Parameters
    ----------
    data
        Shape (trace, delay); the antennas' separation must be small against the depth.
    line, velocity_m_per_s, aperture, window_traces
        See `Stolt`.
    out
        Buffer for the result; may be `data`'s own only where `data` is not needed again.

    Returns
    -------
    Traces
        float32, same shape; the delay axis is vertical two-way time.

    Examples
    --------
    A flat layer is left as it is.

    >>> line = RegularLine(256, 1e-10, 0.0, 0.02)
    >>> wave = np.exp(-(((np.arange(256) - 100) / 5.0) ** 2)) * np.cos(np.arange(256) / 2.0)
    >>> flat = np.tile(wave, (400, 1))
    >>> image = stolt(flat, line, velocity_m_per_s=1e8)
    >>> bool(np.abs(image[200] - wave).max() < 2e-3)
    True
    """
    method = Stolt(
        line,
        velocity_m_per_s=velocity_m_per_s,
        aperture=aperture,
        window_traces=window_traces,
    )
    return along(data, method.windows, method.migrate, out=out)


def stolt_table(
    layout: DelaySpectrum, wavenumbers: int, *, step_bins: float, aperture: Aperture
) -> StoltTable:
    """Return the table; `step_bins` is v k / 2 of the first wavenumber in bins of frequency."""
    moved = np.arange(layout.bins, dtype=np.float64)
    slow = step_bins * np.arange(wavenumbers, dtype=np.float64)[:, np.newaxis]
    read = np.sqrt(moved**2 + slow**2)
    whole = np.maximum(read, 1e-12)
    cosine = np.where(read > 0.0, moved / whole, 1.0)
    turn = (moved - read) / layout.length * layout.centre_time
    weight = cosine * aperture.weight(slow / whole) * np.exp(2j * np.pi * turn)
    inside = read <= layout.length / 2.0
    position = np.where(inside, np.floor(read * PHASES), 0.0).astype(np.int32)
    return StoltTable(position, weight.astype(np.complex64), inside.sum(axis=1).astype(np.int32))


@njit
def _remap(
    spectrum: Spectrum,
    length: int,
    position: npt.NDArray[np.int32],
    weight: Spectrum,
    count: npt.NDArray[np.int32],
    between_bins: npt.NDArray[np.float32],
) -> None:  # pragma: no cover - compiled
    """Move the frequencies of each wavenumber, in place."""
    rows, bins = spectrum.shape
    here = np.zeros(bins + 2 * TAPS, np.complex64)
    there = np.zeros(bins + 2 * TAPS, np.complex64)
    for k in range(position.shape[0]):
        one, other = spectrum[k], spectrum[(rows - k) % rows]
        _widen(one, other, length, here)
        _widen(other, one, length, there)
        _read(here, position[k], weight[k], count[k], between_bins, one)
        _read(there, position[k], weight[k], count[k], between_bins, other)


@njit
def _widen(
    row: Spectrum, opposite: Spectrum, length: int, wide: Spectrum
) -> None:  # pragma: no cover - compiled
    """Copy a wavenumber's spectrum and go on beyond its ends: D(k, -f) is D(-k, f)*."""
    bins = row.size
    for i in range(bins):
        wide[TAPS + i] = row[i]
    for i in range(1, TAPS + 1):
        wide[TAPS - i] = np.conj(opposite[min(i, bins - 1)])
        wide[TAPS + bins - 1 + i] = np.conj(opposite[max(length - bins + 1 - i, 0)])


@njit
def _read(
    wide: Spectrum,
    position: npt.NDArray[np.int32],
    weight: Spectrum,
    count: int,
    between_bins: npt.NDArray[np.float32],
    out: Spectrum,
) -> None:  # pragma: no cover - compiled
    for i in range(count):
        first = position[i] // PHASES + TAPS - TAPS // 2 + 1
        place = position[i] % PHASES
        real = np.float32(0.0)
        imaginary = np.float32(0.0)
        for tap in range(TAPS):
            share = between_bins[place, tap]
            value = wide[first + tap]
            real += share * value.real
            imaginary += share * value.imag
        turn = weight[i]
        out[i] = np.complex64(
            complex(
                real * turn.real - imaginary * turn.imag,
                real * turn.imag + imaginary * turn.real,
            )
        )
    for i in range(count, out.size):
        out[i] = 0.0
