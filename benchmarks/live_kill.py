"""Kill flights under load and look what comes back: python benchmarks/live_kill.py --runs 50.

Each run flies detectkit_sim_data/missions/load.toml by the real command, kills it with SIGKILL at
a random moment, and brings the flight back by `detectkit recover`. What is asked: every row that
status.jsonl called durable is in flight.h5, with the values that the simulator gives for the
instrument's own stamp, and the torn end of the journal is told. The same for a copy whose newest
segment is cut at a random byte, up to that byte; and for a flight whose disk is full (a small
tmpfs: root only, else it is skipped). The exit code is 1 when something is missed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import live_flight
import numpy as np
import numpy.typing as npt
from live_flight import StatusFile

from detectkit.core import Block
from detectkit.io import open_recording
from detectkit.io.journal import read_records, scan
from detectkit.io.journal import recover as repair
from detectkit.live.twins import UTC_START_NS
from detectkit.sim import FlightSimulator, Scenario

CHUNK_BYTES = 64 << 10
STARTS_WITHIN_S = 120.0
LONGEST_FLIGHT_S = 8.0
DISK_BYTES = 20 << 20
RATES_HZ = {"gpr": 800.0, "coil": 100.0, "magnetometer": 1000.0}
TOLERANCES = {"gpr": 0.0, "coil": 0.0, "magnetometer": 2.6e-5}
"""The magnetometer speaks in steps of 5e-5 nT; half of one, and some bits."""

Rows = dict[str, int]


@dataclass(slots=True)
class Truth:
    """What the instruments measured: a function of scenario, seed and time."""

    seed: int
    simulator: FlightSimulator = field(init=False)

    def __post_init__(self) -> None:
        scenario = live_flight.MISSION.parents[1] / "scenarios" / "load_mission.toml"
        self.simulator = FlightSimulator(Scenario.read(scenario), seed=self.seed)

    def faults(self, flight: Path, acknowledged: Rows) -> tuple[Rows, list[str]]:
        """Return the rows of a finished recording, and what is wrong with it."""
        rows: Rows = {}
        found = []
        for stream in open_recording(flight / "flight.h5").streams:
            name = stream.header.sensor.id
            for block in stream.blocks(4096):
                rows[name] = rows.get(name, 0) + len(block)
                if name in RATES_HZ and (wrong := self._wrong(name, block)):
                    found.append(f"{name}: {wrong} rows have wrong values")
        short = {n: (want, rows.get(n, 0)) for n, want in acknowledged.items()}
        found += [f"{n}: {of[0]} rows acknowledged, {of[1]} there" for n, of in short.items()
                  if of[1] < of[0]]  # fmt: skip
        return rows, found

    def _wrong(self, name: str, block: Block) -> int:
        """Count the rows that are not what the instrument measured at its own stamp."""
        device_ns: npt.NDArray[np.int64] = block.coord("device_ns")
        since_ns = device_ns - (UTC_START_NS if name == "gpr" else 0)
        number = np.rint(since_ns * (1e-9 * RATES_HZ[name])).astype(np.int64)
        true = self.simulator.rows(name, number / RATES_HZ[name])
        own = block.data[:, : true.shape[1]]
        near = np.abs(own - true.astype(own.dtype)) <= TOLERANCES[name]
        steps = np.diff(number) == np.diff(block.coord("trace_counter"))
        return int(np.count_nonzero(~near.all(axis=1))) + int(np.count_nonzero(~steps))


@dataclass(frozen=True, slots=True)
class Recovered:
    """What `detectkit recover` made of a flight."""

    told: bool
    rows: Rows
    faults: list[str]


def recover(flight: Path, acknowledged: Rows, truth: Truth) -> Recovered:
    """Recover a flight and check it."""
    torn = is_torn(flight)
    done = subprocess.run(
        live_flight.command("recover", flight), capture_output=True, text=True, check=False
    )
    if not (flight / "flight.h5").exists():
        why = f"not recovered, code {done.returncode}: {done.stderr[-500:]}"
        return Recovered(told=False, rows={}, faults=[why])
    rows, faults = truth.faults(flight, acknowledged)
    return Recovered(torn, rows, faults)


def is_torn(flight: Path) -> bool:
    """Tell whether the journal's reader sees that the newest segment has no proper end."""
    return any(one.kind == "torn" for one in scan(flight).segments[-1].damages)


def killed(flight: Path, *, after_s: float, seed: int) -> Rows:
    """Fly, kill after a time under full load; return what was acknowledged by then."""
    process = live_flight.start(flight, duration_s=None, seed=seed)
    status = StatusFile(flight / "status.jsonl")
    until = time.monotonic() + STARTS_WITHIN_S
    try:
        while not durable(status).get("gpr"):
            if time.monotonic() > until or process.poll() is not None:
                told = flight.with_name(f"{flight.name}.out").read_text()
                msg = f"{flight}: no trace came: {told[-1000:]}"
                raise SystemExit(msg)
            time.sleep(0.02)
        time.sleep(after_s)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    finally:
        live_flight.end(process)
    return durable(status)


def durable(status: StatusFile) -> Rows:
    """Return the rows that the newest line calls safe."""
    for _ in status.follow():
        pass
    return {name: one["durable"] for name, one in status.last.get("streams", {}).items()}


def cut(flight: Path, at: random.Random) -> tuple[bool, list[str]]:
    """Cut the newest segment somewhere; return whether that was told, and what is wrong.

    All records before the chunk that was cut must be there, and be those that were there before,
    whose values are checked with the flight itself.
    """
    newest = max(flight.glob("journal-*.mcap"))
    before = list(read_records(flight))
    size = newest.stat().st_size
    byte = at.randrange(1, size)
    with newest.open("r+b") as handle:
        handle.truncate(byte)
    told = is_torn(flight)
    faults = [] if repair(flight).rewritten else ["the cut segment was not rewritten"]
    after = list(read_records(flight))
    if after != before[: len(after)]:
        faults.append("the records before the cut are not the same as before")
    lost_bytes = byte - scan(flight).segments[-1].bytes
    if lost_bytes > CHUNK_BYTES + 4096:
        faults.append(f"cut at byte {byte} of {size}, and {lost_bytes} bytes before it are lost")
    return told, faults


@contextmanager
def small_disk(place: Path) -> Iterator[Path | None]:
    """Yield a folder on a small disk of its own; None where one cannot be made."""
    disk = place / "disk"
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def full_disk(place: Path, truth: Truth, *, minimum_free_bytes: int) -> list[str] | None:
    """Fly until the disk is full, and on; return what is wrong, None where it is skipped."""
    mission = place / "full.toml"
    stop = f"[record]\nminimum_free_bytes = {minimum_free_bytes}"
    mission.write_text(live_flight.MISSION.read_text().replace("[record]", stop))
    with small_disk(place) as disk:
        if disk is None:
            return None
        flight = disk / "flight"
        arguments = ("fly", mission, "--simulate", "--seed", str(truth.seed), "--duration", "25")
        code, told = live_flight.run(*arguments, "-o", flight)
        acknowledged = durable(StatusFile(flight / "status.jsonl"))
        kept = place / "kept"
        shutil.copytree(flight, kept)
    found = recover(kept, acknowledged, truth)
    faults = list(found.faults)
    if not acknowledged.get("gpr"):
        faults.append("nothing was acknowledged before the disk was full")
    if code == 0:
        faults.append("the flight ended with code 0 on a full disk")
    print(
        f"full disk, {minimum_free_bytes} bytes to stay free: {acknowledged.get('gpr', 0)} traces "
        f"acknowledged, {found.rows.get('gpr', 0)} back, exit code {code}: {told.strip()[-160:]!r}"
    )
    shutil.rmtree(kept)
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    at, truth = random.Random(given.seed), Truth(given.seed)
    missed: list[str] = []
    told = told_cut = acknowledged_traces = back = 0
    with tempfile.TemporaryDirectory(prefix="live-kill-", dir=Path.cwd()) as name:
        place = Path(name)
        for number in range(given.runs):
            flight, copy = place / f"flight-{number}", place / f"cut-{number}"
            after_s = at.uniform(0.0, LONGEST_FLIGHT_S)
            acknowledged = killed(flight, after_s=after_s, seed=given.seed)
            shutil.copytree(flight, copy)
            found = recover(flight, acknowledged, truth)
            was_told, faults = cut(copy, at)
            new = [*found.faults, *(f"cut: {one}" for one in faults)]
            missed += [f"run {number}: {one}" for one in new]
            told, told_cut = told + found.told, told_cut + was_told
            acknowledged_traces += acknowledged["gpr"]
            back += found.rows.get("gpr", 0)
            print(
                f"run {number}: killed {after_s:.1f} s after the first acknowledged trace; "
                f"{acknowledged['gpr']} acknowledged, {found.rows.get('gpr', 0)} back; "
                f"load {os.getloadavg()[0]:.1f}; {'; '.join(new) or 'nothing missed'}",
                flush=True,
            )
            shutil.rmtree(flight)
            shutil.rmtree(copy)
        for minimum in (0, 8 << 20):
            faults_or_none = full_disk(place, truth, minimum_free_bytes=minimum)
            if faults_or_none is None:
                print("full disk: skipped, only root may make a small disk")
            missed += [f"full disk: {one}" for one in faults_or_none or []]
    print(
        f"{given.runs} kills: {acknowledged_traces:,} traces acknowledged, {back:,} came back; the "
        f"torn end was told {told} times after kills, {told_cut} times after cuts"
    )
    if min(told, told_cut) < given.runs:
        missed.append(f"the torn end was told {told} and {told_cut} times of {given.runs}")
    for one in missed:
        print(f"MISSED: {one}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
