"""Kinds of bodies as the library's files describe them: values with sources, not yet a body."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from detectkit.core import UsageError
from detectkit.core.settings import build
from detectkit.sim.bodies.body import Body, Category, MetalPart, MetalShape, Part, PartShape
from detectkit.sim.bodies.values import SOURCED, Number, Pick, Word, nominal, read

Table = dict[str, Any]
Axis = Literal["vertical", "horizontal"]

ROUND = ("diameter_m", "height_m")
EXTENTS = ("length_m", "width_m", "height_m")
SIZES: dict[PartShape, tuple[tuple[str, ...], ...]] = {
    "cylinder": (ROUND,),
    "cone": (ROUND,),
    "sphere": (("diameter_m",), EXTENTS),
    "box": (EXTENTS,),
    "capsule": (("length_m", "diameter_m"),),
}
"""Shape → the sets of sizes that describe it."""

METAL_NUMBERS = ("radius_m", "length_m", "wall_m", "below_top_m")


@dataclass(frozen=True, slots=True)
class Metal:
    """A metal as coils meet it; radar takes its conductivity."""

    conductivity_s_per_m: Number
    permeability: Number


@dataclass(frozen=True, slots=True)
class PartKind:
    """A part whose sizes are values with sources."""

    name: str
    shape: PartShape
    material: Word
    sizes: Mapping[str, Number]
    below_top_m: Number | None


@dataclass(frozen=True, slots=True)
class MetalKind:
    """A piece of metal whose numbers are values with sources."""

    name: str
    shape: MetalShape
    axis: Axis
    metal: Word
    numbers: Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class BodyKind:
    """What the library says of a type of body."""

    name: str
    category: Category
    kind: str
    note: str
    parts: tuple[PartKind, ...]
    metal: tuple[MetalKind, ...]

    def values(self) -> Iterator[tuple[str, str, Number | Word]]:
        """Yield item, quantity and value of everything that is said."""
        for part in self.parts:
            yield part.name, "material", part.material
            yield from ((part.name, name, number) for name, number in part.sizes.items())
            if part.below_top_m is not None:
                yield part.name, "below_top_m", part.below_top_m
        for piece in self.metal:
            yield piece.name, "metal", piece.metal
            yield from ((piece.name, name, number) for name, number in piece.numbers.items())

    def body(self, metals: Mapping[str, Metal], pick: Pick) -> Body:
        """Return a body; the first part's size scales the depths and sizes of the rest."""
        first = self.parts[0]
        true, drawn = _extent(first, nominal), _extent(first, pick)
        scale = (drawn[0] / true[0], drawn[1] / true[1], drawn[2] / true[2])
        rest = tuple(_part(one, pick, scale) for one in self.parts[1:])
        confidences = [one.confidence for _, _, one in self.values()]
        return Body(
            name=self.name,
            category=self.category,
            kind=self.kind,
            parts=(Part(first.shape, first.material.value, drawn, _below(first, pick)), *rest),
            metal=tuple(_piece(one, metals, pick, scale[2]) for one in self.metal),
            known=sum(one in SOURCED for one in confidences) / len(confidences),
        )


@dataclass(frozen=True, slots=True)
class _Head:
    """Plain settings of a body's table."""

    category: Category
    kind: str
    note: str = ""


def body_kind(name: str, table: Any, *, where: str, sources: Collection[str]) -> BodyKind:
    """Read one ``[body.NAME]``.

    Raises
    ------
    UsageError
        A key that is unknown, missing or ill-typed; names the file, the table and the key.
    """
    if not isinstance(table, dict):
        msg = f"{where}: {table!r} is not a table"
        raise UsageError(msg)
    plain = {key: value for key, value in table.items() if key not in {"part", "metal"}}
    head = build(_Head, plain, where=where)
    parts = tuple(_part_kind(*one, sources) for one in _numbered(table, "part", where))
    if not parts:
        msg = f"{where}: give at least one [[body.{name}.part]]"
        raise UsageError(msg)
    metal = tuple(_metal_kind(*one, sources) for one in _numbered(table, "metal", where))
    return BodyKind(name, head.category, head.kind, head.note, parts, metal)


def _numbered(table: Table, key: str, where: str) -> list[tuple[Table, str]]:
    listed = table.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        msg = f"{where}: write {key!r} as an array of tables"
        raise UsageError(msg)
    return [(one, f"{where}, {key} {number}") for number, one in enumerate(listed, start=1)]


