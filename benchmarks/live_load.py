"""Fly under load and say whether it holds: python benchmarks/live_load.py --minutes 10.

The mission is detectkit_sim_data/missions/load.toml, flown by the real command in a process of its
own; the simulated instruments are in another one, whose CPU is not the flight's. The exit code is
1 when a requirement is missed; --minutes 30 is the soak.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import live_flight
import numpy as np
from live_flight import Sample, StatusFile

LONGEST_P99_S = 0.2
MOST_CORES = 1.2
MOST_GROWTH_MIB_PER_MIN = 1.0
"""Of the second half of the flight: memory is flat."""
TAIL_S = 0.5
"""What an instrument says after its link was closed is not lost."""
MIB = 1 << 20


@dataclass(slots=True)
class Watched:
    """What was seen of a flight."""

    fly: list[Sample] = field(default_factory=list)
    twins: list[Sample] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)
    queue_fill: float = 0.0
    last: dict[str, Any] = field(default_factory=dict)
    alarms: set[str] = field(default_factory=set)

    def look(self, pid: int, twins: int | None) -> None:
        """Sample both processes and the machine."""
        mine = live_flight.sample(pid)
        theirs = None if twins is None else live_flight.sample(twins)
        if mine is not None and theirs is not None:
            self.fly.append(mine)
            self.twins.append(theirs)
            self.loads.append(os.getloadavg()[0])

    def status(self, line: dict[str, Any]) -> None:
        """Take one line of the status."""
        self.last = line
        self.queue_fill = max(self.queue_fill, line["queue_fill"])
        self.alarms |= {f"{one['condition']} {one['subject']}" for one in line["alarms"]}


def fly(flight: Path, *, duration_s: float, seed: int, ahead: bool) -> Watched:
    """Fly to the end and watch; the samples are those between the first and the last row."""
    process = live_flight.start(flight, duration_s=duration_s, seed=seed)
    status, seen = StatusFile(flight / "status.jsonl"), Watched()
    twins = None
    try:
        while process.poll() is None:
            if ahead and twins is None and (twins := live_flight.child_of(process.pid)):
                live_flight.put_ahead(process.pid, twins)
            for line in status.follow():
                seen.status(line)
            if seen.last and not seen.last["ended"]:
                twins = twins or live_flight.child_of(process.pid)
                seen.look(process.pid, twins)
            time.sleep(1.0 if seen.last else 0.05)
    finally:
        live_flight.end(process)
    for line in status.follow():
        seen.status(line)
    if process.returncode or not seen.last.get("ended"):
        told = flight.with_name(f"{flight.name}.out").read_text()
        msg = f"the flight failed with code {process.returncode}: {told[-2000:]}"
        raise SystemExit(msg)
    return seen


def cores(samples: list[Sample]) -> float:
    """Return how many cores were used on average."""
    span_s = samples[-1].at_s - samples[0].at_s
    return (samples[-1].cpu_s - samples[0].cpu_s) / span_s


def growth(samples: list[Sample]) -> float:
    """Return the slope of the memory over the second half, MiB a minute."""
    half = samples[len(samples) // 2 :]
    minutes = np.array([one.at_s for one in half]) / 60.0
    return float(np.polyfit(minutes, [one.resident_bytes / MIB for one in half], 1)[0])


def unaccounted(seen: Watched, spoken: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return for each instrument the bytes that its twin sent and nobody received."""
    received = {name: one["bytes_in"] for name, one in seen.last["instruments"].items()}
    return {
        name: one["bytes_spoken"] - one["bytes_lost"] - received[name]
        for name, one in spoken.items()
    }


def table(seen: Watched, spoken: dict[str, dict[str, float]]) -> None:
    """Print rows and bytes."""
    missing = unaccounted(seen, spoken)
    print(f"{'stream':24}{'spoken':>12}{'decoded':>12}{'durable':>12}{'lost':>8}")
    for name, one in sorted(seen.last["streams"].items()):
        said = f"{spoken[name]['rows_spoken']:,.0f}" if name in spoken else ""
        print(f"{name:24}{said:>12}{one['decoded']:>12,}{one['durable']:>12,}{one['dropped']:>8,}")
    print(f"\n{'instrument':24}{'bytes sent':>16}{'received':>16}{'after the end':>16}{'late':>8}")
    for name, one in spoken.items():
        sent = one["bytes_spoken"] - one["bytes_lost"]
        print(
            f"{name:24}{sent:>16,.0f}{sent - missing[name]:>16,.0f}{missing[name]:>16,.0f}"
            f"{one['latest_s']:>6.2f} s"
        )


