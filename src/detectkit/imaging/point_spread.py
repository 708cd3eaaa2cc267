"""What becomes of a point when it is imaged: the point-spread function of any antenna positions.

An ideal point at r₀ echoes in trace i at τᵢ(r₀), the time along both refracted rays. Summing the
traces at τᵢ(r) gives at every other place

    P(r) = Σᵢ wᵢ s(τᵢ(r) - τᵢ(r₀)) / Σᵢ wᵢ,    s(t) = ∫ A(f) exp(2πift) df / ∫ A(f) df,

s being the analytic pulse and A its spectrum. Near r₀ that is the sum of exp(i k·(r - r₀)) over
traces and frequencies with the wave vectors k = 2πf ∇τᵢ in the soil: the wider they spread in a
direction, the narrower the image in it (Soumekh, Synthetic Aperture Radar Signal Processing,
1999, ch. 2; Devaney, Geophysics 49, 1984). Rays are found here by Newton's steps for each point;
nothing is shared with the tables of the back-projection, so that each can check the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.imaging.backprojection import Antennas
from detectkit.signal._jit import njit
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

HALF_POWER = math.sqrt(0.5)
STEPS_PER_PERIOD = 64
LONGEST = 4.0
"""Half length of the pulse's table, in inverse bandwidths."""
NARROWEST = 0.1
"""Bandwidth over centre frequency below which a radar tells no depth worth the name."""
LOWEST_HZ, HIGHEST_HZ = 1e6, 1e11
NEWTON_STEPS = 12
CLOSE_M = 1e-10

Values = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True, eq=False)
class Pulse:
    """Spectrum of the radar's pulse, without its phase: what a point gives after deconvolution.

    Parameters
    ----------
    frequency_hz
        Ascending, equally spaced, above 0, (frequencies,).
    amplitude
        Of the pulse there, 0 or more, (frequencies,).

    Examples
    --------
    >>> pulse = Pulse.ricker(1e9)
    >>> round(pulse.mean_hz / 1e9, 2), round(pulse.bandwidth_hz / 1e9, 2)
    (1.13, 1.15)
    """

    frequency_hz: Values
    amplitude: Values

    def __post_init__(self) -> None:
        if not (self.frequency_hz[0] > 0.0 and self.amplitude.max() > 0.0):
            msg = "a pulse needs frequencies above 0 and an amplitude above 0 at some of them"
            raise UsageError(msg)

    @classmethod
    def ricker(cls, centre_hz: float) -> Pulse:
        """Return the Ricker wavelet, ``f² exp(-f² / f₀²)``: an impulse radar's usual pulse."""
        _require_radar(centre_hz)
        share = np.linspace(0.005, 4.0, 800)
        return cls(centre_hz * share, share**2 * np.exp(-(share**2)))

    @classmethod
    def gaussian(cls, centre_hz: float, bandwidth_hz: float) -> Pulse:
        """Return a band that falls to half its amplitude (-6 dB) at both ends of the bandwidth."""
        _require_radar(centre_hz)
        if not NARROWEST * centre_hz <= bandwidth_hz <= 2.0 * centre_hz:
            msg = (
                f"bandwidth {bandwidth_hz:g} Hz around {centre_hz:g} Hz: give "
                f"{NARROWEST * centre_hz:g} to {2.0 * centre_hz:g} Hz, from -6 dB to -6 dB"
            )
            raise UsageError(msg)
        low = max(centre_hz - 2.5 * bandwidth_hz, 1e-3 * centre_hz)
        frequency = np.linspace(low, centre_hz + 2.5 * bandwidth_hz, 800)
        away = (frequency - centre_hz) / bandwidth_hz
        return cls(frequency, np.exp(-4.0 * math.log(2.0) * away**2))

    @classmethod
    def measured(cls, wavelet: Values, sample_interval_s: float) -> Pulse:
        """Return the band of a recorded wavelet: of an air shot, a plate's echo.

        Parameters
        ----------
        wavelet
            Its samples alone, (samples,), float.
        sample_interval_s
            Their distance in s.
        """
        length = 8 * wavelet.size
        amplitude = np.abs(np.fft.rfft(wavelet - wavelet.mean(), length))[1:]
        frequency = np.arange(1, amplitude.size + 1) / (length * sample_interval_s)
        return cls(frequency, np.asarray(amplitude, np.float64))

    @property
    def mean_hz(self) -> float:
        """Mean frequency, weighted by amplitude."""
        return float((self.frequency_hz * self.amplitude).sum() / self.amplitude.sum())

    @property
    def band_hz(self) -> tuple[float, float]:
        """Lowest and highest frequency with half the largest amplitude (-6 dB)."""
        strong = self.frequency_hz[self.amplitude >= 0.5 * self.amplitude.max()]
        return float(strong[0]), float(strong[-1])

    @property
    def bandwidth_hz(self) -> float:
        """Width of the band, -6 dB to -6 dB."""
        low, high = self.band_hz
        return max(high - low, float(self.frequency_hz[1] - self.frequency_hz[0]))

    def analytic(self) -> tuple[Complexes, float]:
        """Return s(t) at multiples of a step around 0, (2 n + 1,), s(0) = 1; and the step in s."""
        step_s = 1.0 / (STEPS_PER_PERIOD * self.mean_hz)
        # no further than half the time after which equally spaced frequencies repeat themselves
        repeats_s = 0.5 / float(self.frequency_hz[1] - self.frequency_hz[0])
        half = math.ceil(min(LONGEST / self.bandwidth_hz, repeats_s) / step_s)
        turns = np.outer(np.arange(-half, half + 1) * step_s, self.frequency_hz)
        share = self.amplitude / self.amplitude.sum()
        return np.asarray(np.exp(2j * np.pi * turns) @ share, np.complex128), step_s


