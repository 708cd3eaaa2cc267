"""``detectkit calibrate arms``: lever arm and lag of a sensor, from passes over a marked point."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from detectkit.cli.calibrate_radar import DateOption, DaysOption, FolderOption
from detectkit.cli.options import FileArgument
from detectkit.cli.output import err, out
from detectkit.core import Block, DetectkitError, Sensor, UsageError

if TYPE_CHECKING:
    from detectkit.calibration.arms import Mark, MarkPass, MountFit
    from detectkit.calibration.record import CalibrationRecord
    from detectkit.io import Recording, Stream

SensorOption = Annotated[
    str, typer.Option("--sensor", metavar="ID", help="Which one, as `inspect` lists them.")
]
MarkOption = Annotated[
    tuple[float, float],
    typer.Option("--mark", metavar="LONGITUDE LATITUDE", help="Where the mark lies, in degrees."),
]
ArmOption = Annotated[
    tuple[float, float, float],
    typer.Option("--arm", metavar="FORWARD RIGHT DOWN", help="Lever arm it flew with, in m."),
]


def arms(  # noqa: PLR0913, PLR0917 - typer passes options by name
    flight: FileArgument,
    mark: MarkOption,
    sensor: SensorOption = "gpr",
    arm: ArmOption = (0.0, 0.0, 0.0),
    mark_error: Annotated[
        float, typer.Option("--mark-error", metavar="M", help="How well the mark is surveyed.")
    ] = 0.01,
    arm_error: Annotated[
        float, typer.Option("--arm-error", metavar="M", help="How well the arm was known before.")
    ] = 0.1,
    output: FolderOption = None,
    valid_days: DaysOption = 365.0,
    date: DateOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Estimate lever arm and time lag from opposite passes over a marked point.

    Fly to and fro over it, at two speeds, and once sideways; every line of the flight that passes
    the mark counts. Put the answer into the mission as lever_arm_m and lag_s.

    Examples:

      detectkit calibrate arms flight.h5 --sensor coil --mark 47.01202 40.03051 --arm 0.6 0 0.67
    """
    from detectkit.calibration.arms import Mark, mount_fit
    from detectkit.io import open_recording

    recording = open_recording(flight)
    place = Mark(mark[0], mark[1], mark_error)
    passes = [one for line in _lines(recording, sensor) if (one := _seen(line, place)) is not None]
    fit = mount_fit(passes, nominal_arm_m=arm, arm_error_m=arm_error, mark=place)
    source = _stream(recording, sensor)
    made = _flown(source) if date is None else date.replace(tzinfo=UTC)
    record = _record(flight, recording, source.header.sensor, fit, made, valid_days)
    _tell(record, fit, output, as_json=as_json)


def _stream(recording: Recording, sensor: str) -> Stream:
    for one in recording.streams:
        if one.header.sensor.id == sensor and one.traces:
            return one
    ids = ", ".join(one.header.sensor.id for one in recording.streams)
    msg = f"{recording.path}: no sensor {sensor!r}; it has {ids}; choose with --sensor"
    raise UsageError(msg)


def _lines(recording: Recording, sensor: str) -> Iterator[list[Block]]:
    """Yield the blocks of each line; a radar's through its fitted pipeline, as `arms` wants it."""
    streams = [one for one in recording.streams if one.header.sensor.id == sensor and one.traces]
    if streams and streams[0].header.sensor.kind == "gpr":
        from detectkit.batch.job import plan
        from detectkit.pipeline import Runner

        for line in plan([recording.path]).lines:
            if line.stream.header.sensor.id == sensor:
                runner = Runner(line.pipeline.steps)
                pushed = [out for block in line.stream.blocks() for out in runner.push(block)]
                yield [*pushed, *runner.finish()]
        return
    for stream in streams:
        by_line: dict[str, list[Block]] = {}
        for block in stream.blocks():
            by_line.setdefault(block.line, []).append(block)
        yield from by_line.values()


def _seen(blocks: list[Block], mark: Mark) -> MarkPass | None:
    """Return the pass, None where the line does not show the mark."""
    from detectkit.calibration.arms import mark_pass

    if not blocks:
        return None
    try:
        return mark_pass(blocks, mark)
    except DetectkitError as error:
        err.print(f"left out: {error}", markup=False, style="dim")
        return None


def _flown(stream: Stream) -> datetime:
    from detectkit.calibration.choose import flown_at

    at = flown_at(stream.rows(0, 1))
    if at is None:
        msg = "the flight does not tell its day; give --date, e.g. 2026-05-04"
        raise UsageError(msg)
    return at


def _record(
    path: Path,
    recording: Recording,
    sensor: Sensor,
    fit: MountFit,
    made: datetime,
    valid_days: float,
) -> CalibrationRecord:
    from detectkit.calibration.record import CalibrationRecord, Source

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return CalibrationRecord(
        sensor.instrument,
        sensor.serial,
        made,
        sensor_id=sensor.id,
        valid_days=valid_days,
        simulated=recording.attachments.get("simulated", ""),
        mount=fit.calibration,
        sources=(Source("passes over a mark", path.name, digest),),
    )


def _tell(record: CalibrationRecord, fit: MountFit, output: Path | None, *, as_json: bool) -> None:
    from detectkit.calibration.library import user_folder
    from detectkit.calibration.record_file import write_record
    from detectkit.cli.calibration_words import facts_of, lines_of

    folder = user_folder() if output is None else output
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{record.name}.toml"
    write_record(record, file)
    if as_json:
        untold = {"not_told": list(fit.not_told), "not_parted": list(fit.not_parted)}
        typer.echo(json.dumps(facts_of(record, [file]) | untold))
        return
    for line in (*lines_of(record), f"  {file}"):
        out.print(line, markup=False)
    if fit.not_told:
        out.print(f"not told by these passes, kept as it was: {', '.join(fit.not_told)}")
    for one in fit.not_parted:
        out.print(one, markup=False)
