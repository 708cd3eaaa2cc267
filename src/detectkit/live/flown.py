"""What a mission gave, and its live result on disk, to compare a replay with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from detectkit.core import Indication
from detectkit.detect.metal.hearing import Hearing
from detectkit.io.durable import write_synced
from detectkit.live.alarms import Alarm
from detectkit.live.health import Health
from detectkit.live.worker import Worker
from detectkit.mission import FlightFolder, Track
from detectkit.mission.folder import LIVE


@dataclass(frozen=True, slots=True)
class Flown:
    """What a mission gave.

    Parameters
    ----------
    folder, indications, digests, track
        Where it lies, and the live result.
    sought
        False where the pipeline looks for no indications.
    complete, fault
        Whether the live result is whole and everything is recorded; why not.
    health
        At the end.
    alarms
        All that were said.
    hearing
        What each metal detector can have heard.
    """

    folder: FlightFolder
    indications: list[Indication]
    digests: Mapping[str, str]
    complete: bool
    fault: str
    health: Health
    alarms: list[Alarm]
    track: Track
    sought: bool
    hearing: Sequence[Hearing] = ()

    @property
    def missing(self) -> dict[str, str]:
        """Required instruments of which no row came, and what is known of why."""
        came = {name.partition(".")[0] for name, one in self.health.streams.items() if one.decoded}
        missing = [m.id for m in self.folder.mission.mounts if m.required and m.id not in came]
        instruments = self.health.instruments
        return {
            name: instruments[name].fault or f"{instruments[name].bytes_in} bytes came"
            for name in missing
        }


def write_live(flown: Flown, worker: Worker) -> None:
    """Write the live result into the flight's folder, in one step."""
    processing = worker.processing
    live = {
        "complete": flown.complete,
        "fault": flown.fault,
        "digests": dict(flown.digests),
        "traces": dict(processing.traces),
        "rows": {name: one.rows for name, one in worker.flow.counts.items()},
        "pipelines": {name: one.to_toml() for name, one in processing.pipelines.items()},
        "calibration": processing.calibrations.told(),
        "hearing": [one.to_dict() for one in flown.hearing],
        "indications": [asdict(one) for one in flown.indications],
    }
    write_synced(flown.folder.path / LIVE, json.dumps(live) + "\n")
