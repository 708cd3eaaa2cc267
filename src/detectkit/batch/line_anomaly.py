"""The autoencoder along the lines of a run: what looks as no ground that it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from detectkit.batch.job import Job, LineJob
from detectkit.batch.run_record import read_run
from detectkit.core import Indication, MissingDependencyError, UsageError
from detectkit.detect.detector import Detector
from detectkit.detect.evidence import PatchGrid
from detectkit.detect.found import Found
from detectkit.detect.kind import kind_of
from detectkit.detect.settings import Detection
from detectkit.learn.model.shipped import DEFAULT
from detectkit.pipeline import Runner

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectkit.learn.autoencoder import Anomaly
    from detectkit.learn.line_anomaly import LineAnomaly
    from detectkit.learn.model.model import Model

    Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, eq=False)
class StrangeLine:
    """A line with its autoencoder's score.

    Parameters
    ----------
    job
        The line.
    stretches
        One per stretch without a gap.
    indications
        What the pipeline's own score found in the line, not ranked.
    """

    job: LineJob
    stretches: tuple[LineAnomaly, ...]
    indications: tuple[Indication, ...]

    @property
    def apart_m(self) -> float:
        """How near two peaks may be: as near as two indications."""
        return 0.0 if self.job.detection is None else self.job.detection.settings.separation_m


@dataclass(frozen=True, slots=True, eq=False)
class Strangeness:
    """What an autoencoder makes of a job's lines, and what there is to say about it."""

    label: str
    lines: tuple[StrangeLine, ...]
    remarks: tuple[str, ...]


def strangeness_of_run(
    run: Path, *, model: str | None = None, progress: Progress | None = None
) -> Strangeness:
    """Return the autoencoder's score along the lines of a run.

    Parameters
    ----------
    run
        Folder of a run, or its run.toml.
    model
        Name or folder of the model; None: the one that ships.
    progress
        Called with the number of traces just done.

    Raises
    ------
    UsageError
        The model has no autoencoder, or the run no radar line with detection.
    MissingDependencyError
        There is no torch.
    """
    job = read_run(run)
    return strangeness(job, model or DEFAULT, progress=progress)


def strangeness(job: Job, model: str, *, progress: Progress | None = None) -> Strangeness:
    """Return the same of a job."""
    try:
        from detectkit.learn.model.files import load_model
    except ImportError as error:
        msg = "an autoencoder needs torch: pip install 'detectkit[learn]'"
        raise MissingDependencyError(msg) from error
    loaded = load_model(model)
    if loaded.anomaly is None:
        msg = f"{loaded.manifest.label} has no autoencoder; give another model"
        raise UsageError(msg)
    found = [
        _strange(line, line.detection, loaded.anomaly, loaded.manifest.grid, progress)
        for line in job.lines
        if line.detection is not None
    ]
    if not found:
        msg = "the run has no line with [detect]; run it with a pipeline that has one"
        raise UsageError(msg)
    return Strangeness(loaded.manifest.label, tuple(found), _remarks(found, loaded))


def _strange(
    line: LineJob,
    detection: Detection,
    anomaly: Anomaly,
    trained: PatchGrid,
    progress: Progress | None,
) -> StrangeLine:
    from detectkit.learn.line_anomaly import line_anomalies, stretched_grid

    runner = Runner(line.pipeline.steps)
    grid = stretched_grid(detection.settings.band_m[1], trained)
    detector = Detector(detection, line.recording.path.name, grid=grid)
    found: list[Found] = []
    for block in line.stream.blocks():
        for processed in runner.push(replace(block, line=line.name)):
            found += detector.push(processed)
        if progress is not None:
            progress(len(block))
    for processed in runner.finish():
        found += detector.push(processed)
    found += detector.finish()
    stretches = line_anomalies(detector.track, anomaly, trained)
    return StrangeLine(line, tuple(stretches), tuple(one.indication for one in found))


def _remarks(found: Sequence[StrangeLine], model: Model) -> tuple[str, ...]:
    kind = model.manifest.facts.kind
    said = []
    if any(kind_of(one.job.pipeline, model.manifest.grid) != kind for one in found):
        said.append(
            f"{model.manifest.label} was trained on evidence of another kind of pipeline: scores "
            "compare places of one line, and say nothing of the line as a whole"
        )
    said += [f"{one.job.name}: no trace has a place along the line, so it has no score"
             for one in found if not one.stretches]  # fmt: skip
    return tuple(said)
