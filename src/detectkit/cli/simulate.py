"""``detectkit simulate``: datasets to train on and flights to test with, made on a computer."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.output import err, out
from detectkit.cli.simulate_flight import flight

if TYPE_CHECKING:
    from detectkit.synthesis.dataset import Dataset, Recipe, Workers
    from detectkit.synthesis.dataset.plan import Plan

simulate = typer.Typer(
    help="Make datasets to train on and flights to test with. All of it is simulated and says so.",
    no_args_is_help=True,
)
simulate.command()(flight)


SPEED_OVER_S = 24 * 3600.0
"""The time left is told from the speed of the whole run: groups come minutes apart."""

RecipeArgument = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A TOML file, or the name of one that ships.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@simulate.command()
def dataset(
    recipe: RecipeArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DATA.zarr", help="What to make.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="At least so many, instead of the recipe's.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; else one per processor.")
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Dask's scheduler instead, or 'local'."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would cost, after a short trial.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a training set: radargrams with and without a body, a detector's strip, all truth.

    Stopped or killed, the same command goes on where it was. However many workers, the bits are
    the same. Beside the dataset it writes DATA.statistics.json and a contact sheet, DATA.sheet.png.

    Examples:

      detectkit simulate dataset default -o train.zarr

      detectkit simulate dataset my.toml -o trial.zarr --samples 40 --workers 2

      detectkit simulate dataset research -o big.zarr --dask tcp://10.0.0.5:8786

      detectkit simulate dataset default --dry-run
    """
    from detectkit.synthesis.dataset import make_dataset
    from detectkit.synthesis.dataset.shipped import find_recipe

    chosen = find_recipe(recipe)
    chosen = chosen if samples is None else chosen.with_samples(samples)
    count = workers or _processors()
    if dry_run:
        _say_plan(chosen, count, as_json=as_json)
        return
    if output is None:
        raise typer.BadParameter("give it, or --dry-run", param_hint="'-o'")  # noqa: EM101, TRY003
    begun = time.monotonic()
    with _can_go_on_later(output), _samples_bar(chosen) as bar:
        made = make_dataset(output, chosen, workers=_workers(count, dask), progress=bar)
    taken = time.monotonic() - begun
    files = _write_beside(made.dataset)
    facts = {
        "output": str(output),
        "samples": len(made.dataset),
        "shards_made": made.groups,
        "digest": made.dataset.digest,
        "model": made.dataset.attributes["model"],
        "seconds": round(taken, 1),
        "splits": {name: len(which) for name, which in made.dataset.splits.items()},
        "files": [str(one) for one in files],
    }
    if as_json:
        out.print(json.dumps(facts), markup=False)
        return
    _say_made(made.dataset, made.groups, taken)
    for one in files:
        out.print(str(one), markup=False)


@simulate.command()
def sheet(
    data: Annotated[Path, typer.Argument(metavar="DATA.zarr", help="A dataset, or a zip of one.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="SHEET.png", help="Else beside it.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, max=60, help="How many to draw.")] = 18,
) -> None:
    """Draw the contact sheet of a dataset again.

    Examples:

      detectkit simulate sheet train.zarr -o sheet.png --samples 30
    """
    from detectkit.product.contact_sheet import draw_contact_sheet
    from detectkit.synthesis.dataset import open_dataset

    path = output or data.with_name(f"{_stem(data)}.sheet.png")
    draw_contact_sheet(open_dataset(data), path, samples=samples)
    out.print(str(path), markup=False)


