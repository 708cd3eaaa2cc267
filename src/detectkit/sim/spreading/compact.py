"""The echo of an endless cylinder becomes that of a body of its width, beside the plane or in it.

In the first Born approximation a body is a sum of thin slices along the lane, each of them the
cylinder's section. A slice beside the plane is heard later, by its slant refracted way, and weaker
by the spreading of the tube of rays (Cerveny, Seismic Ray Theory, ch. 3); the slices are summed
per frequency. Over all the plane's width the sum is the spreading of `as_dipole`; over a narrow
body it grows as its width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from detectkit.core import UsageError
from detectkit.sim.fdtd import Pulse, Responses, Shots
from detectkit.sim.refraction import LIGHT_M_PER_S, leg
from detectkit.sim.spreading.dipole import check
from detectkit.sim.spreading.sources import (
    Spectrum,
    Values,
    frequencies,
    near_field,
    restored,
    transformed,
)

Outline = Literal["round", "square"]

HIGHEST = 3.5
"""Times the pulse's centre: above it there is less than 1 % of its peak, and the echo ends."""

FEWEST = 9
TURN = 0.6
"""Radians of phase from slice to slice at most; a midpoint rule is then right to 2 %."""

LOWEST_M = 0.01
"""An antenna is taken to be at least this far over a body."""


def as_compact(
    scattered: Responses,
    *,
    shots: Shots,
    centre: tuple[float, float],
    ground_up_m: float,
    across_m: float,
    width_m: float,
    index: float,
    outline: Outline = "round",
) -> Responses:
    """Return the echo that a short dipole hears of a body of limited width across the lane.

    Left out: the directivity of the antennas across the lane, the loss in the longer way through
    soil, the change of polarisation, and that a body seen aslant is another body.

    Parameters
    ----------
    scattered
        Field with the body less field without it, both of a line source and with the body in the
        plane: float32 (shots, receivers, samples) in V/m.
    shots
        Where the antennas were.
    centre
        Of the body: along, up in m.
    ground_up_m
        Of the ground over it.
    across_m
        How far beside the plane its centre really lies.
    width_m
        Of its outline seen from above, across the lane, more than 0.
    index
        Refractive index of the soil, 1 or more.
    outline
        Of the body seen from above: a round one is shorter along the lane beside its middle, and
        heard less there.

    Returns
    -------
    Responses
        The same shape, V/m per 1 A m.

    Raises
    ------
    ShapeError
        Responses and shots that do not belong together.
    UsageError
        A width that is not more than 0, an index below 1.

    Examples
    --------
    A body is heard less the narrower it is.

    >>> import numpy as np
    >>> field = np.zeros((1, 1, 256), np.float32)
    >>> field[0, 0, 100:120] = np.sin(np.linspace(0.0, 2.0 * np.pi, 20))
    >>> echo = Responses(field, 4e-11, Pulse(1e9))
    >>> shots = Shots(np.array([[-0.05, 0.4]]), np.array([[[0.05, 0.4]]]))
    >>> where = {"shots": shots, "centre": (0.0, -0.1), "ground_up_m": 0.0, "across_m": 0.0}
    >>> sizes = [as_compact(echo, **where, width_m=one, index=2.5).field for one in (0.05, 0.1)]
    >>> round(float(np.abs(sizes[1]).max() / np.abs(sizes[0]).max()), 1)
    2.0
    """
    check(scattered, shots, index)
    if width_m <= 0.0:
        msg = f"as_compact: width_m = {width_m}; give the body's width across the lane, more than 0"
        raise UsageError(msg)
    samples = scattered.field.shape[2]
    freq_hz = frequencies(samples, scattered.interval_s)
    freq_hz = freq_hz[: np.searchsorted(freq_hz, HIGHEST * scattered.pulse.centre_hz)]
    body = _Slices.of(across_m, width_m, outline, scattered.pulse)
    ground = _Ground(centre, ground_up_m, index)
    out = np.empty_like(scattered.field)
    for place in np.ndindex(*scattered.field.shape[:2]):
        ways = [ground.way(one, body) for one in (shots.sources[place[0]], shots.receivers[place])]
        spectrum = transformed(scattered.field[place].astype(np.float64))
        spectrum[: len(freq_hz)] *= _transfer(ways, body, freq_hz)
        spectrum[len(freq_hz) :] = 0.0
        out[place] = restored(spectrum, samples)
    return Responses(out, scattered.interval_s, scattered.pulse)


