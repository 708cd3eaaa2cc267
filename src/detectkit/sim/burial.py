"""What lies in the ground of a flight: tables of the scenario, bodies of the library, layouts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from detectkit.core import UsageError
from detectkit.core.settings import build
from detectkit.sim.bodies import Body, Library, MetalPart, Part, PlacedBody, load_library
from detectkit.sim.ground import BuriedObject
from detectkit.sim.layout import Layout, draw_layout
from detectkit.sim.scene import METAL, Material

Pair = tuple[float, float]
Table = dict[str, Any]

SHALLOWEST_M = 0.002
"""Of the ray model's points, which know nothing that stands out."""
THINNEST_M = 0.02
"""Of a disc without thickness in the full-wave model."""


@dataclass(frozen=True, slots=True, eq=False)
class Buried:
    """Everything in the ground, as each model wants it.

    Parameters
    ----------
    objects
        All, for the truth.
    preview
        All, as the ray model knows them: flat discs and spheres under the surface.
    spheres
        Those without a body of the library; the metal of each is one sphere.
    bodies
        Bodies of the library, for detectors.
    targets, clutter
        All, for the full-wave model.
    library
        Their materials.
    """

    objects: tuple[BuriedObject, ...]
    preview: tuple[BuriedObject, ...]
    spheres: tuple[BuriedObject, ...]
    bodies: tuple[PlacedBody, ...]
    targets: tuple[PlacedBody, ...]
    clutter: tuple[PlacedBody, ...]
    library: Library


def buried_in(
    objects: Sequence[BuriedObject],
    layouts: Sequence[Layout],
    *,
    seed: int,
    along_m: Pair,
    across_m: Pair,
) -> Buried:
    """Return what lies in the ground, with the layouts drawn.

    Parameters
    ----------
    objects, layouts
        Of the scenario. Layouts keep away from the objects.
    seed
        Of the layouts.
    along_m, across_m
        Their area, from and to.

    Raises
    ------
    UsageError
        A body that the library does not have, a layout that does not fit, a name that is there
        twice.
    """
    library = load_library()
    spheres = tuple(one for one in objects if not one.body)
    bodies = tuple(placed_of(one, library) for one in objects if one.body)
    drawn = draw_layout(
        layouts, library, seed=seed, along_m=along_m, across_m=across_m, placed=bodies
    )
    every = (*objects, *(object_of(one, library) for one in drawn))
    _require_unique([one.name for one in every])
    materials = {_material_of(one): _filling(one) for one in spheres}
    solid = (*(_solid(one) for one in spheres), *bodies, *drawn)
    is_clutter = {one.name: one.object_class == "clutter" for one in every}
    placed = {one.name: one for one in (*bodies, *drawn)}
    return Buried(
        every,
        tuple(_previewed(one, placed.get(one.name)) for one in every),
        spheres,
        (*bodies, *drawn),
        tuple(one for one in solid if not is_clutter[one.name]),
        tuple(one for one in solid if is_clutter[one.name]),
        replace(library, materials=MappingProxyType({**library.materials, **materials})),
    )


def table_filled(table: Table, *, where: str) -> BuriedObject:
    """Build an object from its table; what a ``body`` of the library tells need not be said.

    Raises
    ------
    UsageError
        No such body, or a setting that is unknown, missing or not allowed; begins with `where`.
    """
    name = table.get("body", "")
    if not isinstance(name, str) or not name:
        return build(BuriedObject, table, where=where)
    library = load_library()
    if name not in library:
        msg = f"{where}: no body {name!r} in the library; there are: {', '.join(library)}"
        raise UsageError(msg)
    return build(BuriedObject, {**_known(library[name], library), **table}, where=where)


def object_of(placed: PlacedBody, library: Library) -> BuriedObject:
    """Return a body of the library as the truth tells it."""
    return BuriedObject(
        name=placed.name,
        along_m=placed.along_m,
        across_m=placed.across_m,
        depth_m=placed.depth_m,
        body=placed.body.name,
        tilt_deg=placed.tilt_deg,
        tilt_direction_deg=placed.tilt_direction_deg,
        turn_deg=placed.turn_deg,
        water=placed.water,
        disturbed_m=placed.disturbed_m,
        **_known(placed.body, library),
    )