@dataclass(frozen=True, slots=True)
class Medium:
    """Velocity in the ground, and the refractive index of it against air."""

    velocity_m_per_s: float
    index: float


def medium_of(velocity_m_per_s: float) -> Medium:
    """Return the ground of a velocity.

    Raises
    ------
    UsageError
        Not between a twentieth of the speed of light and that.
    """
    if not 0.05 * SPEED_OF_LIGHT_M_S <= velocity_m_per_s <= SPEED_OF_LIGHT_M_S:
        msg = (
            f"velocity {velocity_m_per_s:g} m/s cannot be that of ground; give 0.015e9 to 0.2998e9 "
            "m/s: 0.1 m/ns is 1e8"
        )
        raise UsageError(msg)
    return Medium(velocity_m_per_s, SPEED_OF_LIGHT_M_S / velocity_m_per_s)


def echo_strength(antennas: Antennas, point_m: Values, medium: Medium) -> Values:
    """Return how strong each trace hears a point: cosine at the antenna over the path, each leg.

    That of broad antennas over a loss-free ground; (n,).
    """
    return _strengths(antennas.transmitter, antennas.receiver, point_m, medium.index)


def point_spread(
    antennas: Antennas, point_m: Values, at_m: Values, *, pulse: Pulse, medium: Medium,
    weight: Values | None = None,
) -> Values:  # fmt: skip
    """Return the amplitude of a point's image at some places, 1 at the point itself.

    Parameters
    ----------
    antennas
        Of n traces, over flat ground. A height of 0 or less: on the ground, rays are straight.
    point_m
        Easting, northing, depth of the point, (3,).
    at_m
        The places, (places, 3). NaN is answered at depths above the ground.
    pulse, medium
        Of the radar and of the ground.
    weight
        Of each trace, (n,): strength of its echo times the weight that the imaging gives it.
        None: `echo_strength`.

    Examples
    --------
    >>> path = np.column_stack([np.linspace(-0.4, 0.4, 81), np.zeros(81), np.full(81, 0.3)])
    >>> point, beside = np.array([0.0, 0.0, 0.1]), np.array([0.06, 0.0, 0.1])
    >>> image = point_spread(Antennas.level(path, path), point, np.stack([point, beside]),
    ...                      pulse=Pulse.ricker(1.2e9), medium=medium_of(1e8))
    >>> image.round(1).tolist()
    [1.0, 0.3]
    """
    if weight is None:
        weight = echo_strength(antennas, point_m, medium)
    table, step_s = pulse.analytic()
    sums = _spread(
        antennas.transmitter, antennas.receiver, np.asarray(weight, np.float64),
        np.asarray(point_m, np.float64), np.ascontiguousarray(at_m, np.float64), table,
        (medium.index, 1.0 / (step_s * SPEED_OF_LIGHT_M_S)),
    )  # fmt: skip
    return np.asarray(np.abs(sums) / weight.sum(), np.float64)


class Lobe(NamedTuple):
    """Width of a peak at -3 dB in m (inf: not within the cut), and the highest lobe beside it."""

    width_m: float
    sidelobe: float


