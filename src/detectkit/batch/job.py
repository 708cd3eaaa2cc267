"""A job: recordings, the pipeline of each line, and where the results go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from detectkit.batch.detectors import DetectorJob, detectors_of
from detectkit.core import FormatError, PipelineError, Sensor, UsageError
from detectkit.detect.preset import Ground, default_pipeline, look
from detectkit.detect.settings import Detection
from detectkit.io import Notice, Overrides, Recording, Stream, open_recording
from detectkit.learn.choose import Wish
from detectkit.mission import Mission
from detectkit.pipeline import Pipeline, describe
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

SLOWEST_M_PER_S = 2.0e7
FASTEST_M_PER_S = 3.0e8
SECTIONS = {"detect", "metal"}
"""Sections of a pipeline's TOML besides its steps."""


@dataclass(frozen=True, slots=True)
class KnownVelocity:
    """How well a velocity is known.

    Parameters
    ----------
    error_m_per_s
        One standard deviation; None: what is usual for its source.
    source
        ``"given"`` or ``"measured"``; None: as found.
    """

    error_m_per_s: float | None = None
    source: str | None = "given"


@dataclass(frozen=True, slots=True)
class LineJob:
    """One line of one recording and the pipeline it goes through."""

    recording: Recording
    stream: Stream
    name: str
    pipeline: Pipeline
    detection: Detection | None

    @classmethod
    def of(cls, recording: Recording, stream: Stream, name: str, pipeline: Pipeline) -> LineJob:
        """Return the job of a line, once its whole pipeline fits.

        Raises
        ------
        PipelineError
            A step or the detection refuses the line, or a section has no meaning.
        """
        unknown = sorted(set(pipeline.sections) - SECTIONS)
        if unknown:
            msg = (
                f"the pipeline has {unknown[0]!r}, which means nothing here; it takes name, "
                "[[step]] tables and the sections [detect] and [metal]"
            )
            raise PipelineError(msg)
        spec = pipeline.describe(stream.rows(0, min(2, stream.traces)).spec)
        detection = Detection.of(pipeline)
        if detection is not None:
            describe(detection.steps, spec)
        return cls(recording, stream, name, pipeline, detection)

    @property
    def file_stem(self) -> str:
        """The line's name as the beginning of file names."""
        return _file_stem(self.name)


@dataclass(frozen=True, slots=True)
class Job:
    """All lines of a run and what there is to say before it starts."""

    lines: tuple[LineJob, ...]
    notices: tuple[Notice, ...] = ()
    expected_sha256: Mapping[str, str] = field(default_factory=dict)
    detectors: tuple[DetectorJob, ...] = ()
    wish: Wish = Wish()

    @property
    def traces(self) -> int:
        """Number of traces in all lines."""
        return sum(line.stream.traces for line in self.lines)

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """The opened files, each once."""
        return tuple({line.recording.path: line.recording for line in self.lines}.values())


def plan(
    paths: Sequence[Path],
    *,
    pipeline: Pipeline | None = None,
    velocity_m_per_s: float | None = None,
    known: KnownVelocity | None = None,
    band_m: tuple[float, float] | None = None,
    mark_spacing_m: float | None = None,
    overrides: Overrides | None = None,
    format_name: str | None = None,
) -> Job:
    """Open every file and give every line its pipeline; nothing is processed yet.

    Parameters
    ----------
    paths
        Recorded files.
    pipeline
        The pipeline for all; None: one fitted to each line's antenna, see
        `detectkit.detect.preset`.
    velocity_m_per_s
        Velocity in the ground; None: from the file's permittivity, else assumed.
    known
        How well that velocity is known; None: what is usual for one that is given.
    band_m
        Shallowest and deepest depth to search with a fitted pipeline; None: fitted.
    mark_spacing_m
        Distance between the operator's marks, to tell distance by; None: not used.
    overrides
        Settings that replace what the files say.
    format_name
        Format of the files; None: recognised by content.

    Raises
    ------
    UsageError
        The velocity is not one of a wave in the ground.
    FormatError
        A file cannot be used.
    PipelineError
        The pipeline does not fit a line.
    """
    check_velocity(velocity_m_per_s)
    opened = [open_recording(path, overrides=overrides, format_name=format_name) for path in paths]
    notices: list[Notice] = [one for recording in opened for one in recording.notices]
    notices += [one for recording in opened for one in _processed_before(recording)]
    notices += [silent for recording in opened for silent in _silent(recording)]
    named = list(_named(opened))
    grounds = [
        replace(
            _with_error(
                ground_of(stream, velocity_m_per_s or velocity_flown(recording)),
                known if velocity_m_per_s is not None else _error_alone(known),
            ),
            band_m=band_m,
            mark_spacing_m=mark_spacing_m,
        )
        for recording, stream, _ in named
    ]
    pipelines = [pipeline] * len(named) if pipeline is not None else []
    if pipeline is None:
        pipelines, said = _fitted([(one[0].path.name, one[1]) for one in named], grounds)
        notices += said
    lines = (LineJob.of(*one, fitted) for one, fitted in zip(named, pipelines, strict=True))
    return Job(tuple(lines), tuple(notices), detectors=detectors_of(opened, pipelines))


