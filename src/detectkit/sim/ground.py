"""What a scenario says of the ground: its shape, its soil, and what is buried in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detectkit.core import UsageError
from detectkit.sim._checks import (
    require_ascending,
    require_at_least_one,
    require_not_negative,
    require_positive,
)

Metal = Literal["none", "minimum", "rich"]
Shape = Literal["disc", "sphere"]
ObjectClass = Literal["target", "clutter"]


@dataclass(frozen=True, slots=True)
class Terrain:
    """Shape of the ground: a slope, gentle hills that the flight follows, and roughness.

    Parameters
    ----------
    slope_deg, slope_direction_deg
        Steepness, and the direction in which it rises, clockwise from north.
    hills_m, hills_length_m
        Root mean square height of the hills, and their shortest and longest wave.
    roughness_m, roughness_length_m
        The same of clods and ruts, which the flight does not follow.
    """

    slope_deg: float = 0.0
    slope_direction_deg: float = 0.0
    hills_m: float = 0.0
    hills_length_m: tuple[float, float] = (8.0, 40.0)
    roughness_m: float = 0.0
    roughness_length_m: tuple[float, float] = (0.12, 0.6)

    def __post_init__(self) -> None:
        require_not_negative(self, "hills_m", "roughness_m", "slope_deg")
        require_ascending(self, "hills_length_m", "roughness_length_m")
        if self.slope_deg > 30.0:
            msg = f"scenario: slope_deg = {self.slope_deg}; the ray model allows 0 to 30"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Vegetation:
    """Grass over the ground: the radar looks through it, an altimeter often does not.

    Parameters
    ----------
    grass_m, grass_water
        Mean height of the grass and the share of water in its volume, see
        `detectkit.sim.scene.Subsurface`; they replace those of a ``[subsurface]``. The ray model
        knows no grass.
    hit_share
        Share of the altimeter's rows that end at the top of the grass, not at the ground; which
        rows these are is random.
    """

    grass_m: float = 0.0
    grass_water: float = 0.003
    hit_share: float = 0.5

    def __post_init__(self) -> None:
        require_not_negative(self, "grass_m", "grass_water", "hit_share")
        if self.hit_share > 1.0:
            msg = f"scenario: hit_share = {self.hit_share} of Vegetation; give 0 to 1"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Soil:
    """What waves and fields run through.

    Parameters
    ----------
    permittivity
        Relative, real part, the same at all frequencies.
    conductivity_s_per_m
        Attenuates the waves.
    inhomogeneities_per_m2, inhomogeneity_m, deepest_m
        Roots, clods, gravel: how many weak points per area of ground, their scattering length (one
        standard deviation; the echo's amplitude is this length over the product of the two
        distances), and down to which depth.
    surface_spacing_m
        Of the points by which the roughness of the surface scatters: a grid, a quarter of the
        wave length in air or less.
    susceptibility
        Magnetic, SI, in phase.
    viscosity_ratio
        Quadrature part of the susceptibility over the in-phase part.
    """

    permittivity: float = 6.0
    conductivity_s_per_m: float = 0.01
    inhomogeneities_per_m2: float = 40.0
    inhomogeneity_m: float = 0.0008
    deepest_m: float = 0.6
    surface_spacing_m: float = 0.06
    susceptibility: float = 2e-4
    viscosity_ratio: float = 0.02

    def __post_init__(self) -> None:
        require_at_least_one(self, "permittivity")
        require_positive(self, "deepest_m", "surface_spacing_m")
        require_not_negative(
            self, "conductivity_s_per_m", "inhomogeneities_per_m2", "inhomogeneity_m",
            "susceptibility", "viscosity_ratio",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BuriedObject:
    """A body in the ground, and the metal in it.

    Parameters
    ----------
    name
        Unique in the scenario.
    object_class, kind
        ``"target"`` (a surrogate) or ``"clutter"``, and what it is, for the reader.
    along_m, across_m
        Place from the start of the first lane, along it and to its right.
    depth_m
        Of its top below the ground's mean surface.
    radius_m, thickness_m
        Of the body. A sphere has no thickness.
    shape
        ``"disc"`` lies flat; ``"sphere"`` answers as one point.
    permittivity
        Relative, of the body's filling; 0 stands for metal.
    metal
        How much of it is metal, in words, for the truth.
    metal_radius_m, metal_conductivity_s_per_m, metal_permeability
        Sphere that stands for the metal in the field of coils and magnetometers; radius 0: none.
    metal_depth_m
        Of the metal below the body's top.
    remanence_a_m2
        Permanent magnetic moment of ferrous parts, in a direction drawn at random.
    body
        Name in the library of bodies; fills what the scenario does not say, and the depth may then
        be negative: standing out. Empty: one disc or sphere, as said here.
    tilt_deg, tilt_direction_deg, turn_deg, water, disturbed_m
        How a body of the library lies, see `detectkit.sim.bodies.PlacedBody`; the ray model lays
        all flat.
    """

    name: str
    object_class: ObjectClass
    kind: str
    along_m: float
    across_m: float
    depth_m: float
    radius_m: float
    thickness_m: float = 0.0
    shape: Shape = "disc"
    permittivity: float = 3.0
    metal: Metal = "none"
    metal_radius_m: float = 0.0
    metal_conductivity_s_per_m: float = 5e6
    metal_permeability: float = 1.0
    metal_depth_m: float = 0.0
    remanence_a_m2: float = 0.0
    body: str = ""
    tilt_deg: float = 0.0
    tilt_direction_deg: float = 0.0
    turn_deg: float = 0.0
    water: float = 0.0
    disturbed_m: float = 0.0

    def __post_init__(self) -> None:
        require_positive(self, "radius_m", "metal_conductivity_s_per_m")
        if not self.body:
            require_positive(self, "depth_m")
        require_not_negative(
            self, "thickness_m", "metal_radius_m", "metal_depth_m", "remanence_a_m2", "tilt_deg",
            "water", "disturbed_m",
        )  # fmt: skip
        if self.tilt_deg > 90.0 or self.water > 1.0:
            msg = (
                f"scenario: object {self.name!r} has tilt_deg = {self.tilt_deg}, water = "
                f"{self.water}; give at most 90 and 1"
            )
            raise UsageError(msg)
        require_at_least_one(self, "metal_permeability")
        if self.permittivity != 0.0 and self.permittivity < 1.0:
            msg = (
                f"scenario: object {self.name!r} has permittivity = {self.permittivity}; "
                "give 1 or more, or 0 for metal"
            )
            raise UsageError(msg)
        if (self.metal == "none") != (self.metal_radius_m == 0.0):
            msg = (
                f"scenario: object {self.name!r} has metal = {self.metal!r} but metal_radius_m = "
                f"{self.metal_radius_m}; a radius above 0 goes with 'minimum' or 'rich'"
            )
            raise UsageError(msg)
