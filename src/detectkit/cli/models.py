"""``detectkit models`` and ``export-model``: what weighs evidence, and its card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.table import Table

from detectkit.cli.output import err, out


def models(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One that ships, or a model's folder.")
    ] = None,
) -> None:
    """List the models that ship, or show the card of one: made on what, how good, what limits.

    Examples:

      detectkit models

      detectkit models minimum-metal
    """
    from detectkit.learn.model.card import card_of
    from detectkit.learn.model.manifest import read_manifest
    from detectkit.learn.model.shipped import DEFAULT, model_folder, shipped_models

    if name is not None:
        out.print(Markdown(card_of(read_manifest(model_folder(name)))))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("model", "what it is"):
        table.add_column(column)
    for label, folder in shipped_models().items():
        usual = " (the default)" if label == DEFAULT else ""
        table.add_row(label + usual, read_manifest(folder).facts.summary)
    out.print(table)


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
