"""``detectkit fly``: a mission, with instruments or without."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.output import (
    err,
    of_the_system,
    out,
    say_error,
    say_found,
    say_notices,
    sensors_first,
    trace_progress,
)
from detectkit.core import DetectkitError, MissingDependencyError, UsageError

if TYPE_CHECKING:
    from detectkit.live.flown import Flown
    from detectkit.live.fly import Show
    from detectkit.mission import Mission

SHIPPED = "missions/demo.toml"
NEEDED = ("anyio", "pymavlink", "serial", "pyubx2")


def fly(
    mission: Annotated[
        Path | None, typer.Argument(metavar="MISSION.toml", help="The mission.")
    ] = None,
    simulate: Annotated[
        bool,
        typer.Option("--simulate", help="Fly against virtual instruments over real wires."),
    ] = False,
    duration: Annotated[
        float | None, typer.Option("--duration", metavar="S", help="End after this many seconds.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Of everything random, simulated.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="The flight's folder, a new one."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only look whether everything is ready, then end.")
    ] = False,
) -> None:
    """Record, locate and process as it arrives; the ground shows on the screen while it flies.

    Every byte goes to the journal in DIR first. Ctrl-C lands: the journal is finished, and the
    recording (flight.h5), tables, map and targets are written. While it flies, DIR/status.jsonl
    gets one line a second.

    Examples:

      detectkit fly field.toml -o flights/17

      detectkit fly field.toml --check

      detectkit fly --simulate --seed 3 -o flights/simulated
    """
    _check_installed()
    from detectkit.live.warm_up import warm_up
    from detectkit.live.workable import check_workable
    from detectkit.mission import Mission
    from detectkit.mission.calibrations import remarks

    with _shipped(mission, simulate=simulate) as path:
        read = Mission.read(path)
        scenario = _scenario(read, path) if simulate else None
        check_workable(read)
        radars = [one.id for one in read.mounts if one.instrument().kind == "gpr"]
        say_notices(remarks(radars, read.calibrations, datetime.now(UTC)))
        with err.status("getting ready"):  # before any link opens, and any simulated flight begins
            warm_up(read)
        if check:
            _check(read, scenario, seed, output or Path())
            return
        folder = output or Path(f"flight-{datetime.now(UTC):%Y%m%d-%H%M%S}")
        with _can_be_finished_later(folder):
            flown = _flown(folder, read, scenario, duration, seed)
    with _can_be_finished_later(folder):  # the flight took the handlers of signals for itself
        _report(flown, scenario)


def _check_installed() -> None:
    """Refuse to fly without the packages that flying needs, before one of them is missed."""
    lacking = [name for name in NEEDED if find_spec(name) is None]
    if lacking:
        msg = f"flying needs {', '.join(lacking)}: pip install 'detectkit[live]'"
        raise MissingDependencyError(msg)


@contextmanager
def _shipped(mission: Path | None, *, simulate: bool) -> Iterator[Path]:
    """Yield the mission's file; without one, the mission that ships is simulated."""
    if mission is None and not simulate:
        msg = "give a mission's TOML, or --simulate to fly the one that ships"
        raise UsageError(msg)
    yield mission or Path(str(files("detectkit_sim_data"))) / SHIPPED


def _scenario(mission: Mission, path: Path) -> Path:
    name = mission.simulate.scenario
    if not name:
        msg = f"{path}: has no [simulate] scenario, so that nothing is there to simulate"
        raise UsageError(msg)
    shipped = Path(str(files("detectkit_sim_data"))) / "scenarios" / name
    beside = path.parent / name
    found = next((one for one in (beside, shipped) if one.is_file()), None)
    if found is None:
        msg = f"{path}: scenario {name!r} is neither beside it nor one that ships"
        raise UsageError(msg)
    return found


