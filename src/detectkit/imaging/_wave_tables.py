"""Tables of phase-shift migration: how each wave turns, fades, and until where it counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from detectkit.imaging._delay_spectrum import DelaySpectrum
from detectkit.imaging.aperture import Aperture
from detectkit.imaging.layers import Layers, Values
from detectkit.imaging.regular_line import RegularLine

Floats = npt.NDArray[np.float32]
LANES = 64
"""Wavenumbers that are carried down together."""
FIVE = 5
"""Samples that are summed together: one in the middle and two pairs around it."""
STRIDE = 2 * FIVE
"""Samples between two looks at the field in memory."""
PARTS, SUMS = 10, 10
FADE = 4.0
"""A wave is dropped when it has faded to exp(-FADE)."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Samples of the image within one layer.

    Parameters
    ----------
    start, stop
        Numbers of the samples.
    turns
        float32 (chunk, bin, `PARTS`, `LANES`): real and imaginary part of the turn from the
        recorded field to the middle of the first five samples (with weight), of the turns by one,
        two and five samples; what a fading wave keeps over its first stride, and the ratio
        from stride to stride.
    active, steady
        int32 (chunk, stride of samples, bin): number of lanes that count still; of them, that
        do not fade yet.
    """

    start: int
    stop: int
    turns: Floats
    active: npt.NDArray[np.int32]
    steady: npt.NDArray[np.int32]


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
        step = turn * self.cosine[layer] * interval
        by_one, by_two, by_five = (np.exp(one * step) for one in (1, 2, FIVE))
        before_s, begin_s, end_s = self._fade_s(spent[:, 0])
        with np.errstate(divide="ignore", invalid="ignore"):
            fading = np.clip((before_s - begin_s) / (end_s - begin_s), 0.0, 1.0)
            stride = STRIDE * interval / (end_s - begin_s) / self.cosine[layer]
        keep = np.exp(-FADE * stride * (2.0 * fading + stride))
        ratio = np.exp(-2.0 * FADE * stride**2)
        first = self.weight * np.exp(-FADE * fading**2 + turn * (path - centre_s)) * by_two
        travels = np.isfinite(before_s) & (self.cosine[layer] > 0.0) & (self.weight > 0.0)
        per_second = np.where(travels, self.cosine[layer] / interval, 0.0)
        since_s = np.where(travels, before_s, 0.0)
        steady, lasts = (
            np.where(travels, (until - since_s) * per_second, -1.0) for until in (begin_s, end_s)
        )
        return Segment(
            start,
            stop,
            _in_chunks([*_parts(first, by_one, by_two, by_five), keep, ratio]),
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


def _parts(*values: npt.NDArray[np.complex128]) -> list[Values]:
    return [part for one in values for part in (one.real, one.imag)]


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
