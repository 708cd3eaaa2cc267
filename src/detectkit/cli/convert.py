"""``detectkit convert``: any recording to an HDF5 flight, exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.options import FileArgument, FormatOption, SetOption
from detectkit.cli.output import out, say_notices, trace_progress
from detectkit.core import UsageError
from detectkit.io import Overrides, open_recording


def convert(
    file: FileArgument,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FLIGHT.h5")],
    settings: SetOption = None,
    format_name: FormatOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing file.")] = False,
) -> None:
    """Write a recording as an HDF5 flight: every trace, position, mark and remark of the reader.

    Examples:

      detectkit convert LINE0.DT1 -o line0.h5
    """
    from detectkit.io.flight import write_recording

    overrides = Overrides.parse(settings or [])
    recording = open_recording(file, overrides=overrides, format_name=format_name)
    if output.exists() and output.samefile(file):
        msg = f"{output}: is the recording itself; choose another name for the flight"
        raise UsageError(msg)
    say_notices(recording.notices)
    total = sum(stream.traces for stream in recording.streams)
    with trace_progress("converting", total) as count:
        write_recording(
            recording, output, progress=count.at, existing="replace" if replace else "refuse"
        )
    done = f"{output}: {total:,} traces in {len(recording.streams)} stream(s)"
    out.print(done, markup=False)
    if any(one.severity == "warning" for one in recording.notices):
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)
