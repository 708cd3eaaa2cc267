"""The metal of a whole site or lane: where each piece is, which way it points, how it answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detectkit.sim.bodies.body import MetalPart, PlacedBody
from detectkit.sim.geography import Geography
from detectkit.sim.ground import BuriedObject
from detectkit.sim.induction.tensors import polarisability, tensors
from detectkit.sim.terrain import Surface

LONGEST_M = 0.1
"""A longer rod is a row of shorter pieces, each with its share of the whole's tensor."""

Complex = npt.NDArray[np.complex128]
Values = npt.NDArray[np.float64]
GroundUp = Callable[[Values], Values]


@dataclass(frozen=True, slots=True, eq=False)
class Metal:
    """Pieces of metal in one frame.

    Parameters
    ----------
    place
        Centres, (pieces, 3), in m: east, north, up of a site, or along, across, up of a lane.
    axis
        Unit vectors of their axes in the same frame, (pieces, 3).
    parts
        What they are; their own `axis` and `below_top_m` are in `place` and `axis` already.
    share
        Of its part's tensor that each piece has, (pieces,): below 1 where a long rod is several.
    remanence_a_m2
        Permanent moments, (pieces,); for magnetometers.
    """

    place: Values
    axis: Values
    parts: tuple[MetalPart, ...]
    share: Values
    remanence_a_m2: Values

    @classmethod
    def spheres(
        cls,
        place: Values,
        *,
        radius_m: Values,
        conductivity_s_per_m: Values,
        permeability: Values,
        remanence_a_m2: Values,
    ) -> Metal:
        """Return spheres at places (pieces, 3); the other arrays are (pieces,)."""
        columns = zip(radius_m, conductivity_s_per_m, permeability, strict=True)
        parts = tuple(
            MetalPart("sphere", float(a), float(sigma), float(mu), 0.0) for a, sigma, mu in columns
        )
        upright = np.broadcast_to(np.array([0.0, 0.0, 1.0]), place.shape).copy()
        whole = np.ones(len(parts))
        return cls(place, upright, parts, whole, np.asarray(remanence_a_m2, np.float64))

    def tensors(self, frequency_hz: npt.ArrayLike) -> Complex:
        """Return the moment per field of each piece, (pieces, frequencies, 3, 3) in m³."""
        frequency = np.atleast_1d(np.asarray(frequency_hz, np.float64))
        shape = (len(self.parts), frequency.size, 3, 3)
        found = [
            share * tensors(part, axis, frequency)
            for part, axis, share in zip(self.parts, self.axis, self.share, strict=True)
        ]
        return np.array(found, np.complex128).reshape(shape)

    def with_metal(self, other: Metal) -> Metal:
        """Return these pieces and, after them, those of another, of the same frame."""
        return Metal(
            np.concatenate([self.place, other.place]),
            np.concatenate([self.axis, other.axis]),
            self.parts + other.parts,
            np.concatenate([self.share, other.share]),
            np.concatenate([self.remanence_a_m2, other.remanence_a_m2]),
        )


def metal_of(
    objects: Sequence[BuriedObject],
    surface: Surface,
    geography: Geography,
    *,
    placed: Sequence[PlacedBody] = (),
) -> Metal:
    """Return the metal in the ground of a site, in east, north, up.

    Parameters
    ----------
    objects
        Of a scenario; the metal of each is one sphere.
    surface, geography
        Of the scenario.
    placed
        Bodies of the library, along the first lane and to its right, with all their metal.
    """
    bodies = [one for one in objects if one.metal_radius_m > 0.0]

    def column(name: str) -> Values:
        return np.array([getattr(one, name) for one in bodies], np.float64)

    east, north = geography.local(column("along_m"), column("across_m"))
    below = column("depth_m") + column("metal_depth_m")
    up = surface.mean_up_m(east, north) - below
    balls = Metal.spheres(
        np.column_stack([east, north, up]),
        radius_m=column("metal_radius_m"),
        conductivity_s_per_m=column("metal_conductivity_s_per_m"),
        permeability=column("metal_permeability"),
        remanence_a_m2=column("remanence_a_m2"),
    )

    def ground(along_across: Values) -> Values:
        local = geography.local(along_across[:, 0], along_across[:, 1])
        return surface.mean_up_m(*local)

    lane = metal_of_bodies(placed, ground_up_m=ground)
    return balls.with_metal(
        replace(lane, place=_turned(lane.place, geography), axis=_turned(lane.axis, geography))
    )


def metal_of_bodies(placed: Sequence[PlacedBody], *, ground_up_m: GroundUp | None = None) -> Metal:
    """Return all metal of bodies of the library, in along, across (right), up of their lane.

    Parameters
    ----------
    placed
        Bodies, as a layout or a recipe put them.
    ground_up_m
        Mean ground in m, (places,), at places along and across, (places, 2). None: level, at 0.
    """
    found = nothing()
    for one in placed:
        top = 0.0
        if ground_up_m is not None:
            top = float(ground_up_m(np.array([[one.along_m, one.across_m]]))[0])
        found = found.with_metal(_pieces(one, top))
    return found


