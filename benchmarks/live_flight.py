"""A simulated flight under load in a process of its own, watched from outside: for the scripts."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

MISSION = Path(str(files("detectkit_sim_data"))) / "missions" / "load.toml"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of detectkit beside this interpreter."""
    return [str(Path(sys.executable).with_name("detectkit")), *map(str, arguments)]


def run(*arguments: str | Path) -> tuple[int, str]:
    """Run detectkit to its end; return its exit code and what it printed."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout or done.stderr


def start(flight: Path, *, duration_s: float | None, seed: int) -> subprocess.Popen[bytes]:
    """Start the flight; what it prints is kept beside its folder."""
    ends = [] if duration_s is None else ["--duration", str(duration_s)]
    told = flight.with_name(f"{flight.name}.out").open("wb")
    return subprocess.Popen(
        command("fly", MISSION, "--simulate", "--seed", str(seed), *ends, "-o", flight),
        stdout=told,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a flight with its simulated instruments."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass(slots=True)
class StatusFile:
    """Follows ``status.jsonl`` of a running flight; whole lines only."""

    path: Path
    last: dict[str, Any] = field(default_factory=dict)
    _at: int = 0

    def follow(self) -> Iterator[dict[str, Any]]:
        """Yield the lines that have come since the last call."""
        if not self.path.exists():
            return
        with self.path.open("rb") as handle:
            handle.seek(self._at)
            whole, mark, _ = handle.read().rpartition(b"\n")
        self._at += len(whole) + len(mark)
        for line in whole.splitlines():
            self.last = json.loads(line)
            yield self.last


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process used at one moment: CPU in s since its start, memory in bytes."""

    at_s: float
    cpu_s: float
    resident_bytes: int


def sample(pid: int) -> Sample | None:
    """Look at a process; None when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    ticks = int(fields[11]) + int(fields[12])
    return Sample(time.monotonic(), ticks / TICKS_PER_S, pages * PAGE_BYTES)


def child_of(pid: int) -> int | None:
    """Return the process that another has started: that of the simulated instruments."""
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            return int(place.parent.name)
    return None


def put_ahead(*pids: int) -> None:
    """Let processes, each in a session of its own, go before other programs; Linux, root."""
    for pid in pids:
        Path(f"/proc/{pid}/autogroup").write_text("-15")
