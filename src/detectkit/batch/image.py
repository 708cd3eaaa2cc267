"""Image a job: the lines of recordings or flights through their pipelines into one volume."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from detectkit.batch.job import (
    Job,
    KnownVelocity,
    LineJob,
    check_velocity,
    ground_of,
    velocity_flown,
)
from detectkit.batch.prefetch import prefetched
from detectkit.batch.run_record import file_sha256
from detectkit.core import Block, FormatError, UsageError
from detectkit.detect.preset import look, spectral_centre_hz
from detectkit.detect.volume_places import VolumePlace, scored_places, unscored_places
from detectkit.geo import SiteFrame
from detectkit.io import Notice, Stream
from detectkit.io.notice import Severity
from detectkit.io.volume import Volume, open_volume
from detectkit.mission.finalize import LARGEST_UNPOSED
from detectkit.mission.folder import FlightFolder, is_flight_folder
from detectkit.pipeline import Runner
from detectkit.product.slices import draw_slices, words_of
from detectkit.product.volume_cuts import Shown, cut, usual_depths
from detectkit.volume.imager import CPU, Imaged, Imager
from detectkit.volume.peaks import PeakSettings, find_peaks
from detectkit.volume.settings import Fitted, ImageSettings, Soil, Velocity
from detectkit.volume.tracks import LineTrack, read_track

Progress = Callable[[int], None]
MARKED = 20
"""Places that are marked in the picture."""


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """What is asked of a volume besides its recordings.

    Parameters
    ----------
    settings
        How fine, how deep and how wide.
    velocity_m_per_s, known
        Velocity in the ground, and how well it is known; None: as told by the pipeline, the
        flight or the file, else assumed.
    tracks
        A text file per line where the recordings have no positions.
    origin_deg
        Longitude and latitude of the frame's origin; None: near the first position.
    threads
        Processor threads.
    device
        ``"cpu"``, or a PyTorch device.
    """

    settings: ImageSettings = ImageSettings()
    velocity_m_per_s: float | None = None
    known: KnownVelocity = KnownVelocity()
    tracks: tuple[Path, ...] = ()
    origin_deg: tuple[float, float] | None = None
    threads: int = 1
    device: str = CPU


@dataclass(slots=True)
class ImageResult:
    """What came out, and what there is to say about it; `peaks` are its places, by score."""

    volume: Path
    soil: Soil
    traces: int
    left_out: dict[str, int]
    tiles: int
    peaks: list[VolumePlace] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    picture: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "volume": str(self.volume),
            "velocity_m_per_s": self.soil.velocity_m_per_s,
            "velocity_error": self.soil.velocity_error,
            "velocity_source": self.soil.velocity_source,
            "traces": self.traces,
            "traces_left_out": self.left_out,
            "tiles": self.tiles,
            "peaks": [one.to_dict() for one in self.peaks],
            "picture": None if self.picture is None else str(self.picture),
            "notices": [str(one) for one in self.notices],
        }


def recordings_of(paths: Sequence[Path]) -> list[Path]:
    """Return the recorded files: of a flight's folder, its finished recording.

    Raises
    ------
    UsageError
        A flight was not finished.
    """
    return [_finished(path) if is_flight_folder(path) else path for path in paths]


def image(
    job: Job, path: Path, request: ImageRequest, *, progress: Progress | None = None
) -> ImageResult:
    """Focus the lines of a job, in their order, into one volume.

    The steps of each line's pipeline run as in `detectkit.batch.process.process`; what stands
    behind them, the detection, does not.

    Parameters
    ----------
    job
        From `detectkit.batch.job.plan`.
    path
        Where the volume goes.
    request
        What is asked of it.
    progress
        Called with the number of traces just done.

    Raises
    ------
    UsageError
        There are no positions, the lines do not fit together, or no trace could be used.
    """
    soil = _soil(job, request)
    settings = replace(request.settings, height_m=request.settings.height_m or _height_m(job))
    tracks = _tracks(job, request.tracks)
    frame = None if request.origin_deg is None else SiteFrame(*request.origin_deg)
    imager = Imager(path, settings.fitted(soil), frame, request.threads, request.device)
    notices = list(job.notices)
    with ThreadPoolExecutor(1) as hasher:
        sums = {r.path: hasher.submit(file_sha256, r.path) for r in job.recordings}
        try:
            for line in job.lines:
                for block in prefetched(_processed(line, tracks.get(line.name), progress)):
                    imager.push(block)
            imaged = imager.finish(_attributes(job, sums))
        finally:
            imager.close()
    if imaged.path is None:
        why = "; ".join(f"{count:,}: {what}" for what, count in imaged.left_out.items())
        msg = f"no trace could be used, so there is no volume ({why or 'no traces'})"
        raise UsageError(msg)
    notices += _left_out(imaged, path)
    places = _places(open_volume(path), settings.fitted(soil), tracks)
    result = ImageResult(path, soil, imaged.traces, imaged.left_out, imaged.tiles, places, notices)
    result.picture = _picture(open_volume(path), places)
    return result


def _left_out(imaged: Imaged, path: Path) -> Iterator[Notice]:
    """Yield what was left out; that the last traces wait for a position in vain is usual."""
    total = imaged.traces + sum(imaged.left_out.values())
    for what, count in imaged.left_out.items():
        severity: Severity = "warning" if count > LARGEST_UNPOSED * total else "note"
        yield Notice(severity, f"{count:,} of {total:,} traces left out: {what}", path.name)


def _places(volume: Volume, fitted: Fitted, tracks: Mapping[str, LineTrack]) -> list[VolumePlace]:
    """Return what stands out; of a line by itself only straight below it, without scores."""
    if any(one.points_m is None for one in tracks.values()):
        half = 0.5 * fitted.spacing_m
        return unscored_places(find_peaks(volume, PeakSettings(northing_m=(-half, half))))
    return scored_places(volume, find_peaks(volume))


def _picture(volume: Volume, places: Sequence[VolumePlace]) -> Path:
    """Draw depth slices of the volume beside it, the first places marked."""
    path = volume.path.with_name(f"{volume.path.stem}.places.png")
    shown = Shown.of(volume)
    cuts = cut(shown, depths_m=usual_depths(volume.depth_m))
    marked = [one for one in places if shown.holds(one.easting_m, one.northing_m, one.depth_m)]
    draw_slices(cuts, path, text=words_of(volume), peaks=marked[:MARKED])
    return path


def _finished(folder: Path) -> Path:
    flight = FlightFolder.open(folder).flight
    if not flight.exists():
        msg = f"{folder}: the flight was not finished; run first: detectkit finalize {folder}"
        raise UsageError(msg)
    return flight


def _processed(
    line: LineJob, track: LineTrack | None, progress: Progress | None
) -> Iterator[Block]:
    runner = Runner(line.pipeline.steps)
    for block in prefetched(line.stream.blocks()):
        for ready in runner.push(replace(block, line=line.name)):
            yield ready if track is None else track.placed(ready)
        if progress is not None:
            progress(len(block))
    for ready in runner.finish():
        yield ready if track is None else track.placed(ready)


def _soil(job: Job, request: ImageRequest) -> Soil:
    """Return the wave in the ground, by the first line: one volume has one velocity."""
    check_velocity(request.velocity_m_per_s)
    line = job.lines[0]
    velocity = _velocity(line, request)
    spec = line.stream.rows(0, 1).spec
    return Soil.under(spec, velocity, centre_hz=_centre_hz(line.stream))


def _velocity(line: LineJob, request: ImageRequest) -> Velocity:
    """Return the velocity: given, else that of the pipeline's detection, the flight, the file."""
    given = request.velocity_m_per_s
    if given is None and line.detection is not None:
        told = line.detection.settings
        velocity = Velocity(told.velocity_m_per_s, told.velocity_source, told.velocity_error)
    else:
        ground = ground_of(line.stream, given or velocity_flown(line.recording))
        velocity = Velocity(ground.velocity_m_per_s, ground.source, ground.relative_error)
    if given is not None and request.known.source is not None:
        velocity = replace(velocity, source=request.known.source)
    if request.known.error_m_per_s is not None:
        share = request.known.error_m_per_s / velocity.metres_per_s
        velocity = replace(velocity, relative_error=share)
    return velocity


