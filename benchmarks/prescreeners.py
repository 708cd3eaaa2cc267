"""Prescreeners side by side: python benchmarks/prescreeners.py DATASET [REAL] [--lanes N].

Without a dataset: how often made-up clutter scores how high, by prescreener.

DATASET is one of `detectkit simulate dataset`: the lanes of its test split are processed by the
default pipeline, and each prescreener scores the same focused traces. A mine is found where a
candidate lies within its radius and 25 cm along the track. Candidates elsewhere are false; the
threshold is that at which there are so many of them per metre. REAL is a folder with the recordings
named in `RECORDINGS`, in which no mine is known: there are candidates per metre at the
thresholds of the lanes, and at fixed scores.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy.stats import norm

from detectkit.core import Block
from detectkit.core.indication import TARGETS
from detectkit.detect.candidates import Candidate, CandidateFinder
from detectkit.detect.detector import candidate_settings, within_band
from detectkit.detect.prescreeners.depth_energy import DepthEnergy
from detectkit.detect.prescreeners.lowrank import LowRankPrescreener
from detectkit.detect.prescreeners.pca import PcaPrescreener
from detectkit.detect.prescreeners.rls import RlsPrescreener
from detectkit.detect.preset import Ground, default_pipeline
from detectkit.detect.scoring.intervals import clopper_pearson
from detectkit.detect.settings import Detection, DetectSettings
from detectkit.detect.steps import LmsPrescreener, ReedXiaoli
from detectkit.io import open_recording
from detectkit.learn.corpus.dataset_lanes import lanes_in, opened, scene_passages, scenes_in
from detectkit.learn.corpus.passage import Passage
from detectkit.learn.corpus.processing import pipeline_of
from detectkit.learn.corpus.settings import Copies, CorpusSettings, DatasetSource
from detectkit.pipeline import Pipeline, Runner, Step

RECORDINGS = (
    "sensoft/LINE0.DT1", "mala/DAT_0097.rd3", "gssi/FILE____032.DZT", "grid3d/FILE____001.DZT",
    "grid3d/FILE____012.DZT", "grid3d/FILE____024.DZT",
)  # fmt: skip
HALO_M = 0.25
RATES_PER_M = (0.2, 0.5, 1.0)
SCORES = (4.0, 5.0, 6.0, 8.0)
LOWEST = 0.5
REAL_GROUND = Ground(1.0e8, "assumed")


@dataclass(slots=True)
class Tally:
    """What one prescreener made of all lanes."""

    found: list[float] = field(default_factory=list)
    elsewhere: list[float] = field(default_factory=list)
    seconds: float = 0.0
    traces: int = 0
    near_m: list[float] = field(default_factory=list)


def prescreeners(default: ReedXiaoli) -> dict[str, Step]:
    """Return all of them, with the lengths that the default pipeline has for this line."""
    energy_s, guard = default.energy_window_s, default.guard_traces
    rows, training = default.energy_traces, default.training_traces
    return {
        "reed-xiaoli": default,
        "depth-energy": DepthEnergy(energy_s, rows, guard, training),
        "pca-prescreener, 1": PcaPrescreener(energy_s, rows, guard, training, 1),
        "pca-prescreener, 3": PcaPrescreener(energy_s, rows, guard, training, 3),
        "lowrank-prescreener, 1": LowRankPrescreener(energy_s, rows, guard, training, 1),
        "lowrank-prescreener, 3": LowRankPrescreener(energy_s, rows, guard, training, 3),
        "rls-prescreener": RlsPrescreener(energy_s, guard),
        "lms-prescreener": LmsPrescreener(energy_s, guard),
    }


def focused(pipeline: Pipeline, blocks: Iterator[Block]) -> tuple[list[Block], Detection]:
    """Return traces as the prescreener of the default pipeline gets them."""
    detection = Detection.of(pipeline)
    assert detection is not None
    runner = Runner((*pipeline.steps, *detection.steps[:-1]))
    out = [one for block in blocks for one in runner.push(block)]
    return [*out, *runner.finish()], detection


def candidates(
    blocks: list[Block], step: Step, settings: DetectSettings, tally: Tally
) -> list[Candidate]:
    """Return what a prescreener finds down to the lowest score."""
    begin = time.process_time()
    runner = Runner((step,))
    scores = [one for block in blocks for one in runner.push(block)]
    scores += runner.finish()
    tally.seconds += time.process_time() - begin
    tally.traces += sum(map(len, scores))
    if not scores:
        return []
    low = replace(settings, threshold=LOWEST)
    finder = CandidateFinder(candidate_settings(low, scores[0].spec))
    out = [one for block in scores for one in finder.push(within_band(block, settings))]
    return [*out, *finder.finish()]


def passages(path: str, lanes: int | None) -> Iterator[Passage]:
    """Yield the test lanes of a dataset; all lanes where it has no test split."""
    source = DatasetSource(path)
    dataset = opened(path)
    settings = CorpusSettings("prescreeners", dataset=(source,), copies=Copies(count=1))
    chosen = dataset.splits["test"]
    tested = set(chosen.tolist()) if chosen.size else set(range(lanes_in(dataset, source)))
    per_scene, left = int(dataset.attributes["samples_per_scene"]), lanes or len(tested)
    for scene in range(scenes_in(dataset, source)):
        if not tested & set(range(scene * per_scene, (scene + 1) * per_scene)):
            continue
        for one in scene_passages(settings, 0, scene):
            if left > 0:
                left -= 1
                yield one


def simulated(path: str, lanes: int | None) -> tuple[dict[str, Tally], float, int]:
    """Return the tallies, the metres flown and the number of lanes."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    length_m, count = 0.0, 0
    for passage in passages(path, lanes):
        pipeline = pipeline_of(passage)
        blocks, detection = focused(pipeline, iter(passage.radar))
        default = detection.steps[-1]
        assert isinstance(default, ReedXiaoli)
        lane = passage.lanes[0]
        length_m += lane.end_m[0] - lane.begin_m[0]
        count += 1
        for name, step in prescreeners(default).items():
            found = candidates(blocks, step, detection.settings, tallies[name])
            judge(found, passage, tallies[name])
    return tallies, length_m, count


