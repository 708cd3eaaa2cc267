"""``detectkit explain``: what moved the network at one of a run's indications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from detectkit.cli.output import out, trace_progress


def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of `detectkit process`.")],
    rank: Annotated[int, typer.Option("--rank", metavar="N", help="Which indication.")] = 1,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE.png", help="Else RUN/explain-N.png."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="Another network than weighed the run."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Draw the evidence at an indication, and what of it moved the network.

    The run's lines are processed once more. Tells too what the network thinks without either
    sensor. It shows what the network looked at, not what lies there.

    Examples:

      detectkit explain out/17 --rank 3

      detectkit explain out/17 --rank 1 -o first.png
    """
    from detectkit.batch.explain import explain_run
    from detectkit.batch.run_record import read_run
    from detectkit.product.explanation_picture import draw_explanation

    path = output or (run if run.is_dir() else run.parent) / f"explain-{rank}.png"
    with trace_progress("processing", read_run(run).traces) as count:
        found = explain_run(run, rank, model=model, progress=count)
    draw_explanation(found, path)
    chances = {name: one.probability for name, one in found.without}
    if as_json:
        told = {
            "picture": str(path), "rank": rank, "assessed_by": found.label,
            "probability": found.assessment.probability, "category": found.assessment.category,
            "without": chances, "share_above_ground": found.share_above_ground,
            "share_beyond_halo": found.share_beyond_halo,
        }  # fmt: skip
        out.print(json.dumps(told), markup=False)
        return
    out.print(f"probability {found.assessment.probability:.3g} by {found.label}", markup=False)
    for name, chance in chances.items():
        out.print(f"without the {name.replace('_', ' ')}: {chance:.3g}", markup=False)
    out.print(f"  {path}", markup=False)