def _fitted(
    streams: Sequence[tuple[str, Stream]], grounds: Sequence[Ground]
) -> tuple[list[Pipeline], list[Notice]]:
    """Return a pipeline for each (file, line), one and the same for all of like settings."""
    groups: dict[object, list[int]] = {}
    for number, ((_, stream), ground) in enumerate(zip(streams, grounds, strict=True)):
        groups.setdefault(_settings(stream, ground), []).append(number)
    pipelines: dict[int, Pipeline] = {}
    notices: list[Notice] = []
    for numbers in groups.values():
        alike = [streams[number][1] for number in numbers]
        fitted, said = default_pipeline(alike, grounds[numbers[0]])
        pipelines |= dict.fromkeys(numbers, fitted)
        others = f" and {len(alike) - 1} like it" if len(alike) > 1 else ""
        where = f"{streams[numbers[0]][0]}, line {alike[0].header.line}{others}"
        notices += [replace(one, file=where) for one in said]
    return [pipelines[number] for number in range(len(streams))], notices


def _settings(stream: Stream, ground: Ground) -> object:
    """Return what lines must share to be processed alike."""
    head = stream.header
    sensor = replace(head.sensor, id="any", serial="")
    axes = (head.samples, head.sample_interval_s, head.first_twt_s, head.trace_spacing_m)
    return sensor, axes, ground, frozenset(stream.rows(0, 1).coords)


def check_velocity(velocity_m_per_s: float | None) -> None:
    """Refuse a velocity that no wave in the ground has; catch metres per nanosecond."""
    if velocity_m_per_s is None or SLOWEST_M_PER_S <= velocity_m_per_s <= FASTEST_M_PER_S:
        return
    hint = "e.g. --velocity 1.0e8"
    if 0.02 <= velocity_m_per_s <= 0.3:
        hint = f"{velocity_m_per_s} m/ns is --velocity {velocity_m_per_s}e9"
    msg = (
        f"--velocity {velocity_m_per_s:g}: metres per second between {SLOWEST_M_PER_S:.0e} and "
        f"{FASTEST_M_PER_S:.0e} are expected; {hint}"
    )
    raise UsageError(msg)


def velocity_flown(recording: Recording) -> float | None:
    """Return the velocity that the mission gave which made a flight, None where none did."""
    text = recording.attachments.get("mission.toml")
    return None if text is None else Mission.from_toml(text, pipeline="").ground.velocity_m_per_s


def ground_of(stream: Stream, velocity_m_per_s: float | None) -> Ground:
    """Return the velocity to use for a line and how it was known."""
    if velocity_m_per_s is not None:
        return Ground(velocity_m_per_s, "given")
    permittivity = stream.header.permittivity
    if permittivity is not None and 1.0 <= permittivity <= 81.0:
        return Ground(SPEED_OF_LIGHT_M_S / permittivity**0.5, "file")
    return Ground(1.0e8, "assumed")


def _error_alone(known: KnownVelocity | None) -> KnownVelocity | None:
    return None if known is None else replace(known, source=None)


def _with_error(ground: Ground, known: KnownVelocity | None) -> Ground:
    """Return the ground with the error that is told, and how its velocity was known."""
    if known is None:
        return ground
    error_m_per_s = known.error_m_per_s
    ground = replace(ground, source=known.source or ground.source)
    if error_m_per_s is None:
        return ground
    if not 0.0 < error_m_per_s < ground.velocity_m_per_s:
        msg = (
            f"--velocity-error {error_m_per_s:g}: one standard deviation in m/s is expected, above "
            f"0 and below the velocity of {ground.velocity_m_per_s:g}; e.g. 5e6 (0.005 m/ns)"
        )
        raise UsageError(msg)
    return replace(ground, velocity_error=error_m_per_s / ground.velocity_m_per_s)


def _processed_before(recording: Recording) -> Iterator[Notice]:
    """Yield a warning where the traces are the result of a run, and no raw recording."""
    fingerprint = recording.attachments.get("pipeline/fingerprint")
    if fingerprint:
        text = (
            f"its traces went through a pipeline already ({fingerprint[:12]}) and are processed a "
            "second time; start from the raw recording"
        )
        yield Notice("warning", text, recording.path.name)


def _silent(recording: Recording) -> Iterator[Notice]:
    """Yield a warning for each radar stream that is left out because nothing is in it."""
    for stream in recording.streams:
        sensor = stream.header.sensor
        if sensor.kind == "gpr" and (stream.traces == 0 or look(stream) is None):
            what = f"sensor {sensor.id!r}, line {stream.header.line!r}"
            text = f"{what}: no signal in its {stream.traces} traces; left out"
            yield Notice("warning", text, recording.path.name)


def _named(opened: Sequence[Recording]) -> Iterator[tuple[Recording, Stream, str]]:
    """Yield the radar streams with a name each that no other line has, as a file name too."""
    taken: set[str] = set()
    for recording in opened:
        radar = [one for one in recording.streams if one.header.sensor.kind == "gpr"]
        alive = [one for one in radar if one.traces > 0 and look(one) is not None]
        if not alive:
            msg = f"{recording.path.name}: no radar traces with a signal in it; nothing to process"
            raise FormatError(msg)
        for stream in alive:
            base = stream.header.line or recording.path.stem
            seen = _file_stem(base).casefold() in taken
            if len(radar) > 1 and stream.header.sensor != Sensor() and seen:
                base = f"{base}.{stream.header.sensor.id}"
            name, number = base, 1
            while _file_stem(name).casefold() in taken:
                number += 1
                name = f"{base}-{number}"
            taken.add(_file_stem(name).casefold())
            yield recording, stream, name


def _file_stem(name: str) -> str:
    return "".join(one if one.isalnum() or one in "-_." else "_" for one in name)