def lobe_of(offset_m: Values, level: Values) -> Lobe:
    """Return the main lobe's width where the amplitude is 0.707, and the highest sidelobe (0 to 1).

    Parameters
    ----------
    offset_m
        Ascending, with a 0 where the point is.
    level
        Amplitude, 1 at the point. Where one side is NaN or too short, the other counts twice.
    """
    middle = int(np.argmin(np.abs(offset_m)))
    right = _side(offset_m[middle:] - offset_m[middle], level[middle:])
    left = _side(offset_m[middle] - offset_m[middle::-1], level[middle::-1])
    reached = [half for half, _ in (left, right) if math.isfinite(half)]
    width = 2.0 * float(np.mean(reached)) if reached else math.inf
    return Lobe(width, max(left[1], right[1]))


def _side(offset: Values, level: Values) -> tuple[float, float]:
    """Return where one side falls to -3 dB, and its highest lobe after the first minimum."""
    known = np.isfinite(level)
    offset, level = offset[known], level[known]
    below = np.flatnonzero(level < HALF_POWER)
    if below.size == 0:
        return math.inf, 0.0
    at = int(below[0])
    share = (level[at - 1] - HALF_POWER) / (level[at - 1] - level[at])
    half = float(offset[at - 1] + share * (offset[at] - offset[at - 1]))
    rising = np.flatnonzero(np.diff(level[at:]) > 0.0)
    return half, float(level[at + rising[0] :].max()) if rising.size else 0.0


def _require_radar(centre_hz: float) -> None:
    if not LOWEST_HZ <= centre_hz <= HIGHEST_HZ:
        msg = (
            f"centre frequency {centre_hz:g} Hz is that of no ground-penetrating radar; give "
            f"{LOWEST_HZ:g} to {HIGHEST_HZ:g} Hz: 1.2 GHz is 1.2e9"
        )
        raise UsageError(msg)


@njit
def _ray(distance: float, height: float, depth: float, index: float) -> tuple[float, float]:
    """Return the optical path (m) and the sine at the antenna, in the medium that it stands in.

    Unknown is q = tan θ in air: ``q h + q d / sqrt(n² + (n² - 1) q²)`` is the distance.
    """
    if height <= 0.0:
        straight = math.sqrt(distance * distance + depth * depth)
        return index * straight, distance / max(straight, 1e-12)
    square = index * index
    tangent = distance / (height + depth / index)
    for _ in range(NEWTON_STEPS):
        root = math.sqrt(square + (square - 1.0) * tangent * tangent)
        missing = distance - tangent * (height + depth / root)
        tangent += missing / (height + depth * square / (root * root * root))
        if abs(missing) < CLOSE_M:
            break
    secant = math.sqrt(1.0 + tangent * tangent)
    sine = tangent / secant
    in_soil = depth / math.sqrt(1.0 - (sine / index) ** 2)
    return height * secant + index * in_soil, sine


@njit
def _leg(antenna: Values, point: Values, index: float) -> tuple[float, float]:
    east, north = point[0] - antenna[0], point[1] - antenna[1]
    return _ray(math.sqrt(east * east + north * north), antenna[2], point[2], index)


@njit
def _both_legs(transmitter: Values, receiver: Values, point: Values, index: float) -> float:
    there = _leg(transmitter, point, index)[0]
    for k in range(3):
        if transmitter[k] != receiver[k]:
            return there + _leg(receiver, point, index)[0]
    return 2.0 * there


@njit
def _strengths(transmitter: Values, receiver: Values, point: Values, index: float) -> Values:
    out = np.empty(transmitter.shape[0])
    for i in range(out.shape[0]):
        there, sine_there = _leg(transmitter[i], point, index)
        back, sine_back = _leg(receiver[i], point, index)
        cosines = (1.0 - sine_there * sine_there) * (1.0 - sine_back * sine_back)
        out[i] = math.sqrt(cosines) / (there * back)
    return out


@njit
def _spread(
    transmitter: Values,
    receiver: Values,
    weight: Values,
    point: Values,
    at: Values,
    table: Complexes,
    scale: tuple[float, float],
) -> Complexes:
    index, steps_per_m = scale
    traces, middle = transmitter.shape[0], table.shape[0] // 2
    own = np.empty(traces)
    for i in range(traces):
        own[i] = _both_legs(transmitter[i], receiver[i], point, index)
    out = np.empty(at.shape[0], np.complex128)
    for k in range(at.shape[0]):
        total = 0.0j
        if at[k, 2] < 0.0:
            out[k] = np.nan
            continue
        for i in range(traces):
            path = _both_legs(transmitter[i], receiver[i], at[k], index)
            position = (path - own[i]) * steps_per_m + middle
            if 0.0 <= position < table.shape[0] - 1:
                first = int(position)
                share = position - first
                total += weight[i] * ((1.0 - share) * table[first] + share * table[first + 1])
        out[k] = total
    return out
