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
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from detectkit.imaging._delay_spectrum import DelaySpectrum, Spectrum
from detectkit.imaging.aperture import EVERY_ANGLE, Aperture
from detectkit.imaging.layers import Layers, Values
from detectkit.imaging.regular_line import RegularLine, Windows, along
from detectkit.signal._arrays import Traces
from detectkit.signal._jit import njit

LANES = 64
"""Wavenumbers that are carried down together."""
STRIDE = 4
"""Samples between two looks at the field in memory; the kernel below is written for 4."""
PARTS = 6
FADE = 4.0
"""A wave is dropped when it has faded to exp(-FADE)."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Samples of the image within one layer.

    Parameters
    ----------
    start, stop
        Numbers of the samples.
    turns
        float32 (chunk, bin, 6, `LANES`): real and imaginary part of the turn from the recorded
        field to sample `start` (with weight) and of the turn from sample to sample; what a
        fading wave keeps over its first stride, and the ratio from stride to stride.
    active, steady
        int32 (chunk, stride of samples, bin): number of lanes that count still; of them, that
        do not fade yet.
    """

    start: int
    stop: int
    turns: Floats
    active: npt.NDArray[np.int32]
    steady: npt.NDArray[np.int32]


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


def by_magnitude(length: int) -> npt.NDArray[np.int64]:
    """Return the rows of a transform by rising |wavenumber|, each magnitude's two together."""
    magnitude = np.abs(scipy.fft.fftfreq(length))
    return np.argsort(magnitude, kind="stable")


def segments(
    line: RegularLine, layers: Layers, aperture: Aperture, layout: DelaySpectrum, length: int
) -> list[Segment]:
    """Return the tables of each layer that the line reaches, for windows of so many traces."""
    twt_s = line.first_twt_s + np.arange(line.samples) * line.sample_interval_s
    layer = np.searchsorted(layers.until_twt_s, twt_s, side="right")
    wavenumber = np.abs(scipy.fft.fftfreq(length, line.trace_spacing_m)[by_magnitude(length)])
    rays = _Rays.of(layers, aperture, layout, line, wavenumber)
    made = []
    for index in range(len(layers.velocity_m_per_s)):
        inside = np.flatnonzero(layer == index)
        if inside.size:
            made.append(rays.segment(index, int(inside[0]), int(inside[-1]) + 1))
    return made


@dataclass(frozen=True, slots=True, eq=False)
class _Rays:
    """Cosines of all waves in all layers, (layer, wavenumber, bin), and what comes of them."""

    line: RegularLine
    layers: Layers
    layout: DelaySpectrum
    frequency_hz: Values
    cosine: Values  # 0 where the wave does not travel
    weight: Values

    @classmethod
    def of(
        cls,
        layers: Layers,
        aperture: Aperture,
        layout: DelaySpectrum,
        line: RegularLine,
        wavenumber: Values,
    ) -> _Rays:
        frequency = scipy.fft.rfftfreq(layout.length, line.sample_interval_s)
        velocity = np.array(layers.velocity_m_per_s)[:, np.newaxis, np.newaxis]
        slow = 0.5 * velocity * wavenumber[:, np.newaxis]
        with np.errstate(divide="ignore", invalid="ignore"):
            sine = np.where(slow > 0.0, slow / frequency, 0.0)
        weight = aperture.weight(sine[0])
        weight[:, 1:] *= 2.0  # the frequencies below 0 that are not kept
        if layout.length % 2 == 0:
            weight[:, -1] *= 0.5
        cosine = np.sqrt(np.maximum(1.0 - sine**2, 0.0))
        return cls(line, layers, layout, frequency, cosine, weight / layout.length)

    def segment(self, layer: int, start: int, stop: int) -> Segment:
        interval = self.line.sample_interval_s
        begin_s = self.line.first_twt_s + start * interval
        spent = self.layers.spent_s(np.array([begin_s]))
        path = np.tensordot(spent[:, 0], self.cosine, axes=1)
        centre_s = self.layout.centre_time * interval
        turn = 2j * np.pi * self.frequency_hz
        step = np.exp(turn * self.cosine[layer] * interval)
        before_s, begin_s, end_s = self._fade_s(spent[:, 0])
        with np.errstate(divide="ignore", invalid="ignore"):
            fading = np.clip((before_s - begin_s) / (end_s - begin_s), 0.0, 1.0)
            stride = STRIDE * interval / (end_s - begin_s) / self.cosine[layer]
        keep = np.exp(-FADE * stride * (2.0 * fading + stride))
        ratio = np.exp(-2.0 * FADE * stride**2)
        first = self.weight * np.exp(-FADE * fading**2) * np.exp(turn * (path - centre_s))
        travels = np.isfinite(before_s) & (self.cosine[layer] > 0.0) & (self.weight > 0.0)
        per_second = np.where(travels, self.cosine[layer] / interval, 0.0)
        since_s = np.where(travels, before_s, 0.0)
        steady, lasts = (
            np.where(travels, (until - since_s) * per_second, -1.0) for until in (begin_s, end_s)
        )
        return Segment(
            start,
            stop,
            _in_chunks([first.real, first.imag, step.real, step.imag, keep, ratio]),
            _active(lasts, stop - start),
            _active(steady, stop - start),
        )

    def _fade_s(self, spent_s: Values) -> tuple[Values, float, float]:
        """Return the recorded time that waves come from at a depth, and between which they fade."""
        interval = self.line.sample_interval_s
        spent = spent_s[:, np.newaxis, np.newaxis]
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = np.where(spent == 0.0, 0.0, spent / self.cosine)
        begin = self.layout.last_time
        end = self.layout.first_time + self.layout.length
        return parts.sum(axis=0), begin * interval, end * interval


