"""``detectkit anomaly``: where a line looks as no ground that a model was trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from detectkit.cli.output import err, out, trace_progress

if TYPE_CHECKING:
    from detectkit.batch.line_anomaly import StrangeLine


def anomaly(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of `detectkit process`.")],
    threshold: Annotated[
        float, typer.Option("--threshold", metavar="SCORE", help="Lowest score of a place.")
    ] = 2.0,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Else the one that ships.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Score every place of a run's lines by a model's autoencoder, and draw it.

    The autoencoder learnt to draw ground without targets; what it draws badly it has not seen. The
    score counts in deviations of the ground to both sides. Nothing in the run is changed: these
    places are for a second look, beside the indications. Writes RUN/LINE.anomaly.png.

    Examples:

      detectkit anomaly out/17

      detectkit anomaly out/17 --threshold 3 --json
    """
    from detectkit.batch.line_anomaly import strangeness_of_run
    from detectkit.batch.run_record import read_run

    folder = run if run.is_dir() else run.parent
    with trace_progress("processing", read_run(run).traces) as count:
        found = strangeness_of_run(run, model=model, progress=count)
    for remark in found.remarks:
        err.print(f"note: {remark}", style="dim", markup=False)
    told = [_told(one, threshold, folder, found.label) for one in found.lines]
    if as_json:
        document = {"scored_by": found.label, "threshold": threshold, "lines": told}
        out.print(json.dumps(document), markup=False)
        return
    for one in told:
        places = one["places"]
        length = f"{one['length_m']:.1f} m"
        out.print(
            f"{one['line']}: {len(places)} at {threshold:g} or more in {length}", markup=False
        )
        for at in places:
            place_m = round(at["along_track_m"], 2) + 0.0  # never -0.00
            out.print(f"  {place_m:.2f} m  {at['score']:.1f}", markup=False)
        if one["picture"]:
            out.print(f"  {one['picture']}", markup=False)
    out.print("No place here does not mean that nothing is there.")


def _told(line: StrangeLine, threshold: float, folder: Path, label: str) -> dict[str, Any]:
    """Draw a line and return what is said of it, its places strongest first."""
    from detectkit.product.anomaly_picture import draw_line_anomaly

    peaks = [one.peaks(threshold=threshold, apart_m=line.apart_m) for one in line.stretches]
    places = [
        {"along_track_m": float(one.along_m[at]), "score": float(one.score[at])}
        for one, those in zip(line.stretches, peaks, strict=True)
        for at in those
    ]
    picture = folder / f"{line.job.file_stem}.anomaly.png"
    if line.stretches:
        title = f"{line.job.recording.path.name}, {line.job.name}: {label}, unverified"
        draw_line_anomaly(line.stretches, peaks, picture, title=title, threshold=threshold,
                          indications=line.indications)  # fmt: skip
    return {
        "line": line.job.name,
        "length_m": sum(one.length_m for one in line.stretches),
        "places": sorted(places, key=lambda one: -one["score"]),
        "picture": str(picture) if line.stretches else None,
    }
