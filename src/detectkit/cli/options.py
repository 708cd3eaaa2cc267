"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Replace what the file says, e.g. --set sample_interval_s=1e-10. Repeatable.",
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="Use this format instead of recognising it."),
]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A recorded file.")]
