"""The echo of an endless cylinder becomes that of a body of its width, beside the plane or in it.

In the first Born approximation a body is a sum of thin slices along the lane, each of them the
cylinder's section. A slice ``y`` beside the plane is heard later by ``τ(y) - τ(0)`` on both ways
and weaker by the spreading of the tube of rays (Cerveny, Seismic Ray Theory, ch. 3). About the
body's middle the delay is a parabola, ``τ(y) = τ + p u + q u² / 2``, so that the sum is a Fresnel
integral (DLMF 7.2) per frequency. Over all y it is the spreading of `as_dipole`; over a narrow
body it grows as its width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from detectkit.core import UsageError
from detectkit.sim.fdtd import Responses, Shots
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
        Of its outline seen from above, across the lane, more than 0. A round body of that diameter
        counts as its mean chord, ``π/4`` of it.
    index
        Refractive index of the soil, 1 or more.

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
    """
    check(scattered, shots, index)
    if width_m <= 0.0:
        msg = f"as_compact: width_m = {width_m}; give the body's width across the lane, more than 0"
        raise UsageError(msg)
    samples = scattered.field.shape[2]
    freq_hz = frequencies(samples, scattered.interval_s)
    out = np.empty_like(scattered.field)
    chord_m = 0.25 * math.pi * width_m
    for place in np.ndindex(*scattered.field.shape[:2]):
        ways = [
            _Way.between(one, centre, ground_up_m=ground_up_m, across_m=across_m, index=index)
            for one in (shots.sources[place[0]], shots.receivers[place])
        ]
        spectrum = transformed(scattered.field[place].astype(np.float64))
        out[place] = restored(spectrum * _transfer(ways, chord_m, freq_hz), samples)
    return Responses(out, scattered.interval_s, scattered.pulse)


@dataclass(frozen=True, slots=True)
class _Way:
    """From an antenna to the body's middle: its delay over the way in the plane, and how it widens.

    `delay_s` is measured from the way in the plane, `slope_s_per_m` and `bend_s_per_m2` are its
    derivatives across, `wide_m` and `lost` the spreading across and along the plane, `turn_s` the
    time of the whole way.
    """

    delay_s: float
    slope_s_per_m: float
    bend_s_per_m2: float
    wide_m: float
    lost: float
    turn_s: float

    @classmethod
    def between(
        cls,
        antenna: Values,
        centre: tuple[float, float],
        *,
        ground_up_m: float,
        across_m: float,
        index: float,
    ) -> _Way:
        """Trace the refracted rays to the body in the plane and to where it really lies."""
        along_m = abs(float(antenna[0]) - centre[0])
        height_m = max(float(antenna[1]) - max(ground_up_m, centre[1]), LOWEST_M)
        depth_m = max(ground_up_m - centre[1], 0.0)
        away_m = math.hypot(along_m, across_m)
        plane = _ray(along_m, height_m, depth_m, index)
        slant = _ray(away_m, height_m, depth_m, index)
        share = across_m / away_m if away_m else 0.0
        around = (1.0 - share**2) / slant.sideways_m
        return cls(
            delay_s=(slant.optical_m - plane.optical_m) / LIGHT_M_PER_S,
            slope_s_per_m=slant.sine * share / LIGHT_M_PER_S,
            bend_s_per_m2=(share**2 * slant.bend_per_m + around) / LIGHT_M_PER_S,
            wide_m=slant.sideways_m,
            lost=math.sqrt(plane.lengthways_m / slant.lengthways_m),
            turn_s=slant.optical_m / LIGHT_M_PER_S,
        )


@dataclass(frozen=True, slots=True)
class _Ray:
    """One refracted ray: optical length, spreading both ways, sine in air, derivative of it."""

    optical_m: float
    sideways_m: float
    lengthways_m: float
    sine: float
    bend_per_m: float


def _ray(distance_m: float, height_m: float, depth_m: float, index: float) -> _Ray:
    optical_m, in_soil_m, spreading_m, sine, cosine = leg(distance_m, height_m, depth_m, index)
    sideways_m = optical_m - in_soil_m * (index - 1.0 / index)
    lengthways_m = spreading_m**2 / (index * sideways_m)
    below = math.sqrt(1.0 - (sine / index) ** 2)
    return _Ray(optical_m, sideways_m, lengthways_m, sine, cosine * below / lengthways_m)


def _transfer(ways: list[_Way], width_m: float, freq_hz: Values) -> Spectrum:
    """Return by what the spectrum of the cylinder's echo is multiplied."""
    angular = 2.0 * np.pi * freq_hz
    slope = sum(one.slope_s_per_m for one in ways)
    bend = sum(one.bend_s_per_m2 for one in ways)
    gain = math.prod(one.lost / math.sqrt(one.wide_m) for one in ways)
    transfer = 1j * angular * (gain / (2.0 * np.pi * LIGHT_M_PER_S))
    transfer *= np.exp(-1j * angular * sum(one.delay_s for one in ways))
    transfer *= slices(angular, slope_s_per_m=slope, bend_s_per_m2=bend, width_m=width_m)
    for one in ways:
        transfer *= near_field(angular * one.turn_s)
    return np.asarray(transfer, np.complex128)


def slices(
    angular: Values, *, slope_s_per_m: float, bend_s_per_m2: float, width_m: float
) -> Spectrum:
    """Return ``∫ exp(-jω (p u + q u²/2)) du`` over a width, in m.

    Parameters
    ----------
    angular
        Frequencies ω in rad/s, 0 or more.
    slope_s_per_m, bend_s_per_m2
        The delay's derivatives p and q (more than 0) in the middle.
    width_m
        From -width/2 to +width/2.

    Examples
    --------
    >>> import numpy as np
    >>> wide = slices(np.array([6e9]), slope_s_per_m=0.0, bend_s_per_m2=1e-8, width_m=1e3)
    >>> bool(np.isclose(wide[0], np.sqrt(2 * np.pi / 6e9j / 1e-8), rtol=1e-3))
    True
    """
    shift_m = slope_s_per_m / bend_s_per_m2
    scale = np.sqrt(angular * bend_s_per_m2 / np.pi)
    ends = [scale * (shift_m + side * 0.5 * width_m) for side in (-1.0, 1.0)]
    (sine0, cosine0), (sine1, cosine1) = (special.fresnel(one) for one in ends)
    total = np.full(len(angular), width_m, np.complex128)
    some = scale > 0.0
    turned = np.exp(0.5j * angular * slope_s_per_m * shift_m)
    both = turned * ((cosine1 - cosine0) - 1j * (sine1 - sine0))
    total[some] = both[some] / scale[some]
    return total