def _in_chunks(parts: list[Values]) -> Floats:
    """Return (chunk, bin, `PARTS`, `LANES`) of so many (wavenumber, bin)."""
    wavenumbers, bins = parts[0].shape
    chunks = -(-wavenumbers // LANES)
    padded = np.zeros((PARTS, chunks * LANES, bins), np.float32)
    padded[:, :wavenumbers] = parts
    return np.ascontiguousarray(padded.reshape(PARTS, chunks, LANES, bins).transpose(1, 3, 0, 2))


def _active(lasts: Values, samples: int) -> npt.NDArray[np.int32]:
    """Return how many of each chunk's lanes last to each stride; they fall silent from behind."""
    wavenumbers, bins = lasts.shape
    chunks, strides = -(-wavenumbers // LANES), -(-samples // STRIDE)
    padded = np.full((chunks * LANES, bins), -1.0)
    padded[:wavenumbers] = lasts
    active = np.zeros((chunks, strides, bins), np.int32)
    for stride in range(strides):
        still = (padded >= stride * STRIDE).reshape(chunks, LANES, bins)
        active[:, stride] = LANES - np.argmax(still[:, ::-1], axis=1)
        active[:, stride][~still.any(axis=1)] = 0
    return active


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
    sums = np.empty(2 * STRIDE * LANES, np.float32)
    for chunk in range(turns.shape[0]):
        rows = order[chunk * LANES : (chunk + 1) * LANES]
        _surface(spectrum, rows, turns[chunk], field)
        for stride in range(active.shape[1]):
            sums[:] = 0.0
            for one in range(bins):
                lanes = active[chunk, stride, one]
                if lanes:
                    waves = field[one * size : (one + 1) * size]
                    _four_steps(waves, sums, lanes)
                    _fade(waves, steady[chunk, stride, one], lanes)
            at = span[0] + stride * STRIDE
            for step in range(min(STRIDE, span[1] - at)):
                for lane in range(rows.size):
                    real = sums[2 * step * LANES + lane]
                    imaginary = sums[(2 * step + 1) * LANES + lane]
                    image[rows[lane], at + step] = np.complex64(complex(real, imaginary))


@njit
def _surface(
    spectrum: Spectrum, rows: npt.NDArray[np.int64], turns: Floats, field: Floats
) -> None:  # pragma: no cover - compiled
    """Lay out the field at a segment's first sample, and the turn from sample to sample."""
    field[:] = 0.0
    for lane in range(rows.size):
        row = spectrum[rows[lane]]
        for one in range(row.size):
            real, imaginary = row[one].real, row[one].imag
            cosine, sine = turns[one, 0, lane], turns[one, 1, lane]
            at = one * PARTS * LANES + lane
            field[at] = real * cosine - imaginary * sine
            field[at + LANES] = real * sine + imaginary * cosine
            field[at + 2 * LANES] = turns[one, 2, lane]
            field[at + 3 * LANES] = turns[one, 3, lane]
            field[at + 4 * LANES] = turns[one, 4, lane]
            field[at + 5 * LANES] = turns[one, 5, lane]


@njit
def _four_steps(field: Floats, sums: Floats, lanes: int) -> None:  # pragma: no cover - compiled
    """Add the field of one frequency at four samples to the sums; turn it on to the next."""
    for lane in range(lanes):
        real, imaginary = field[lane], field[LANES + lane]
        cosine, sine = field[2 * LANES + lane], field[3 * LANES + lane]
        sums[lane] += real
        sums[LANES + lane] += imaginary
        real1 = real * cosine - imaginary * sine
        imaginary1 = real * sine + imaginary * cosine
        sums[2 * LANES + lane] += real1
        sums[3 * LANES + lane] += imaginary1
        real2 = real1 * cosine - imaginary1 * sine
        imaginary2 = real1 * sine + imaginary1 * cosine
        sums[4 * LANES + lane] += real2
        sums[5 * LANES + lane] += imaginary2
        real3 = real2 * cosine - imaginary2 * sine
        imaginary3 = real2 * sine + imaginary2 * cosine
        sums[6 * LANES + lane] += real3
        sums[7 * LANES + lane] += imaginary3
        field[lane] = real3 * cosine - imaginary3 * sine
        field[LANES + lane] = real3 * sine + imaginary3 * cosine


@njit
def _fade(waves: Floats, first: int, last: int) -> None:  # pragma: no cover - compiled
    for lane in range(first, last):
        keep = waves[4 * LANES + lane]
        waves[lane] *= keep
        waves[LANES + lane] *= keep
        waves[4 * LANES + lane] = keep * waves[5 * LANES + lane]
