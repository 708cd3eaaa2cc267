"""The library of mines and clutter: read from TOML, each value with its source and confidence."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from detectkit.core import UsageError
from detectkit.core.settings import build
from detectkit.sim.bodies.body import Body, Category, Part
from detectkit.sim.bodies.kinds import BodyKind, Metal, body_kind
from detectkit.sim.bodies.values import Confidence, Number, Word, nominal, read
from detectkit.sim.scene.section import Material

PACKAGE = "detectkit_sim_data"
FOLDER = "targets"
TABLES = ("sources", "material", "metal", "body")
MATERIAL_NUMBERS = ("permittivity", "conductivity_s_per_m", "debye_strength")
METAL_NUMBERS = ("conductivity_s_per_m", "permeability")

Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value is from.

    Parameters
    ----------
    title, author, year, url
        As far as known.
    note
        What it is worth, for example that it is a compilation.
    """

    title: str
    author: str = ""
    year: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of the library, for a table: of what, which quantity, how it is known."""

    item: str
    quantity: str
    value: float | str
    low: float | None
    high: float | None
    source: str
    confidence: Confidence
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """Types of bodies and what they are made of.

    ``library["PMN-2"]`` is the body with the nominal values, `draw` one with values drawn from
    their ranges. Built by `load_library`.

    Examples
    --------
    >>> library = load_library()
    >>> library["PMN-2"].category
    'anti-personnel'
    >>> import numpy as np
    >>> drawn = library.draw("PMN-2", np.random.default_rng(1))
    >>> 0.118 < 2.0 * drawn.outer_radius_m < 0.126
    True
    """

    kinds: Mapping[str, BodyKind]
    materials: Mapping[str, Material]
    metals: Mapping[str, Metal]
    sources: Mapping[str, Source]
    material_values: Mapping[str, Mapping[str, Number]]

    def __getitem__(self, name: str) -> Body:
        """Return the nominal body of that name; raises UsageError with the names there are."""
        return self._kind(name).body(self.metals, nominal)

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a body of that name."""
        return name in self.kinds

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, in the order of the files."""
        return iter(self.kinds)

    def __len__(self) -> int:
        """Return how many types of bodies there are."""
        return len(self.kinds)

    def names(self, category: Category | None = None) -> tuple[str, ...]:
        """Return the names of all bodies, or those of a category."""
        kinds = self.kinds.values()
        return tuple(one.name for one in kinds if category in {None, one.category})

    def draw(self, name: str, rng: np.random.Generator) -> Body:
        """Return a body whose values are drawn evenly from their ranges, in a fixed order.

        Raises
        ------
        UsageError
            No such body; lists those there are.
        """
        return self._kind(name).body(self.metals, lambda one: _drawn(one, rng))

    def with_drawn_materials(self, rng: np.random.Generator) -> Library:
        """Return the library with each material's values drawn from their ranges."""
        drawn = {
            name: Material(**{key: _drawn(number, rng) for key, number in numbers.items()})
            for name, numbers in self.material_values.items()
        }
        return replace(self, materials=MappingProxyType({**self.materials, **drawn}))

    def facts(self, name: str) -> tuple[Fact, ...]:
        """Return every value of a body with its source and confidence, in the file's order."""
        return tuple(_fact(*one) for one in self._kind(name).values())

    def material_facts(self, name: str) -> tuple[Fact, ...]:
        """Return every value of a material or metal, with its source and confidence.

        Raises
        ------
        UsageError
            No such material; lists those there are.
        """
        if name in self.material_values:
            return tuple(_fact(name, *one) for one in self.material_values[name].items())
        if name in self.metals:
            metal = self.metals[name]
            return tuple(_fact(name, key, getattr(metal, key)) for key in METAL_NUMBERS)
        msg = f"library: no material {name!r}; there are: {', '.join(self.materials)}"
        raise UsageError(msg)

    def fill_permittivity(self, body: Body) -> float:
        """Return the relative permittivity of a body's largest filling; 0 stands for metal.

        What a ray model needs of a body: parts are told by their volume less that of the parts
        painted over them, as if each lay inside the one before.
        """
        volumes = [float(np.prod(one.size_m)) for one in body.parts]
        left = [
            own - sum(_shared(one, later) for later in body.parts[number + 1 :])
            for number, (one, own) in enumerate(zip(body.parts, volumes, strict=True))
        ]
        largest = body.parts[int(np.argmax(left))].material
        if largest in self.metals:
            return 0.0
        material = self.materials[largest]
        return material.permittivity + material.debye_strength

    def _kind(self, name: str) -> BodyKind:
        try:
            return self.kinds[name]
        except KeyError:
            msg = f"library: no body {name!r}; there are: {', '.join(self.kinds)}"
            raise UsageError(msg) from None


