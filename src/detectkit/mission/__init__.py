"""A mission: its instruments, the way of their bytes to located traces, and a flight's folder.

What flies and what is reprocessed next day go through the same `Flow`.
"""

from __future__ import annotations

from detectkit.mission.finalize import Finalized, FinalizeError, finalize
from detectkit.mission.flow import Flow, Said, StreamCount
from detectkit.mission.folder import FlightFolder, is_flight_folder
from detectkit.mission.processing import Digest, Processing
from detectkit.mission.replay import Replay, Replayed
from detectkit.mission.settings import AlarmSettings, Mission, Mount
from detectkit.mission.summary import summarize
from detectkit.mission.track import Track

__all__ = [
    "AlarmSettings",
    "Digest",
    "FinalizeError",
    "Finalized",
    "FlightFolder",
    "Flow",
    "Mission",
    "Mount",
    "Processing",
    "Replay",
    "Replayed",
    "Said",
    "StreamCount",
    "Track",
    "finalize",
    "is_flight_folder",
    "summarize",
]
