"""Any opened recording as a flight: every trace, coordinate, mark, fix and remark of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

from detectkit.io.flight.layout import FORMAT, Compression, Existing, as_json
from detectkit.io.flight.writer import FlightWriter
from detectkit.io.recording import Recording, Stream

Progress = Callable[[int, int], None]
"""Called with the traces done and the traces in all."""


def write_recording(
    recording: Recording,
    path: str | Path,
    *,
    progress: Progress | None = None,
    compression: Compression = "auto",
    existing: Existing = "refuse",
) -> None:
    """Write a recording as a flight that gives the same blocks, bit for bit.

    Memory stays bounded; each stream of the recording becomes one of the flight. The name,
    format and sha256 of the source file are kept; those of a flight's own source are passed on.

    Parameters
    ----------
    recording
        As opened by `detectkit.io.open_recording`.
    path
        Name of the flight to write.
    progress
        Called after each block with the traces done and the traces in all.
    compression, existing
        As for `FlightWriter`.

    Raises
    ------
    FlightWriteError
        The disk is full or failed; nothing stands under `path`.
    """
    total = sum(stream.traces for stream in recording.streams)
    done = 0
    with FlightWriter(path, existing=existing) as flight:
        for stream in recording.streams:
            for traces in _write_stream(flight, stream, compression):
                done += traces
                if progress is not None:
                    progress(done, total)
        for name, text in {**recording.attachments, **_source(recording)}.items():
            flight.attach(name, text)
        flight.notices(recording.notices)


def _write_stream(flight: FlightWriter, stream: Stream, compression: Compression) -> Iterator[int]:
    """Write one stream and yield the length of each block done."""
    head = stream.header
    interval = head.sample_interval_s
    has_delay = math.isfinite(interval)
    writer = flight.stream(
        head.sensor.id,
        sample_interval_s=interval if has_delay else None,
        first_twt_s=head.first_twt_s if has_delay else None,
        permittivity=head.permittivity,
        header=head.raw,
        compression=compression,
    )
    if stream.traces == 0:
        writer.append(stream.rows(0, 0))
    for block in stream.blocks():
        writer.append(block)
        yield len(block)
    writer.fixes(head.line, head.fixes)
    writer.finish()


def _source(recording: Recording) -> dict[str, str]:
    """Return where the recording comes from; of a flight, only what was set since."""
    source: dict[str, str] = {}
    if recording.format != FORMAT:
        source = {"source/name": recording.path.name, "source/format": recording.format}
        if recording.path.is_file():
            with recording.path.open("rb") as handle:
                source["source/sha256"] = hashlib.file_digest(handle, "sha256").hexdigest()
    if recording.overrides:
        before = json.loads(recording.attachments.get("source/overrides", "{}"))
        source["source/overrides"] = as_json({**before, **recording.overrides})
    return source