def _part_kind(table: Table, where: str, sources: Collection[str]) -> PartKind:
    name, shape = _words(table, where, PartShape)
    found = _sizes_given(table, cast("PartShape", shape), where)
    _require_keys(table, ("name", "shape", "material", "below_top_m", *found), where)
    below = table.get("below_top_m")
    return PartKind(
        name=name,
        shape=cast("PartShape", shape),
        material=read(Word, table.get("material"), where=f"{where}, material", sources=sources),
        sizes={
            key: read(Number, table[key], where=f"{where}, {key}", sources=sources) for key in found
        },
        below_top_m=None
        if below is None
        else read(Number, below, where=f"{where}, below_top_m", sources=sources),
    )


def _sizes_given(table: Table, shape: PartShape, where: str) -> tuple[str, ...]:
    for keys in SIZES[shape]:
        if all(key in table for key in keys):
            return keys
    allowed = " or ".join(", ".join(keys) for keys in SIZES[shape])
    msg = f"{where}: a {shape} needs {allowed}"
    raise UsageError(msg)


def _metal_kind(table: Table, where: str, sources: Collection[str]) -> MetalKind:
    name, shape = _words(table, where, MetalShape)
    _require_keys(table, ("name", "shape", "axis", "metal", *METAL_NUMBERS), where)
    axis = table.get("axis", "vertical")
    if axis not in get_args(Axis):
        msg = f"{where}: axis = {axis!r}; allowed: {', '.join(get_args(Axis))}"
        raise UsageError(msg)
    needed = {"radius_m", "below_top_m"}
    needed |= set() if shape == "sphere" else {"length_m"}
    needed |= {"wall_m"} if shape in {"ring", "shell"} else set()
    missing = sorted(needed - table.keys())
    if missing:
        msg = f"{where}: a {shape} needs {', '.join(missing)}"
        raise UsageError(msg)
    return MetalKind(
        name=name,
        shape=cast("MetalShape", shape),
        axis=axis,
        metal=read(Word, table.get("metal"), where=f"{where}, metal", sources=sources),
        numbers={
            key: read(Number, table[key], where=f"{where}, {key}", sources=sources)
            for key in METAL_NUMBERS
            if key in table
        },
    )


def _words(table: Table, where: str, shapes: Any) -> tuple[str, str]:
    name, shape = table.get("name"), table.get("shape")
    if not isinstance(name, str) or not name:
        msg = f"{where}: name = {name!r}; give it a name"
        raise UsageError(msg)
    if shape not in get_args(shapes):
        msg = f"{where}: shape = {shape!r}; allowed: {', '.join(get_args(shapes))}"
        raise UsageError(msg)
    return name, str(shape)


def _require_keys(table: Table, allowed: tuple[str, ...], where: str) -> None:
    unknown = [key for key in table if key not in allowed]
    if unknown:
        msg = f"{where}: no key {unknown[0]!r}; allowed: {', '.join(allowed)}"
        raise UsageError(msg)


def _below(kind: PartKind, pick: Pick) -> float:
    return 0.0 if kind.below_top_m is None else pick(kind.below_top_m)


def _extent(kind: PartKind, pick: Pick) -> tuple[float, float, float]:
    """Return a part's extent along, across and up."""
    size = {name: pick(number) for name, number in kind.sizes.items()}
    if kind.shape == "capsule":
        return size["length_m"], size["diameter_m"], size["diameter_m"]
    if "diameter_m" in size:
        return size["diameter_m"], size["diameter_m"], size.get("height_m", size["diameter_m"])
    return size["length_m"], size["width_m"], size["height_m"]


def _part(kind: PartKind, pick: Pick, scale: tuple[float, float, float]) -> Part:
    along, across, up = _extent(kind, pick)
    size = (along * scale[0], across * scale[1], up * scale[2])
    return Part(kind.shape, kind.material.value, size, _below(kind, pick) * scale[2])


def _piece(kind: MetalKind, metals: Mapping[str, Metal], pick: Pick, scale: float) -> MetalPart:
    number = {name: pick(value) for name, value in kind.numbers.items()}
    metal = metals[kind.metal.value]
    return MetalPart(
        shape=kind.shape,
        radius_m=number["radius_m"],
        conductivity_s_per_m=pick(metal.conductivity_s_per_m),
        permeability=pick(metal.permeability),
        below_top_m=number["below_top_m"] * scale,
        length_m=number.get("length_m", 0.0),
        wall_m=number.get("wall_m", 0.0),
        axis=kind.axis,
    )
