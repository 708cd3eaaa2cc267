"""What a recipe's tables say: the patch, the scenes, how they are flown and what lies in them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

from detectkit.core import UsageError

Pair = tuple[float, float]
SPLITS = ("train", "validation", "test")


def require(holds: bool, where: str, what: str) -> None:  # noqa: FBT001 - a check, not a mode
    """Raise a UsageError that names the table, unless something holds."""
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
        require(least > 0.0 and self.before_s >= 0.0, "patch", "give more than 0 for each")

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
        require(min(counts) > 0, "scenes", "looks, scenes_per_site, scenes_per_shard: 1 or more")
        require(least >= 0, "scenes", "burials, empties: 0 or more")
        require(self.burials + self.empties > 0, "scenes", "burials + empties: 1 or more")

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
        require(good, "splits", f"{self.shares}: give shares whose sum is 1")

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
        require(low > 0.0, "flight", "height_m, speed_m_per_s, wave_m: more than 0")


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
        require(min(shares) >= 0.0 and max(shares) <= 1.0, "laid", "shares and water: 0 to 1")


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
        require(self.weight > 0.0, "body", f"{self.name}: weight: more than 0")
