"""run.toml: what was run on what, enough to run it again."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w

from detectkit import __version__
from detectkit.batch.detectors import DetectorJob, detectors_of
from detectkit.batch.job import Job, LineJob
from detectkit.core import FormatError, PipelineError
from detectkit.core.settings import build
from detectkit.detect.metal.hearing import Hearing
from detectkit.io import Overrides, Recording, open_recording
from detectkit.learn.choose import Wish
from detectkit.pipeline import Pipeline

READ_BYTES = 1 << 22
NAME_DIGITS = 12
"""Digits of its fingerprint that name a pipeline's file."""


def write_run(
    job: Job,
    folder: Path,
    sha256: Mapping[Path, str],
    *,
    assessed_by: str = "",
    hearing: Sequence[Hearing] = (),
) -> None:
    """Write run.toml and the pipelines it names.

    Parameters
    ----------
    job, folder, sha256
        What ran, where its results are, the digest of each recording.
    assessed_by
        What weighed the evidence.
    hearing
        What each of the job's detectors can have heard; none where nothing was sought.
    """
    pipelines = folder / "pipelines"
    pipelines.mkdir(exist_ok=True)
    for earlier in pipelines.glob(f"{'[0-9a-f]' * NAME_DIGITS}.toml"):
        earlier.unlink()
    inputs: list[dict[str, Any]] = []
    for line in job.lines:
        name = f"{line.pipeline.fingerprint[:NAME_DIGITS]}.toml"
        (pipelines / name).write_text(line.pipeline.to_toml(), encoding="utf-8")
        inputs.append(
            {
                "file": str(line.recording.path.resolve()),
                "sha256": sha256.get(line.recording.path, ""),
                "format": line.recording.format,
                "stream": [one is line.stream for one in line.recording.streams].index(True),
                "line": line.name,
                "sensor": line.stream.header.sensor.id,
                "traces": line.stream.traces,
                "pipeline": f"pipelines/{name}",
                "set": dict(line.recording.overrides),
            }
        )
    document: dict[str, Any] = {
        "detectkit_version": __version__,
        "finished_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "assessed_by": assessed_by,
        "model": {name: value for name, value in asdict(job.wish).items() if value is not None},
        "input": inputs,
    }
    detectors = [_detector_entry(one, folder) for one in job.detectors]
    for entry, one in zip(detectors, hearing, strict=False):
        entry["hearing"] = one.to_dict()
    if detectors:
        document["detector"] = detectors
    (folder / "run.toml").write_text(tomli_w.dumps(document), encoding="utf-8")


def _detector_entry(one: DetectorJob, folder: Path) -> dict[str, Any]:
    """Return a detector's entry, its pipeline written beside those of the radar."""
    name = f"{one.pipeline.fingerprint[:NAME_DIGITS]}.toml"
    (folder / "pipelines" / name).write_text(one.pipeline.to_toml(), encoding="utf-8")
    return {
        "file": str(one.recording.path.resolve()),
        "sensor": one.sensor_id,
        "pipeline": f"pipelines/{name}",
    }


@dataclass(frozen=True, slots=True)
class _Input:
    """One line of an earlier run."""

    file: str
    format: str
    stream: int
    line: str
    pipeline: str
    sha256: str
    settings: dict[str, str]

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> _Input:
        return cls(
            file=str(table["file"]),
            format=str(table["format"]),
            stream=int(table["stream"]),
            line=str(table["line"]),
            pipeline=str(table["pipeline"]),
            sha256=str(table["sha256"]),
            settings={str(name): str(value) for name, value in dict(table["set"]).items()},
        )

    def opened(self) -> Recording:
        settings = Overrides(self.settings)
        return open_recording(self.file, overrides=settings, format_name=self.format)


def read_run(run: Path) -> Job:
    """Return the job that a run.toml describes, with the same pipelines and overrides.

    Parameters
    ----------
    run
        The file, or the folder that it lies in.

    Raises
    ------
    PipelineError
        Not a run.toml, or a pipeline it names is missing.
    FormatError
        A recording it names cannot be used any more.
    """
    path = run / "run.toml" if run.is_dir() else run
    if not path.is_file():
        msg = f"{path}: cannot be read, it is not there; give the folder of `detectkit process`"
        raise PipelineError(msg)
    document, inputs = _inputs(path)
    recordings = {one.file: one.opened() for one in inputs}
    lines = tuple(_line(path, one, recordings[one.file]) for one in inputs)
    notices = tuple(notice for one in recordings.values() for notice in one.notices)
    wish = build(Wish, dict(document.get("model", {"model": "none"})), where=f"{path}: [model]",
                 error=PipelineError)  # fmt: skip
    return Job(
        lines,
        notices,
        {one.file: one.sha256 for one in inputs},
        _detectors(path, document, recordings),
        wish,
    )


def _detectors(
    path: Path, document: Mapping[str, Any], recordings: Mapping[str, Recording]
) -> tuple[DetectorJob, ...]:
    """Return the detectors of a run, each as it was heard then."""
    found: list[DetectorJob] = []
    for one in document.get("detector", ()):
        recording = recordings.get(str(one.get("file")))
        source = path.parent / str(one.get("pipeline"))
        if recording is None or not source.is_file():
            msg = f"{path}: a [[detector]] names a file or a pipeline that the run does not have"
            raise PipelineError(msg)
        pipeline = Pipeline.from_toml(source.read_text(encoding="utf-8"))
        jobs = detectors_of([recording], [pipeline])
        found += [job for job in jobs if job.sensor_id == one.get("sensor")]
    return tuple(found)


def _inputs(path: Path) -> tuple[dict[str, Any], list[_Input]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        inputs = [_Input.of(one) for one in document["input"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path}: cannot be read as a run.toml of detectkit ({error!r})"
        raise PipelineError(msg) from error
    if not inputs:
        msg = f"{path}: names no input; there is nothing to repeat"
        raise PipelineError(msg)
    return document, inputs


def _line(path: Path, one: _Input, recording: Recording) -> LineJob:
    if not 0 <= one.stream < len(recording.streams):
        msg = (
            f"{recording.path}: has {len(recording.streams)} streams, the run used number "
            f"{one.stream} (from 0); it is not the recording of that run"
        )
        raise FormatError(msg)
    source = path.parent / one.pipeline
    if not source.is_file():
        msg = f"{path}: names the pipeline {one.pipeline}, which is not beside it"
        raise PipelineError(msg)
    pipeline = Pipeline.from_toml(source.read_text(encoding="utf-8"))
    return LineJob.of(recording, recording.streams[one.stream], one.line, pipeline)


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while piece := handle.read(READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()
