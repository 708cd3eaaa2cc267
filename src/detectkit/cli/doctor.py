"""``detectkit doctor``: what is installed, what is missing, how to add it."""

from __future__ import annotations

import json
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, entry_points, metadata, requires, version
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from detectkit import __version__
from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.output import out


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check the installation: packages by extra, formats and steps, and how to add what lacks.

    Examples:

      detectkit doctor
    """
    report: dict[str, object] = {
        "detectkit": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "extras": {extra: _packages(extra) for extra in ["", *_extras()]},
        "plug_ins": {group: _plug_ins(group) for group in ("detectkit.formats", "detectkit.steps")},
    }
    if as_json:
        typer.echo(json.dumps(report))
    else:
        _print(report)
    if any(found is None for found in _packages("").values()) or _broken(report):
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def _extras() -> list[str]:
    return metadata("detectkit").get_all("Provides-Extra") or []


def _packages(extra: str) -> dict[str, str | None]:
    """Return package → installed version (None = missing) of an extra, "" = always needed."""
    found: dict[str, str | None] = {}
    for line in requires("detectkit") or []:
        requirement, _, marker = line.partition(";")
        named = re.search(r"extra == ['\"]([^'\"]+)['\"]", marker)
        if (named.group(1) if named else "") != extra:
            continue
        name = re.split(r"[\s\[<>=!~(]", requirement.strip(), maxsplit=1)[0]
        if name != "detectkit":
            found[name] = _version(name)
    return found


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _plug_ins(group: str) -> dict[str, str]:
    """Return plug-in → "ok" or why it cannot be loaded."""
    found: dict[str, str] = {}
    for point in sorted(entry_points(group=group), key=lambda one: one.name):
        try:
            point.load()
            found[point.name] = "ok"
        except (ImportError, AttributeError) as error:
            found[point.name] = f"cannot be loaded: {error}"
    return found


def _broken(report: dict[str, object]) -> bool:
    groups = report["plug_ins"]
    return isinstance(groups, dict) and any(
        state != "ok" for group in groups.values() for state in group.values()
    )


def _print(report: dict[str, object]) -> None:
    out.print(f"detectkit {report['detectkit']} on Python {report['python']}, {report['platform']}")
    out.print(f"[dim]{sys.executable}[/dim]")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("extra", "installed", "missing"):
        table.add_column(column)
    table.add_column("how to add", no_wrap=True)  # to be copied
    extras = report["extras"]
    if isinstance(extras, dict):
        for extra, packages in extras.items():
            if packages:
                table.add_row(*_row(extra, packages))
    out.print(table)
    groups = report["plug_ins"]
    if isinstance(groups, dict):
        for group, members in groups.items():
            out.print(f"{group.removeprefix('detectkit.')}: {len(members)}: {', '.join(members)}")
            for name, state in members.items():
                if state != "ok":
                    out.print(f"  [bold red]{name}: {escape(state)}[/bold red]")


def _row(extra: str, packages: dict[str, str | None]) -> tuple[str, str, str, str]:
    here = ", ".join(f"{name} {found}" for name, found in packages.items() if found)
    gone = ", ".join(name for name, found in packages.items() if not found)
    target = f"detectkit\\[{extra}]" if extra else "detectkit"
    return extra or "base", here, gone, f"pip install '{target}'" if gone else ""
