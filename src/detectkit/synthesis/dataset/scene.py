"""Sites and scenes: functions of a recipe and a number, whoever asks and in whatever order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from detectkit.sim.bodies import Library, PlacedBody, load_library
from detectkit.sim.instruments import Detector, Radar
from detectkit.sim.refraction import LIGHT_M_PER_S
from detectkit.sim.scene import Plug, Subsurface
from detectkit.synthesis.dataset.recipe import Recipe, Terrain
from detectkit.synthesis.dataset.settings import SPLITS, Flown, Patch

Values = npt.NDArray[np.float64]

SITE, SCENE, MATERIALS = 1, 2, 3
"""What is drawn, each with random numbers of its own; never change them, they decide the bits."""

LANES_APART_M = 3.0
WAVES = 6
LOWEST_M = 0.1
SCRAP_BESIDE_M = 0.8
TRIES = 20
PLUG_CHANGE = (-0.05, 0.03)
"""Of the moisture in a hole that was filled in again."""
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Site:
    """A field: one soil, one terrain, one seed, one split."""

    number: int
    terrain: str
    split: str
    seed: int
    slope_deg: float
    subsurface: Subsurface


@dataclass(frozen=True, slots=True)
class Sample:
    """What is one sample's own: which body it shows, with which instruments.

    Parameters
    ----------
    burial
        Number of the body in its scene; -1: none, the ground and its clutter alone.
    seed
        Of all noise.
    first_sample
        Of the patch in the trace that the radar records.
    """

    burial: int
    radar: Radar
    detector: Detector
    seed: int
    first_sample: int


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Where the antennas are at each trace; (traces,) each.

    Along and height in m, roll and pitch in degrees; `told_height_m` is what the altimeter says.
    """

    along_m: Values
    height_m: Values
    told_height_m: Values
    roll_deg: Values
    pitch_deg: Values
    time_s: Values

    def table(self) -> npt.NDArray[np.float32]:
        """Return the columns as the dataset holds them, float32 (traces, columns)."""
        columns = [getattr(self, name) for name in TRACK_COLUMNS]
        return np.column_stack(columns).astype(np.float32)


TRACK_COLUMNS = ("along_m", "height_m", "told_height_m", "roll_deg", "pitch_deg", "time_s")


@dataclass(frozen=True)  # no slots: the library is kept once it is drawn
class Scene:
    """One piece of ground under one flight, with everything that its samples share.

    Parameters
    ----------
    across_m
        Of its lane in the site; lanes of one site lie side by side.
    height_m, jitter_m, tilt_deg, speed_m_per_s
        Of the flight: mean height, root mean squares along the patch, speed over ground.
    slope
        Rise of the ground per metre along the lane.
    separation_m
        Transmitter to receiver.
    burials
        Bodies that samples show, each alone.
    clutter, plugs
        What belongs to the ground.
    scrap
        Small metal for the detector alone.
    """

    number: int
    site: Site
    seed: int
    across_m: float
    height_m: float
    jitter_m: float
    tilt_deg: float
    speed_m_per_s: float
    slope: float
    separation_m: float
    flight: Flown
    patch: Patch
    burials: tuple[PlacedBody, ...]
    clutter: tuple[PlacedBody, ...]
    scrap: tuple[PlacedBody, ...]
    plugs: tuple[Plug, ...]
    samples: tuple[Sample, ...]
    materials: tuple[int, ...]

    @cached_property
    def library(self) -> Library:
        """The library with this scene's materials."""
        return load_library().with_drawn_materials(_rng(self.materials))

    @cached_property
    def track(self) -> Track:
        """How the antennas were carried."""
        rng = _rng((self.seed,))
        along = np.arange(self.patch.traces, dtype=np.float64) * self.patch.spacing_m
        waves = [_waves(along, self.flight.wave_m, rng) for _ in range(3)]
        height = np.maximum(self.height_m + self.jitter_m * waves[0], LOWEST_M)
        error = rng.normal(size=1 + along.size) * self.flight.height_error_m * math.sqrt(0.5)
        return Track(
            along,
            height,
            height + error[0] + error[1:],
            self.tilt_deg * waves[1],
            self.tilt_deg * waves[2],
            along / self.speed_m_per_s,
        )

    def ground_up_m(self, along_m: Values) -> Values:
        """Return the mean ground at places along the lane, in m."""
        return np.asarray(self.slope * (along_m - 0.5 * self.patch.length_m))

    def body_of(self, sample: Sample) -> PlacedBody | None:
        """Return the body that a sample shows, None where it shows none."""
        return None if sample.burial < 0 else self.burials[sample.burial]


