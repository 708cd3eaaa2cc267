"""``detectkit train``: from a recipe to a model with its card and its figures."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

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

from detectkit.cli.output import err, out, print_wide
from detectkit.core import UsageError

if TYPE_CHECKING:
    from detectkit.learn.corpus import Corpus, CorpusSettings
    from detectkit.learn.finish import Finished
    from detectkit.learn.training.callbacks import Progress as Trained
    from detectkit.learn.training.recipe import TrainingRecipe

LEFT = ("model", "rule.toml", "report.json", "curves.png")
"""What of an experiment's folder is told at the end."""


def train(  # noqa: PLR0913, PLR0917 - typer passes options by name
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A TOML file, or the name of one that ships.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="The experiment's folder.")
    ],
    corpus: Annotated[
        Path | None,
        typer.Option("--corpus", metavar="PATH", help="A corpus made before by the same recipe."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that make the corpus; they change no bit.")
    ] = 2,
    devices: Annotated[int, typer.Option(min=1, help="More than one: DDP.")] = 1,
    accelerator: Annotated[
        Literal["auto", "cpu", "gpu"], typer.Option(help="What trains.")
    ] = "auto",
    threads: Annotated[
        int, typer.Option(min=1, help="Of the training; another number gives other last bits.")
    ] = 2,
    precision: Annotated[
        Literal["32-true", "bf16-mixed", "16-mixed"], typer.Option(help="Mixed: for GPUs.")
    ] = "32-true",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print report.json, and where things lie.")
    ] = False,
) -> None:
    """Make the corpus, train, calibrate, judge on held-out sites and pack a model.

    In FOLDER: corpus.zarr, log.csv, curves.png, checkpoints, predictions/, report.json, rule.toml,
    and model/ with weights, manifest and card, for `detectkit process --model FOLDER/model`.
    Stopped or killed, the same command goes on where it was.

    Examples:

      detectkit simulate dataset lanes -o lanes.zarr

      detectkit train default -o experiment

      detectkit train mine.toml -o other --corpus experiment/corpus.zarr

      detectkit train default -o experiment --json > figures.json

      detectkit train mine.toml -o experiment --accelerator gpu --precision bf16-mixed
    """
    from detectkit.learn.finish import finish
    from detectkit.learn.model.manifest import Facts
    from detectkit.learn.training.recipe import find_recipe
    from detectkit.learn.training.run import Machine, run_training

    told = find_recipe(recipe)
    held = _made(told, output, workers) if corpus is None else _given(told, corpus)
    machine = Machine(accelerator, devices, precision, threads)
    with _bar("training") as bar:
        task = bar.add_task("training", total=None)

        def report(one: Trained) -> None:
            bar.update(task, total=one.batches, completed=one.batch)

        trained = run_training(told, held, output, machine=machine, progress=report)
    if os.environ.get("LOCAL_RANK", "0") != "0":  # DDP runs this command once per device
        return
    facts = Facts(
        told.name,
        "Weighs candidates of a drone's radar and metal detector; made on simulated lanes.",
        held.kind,
        told.seed,
        recipe=told.text,
    )
    with err.status("finishing") as status:
        found = finish(trained, held, facts, output, status.update)
    if as_json:
        files = {name.partition(".")[0]: str(output / name) for name in LEFT}
        typer.echo(json.dumps({**found.facts, "files": files}, allow_nan=False))
    else:
        _print(found, output)


def _given(recipe: TrainingRecipe, path: Path) -> Corpus:
    """Return a corpus that is there, where it is of the settings that the recipe asks for."""
    from detectkit.learn.corpus import open_corpus

    held = open_corpus(path)
    if recipe.corpus and "path" not in recipe.corpus:
        held.require(_settings(recipe))
    return held


def _settings(recipe: TrainingRecipe) -> CorpusSettings:
    import tomli_w

    from detectkit.learn.corpus import CorpusSettings

    return CorpusSettings.from_toml(tomli_w.dumps(recipe.corpus), where="[corpus]")


def _made(recipe: TrainingRecipe, folder: Path, workers: int) -> Corpus:
    """Return the corpus of a recipe, made if it is not there yet."""
    from detectkit.learn.corpus import build_corpus, open_corpus
    from detectkit.learn.corpus.build import tasks_of

    if not recipe.corpus:
        msg = (
            "the recipe has no [corpus]: give path there or --corpus, or [[corpus.dataset]] tables "
            "to make one from"
        )
        raise UsageError(msg)
    if "path" in recipe.corpus:
        return open_corpus(recipe.corpus["path"])
    settings = _settings(recipe)
    for one in settings.dataset:
        _require_dataset(one.path)
    with _bar("corpus") as bar:
        task = bar.add_task("corpus", total=len(tasks_of(settings)))
        path = build_corpus(
            settings,
            folder / "corpus.zarr",
            workers=workers,
            progress=lambda count: bar.advance(task, count),
        )
    return open_corpus(path)


def _require_dataset(path: str) -> None:
    from detectkit.core import FormatError
    from detectkit.learn.corpus.dataset_lanes import opened
    from detectkit.synthesis.dataset.shipped import shipped_recipes

    try:
        opened(path)
    except FormatError as error:
        stem = Path(path).name.split(".")[0]
        if Path(path).exists() or stem not in shipped_recipes():
            raise
        msg = f"{path}: not there yet; make it: detectkit simulate dataset {stem} -o {path}"
        raise UsageError(msg) from error


def _bar(label: str) -> Progress:
    return Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


def _print(found: Finished, folder: Path) -> None:
    """Print how each way to weigh does on the test sites; all of it is simulated."""
    from detectkit.learn.summary import sources_of

    for name, told in sources_of(found.facts).items():
        _print_source(name, told)
    out.print("All of it is simulated; it says nothing yet of a real field.")
    for path in LEFT:
        out.print(f"  {folder / path}", markup=False)


def _print_source(name: str, told: dict[str, Any]) -> None:
    from detectkit.learn.summary import summary

    out.print(
        f"{name}: {told['lanes']} lanes of {told['sites']} test sites, "
        f"{told['candidates']} candidates; halo 0.25 m"
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("weighed by", "detected at 0.1 per m²", "at 0.5 per m²", "mean to 0.5"):
        table.add_column(column)
    for system, halos in told["systems"].items():
        one = halos["halo 0.25 m"]
        area = one["mean_pd_to_0.5_per_m2"]
        mean = area if isinstance(area, float) else area["value"]
        rates = (one["at_far"][f"{far} per m2"]["pd"] for far in ("0.1", "0.5"))
        table.add_row(system, *rates, f"{mean:.3f}")
    print_wide(table)
    for line in summary(told):
        out.print(line, markup=False)
