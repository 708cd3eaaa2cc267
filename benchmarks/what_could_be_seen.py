"""What the best of all detectors could find: python benchmarks/what_could_be_seen.py DATASET.

DATASET is one of `detectkit simulate dataset`. Each lane is processed twice by the default
pipeline, with its body and without; the difference is the body's echo, known to the last bit. A
matched filter for just this echo, at just this place, is the best of all linear detectors
(Van Trees 2001, Detection, Estimation and Modulation Theory, part I, 4.3): its output over that of
ground without the body, in standard deviations, is told here, for the radar, the metal detector and
both. What the ground's clutter is like is learnt from the other sites. Nothing that has to find the
body without being told its echo can do better, unless clutter is kinder than a normal deviate.

At a given number of false alarms per m² the filter detects Φ(d - z) of a body heard with d; z
leaves so many of the independent looks per m², of `LOOK_M2` each, above it.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates
from scipy.stats import norm

from detectkit.core import Block
from detectkit.core.indication import TARGETS
from detectkit.learn.corpus.dataset_lanes import bare_passage, lanes_in, opened, scene_passages
from detectkit.learn.corpus.passage import Passage
from detectkit.learn.corpus.processing import pipeline_of
from detectkit.learn.corpus.settings import Copies, CorpusSettings, DatasetSource
from detectkit.pipeline import Runner

Values = npt.NDArray[np.float64]

SPACING_M, HALF_ROWS = 0.025, 16
PERIODS = np.arange(-0.6, 5.0, 0.125)
"""Delays after the ground's echo, in periods of the radar."""
WINDOW_STEP = 6
RIDGE = 0.02
LOOK_M2 = 0.3 * 0.6
RATES_PER_M2 = (0.02, 0.1, 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """A lane on one grid: `clutter` and `echo`, (rows, columns) each; `row` of the body or None."""

    site: str
    clutter: Values
    echo: Values
    row: int | None

    def windows(self, step: int) -> Values:
        """Return pieces of the clutter, flattened, (pieces, values)."""
        middles = range(HALF_ROWS, len(self.clutter) - HALF_ROWS, step)
        return np.stack([_piece(self.clutter, one) for one in middles])


@dataclass(frozen=True, slots=True)
class Target:
    """What was looked for: its name and category, and what each sensor hears of it (d)."""

    name: str
    category: str
    heard: dict[str, float]


def _piece(image: Values, row: int) -> Values:
    return image[row - HALF_ROWS : row + HALF_ROWS + 1].ravel()


def radar_image(passage: Passage, like: Passage) -> Values:
    """Return the processed radargram on the common grid; the pipeline is fitted to `like`."""
    runner = Runner(pipeline_of(like).steps)
    blocks = [one for raw in passage.radar for one in runner.push(raw)]
    blocks += runner.finish()
    period_s = 1.0 / float(passage.radar[0].sensor.antenna_hz or 1e9)
    spec = blocks[0].spec
    delays = (PERIODS * period_s - spec.first_twt_s) / (spec.sample_interval_s or 1.0)
    return _gridded(blocks, delays)


def detector_image(passage: Passage, like: Passage) -> Values:
    """Return the metal detector's channels on the same places, less each channel's median."""
    del like
    blocks = passage.detector
    image = _gridded(blocks, np.arange(blocks[0].data.shape[1], dtype=np.float64))
    return np.asarray(image - np.median(image, axis=0))


def _gridded(blocks: Sequence[Block], columns: Values) -> Values:
    data = np.concatenate([one.data for one in blocks]).astype(np.float64)
    along = np.concatenate([one.coord("along_track_m") for one in blocks]).astype(np.float64)
    places = np.arange(0.0, 4.7, SPACING_M)
    rows = np.interp(places, along, np.arange(len(along)))
    at = np.meshgrid(rows, columns, indexing="ij")
    return np.asarray(map_coordinates(data, at, order=1, mode="nearest"))


IMAGES: dict[str, Callable[[Passage, Passage], Values]] = {
    "radar": radar_image,
    "detector": detector_image,
}


def lane_of(image: Callable[[Passage, Passage], Values], full: Passage, bare: Passage) -> Lane:
    """Return a lane in one sensor's eyes, in units of its own clutter."""
    clutter = image(bare, full)
    scale = float(np.sqrt(np.mean(clutter**2))) or 1.0
    echo = image(full, full) - clutter
    body = full.bodies[-1]
    row = round(body.x_m / SPACING_M) if np.abs(echo).max() > 0.0 else None
    if row is not None and not HALF_ROWS <= row < len(clutter) - HALF_ROWS:
        row = None
    return Lane(full.origin.site, clutter / scale, echo / scale, row)


def inverse_covariances(lanes: Iterable[Lane]) -> dict[str, Values]:
    """Return, for each site, the inverse covariance of the clutter of all others."""
    sums: dict[str, tuple[Values, int]] = {}
    for lane in lanes:
        pieces = lane.windows(WINDOW_STEP)
        before, count = sums.get(lane.site, (0.0, 0))
        sums[lane.site] = np.asarray(before + pieces.T @ pieces), count + len(pieces)
    total = np.sum([one for one, _ in sums.values()], axis=0)
    counts = sum(count for _, count in sums.values())
    inverses = {}
    for site, (own, count) in sums.items():
        other = (total - own) / (counts - count)
        other += RIDGE * np.trace(other) / len(other) * np.eye(len(other))
        inverses[site] = np.linalg.inv(other)
    return inverses


def heard(lane: Lane, inverse: Values) -> float:
    """Return the matched filter's answer to the echo over its spread on the lane's own clutter."""
    assert lane.row is not None
    echo = _piece(lane.echo, lane.row)
    weights = inverse @ echo
    return float(echo @ weights / (lane.windows(2) @ weights).std())


def targets_of(path: str, every: int) -> list[Target]:
    """Return all mines of a dataset's lanes with what a matched filter hears of them."""
    settings = CorpusSettings("bound", dataset=(DatasetSource(path),), copies=Copies(count=1))
    per_scene = int(opened(path).attributes["samples_per_scene"])
    lanes: dict[str, list[Lane]] = defaultdict(list)
    bodies = []
    for number in range(0, lanes_in(opened(path), settings.dataset[0]), per_scene):
        for offset, full in enumerate(scene_passages(settings, 0, number // per_scene)):
            if offset % every:
                continue
            bare = bare_passage(settings, 0, number + offset)
            bodies.append(full.bodies[-1] if full.bodies else None)
            for sensor, image in IMAGES.items():
                lanes[sensor].append(lane_of(image, full, bare))
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for sensor, seen in lanes.items():
        inverses = inverse_covariances(seen)
        for number, lane in enumerate(seen):
            if lane.row is not None:
                found[number][sensor] = heard(lane, inverses[lane.site])
    return [
        Target(body.name, body.category, {"radar": 0.0, "detector": 0.0, **found[number]})
        for number, body in enumerate(bodies)
        if body is not None and body.category in TARGETS and number in found
    ]


def detected(d: Values, rate_per_m2: float) -> float:
    """Return the mean share detected at so many false alarms per m²."""
    return float(norm.cdf(d - norm.isf(rate_per_m2 * LOOK_M2)).mean())


def report(targets: Sequence[Target]) -> None:
    """Print the tables by category and by body."""
    groups: dict[str, list[Target]] = {"all": list(targets)}
    for one in targets:
        groups.setdefault(one.category, []).append(one)
    for one in sorted(targets, key=lambda each: each.name):
        groups.setdefault(one.name, []).append(one)
    heads = " | ".join(f"at {rate:g} per m²" for rate in RATES_PER_M2)
    print("| bodies | passes | sensor | median d | " + heads + " |\n|---|---|---|---|---|---|---|")
    for name, group in groups.items():
        radar, detector = (np.array([one.heard[key] for one in group]) for key in IMAGES)
        for sensor, d in (
            ("radar", radar), ("detector", detector), ("both", np.hypot(radar, detector)),
        ):  # fmt: skip
            shares = " | ".join(f"{detected(d, rate):.2f}" for rate in RATES_PER_M2)
            print(f"| {name} | {len(group)} | {sensor} | {np.median(d):.1f} | {shares} |")


def main() -> None:
    """Reckon and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("dataset")
    asked.add_argument("--every", type=int, default=1, help="take every such sample of a scene")
    told = asked.parse_args()
    report(targets_of(told.dataset, told.every))


if __name__ == "__main__":
    main()
