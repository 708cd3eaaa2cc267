"""Explaining a run's indication: the lines once more, for the evidence that no run keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from detectkit.batch.calibrating import with_findings
from detectkit.batch.detectors import heard
from detectkit.batch.job import Job, LineJob
from detectkit.batch.run_record import read_run
from detectkit.core import MissingDependencyError, UsageError
from detectkit.detect.assess import Assessor
from detectkit.detect.detector import Detector
from detectkit.detect.fusion import Branch, Place, fuse
from detectkit.learn.choose import choose
from detectkit.pipeline import Runner

if TYPE_CHECKING:
    from detectkit.learn.explanation import Explanation

Progress = Callable[[int], None]


def explain_run(
    run: Path, rank: int, *, model: str | None = None, progress: Progress | None = None
) -> Explanation:
    """Return what moved a network at one of a run's indications.

    Parameters
    ----------
    run
        Folder of a run, or its run.toml.
    rank
        Of the indication in that run.
    model
        Name or folder of the network; None: the one that weighed the run.
    progress
        Called with the number of traces just done.

    Raises
    ------
    UsageError
        The run has no such rank, or no network weighed it.
    MissingDependencyError
        There is no torch.
    """
    job = with_findings(read_run(run))
    pipelines = [line.pipeline for line in job.lines]
    weighed = choose(job.wish, pipelines).assessor
    network = (
        weighed if model is None else choose(replace(job.wish, model=model), pipelines).assessor
    )
    explain = _explaining(network)
    places = places_of(job, weighed, progress)
    if not 1 <= rank <= len(places):
        msg = f"rank {rank}: the run has {len(places)} indications, ranked from 1"
        raise UsageError(msg)
    return explain(places[rank - 1])


def _explaining(network: Assessor | None) -> Callable[[Place], Explanation]:
    """Return what explains a place; refuses before the lines are processed, not after."""
    try:
        from detectkit.learn.model.assessor import NetworkAssessor
        from detectkit.learn.saliency import explain
    except ImportError as error:
        msg = "explaining a network needs torch: pip install 'detectkit[learn]'"
        raise MissingDependencyError(msg) from error
    if not isinstance(network, NetworkAssessor):
        label = "nothing" if network is None else network.label
        msg = f"the run was weighed by {label}, no network; name one with --model"
        raise UsageError(msg)
    return lambda place: explain(place, network)


def places_of(job: Job, assessor: Assessor | None, progress: Progress | None = None) -> list[Place]:
    """Return the places of a job with their evidence, ranked as a run ranks them."""
    radars = [branch for line in job.lines if (branch := _seen(line, progress)) is not None]
    return fuse([*radars, *map(heard, job.detectors)], assessor) if radars else []


def _seen(line: LineJob, progress: Progress | None) -> Branch | None:
    if line.detection is None:
        return None
    runner = Runner(line.pipeline.steps)
    detector = Detector(line.detection, line.recording.path.name, line.pipeline.fingerprint)
    branch = Branch(detector.track)
    for block in line.stream.blocks():
        for processed in runner.push(replace(block, line=line.name)):
            branch.founds += detector.push(processed)
        if progress is not None:
            progress(len(block))
    for processed in runner.finish():
        branch.founds += detector.push(processed)
    branch.founds += detector.finish()
    return branch
