"""The commands together, and how an error reaches the user."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from detectkit import __version__
from detectkit.cli.anomaly import anomaly
from detectkit.cli.calibrate import calibrate
from detectkit.cli.compare import compare
from detectkit.cli.convert import convert
from detectkit.cli.doctor import doctor
from detectkit.cli.drivers import drivers
from detectkit.cli.evaluate import evaluate
from detectkit.cli.exit_codes import MEANING, ExitCode, code_of
from detectkit.cli.explain import explain
from detectkit.cli.flights import finalize, recover, replay
from detectkit.cli.fly import fly
from detectkit.cli.image import image
from detectkit.cli.inspect import inspect
from detectkit.cli.lag import lag
from detectkit.cli.merge import merge
from detectkit.cli.models import export_model, models
from detectkit.cli.output import of_the_system, print_everywhere, say_error
from detectkit.cli.process import process
from detectkit.cli.resolution import resolution
from detectkit.cli.simulate import simulate
from detectkit.cli.slice import slice_
from detectkit.cli.steps import steps
from detectkit.cli.train import train
from detectkit.cli.velocity import velocity
from detectkit.core import DetectkitError

EPILOG = "Exit codes: " + "; ".join(f"{int(code)} {MEANING[code]}" for code in ExitCode) + "."

app = typer.Typer(
    help="Radar recordings in, a map of indications of buried objects out. "
    "No indication never means that nothing is there.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(inspect)
app.command()(process)
app.command()(image)
app.command()(convert)
app.command()(merge)
app.command()(fly)
app.command()(replay)
app.command()(finalize)
app.command()(recover)
app.command()(lag)
app.command()(velocity)
app.command("slice")(slice_)
app.command()(resolution)
app.command()(compare)
app.command()(evaluate)
app.command()(train)
app.command()(models)
app.command("export-model")(export_model)
app.command()(explain)
app.command()(anomaly)
app.add_typer(calibrate, name="calibrate")
app.add_typer(simulate, name="simulate")
app.command()(steps)
app.command()(drivers)
app.command()(doctor)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"detectkit {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and stop.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Handle what stands before the command."""


def main() -> None:
    """Run the command; an expected error becomes one message and its exit code."""
    print_everywhere()
    try:
        app()
    except (DetectkitError, OSError) as error:
        say_error(str(error) if isinstance(error, DetectkitError) else of_the_system(error))
        sys.exit(code_of(error))
