"""A recipe: everything that decides a dataset, read from TOML."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from detectkit.core import UsageError
from detectkit.core.settings import build
from detectkit.sim.instruments import Detector, Radar
from detectkit.sim.scene import Subsurface
from detectkit.synthesis.dataset.ranges import Ranges, Table

T = TypeVar("T")
Pair = tuple[float, float]
Model = Literal["full-wave", "sketch"]
SPLITS = ("train", "validation", "test")
TIME_ZERO_S = 1.5e-9


def _require(holds: bool, where: str, what: str) -> None:  # noqa: FBT001 - a check, not a mode
    if not holds:
        msg = f"recipe, [{where}]: {what}"
        raise UsageError(msg)


def _require_ranges(settings: object, where: str) -> None:
    """Raise where a range falls or begins below 0."""
    for one in fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, one.name)
        is_range = isinstance(value, tuple) and all(isinstance(end, float) for end in value)
        if is_range and value and not 0.0 <= value[0] <= value[1]:
            msg = f"recipe, [{where}]: {one.name} = {list(value)}: give [low, high], 0 or more"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Patch:
    """What one sample is.

    Parameters
    ----------
    traces, spacing_m
        Along the lane.
    samples, interval_s
        Of a trace.
    before_s
        The patch begins so long before the ground's echo is due.
    stored_as
        Of the radar's counts on disk.
    """

    traces: int = 64
    spacing_m: float = 0.025
    samples: int = 256
    interval_s: float = 6e-11
    before_s: float = 2e-9
    stored_as: Literal["float16", "float32"] = "float16"

    def __post_init__(self) -> None:
        least = min(self.traces - 1, self.samples - 1, self.spacing_m, self.interval_s)
        _require(least > 0.0 and self.before_s >= 0.0, "patch", "give more than 0 for each")

    @property
    def length_m(self) -> float:
        """From the first to the last trace."""
        return (self.traces - 1) * self.spacing_m


@dataclass(frozen=True, slots=True)
class Scenes:
    """How many samples share what has to be computed.

    A scene is one piece of ground under one flight. Its ground is computed once, each body in it
    once more; every sample has a radar, a detector and noise of its own.

    Parameters
    ----------
    burials
        Bodies per scene, each alone in its samples.
    empties
        How many times as many samples as one body has show the ground and its clutter alone.
    looks
        Samples per body.
    scenes_per_site, scenes_per_shard
        Neighbours in the same field; scenes that are written together.
    """

    burials: int = 3
    empties: int = 1
    looks: int = 2
    scenes_per_site: int = 5
    scenes_per_shard: int = 5

    def __post_init__(self) -> None:
        counts = (self.looks, self.scenes_per_site, self.scenes_per_shard)
        least = min(self.burials, self.empties)
        _require(min(counts) > 0, "scenes", "looks, scenes_per_site, scenes_per_shard: 1 or more")
        _require(least >= 0, "scenes", "burials, empties: 0 or more")
        _require(self.burials + self.empties > 0, "scenes", "burials + empties: 1 or more")

    @property
    def samples(self) -> int:
        """Of one scene."""
        return (self.burials + self.empties) * self.looks


@dataclass(frozen=True, slots=True)
class Splits:
    """Shares of the sites; a site is in one split alone."""

    train: float = 0.7
    validation: float = 0.15
    test: float = 0.15

    def __post_init__(self) -> None:
        good = min(self.shares) >= 0.0 and math.isclose(sum(self.shares), 1.0, abs_tol=1e-6)
        _require(good, "splits", f"{self.shares}: give shares whose sum is 1")

    @property
    def shares(self) -> tuple[float, float, float]:
        """In the order of `SPLITS`."""
        return self.train, self.validation, self.test


@dataclass(frozen=True, slots=True)
class Flown:
    """How the radar is carried over a scene; ranges are drawn evenly.

    Parameters
    ----------
    height_m
        Of the antennas over the ground, its mean along the patch.
    height_jitter_m, tilt_deg
        Root mean square along the patch; of roll and pitch alike.
    wave_m
        Shortest and longest wave of both.
    height_error_m
        Of the height that the altimeter tells, root mean square.
    speed_m_per_s
        Over ground.
    """

    height_m: Pair = (0.3, 1.0)
    height_jitter_m: Pair = (0.005, 0.03)
    tilt_deg: Pair = (0.3, 3.0)
    wave_m: Pair = (0.5, 4.0)
    height_error_m: float = 0.02
    speed_m_per_s: Pair = (0.5, 2.0)

    def __post_init__(self) -> None:
        _require_ranges(self, "flight")
        low = min(self.height_m[0], self.speed_m_per_s[0], self.wave_m[0])
        _require(low > 0.0, "flight", "height_m, speed_m_per_s, wave_m: more than 0")


@dataclass(frozen=True, slots=True)
class Laid:
    """How the bodies lie; ranges are drawn evenly.

    Parameters
    ----------
    along_m
        Farthest of a body from the middle of the patch.
    across_m
        Farthest and nearest beside the lane, to both sides.
    tilt_deg, water
        Lean of a body's axis; share of its hollows that is under water.
    wet_share, dug_share
        Shares of the bodies that hold water, and over which the soil was dug.
    dug_m
        How far from the body's edge.
    """

    along_m: float = 0.3
    across_m: Pair = (0.0, 0.4)
    tilt_deg: Pair = (0.0, 20.0)
    water: Pair = (0.2, 1.0)
    wet_share: float = 0.1
    dug_share: float = 0.5
    dug_m: Pair = (0.02, 0.08)

    def __post_init__(self) -> None:
        _require_ranges(self, "laid")
        shares = (self.wet_share, self.dug_share, self.water[1])
        _require(min(shares) >= 0.0 and max(shares) <= 1.0, "laid", "shares and water: 0 to 1")


@dataclass(frozen=True, slots=True)
class Clutter:
    """Bodies that belong to the ground of every sample of a scene.

    Parameters
    ----------
    bodies
        Names of the library.
    per_m, depth_m
        How many of them the lane's plane cuts per metre; where their tops are. The solver takes
        each for as long as it is across the lane: stones and roots, no metal.
    scrap, scrap_per_m2
        Names of small metal that the detector alone hears, and how many per area around the lane.
    """

    bodies: tuple[str, ...] = ()
    per_m: Pair = (0.0, 4.0)
    depth_m: Pair = (0.0, 0.3)
    scrap: tuple[str, ...] = ()
    scrap_per_m2: Pair = (0.0, 1.0)

    def __post_init__(self) -> None:
        _require_ranges(self, "clutter")


@dataclass(frozen=True, slots=True)
class Weighted:
    """A body of the library, how often it is drawn, and how deep it lies."""

    name: str
    weight: float = 1.0
    depth_m: Pair = (0.0, 0.2)

    def __post_init__(self) -> None:
        _require_ranges(self, "body")
        _require(self.weight > 0.0, "body", f"{self.name}: weight: more than 0")


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
        _require(head.share > 0.0, "terrain", f"{head.name}: share: more than 0")
        ground = Ranges(Subsurface, table.get("ground", {}), f"{place}, ground")
        found.append(Terrain(head.name, head.share, head.slope_deg, ground))
    return found


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )
