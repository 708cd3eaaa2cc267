"""Health: what every stream and instrument is doing, as plain numbers, once a second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from detectkit.drivers import Tally
from detectkit.io.journal import Recorder
from detectkit.live.connection import Connection
from detectkit.live.intake import Intake
from detectkit.live.worker import Worker
from detectkit.mission import StreamCount

RATE_S = 4.0
"""Rates are of so many of the last seconds."""


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """One stream.

    Parameters
    ----------
    received, decoded, dropped, durable
        Rows: told or damaged on the wire; understood; lost by the counter, or damaged where the
        instrument counts nothing; synced to the disk.
    rate_hz, watched_s, nominal_hz
        Rows a second, over how long that was seen, and what the instrument should give.
    age_s
        Time since the last row.
    clipped
        Share of the samples at full scale in the same time.
    without_position
        Rows that got no position so far.
    clock_resets
        How often the instrument's clock jumped.
    """

    received: int
    decoded: int
    dropped: int
    durable: int
    rate_hz: float
    watched_s: float
    nominal_hz: float | None
    age_s: float | None
    clipped: float | None
    without_position: int | None
    clock_resets: int


@dataclass(frozen=True, slots=True)
class InstrumentHealth:
    """One instrument and its link."""

    state: str
    fault: str
    openings: int
    bytes_in: int
    dropped_bytes: int
    damaged: int
    details: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Health:
    """All that is known at one moment."""

    time_ns: int
    elapsed_s: float
    recording: bool
    waiting: bool
    failure: str
    queue_fill: float
    written_bytes: int
    free_bytes: int | None
    lag_s: float
    overflowed: bool
    processing_fault: str
    latency_p50_s: float | None
    latency_p99_s: float | None
    indications: int
    display_dropped: int
    platform: Mapping[str, float]
    streams: Mapping[str, StreamHealth]
    instruments: Mapping[str, InstrumentHealth]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON."""
        return asdict(self)


@dataclass(slots=True)
class Monitor:
    """Looks at the parts of a running mission."""

    recorder: Recorder
    intake: Intake
    worker: Worker
    connections: Mapping[str, Connection]
    display_dropped: int = 0
    _start: float = field(default_factory=time.monotonic)
    _seen: dict[str, deque[tuple[float, int, int, int]]] = field(default_factory=dict)

    def look(self) -> Health:
        """Return the health at this moment."""
        worker, recorder = self.worker, self.recorder
        with worker.lock:
            streams = self._streams()
            latencies = np.array(worker.latencies_s)
            platform = dict(worker.latest)
            found = len(worker.processing.indications)
            tallies = dict(worker.flow.tallies)
        p50, p99 = np.percentile(latencies, (50, 99)) if latencies.size else (None, None)
        return Health(
            time_ns=time.time_ns(),
            elapsed_s=time.monotonic() - self._start,
            recording=self.intake.recording and recorder.state == "recording",
            waiting=self.intake.waiting,
            failure=self.intake.failure or (recorder.reason if not self.intake.waiting else ""),
            queue_fill=recorder.queue_fill,
            written_bytes=recorder.written_bytes,
            free_bytes=free_bytes(recorder),
            lag_s=worker.lag_s,
            overflowed=worker.work.overflowed,
            processing_fault=worker.fault,
            latency_p50_s=None if p50 is None else float(p50),
            latency_p99_s=None if p99 is None else float(p99),
            indications=found,
            display_dropped=self.display_dropped,
            platform=platform,
            streams=streams,
            instruments={name: _instrument(c, tallies[name]) for name, c in self._all()},
        )

    def _all(self) -> list[tuple[str, Connection]]:
        return list(self.connections.items())

    def _streams(self) -> dict[str, StreamHealth]:
        flow, durable = self.worker.flow, self.worker.durable.rows
        unposed, resets, nominal = flow.unposed, flow.resets, flow.nominal_hz
        found = {}
        for name, count in flow.counts.items():
            tally = flow.tallies[name.partition(".")[0]]
            found[name] = self._stream(name, count, tally, (durable.get(name, 0), nominal[name]))
        return {
            name: StreamHealth(**one, without_position=unposed.get(name), clock_resets=resets[name])
            for name, one in found.items()
        }

    def _stream(
        self, name: str, count: StreamCount, tally: Tally, known: tuple[int, float | None]
    ) -> dict[str, Any]:
        now = time.monotonic()
        seen = self._seen.setdefault(name, deque([(now, count.rows, 0, 0)]))
        before = seen[0]
        span, samples = now - before[0], count.samples - before[3]
        seen.append((now, count.rows, count.clipped, count.samples))
        while now - seen[0][0] > RATE_S:
            seen.popleft()
        main = "." not in name
        damaged = tally.damaged if main else 0
        dropped = count.missing or damaged
        age = None if count.last_arrival_ns is None else now - count.last_arrival_ns / 1e9
        return {
            "received": count.rows + damaged,
            "decoded": count.rows,
            "dropped": dropped,
            "durable": known[0],
            "rate_hz": (count.rows - before[1]) / span if span > 0.0 else 0.0,
            "watched_s": span,
            "nominal_hz": known[1],
            "age_s": age,
            "clipped": (count.clipped - before[2]) / samples if samples else None,
        }


def _instrument(connection: Connection, tally: Tally) -> InstrumentHealth:
    return InstrumentHealth(
        connection.state,
        connection.fault,
        connection.openings,
        connection.bytes_in,
        tally.dropped_bytes,
        tally.damaged,
        dict(connection.health()),
    )


def free_bytes(recorder: Recorder) -> int | None:
    """Return the room on the disk of the journal, None where it cannot be told."""
    import shutil

    try:
        return shutil.disk_usage(recorder.folder).free
    except OSError:
        return None
