"""A simulated flight as one HDF5 recording, as a finalized one would be, with its truth.

Times are exact here: no clock drifts, no byte comes late. What receiver, altimeter and autopilot
report has the errors of the scenario, and places are joined to traces from these reports by the
code that does it in flight (`detectkit.geo.PoseJoin`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detectkit import __version__
from detectkit.core import Block
from detectkit.io import Notice
from detectkit.io.flight.layout import Existing, as_json
from detectkit.io.flight.writer import FlightWriter
from detectkit.sim import FlightSimulator, Scenario, TrueLane
from detectkit.sim.fullwave.radar import LaneStore, LaneWork
from detectkit.sim.instruments import Measures
from detectkit.synthesis.flight_rows import MEASURED, WORDS, FlownRows
from detectkit.synthesis.flight_truth import Marked, marked_truth, truth_csv, write_text

Progress = Callable[[int, int], None]

FORMAT = "detectkit-simulation"


@dataclass(frozen=True, slots=True)
class SimulatedFlight:
    """What was written.

    Parameters
    ----------
    path, truth_path
        The flight, and the table of what is in the ground.
    model
        ``"ray"`` or ``"full-wave"``.
    seed
        Of everything random.
    lanes
        As planned, in the order flown; line `n` of the radar is lane `n`.
    truth
        Everything in the ground.
    rows, traces
        Of each stream; of the radar.
    notices
        What there is to say.
    """

    path: Path
    truth_path: Path
    model: str
    seed: int
    lanes: tuple[TrueLane, ...]
    truth: tuple[Marked, ...]
    rows: dict[str, int]
    traces: int
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class FlightWork:
    """How a flight is made; none of it changes a bit.

    Parameters
    ----------
    threads
        For the full-wave solver.
    store
        Keeps computed lanes over a kill, see `detectkit.synthesis.kept_lanes`.
    progress
        Called with the shots done and all shots of the flight; not for the ray model.
    """

    threads: int = 1
    store: LaneStore | None = None
    progress: Progress | None = None


def simulate_flight(
    scenario: Scenario,
    path: str | Path,
    *,
    seed: int | None = None,
    radar_hz: float | None = None,
    work: FlightWork | None = None,
    existing: Existing = "refuse",
) -> SimulatedFlight:
    """Fly a scenario and write what its instruments record, and the truth beside it.

    Radar traces are written of the lanes alone, each a line: outside of them there is no
    full-wave ground. Detector and magnetometer rows are written of the whole flight.

    Parameters
    ----------
    scenario
        What is flown over what. ``radar.model`` decides how its traces come about.
    path
        Of the flight, usually ``.h5``; the truth goes beside it, ``.truth.csv``.
    seed
        None takes the scenario's.
    radar_hz
        Traces a second; None: of the scenario's instrument, else 100.
    work
        See `FlightWork`.
    existing
        As for `FlightWriter`.

    Raises
    ------
    UsageError
        The file is there already, or the scenario cannot be flown.
    FlightWriteError
        The disk is full or failed; nothing stands under `path`.
    """
    work = work or FlightWork()
    place = Path(path)
    with FlightWriter(place, existing=existing) as flight:
        simulator = _simulator(scenario, seed, work)
        flown = FlownRows(simulator, _rates(scenario, radar_hz))
        rows = {}
        for measures in MEASURED:
            name = flown.id_of(measures)
            rows[name] = _write(flight, name, flown.blocks(measures), flown.header(measures))
        rows["truth"] = _write(flight, "truth", flown.true_rows(), flown.header("platform"))
        truth = marked_truth(simulator)
        table = truth_csv(truth)
        notices = (Notice("note", f"{WORDS[scenario.radar.model]}; no instrument was flown"),)
        flight.notices(notices)
        _describe(flight, simulator, flown.rates_hz, table)
    truth_path = place.with_name(f"{place.stem}.truth.csv")
    write_text(truth_path, table)
    return SimulatedFlight(
        place,
        truth_path,
        scenario.radar.model,
        simulator.seed,
        simulator.truth.lanes,
        truth,
        rows,
        rows[flown.id_of("radar")],
        notices,
    )


def _simulator(scenario: Scenario, seed: int | None, work: FlightWork) -> FlightSimulator:
    """Return the simulator with its lanes computed, and say how far it is meanwhile."""
    told: list[int] = []
    total = 0

    def progress(number: int, done: int, _: int) -> None:
        if work.progress is not None:
            work.progress(sum(told[:number]) + done, total)

    lane_work = LaneWork(work.threads, progress, work.store)
    simulator = FlightSimulator(scenario, seed=seed, work=lane_work)
    radar = simulator.full_wave
    if radar is not None:
        told = [radar.shots(lane.number) for lane in simulator.lanes]
        total = sum(told)
        for lane in simulator.lanes:
            radar.counts(lane.number)
            progress(lane.number, told[lane.number], told[lane.number])
    return simulator


def _rates(scenario: Scenario, radar_hz: float | None) -> dict[Measures, float]:
    """Return rows a second: of the scenario's first instrument that measures this, else usual."""
    rates = {name: kind.rate_hz for name, kind in MEASURED.items()}
    rates |= {one.measures: one.rate_hz for one in reversed(scenario.instruments)}
    return rates if radar_hz is None else {**rates, "radar": radar_hz}


def _write(
    flight: FlightWriter,
    name: str,
    blocks: Iterator[Block],
    header: Mapping[str, Any],
) -> int:
    stream = flight.stream(
        name, header=header, permittivity=header.get("permittivity"), compression="gzip"
    )
    rows = 0
    for block in blocks:
        stream.append(block)
        rows += len(block)
    stream.finish()
    return rows


def _describe(
    flight: FlightWriter, simulator: FlightSimulator, rates: Mapping[Measures, float], truth: str
) -> None:
    """Keep what it was made of, for whoever finds the file without the rest."""
    scenario, radar = simulator.scenario, simulator.full_wave
    told: dict[str, Any] = {
        "simulated": True,
        "model": scenario.radar.model,
        "means": WORDS[scenario.radar.model],
        "scenario": scenario.name,
        "seed": simulator.seed,
        "rates_hz": dict(rates),
        "detectkit": __version__,
        "numpy": np.__version__,
    }
    if radar is not None:
        told |= {
            "full_wave": {
                **asdict(scenario.full_wave),
                "cell_m": radar.spacing_m(),
                "pulse_hz": radar.pulse_hz(),
            },
            "outside_the_lanes": "no traces are written there",
        }
    flight.attach("source/name", f"{scenario.name}.toml")
    flight.attach("source/format", FORMAT)
    flight.attach("source/scenario", scenario.text)
    flight.attach("attachments/simulated", scenario.name)
    flight.attach("attachments/simulation.json", as_json(told))
    flight.attach("attachments/truth.csv", truth)
    if scenario.flight.track_file:
        flight.attach("attachments/waypoints.json", json.dumps(scenario.flight.waypoints))
