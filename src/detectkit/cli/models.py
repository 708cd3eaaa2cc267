"""``detectkit models`` and ``export-model``: what weighs evidence, and its card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markdown import Markdown
from rich.table import Table

from detectkit.cli.output import err, out

if TYPE_CHECKING:
    from detectkit.learn.model.manifest import Manifest


def models(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One that ships, or a model's folder.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: with NAME, its manifest.")
    ] = False,
) -> None:
    """List the models that ship, or show the card of one: made on what, how good, what limits.

    Examples:

      detectkit models

      detectkit models minimum-metal

      detectkit models --json
    """
    from detectkit.learn.model.card import card_of
    from detectkit.learn.model.manifest import read_manifest
    from detectkit.learn.model.shipped import DEFAULT, model_folder, shipped_models

    if name is not None:
        folder = model_folder(name)
        manifest = read_manifest(folder)
        if as_json:
            told = {**json.loads(manifest.to_json()), **_place(manifest, folder)}
            typer.echo(json.dumps(told, allow_nan=False))
        else:
            out.print(Markdown(card_of(manifest)))
        return
    shipped = {label: (read_manifest(folder), folder) for label, folder in shipped_models().items()}
    if as_json:
        listed = [
            {"name": label, "default": label == DEFAULT, "summary": one.facts.summary,
             **_place(one, folder)}
            for label, (one, folder) in shipped.items()
        ]  # fmt: skip
        typer.echo(json.dumps({"models": listed}))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("model", "what it is"):
        table.add_column(column)
    for label, (one, _) in shipped.items():
        usual = " (the default)" if label == DEFAULT else ""
        table.add_row(label + usual, one.facts.summary)
    out.print(table)


def _place(manifest: Manifest, folder: Path) -> dict[str, Any]:
    """Return what names a model to the bit, as indications name it, and where it lies."""
    return {"label": manifest.label, "folder": str(folder)}


def export_model(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model's name or folder.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.onnx", help="What to write.")
    ],
) -> None:
    """Write a model's network as ONNX, one file, and compare what both say.

    The log-odds in it are not calibrated; calibration and limits stand in the manifest.

    Example:

      detectkit export-model minimum-metal -o minimum-metal.onnx
    """
    from detectkit.learn.model.files import load_model
    from detectkit.learn.model.onnx import export_onnx

    with err.status("exporting"):
        largest = export_onnx(load_model(name), output)
    out.print(f"{output}: agrees with torch to {largest:.1e} on evidence drawn at random")
