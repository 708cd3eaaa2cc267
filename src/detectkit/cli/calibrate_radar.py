"""``detectkit calibrate radar``: air shot, plate and target become a record and a picture."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.options import SetOption
from detectkit.cli.output import out, say_notices
from detectkit.core import UsageError

if TYPE_CHECKING:
    from detectkit.calibration.capture import Capture
    from detectkit.calibration.radar import RadarResult

AirOption = Annotated[
    Path, typer.Option("--air", metavar="FILE", help="Antennas up, nothing in front of them.")
]
PlateOption = Annotated[
    list[str] | None,
    typer.Option(
        "--plate",
        metavar="HEIGHT=FILE",
        help="Over a metal plate, HEIGHT in m from the antennas to it; twice or more.",
    ),
]
TargetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="HEIGHT=FILE",
        help="A straight pass over a small metal body, HEIGHT in m over its middle.",
    ),
]
FolderOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FOLDER", help="Where it goes; else the user's folder."),
]
HeightErrorOption = Annotated[
    float, typer.Option("--height-error", metavar="M", help="Of each height by itself.")
]
PlaneErrorOption = Annotated[
    float, typer.Option("--plane-error", metavar="M", help="That all heights share.")
]
SeparationOption = Annotated[
    float | None,
    typer.Option("--separation", metavar="M", help="Transmitter to receiver, if not told."),
]
FrequencyOption = Annotated[
    float | None, typer.Option("--antenna-hz", metavar="HZ", help="Centre frequency, if not told.")
]
SensorOption = Annotated[
    str, typer.Option("--sensor", metavar="ID", help="Which radar of the recordings.")
]
DaysOption = Annotated[
    float, typer.Option("--valid-days", metavar="DAYS", help="How long it holds.")
]
DateOption = Annotated[
    datetime | None,
    typer.Option("--date", metavar="DATE", help="In UTC, if the recordings do not tell it."),
]


def radar(  # noqa: PLR0913, PLR0917 - typer passes options by name
    air: AirOption,
    plate: PlateOption = None,
    target: TargetOption = None,
    output: FolderOption = None,
    height_error: HeightErrorOption = 0.003,
    plane_error: PlaneErrorOption = 0.002,
    separation: SeparationOption = None,
    antenna_hz: FrequencyOption = None,
    sensor: SensorOption = "",
    valid_days: DaysOption = 30.0,
    date: DateOption = None,
    operator: Annotated[str, typer.Option("--operator", help="Who measured.")] = "",
    notes: Annotated[str, typer.Option("--notes", help="Anything worth knowing.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    settings: SetOption = None,
) -> None:
    """Calibrate a radar from an air shot, a metal plate at known heights and a known target.

    Record all with the settings of the flight, the air shot for a minute or more. Writes the record
    as TOML and a picture of the fits.

    Examples:

      detectkit calibrate radar --air air.h5 --plate 0.45=low.h5 --plate 1.0=high.h5 -o calibration

      detectkit calibrate radar --air air.DZT --plate 0.5=a.DZT --plate 0.8=b.DZT --date 2026-05-04

      detectkit calibrate radar --air air.h5 --plate 0.45=a.h5 --plate 1=b.h5 --target 0.6=pass.h5
    """
    from detectkit.calibration.plate import PlateShot
    from detectkit.calibration.radar import RadarSetup, calibrate_radar
    from detectkit.calibration.target import TargetPass
    from detectkit.cli.calibration_words import facts_of

    shots = _Shots(sensor, settings or [])
    captured = shots.read(air)
    setup = RadarSetup(
        antenna_hz=antenna_hz,
        separation_m=separation,
        height_error_m=height_error,
        plane_error_m=plane_error,
        valid_days=valid_days,
        made_utc=None if date is None else date.replace(tzinfo=UTC),
        operator=operator,
        notes=notes,
        simulated=shots.simulated,
    )
    result = calibrate_radar(
        captured,
        plates=[PlateShot(*one) for one in shots.at_heights(plate or [], option="--plate")],
        passes=[TargetPass(*one) for one in shots.at_heights(target or [], option="--target")],
        setup=setup,
    )
    say_notices(result.notices)
    files = _write(result, output)
    if as_json:
        typer.echo(json.dumps(facts_of(result.record, files)))
    else:
        _print_radar(result, files)
    if any(one.severity == "warning" for one in result.notices):
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


class _Shots:
    """Reads recordings of one radar."""

    def __init__(self, sensor: str, settings: list[str]) -> None:
        from detectkit.io import Overrides

        self._sensor = sensor
        self._overrides = Overrides.parse(settings)
        self.simulated = ""

    def read(self, path: Path) -> Capture:
        from detectkit.calibration.capture import read_capture

        capture = read_capture(path, sensor=self._sensor, overrides=self._overrides)
        self.simulated = self.simulated or capture.simulated
        return capture

    def at_heights(self, given: list[str], *, option: str) -> list[tuple[Capture, float]]:
        """Return each recording with its height, from ``HEIGHT=FILE``."""
        return [(self.read(path), height_m) for path, height_m in at_heights(given, option=option)]


def at_heights(given: list[str], *, option: str) -> list[tuple[Path, float]]:
    """Return path and height (m) of each ``HEIGHT=FILE``.

    >>> at_heights(["0.5=plate.h5"], option="--plate")[0][1]
    0.5
    """
    found = []
    for text in given:
        height, _, name = text.partition("=")
        try:
            height_m = float(height)
        except ValueError:
            height_m = 0.0
        if not name or not 0.0 < height_m < 100.0:
            msg = f"{option} {text!r}: write HEIGHT=FILE with the height in m, e.g. 0.5=plate.h5"
            raise UsageError(msg)
        found.append((Path(name), height_m))
    return found


def _write(result: RadarResult, output: Path | None) -> list[Path]:
    from detectkit.calibration.library import user_folder
    from detectkit.calibration.record_file import write_record
    from detectkit.product.calibration_picture import draw_radar_calibration

    folder = user_folder() if output is None else output
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{result.record.name}.{kind}" for kind in ("toml", "png")]
    write_record(result.record, files[0])
    draw_radar_calibration(result, files[1])
    return files


def _print_radar(result: RadarResult, files: list[Path]) -> None:
    from detectkit.cli.calibration_words import lines_of

    for line in lines_of(result.record):
        out.print(line, markup=False)
    for path in files:
        out.print(f"  {path}", markup=False)