def placed_of(one: BuriedObject, library: Library) -> PlacedBody:
    """Return an object that names a body of the library, with what it says otherwise."""
    return PlacedBody(
        _as_said(library[one.body], one, library),
        along_m=one.along_m,
        across_m=one.across_m,
        depth_m=one.depth_m,
        tilt_deg=one.tilt_deg,
        tilt_direction_deg=one.tilt_direction_deg,
        turn_deg=one.turn_deg,
        water=one.water,
        name=one.name,
        disturbed_m=one.disturbed_m,
    )


def _known(body: Body, library: Library) -> Table:
    """Return what a body tells of an object."""
    is_clutter = body.category == "clutter"
    metal: Table = {"metal": body.metal_content}
    if body.metal:
        largest = max(body.metal, key=lambda part: part.volume_m3)
        metal |= {
            "metal_radius_m": (0.75 * body.metal_m3 / math.pi) ** (1.0 / 3.0),
            "metal_conductivity_s_per_m": largest.conductivity_s_per_m,
            "metal_permeability": largest.permeability,
            "metal_depth_m": max(largest.below_top_m, 0.0),
        }
    return {
        "object_class": "clutter" if is_clutter else "target",
        "kind": body.kind if is_clutter else f"{body.kind} (simulated)",
        "radius_m": body.outer_radius_m,
        "thickness_m": body.thickness_m,
        "shape": "sphere" if body.parts[0].shape == "sphere" else "disc",
        "permittivity": library.fill_permittivity(body),
        **metal,
    }


def _as_said(body: Body, one: BuriedObject, library: Library) -> Body:
    """Return a body of the size, and with the metal, that an object says."""
    known = _known(body, library)
    wide, high = one.radius_m / known["radius_m"], one.thickness_m / known["thickness_m"]
    if (wide, high) != (1.0, 1.0):
        parts = tuple(
            replace(
                part,
                size_m=(wide * part.size_m[0], wide * part.size_m[1], high * part.size_m[2]),
                below_top_m=high * part.below_top_m,
            )
            for part in body.parts
        )
        metal = tuple(replace(part, below_top_m=high * part.below_top_m) for part in body.metal)
        body = replace(body, parts=parts, metal=metal)
    names = ("metal_radius_m", "metal_conductivity_s_per_m", "metal_permeability", "metal_depth_m")
    if any(getattr(one, name) != known.get(name, _UNSAID[name]) for name in names):
        body = replace(body, metal=_sphere(one))
    return body


_UNSAID = {
    name: BuriedObject.__dataclass_fields__[name].default
    for name in (
        "metal_radius_m", "metal_conductivity_s_per_m", "metal_permeability", "metal_depth_m",
    )
}  # fmt: skip


def _sphere(one: BuriedObject) -> tuple[MetalPart, ...]:
    if one.metal_radius_m == 0.0:
        return ()
    return (
        MetalPart(
            "sphere",
            one.metal_radius_m,
            one.metal_conductivity_s_per_m,
            one.metal_permeability,
            one.metal_depth_m,
        ),
    )


def _previewed(one: BuriedObject, placed: PlacedBody | None) -> BuriedObject:
    """Return an object as a flat disc of the same area, or a sphere, under the surface."""
    if placed is None:
        return one
    outer = placed.body.parts[0].size_m
    return replace(
        one,
        radius_m=0.5 * (outer[0] * outer[1]) ** 0.5,
        depth_m=max(one.depth_m, SHALLOWEST_M),
    )


def _solid(one: BuriedObject) -> PlacedBody:
    """Return a disc or sphere of the scenario as a body."""
    wide = 2.0 * one.radius_m
    high = wide if one.shape == "sphere" else max(one.thickness_m, THINNEST_M)
    shape: Any = "sphere" if one.shape == "sphere" else "cylinder"
    body = Body(
        name=one.name,
        category="clutter",
        kind=one.kind,
        parts=(Part(shape, _material_of(one), (wide, wide, high)),),
        metal=_sphere(one),
        known=0.0,
    )
    return PlacedBody(body, one.along_m, one.across_m, one.depth_m, name=one.name)


def _material_of(one: BuriedObject) -> str:
    return f"filling of {one.name}"


def _filling(one: BuriedObject) -> Material:
    return METAL if one.permittivity == 0.0 else Material(one.permittivity)


def _require_unique(names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        msg = (
            f"scenario: {twice[0]!r} names an object and one of a layout; give the [[layout]] "
            "another name"
        )
        raise UsageError(msg)
