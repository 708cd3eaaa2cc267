"""Put calibrations into a planned job, and say where they do not fit."""

from __future__ import annotations

from dataclasses import replace

from detectkit.batch.job import Job, LineJob
from detectkit.calibration.check import Finding, check_pipeline, told
from detectkit.calibration.choose import attached, fitted, flown_at, record_for
from detectkit.calibration.record import CalibrationRecord
from detectkit.io import Notice


def with_calibrations(job: Job, given: CalibrationRecord | None = None) -> Job:
    """Return a job of fitted pipelines with a calibration in each where there is one.

    Parameters
    ----------
    job
        From `detectkit.batch.job.plan`, without a pipeline of the user's own.
    given
        For all lines; None: that which came with the flight, if any.
    """
    lines: list[LineJob] = []
    said: list[Notice] = []
    for line in job.lines:
        first = line.stream.rows(0, min(2, line.stream.traces))
        record = given or record_for(attached(line.recording.attachments), first.sensor)
        pipeline, findings = fitted(line.pipeline, record, first.spec, flown_at(first))
        lines.append(LineJob.of(line.recording, line.stream, line.name, pipeline))
        said += _notices(line, findings)
    return replace(job, lines=tuple(lines), notices=(*job.notices, *_once(said)))


def with_findings(job: Job) -> Job:
    """Return a job of given pipelines with what does not fit of the calibrations in them."""
    said = [one for line in job.lines for one in _notices(line, findings_of(line))]
    return replace(job, notices=(*job.notices, *_once(said)))


def findings_of(line: LineJob) -> list[Finding]:
    """Return what does not fit of the calibration in a line's pipeline."""
    first = line.stream.rows(0, min(1, line.stream.traces))
    return check_pipeline(line.pipeline, first.sensor, flown_at(first))


def small_print(line: LineJob) -> str:
    """Return what a picture says of the line's calibration: which one, and what is wrong."""
    words = [one.fault.upper() for one in findings_of(line) if one.severity == "warning"]
    doubts = f" ({', '.join(words)})" if words else ""
    return f"{told(line.pipeline)}{doubts}"


def _notices(line: LineJob, findings: list[Finding]) -> list[Notice]:
    return [Notice(one.severity, one.text, line.recording.path.name) for one in findings]


def _once(said: list[Notice]) -> list[Notice]:
    return list(dict.fromkeys(said))
