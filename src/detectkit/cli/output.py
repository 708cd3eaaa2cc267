"""How the command talks: results on standard output, everything else on standard error."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from detectkit.io import Notice

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
TABLE_WIDTH = 120
COLOURS = {"note": "dim", "assumed": "yellow", "warning": "bold red"}


def say_notices(notices: Iterable[Notice]) -> None:
    """Print what the readers and the run had to say."""
    for one in notices:
        err.print(Text.assemble((f"{one.severity}: ", COLOURS[one.severity]), str(one)))


def print_wide(table: Table) -> None:
    """Print a table with whole columns, in a narrow terminal and into a pipe too."""
    wide = Console(file=out.file, width=max(out.width, TABLE_WIDTH), highlight=False)
    wide.print(table)


def print_everywhere() -> None:
    """Replace what the terminal or a pipe cannot encode, instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def of_the_system(error: OSError) -> str:
    """Return what the system refused, of which file, and what to do."""
    reason = error.strerror or str(error)
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{reason}; check that the place can be written and has room, or choose another"


def say_found(number: int, *, sought: bool, before: str = "") -> None:
    """Print how many places stand out, and what that does not mean.

    Parameters
    ----------
    number
        Of indications.
    sought
        False where the pipeline looks for none.
    before
        Words in front of the number.
    """
    if not sought:
        out.print(f"{before}no indications were sought: the pipeline has no [detect] section.")
        return
    plural = "" if number == 1 else "s"
    out.print(f"{before}{number} indication{plural}, unverified.")
    out.print("No indication does not mean that nothing is there.")


def sensors_first(rows: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the streams with what the instruments are there for before their helpers."""
    return sorted(rows.items(), key=lambda one: ("." in one[0], one[0]))


def say_error(text: str) -> None:
    """Print an error."""
    err.print(Text.assemble(("error: ", "bold red"), text))


class TraceCount:
    """Adds traces to a progress bar."""

    def __init__(self, progress: Progress, total: int, label: str) -> None:
        self._progress = progress
        self._task = progress.add_task(label, total=total)

    def __call__(self, traces: int) -> None:
        """Add traces that are done."""
        self._progress.advance(self._task, traces)

    def at(self, done: int, total: int) -> None:
        """Say how many traces are done in all."""
        self._progress.update(self._task, completed=done, total=total)


@contextmanager
def trace_progress(label: str, total: int, *, what: str = "traces") -> Iterator[TraceCount]:
    """Show a bar of traces on standard error while the block runs; nothing when piped."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(what),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        yield TraceCount(progress, total, label)
