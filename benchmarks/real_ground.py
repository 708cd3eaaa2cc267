"""Indications on real ground without mines: python benchmarks/real_ground.py FOLDER.

FOLDER holds recordings that nobody of this project made; of those that are there, each goes through
the default detection as it is. No mine lies in any of them, as far as is known, so whatever is
indicated is false for one who looks for mines; that something real lies there is likely for many.
Prints metres, indications per metre at some scores with the exact interval of a Poisson count, and
how much more the counts vary from piece to piece than a Poisson count would. Then the same for the
places that the shipped model's autoencoder draws badly (`detectkit anomaly`; needs torch), and what
both say of a recording with a large body.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from detectkit.batch.job import Job, LineJob, plan
from detectkit.batch.line_anomaly import strangeness
from detectkit.core import Indication
from detectkit.detect.detector import Detector
from detectkit.detect.scoring.intervals import garwood
from detectkit.learn.model.shipped import DEFAULT
from detectkit.pipeline import run

SCORES = (4.0, 6.0, 8.0)
STRANGE_SCORES = (1.5, 2.0, 3.0)
"""Of the autoencoder; at 2 it has 25 of 27 bars of a wall (tests/batch/test_strange_lines.py)."""
PIECE_M = 10.0
PUSH_TRACES = 128


@dataclass(frozen=True, slots=True)
class Ground:
    """Lines over one piece of ground."""

    name: str
    files: tuple[str, ...]
    mark_spacing_m: float | None = None
    band_m: tuple[float, float] | None = None


GROUNDS = (
    Ground("LINE0, campus, 250 MHz", ("sensoft/LINE0.DT1",)),
    Ground("FILE____032, dune, 400 MHz", ("gssi/FILE____032.DZT",)),
    Ground(
        "grid3d, 24 parallel lines, 400 MHz",
        tuple(f"grid3d/FILE____{number:03d}.DZT" for number in range(1, 25)),
    ),
    Ground("DAT_0097, 250 MHz", ("mala/DAT_0097.rd3",)),
    Ground("Frenke LINE00, gravel, 100 MHz", ("sensoft/frenke/LINE00.DT1",)),
)
WITH_BODY = Ground("testdata, 400 MHz", ("gssi/testdata.dzt",), 1.0, (0.1, 1.5))
BODY_TRACES = (940, 1210)
"""Where the tops of the large hyperbolas of `WITH_BODY` are, by eye."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was indicated on a line, and how long it is."""

    line: str
    length_m: float
    indications: tuple[Indication, ...]


@dataclass(frozen=True, slots=True)
class Strange:
    """What an autoencoder draws badly on a line: place and score, and how long it is."""

    length_m: float
    places: tuple[tuple[float, float], ...]


def job_of(ground: Ground, folder: Path) -> Job:
    """Return the job of the default detection."""
    files = [folder / one for one in ground.files]
    return plan(files, mark_spacing_m=ground.mark_spacing_m, band_m=ground.band_m)


def heard(ground: Ground, folder: Path) -> list[Heard]:
    """Return what the default detection indicates, down to the lowest score of the table."""
    return [_line(one) for one in job_of(ground, folder).lines]


def strange(ground: Ground, folder: Path) -> list[Strange]:
    """Return what the autoencoder draws badly, strongest first in each line."""
    return [
        Strange(
            sum(one.length_m for one in line.stretches),
            tuple(
                (float(one.along_m[at]), float(one.score[at]))
                for one in line.stretches
                for at in one.peaks(threshold=min(STRANGE_SCORES), apart_m=line.apart_m)
            ),
        )
        for line in strangeness(job_of(ground, folder), DEFAULT).lines
    ]


def _line(job: LineJob) -> Heard:
    assert job.detection is not None
    settings = replace(job.detection.settings, threshold=min(SCORES))
    detector = Detector(replace(job.detection, settings=settings), job.name)
    starts = range(0, job.stream.traces, PUSH_TRACES)
    rows = (job.stream.rows(at, min(at + PUSH_TRACES, job.stream.traces)) for at in starts)
    found, length_m = [], 0.0
    for block in run(job.pipeline.steps, rows):
        length_m += len(block) * (block.trace_spacing_m or 0.0)
        found += [one.indication for one in detector.push(block)]
    found += [one.indication for one in detector.finish()]
    return Heard(job.name, length_m, tuple(found))


