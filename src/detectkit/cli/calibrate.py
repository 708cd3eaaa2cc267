"""``detectkit calibrate``: a few minutes before take-off become numbers with their errors."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.options import SetOption
from detectkit.cli.output import out, say_notices
from detectkit.core import UsageError

if TYPE_CHECKING:
    from detectkit.calibration.capture import Capture
    from detectkit.calibration.radar import RadarResult
    from detectkit.calibration.record import CalibrationRecord

calibrate = typer.Typer(
    help="Measure an instrument on the ground: time zero, wavelet, cross-talk, amplitude, pattern.",
    no_args_is_help=True,
)


@calibrate.command()
def radar(  # noqa: PLR0913, PLR0917 - typer passes options by name
    air: Annotated[
        Path, typer.Option("--air", metavar="FILE", help="Antennas up, nothing in front of them.")
    ],
    plate: Annotated[
        list[str] | None,
        typer.Option(
            "--plate",
            metavar="HEIGHT=FILE",
            help="Over a metal plate, HEIGHT in m from the antennas to it; twice or more.",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="HEIGHT=FILE",
            help="A straight pass over a small metal body, HEIGHT in m over its middle.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FOLDER", help="Where it goes; else the user's folder."
        ),
    ] = None,
    height_error: Annotated[
        float, typer.Option("--height-error", metavar="M", help="Of each height by itself.")
    ] = 0.003,
    plane_error: Annotated[
        float, typer.Option("--plane-error", metavar="M", help="That all heights share.")
    ] = 0.002,
    separation: Annotated[
        float | None,
        typer.Option("--separation", metavar="M", help="Transmitter to receiver, if not told."),
    ] = None,
    antenna_hz: Annotated[
        float | None,
        typer.Option("--antenna-hz", metavar="HZ", help="Centre frequency, if not told."),
    ] = None,
    sensor: Annotated[
        str, typer.Option("--sensor", metavar="ID", help="Which radar of the recordings.")
    ] = "",
    valid_days: Annotated[
        float, typer.Option("--valid-days", metavar="DAYS", help="How long it holds.")
    ] = 30.0,
    date: Annotated[
        datetime | None,
        typer.Option("--date", metavar="DATE", help="In UTC, if the recordings do not tell it."),
    ] = None,
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
        typer.echo(json.dumps(_facts(result.record, files)))
    else:
        _print_radar(result, files)
    if any(one.severity == "warning" for one in result.notices):
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


@calibrate.command()
def show(
    record: Annotated[Path, typer.Argument(metavar="RECORD", help="A file, or a name in `list`.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what a calibration holds: instrument, days, numbers with their errors.

    Examples:

      detectkit calibrate show calibration/radar-x-1207-2026-05-04-3f2a9c01.toml
    """
    from detectkit.calibration.library import find
    from detectkit.calibration.record_file import read_record

    found = read_record(find(record))
    if as_json:
        typer.echo(json.dumps({**asdict(found), "id": found.id}, default=_plain))
        return
    for line in _lines(found):
        out.print(line, markup=False)


@calibrate.command("list")
def list_records(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the calibrations in the user's folder and those that ship.

    Examples:

      detectkit calibrate list
    """
    from detectkit.calibration.library import entries, shelves

    known, said = entries()
    say_notices(said)
    if as_json:
        typer.echo(json.dumps([_facts(one.record, [one.path]) for one in known]))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("instrument", "serial", "made", "until", "holds", "file"):
        table.add_column(name)
    for one in known:
        record = one.record
        days = (f"{record.made_utc:%Y-%m-%d}", f"{record.expires_utc:%Y-%m-%d}")
        mark = " (simulated)" if record.simulated else ""
        holds = ", ".join(record.sections) + mark
        table.add_row(record.instrument, record.serial or "–", *days, holds, one.path.name)
    if known:
        out.print(table)
    else:
        out.print(f"no calibrations in {', '.join(str(one) for one in shelves())}", markup=False)


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
        found = []
        for text in given:
            height, _, name = text.partition("=")
            try:
                height_m = float(height)
            except ValueError:
                height_m = 0.0
            if not name or not 0.0 < height_m < 100.0:
                msg = (
                    f"{option} {text!r}: write HEIGHT=FILE with the height in m, e.g. 0.5=plate.h5"
                )
                raise UsageError(msg)
            found.append((self.read(Path(name)), height_m))
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
    for line in _lines(result.record):
        out.print(line, markup=False)
    for path in files:
        out.print(f"  {path}", markup=False)


def _lines(record: CalibrationRecord) -> list[str]:
    """Return a record in words."""
    said = [
        f"{record.instrument}, serial number {record.serial or 'not told'}",
        f"id {record.id[:12]}, made {record.made_utc:%Y-%m-%d %H:%M} UTC",
        f"holds until {record.expires_utc:%Y-%m-%d}",
    ]
    if record.simulated:
        said.append(f"simulated: {record.simulated}; no instrument was measured")
    if record.radar is not None:
        said += _radar_lines(record)
    if record.detector is not None:
        names = ", ".join(one.name for one in record.detector.channels)
        said.append(f"detector: {len(record.detector.channels)} channels ({names})")
    if record.mount is not None:
        pairs = zip(record.mount.lever_arm_m, record.mount.lever_arm_error_m, strict=True)
        arm = ", ".join(f"{one:.3f} ± {error:.3f}" for one, error in pairs)
        said.append(f"lever arm forward, right, down: {arm} m")
        said.append(f"lag {_with(record.mount.lag_s, record.mount.lag_error_s, 1e3, 'ms')}")
    return said


def _radar_lines(record: CalibrationRecord) -> list[str]:
    one = record.radar
    if one is None:
        return []
    said = [
        f"time zero {_with(one.time_zero_s, one.time_zero_error_s, 1e9, 'ns')}",
        "drift "
        + _with(one.time_zero_drift_s_per_s, one.time_zero_drift_error_s_per_s, 6e13, "ps a minute")
        + f", wander {_with(one.time_zero_wander_s, None, 1e12, 'ps')}",
        "perfect mirror after 1 m "
        + _with(one.mirror_amplitude, one.mirror_amplitude_error, 1.0, one.unit),
        f"noise of a sample {_with(one.noise, None, 1.0, one.unit)}",
    ]
    if one.band_hz is not None:
        low, high = one.band_hz
        said.append(f"band {low / 1e6:.0f}–{high / 1e6:.0f} MHz (-20 dB)")
    if one.pattern_angle_deg:
        pairs = zip(one.pattern_angle_deg, one.pattern_db, strict=True)
        said.append("pattern " + ", ".join(f"{a:.0f}° {db:+.1f} dB" for a, db in pairs))
    return said


def _with(value: float | None, error: float | None, scale: float, unit: str) -> str:
    """Return a value with its error, in a unit that reads well."""
    if value is None:
        return "not measured"
    if error is None:
        return f"{scale * value:.4g} {unit}"
    return f"{scale * value:.5g} ± {scale * error:.2g} {unit}"


def _facts(record: CalibrationRecord, files: list[Path]) -> dict[str, object]:
    """Return the object of ``--json``: all single numbers, without the traces."""
    one = record.radar
    numbers = {} if one is None else asdict(one)
    return {
        "id": record.id,
        "instrument": record.instrument,
        "serial": record.serial,
        "made_utc": record.made_utc.isoformat(),
        "expires_utc": record.expires_utc.isoformat(),
        "simulated": record.simulated,
        "sections": list(record.sections),
        "radar": {n: v for n, v in numbers.items() if n not in {"crosstalk", "wavelet"}},
        "files": [str(path) for path in files],
    }


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