def judge(found: list[Candidate], passage: Passage, tally: Tally) -> None:
    """Hold candidates to the mines of a lane."""
    along = np.array([float(one.row.coord("along_track_m")[0]) for one in found])
    score = np.array([one.score for one in found])
    elsewhere = np.ones(len(found), np.bool_)
    mines = [one for one in passage.bodies if one.category in TARGETS]
    for mine in mines:
        near = np.abs(along - mine.x_m) <= mine.radius_m + HALO_M
        elsewhere &= ~near
        tally.found.append(float(score[near].max(initial=0.0)))
        tally.near_m.append(2.0 * (mine.radius_m + HALO_M))
    tally.elsewhere += score[elsewhere].tolist()


def real(folder: Path) -> tuple[dict[str, Tally], float]:
    """Return the tallies of recordings in which no mine is known, and their metres."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    length_m = 0.0
    for name in RECORDINGS:
        stream = open_recording(folder / name).streams[0]
        pipeline, _ = default_pipeline([stream], REAL_GROUND)
        raw = (stream.rows(at, min(at + 256, stream.traces)) for at in range(0, stream.traces, 256))
        blocks, detection = focused(pipeline, raw)
        default = detection.steps[-1]
        assert isinstance(default, ReedXiaoli)
        length_m += sum(map(len, blocks)) * (blocks[0].trace_spacing_m or 0.0)
        for label, step in prescreeners(default).items():
            found = candidates(blocks, step, detection.settings, tallies[label])
            tallies[label].elsewhere += [one.score for one in found]
    return tallies, length_m


def threshold(scores: list[float], most: int) -> float:
    """Return the lowest score that no more than `most` of the scores reach."""
    falling = sorted(scores, reverse=True)
    return float(np.nextafter(falling[most], np.inf)) if most < len(falling) else LOWEST


def levels_of(tally: Tally, length_m: float) -> list[float]:
    """Return the thresholds with so many false candidates per metre."""
    return [threshold(tally.elsewhere, int(rate * length_m)) for rate in RATES_PER_M]


def report(tallies: dict[str, Tally], length_m: float) -> None:
    """Print the table of recall at rates of false candidates."""
    heads = " | ".join(f"at {rate:g} per m (score)" for rate in RATES_PER_M)
    print(f"| prescreener | {heads} | µs per trace |\n|---|" + "---|" * (len(RATES_PER_M) + 1))
    for name, tally in tallies.items():
        cells = []
        for level in levels_of(tally, length_m):
            hits, total = sum(one >= level for one in tally.found), len(tally.found)
            low, high = (float(one) for one in clopper_pearson(hits, total))
            cells.append(f"{hits / total:.2f} [{low:.2f}, {high:.2f}] ({level:.1f})")
        cost = 1e6 * tally.seconds / tally.traces
        print(f"| `{name}` | {' | '.join(cells)} | {cost:.0f} |")
    widths = np.array(next(iter(tallies.values())).near_m)
    chance = [f"{np.mean(1.0 - np.exp(-rate * widths)):.2f}" for rate in RATES_PER_M]
    print(f"| candidates anywhere | {' | '.join(chance)} | |")


def report_real(tallies: dict[str, Tally], length_m: float, levels: dict[str, list[float]]) -> None:
    """Print the table of candidates per metre, at the thresholds of the lanes and at fixed ones."""
    heads = [f"score of {rate:g} per m" for rate in RATES_PER_M]
    heads += [f"score {score:g}" for score in SCORES]
    print(f"| prescreener | {' | '.join(heads)} |\n|---|" + "---|" * len(heads))
    for name, tally in tallies.items():
        scores = np.array(tally.elsewhere)
        cells = [f"{(scores >= one).sum() / length_m:.2f}" for one in (*levels[name], *SCORES)]
        print(f"| `{name}` | {' | '.join(cells)} |")


def report_clutter() -> None:
    """Print how often clutter scores above a level, as a multiple of a normal deviate's share."""
    rng = np.random.default_rng(3)
    shape, decay = (6000, 40), np.linspace(100.0, 0.1, 40)
    grounds = (rng.normal(size=shape) * decay, rng.laplace(size=shape) * decay)
    print("| prescreener | normal: 2, 3, 4 | exponential: 2, 3, 4 |\n|---|---|---|")
    for name, step in prescreeners(ReedXiaoli(energy_window_s=4e-10)).items():
        cells = []
        for data in grounds:
            axis = {"twt_s": ("delay", np.arange(40) * 1e-10)}
            runner, line = Runner((step,)), Block(data.astype(np.float32), coords=axis)
            scores = np.concatenate([one.data for one in (*runner.push(line), *runner.finish())])
            shares = [(scores[300:] > level).mean() / norm.sf(level) for level in (2.0, 3.0, 4.0)]
            cells.append(", ".join(f"{share:.2g}" for share in shares))
        print(f"| `{name}` | {' | '.join(cells)} |")


def main() -> None:
    """Compare and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("dataset", nargs="?")
    asked.add_argument("real", nargs="?", type=Path)
    asked.add_argument("--lanes", type=int)
    told = asked.parse_args()
    if told.dataset is None:
        report_clutter()
        return
    tallies, length_m, lanes = simulated(told.dataset, told.lanes)
    mines = len(next(iter(tallies.values())).found)
    print(
        f"Simulated: {lanes} lanes, {length_m:.0f} m, {mines} passes over mines; 95 % intervals\n"
    )
    report(tallies, length_m)
    levels = {name: levels_of(tally, length_m) for name, tally in tallies.items()}
    if told.real is not None:
        tallies, length_m = real(told.real)
        print(f"\nReal, no mine known: {len(RECORDINGS)} lines, {length_m:.0f} m\n")
        report_real(tallies, length_m, levels)


if __name__ == "__main__":
    main()