def dispersion(lines: Iterable[Heard], score: float) -> float:
    """Return variance over mean of the counts in pieces of `PIECE_M`: of a Poisson count 1."""
    counts: list[int] = []
    for line in lines:
        pieces = max(1, round(line.length_m / PIECE_M))
        places = [one.along_track_m or 0.0 for one in line.indications if one.score >= score]
        counts += np.histogram(places, pieces, (0.0, max(line.length_m, 1e-9)))[0].tolist()
    mean = float(np.mean(counts))
    return float(np.var(counts, ddof=1)) / mean if len(counts) > 1 and mean > 0.0 else float("nan")


def row(name: str, lines: Sequence[Heard]) -> str:
    """Return a row of the table."""
    scores = [one.score for line in lines for one in line.indications]
    cells = counted(scores, SCORES, sum(one.length_m for one in lines))
    cells.append(f"{dispersion(lines, SCORES[0]):.1f}")
    return f"| {name} | " + " | ".join(cells) + " |"


def strange_row(name: str, lines: Sequence[Strange]) -> str:
    """Return a row of the autoencoder's table."""
    scores = [score for line in lines for _, score in line.places]
    cells = counted(scores, STRANGE_SCORES, sum(one.length_m for one in lines))
    return f"| {name} | " + " | ".join(cells) + " |"


def counted(scores: Sequence[float], thresholds: Sequence[float], length_m: float) -> list[str]:
    """Return the length, and how many scores reach each threshold, with intervals per metre."""
    cells = [f"{length_m:.0f}"]
    for threshold in thresholds:
        count = sum(one >= threshold for one in scores)
        low, high = (float(one) / length_m for one in garwood(count))
        cells.append(f"{count}: {count / length_m:.2f} ({low:.2f} to {high:.2f})")
    return cells


def head(scores: Sequence[float], *more: str) -> str:
    """Return the head of a table."""
    names = ["ground", "metres", *(f"score {one:g}: number, per metre (95 %)" for one in scores)]
    names += more
    return "| " + " | ".join(names) + " |\n|" + "---|" * len(names)


def strongest(line: Heard) -> tuple[list[Indication], list[Indication]]:
    """Return a line's indications at the body of `WITH_BODY` and elsewhere, strongest first."""
    ranked = sorted(line.indications, key=lambda one: -one.score)
    first, last = BODY_TRACES
    at_body = [one for one in ranked if first <= one.trace <= last]
    return at_body, [one for one in ranked if one not in at_body]


def main(folder: Annotated[Path, typer.Argument(help="Folder of real recordings.")]) -> None:
    """Print the table."""
    there = [one for one in GROUNDS if all((folder / file).exists() for file in one.files)]
    print(head(SCORES, f"variance / mean in {PIECE_M:g} m"))
    lines = {ground.name: heard(ground, folder) for ground in there}
    for name, those in (*lines.items(), ("all", [*chain(*lines.values())])):
        print(row(name, those))
    print(f"\nautoencoder\n\n{head(STRANGE_SCORES)}")
    drawn = {ground.name: strange(ground, folder) for ground in there}
    for name, ones in (*drawn.items(), ("all", [*chain(*drawn.values())])):
        print(strange_row(name, ones))
    if (folder / WITH_BODY.files[0]).exists():
        at_body, elsewhere = strongest(heard(WITH_BODY, folder)[0])
        highest = max((one.score for one in elsewhere), default=0.0)
        print(f"\n{WITH_BODY.name}, searched to 1.5 m; highest score elsewhere {highest:.1f}")
        for one in at_body[:3]:
            at = f"trace {one.trace}, {one.along_track_m or 0.0:.2f} m along"
            print(f"  {at}, {one.depth_m:.2f} m deep, score {one.score:.1f}")
        print("the autoencoder's highest scores there:")
        for along_m, score in strange(WITH_BODY, folder)[0].places[:6]:
            print(f"  {along_m:.2f} m along, score {score:.1f}")


if __name__ == "__main__":
    typer.run(main)
