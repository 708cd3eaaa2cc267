"""run.toml: what was run on what, enough to run it again."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w

from detectkit import __version__
from detectkit.batch.job import Job, plan
from detectkit.core import PipelineError
from detectkit.io import Overrides
from detectkit.pipeline import Pipeline

READ_BYTES = 1 << 22


def write_run(job: Job, folder: Path, sha256: Mapping[Path, str]) -> None:
    """Write run.toml and the pipelines it names."""
    pipelines = folder / "pipelines"
    pipelines.mkdir(exist_ok=True)
    inputs: list[dict[str, Any]] = []
    for line in job.lines:
        name = f"{line.pipeline.fingerprint[:12]}.toml"
        (pipelines / name).write_text(line.pipeline.to_toml(), encoding="utf-8")
        inputs.append(
            {
                "file": str(line.recording.path.resolve()),
                "sha256": sha256.get(line.recording.path, ""),
                "format": line.recording.format,
                "line": line.name,
                "sensor": line.stream.header.sensor.id,
                "traces": line.stream.traces,
                "pipeline": f"pipelines/{name}",
                "set": dict(line.recording.overrides),
            }
        )
    document = {
        "detectkit_version": __version__,
        "finished_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "input": inputs,
    }
    (folder / "run.toml").write_text(tomli_w.dumps(document), encoding="utf-8")


def read_run(path: Path) -> Job:
    """Return the job that a run.toml describes, with the same pipelines and overrides.

    Raises
    ------
    PipelineError
        Not a run.toml, or a pipeline it names is missing.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        inputs = [dict(one) for one in document["input"]]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        msg = f"{path}: not a run.toml of detectkit ({error})"
        raise PipelineError(msg) from error
    jobs: list[Job] = []
    done: set[tuple[str, str]] = set()
    for one in inputs:
        key = (str(one.get("file")), str(one.get("pipeline")))
        if key not in done:
            done.add(key)
            jobs.append(_planned(path, one))
    lines = tuple(line for job in jobs for line in job.lines)
    names = {(one["file"], one["sensor"]): one["line"] for one in inputs}
    renamed = tuple(
        replace(
            line,
            name=names.get(
                (str(line.recording.path.resolve()), line.stream.header.sensor.id), line.name
            ),
        )
        for line in lines
    )
    expected = {str(one["file"]): str(one.get("sha256", "")) for one in inputs}
    return Job(renamed, tuple(n for job in jobs for n in job.notices), expected)


def _planned(path: Path, one: Mapping[str, Any]) -> Job:
    source = path.parent / str(one["pipeline"])
    if not source.is_file():
        msg = f"{path}: names the pipeline {one['pipeline']}, which is not beside it"
        raise PipelineError(msg)
    pipeline = Pipeline.from_toml(source.read_text(encoding="utf-8"))
    return plan(
        [Path(str(one["file"]))],
        pipeline=pipeline,
        overrides=Overrides({k: str(v) for k, v in dict(one.get("set", {})).items()}),
        format_name=str(one["format"]),
    )


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while piece := handle.read(READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()
