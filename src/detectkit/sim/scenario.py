"""A scenario: everything that decides a simulated flight, read from TOML."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from detectkit.core import UsageError
from detectkit.core.settings import build
from detectkit.sim.ground import BuriedObject, Soil, Terrain
from detectkit.sim.instruments import (
    Altimeter,
    Channel,
    Detector,
    Episode,
    Magnetometer,
    Radar,
    Receiver,
    Silence,
    VirtualInstrument,
)
from detectkit.sim.plan import Flight, Site, Wind

T = TypeVar("T")
Table = dict[str, Any]

SECTIONS: dict[str, type] = {
    "site": Site,
    "flight": Flight,
    "wind": Wind,
    "terrain": Terrain,
    "soil": Soil,
    "receiver": Receiver,
    "radar": Radar,
    "detector": Detector,
    "magnetometer": Magnetometer,
    "altimeter": Altimeter,
}
NESTED: dict[str, tuple[str, str, type]] = {
    "receiver": ("episode", "episodes", Episode),
    "detector": ("channel", "channels", Channel),
    "altimeter": ("silence", "silences", Silence),
}
"""Section → name of its array of tables, the field that holds it, and the class of one."""

NEEDED = ("name", "seed", "site", "flight")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that decides a simulated flight, and the text it was read from.

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... name = "two lanes"
    ... seed = 1
    ... [site]
    ... longitude_deg = 47.0
    ... latitude_deg = 40.0
    ... start_time = 2025-05-14T07:30:00Z
    ... [flight]
    ... lanes = 2
    ... lane_length_m = 5
    ... lane_spacing_m = 0.5
    ... height_m = 1.0
    ... ''')
    >>> scenario.flight.lanes, scenario.radar.samples
    (2, 512)
    """

    name: str
    seed: int
    site: Site
    flight: Flight
    wind: Wind
    terrain: Terrain
    soil: Soil
    receiver: Receiver
    radar: Radar
    detector: Detector
    magnetometer: Magnetometer
    altimeter: Altimeter
    objects: tuple[BuriedObject, ...]
    instruments: tuple[VirtualInstrument, ...]
    text: str

    def __post_init__(self) -> None:
        _require_unique("object names", [one.name for one in self.objects])
        _require_unique("instrument ids", [one.id for one in self.instruments])
        hanging = (self.radar, self.detector, self.magnetometer, self.altimeter)
        for one in hanging:
            if one.lever_arm_m[2] >= self.flight.standing_height_m:
                msg = (
                    f"scenario: lever_arm_m = {list(one.lever_arm_m)} of {type(one).__name__} puts "
                    "it under the ground when the vehicle stands; raise standing_height_m = "
                    f"{self.flight.standing_height_m} or the arm's third number"
                )
                raise UsageError(msg)

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """Read a scenario's file.

        Raises
        ------
        UsageError
            No such file, not TOML, or a table or setting that is unknown, missing or not allowed.
        """
        place = Path(path)
        if not place.is_file():
            msg = f"no scenario at {place}; give a TOML file"
            raise UsageError(msg)
        return cls.from_toml(place.read_text(encoding="utf-8"), where=place.name)

    @classmethod
    def from_toml(cls, text: str, *, where: str = "scenario") -> Scenario:
        """Build a scenario from TOML; errors begin with `where` and list what is allowed."""
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            msg = f"{where}: not TOML: {error}"
            raise UsageError(msg) from error
        _require_known(document, where)
        sections: dict[str, Any] = {
            name: _section(kind, name, document.get(name, {}), where)
            for name, kind in SECTIONS.items()
        }
        return cls(
            name=_plain(document, "name", str, where),
            seed=_plain(document, "seed", int, where),
            objects=tuple(_tables(BuriedObject, document, "object", where)),
            instruments=tuple(_instruments(document, where)),
            text=text,
            **sections,
        )

    def instrument(self, name: str) -> VirtualInstrument:
        """Return the instrument of that id.

        Raises
        ------
        UsageError
            No such instrument; lists those there are.
        """
        for one in self.instruments:
            if one.id == name:
                return one
        known = ", ".join(one.id for one in self.instruments) or "none"
        msg = f"scenario {self.name!r} has no instrument {name!r}; it has: {known}"
        raise UsageError(msg)


def _require_known(document: Table, where: str) -> None:
    allowed = ["name", "seed", *SECTIONS, "object", "instrument"]
    unknown = [name for name in document if name not in allowed]
    if unknown:
        msg = f"{where}: no table or setting {unknown[0]!r}; allowed: {', '.join(allowed)}"
        raise UsageError(msg)
    missing = [name for name in NEEDED if name not in document]
    if missing:
        msg = f"{where}: {missing[0]!r} must be given; needed are: {', '.join(NEEDED)}"
        raise UsageError(msg)


def _section(kind: type[T], name: str, table: Any, where: str) -> T:
    place = f"{where}, [{name}]"
    _require_table(table, place)
    if name not in NESTED:
        return build(kind, table, where=place)
    inner, held_in, inner_kind = NESTED[name]
    plain = {key: value for key, value in table.items() if key != inner}
    if held_in in plain:
        msg = f"{place}: write each of {held_in!r} as a table [[{name}.{inner}]]"
        raise UsageError(msg)
    section = build(kind, plain, where=place)
    if inner not in table:
        return section
    nested: tuple[Any, ...] = tuple(_tables(inner_kind, table, inner, place))
    return replace(section, **{held_in: nested})  # type: ignore[type-var]


def _tables(kind: type[T], document: Table, name: str, where: str) -> list[T]:
    tables = document.get(name, [])
    if not isinstance(tables, list):
        msg = f"{where}: write {name!r} as an array of tables, [[{name}]]"
        raise UsageError(msg)
    built = []
    for number, table in enumerate(tables, start=1):
        place = f"{where}, [[{name}]] {number}"
        _require_table(table, place)
        built.append(build(kind, table, where=place))
    return built


def _instruments(document: Table, where: str) -> list[VirtualInstrument]:
    """Build the instruments; their settings and faults are for others to judge."""
    tables = document.get("instrument", [])
    free: list[dict[str, Any]] = []
    strict: list[Any] = []
    for table in tables if isinstance(tables, list) else []:
        _require_table(table, f"{where}, [[instrument]]")
        free.append({key: table[key] for key in ("settings", "faults") if key in table})
        strict.append({key: value for key, value in table.items() if key not in free[-1]})
    for one in free:
        for key, value in one.items():
            _require_table(value, f"{where}, [instrument.{key}]")
    listed: Any = strict if isinstance(tables, list) else tables
    built = _tables(VirtualInstrument, {"instrument": listed}, "instrument", where)
    return [replace(one, **extra) for one, extra in zip(built, free, strict=True)]


def _plain(document: Table, name: str, kind: type[T], where: str) -> T:
    value = document[name]
    if type(value) is not kind or (kind is int and value < 0):  # type: ignore[operator]
        wanted = "an integer of 0 or more" if kind is int else "text"
        msg = f"{where}: {name} = {value!r}: expected {wanted}"
        raise UsageError(msg)
    return value


def _require_table(value: Any, place: str) -> None:
    if not isinstance(value, dict):
        msg = f"{place}: {value!r} is not a table"
        raise UsageError(msg)


def _require_unique(what: str, names: list[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        msg = f"scenario: {what} must be unique; {twice[0]!r} is there twice"
        raise UsageError(msg)
