"""Merge: a radar's recording and the log of another instrument become one located flight.

Traces get their places by the code that places them in flight (`detectkit.geo.PoseJoin`), and under
the same names, so that what follows cannot tell a merged flight from a flown one.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from detectkit.core import Block, DetectkitError
from detectkit.io import Notice, Recording, Stream
from detectkit.io.flight.layout import FORMAT, Existing, as_json
from detectkit.io.flight.stream_writer import StreamWriter
from detectkit.io.flight.writer import FlightWriter
from detectkit.io.positions import PositionLog
from detectkit.mission.places import MergeSettings, Places

__all__ = ["MergeError", "MergeSettings", "Merged", "merge"]

Progress = Callable[[int, int], None]


class MergeError(DetectkitError, ValueError):
    """A recording and a log do not belong together: no trace gets a position."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge gave.

    Parameters
    ----------
    path
        The flight.
    by
        How traces were found in the log: ``"time"`` or ``"trace"``.
    traces, located
        Number of traces by stream, and of those with a position.
    unlocated
        Why the others have none, with their number.
    notices
        Of the recording, the log and the merge.
    """

    path: Path
    by: str
    traces: dict[str, int]
    located: dict[str, int]
    unlocated: dict[str, int]
    notices: tuple[Notice, ...]


def merge(
    radar: Recording,
    log: PositionLog,
    path: str | Path,
    *,
    settings: MergeSettings | None = None,
    existing: Existing = "refuse",
    progress: Progress | None = None,
) -> Merged:
    """Write a recording as a flight whose traces have the places that a log tells.

    Parameters
    ----------
    radar
        As opened by `detectkit.io.open_recording`; any sensor will do.
    log
        As read by `detectkit.io.positions.open_positions`.
    path
        Name of the flight to write.
    settings
        How they are joined; None: as the defaults say.
    existing
        As for `FlightWriter`.
    progress
        Called after each block with the traces done and the traces in all.

    Raises
    ------
    UsageError
        Recording and log have no clock or numbers in common.
    MergeError
        No trace gets a position; nothing is written.
    FlightWriteError
        The disk is full or failed; nothing stands under `path`.
    """
    places = Places.of(radar, log, settings or MergeSettings())
    traces: Counter[str] = Counter()
    located: Counter[str] = Counter()
    total = sum(stream.traces for stream in radar.streams)
    with FlightWriter(path, existing=existing) as flight:
        for stream in radar.streams:
            name = stream.header.sensor.id
            writer = _open(flight, stream)
            for block in _blocks(stream):
                placed = places.place(block)
                writer.append(placed)
                traces[name] += len(block)
                known = np.isfinite(placed.coord("longitude_deg"))
                located[name] += int(np.count_nonzero(known))
                if progress is not None:
                    progress(traces.total(), total)
            writer.fixes(stream.header.line, stream.header.fixes)
            writer.finish()
        notices = _notices(radar, places, traces, located)
        _describe(flight, radar, places)
        flight.notices(notices)
    return Merged(
        Path(path), places.by, dict(traces), dict(located), dict(places.unlocated), notices
    )


def _blocks(stream: Stream) -> Iterator[Block]:
    """Yield the stream's blocks, and one without traces where it has none."""
    if stream.traces == 0:
        yield stream.rows(0, 0)
    yield from stream.blocks()


def _open(flight: FlightWriter, stream: Stream) -> StreamWriter:
    head = stream.header
    has_delay = math.isfinite(head.sample_interval_s)
    return flight.stream(
        head.sensor.id,
        sample_interval_s=head.sample_interval_s if has_delay else None,
        first_twt_s=head.first_twt_s if has_delay else None,
        permittivity=head.permittivity,
        header=head.raw,
    )


def _notices(
    radar: Recording, places: Places, traces: Counter[str], located: Counter[str]
) -> tuple[Notice, ...]:
    """Return what there is to say.

    Raises
    ------
    MergeError
        No trace got a position.
    """
    log, reasons = places.log, "; ".join(f"{why}: {n:,}" for why, n in places.unlocated.items())
    if not located.total():
        msg = (
            f"{radar.path.name}: none of its {traces.total():,} traces gets a position from "
            f"{log.path.name} ({reasons or 'it has no traces'}); {_spans(places)}; "
            "nothing is written"
        )
        raise MergeError(msg)
    found = [*radar.notices, *log.notices]
    for name, number in traces.items():
        text = f"stream {name!r}: {located[name]:,} of {number:,} traces have a position"
        is_all = located[name] == number
        text += f" from {log.path.name}" + ("" if is_all else f"; the others not ({reasons})")
        found.append(Notice("note" if is_all else "warning", text, radar.path.name))
    return tuple(found)


def _spans(places: Places) -> str:
    """Return when both were, in words."""
    log = places.log
    if places.by == "trace" and len(log.traces):
        numbers = log.traces.trace
        return f"the log holds the traces {numbers.min():,} to {numbers.max():,}"
    told = f"the log runs {_utc(log.time_ns[0])} to {_utc(log.time_ns[-1])}"
    if places.first_ns is None or places.last_ns is None:
        return told
    return f"{told}, the recording {_utc(places.first_ns)} to {_utc(places.last_ns)}"


def _utc(time_ns: int) -> str:
    return f"{np.datetime64(int(time_ns) // 1_000_000, 'ms')}Z"


def _describe(flight: FlightWriter, radar: Recording, places: Places) -> None:
    """Keep where both come from and how they were joined."""
    for name, text in radar.attachments.items():
        if name != "merge.json":
            flight.attach(name, text)
    if radar.format != FORMAT:
        flight.attach("source/name", radar.path.name)
        flight.attach("source/format", radar.format)
        flight.attach("source/sha256", _sha256(radar.path))
    if radar.overrides and "source/overrides" not in radar.attachments:
        flight.attach("source/overrides", as_json(radar.overrides))
    log = places.log
    told = {
        "log": log.path.name,
        "log_format": log.format,
        "log_sha256": _sha256(log.path),
        "positions": len(log),
        "rejected": log.rejected,
        "up_counts_from": log.datum,
        "settings": {**asdict(places.settings), "by": places.by},
    }
    flight.attach("merge.json", as_json(told))


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
