"""``detectkit calibrate detector``: ground balance, offset, noise and height response."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from detectkit.cli.calibrate_radar import DateOption, DaysOption, FolderOption
from detectkit.cli.output import out
from detectkit.core import Block, UsageError

if TYPE_CHECKING:
    from detectkit.calibration.detector import SoilFit
    from detectkit.calibration.record import CalibrationRecord, Source

SoilOption = Annotated[
    Path,
    typer.Option(
        "--soil", metavar="FILE", help="Raised and lowered over bare soil, with heights, a minute."
    ),
]
PieceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--piece", metavar="HEIGHT=FILE", help="A pass over a test piece, HEIGHT in m over it."
    ),
]
ChannelOption = Annotated[
    list[str] | None,
    typer.Option("--channel", metavar="NAME", help="Name of a channel, in order; for each one."),
]
SensorOption = Annotated[
    str, typer.Option("--sensor", metavar="ID", help="Which detector of the recordings.")
]


def detector(  # noqa: PLR0913, PLR0917 - typer passes options by name
    soil: SoilOption,
    piece: PieceOption = None,
    body: Annotated[str, typer.Option("--body", help="Name of the test piece.")] = "test piece",
    channel: ChannelOption = None,
    sensor: SensorOption = "",
    output: FolderOption = None,
    valid_days: DaysOption = 30.0,
    date: DateOption = None,
    operator: Annotated[str, typer.Option("--operator", help="Who measured.")] = "",
    notes: Annotated[str, typer.Option("--notes", help="Anything worth knowing.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Calibrate a metal detector over bare soil, and on a test piece.

    Raise and lower the coil over one place without metal, from as near as it flies to twice as
    high, for a minute or more. Writes the record as TOML and a picture of the fits.

    Examples:

      detectkit calibrate detector --soil soil.h5 --sensor coil -o calibration

      detectkit calibrate detector --soil soil.h5 --piece 0.15=ball.h5 --body "steel ball 20 mm"
    """
    from detectkit.calibration.detector import piece_response, soil_fit
    from detectkit.calibration.record import CalibrationRecord
    from detectkit.cli.calibrate_radar import at_heights

    first = _Shot.read(soil, sensor, "bare soil")
    names = channel or [f"channel {at}" for at in range(1, first.block.data.shape[1] + 1)]
    fit = soil_fit(first.blocks, names, unit=first.block.sensor.unit)
    told, sources = fit.calibration, [first.source]
    heights = at_heights(piece or [], option="--piece")
    if heights:
        shots = [_Shot.read(path, sensor, f"{body} at {h:g} m") for path, h in heights]
        answers = piece_response(
            [one.blocks for one in shots], told, body=body, heights_m=[h for _, h in heights]
        )
        told = replace(told, heights=(*told.heights, *answers))
        sources += [one.source for one in shots]
    record = CalibrationRecord(
        first.block.sensor.instrument,
        first.block.sensor.serial,
        first.made_utc if date is None else date.replace(tzinfo=UTC),
        sensor_id=first.block.sensor.id,
        valid_days=valid_days,
        simulated=first.simulated,
        operator=operator,
        notes=notes,
        detector=told,
        sources=tuple(sources),
    )
    _tell(record, _write(record, fit, output), as_json=as_json)


@dataclass(frozen=True)
class _Shot:
    """The blocks of one detector, and where they come from."""

    blocks: list[Block]
    source: Source
    simulated: str

    @classmethod
    def read(cls, path: Path, sensor: str, role: str) -> _Shot:
        """Read all rows of one detector."""
        from detectkit.calibration.record import Source
        from detectkit.io import open_recording

        recording = open_recording(path)
        having = [
            one
            for one in recording.streams
            if one.header.sensor.kind == "metal_detector"
            and sensor in {"", one.header.sensor.id}
            and one.traces
        ]
        if len(having) != 1:
            ids = ", ".join(one.header.sensor.id for one in recording.streams)
            msg = f"{path}: {len(having)} such metal detectors; it has {ids}; choose with --sensor"
            raise UsageError(msg)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        source = Source(role, path.name, digest)
        return cls(list(having[0].blocks()), source, recording.attachments.get("simulated", ""))

    @property
    def block(self) -> Block:
        """The first of them."""
        return self.blocks[0]

    @property
    def made_utc(self) -> datetime:
        """When it was recorded."""
        from detectkit.calibration.choose import flown_at

        at = flown_at(self.block)
        if at is None:
            msg = f"{self.source.file}: does not tell its day; give --date, e.g. 2026-05-04"
            raise UsageError(msg)
        return at


def _write(record: CalibrationRecord, fit: SoilFit, output: Path | None) -> list[Path]:
    from detectkit.calibration.library import user_folder
    from detectkit.calibration.record_file import write_record
    from detectkit.product.detector_calibration_picture import draw_detector_calibration

    folder = user_folder() if output is None else output
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{record.name}.{kind}" for kind in ("toml", "png")]
    write_record(record, files[0])
    draw_detector_calibration(record, fit, files[1])
    return files


def _tell(record: CalibrationRecord, files: list[Path], *, as_json: bool) -> None:
    from detectkit.cli.calibration_words import facts_of, lines_of

    if as_json:
        typer.echo(json.dumps(facts_of(record, files)))
        return
    for line in (*lines_of(record), *(f"  {path}" for path in files)):
        out.print(line, markup=False)