@dataclass(frozen=True, slots=True)
class _Slices:
    """Where the slices of a body lie across the lane, and how long they are along it.

    `across_m` (slices,); `half_m` half their length, None where all are as long as the middle one.
    """

    across_m: Values
    step_m: float
    half_m: Values | None

    @classmethod
    def of(cls, across_m: float, width_m: float, outline: Outline, pulse: Pulse) -> _Slices:
        """Cut a body so finely that the highest frequency turns little from slice to slice."""
        turns = 4.0 * math.pi * HIGHEST * pulse.centre_hz * width_m / LIGHT_M_PER_S
        count = max(FEWEST, math.ceil(0.5 * turns / TURN))
        share = (np.arange(count) + 0.5) / count - 0.5
        half_m = 0.5 * width_m * np.sqrt(1.0 - 4.0 * share**2)
        return cls(
            across_m + width_m * share, width_m / count, half_m if outline == "round" else None
        )

    def weights(self, angular: Values, bend_s_per_m2: float, longest_m: float) -> Spectrum:
        """Return each slice's echo over the middle one's, (slices, frequencies).

        A slice shorter than the first Fresnel zone is heard as its length, a longer one as if it
        had no ends.
        """
        if self.half_m is None:
            return np.ones((len(self.across_m), 1), np.complex128)
        scale = np.sqrt(np.maximum(angular, angular[1]) * bend_s_per_m2 / np.pi)
        heard = _fresnel(self.half_m[:, np.newaxis] * scale)
        return np.asarray(heard / _fresnel(longest_m * scale), np.complex128)


def _fresnel(ends: Values) -> Spectrum:
    sine, cosine = special.fresnel(ends)
    return np.asarray(cosine - 1j * sine, np.complex128)


@dataclass(frozen=True, slots=True)
class _Way:
    """From an antenna to every slice of a body.

    `delay_s` over the way to the body in the plane, `gain` for the spreading (1/sqrt(m)), both
    (slices,); `turn_s` the time to the body's middle, `bend_s_per_m2` how that bends along the
    lane.
    """

    delay_s: Values
    gain: Values
    turn_s: float
    bend_s_per_m2: float


@dataclass(frozen=True, slots=True)
class _Ground:
    """Level soil over a body's centre (along, up)."""

    centre: tuple[float, float]
    up_m: float
    index: float

    def way(self, antenna: npt.NDArray[np.float64], body: _Slices) -> _Way:
        """Trace the refracted rays to the body in the plane and to where its slices really lie."""
        along_m = abs(float(antenna[0]) - self.centre[0])
        height_m = max(float(antenna[1]) - max(self.up_m, self.centre[1]), LOWEST_M)
        depth_m = max(self.up_m - self.centre[1], 0.0)
        index = self.index if depth_m else 1.0
        plane = _ray(along_m, height_m, depth_m, index)
        rays = [_ray(math.hypot(along_m, one), height_m, depth_m, index) for one in body.across_m]
        optical, sideways, lengthways = np.array(rays).T
        return _Way(
            delay_s=(optical - plane[0]) / LIGHT_M_PER_S,
            gain=np.sqrt(plane[2] / lengthways / sideways),
            turn_s=float(optical.mean()) / LIGHT_M_PER_S,
            bend_s_per_m2=1.0 / (LIGHT_M_PER_S * float(sideways.mean())),
        )


def _ray(
    distance_m: float, height_m: float, depth_m: float, index: float
) -> tuple[float, float, float]:
    """Return one refracted ray's optical length, and its spreading sideways and lengthways, m."""
    optical_m, in_soil_m, spreading_m, _, _ = leg(distance_m, height_m, depth_m, index)
    sideways_m = optical_m - in_soil_m * (index - 1.0 / index)
    return optical_m, sideways_m, spreading_m**2 / (index * sideways_m)


def _transfer(ways: list[_Way], body: _Slices, freq_hz: Values) -> Spectrum:
    """Return by what the spectrum of the cylinder's echo is multiplied, (frequencies,)."""
    angular = 2.0 * np.pi * freq_hz
    delay_s = ways[0].delay_s + ways[1].delay_s
    gain = ways[0].gain * ways[1].gain * body.step_m
    bend = ways[0].bend_s_per_m2 + ways[1].bend_s_per_m2
    longest_m = 0.5 * body.step_m * len(body.across_m)
    slices = gain[:, np.newaxis] * np.exp(-1j * np.outer(delay_s, angular))
    slices *= body.weights(angular, bend, longest_m)
    transfer = slices.sum(axis=0) * 1j * angular / (2.0 * np.pi * LIGHT_M_PER_S)
    for one in ways:
        transfer *= near_field(angular * one.turn_s)
    return np.asarray(transfer, np.complex128)
