"""A scenario: everything that decides a simulated flight, read from TOML."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from detectkit.core import UsageError
from detectkit.core.settings import build
from detectkit.sim.burial import table_filled
from detectkit.sim.fullwave.settings import FullWave
from detectkit.sim.ground import BuriedObject, Soil, Terrain, Vegetation
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
from detectkit.sim.layout import Layout, layouts_of
from detectkit.sim.plan import Flight, Site, Wind, waypoints_of
from detectkit.sim.scene import Subsurface, subsurface_of

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
    "vegetation": Vegetation,
    "full_wave": FullWave,
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
    vegetation: Vegetation = Vegetation()
    full_wave: FullWave = FullWave()
    subsurface: Subsurface | None = None
    layouts: tuple[Layout, ...] = ()

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
        if self.radar.model == "full-wave" and self.subsurface is None:
            msg = (
                "scenario: the full-wave model needs a ground of its own; give a [subsurface], "
                'for example preset = "moist loam", or [radar] model = "ray"'
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
        scenario = cls.from_toml(place.read_text(encoding="utf-8"), where=place.name)
        return _with_track(scenario, place)

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
            if name != "soil"
        }
        ground = _subsurface(document, sections["vegetation"], where)
        told = _soil_told(document, ground, sections["radar"])
        return cls(
            name=_plain(document, "name", str, where),
            seed=_plain(document, "seed", int, where),
            objects=tuple(
                table_filled(table, where=place)
                for table, place in _numbered(document, "object", where)
            ),
            soil=_section(Soil, "soil", told, where),
            subsurface=ground,
            layouts=layouts_of(
                [table for table, _ in _numbered(document, "layout", where)], where=where
            ),
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
    allowed = ["name", "seed", *SECTIONS, "subsurface", "object", "layout", "instrument"]
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
    if inner in table:
        plain[held_in] = _tables(inner_kind, table, inner, place)
    return build(kind, plain, where=place)


def _tables(kind: type[T], document: Table, name: str, where: str) -> list[T]:
    return [build(kind, table, where=place) for table, place in _numbered(document, name, where)]


def _numbered(document: Table, name: str, where: str) -> list[tuple[Table, str]]:
    """Return the tables of an array, and where each is."""
    tables = document.get(name, [])
    if not isinstance(tables, list):
        msg = f"{where}: write {name!r} as an array of tables, [[{name}]]"
        raise UsageError(msg)
    found = []
    for number, table in enumerate(tables, start=1):
        place = f"{where}, [[{name}]] {number}"
        _require_table(table, place)
        found.append((table, place))
    return found


def _subsurface(document: Table, vegetation: Vegetation, where: str) -> Subsurface | None:
    """Return the ground of the full-wave model, with the vegetation on it."""
    if "subsurface" not in document:
        return None
    _require_table(document["subsurface"], f"{where}, [subsurface]")
    table = dict(document["subsurface"])
    if "vegetation" in document:
        table |= {"grass_m": vegetation.grass_m, "grass_water": vegetation.grass_water}
    return subsurface_of(table, where=f"{where}, [subsurface]")


def _soil_told(document: Table, ground: Subsurface | None, radar: Radar) -> Any:
    """Return the table of the soil; what it does not say, the subsurface does."""
    said = document.get("soil", {})
    if ground is None or not isinstance(said, dict):
        return said
    permittivity, conductivity = ground.at(radar.centre_hz)
    return {
        "permittivity": permittivity,
        "conductivity_s_per_m": conductivity,
        "susceptibility": ground.susceptibility,
        "viscosity_ratio": ground.viscosity_ratio,
        **said,
    }


def _with_track(scenario: Scenario, place: Path) -> Scenario:
    """Return a scenario with the waypoints of its track file, which lies beside it."""
    name = scenario.flight.track_file
    if not name:
        return scenario
    path = place.parent / name
    if not path.is_file():
        msg = f"{place.name}, [flight]: no track_file at {path}; its place is beside the scenario"
        raise UsageError(msg)
    waypoints = waypoints_of(path.read_text(encoding="utf-8"), where=path.name)
    return replace(scenario, flight=replace(scenario.flight, waypoints=waypoints))


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
