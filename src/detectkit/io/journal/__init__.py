"""The journal: raw bytes of every stream with their times, on disk before anybody decodes them.

An append-only sequence of MCAP files that survives a kill, a power cut and a full disk. The
layout is documented in ``docs/journal-format.md``.
"""

from __future__ import annotations

from detectkit.io.journal.damage import Damage, DamageKind
from detectkit.io.journal.reader import read_records
from detectkit.io.journal.record import JournalError, Kind, Record
from detectkit.io.journal.recorder import Recorder, State
from detectkit.io.journal.recovery import recover
from detectkit.io.journal.report import ChannelReport, JournalReport, SegmentReport, scan
from detectkit.io.journal.writer import JournalWriter

__all__ = [
    "ChannelReport",
    "Damage",
    "DamageKind",
    "JournalError",
    "JournalReport",
    "JournalWriter",
    "Kind",
    "Record",
    "Recorder",
    "SegmentReport",
    "State",
    "read_records",
    "recover",
    "scan",
]