def site_of(recipe: Recipe, number: int) -> Site:
    """Return a site of a recipe."""
    terrain, split = _kinds(recipe, number + 1)[number]
    rng = _rng((recipe.seed, SITE, number))
    seed = int(rng.integers(LARGEST_SEED))
    slope = float(rng.uniform(*terrain.slope_deg))
    return Site(number, terrain.name, split, seed, slope, terrain.ground.drawn(rng))


def scene_of(recipe: Recipe, number: int) -> Scene:
    """Return a scene of a recipe; the same whatever was asked before, in whatever process."""
    per_site = recipe.scenes.scenes_per_site
    site = site_of(recipe, number // per_site)
    rng = _rng((recipe.seed, SCENE, number))
    across = LANES_APART_M * (number % per_site)
    flight, seed = recipe.flight, int(rng.integers(LARGEST_SEED))
    height, jitter, tilt, speed = (
        float(rng.uniform(*ends))
        for ends in (
            flight.height_m, flight.height_jitter_m, flight.tilt_deg, flight.speed_m_per_s,
        )
    )  # fmt: skip
    slope = math.tan(math.radians(site.slope_deg)) * float(rng.uniform(-1.0, 1.0))
    separation = recipe.radar.drawn(rng).antenna_separation_m
    burials = tuple(_burial(recipe, across, rng) for _ in range(recipe.scenes.burials))
    scene = Scene(
        number, site, seed, across, height, jitter, tilt, speed, slope, separation, flight,
        recipe.patch, burials, _clutter(recipe, across, burials, rng),
        _scrap(recipe, across, rng), _plugs(across, burials, rng), (),
        (recipe.seed, MATERIALS, number),
    )  # fmt: skip
    return replace(scene, samples=tuple(_samples(recipe, scene, rng)))


def _rng(words: Sequence[int]) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(list(words))))


@lru_cache(maxsize=4)
def _kinds_cached(
    shares: tuple[float, ...], splits: tuple[float, ...], count: int
) -> tuple[tuple[int, int], ...]:
    """Return terrain and split of each site: always what is farthest behind its share.

    So any first part of the sites has the shares too, and more sites change none of the first.
    """
    total, terrains = sum(shares), [0] * len(shares)
    inside = [[0] * len(splits) for _ in shares]
    kinds = []
    for number in range(1, count + 1):
        owed = [number * share / total - done for share, done in zip(shares, terrains, strict=True)]
        terrain = int(np.argmax(np.round(owed, 9)))
        terrains[terrain] += 1
        done = inside[terrain]
        behind = [share * (sum(done) + 1) - one for share, one in zip(splits, done, strict=True)]
        split = int(np.argmax(np.round(behind, 9)))
        done[split] += 1
        kinds.append((terrain, split))
    return tuple(kinds)


