"""Process a job: one pass over each line; results, pictures, tables and the run's record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import fill

from detectkit.batch.calibrating import small_print
from detectkit.batch.detectors import heard, hearing
from detectkit.batch.job import Job, LineJob
from detectkit.batch.prefetch import prefetched
from detectkit.batch.run_record import file_sha256, write_run
from detectkit.core import Block, Indication, UsageError
from detectkit.detect.detector import Detector
from detectkit.detect.fusion import Branch, fuse
from detectkit.detect.metal.hearing import Hearing
from detectkit.detect.metal.piece import pieces_text
from detectkit.detect.radar_track import RadarTrack
from detectkit.io import Notice
from detectkit.io.flight.writer import FlightWriter
from detectkit.learn.choose import Choice, choose
from detectkit.pipeline import Runner
from detectkit.product.canvas import Canvas
from detectkit.product.inspection import Health
from detectkit.product.radargram import DepthOf, RadargramText, draw_radargram
from detectkit.product.tables import write_csv, write_geojson
from detectkit.signal.travel_time import depth_m

Progress = Callable[[int], None]
PRINT_WIDTH = 180
"""Letters of small print that fit into a line."""
DISPLAY_EVENING = 0.6
"""Share of the decay with time that the processed picture evens out."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """What came out of one line."""

    name: str
    traces: int
    raw: Canvas
    processed: Canvas
    branch: Branch | None


@dataclass(slots=True)
class RunResult:
    """What came out of a run, and what there is to say about it."""

    folder: Path
    indications: list[Indication] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    assessed_by: str = ""
    traces: int = 0
    placed: int = 0
    hearing: list[Hearing] = field(default_factory=list)

    @property
    def warnings(self) -> list[Notice]:
        """What is damaged, missing or contradictory."""
        return [one for one in self.notices if one.severity == "warning"]


def process(job: Job, folder: Path, *, progress: Progress | None = None) -> RunResult:
    """Run a job and write everything into `folder`; memory does not grow with the lines.

    Parameters
    ----------
    job
        From `detectkit.batch.job.plan`.
    folder
        Made where it does not exist; files of an earlier run in it are replaced.
    progress
        Called with the number of traces just done.

    Raises
    ------
    UsageError
        The results would replace a recording of the job.
    """
    _spare_inputs(job, folder / "flight.h5")
    choice = choose(job.wish, [one.pipeline for one in job.lines if one.detection is not None])
    folder.mkdir(parents=True, exist_ok=True)
    result = RunResult(folder, notices=list(job.notices))
    with ThreadPoolExecutor(1) as hasher:
        sums = {r.path: hasher.submit(file_sha256, r.path) for r in job.recordings}
        with FlightWriter(folder / "flight.h5", existing="replace") as flight:
            results = [_line(line, flight, result, progress) for line in job.lines]
            _fuse(job, [one.branch for one in results if one.branch is not None], choice, result)
            _finish_flight(flight, job, result)
        digests = _checked_sums(job, sums, result)
    result.files.append(folder / "flight.h5")
    for line, one in zip(job.lines, results, strict=True):
        _pictures(line, one, result)
    _tables(job, result, digests)
    return result


def _spare_inputs(job: Job, flight: Path) -> None:
    """Refuse to replace a recording by what is made of it."""
    if any(recording.path.resolve() == flight.resolve() for recording in job.recordings):
        msg = f"{flight}: is a recording of this job and would be replaced; choose another folder"
        raise UsageError(msg)


def _line(
    line: LineJob, flight: FlightWriter, result: RunResult, progress: Progress | None
) -> LineResult:
    runner = Runner(line.pipeline.steps)
    detector = None
    if line.detection is not None:
        detector = Detector(line.detection, line.recording.path.name, line.pipeline.fingerprint)
    sink = _Sink(line, flight, detector)
    for out in prefetched(_processed(line, runner, sink.health, progress)):
        sink.push(out)
    sink.finish()
    result.traces += runner.tally.traces
    result.notices += _degradation(line, runner)
    result.remarks += [f"{line.recording.path.name}: {one}" for one in sink.health.remarks()]
    return LineResult(
        line.name, runner.tally.traces, sink.health.canvas, sink.processed, sink.branch
    )


def _fuse(job: Job, radars: list[Branch], choice: Choice, result: RunResult) -> None:
    """Bring the finds of all lines and detectors together; all of them stay."""
    if not radars:
        return
    coils = [heard(one) for one in job.detectors]
    result.indications = [one.indication for one in fuse([*radars, *coils], choice.assessor)]
    result.hearing = [hearing(*pair) for pair in zip(job.detectors, coils, strict=True)]
    told = (pieces_text(result.indications), *(one.text for one in result.hearing))
    result.remarks += [one for one in told if one]
    result.assessed_by = "" if choice.assessor is None else choice.assessor.label
    result.remarks += choice.remarks
    lost = sum(one.track.let_go for one in radars if isinstance(one.track, RadarTrack))
    if lost:
        result.remarks.append(
            f"evidence was kept of the latest rows of each line only: {lost} earlier ones count as "
            "not seen by the radar where places are weighed; process shorter lines"
        )


def _processed(
    line: LineJob, runner: Runner, health: Health, progress: Progress | None
) -> Iterator[Block]:
    """Yield the processed blocks; runs in a thread of its own, before the writing."""
    for block in prefetched(line.stream.blocks()):
        health.push(block)
        yield from runner.push(replace(block, line=line.name))
        if progress is not None:
            progress(len(block))
    yield from runner.finish()


class _Sink:
    """Takes processed blocks: to the flight, to the picture, to the detector."""

    def __init__(self, line: LineJob, flight: FlightWriter, detector: Detector | None) -> None:
        self.health = Health(canvas=Canvas(line.stream.traces))
        self.processed = Canvas(line.stream.traces)
        self.branch = None if detector is None else Branch(detector.track)
        self._detector = detector
        self._stream = flight.stream(
            line.stream.header.sensor.id,
            permittivity=line.stream.header.permittivity,
            header={"recording": line.recording.path.name},
        )

    def push(self, block: Block) -> None:
        self._stream.append(block)
        self.processed.push(block)
        if self._detector is not None and self.branch is not None:
            self.branch.founds += self._detector.push(block)

    def finish(self) -> None:
        if self._detector is not None and self.branch is not None:
            self.branch.founds += self._detector.finish()


def _degradation(line: LineJob, runner: Runner) -> list[Notice]:
    """Return what the runner counted as warnings: visible, not silent."""
    tally, name = runner.tally, line.recording.path.name
    found = []
    if tally.missing_traces:
        found.append(
            f"{tally.missing_traces} traces are missing in {tally.segments - 1} gaps by the "
            "instrument's counter; every step started afresh behind each"
        )
    if tally.nonfinite_samples:
        found.append(f"{tally.nonfinite_samples} samples are not finite and were taken as 0")
    return [Notice("warning", text, name) for text in found]


def _finish_flight(flight: FlightWriter, job: Job, result: RunResult) -> None:
    """Keep the recipe: the first line's pipeline, any that differ, what the user set."""
    first = job.lines[0].pipeline
    flight.pipeline(first.to_toml(), fingerprint=first.fingerprint)
    for other in {line.pipeline.fingerprint: line.pipeline for line in job.lines}.values():
        if other.fingerprint != first.fingerprint:
            flight.attach(f"pipeline/{other.fingerprint[:12]}.toml", other.to_toml())
    for number, recording in enumerate(job.recordings, start=1):
        for name, value in recording.overrides.items():
            flight.attach(f"source/{number} {recording.path.name} set {name}", value)
    flight.notices(result.notices)
    flight.indications(result.indications)


