"""What can lie in the ground: parts of a body, the metal in it, and where it was put."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Category = Literal["anti-personnel", "anti-tank", "fragmentation", "clutter"]
PartShape = Literal["cylinder", "sphere", "box", "cone", "capsule"]
MetalShape = Literal["sphere", "rod", "disc", "ring", "shell"]


@dataclass(frozen=True, slots=True)
class Part:
    """A convex piece of a body; later parts replace what they overlap.

    Parameters
    ----------
    shape
        A cylinder stands upright in the body's own frame; a capsule lies along its first axis.
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
    """

    body: Body
    along_m: float
    across_m: float
    depth_m: float
    tilt_deg: float = 0.0
    tilt_direction_deg: float = 0.0
    turn_deg: float = 0.0
    water: float = 0.0
