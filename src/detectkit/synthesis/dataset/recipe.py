"""A recipe: everything that decides a dataset, read from TOML."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from detectkit.core import UsageError
from detectkit.core.settings import build
from detectkit.sim.instruments import Detector, Radar
from detectkit.sim.scene import Subsurface
from detectkit.synthesis.dataset.ranges import Ranges, Table
from detectkit.synthesis.dataset.settings import (
    Clutter,
    Flown,
    Laid,
    Pair,
    Patch,
    Scenes,
    Splits,
    Weighted,
    require,
)

T = TypeVar("T")
Model = Literal["full-wave", "sketch"]


@dataclass(frozen=True, slots=True)
class Terrain:
    """A kind of ground: its share of the sites, and its settings' ranges."""

    name: str
    share: float
    slope_deg: Pair
    ground: Ranges[Subsurface]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a dataset, and the text it was read from.

    Parameters
    ----------
    samples
        How many at least: whole scenes are made.
    model
        ``"full-wave"``, or ``"sketch"``: a formula's hyperbola, to try a recipe in seconds.
    cells
        Of the full-wave solver per shortest wavelength; below 6 it refuses.
    half_width_m
        Of its window around each trace; what lies farther away along the lane is not heard.
    """

    name: str
    seed: int
    samples: int
    model: Model
    cells: float
    half_width_m: float
    patch: Patch
    scenes: Scenes
    splits: Splits
    flight: Flown
    laid: Laid
    clutter: Clutter
    radar: Ranges[Radar]
    detector: Ranges[Detector]
    terrains: tuple[Terrain, ...]
    bodies: tuple[Weighted, ...]
    text: str

    def __post_init__(self) -> None:
        if self.samples < 1 or not self.terrains:
            msg = "recipe: give samples = 1 or more, and at least one [[terrain]]"
            raise UsageError(msg)
        if self.scenes.burials and not self.bodies:
            msg = "recipe: scenes with burials need at least one [[body]]; or set burials = 0"
            raise UsageError(msg)

    @classmethod
    def read(cls, path: str | Path) -> Recipe:
        """Read a recipe's file.

        Raises
        ------
        UsageError
            No such file, not TOML, or a table or setting that is unknown, missing or not allowed.
        """
        place = Path(path)
        if not place.is_file():
            msg = f"no recipe at {place}; give a TOML file"
            raise UsageError(msg)
        return cls.from_toml(place.read_text(encoding="utf-8"), where=place.name)

    @classmethod
    def from_toml(cls, text: str, *, where: str = "recipe") -> Recipe:
        """Build a recipe from TOML; errors begin with `where` and list what is allowed."""
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            msg = f"{where}: not TOML: {error}"
            raise UsageError(msg) from error
        plain = {key: value for key, value in document.items() if not _is_table(value)}
        tables = {key: value for key, value in document.items() if _is_table(value)}
        unknown = [name for name in tables if name not in TABLES]
        if unknown:
            msg = f"{where}: no table {unknown[0]!r}; allowed: {', '.join(TABLES)}"
            raise UsageError(msg)
        head = build(_Head, plain, where=where)
        sections: dict[str, Any] = {
            name: build(kind, tables.get(name, {}), where=f"{where}, [{name}]")
            for name, kind in SECTIONS.items()
        }
        return cls(
            **{one.name: getattr(head, one.name) for one in fields(_Head)},
            **sections,
            radar=Ranges(Radar, tables.get("radar", {}), f"{where}, [radar]"),
            detector=Ranges(Detector, tables.get("detector", {}), f"{where}, [detector]"),
            terrains=tuple(_terrains(tables.get("terrain", []), where)),
            bodies=tuple(
                build(Weighted, one, where=f"{where}, [[body]] {number}")
                for number, one in enumerate(tables.get("body", []), start=1)
            ),
            text=text,
        )

    def with_samples(self, samples: int) -> Recipe:
        """Return the same recipe for another number of samples; the first ones are the same."""
        return replace(self, samples=samples)

    @property
    def scene_count(self) -> int:
        """Whole scenes that hold the samples."""
        return -(-self.samples // self.scenes.samples)

    @property
    def sample_count(self) -> int:
        """Samples of those scenes: what is made."""
        return self.scene_count * self.scenes.samples

    @property
    def group_count(self) -> int:
        """Groups of scenes that are written together."""
        return -(-self.scene_count // self.scenes.scenes_per_shard)

    @property
    def fingerprint(self) -> str:
        """Return the sha256 of what decides the samples: its TOML as values, and their number."""
        document = {**tomllib.loads(self.text), "samples": self.sample_count}
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands before the tables."""

    name: str
    seed: int
    samples: int
    model: Model = "full-wave"
    cells: float = 6.2
    half_width_m: float = 0.8


SECTIONS: dict[str, type] = {
    "patch": Patch,
    "scenes": Scenes,
    "splits": Splits,
    "flight": Flown,
    "laid": Laid,
    "clutter": Clutter,
}
TABLES = (*SECTIONS, "radar", "detector", "terrain", "body")


@dataclass(frozen=True, slots=True)
class _TerrainHead:
    name: str
    share: float = 1.0
    slope_deg: Pair = (0.0, 0.0)


def _terrains(tables: list[Table], where: str) -> list[Terrain]:
    found = []
    for number, table in enumerate(tables, start=1):
        place = f"{where}, [[terrain]] {number}"
        plain = {key: value for key, value in table.items() if key != "ground"}
        head = build(_TerrainHead, plain, where=place)
        require(head.share > 0.0, "terrain", f"{head.name}: share: more than 0")
        ground = Ranges(Subsurface, table.get("ground", {}), f"{place}, ground")
        found.append(Terrain(head.name, head.share, head.slope_deg, ground))
    return found


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )
