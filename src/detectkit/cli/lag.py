"""``detectkit lag``: by how much a sensor's rows are stamped too late."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from detectkit.cli.options import FileArgument
from detectkit.cli.output import out


def lag(
    file: FileArgument,
    sensor: Annotated[
        str, typer.Option("--sensor", metavar="ID", help="Which one, as `inspect` lists them.")
    ] = "gpr",
    reach: Annotated[
        float,
        typer.Option("--reach", metavar="M", help="Passes farther apart are not compared."),
    ] = 0.25,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Estimate a sensor's time lag from lines flown to and fro over the same ground.

    Fly one line over an object that shows, there and back, three times or more. Put the answer into
    the mission as lag_s of the instrument.

    Examples:

      detectkit lag flights/17/flight.h5 --sensor coil
    """
    from detectkit.io import open_recording
    from detectkit.mission.lag import lag_of

    found = lag_of(open_recording(file), sensor, reach_m=reach)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
        return
    out.print(
        f"{sensor}: its rows are stamped {1e3 * found.lag_s:.0f} ms too late, \u00b1 "
        f"{1e3 * found.error_s:.0f} ms ({found.pairs} pairs of opposite passes, correlation "
        f"{found.correlation:.2f})",
        markup=False,
    )
    out.print(f"lag_s = {found.lag_s:.4f}", markup=False)
