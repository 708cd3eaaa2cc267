"""Indications on real ground without mines: python benchmarks/real_ground.py FOLDER.

FOLDER holds recordings that nobody of this project made; of those that are there, each goes through
the default detection as it is. No mine lies in any of them, as far as is known, so whatever is
indicated is false for one who looks for mines; that something real lies there is likely for many.
Prints metres, indications per metre at some scores with the exact interval of a Poisson count, and
how much more the counts vary from piece to piece than a Poisson count would. Then the body of a
recording that has a large one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from detectkit.batch.job import LineJob, plan
from detectkit.core import Indication
from detectkit.detect.detector import Detector
from detectkit.detect.scoring.intervals import garwood
from detectkit.pipeline import run

SCORES = (4.0, 6.0, 8.0)
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


def heard(ground: Ground, folder: Path) -> list[Heard]:
    """Return what the default detection indicates, down to the lowest score of the table."""
    files = [folder / one for one in ground.files]
    job = plan(files, mark_spacing_m=ground.mark_spacing_m, band_m=ground.band_m)
    return [_line(one) for one in job.lines]


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
    length = sum(one.length_m for one in lines)
    cells = [f"{length:.0f}"]
    for score in SCORES:
        count = sum(one.score >= score for line in lines for one in line.indications)
        low, high = (float(one) / length for one in garwood(count))
        cells.append(f"{count}: {count / length:.2f} ({low:.2f} to {high:.2f})")
    cells.append(f"{dispersion(lines, SCORES[0]):.1f}")
    return f"| {name} | " + " | ".join(cells) + " |"


def strongest(line: Heard) -> tuple[list[Indication], list[Indication]]:
    """Return a line's indications at the body of `WITH_BODY` and elsewhere, strongest first."""
    ranked = sorted(line.indications, key=lambda one: -one.score)
    first, last = BODY_TRACES
    at_body = [one for one in ranked if first <= one.trace <= last]
    return at_body, [one for one in ranked if one not in at_body]


def main(folder: Annotated[Path, typer.Argument(help="Folder of real recordings.")]) -> None:
    """Print the table."""
    heads = " | ".join(f"score {one:g}: number, per metre (95 %)" for one in SCORES)
    print(f"| ground | metres | {heads} | variance / mean in {PIECE_M:g} m |")
    print("|" + "---|" * (len(SCORES) + 3))
    every: list[Heard] = []
    for ground in GROUNDS:
        if all((folder / one).exists() for one in ground.files):
            lines = heard(ground, folder)
            every += lines
            print(row(ground.name, lines))
    print(row("all", every))
    if (folder / WITH_BODY.files[0]).exists():
        at_body, elsewhere = strongest(heard(WITH_BODY, folder)[0])
        highest = max((one.score for one in elsewhere), default=0.0)
        print(f"\n{WITH_BODY.name}, searched to 1.5 m; highest score elsewhere {highest:.1f}")
        for one in at_body[:3]:
            print(f"  trace {one.trace}, {one.depth_m:.2f} m deep, score {one.score:.1f}")


if __name__ == "__main__":
    typer.run(main)
