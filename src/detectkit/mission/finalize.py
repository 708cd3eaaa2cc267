"""Finalize: a flight's journal becomes one HDF5 recording, verified, in one step.

The journal stays. Doing it twice gives the same; an interrupted attempt leaves nothing under
the final name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detectkit.core import Block, DetectkitError, Indication
from detectkit.io import Notice, open_recording
from detectkit.io.flight.stream_writer import StreamWriter
from detectkit.io.flight.writer import FlightWriter
from detectkit.io.journal import scan
from detectkit.io.notice import Severity
from detectkit.mission.folder import FlightFolder, read_live
from detectkit.mission.gather import Gather
from detectkit.mission.replay import Replay

STREAM_ROWS = 256
LARGEST_UNPOSED = 0.05
"""Share of rows without a position that is no cause for a warning: the last wait in vain."""
Progress = Callable[[int], None]


class FinalizeError(DetectkitError, RuntimeError):
    """The finished recording does not hold what the journal does; it was not put in place."""


@dataclass(frozen=True, slots=True)
class Finalized:
    """What stands in the finished recording.

    Parameters
    ----------
    path
        The file.
    rows
        Rows of each stream.
    notices
        What there is to say about the journal.
    made
        False where it stood there already, complete and of this journal.
    """

    path: Path
    rows: dict[str, int]
    notices: tuple[Notice, ...]
    made: bool


def finalize(
    folder: FlightFolder, *, force: bool = False, progress: Progress | None = None
) -> Finalized:
    """Make ``flight.h5`` of a flight's journal.

    Parameters
    ----------
    folder
        The flight.
    force
        Make it anew where it stands there already.
    progress
        Called with the number of bytes just replayed.

    Raises
    ------
    FinalizeError
        Written and decoded rows differ; nothing was put in place.
    FlightWriteError
        The disk is full or failed; the journal is untouched.
    """
    fingerprint = journal_fingerprint(folder)
    if not force and (standing := _standing(folder, fingerprint)) is not None:
        return standing
    replay = Replay(folder)
    sink = _Sink()
    with FlightWriter(folder.flight, existing="replace") as flight:
        sink.flight = flight
        for block in replay.blocks(progress=progress):
            sink.push(block)
        sink.finish()
        rows = {name: one.rows for name, one in replay.flow.counts.items()}
        _verify(folder, rows, sink.rows)
        notices = _notices(folder, replay)
        _describe(flight, folder, fingerprint, rows)
        flight.notices(notices)
        flight.indications(_live_indications(folder))
    return Finalized(folder.flight, rows, tuple(notices), made=True)


def journal_fingerprint(folder: FlightFolder) -> str:
    """Return what tells one state of a journal from another: the size of each segment."""
    return json.dumps({one.path.name: one.bytes for one in scan(folder.path).segments})


@dataclass(slots=True)
class _Sink:
    """Writes blocks of many streams, gathered; a changed setting opens another stream."""

    flight: FlightWriter | None = None
    rows: dict[str, int] = field(default_factory=dict)
    _gathers: dict[str, Gather] = field(default_factory=dict)
    _writers: dict[str, tuple[object, StreamWriter]] = field(default_factory=dict)

    def push(self, block: Block) -> None:
        gather = self._gathers.setdefault(block.sensor.id, Gather(STREAM_ROWS))
        for one in gather.push(block):
            self._write(one)

    def finish(self) -> None:
        for gather in self._gathers.values():
            for one in gather.flush():
                self._write(one)

    def _write(self, block: Block) -> None:
        name, shape = block.sensor.id, _shape(block)
        known = self._writers.get(name)
        if known is None or known[0] != shape:
            known = (shape, self._open(block))
            self._writers[name] = known
        known[1].append(block)
        self.rows[name] = self.rows.get(name, 0) + len(block)

    def _open(self, block: Block) -> StreamWriter:
        if self.flight is None:
            msg = "the sink has no flight to write to"
            raise FinalizeError(msg)
        return self.flight.stream(block.sensor.id)


def _shape(block: Block) -> object:
    """Return all that a stream of the flight format keeps the same over its blocks."""
    axis = block.spec
    coords = tuple(sorted((name, dim, str(v.dtype)) for name, (dim, v) in block.coords.items()))
    return (axis.sample_interval_s, axis.first_twt_s, block.sensor, block.data.shape[1],
            block.data.dtype, block.quantity, coords)  # fmt: skip


def _verify(folder: FlightFolder, decoded: dict[str, int], written: dict[str, int]) -> None:
    differing = {
        name: (decoded[name], written.get(name, 0))
        for name in decoded
        if decoded[name] != written.get(name, 0)
    }
    if differing:
        msg = (
            f"{folder.path}: decoded and written rows differ: {differing}; the journal is "
            "untouched; this is a fault of detectkit, please report it"
        )
        raise FinalizeError(msg)


def _describe(
    flight: FlightWriter, folder: FlightFolder, fingerprint: str, rows: dict[str, int]
) -> None:
    flight.attach("source/name", folder.path.name)
    flight.attach("source/format", "detectkit-journal")
    flight.attach("source/journal", fingerprint)
    flight.attach("source/rows", json.dumps(rows))
    flight.attach("attachments/mission.toml", folder.mission.text)
    if folder.mission.pipeline_toml:
        flight.attach("attachments/pipeline.toml", folder.mission.pipeline_toml)
    for name, text in folder.mission.calibrations.items():
        flight.attach(f"calibration/{name}.toml", text)
    if folder.simulated:
        flight.attach("attachments/simulated", folder.simulated)


def _notices(folder: FlightFolder, replay: Replay) -> list[Notice]:
    found = [Notice("warning", str(one), folder.path.name) for one in replay.damage]
    for name, count in replay.flow.counts.items():
        if count.missing:
            text = f"stream {name!r}: {count.missing} rows are missing by the instrument's counter"
            found.append(Notice("warning", text, folder.path.name))
    for name, tally in replay.flow.tallies.items():
        if tally.dropped_bytes or tally.damaged:
            text = (
                f"instrument {name!r}: {tally.dropped_bytes} bytes were no message, "
                f"{tally.damaged} messages were damaged"
            )
            found.append(Notice("warning", text, folder.path.name))
    for name, rows in replay.flow.unposed.items():
        total = replay.flow.counts[name].rows
        if rows:
            text = f"stream {name!r}: {rows:,} of {total:,} rows have no position"
            severity: Severity = "warning" if rows > LARGEST_UNPOSED * total else "note"
            found.append(Notice(severity, text, folder.path.name))
    if folder.simulated:
        text = f"simulated: {folder.simulated}; no instrument was flown"
        found.append(Notice("note", text, folder.path.name))
    return found


def _live_indications(folder: FlightFolder) -> list[Indication]:
    live = read_live(folder) or {}
    return [indication_from(one) for one in live.get("indications", [])]


def indication_from(fields: dict[str, Any]) -> Indication:
    """Return an indication from the plain values that ``live.json`` keeps."""
    from detectkit.core import Evidence

    evidence = tuple(Evidence(**one) for one in fields.get("evidence", ()))
    return Indication(**{**fields, "evidence": evidence})


def _standing(folder: FlightFolder, fingerprint: str) -> Finalized | None:
    """Return the recording that is there already, if it is complete and of this journal."""
    if not folder.flight.exists():
        return None
    try:
        recording = open_recording(folder.flight)
    except DetectkitError:
        return None
    if recording.attachments.get("source/journal") != fingerprint:
        return None
    rows = json.loads(recording.attachments.get("source/rows", "{}"))
    return Finalized(folder.flight, rows, recording.notices, made=False)
