"""Finding and running the peers, and a router between them."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("peer_mavsdk.py")
HOW = "set DETECTKIT_PEERS to the bin folder of a virtual environment that has it"


def mavproxy() -> list[str]:
    """Return the command of MAVProxy, or skip."""
    folder = os.environ.get("DETECTKIT_PEERS")
    found = shutil.which("mavproxy.py", path=folder) if folder else shutil.which("mavproxy.py")
    if found is None:
        pytest.skip(f"MAVProxy is not installed; {HOW} (pip install --no-deps MAVProxy)")
    beside = Path(found).with_name("python")
    return [str(beside), found] if beside.exists() else [found]


def mavsdk() -> str:
    """Return the Python that has MAVSDK, or skip."""
    folder = os.environ.get("DETECTKIT_PEERS")
    python = str(Path(folder) / "python") if folder else sys.executable
    if folder:
        asked = [
            python,
            "-c",
            "import importlib.util as u; raise SystemExit(not u.find_spec('mavsdk'))",
        ]
        is_there = subprocess.run(asked, check=False).returncode == 0
    else:
        is_there = importlib.util.find_spec("mavsdk") is not None
    if not is_there:
        pytest.skip(f"mavsdk is not installed; {HOW} (pip install mavsdk)")
    return python


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Process:
    """A peer that runs until it is closed; its lines of JSON are collected."""

    def __init__(self, command: list[str], **options: Any) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )
        self.told: list[dict[str, Any]] = []
        self.other: list[str] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return what was told under this name so far."""
        while not self._lines.empty():
            line = self._lines.get()
            if line.startswith("{"):
                self.told.append(json.loads(line))
            else:
                self.other.append(line)
        return [one for one in self.told if one["event"] == name]

    def close(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            try:
                self.process.wait(3.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(5.0)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)


@contextlib.contextmanager
def router(*outs: int) -> Iterator[int]:
    """Pass each datagram on to everybody else, as an autopilot does between its ports.

    Yields the port for those who speak first; `outs` are the ports of those who wait.
    """
    hub = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    hub.bind(("127.0.0.1", 0))
    hub.settimeout(0.1)
    members = {("127.0.0.1", port) for port in outs}
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError, ConnectionError):
                data, sender = hub.recvfrom(65535)
                members.add(sender)
                for one in members - {sender}:
                    hub.sendto(data, one)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield int(hub.getsockname()[1])
    finally:
        stopping.set()
        thread.join()
        hub.close()