def load_library(path: str | Path | None = None) -> Library:
    """Read a library: a file or a folder of TOML files; without a path the one that ships.

    Raises
    ------
    UsageError
        No such path, not TOML, or a value that is unknown, missing or without its source; names
        file, table and key.
    """
    if path is None:
        return _shipped()
    place = Path(path)
    found = sorted(place.glob("*.toml")) if place.is_dir() else [place]
    if not found or not all(one.is_file() for one in found):
        msg = f"library: no TOML files at {place}; give a file or a folder of them"
        raise UsageError(msg)
    return library_of({one.name: one.read_text(encoding="utf-8") for one in found})


def library_of(texts: Mapping[str, str]) -> Library:
    """Build a library from TOML texts by file name; see `load_library`."""
    entries: dict[str, dict[str, tuple[Any, str]]] = {name: {} for name in TABLES}
    for file, text in texts.items():
        _collect(entries, file, text)
    sources = {
        name: build(Source, table, where=where)
        for name, (table, where) in entries["sources"].items()
    }
    numbers = {
        name: _numbers(table, where, MATERIAL_NUMBERS, sources)
        for name, (table, where) in entries["material"].items()
    }
    metals = {
        name: Metal(**_numbers(table, where, METAL_NUMBERS, sources))
        for name, (table, where) in entries["metal"].items()
    }
    kinds = {
        name: body_kind(name, table, where=where, sources=sources)
        for name, (table, where) in entries["body"].items()
    }
    materials = {
        name: Material(**{key: number.value for key, number in found.items()})
        for name, found in numbers.items()
    }
    for name, metal in metals.items():
        materials[name] = Material(conductivity_s_per_m=metal.conductivity_s_per_m.value)
    for name, kind in kinds.items():
        _require_materials(kind, entries["body"][name][1], materials, metals)
    return Library(
        MappingProxyType(kinds),
        MappingProxyType(materials),
        MappingProxyType(metals),
        MappingProxyType(sources),
        MappingProxyType(numbers),
    )


@cache
def _shipped() -> Library:
    folder = files(PACKAGE).joinpath(FOLDER)
    found = sorted(one.name for one in folder.iterdir() if one.name.endswith(".toml"))
    return library_of({name: folder.joinpath(name).read_text(encoding="utf-8") for name in found})


def _collect(entries: dict[str, dict[str, tuple[Any, str]]], file: str, text: str) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{file}: not TOML: {error}"
        raise UsageError(msg) from error
    for table, named in document.items():
        if table not in entries or not isinstance(named, dict):
            msg = f"{file}: no table {table!r}; allowed: {', '.join(TABLES)}"
            raise UsageError(msg)
        for name, value in named.items():
            where = f"{file}, [{table}.{name}]"
            if name in entries[table]:
                msg = f"{where}: is there twice, first as {entries[table][name][1]}"
                raise UsageError(msg)
            entries[table][name] = (value, where)


def _numbers(
    table: Any, where: str, allowed: tuple[str, ...], sources: Mapping[str, Source]
) -> dict[str, Number]:
    if not isinstance(table, dict):
        msg = f"{where}: {table!r} is not a table"
        raise UsageError(msg)
    unknown = [key for key in table if key not in allowed]
    if unknown or allowed[0] not in table:
        msg = f"{where}: has {', '.join(table) or 'nothing'}; give {', '.join(allowed)}"
        raise UsageError(msg)
    return {
        key: read(Number, value, where=f"{where}, {key}", sources=sources)
        for key, value in table.items()
    }


def _require_materials(
    kind: BodyKind, where: str, materials: Mapping[str, Material], metals: Mapping[str, Metal]
) -> None:
    pairs: list[tuple[str, Mapping[str, Any]]] = [
        (one.material.value, materials) for one in kind.parts
    ]
    pairs += [(one.metal.value, metals) for one in kind.metal]
    for name, known in pairs:
        if name not in known:
            msg = f"{where}: no material {name!r}; there are: {', '.join(known)}"
            raise UsageError(msg)


def _drawn(number: Number, rng: np.random.Generator) -> float:
    if number.low is None or number.high is None:
        return number.value
    return float(rng.uniform(number.low, number.high))


def _fact(item: str, quantity: str, known: Number | Word) -> Fact:
    low, high = (known.low, known.high) if isinstance(known, Number) else (None, None)
    return Fact(item, quantity, known.value, low, high, known.source, known.confidence, known.note)


def _shared(outer: Part, later: Part) -> float:
    """Return the volume that two parts on one axis share, both taken for boxes."""
    wide = [min(one, other) for one, other in zip(outer.size_m[:2], later.size_m[:2], strict=True)]
    top = max(outer.below_top_m, later.below_top_m)
    bottom = min(outer.below_top_m + outer.size_m[2], later.below_top_m + later.size_m[2])
    return wide[0] * wide[1] * max(bottom - top, 0.0)