def nothing() -> Metal:
    """Return no metal."""
    empty, rows = np.zeros(0), np.zeros((0, 3))
    return Metal(rows, rows, (), empty, empty)


def response_tensors(
    placed: PlacedBody,
    frequency_hz: npt.ArrayLike,
    *,
    ground_up_m: float = 0.0,
    corrosion: float = 0.0,
) -> tuple[Values, Complex]:
    """Return where the metal of a body is, and the moment per field of each piece.

    Parameters
    ----------
    placed
        The body in the ground; it leans about its middle, as its outlines do. A rod longer than
        0.1 m comes as several pieces.
    frequency_hz
        One or many, 0 too.
    ground_up_m
        Of the local mean ground.
    corrosion
        Share of the metal that rust has taken, 0 to below 1: it scales the conductivity and what
        the permeability has above 1. A rule of thumb, without a source.

    Returns
    -------
    place
        Along, across (to the right), up in m, float64 (pieces, 3).
    tensor
        In m³, complex128 (pieces, frequencies, 3, 3), in the same axes.

    Examples
    --------
    >>> from detectkit.sim.bodies.body import Body, Part
    >>> pin = MetalPart("rod", 0.003, 5e6, 80.0, below_top_m=0.02, length_m=0.03)
    >>> case = Part("cylinder", "plastic", (0.1, 0.1, 0.04))
    >>> body = Body("pin", "clutter", "a pin in a case", (case,), (pin,), 0.0)
    >>> place, tensor = response_tensors(PlacedBody(body, 1.0, 0.0, 0.05), [0.0, 2e4])
    >>> place.round(3).tolist(), tensor.shape
    ([[1.0, 0.0, -0.07]], (1, 2, 3, 3))
    """
    metal = _pieces(placed, ground_up_m)
    rusty = replace(metal, parts=tuple(_corroded(one, corrosion) for one in metal.parts))
    return metal.place, rusty.tensors(frequency_hz)


def _corroded(part: MetalPart, corrosion: float) -> MetalPart:
    left = 1.0 - corrosion
    return replace(
        part,
        conductivity_s_per_m=left * part.conductivity_s_per_m,
        permeability=1.0 + left * (part.permeability - 1.0),
    )


def _pieces(placed: PlacedBody, ground_up_m: float) -> Metal:
    """Return a body's metal in along, across, up."""
    first, upright = _axes(placed)
    half = 0.5 * placed.body.thickness_m
    middle_up = ground_up_m - placed.depth_m - half * upright[2]
    middle = np.array([placed.along_m, placed.across_m, middle_up])
    places, axes, parts, shares = [np.zeros((0, 3))], [np.zeros((0, 3))], [], [np.zeros(0)]
    for one in placed.body.metal:
        axis = upright if one.axis == "vertical" else first
        count = math.ceil(one.length_m / LONGEST_M) if one.shape == "rod" else 1
        offsets = ((np.arange(count) + 0.5) / count - 0.5) * one.length_m
        centre = middle + (half - one.below_top_m) * upright
        places.append(centre + offsets[:, np.newaxis] * axis)
        axes.append(np.tile(axis, (count, 1)))
        parts += [one] * count
        shares.append(np.full(count, 1.0 / count))
    share = np.concatenate(shares)
    none = np.zeros(len(share))
    return Metal(np.concatenate(places), np.concatenate(axes), tuple(parts), share, none)


def _axes(placed: PlacedBody) -> tuple[Values, Values]:
    """Return the body's first axis and its own, turned about the latter and then leant."""
    tilt = math.radians(placed.tilt_deg)
    direction = math.radians(placed.tilt_direction_deg)
    turn = math.radians(placed.turn_deg) - direction
    toward = np.array([math.cos(direction), math.sin(direction), 0.0])
    beside = np.array([-math.sin(direction), math.cos(direction), 0.0])
    up = np.array([0.0, 0.0, 1.0])
    leant = math.cos(tilt) * toward - math.sin(tilt) * up
    first = math.cos(turn) * leant + math.sin(turn) * beside
    return first, math.sin(tilt) * toward + math.cos(tilt) * up


def _turned(rows: Values, geography: Geography) -> Values:
    east, north = geography.local(rows[:, 0], rows[:, 1])
    return np.column_stack([east, north, rows[:, 2]])


def axial_and_across(metal: Metal, frequency_hz: Values) -> tuple[Complex, Complex]:
    """Return the moments per field along and across the axes, (frequencies, pieces) each."""
    found = np.array([polarisability(one, frequency_hz) for one in metal.parts], np.complex128)
    table = found.reshape(len(metal.parts), 2, len(frequency_hz)).T * metal.share
    return table[:, 0].copy(), table[:, 1].copy()