def _checked_sums(job: Job, sums: dict[Path, Future[str]], result: RunResult) -> dict[Path, str]:
    digests = {path: future.result() for path, future in sums.items()}
    for path, digest in digests.items():
        expected = job.expected_sha256.get(str(path.resolve()), "")
        if expected and expected != digest:
            text = f"the file is not the one of the earlier run (sha256 {digest[:12]}… now)"
            result.notices.append(Notice("warning", text, path.name))
    return digests


def _pictures(line: LineJob, one: LineResult, result: RunResult) -> None:
    found = [i for i in result.indications if i.line == one.name]
    shared = f"{line.recording.path.name} · {line.stream.header.sensor.instrument}"
    raw, processed = (
        result.folder / f"{line.file_stem}.{kind}.png" for kind in ("raw", "processed")
    )
    raw_text = RadargramText(f"{shared} · as recorded · {_count(found, line)}")
    draw_radargram(one.raw, raw, text=raw_text, indications=found, marked="top")
    steps = " → ".join(step.name for step in line.pipeline.steps) or "no steps"
    prints = (steps, f"{small_print(line)}; {_note(line)}")
    draw_radargram(
        one.processed,
        processed,
        text=RadargramText(
            f"{shared} · processed · {_count(found, line)}",
            "\n".join(fill(one, PRINT_WIDTH) for one in prints),
        ),
        depth_of=_depth_axis(line),
        searched_m=None if line.detection is None else line.detection.settings.band_m,
        indications=found,
        evening=DISPLAY_EVENING,
    )
    result.files += [raw, processed]


def _count(found: Sequence[Indication], line: LineJob) -> str:
    if line.detection is None:
        return "no detection in this pipeline"
    return f"{len(found)} indication{'' if len(found) == 1 else 's'}, unverified"


def _note(line: LineJob) -> str:
    if line.detection is None:
        return ""
    s = line.detection.settings
    return (
        f"depth from {s.velocity_m_per_s / 1e9:.3g} m/ns ({s.velocity_source}), searched "
        f"{s.band_m[0]:.3g}–{s.band_m[1]:.3g} m (dashed) at score ≥ {s.threshold:g}; no "
        "indication does not mean that nothing is there; decay with time evened out for display"
    )


def _depth_axis(line: LineJob) -> DepthOf | None:
    if line.detection is None:
        return None
    velocity = line.detection.settings.velocity_m_per_s
    separation = line.stream.header.sensor.antenna_separation_m or 0.0
    return lambda twt_s: depth_m(twt_s, velocity_m_per_s=velocity, separation_m=separation)


def _tables(job: Job, result: RunResult, digests: dict[Path, str]) -> None:
    table, layer = result.folder / "indications.csv", result.folder / "indications.geojson"
    write_csv(result.indications, table)
    result.files.append(table)
    layer.unlink(missing_ok=True)
    result.placed = write_geojson(result.indications, layer)
    if result.placed:
        result.files.append(layer)
    write_run(job, result.folder, digests, assessed_by=result.assessed_by, hearing=result.hearing)
    result.files.append(result.folder / "run.toml")