def _centre_hz(stream: Stream) -> float:
    told = stream.header.sensor.antenna_hz
    if told is not None:
        return told
    traces = look(stream)
    if traces is None:
        msg = f"line {stream.header.line!r}: no signal in it"
        raise FormatError(msg)
    return spectral_centre_hz(traces, stream.header.sample_interval_s)


def _height_m(job: Job) -> float:
    """Return the usual height of flying antennas, 0 where none is told: on the ground."""
    heights = [np.zeros(0)]
    for line in job.lines:
        stop = line.stream.traces
        for start in sorted({0, stop // 3, stop // 2, 2 * stop // 3}):
            block = line.stream.rows(start, min(start + 16, stop))
            if "height_m" in block.coords:
                heights.append(np.asarray(block.coord("height_m"), np.float64))
    found = np.concatenate(heights)
    known = found[np.isfinite(found) & (found >= 0.0)]
    return float(np.round(np.median(known), 2)) if known.size else 0.0


def _tracks(job: Job, files: Sequence[Path]) -> Mapping[str, LineTrack]:
    """Return the track of each line that has no geographic position, by the line's name."""
    if files and len(files) != len(job.lines):
        msg = (
            f"{len(files)} tracks for {len(job.lines)} lines: give one for each, in the order of "
            f"the recordings: {', '.join(line.name for line in job.lines[:30])}"
        )
        raise UsageError(msg)
    if files:
        pairs = zip(job.lines, files, strict=True)
        return {line.name: _track(line, read_track(file), str(file)) for line, file in pairs}
    bare = [line for line in job.lines if not _located(line.stream)]
    if len(bare) > 1 or (bare and len(job.lines) > 1):
        msg = (
            f"{bare[0].recording.path.name} has no positions: where its lines ran must be given "
            "by --tracks, a text file per line with x y in m in each row"
        )
        raise UsageError(msg)
    return {line.name: _track(line, None, "") for line in bare}


def _track(line: LineJob, points: Any, file: str) -> LineTrack:
    stream = line.stream
    last = stream.rows(stream.traces - 1, stream.traces)
    length = float(last.coord("along_track_m")[0]) if "along_track_m" in last.coords else None
    try:
        return LineTrack(points, length, stream.traces)
    except UsageError as error:
        msg = f"{file}, for {line.recording.path.name}: {error}"
        raise UsageError(msg) from error


def _located(stream: Stream) -> bool:
    return "longitude_deg" in stream.rows(0, 1).coords


def _attributes(job: Job, sums: Mapping[Path, Future[str]]) -> dict[str, Any]:
    pipelines = {line.pipeline.fingerprint: line.pipeline.to_toml() for line in job.lines}
    sensors = {line.stream.header.sensor.id: line.stream.header.sensor for line in job.lines}
    told = [one.attachments.get("simulated") for one in job.recordings]
    simulated = next((one for one in told if one), None)
    return {
        **({"simulated": simulated} if simulated else {}),
        "recordings": [
            {"file": one.path.name, "sha256": sums[one.path].result(), "format": one.format}
            for one in job.recordings
        ],
        "lines": [{"line": one.name, "traces": one.stream.traces} for one in job.lines],
        "pipeline_fingerprint": job.lines[0].pipeline.fingerprint,
        "pipelines": pipelines,
        "sensors": [one.to_dict() for one in sensors.values()],
        "calibrations": sorted({one.calibration for one in sensors.values() if one.calibration}),
    }