def figures(seen: Watched) -> None:
    """Print times, cores and memory."""
    latency, trailing = seen.last["latency"], seen.last["pipeline_latency"]
    elapsed_s = seen.last["elapsed_s"]
    memory = [one.resident_bytes / MIB for one in seen.fly]
    print(
        f"\narrival to processed  p50 {1e3 * latency['p50_s']:.0f} ms, "
        f"p99 {1e3 * latency['p99_s']:.0f} ms, longest {1e3 * latency['longest_s']:.0f} ms\n"
        f"  of that to position p50 {1e3 * latency['located_p50_s']:.0f} ms, "
        f"p99 {1e3 * latency['located_p99_s']:.0f} ms\n"
        f"pipeline trails       {trailing['traces']} traces, then {trailing['metres']:.2f} m\n"
        f"cores                 {cores(seen.fly):.2f} the flight, "
        f"{cores(seen.twins):.2f} the simulated instruments\n"
        f"memory                {memory[0]:.0f} MiB at the start, {memory[len(memory) // 2]:.0f} "
        f"in the middle, {memory[-1]:.0f} at the end, {max(memory):.0f} at most; "
        f"{growth(seen.fly):+.2f} MiB/min in the second half\n"
        f"journal               {seen.last['written_bytes'] / 1e6 / elapsed_s:.2f} MB/s, "
        f"{seen.last['written_bytes'] / 1e6:.0f} MB in {elapsed_s:.0f} s; queue to the disk at "
        f"most {100.0 * seen.queue_fill:.1f} % full\n"
        f"alarms                {', '.join(sorted(seen.alarms)) or 'none'}\n"
        f"load of the machine   {min(seen.loads):.1f} to {max(seen.loads):.1f}, "
        f"{os.cpu_count()} cores"
    )


def faults(seen: Watched, spoken: dict[str, dict[str, float]]) -> list[str]:
    """Return the requirements that were missed."""
    found = []
    for name, one in seen.last["streams"].items():
        if one["dropped"] or not one["decoded"] == one["durable"] == one["received"]:
            found.append(f"{name}: rows lost or not durable: {one}")
    for name, left in unaccounted(seen, spoken).items():
        share = seen.last["instruments"][name]["details"].get("lost_share")
        if share is not None:  # numbered messages on UDP: what was lost is known better
            found += [f"{name}: {share:.2%} of the messages were lost"] if share else []
            continue
        rate = spoken[name]["bytes_spoken"] / seen.last["elapsed_s"]
        if not 0 <= left <= TAIL_S * rate:
            found.append(f"{name}: {left:,.0f} bytes were sent and not received")
    if seen.last["latency"]["p99_s"] >= LONGEST_P99_S:
        found.append(f"p99 {seen.last['latency']['p99_s']:.3f} s of {LONGEST_P99_S:g} s")
    if cores(seen.fly) >= MOST_CORES:
        found.append(f"{cores(seen.fly):.2f} cores of {MOST_CORES:g}")
    if seen.last["elapsed_s"] > 240.0 and growth(seen.fly) > MOST_GROWTH_MIB_PER_MIN:
        found.append(f"memory grows by {growth(seen.fly):.2f} MiB/min")
    return found


def replayed(flight: Path) -> list[str]:
    """Replay the flight; return what is wrong with it."""
    begin = time.monotonic()
    _, told = live_flight.run("replay", flight, "--json")
    try:
        same = json.loads(told)["same_as_live"]
    except ValueError:
        return [f"the replay failed: {told[-1000:]}"]
    print(f"live equals replay    {same} (replayed in {time.monotonic() - begin:.0f} s)")
    return [] if same else ["live and replay are not the same to the bit"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--ahead", action="store_true", help="before other programs of a busy machine; root only"
    )
    parser.add_argument("-o", "--output", type=Path, help="keep the flight's folder there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="live-load-", dir=Path.cwd()) as place:
        flight = given.output or Path(place) / "flight"
        seen = fly(flight, duration_s=60.0 * given.minutes, seed=given.seed, ahead=given.ahead)
        spoken = json.loads((flight / "simulated.json").read_text())["spoken"]
        table(seen, spoken)
        figures(seen)
        missed = faults(seen, spoken) + replayed(flight)
    for one in missed:
        print(f"MISSED: {one}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
