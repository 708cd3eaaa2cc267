"""``detectkit simulate flight``: a scenario in, a recording with its truth out."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from detectkit.cli.output import err, out, trace_progress
from detectkit.core import UsageError

if TYPE_CHECKING:
    from detectkit.sim import Scenario
    from detectkit.synthesis.flight import SimulatedFlight

KEPT = ".lanes"

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A TOML file, or the name of one that ships.")
]
OutputOption = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FLIGHT.h5", help="What to write.")
]
SeedOption = Annotated[
    int | None, typer.Option(min=0, help="Of all that is random, instead of the scenario's.")
]
PreviewOption = Annotated[
    bool, typer.Option("--preview", help="By the quick ray model, whatever the scenario says.")
]
ThreadsOption = Annotated[
    int | None, typer.Option(min=1, help="For the full-wave solver; else one per processor.")
]
RadarHzOption = Annotated[
    float | None, typer.Option("--radar-hz", min=1.0, help="Traces a second.")
]
PictureOption = Annotated[
    bool, typer.Option("--picture/--no-picture", help="Draw map and radargrams beside it.")
]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Replace an existing file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def flight(  # noqa: PLR0913, PLR0917 - typer passes options by name
    scenario: ScenarioArgument,
    output: OutputOption = None,
    seed: SeedOption = None,
    preview: PreviewOption = False,
    threads: ThreadsOption = None,
    radar_hz: RadarHzOption = None,
    picture: PictureOption = True,
    replace_it: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fly a scenario on the computer: a recording as from a real flight, and its truth.

    Writes FLIGHT.h5, FLIGHT.truth.csv and FLIGHT.png. A full-wave flight takes minutes for each
    lane; computed lanes are kept in FLIGHT.lanes until the flight is whole, so a run that was
    stopped goes on with the next lane.

    Examples:

      detectkit simulate flight ap_line --preview -o line.h5

      detectkit simulate flight field.toml -o field.h5 --seed 7 --radar-hz 150

      detectkit process line.h5 -o out/line
    """
    from detectkit.synthesis.flight import FlightWork, simulate_flight
    from detectkit.synthesis.kept_lanes import kept_lanes

    flown = _scenario(scenario)
    if preview:
        flown = replace(flown, radar=replace(flown.radar, model="ray"))
    path = output or Path(f"{flown.name}.h5")
    if path.exists() and not replace_it:
        msg = f"{path}: exists already; choose another name (-o) or give --replace"
        raise UsageError(msg)
    number = flown.seed if seed is None else seed
    store = kept_lanes(path.with_suffix(KEPT), flown, seed=number)
    with trace_progress("flying", 1, what="shots") as count:
        done = simulate_flight(
            flown,
            path,
            seed=number,
            radar_hz=radar_hz,
            work=FlightWork(threads or os.cpu_count() or 1, store, count.at),
            existing="replace" if replace_it else "refuse",
        )
    store.forget()
    files = [done.path, done.truth_path]
    if picture:
        files.append(_drawn(done, flown.name))
    if as_json:
        out.print(json.dumps(_facts(done, files)), markup=False)
        return
    _say(done, files)


def _scenario(named: str) -> Scenario:
    """Read a scenario: a file, or one that ships."""
    from importlib.resources import files

    from detectkit.sim import Scenario

    path = Path(named)
    if path.suffix or path.exists():
        return Scenario.read(path)
    folder = files("detectkit_sim_data") / "scenarios"
    known = sorted(one.name.removesuffix(".toml") for one in folder.iterdir())
    if named not in known:
        msg = f"no scenario {named!r} ships; give a TOML file, or one of: {', '.join(known)}"
        raise UsageError(msg)
    return Scenario.read(Path(str(folder / f"{named}.toml")))


def _drawn(done: SimulatedFlight, name: str) -> Path:
    from detectkit.product.simulated_flight import draw_simulated_flight

    path = done.path.with_suffix(".png")
    draw_simulated_flight(done, path, title=f"{name}: simulated flight ({done.model})")
    return path


def _say(done: SimulatedFlight, files: list[Path]) -> None:
    for one in done.notices:
        err.print(f"note: {one}", markup=False)
    targets = sum(one.one.object_class == "target" for one in done.truth)
    quiet = [
        one
        for one in done.truth
        if one.one.metal == "minimum" and one.metal_over_soil.all_channels < 1.0
    ]
    lanes = f"{len(done.lanes)} lane{'' if len(done.lanes) == 1 else 's'}"
    out.print(
        f"{lanes}, {done.traces:,} traces; "
        f"in the ground {targets} targets and {len(done.truth) - targets} pieces of clutter.",
        markup=False,
    )
    if quiet:
        out.print(
            f"{len(quiet)} of them with so little metal that the detector hears the soil louder.",
            markup=False,
        )
    for path in files:
        out.print(f"  {path}", markup=False)


def _facts(done: SimulatedFlight, files: list[Path]) -> dict[str, Any]:
    return {
        "simulated": True,
        "model": done.model,
        "seed": done.seed,
        "lanes": len(done.lanes),
        "rows": done.rows,
        "targets": sum(one.one.object_class == "target" for one in done.truth),
        "clutter": sum(one.one.object_class != "target" for one in done.truth),
        "files": [str(one) for one in files],
    }
