"""Phase-shift migration: flat layers, by turning phases downwards (Gazdag, Geophysics 43, 1978).

Every reflector is taken for a source that goes off at time 0 while waves run at v/2 (exploding
reflectors). The wave of frequency f and wavenumber k is carried down through vertical two-way
time t' by a turn of its phase, and the image is what it has at time 0:

    m(k, t') = sum over f of D(k, f) exp(2 pi i f int cos(a) dt'),  sin(a) = v k / (2 f)

with the velocity v of each layer (Yilmaz, Seismic Data Analysis, 2001, section 4.4). k does not
change between layers, which is Snell's law: refraction at an air gap is in it. Waves that do not
travel in a layer, sin(a) > 1, end there.

A wave at angle a reaches t' from the recorded time int dt' / cos(a). Once that lies beyond the
recording it fades, and it is dropped before the discrete spectrum goes round to its next period.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import scipy.fft

from detectkit.imaging._delay_spectrum import DelaySpectrum, Spectrum
from detectkit.imaging._wave_tables import (
    FIVE,
    LANES,
    PARTS,
    STRIDE,
    SUMS,
    Floats,
    by_magnitude,
    segments,
)
from detectkit.imaging.aperture import EVERY_ANGLE, Aperture
from detectkit.imaging.layers import Layers
from detectkit.imaging.regular_line import RegularLine, Windows, along
from detectkit.signal._arrays import Traces
from detectkit.signal._jit import njit


class PhaseShift:
    """Phase-shift migration of a line window by window; see the module's text for the method.

    Parameters
    ----------
    line
        Its axes.
    layers
        Velocities from the antennas downwards.
    aperture
        How waves weigh by their angle at the antennas.
    window_traces
        Length of a window; None: four times the reach of events.

    Attributes
    ----------
    windows
        Lengths of the windows in traces; their reach is that of the farthest running wave.

    Examples
    --------
    >>> line = RegularLine(64, 1e-10, 0.0, 0.02)
    >>> focus = PhaseShift(line, layers=Layers((1e8,)))
    >>> focus.windows
    Windows(hop=88, reach=20)
    >>> focus.migrate(np.zeros((128, 64), np.float32)).shape
    (88, 64)
    """

    def __init__(
        self,
        line: RegularLine,
        *,
        layers: Layers,
        aperture: Aperture = EVERY_ANGLE,
        window_traces: int | None = None,
    ) -> None:
        self.layout = DelaySpectrum.of(line)
        last_s = self.layout.last_time * line.sample_interval_s
        reach_m = layers.reach_m(last_s, steepest_sine=aperture.sine)
        self.windows = Windows.around(
            math.ceil(reach_m / line.trace_spacing_m), traces=window_traces
        )
        self.order = by_magnitude(self.windows.length)
        self.segments = segments(line, layers, aperture, self.layout, self.windows.length)
        self.plain = self.layout.plain()

    def migrate(self, window: Traces) -> Traces:
        """Return the middle of a window of ``windows.length`` traces, migrated."""
        spectrum = self.layout.forward(window, weights=self.plain)
        spectrum = scipy.fft.fft(spectrum, axis=0, overwrite_x=True)
        image = np.zeros((len(window), self.layout.samples), np.complex64)
        for one in self.segments:
            span = np.array([one.start, one.stop])
            _carry_down(spectrum, self.order, one.turns, one.active, one.steady, span, image)
        first = self.windows.reach
        moved = scipy.fft.ifft(image, axis=0, overwrite_x=True)
        return np.ascontiguousarray(moved[first : first + self.windows.hop].real)


def phase_shift(
    data: npt.ArrayLike,
    line: RegularLine,
    *,
    layers: Layers,
    aperture: Aperture = EVERY_ANGLE,
    window_traces: int | None = None,
    out: Traces | None = None,
) -> Traces:
    """Return a line with equal spacing, migrated through flat layers.

    Parameters
    ----------
    data
        Shape (trace, delay); the antennas' separation must be small against the depth.
    line, layers, aperture, window_traces
        See `PhaseShift`.
    out
        Buffer for the result.

    Returns
    -------
    Traces
        float32, same shape; the delay axis is vertical two-way time.

    Examples
    --------
    A flat layer is left as it is.

    >>> line = RegularLine(256, 1e-10, 0.0, 0.02)
    >>> wave = np.exp(-(((np.arange(256) - 100) / 5.0) ** 2)) * np.cos(np.arange(256) / 2.0)
    >>> ground = Layers.of_thickness([0.3], velocity_m_per_s=[3e8, 1e8])
    >>> image = phase_shift(np.tile(wave, (400, 1)), line, layers=ground)
    >>> bool(np.abs(image[200] - wave).max() < 2e-3)
    True
    """
    method = PhaseShift(line, layers=layers, aperture=aperture, window_traces=window_traces)
    return along(data, method.windows, method.migrate, out=out)


@njit
def _carry_down(
    spectrum: Spectrum,
    order: npt.NDArray[np.int64],
    turns: Floats,
    active: npt.NDArray[np.int32],
    steady: npt.NDArray[np.int32],
    span: npt.NDArray[np.int64],
    image: Spectrum,
) -> None:  # pragma: no cover - compiled
    """Fill the samples of a span of all wavenumbers of the image."""
    bins = spectrum.shape[1]
    size = PARTS * LANES
    field = np.empty(bins * size, np.float32)
    sums = np.empty(2 * SUMS * LANES, np.float32)
    for chunk in range(turns.shape[0]):
        rows = order[chunk * LANES : (chunk + 1) * LANES]
        _surface(spectrum, rows, turns[chunk], field)
        for stride in range(active.shape[1]):
            sums[:] = 0.0
            for one in range(bins):
                lanes = active[chunk, stride, one]
                if lanes:
                    waves = field[one * size : (one + 1) * size]
                    _ten_samples(waves, sums, lanes)
                    _fade(waves, steady[chunk, stride, one], lanes)
            at = span[0] + stride * STRIDE
            _told_apart(sums[: SUMS * LANES], rows, at, span[1], image)
            _told_apart(sums[SUMS * LANES :], rows, at + FIVE, span[1], image)


@njit
def _surface(
    spectrum: Spectrum, rows: npt.NDArray[np.int64], turns: Floats, field: Floats
) -> None:  # pragma: no cover - compiled
    """Lay out the field at a segment's first sample, and the turn from sample to sample."""
    for one in range(turns.shape[0]):
        waves = field[one * PARTS * LANES : (one + 1) * PARTS * LANES]
        for part in range(2, PARTS):
            for lane in range(LANES):
                waves[part * LANES + lane] = turns[one, part, lane]
        for lane in range(rows.size):
            value = spectrum[rows[lane], one]
            cosine, sine = turns[one, 0, lane], turns[one, 1, lane]
            waves[lane] = value.real * cosine - value.imag * sine
            waves[LANES + lane] = value.real * sine + value.imag * cosine


