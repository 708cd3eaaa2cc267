"""Settings drawn from ranges: a frozen dataclass's numbers between two ends, words from a list."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from detectkit.core import UsageError
from detectkit.core.settings import build
from detectkit.sim.instruments import Channel
from detectkit.sim.scene import Layer, Subsurface, subsurface_of

T = TypeVar("T")
Table = Mapping[str, Any]
Spread = Literal["none", "words", "whole", "real", "tables"]

INNER: dict[str, type] = {"layer": Layer, "channel": Channel}
"""Arrays of tables within a table, and what each of them is."""


@dataclass(frozen=True, slots=True)
class Ranges(Generic[T]):
    """Which values the settings of a class may take.

    A number that is given as two, ``[low, high]``, is drawn evenly between them; a word that is
    given as a list is one of it; everything else is as given.

    Parameters
    ----------
    kind
        The class of the settings.
    table
        Setting → value, range or list.
    where
        For messages.

    Examples
    --------
    >>> from detectkit.sim.instruments import Radar
    >>> ranges = Ranges(Radar, {"centre_hz": [5e8, 1e9], "samples": 300}, "recipe, [radar]")
    >>> radar = ranges.drawn(np.random.default_rng(1))
    >>> 5e8 <= radar.centre_hz <= 1e9, radar.samples
    (True, 300)
    >>> ranges.ends("centre_hz")
    (500000000.0, 1000000000.0)
    """

    kind: type[T]
    table: Table
    where: str = field(compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.table, Mapping):
            msg = f"{self.where}: {self.table!r} is not a table"
            raise UsageError(msg)
        for pick in (0, -1):
            self._built({name: self._at_end(name, pick) for name in self.table})

    def drawn(self, rng: np.random.Generator) -> T:
        """Return settings; ranges are drawn in the order of the class, whatever the table's."""
        return self._built(self._values(rng))

    def ends(self, name: str) -> tuple[float, float]:
        """Return the lowest and highest value of a numeric setting, its default where not given."""
        if name in self.table:
            return float(self._at_end(name, 0)), float(self._at_end(name, -1))
        default: Any = next(
            one.default
            for one in fields(self.kind)  # type: ignore[arg-type]
            if one.name == name
        )
        return float(default), float(default)

    def _values(self, rng: np.random.Generator) -> dict[str, Any]:
        names = [one.name for one in fields(self.kind)]  # type: ignore[arg-type]
        order = [name for name in ("preset", *names, *INNER) if name in self.table]
        return {name: self._one(name, rng) for name in order}

    def _built(self, values: dict[str, Any]) -> T:
        if issubclass(self.kind, Subsurface):
            return subsurface_of(values, where=self.where)  # type: ignore[return-value]
        if "channel" in values:
            tables = values.pop("channel")
            places = [f"{self.where}, [[channel]] {one}" for one in range(1, len(tables) + 1)]
            pairs = zip(tables, places, strict=True)
            values["channels"] = tuple(build(Channel, one, where=place) for one, place in pairs)
        return build(self.kind, values, where=self.where)

    def _at_end(self, name: str, pick: int) -> Any:
        value, spread = self.table[name], self._spread(name)
        if spread == "tables":
            return [
                {inner: one._at_end(inner, pick) for inner in one.table}  # noqa: SLF001
                for one in self._inner(name)
            ]
        return value if spread == "none" else value[pick]

    def _one(self, name: str, rng: np.random.Generator) -> Any:
        value, spread = self.table[name], self._spread(name)
        if spread == "tables":
            return [one._values(rng) for one in self._inner(name)]  # noqa: SLF001
        if spread == "words":
            return value[int(rng.integers(len(value)))]
        if spread == "whole":
            return int(rng.integers(value[0], value[1] + 1))
        if spread == "real":
            return float(rng.uniform(value[0], value[1]))
        return value

    def _inner(self, name: str) -> list[Ranges[Any]]:
        kind = INNER[name]
        places = [f"{self.where}, [[{name}]] {one + 1}" for one in range(len(self.table[name]))]
        return [
            Ranges(kind, table, place)
            for table, place in zip(self.table[name], places, strict=True)
        ]

    def _spread(self, name: str) -> Spread:
        """Return how a value is drawn, from what the class wants and what the table gives."""
        kind: Any = self.kind
        hint = _plain(str if name == "preset" else _hints(kind).get(name))
        value = self.table[name]
        if not isinstance(value, list) or not value or get_origin(hint) is tuple:
            return "none"
        if name in INNER:
            return "tables"
        if hint is str or get_origin(hint) is Literal:
            return "words"
        if hint not in {int, float}:
            return "none"
        self._require_pair(name, value)
        return "whole" if hint is int else "real"

    def _require_pair(self, name: str, value: list[Any]) -> None:
        numbers = all(isinstance(one, int | float) for one in value)
        if len(value) != 2 or not numbers or value[0] > value[1]:
            msg = f"{self.where}: {name} = {value!r}: give one number, or [low, high]"
            raise UsageError(msg)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _plain(hint: Any) -> Any:
    """Return the type without an optional None."""
    if get_origin(hint) in {Union, types.UnionType}:
        return next(one for one in get_args(hint) if one is not type(None))
    return hint
