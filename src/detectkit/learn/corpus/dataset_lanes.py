"""Lanes of a dataset as a flight would have recorded them.

A sample holds the traces from shortly before the ground's echo on. A flight's traces begin before
the direct wave, which the pipeline needs to find time zero: what was cut off is computed again from
the sample's own radar and seed, so that traces are whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, Sensor
from detectkit.core.block import Coord
from detectkit.core.settings import build
from detectkit.detect.preset import Ground
from detectkit.geo import LocalFrame
from detectkit.learn.corpus.backgrounds import RealGround, read_grounds
from detectkit.learn.corpus.copies import Changes, Parts, changed, drawn, seamed
from detectkit.learn.corpus.passage import Body, LaneFacts, Origin, Passage, category_of
from detectkit.learn.corpus.settings import Background, CorpusSettings, DatasetSource, Split
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S
from detectkit.sim.antenna import with_effects
from detectkit.sim.instruments import Radar
from detectkit.synthesis.dataset import Dataset, open_dataset

Values = npt.NDArray[np.float64]
FRAME = LocalFrame(0.0, 45.0)
"""Where lanes are put: nothing that a model sees tells it."""
START_NS = 1_750_000_000_000_000_000
POSITION_ERROR_M = 0.014
BESIDE_BODY_M = 0.1
"""How far from its middle a body is usually found."""
RTK_FIXED = 4
LANE = "lane"
COPY, TOLD = 1, 2
"""What is drawn, each with random numbers of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """One sample as it is read: counts of radar and detector, where they were, what is known."""

    radar: npt.NDArray[np.float32]
    detector: npt.NDArray[np.float32]
    track: Mapping[str, Values]
    told: Mapping[str, Any]
    label: Any