@simulate.command("show-recipe")
def show_recipe(
    recipe: Annotated[
        str | None, typer.Argument(metavar="RECIPE", help="As of `simulate dataset`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print a recipe, to begin one's own with; without a name, list those that ship.

    Examples:

      detectkit simulate show-recipe

      detectkit simulate show-recipe default > my.toml
    """
    from detectkit.synthesis.dataset.shipped import find_recipe, shipped_recipes

    if recipe is not None:
        found = find_recipe(recipe)
        facts = {"name": found.name, "samples": found.sample_count, "recipe": found.text}
        typer.echo(json.dumps(facts) if as_json else found.text, nl=as_json)
        return
    known = {name: find_recipe(name).sample_count for name in shipped_recipes()}
    if as_json:
        typer.echo(json.dumps(known))
        return
    for name, count in known.items():
        out.print(f"{name:12} {count:>7,} samples", markup=False)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _workers(count: int, dask: str | None) -> Workers:
    from detectkit.synthesis.dataset import Dask, Processes

    return Processes(count) if dask is None else Dask(dask)


def _stem(path: Path) -> str:
    return path.name.removesuffix(".zip").removesuffix(".zarr")


@contextmanager
def _samples_bar(recipe: Recipe) -> Iterator[Any]:
    """Show samples done, time taken and time left on standard error; nothing when piped."""
    columns = (
        TextColumn("simulating"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("samples,"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns,
        console=err,
        transient=True,
        disable=not err.is_terminal,
        speed_estimate_period=SPEED_OVER_S,
    ) as progress:
        task = progress.add_task("simulating", total=recipe.sample_count)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def _can_go_on_later(path: Path) -> Iterator[None]:
    """Say how to go on when the block is interrupted, by Ctrl-C or by the system."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        err.print(f"interrupted; the same command goes on with {path}", markup=False)
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _write_beside(made: Dataset) -> list[Path]:
    from detectkit.product.contact_sheet import draw_contact_sheet
    from detectkit.synthesis.dataset.statistics import statistics_of

    told = made.path.with_name(f"{_stem(made.path)}.statistics.json")
    told.write_text(json.dumps(statistics_of(made), indent=1) + "\n", encoding="utf-8")
    drawn = made.path.with_name(f"{_stem(made.path)}.sheet.png")
    draw_contact_sheet(made, drawn)
    return [told, drawn]


def _say_made(made: Dataset, groups: int, taken_s: float) -> None:
    what = "SIMULATED by a sketch, nothing to train on" if made.is_sketch else "simulated"
    how = f"{groups} shards made in {taken_s:,.0f} s" if groups else "it was there already"
    out.print(f"{made.path}: {len(made):,} samples, {what}; {how}", markup=False)
    table = Table("split", "sites", "samples", *made.attributes["words"]["category"])
    for name, which in made.splits.items():
        labels = made.labels[which]
        kinds = [
            str(int((labels["category"] == code).sum()))
            for code in range(len(made.attributes["words"]["category"]))
        ]
        table.add_row(name, str(len(set(labels["site"].tolist()))), str(len(which)), *kinds)
    out.print(table)


def _say_plan(recipe: Recipe, workers: int, *, as_json: bool) -> None:
    from detectkit.synthesis.dataset.build import require_makeable
    from detectkit.synthesis.dataset.plan import measured, plan_of

    require_makeable(recipe)
    plan = plan_of(recipe, trial=measured)
    seconds = plan.seconds(workers)
    if as_json:
        facts = {
            "samples": plan.samples,
            "scenes": plan.scenes,
            "shards": plan.shards,
            "sites": plan.sites,
            "runs": plan.runs,
            "cell_steps": plan.cell_steps,
            "spacing_m": list(plan.spacing_m),
            "cell_steps_per_s": plan.steps_per_s,
            "workers": workers,
            "seconds": seconds,
            "largest_bytes": plan.largest_bytes,
        }
        out.print(json.dumps(facts), markup=False)
        return
    for line in _plan_lines(recipe, plan, workers, seconds):
        out.print(line, markup=False)


def _plan_lines(recipe: Recipe, plan: Plan, workers: int, seconds: float | None) -> list[str]:
    sites = ", ".join(f"{count} {name}" for name, count in plan.sites.items())
    lines = [
        f"{recipe.name}: {plan.samples:,} samples, {plan.scenes:,} scenes, {plan.shards:,} shards",
        f"sites: {sites}",
        f"at most {plan.largest_bytes / 1e6:,.0f} MB on disk",
    ]
    if seconds is None or plan.steps_per_s is None:
        return [*lines, "a sketch: seconds, and nothing to train on"]
    finest, coarsest = (f"{1e3 * one:.1f}" for one in plan.spacing_m)
    rate, steps = plan.steps_per_s / 1e6, plan.cell_steps / 1e9
    return [
        *lines,
        f"{plan.runs:,} full-wave runs on cells of {finest} to {coarsest} mm",
        f"{steps:,.0f} billion cell steps; a short trial made {rate:,.0f} million a second here",
        f"about {seconds / 60:,.0f} minutes with {workers} workers",
    ]
