"""A field to fly in: a folder with a mission and its scenario, and the commands."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "mission"))

from flights import MISSION, SCENARIO

WITHIN_S = 280
"""A flight of 20 s, on a machine with much else to do, and first to be compiled."""


@dataclass(frozen=True, slots=True)
class Field:
    """A folder with a mission and its scenario, and the commands to fly it."""

    path: Path

    def write(self, *, scenario: str = SCENARIO, mission: str = MISSION) -> Path:
        (self.path / "short.toml").write_text(scenario)
        file = self.path / "mission.toml"
        file.write_text(mission)
        return file

    def command(self, *arguments: str | Path) -> list[str]:
        return [str(Path(sys.executable).with_name("detectkit")), *map(str, arguments)]

    def run(self, *arguments: str | Path, code: int | None = 0) -> str:
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
        if code is not None:
            assert done.returncode == code, done.stderr[-3000:] + done.stdout[-1000:]
        return done.stdout

    def status(self, flight: Path) -> list[dict[str, Any]]:
        return lines(flight / "status.jsonl")

    def events(self, flight: Path) -> list[dict[str, Any]]:
        return lines(flight / "events.jsonl")


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a file that may be cut in its last."""
    if not path.exists():
        return []
    return [json.loads(one) for one in path.read_text().split("\n")[:-1]]
