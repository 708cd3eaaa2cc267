"""Flights for tests: twins speak into a journal without wires, as fast as the machine can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detectkit.drivers import Measured, Twin, build_instrument
from detectkit.io.journal import JournalWriter, Record
from detectkit.mission import FlightFolder, Mission
from detectkit.sim import FlightSimulator, Scenario

HOST_NS = 5_000_000_000
UTC_NS = 1_790_000_000_000_000_000
TICK_S = 0.02

SCENARIO = """
name = "short"
seed = 4
[site]
longitude_deg = 47.0
latitude_deg = 40.0
start_time = 2025-05-14T07:30:00Z
[flight]
lanes = 1
lane_length_m = 3.0
lane_spacing_m = 0.5
height_m = 0.95
standing_height_m = 0.75
speed_m_per_s = 1.0
climb_m_per_s = 0.4
[soil]
permittivity = 6.0
[radar]
centre_hz = 1.2e9
samples = 256
sample_interval_s = 5e-11
time_zero_s = 1.5e-9
lever_arm_m = [0.0, 0.0, 0.5]
[detector]
lever_arm_m = [0.6, 0.0, 0.67]
[altimeter]
lever_arm_m = [-0.1, 0.0, 0.3]
[[object]]
name = "disc"
object_class = "target"
kind = "plastic disc (simulated)"
along_m = 1.5
across_m = 0.0
depth_m = 0.1
radius_m = 0.1
thickness_m = 0.08
permittivity = 0
metal = "rich"
metal_radius_m = 0.05
[[instrument]]
id = "gpr"
driver = "zgpr"
measures = "radar"
rate_hz = 80
serve = "tcp-listen://127.0.0.1:0"
[[instrument]]
id = "coil"
driver = "coil"
measures = "detector"
rate_hz = 50
serve = "pty:"
[instrument.settings]
channels = 3
[[instrument]]
id = "altimeter"
driver = "nra24"
measures = "altimeter"
rate_hz = 40
serve = "pty:"
[[instrument]]
id = "gnss"
driver = "nmea"
measures = "platform"
rate_hz = 10
serve = "pty:"
[[instrument]]
id = "autopilot"
driver = "mavlink"
measures = "platform"
rate_hz = 50
serve = "udp-listen://127.0.0.1:0"
"""

MISSION = """
name = "short"
[[instrument]]
id = "gpr"
driver = "zgpr"
lever_arm_m = [0.0, 0.0, 0.5]
[instrument.settings]
samples = 256
window_s = 1.28e-8
antenna_hz = 1.2e9
rate_hz = 80.0
[[instrument]]
id = "coil"
driver = "coil"
lever_arm_m = [0.6, 0.0, 0.67]
[instrument.settings]
rate_hz = 50.0
[[instrument]]
id = "altimeter"
driver = "nra24"
[[instrument]]
id = "gnss"
driver = "nmea"
[[instrument]]
id = "autopilot"
driver = "mavlink"
[position]
altimeter_arm_m = [-0.1, 0.0, 0.3]
[ground]
velocity_m_per_s = 1.22e8
[record]
minimum_free_bytes = 0
[simulate]
scenario = "short.toml"
"""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the twins of a flight said: the records, and how many rows of each instrument."""

    records: tuple[Record, ...]
    rows: dict[str, int]
    simulator: FlightSimulator


def simulator(text: str = SCENARIO) -> FlightSimulator:
    return FlightSimulator(Scenario.from_toml(text))


def speak(
    flown: FlightSimulator,
    *,
    seed: int = 0,
    duration_s: float | None = None,
    jumps: dict[str, tuple[float, float]] | None = None,
) -> Spoken:
    """Let all twins speak for the whole flight; bytes arrive a few ms late, as they do.

    `jumps` holds (at_s, by_s) for instruments whose clock is set in flight.
    """
    rng = np.random.default_rng(seed)
    twins = {one.id: _twin(one) for one in flown.scenario.instruments}
    rows = dict.fromkeys(twins, 0)
    events = json.dumps({"event": "opened"}).encode()
    parts: list[tuple[int, str, str, bytes]] = [(HOST_NS, name, "event", events) for name in twins]
    ends_s = min(flown.duration_s, duration_s or np.inf)
    for tick in range(int(ends_s / TICK_S)):
        for one in flown.scenario.instruments:
            measured = _measured(flown, one, tick)
            if measured is None:
                continue
            at_s, by_s = (jumps or {}).get(one.id, (np.inf, 0.0))
            if tick * TICK_S >= at_s:
                moved = measured.device_ns + round(by_s * 1e9)
                measured = Measured(moved, measured.values, measured.utc_ns)
            rows[one.id] += len(measured)
            late_ns = int(rng.exponential(3e6)) + 1_000_000
            arrival_ns = HOST_NS + round((tick + 1) * TICK_S * 1e9) + late_ns
            data = b"".join(twins[one.id].speak(measured))
            parts.append((arrival_ns, one.id, "in", data))
    parts.sort(key=lambda part: part[0])
    return Spoken(tuple(_records(parts)), rows, flown)


def _twin(one) -> Twin:
    settings = {"samples": 256} if one.driver == "zgpr" else dict(one.settings)
    twin = build_instrument(one.driver, settings, where=one.id).twin()
    twin.rate_hz = one.rate_hz
    return twin


def _measured(flown: FlightSimulator, one, tick: int) -> Measured | None:
    first, last = (int(np.ceil(n * TICK_S * one.rate_hz - 1e-9)) for n in (tick, tick + 1))
    if last <= first:
        return None
    time_s = np.arange(first, last) / one.rate_hz
    device_ns = np.round(time_s * 1e9).astype(np.int64)
    return Measured(device_ns, flown.rows(one.id, time_s), device_ns + UTC_NS)


def _records(parts) -> Iterator[Record]:
    for seq, (arrival_ns, source, kind, data) in enumerate(parts):
        yield Record(seq, source, kind, arrival_ns, arrival_ns - HOST_NS + UTC_NS, data)


def write_flight(path: Path, records: tuple[Record, ...], mission: str = MISSION) -> FlightFolder:
    """Write records as the folder of a flight."""
    folder = FlightFolder.create(
        path, Mission.from_toml(mission), host_ns=HOST_NS, utc_ns=UTC_NS, simulated="short"
    )
    writer = JournalWriter(path)
    for record in records:
        writer.append(record)
    writer.close()
    return folder