def _flown(
    folder: Path, mission: Mission, scenario: Path | None, duration: float | None, seed: int | None
) -> Flown:
    from detectkit.live.fly import fly as run
    from detectkit.live.simulated import SimulatedInstruments, write_spoken

    with _screen() as show:
        if scenario is None:
            return run(folder, mission, duration_s=duration, show=show)
        with SimulatedInstruments(scenario, seed) as simulated:
            flown = run(
                folder,
                mission,
                addresses=simulated.addresses,
                simulated=f"{scenario.name}, seed {'its own' if seed is None else seed}",
                duration_s=duration,
                show=show,
                over=simulated.over,
            )
        write_spoken(folder, simulated.spoken)
        return flown


@contextmanager
def _screen() -> Iterator[Show]:
    """Yield what shows a screen: a live one on a terminal, what is new in lines elsewhere."""
    from detectkit.live.telling import Telling
    from detectkit.live.view import Shown, screen

    if not err.is_terminal or err.is_dumb_terminal:
        telling = Telling()

        def tell(shown: Shown) -> None:
            for line in telling.lines(shown):
                err.print(line, markup=False)

        yield tell
        return
    with Live(console=err, auto_refresh=False, screen=True) as live:

        def draw(shown: Shown) -> None:
            width, height = err.size
            live.update(screen(shown, width=width, height=height), refresh=True)

        yield draw


@contextmanager
def _can_be_finished_later(folder: Path) -> Iterator[None]:
    """Say what is left to do when the block is interrupted, or the disk takes no more.

    An interruption before there is a flight is the caller's.
    """
    from detectkit.mission.folder import is_flight_folder

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    later = f"the journal is whole; `detectkit finalize {folder}` makes the recording of it"
    try:
        yield
    except KeyboardInterrupt:
        if not is_flight_folder(folder):
            raise
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends in a moment; let it say how
        err.print(f"interrupted; {later}", markup=False)
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS) from None
    except OSError as error:
        if not is_flight_folder(folder):
            raise
        say_error(str(error) if isinstance(error, DetectkitError) else of_the_system(error))
        err.print(f"{later}, once there is room", markup=False)
        raise typer.Exit(ExitCode.OUTPUT_FAILED) from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _report(flown: Flown, scenario: Path | None) -> None:
    from detectkit.detect.metal.piece import pieces_text
    from detectkit.live.landing import land, truth_of

    total = flown.health.written_bytes
    truth = [] if scenario is None else truth_of(scenario)
    with trace_progress("finalizing", total, what="bytes") as count:
        finalized, written = land(flown, truth=truth, progress=count)
    listed = sensors_first(finalized.rows)
    rows = ", ".join(f"{name} {number:,}" for name, number in listed) or "none"
    out.print(f"Recorded rows: {rows}", markup=False)
    say_found(len(flown.indications), sought=flown.sought)
    for told in (pieces_text(flown.indications), *(one.text for one in flown.hearing)):
        if told:
            out.print(told, markup=False)
    for path in (flown.folder.path, *written):
        out.print(f"  {path}", markup=False)
    warnings = list(_warnings(flown))
    for one in warnings:
        err.print(f"warning: {one}", markup=False)
    if warnings:
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def _warnings(flown: Flown) -> Iterator[str]:
    for name, why in flown.missing.items():
        yield f"{name}: no measurement ever came ({why})"
    if flown.health.failure:
        yield f"the recording stopped in flight: {flown.health.failure}"
    if not flown.complete:
        why = f" ({flown.fault})" if flown.fault else ""
        yield f"the live result is not complete{why}; `detectkit replay` makes it of the journal"


def _check(mission: Mission, scenario: Path | None, seed: int | None, folder: Path) -> None:
    from detectkit.live.preflight import preflight
    from detectkit.live.simulated import SimulatedInstruments

    if scenario is None:
        faults = preflight(mission, {}, folder=folder)
    else:
        with SimulatedInstruments(scenario, seed) as simulated:
            faults = preflight(mission, simulated.addresses, folder=folder)
    if faults:
        listed = "\n".join(f"  {number}. {one}" for number, one in enumerate(faults, 1))
        err.print(
            f"not ready, {len(faults)} fault{'' if len(faults) == 1 else 's'}:\n{listed}",
            markup=False,
        )
        raise typer.Exit(ExitCode.INPUT_UNUSABLE)
    out.print("Everything answers; ready to fly.")
