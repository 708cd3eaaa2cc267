"""``detectkit evaluate``: a run against what is known to lie there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.output import err, out

if TYPE_CHECKING:
    from detectkit.detect.scoring.evaluation import Evaluation, EvaluationSettings

OutputOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FOLDER", help="Page and lists; else in RUN."),
]
HaloOption = Annotated[
    list[float] | None,
    typer.Option("--halo", metavar="M", help="Beyond a target's radius. Repeatable."),
]
SwathOption = Annotated[
    float | None, typer.Option("--swath", metavar="M", help="Width that a track surveys.")
]
HighestOption = Annotated[
    float | None, typer.Option("--highest", metavar="M", help="Rows above survey nothing.")
]
ThresholdOption = Annotated[
    float | None, typer.Option("--threshold", metavar="C", help="Confidence that counts.")
]
ToFarOption = Annotated[
    float | None, typer.Option("--to-far", metavar="RATE", help="End of the useful part.")
]
UndugOption = Annotated[
    Literal["unknown", "false"],
    typer.Option("--undug", help="What an indication is where nobody dug."),
]
GroundOption = Annotated[
    Path | None,
    typer.Option("--ground", metavar="FILE", help="Recording that tells where it was flown."),
]
AgainstOption = Annotated[
    Path | None, typer.Option("--against", metavar="RUN", help="Another run, same ground.")
]
DrawsOption = Annotated[int, typer.Option("--draws", metavar="N", help="Draws of lanes.")]


def evaluate(  # noqa: PLR0913, PLR0917 - typer passes options by name
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of process, fly or replay.")],
    truth: Annotated[
        Path, typer.Option("--truth", metavar="CSV", help="What lies there, or was dug up.")
    ],
    output: OutputOption = None,
    halo: HaloOption = None,
    swath: SwathOption = None,
    highest: HighestOption = None,
    threshold: ThresholdOption = None,
    to_far: ToFarOption = None,
    undug: UndugOption = "unknown",
    ground: GroundOption = None,
    against: AgainstOption = None,
    draws: DrawsOption = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Score a run by area: detected share against false alarms per m², with exact intervals.

    Writes evaluation.html, response_stage.csv and discrimination_stage.csv. The truth is the table
    of a simulated flight, or one with a column found_category of what was dug up.

    Examples:

      detectkit evaluate out/ap_row --truth ap_row.truth.csv

      detectkit evaluate out/lane4 --truth dug.csv --swath 0.8 --undug false

      detectkit evaluate out/new --truth site.truth.csv --against out/old --json
    """
    from detectkit.detect.scoring.evaluation import evaluate as judge
    from detectkit.detect.scoring.run import read_run
    from detectkit.detect.scoring.truth import read_truth
    from detectkit.product.evaluation_facts import evaluation_facts
    from detectkit.product.evaluation_lists import write_lists
    from detectkit.product.evaluation_page import write_page

    settings = _settings(
        {"swath_m": swath, "highest_m": highest},
        {
            "halos_m": tuple(halo) if halo else None,
            "threshold": threshold,
            "to_far_per_m2": to_far,
            "undug": undug,
            "draws": draws,
        },
    )
    with err.status("scoring"):
        found = judge(
            read_run(run, ground=ground),
            read_truth(truth),
            settings=settings,
            against=None if against is None else read_run(against, ground=ground),
        )
        folder = output or (run if run.is_dir() else run.parent)
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / "evaluation.html", *write_lists(found, folder)]
        write_page(found, files[0])
    if as_json:
        facts = {**evaluation_facts(found), "files": [str(one) for one in files]}
        typer.echo(json.dumps(facts, allow_nan=False))
    else:
        _print(found, files)
    if found.unplaced:
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def _settings(ground: dict[str, object], rest: dict[str, object]) -> EvaluationSettings:
    """Return the settings with what was given; the rest as they are usual."""
    from detectkit.core.settings import build
    from detectkit.detect.scoring.evaluation import EvaluationSettings
    from detectkit.detect.scoring.placing import GroundSettings

    told = {name: one for name, one in ground.items() if one is not None}
    made = build(GroundSettings, told, where="evaluate")
    return EvaluationSettings(
        ground=made,
        **{name: one for name, one in rest.items() if one is not None},  # type: ignore[arg-type]
    )


def _print(found: Evaluation, files: list[Path]) -> None:
    from detectkit.product.evaluation_facts import sentences

    for sentence in sentences(found):
        out.print(sentence, markup=False)
    for path in files:
        out.print(f"  {path}", markup=False)