def _kinds(recipe: Recipe, count: int) -> list[tuple[Terrain, str]]:
    sites = max(count, -(-recipe.scene_count // recipe.scenes.scenes_per_site))
    shares = tuple(one.share for one in recipe.terrains)
    found = _kinds_cached(shares, recipe.splits.shares, sites)
    return [(recipe.terrains[terrain], SPLITS[split]) for terrain, split in found]


def _waves(along: Values, wave_m: tuple[float, float], rng: np.random.Generator) -> Values:
    """Return a smooth random course of root mean square 1, (traces,)."""
    low, high = wave_m
    length = np.exp(rng.uniform(math.log(low), math.log(high), size=WAVES))
    phase = rng.uniform(0.0, 2.0 * np.pi, size=WAVES)
    turns = 2.0 * np.pi * np.divide.outer(along, length) + phase
    return np.asarray(math.sqrt(2.0 / WAVES) * np.sin(turns).sum(axis=1))


def _burial(recipe: Recipe, across: float, rng: np.random.Generator) -> PlacedBody:
    weights = np.array([one.weight for one in recipe.bodies])
    chosen = recipe.bodies[int(rng.choice(len(weights), p=weights / weights.sum()))]
    laid = recipe.laid
    body = load_library().draw(chosen.name, rng)
    beside = float(rng.choice([-1.0, 1.0])) * float(rng.uniform(*laid.across_m))
    wet, dug = rng.uniform(size=2)
    return PlacedBody(
        body,
        along_m=0.5 * recipe.patch.length_m + laid.along_m * float(rng.uniform(-1.0, 1.0)),
        across_m=across + beside,
        depth_m=float(rng.uniform(*chosen.depth_m)),
        tilt_deg=float(rng.uniform(*laid.tilt_deg)),
        tilt_direction_deg=float(rng.uniform(0.0, 360.0)),
        turn_deg=float(rng.uniform(0.0, 360.0)),
        water=float(rng.uniform(*laid.water)) * float(wet < laid.wet_share),
        name=chosen.name,
        disturbed_m=float(rng.uniform(*laid.dug_m)) * float(dug < laid.dug_share),
    )


def _plugs(
    across: float, burials: tuple[PlacedBody, ...], rng: np.random.Generator
) -> tuple[Plug, ...]:
    """Return the holes that the lane's plane cuts, filled in again."""
    plugs = []
    for one in burials:
        change = float(rng.uniform(*PLUG_CHANGE))
        radius = one.body.outer_radius_m + one.disturbed_m
        beside = one.across_m - across
        depth = one.depth_m + one.body.thickness_m
        if one.disturbed_m > 0.0 and abs(beside) < radius and depth > 0.0:
            plugs.append(Plug(one.along_m, math.sqrt(radius**2 - beside**2), depth, change))
    return tuple(plugs)


def _clutter(
    recipe: Recipe, across: float, burials: tuple[PlacedBody, ...], rng: np.random.Generator
) -> tuple[PlacedBody, ...]:
    """Return bodies that the lane's plane cuts and that touch no other."""
    clutter, margin = recipe.clutter, recipe.half_width_m
    if not clutter.bodies:
        return ()
    length = recipe.patch.length_m + 2.0 * margin
    wanted = int(rng.poisson(float(rng.uniform(*clutter.per_m)) * length))
    placed: list[PlacedBody] = []
    for number in range(wanted):
        for _ in range(TRIES):
            one = _lying(recipe, clutter.bodies, number, (across, 0.8), rng)
            if not any(_touch(one, other) for other in (*burials, *placed)):
                placed.append(one)
                break
    return tuple(placed)


def _scrap(recipe: Recipe, across: float, rng: np.random.Generator) -> tuple[PlacedBody, ...]:
    """Return small metal around the lane, for the detector."""
    clutter = recipe.clutter
    if not clutter.scrap:
        return ()
    length = recipe.patch.length_m + 2.0 * recipe.half_width_m
    mean = float(rng.uniform(*clutter.scrap_per_m2)) * length * 2.0 * SCRAP_BESIDE_M
    return tuple(
        _lying(recipe, clutter.scrap, number, (across, 0.0), rng)
        for number in range(int(rng.poisson(mean)))
    )


def _lying(
    recipe: Recipe,
    names: tuple[str, ...],
    number: int,
    beside: tuple[float, float],
    rng: np.random.Generator,
) -> PlacedBody:
    """Return a body at random along the lane.

    `beside` is the lane's place across, and how much of the body's radius its middle may lie off
    it; 0: anywhere within `SCRAP_BESIDE_M`.
    """
    name = names[int(rng.integers(len(names)))]
    body = load_library().draw(name, rng)
    across, share = beside
    farthest = share * body.outer_radius_m or SCRAP_BESIDE_M
    margin = recipe.half_width_m
    return PlacedBody(
        body,
        along_m=float(rng.uniform(-margin, recipe.patch.length_m + margin)),
        across_m=across + farthest * float(rng.uniform(-1.0, 1.0)),
        depth_m=float(rng.uniform(*recipe.clutter.depth_m)),
        tilt_deg=float(rng.uniform(0.0, 30.0)),
        tilt_direction_deg=float(rng.uniform(0.0, 360.0)),
        turn_deg=float(rng.uniform(0.0, 360.0)),
        name=f"{name} {number}",
    )


def _touch(one: PlacedBody, other: PlacedBody) -> bool:
    apart = math.dist(
        (one.along_m, one.across_m, one.depth_m), (other.along_m, other.across_m, other.depth_m)
    )
    reach = [
        math.hypot(each.body.outer_radius_m, 0.5 * each.body.thickness_m) for each in (one, other)
    ]
    return apart < sum(reach)


def _samples(recipe: Recipe, scene: Scene, rng: np.random.Generator) -> list[Sample]:
    counts = recipe.scenes
    shown = [one for one in range(counts.burials) for _ in range(counts.looks)]
    shown += [-1] * (counts.empties * counts.looks)
    return [_sample(recipe, scene, burial, rng) for burial in shown]


def _sample(recipe: Recipe, scene: Scene, burial: int, rng: np.random.Generator) -> Sample:
    patch = recipe.patch
    drawn = recipe.radar.drawn(rng)
    path_m = math.hypot(2.0 * float(scene.track.height_m.mean()), scene.separation_m)
    due_s = drawn.time_zero_s + path_m / LIGHT_M_PER_S - patch.before_s
    first = max(0, round(due_s / patch.interval_s))
    radar = replace(
        drawn,
        samples=first + patch.samples,
        sample_interval_s=patch.interval_s,
        antenna_separation_m=scene.separation_m,
        antenna_seed=int(rng.integers(LARGEST_SEED)),
        model="ray" if recipe.model == "sketch" else "full-wave",
    )
    return Sample(burial, radar, recipe.detector.drawn(rng), int(rng.integers(LARGEST_SEED)), first)