@njit
def _ten_samples(waves: Floats, sums: Floats, lanes: int) -> None:  # pragma: no cover - compiled
    """Add the waves of one frequency around two middles; turn them on to the next stride.

    exp(ia) and exp(-ia) have the same four products of real and imaginary part with cosine and
    sine, which are summed apart.
    """
    for lane in range(lanes):
        real, imaginary = waves[lane], waves[LANES + lane]
        cosine1, sine1 = waves[2 * LANES + lane], waves[3 * LANES + lane]
        cosine2, sine2 = waves[4 * LANES + lane], waves[5 * LANES + lane]
        cosine5, sine5 = waves[6 * LANES + lane], waves[7 * LANES + lane]
        sums[lane] += real
        sums[LANES + lane] += imaginary
        sums[2 * LANES + lane] += real * cosine1
        sums[3 * LANES + lane] += imaginary * sine1
        sums[4 * LANES + lane] += real * sine1
        sums[5 * LANES + lane] += imaginary * cosine1
        sums[6 * LANES + lane] += real * cosine2
        sums[7 * LANES + lane] += imaginary * sine2
        sums[8 * LANES + lane] += real * sine2
        sums[9 * LANES + lane] += imaginary * cosine2
        real_on = real * cosine5 - imaginary * sine5
        imaginary_on = real * sine5 + imaginary * cosine5
        sums[10 * LANES + lane] += real_on
        sums[11 * LANES + lane] += imaginary_on
        sums[12 * LANES + lane] += real_on * cosine1
        sums[13 * LANES + lane] += imaginary_on * sine1
        sums[14 * LANES + lane] += real_on * sine1
        sums[15 * LANES + lane] += imaginary_on * cosine1
        sums[16 * LANES + lane] += real_on * cosine2
        sums[17 * LANES + lane] += imaginary_on * sine2
        sums[18 * LANES + lane] += real_on * sine2
        sums[19 * LANES + lane] += imaginary_on * cosine2
        waves[lane] = real_on * cosine5 - imaginary_on * sine5
        waves[LANES + lane] = real_on * sine5 + imaginary_on * cosine5


@njit
def _fade(waves: Floats, first: int, last: int) -> None:  # pragma: no cover - compiled
    for lane in range(first, last):
        keep = waves[8 * LANES + lane]
        waves[lane] *= keep
        waves[LANES + lane] *= keep
        waves[8 * LANES + lane] = keep * waves[9 * LANES + lane]


@njit
def _told_apart(
    sums: Floats, rows: npt.NDArray[np.int64], at: int, stop: int, image: Spectrum
) -> None:  # pragma: no cover - compiled
    """Write five samples from `at` on, those before `stop`."""
    for lane in range(rows.size):
        row = image[rows[lane]]
        if at + 2 < stop:
            row[at + 2] = np.complex64(complex(sums[lane], sums[LANES + lane]))
        for away in (1, 2):
            pair = (4 * away - 2) * LANES + lane
            same, crossed = sums[pair], sums[pair + LANES]
            turned, straight = sums[pair + 2 * LANES], sums[pair + 3 * LANES]
            if at + 2 - away < stop:
                before = np.complex64(complex(same + crossed, straight - turned))
                row[at + 2 - away] = before
            if at + 2 + away < stop:
                row[at + 2 + away] = np.complex64(complex(same - crossed, straight + turned))