def scenes_in(dataset: Dataset, source: DatasetSource) -> int:
    """Return how many scenes of a dataset are taken; the last may be taken in part."""
    return -(-lanes_in(dataset, source) // int(dataset.attributes["samples_per_scene"]))


def lanes_in(dataset: Dataset, source: DatasetSource) -> int:
    """Return how many samples of a dataset are taken."""
    return min(len(dataset), source.most_lanes or len(dataset))


def scene_passages(settings: CorpusSettings, number: int, scene: int) -> Iterator[Passage]:
    """Yield the lanes of one scene of a dataset and their copies.

    Parameters
    ----------
    settings
        Of the corpus.
    number
        Of the dataset among all sources.
    scene
        Its number in the dataset.
    """
    source = settings.dataset[number]
    dataset = opened(source.path)
    per_scene = int(dataset.attributes["samples_per_scene"])
    first = scene * per_scene
    stop = min(first + per_scene, lanes_in(dataset, source))
    for offset, sample in enumerate(_samples(dataset, first, stop)):
        split = source.split or sample.told["site"]["split"]
        for copy in range(settings.copies.count if split != "test" else 1):
            yield _passage(settings, number, first + offset, copy, sample)


@lru_cache(maxsize=2)
def opened(path: str) -> Dataset:
    """Return a dataset; a name without a file is one that ships."""
    return open_dataset(_place(path))


def _place(path: str) -> Path:
    import detectkit_sim_data

    shipped = f"datasets/{path}.zarr.zip"
    if not Path(path).exists() and shipped in detectkit_sim_data.names():
        return detectkit_sim_data.path(shipped)
    return Path(path)


def bare_passage(settings: CorpusSettings, number: int, lane: int) -> Passage:
    """Return a lane as it would have been without its body: the same ground, noise and place.

    Parameters
    ----------
    settings, number
        See `scene_passages`.
    lane
        Number of the sample in the dataset.
    """
    dataset = opened(settings.dataset[number].path)
    which = slice(lane, lane + 1)
    sample = next(_samples(dataset, lane, lane + 1))
    bare = replace(
        sample,
        radar=sample.radar - dataset.read("echo", which)[0],
        detector=sample.detector - dataset.read("detector_echo", which)[0],
    )
    return _passage(settings, number, lane, 0, bare)


def _samples(dataset: Dataset, first: int, stop: int) -> Iterator[_Sample]:
    which = slice(first, stop)
    radar, detector = dataset.read("radar", which), dataset.read("detector", which)
    track = dataset.read("track", which).astype(np.float64)
    for row in range(stop - first):
        columns = dict(zip(dataset.track_columns, track[row].T, strict=True))
        label = dataset.labels[first + row]
        yield _Sample(radar[row], detector[row], columns, dataset.provenance(first + row), label)


def _passage(
    settings: CorpusSettings, number: int, lane: int, copy: int, sample: _Sample
) -> Passage:
    source = settings.dataset[number]
    told = sample.told
    radar = build(Radar, told["sample"]["radar"], where=f"{source.path}, sample {lane}")
    parts = _parts(sample, radar)
    split: Split = source.split or told["site"]["split"]
    changes, counts = Changes(), None
    if copy > 0:
        rng = _rng(settings, number, lane, copy, COPY)
        changes = drawn(settings.copies, parts, rng)
        real = _clutter(settings, parts, sample, rng) if split == "train" else None
        counts = changed(parts, changes, real, rng)
    else:
        counts = changed(parts, changes, None, np.random.default_rng(0))
    return _joined(settings, (number, lane, copy), sample, radar, changes, counts, split)


def _joined(
    settings: CorpusSettings,
    place: tuple[int, int, int],
    sample: _Sample,
    radar: Radar,
    changes: Changes,
    counts: npt.NDArray[np.float32],
    split: Split,
) -> Passage:
    """Return the passage of a radargram that is already changed."""
    number, lane, copy = place
    error = settings.labels.permittivity_error
    permittivity = float(sample.label["permittivity"])
    guessed = max(1.0, permittivity * (1.0 + error * _rng(settings, *place, TOLD).uniform(-1, 1)))
    site = sample.told["site"]
    first_m, last_m = _searched(settings.dataset[number].path, sample.track["along_m"])
    facts = LaneFacts(
        LANE,
        (first_m, 0.0),
        (last_m, 0.0),
        float(sample.label["height_m"]) + changes.higher_m,
        permittivity,
    )
    return Passage(
        (_radar_block(counts, sample, radar, changes),),
        (_detector_block(sample),),
        Ground(SPEED_OF_LIGHT_M_S / math.sqrt(guessed), "given"),
        bodies_of(sample.told),
        FRAME,
        (facts,),
        Origin(
            source=number,
            site=f"{number}/{site['number']}",
            ground=f"site seed {sample.told['recipe_seed']}/{site['seed']}",
            scene=f"{number}/{sample.told['number']}/{lane}",
            copy=copy,
            split=split,
            terrain=site["terrain"],
            soil=_soil(site["subsurface"]),
        ),
    )


def _searched(path: str, along_m: Values) -> tuple[float, float]:
    """Return between which places of a lane bodies are laid.

    What stands out nearer to its ends can be no target; to be learned or judged there would be to
    learn where the lane ends.
    """
    first, last = float(along_m[0]), float(along_m[-1])
    half_m = min(_laid_within_m(path) + BESIDE_BODY_M, 0.5 * (last - first))
    middle = 0.5 * (first + last)
    return middle - half_m, middle + half_m


@lru_cache(maxsize=4)
def _laid_within_m(path: str) -> float:
    """Return how far from the middle of a dataset's lanes bodies are laid at most."""
    recipe = opened(path).recipe
    return recipe.laid.along_m if recipe.scenes.burials else math.inf


def _parts(sample: _Sample, radar: Radar) -> Parts:
    """Return the whole traces in two: what the radar does without ground, and what that adds."""
    first = int(sample.label["first_sample"])
    nothing = np.zeros((len(sample.radar), radar.samples))
    alone = with_effects(
        nothing, radar, sample.track["time_s"], seed=int(sample.told["sample"]["seed"])
    ).astype(np.float64)
    ground = np.zeros_like(alone)
    ground[:, first:] = seamed(sample.radar - alone[:, first:])
    height = float(sample.track["height_m"].mean())
    path_m = math.hypot(2.0 * height, radar.antenna_separation_m)
    return Parts(
        alone,
        ground,
        radar.sample_interval_s,
        radar.time_zero_s + path_m / SPEED_OF_LIGHT_M_S,
        radar.centre_hz,
        radar.noise_counts,
        radar.full_scale_counts,
        height,
    )


def _clutter(
    settings: CorpusSettings,
    parts: Parts,
    sample: _Sample,
    rng: np.random.Generator,
) -> npt.NDArray[np.float32] | None:
    grounds = grounds_of(settings.background)
    if not grounds:
        return None
    along = sample.track["along_m"]
    chosen: RealGround = grounds[int(rng.integers(len(grounds)))]
    return chosen.piece(
        traces=len(along),
        spacing_m=float(along[1] - along[0]),
        samples=parts.ground.shape[1],
        interval_s=parts.interval_s,
        centre_hz=parts.centre_hz,
        rng=rng,
    )


@lru_cache(maxsize=2)
def grounds_of(backgrounds: tuple[Background, ...]) -> Sequence[RealGround]:
    """Return the real ground that is mixed into copies, read once."""
    return read_grounds(backgrounds)


def _radar_block(
    counts: npt.NDArray[np.float32], sample: _Sample, radar: Radar, changes: Changes
) -> Block:
    track = sample.track
    told = track["told_height_m"] + changes.higher_m + changes.height_error_m
    twt_s = np.arange(counts.shape[1]) * radar.sample_interval_s - radar.time_zero_s
    limit = radar.full_scale_counts
    return Block(
        counts,
        coords={**_coords(track, track["along_m"], 0.0, told), "twt_s": ("delay", twt_s)},
        sensor=Sensor(
            "gpr",
            "gpr",
            "simulated (full-wave)",
            antenna_hz=radar.centre_hz,
            antenna_separation_m=radar.antenna_separation_m,
            full_scale=(-limit, limit),
        ),
        line=LANE,
    )


def _detector_block(sample: _Sample) -> Block:
    forward, right, down = sample.told["sample"]["detector"]["lever_arm_m"]
    track = sample.track
    coords = _coords(track, track["along_m"] + forward, -right, track["told_height_m"] - down)
    return Block(
        sample.detector,
        dims=("trace", "channel"),
        coords=coords,
        sensor=Sensor("detector", "metal_detector", "simulated", unit="nV"),
        line=LANE,
        quantity="response",
    )


def _coords(
    track: Mapping[str, Values], along_m: Values, left_m: float, height_m: Values
) -> dict[str, Coord]:
    """Return what a flight tells of each row."""
    count = len(along_m)
    longitude, latitude, _ = FRAME.to_geographic(along_m, np.full(count, left_m))
    columns: dict[str, npt.NDArray[Any]] = {
        "time_ns": START_NS + np.rint(track["time_s"] * 1e9).astype(np.int64),
        "source_trace": np.arange(count),
        "along_track_m": np.array(along_m),
        "longitude_deg": longitude,
        "latitude_deg": latitude,
        "height_m": np.array(height_m),
        "roll_rad": np.deg2rad(track["roll_deg"]),
        "pitch_rad": np.deg2rad(track["pitch_deg"]),
        "horizontal_error_m": np.full(count, POSITION_ERROR_M),
        "fix_quality": np.full(count, RTK_FIXED),
    }
    return {name: ("trace", values) for name, values in columns.items()}


def bodies_of(told: Mapping[str, Any]) -> tuple[Body, ...]:
    """Return what lies in a sample's ground, by its provenance: its body, clutter and scrap."""
    burial = int(told["sample"]["burial"])
    placed = [*told["clutter"], *told["scrap"]]
    placed += [told["burials"][burial]] if burial >= 0 else []
    return tuple(_body(one, float(told["across_m"])) for one in placed)


def _body(placed: Mapping[str, Any], lane_across_m: float) -> Body:
    body = placed["body"]
    return Body(
        float(placed["along_m"]),
        lane_across_m - float(placed["across_m"]),
        0.5 * max(max(part["size_m"][:2]) for part in body["parts"]),
        category_of(library=body["category"], metallic=bool(body["metal"])),
        float(placed["depth_m"]),
        str(placed["name"]),
    )


def _soil(subsurface: Mapping[str, Any]) -> str:
    """Return the soil in a few words, for strata of the results."""
    moisture = float(subsurface["moisture"])
    wet = "dry" if moisture < 0.1 else "moist" if moisture < 0.2 else "wet"
    sand, clay = float(subsurface["sand"]), float(subsurface["clay"])
    texture = "sandy" if sand > 0.6 else "clayey" if clay > 0.25 else "loamy"
    magnetic = "magnetic " if float(subsurface.get("susceptibility", 0.0)) > 1e-3 else ""
    return f"{wet} {magnetic}{texture}"


def _rng(settings: CorpusSettings, *words: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([settings.seed, *words])))
