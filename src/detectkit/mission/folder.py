"""The folder of one flight: its header, its journal, and what is made of it.

::

    flight.json       the mission's text, its pipeline, calibrations, the clocks at the start
    journal-000.mcap  raw bytes of every instrument with their arrival; never deleted
    status.jsonl      one line a second while it flies
    events.jsonl      what happened: links opened and broken, alarms, take-off
    live.json         what the live processing gave, to compare with
    flight.h5         the finished recording, from `finalize`
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectkit import __version__
from detectkit.core import FormatError, UsageError
from detectkit.io.durable import write_synced
from detectkit.mission.settings import Mission

FORMAT = "detectkit-flight-folder"
HEADER = "flight.json"
STATUS = "status.jsonl"
EVENTS = "events.jsonl"
LIVE = "live.json"
FLIGHT = "flight.h5"


@dataclass(frozen=True, slots=True)
class FlightFolder:
    """A flight on disk.

    Parameters
    ----------
    path
        The folder.
    mission
        As it flew.
    host_ns, utc_ns
        The computer's monotonic clock and its UTC at one moment of the start.
    simulated
        Name of the scenario, "" for real instruments.
    """

    path: Path
    mission: Mission
    host_ns: int
    utc_ns: int
    simulated: str = ""

    @classmethod
    def create(
        cls,
        path: Path,
        mission: Mission,
        *,
        host_ns: int,
        utc_ns: int,
        simulated: str = "",
    ) -> FlightFolder:
        """Make the folder and write its header, synced to the disk.

        Raises
        ------
        UsageError
            There is a flight in it already.
        """
        if (path / HEADER).exists():
            msg = f"{path}: holds a flight already; nothing recorded is replaced, choose another"
            raise UsageError(msg)
        path.mkdir(parents=True, exist_ok=True)
        folder = cls(path, mission, host_ns, utc_ns, simulated)
        header = {
            "format": FORMAT,
            "version": 1,
            "detectkit": __version__,
            "name": mission.name,
            "mission_toml": mission.text,
            "pipeline_toml": mission.pipeline_toml,
            "calibration_toml": dict(mission.calibrations),
            "host_ns": host_ns,
            "utc_ns": utc_ns,
            "simulated": simulated,
        }
        write_synced(path / HEADER, json.dumps(header, indent=1) + "\n")
        return folder

    @classmethod
    def open(cls, path: Path) -> FlightFolder:
        """Open a flight's folder.

        Raises
        ------
        FormatError
            It is none, or its header is damaged.
        """
        file = path / HEADER
        try:
            header = json.loads(file.read_text(encoding="utf-8"))
            if header["format"] != FORMAT or header["version"] != 1:
                msg = f"{file}: format {header['format']!r}, version {header['version']}"
                raise FormatError(msg)
            mission = Mission.from_toml(
                header["mission_toml"],
                pipeline=header["pipeline_toml"],
                calibrations=header.get("calibration_toml", {}),
            )
            return cls(
                path,
                mission,
                int(header["host_ns"]),
                int(header["utc_ns"]),
                header["simulated"],
            )
        except FileNotFoundError as error:
            msg = f"{path}: is no flight's folder, it has no {HEADER}"
            raise FormatError(msg) from error
        except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
            msg = f"{file}: the flight's header is damaged ({error}); the journal can still be read"
            raise FormatError(msg) from error

    @property
    def flight(self) -> Path:
        """Where the finished recording lies."""
        return self.path / FLIGHT


def is_flight_folder(path: Path) -> bool:
    """Tell whether a path is the folder of a flight."""
    return (path / HEADER).is_file()


def now() -> tuple[int, int]:
    """Return the computer's monotonic clock and its UTC at one moment, in ns."""
    return time.monotonic_ns(), time.time_ns()


def read_live(folder: FlightFolder) -> dict[str, Any] | None:
    """Return what the live processing left, None where it left nothing that can be read."""
    try:
        found = json.loads((folder.path / LIVE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
