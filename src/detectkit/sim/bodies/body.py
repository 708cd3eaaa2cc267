"""What can lie in the ground: parts of a body, the metal in it, and where it was put."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Category = Literal["anti-personnel", "anti-tank", "fragmentation", "clutter"]
PartShape = Literal["cylinder", "sphere", "box", "cone", "capsule"]
MetalShape = Literal["sphere", "rod", "disc", "ring", "shell"]
MetalContent = Literal["none", "minimum", "rich"]

MINIMUM_METAL_M3 = 2.5e-6
"""Metal of 20 g of steel: up to here we call a body minimum-metal."""


@dataclass(frozen=True, slots=True)
class Part:
    """A convex piece of a body; later parts replace what they overlap.

    Parameters
    ----------
    shape
        A cylinder stands upright in the body's own frame, a cone on its base; a capsule lies along
        the first axis. A sphere of unequal extents is an ellipsoid.
    material
        Name of a material of the library.
    size_m
        Extent in the body's own frame: along, across, up. Round shapes have along = across.
    below_top_m
        Of the part's upper end under the body's top.
    """

    shape: PartShape
    material: str
    size_m: tuple[float, float, float]
    below_top_m: float = 0.0


@dataclass(frozen=True, slots=True)
class MetalPart:
    """A piece of metal as a detector's field meets it.

    Parameters
    ----------
    shape
        A body of revolution; `axis` tells how it stands in the body's own frame.
    radius_m, length_m
        Length along the axis: of a rod, thickness of a disc, height of a ring or shell.
    wall_m
        Of a ring or shell.
    conductivity_s_per_m, permeability
        Of the metal; the permeability is relative.
    below_top_m
        Of its centre under the body's top.
    """

    shape: MetalShape
    radius_m: float
    conductivity_s_per_m: float
    permeability: float
    below_top_m: float
    length_m: float = 0.0
    wall_m: float = 0.0
    axis: Literal["vertical", "horizontal"] = "vertical"

    @property
    def volume_m3(self) -> float:
        """Volume of the metal: a shell is a can closed at both ends, a ring is open."""
        if self.shape == "sphere":
            return 4.0 / 3.0 * math.pi * self.radius_m**3
        solid = math.pi * self.radius_m**2 * self.length_m
        if self.shape in {"rod", "disc"}:
            return solid
        inner = max(self.radius_m - self.wall_m, 0.0)
        height = self.length_m - (2.0 * self.wall_m if self.shape == "shell" else 0.0)
        return solid - math.pi * inner**2 * max(height, 0.0)


@dataclass(frozen=True, slots=True)
class Body:
    """A type of mine or clutter, as the library describes it.

    Parameters
    ----------
    name
        As the library lists it, for example ``"PMN-2"``.
    category, kind
        What it is; `kind` in words, for the reader.
    parts
        Outer ones first.
    metal
        Everything a detector may hear.
    known
        Share of its values that have a source (0 to 1); a surrogate with invented values says so.
    """

    name: str
    category: Category
    kind: str
    parts: tuple[Part, ...]
    metal: tuple[MetalPart, ...]
    known: float

    @property
    def outer_radius_m(self) -> float:
        """Half the longest of its extents along and across."""
        return 0.5 * max(max(one.size_m[:2]) for one in self.parts)

    @property
    def thickness_m(self) -> float:
        """From its top to the lowest of its parts."""
        return max(one.below_top_m + one.size_m[2] for one in self.parts)

    @property
    def metal_m3(self) -> float:
        """Volume of all its metal."""
        return sum(one.volume_m3 for one in self.metal)

    @property
    def metal_content(self) -> MetalContent:
        """Its metal in one word, as the truth of a flight says it."""
        if not self.metal:
            return "none"
        return "minimum" if self.metal_m3 <= MINIMUM_METAL_M3 else "rich"


@dataclass(frozen=True, slots=True)
class PlacedBody:
    """A body in the ground.

    Parameters
    ----------
    body
        Which.
    along_m, across_m
        Place of its centre from the start of the lane, along it and to its right.
    depth_m
        Of its top's centre below the local mean ground; negative: it stands out.
    tilt_deg, tilt_direction_deg
        Lean of its axis, and where to: 0 along the lane, 90 to its right.
    turn_deg
        About its own axis; matters for what is not round.
    water
        Share of its hollows that water has filled, 0 to 1.
    name
        Of this one, in the truth; unique where a layout drew it.
    disturbed_m
        How far from its edge the soil above it was dug; 0: untouched.
    """

    body: Body
    along_m: float
    across_m: float
    depth_m: float
    tilt_deg: float = 0.0
    tilt_direction_deg: float = 0.0
    turn_deg: float = 0.0
    water: float = 0.0
    name: str = ""
    disturbed_m: float = 0.0
