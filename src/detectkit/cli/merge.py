"""``detectkit merge``: a recording and a position log to one located flight."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.options import FormatOption, SetOption
from detectkit.cli.output import out, say_notices, trace_progress
from detectkit.core import UsageError
from detectkit.io import Overrides, open_recording

RadarArgument = Annotated[Path, typer.Argument(metavar="RADAR", help="A recorded file.")]
LogArgument = Annotated[
    Path,
    typer.Argument(
        metavar="LOG", help="Where it was: .tlog, .bin, .ulg, .pos, a SkyHub position.csv."
    ),
]
OutputOption = Annotated[Path, typer.Option("-o", "--output", metavar="FLIGHT.h5")]
ArmOption = Annotated[
    tuple[float, float, float],
    typer.Option(metavar="F R D", help="Forward, right, down from the positioning antenna, m."),
]
ByOption = Annotated[
    Literal["auto", "time", "trace"],
    typer.Option(help="Find traces by their time, or by the numbers that the log holds."),
]
LagOption = Annotated[
    float, typer.Option("--lag", metavar="S", help="How late the traces are stamped, s.")
]
GapOption = Annotated[
    float, typer.Option("--longest-gap", metavar="S", help="Interpolate over no longer gaps.")
]
StartOption = Annotated[
    str | None,
    typer.Option("--start", metavar="UTC", help="When the recording began, if it has no date."),
]
LogStartOption = Annotated[
    str | None,
    typer.Option("--log-start", metavar="UTC", help="When the log's clock was zero, likewise."),
]
FirstTraceOption = Annotated[
    int, typer.Option("--first-trace", help="The log's number of the recording's first trace.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Replace an existing file.")]


def merge(  # noqa: PLR0913, PLR0917 - typer passes options by name
    radar: RadarArgument,
    log: LogArgument,
    output: OutputOption,
    lever_arm: ArmOption = (0.0, 0.0, 0.0),
    altimeter_arm: ArmOption = (0.0, 0.0, 0.0),
    lag: LagOption = 0.0,
    longest_gap: GapOption = 0.5,
    by: ByOption = "auto",
    start: StartOption = None,
    log_start: LogStartOption = None,
    first_trace: FirstTraceOption = 0,
    settings: SetOption = None,
    format_name: FormatOption = None,
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a recording as an HDF5 flight whose traces have the places that a log tells.

    Traces are joined as in flight: by interpolation at their time, with their error. A name
    given to --set goes to the reader that has it, the log's or the recording's.

    Examples:

      detectkit merge LINE.sgy 2020-07-29-14-37-42-position.csv -o flight.h5

      detectkit merge radar.h5 flight.tlog -o flight.h5 --lever-arm 0.1 0 0.4 --lag 0.12
    """
    from detectkit.io.positions import open_positions
    from detectkit.mission.merge import MergeSettings
    from detectkit.mission.merge import merge as join

    of_radar, of_log = _split(Overrides.parse(settings or []))
    joining = MergeSettings(
        by=by,
        lever_arm_m=lever_arm,
        altimeter_arm_m=altimeter_arm,
        lag_s=lag,
        longest_gap_s=longest_gap,
        start_ns=_moment("--start", start),
        log_start_ns=_moment("--log-start", log_start),
        first_trace=first_trace,
    )
    recording = open_recording(radar, overrides=of_radar, format_name=format_name)
    positions = open_positions(log, overrides=of_log)
    if output.exists() and any(output.samefile(one) for one in (radar, log)):
        msg = f"{output}: is one of the files to merge; choose another name for the flight"
        raise UsageError(msg)
    total = sum(stream.traces for stream in recording.streams)
    with trace_progress("merging", total) as count:
        merged = join(
            recording,
            positions,
            output,
            settings=joining,
            existing="replace" if replace else "refuse",
            progress=count.at,
        )
    say_notices(merged.notices)
    if as_json:
        out.print(json.dumps(_facts(merged, positions)), markup=False)
    else:
        located, traces = sum(merged.located.values()), sum(merged.traces.values())
        done = f"{output}: {located:,} of {traces:,} traces have a position (joined by {merged.by})"
        out.print(done, markup=False)
    if any(one.severity == "warning" for one in merged.notices):
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def _split(settings: Overrides) -> tuple[Overrides, Overrides]:
    """Return what the recording's reader takes and what the log's does."""
    from detectkit.io.positions import position_formats

    names = {name for one in position_formats() for name in one.structural}
    of_log = {name: value for name, value in settings.items() if name in names}
    of_radar = {name: value for name, value in settings.items() if name not in names}
    return Overrides(of_radar), Overrides(of_log)


def _moment(option: str, text: str | None) -> int | None:
    """Return a moment in ns."""
    from detectkit.io.positions.stamps import utc_text_ns

    if text is None:
        return None
    try:
        return utc_text_ns(text)
    except ValueError as error:
        msg = f"{option} {text}: give a moment such as 2020-07-29T14:37:42.5Z"
        raise UsageError(msg) from error


def _facts(merged: Any, log: Any) -> Mapping[str, Any]:
    return {
        "output": str(merged.path),
        "by": merged.by,
        "traces": merged.traces,
        "located": merged.located,
        "unlocated": merged.unlocated,
        "log": {
            "format": log.format,
            "clock": log.clock,
            "up_counts_from": log.datum,
            "positions": len(log),
            "rejected": dict(log.rejected),
            "attitudes": len(log.attitudes),
            "heights": len(log.heights),
        },
        "notices": [
            {"severity": one.severity, "text": str(one), "setting": one.setting}
            for one in merged.notices
        ],
    }
