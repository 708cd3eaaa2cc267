"""The metal detectors of a job: their rows become alarms and evidence beside the radar's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from detectkit.detect.fusion import Branch
from detectkit.detect.metal import DetectorTrack, MetalBranch, MetalSettings, metal_pipeline
from detectkit.detect.metal.hearing import Hearing, hearing_of
from detectkit.io import Recording, Stream
from detectkit.pipeline import Pipeline

KIND = "metal_detector"


@dataclass(frozen=True, slots=True)
class DetectorJob:
    """One detector of one recording, all its lines, and how its rows become alarms."""

    recording: Recording
    streams: tuple[Stream, ...]
    settings: MetalSettings

    @property
    def sensor_id(self) -> str:
        """Name of the detector in its recording."""
        return self.streams[0].header.sensor.id

    @property
    def pipeline(self) -> Pipeline:
        """The whole recipe, written out."""
        return metal_pipeline(self.streams[0].rows(0, 1).spec, self.settings)


def detectors_of(
    recordings: Sequence[Recording], pipelines: Sequence[Pipeline]
) -> tuple[DetectorJob, ...]:
    """Return a job for each detector of some recordings.

    Parameters
    ----------
    recordings
        Opened; each once.
    pipelines
        Of the radar's lines: the first with a section ``[metal]`` says how.
    """
    told = next((one for one in map(MetalSettings.of, pipelines) if one is not None), None)
    return tuple(_jobs(recordings, told or MetalSettings()))


def _jobs(recordings: Sequence[Recording], settings: MetalSettings) -> Iterator[DetectorJob]:
    for recording in recordings:
        found: dict[str, list[Stream]] = {}
        for stream in recording.streams:
            if stream.header.sensor.kind == KIND and stream.traces > 0:
                found.setdefault(stream.header.sensor.id, []).append(stream)
        for streams in found.values():
            yield DetectorJob(recording, tuple(streams), settings)


def hearing(job: DetectorJob, branch: Branch) -> Hearing:
    """Return what a detector can have heard, so that its silence is not believed.

    Parameters
    ----------
    branch
        From `heard`.
    """
    track = branch.track if isinstance(branch.track, DetectorTrack) else DetectorTrack()
    unit = job.streams[0].header.sensor.unit
    return hearing_of(track, job.sensor_id, unit, job.settings)


def heard(job: DetectorJob) -> Branch:
    """Return what a detector found, and its track."""
    coil = MetalBranch(job.settings, job.recording.path.name, job.pipeline.fingerprint)
    branch = Branch(coil.track, coil_radius_m=job.settings.coil_radius_m)
    for stream in job.streams:
        for block in stream.blocks():
            branch.founds += coil.push(replace(block, line=stream.header.line or block.line))
    branch.founds += coil.finish()
    return branch
