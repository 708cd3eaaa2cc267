"""The process with the simulated instruments, as the mission sees it."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from detectkit.core import UsageError
from detectkit.io.durable import write_synced
from detectkit.sim import Scenario

START_S = 60.0
SPOKEN = "simulated.json"
"""File of a flight's folder that tells what each twin spoke, to compare with what was recorded."""


@dataclass(slots=True)
class SimulatedInstruments:
    """Starts the twins of a scenario; use it in a ``with`` statement.

    Parameters
    ----------
    scenario
        File.
    seed
        Of everything random; None: the scenario's own.

    Attributes
    ----------
    addresses
        Where each instrument is reached.
    over
        Set when the simulated flight has ended.
    spoken
        What each twin spoke, once the block has ended.
    """

    scenario: Path
    seed: int | None = None
    addresses: dict[str, str] = field(default_factory=dict)
    duration_s: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)
    spoken: dict[str, dict[str, float]] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None
    _lines: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)

    def __enter__(self) -> Self:
        Scenario.read(self.scenario)  # its faults are told here, in words
        seed = [] if self.seed is None else ["--seed", str(self.seed)]
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "detectkit.live.twins", str(self.scenario), *seed],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the mission; it ends the instruments after it
        )
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            first = self._lines.get(timeout=START_S)
        except queue.Empty:
            first = {}
        if "addresses" not in first:
            self._process.kill()
            _, why = self._process.communicate()
            msg = f"{self.scenario}: the simulated instruments did not start: {why[-2000:]}"
            raise UsageError(msg)
        self.addresses, self.duration_s = first["addresses"], first["duration_s"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            failed = process.wait(10.0) != 0
            self.spoken = self._lines.get(timeout=1.0).get("spoken", {})
        except (subprocess.TimeoutExpired, queue.Empty):
            process.kill()
            failed = False
        why = process.stderr.read() if failed and process.stderr is not None else ""
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        if failed and kind is None:
            msg = f"{self.scenario}: the simulated instruments broke off: {why[-2000:]}"
            raise UsageError(msg)

    def _listen(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        for line in process.stdout:
            fields = json.loads(line)
            if fields.get("over"):
                self.over.set()
            else:
                self._lines.put(fields)
        self._lines.put({})
        self.over.set()


def write_spoken(folder: Path, spoken: Mapping[str, Mapping[str, float]]) -> None:
    """Keep what each twin spoke beside the flight."""
    write_synced(folder / SPOKEN, json.dumps({"spoken": spoken}) + "\n")
