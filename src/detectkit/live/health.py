"""Health: what every stream and instrument is doing, as plain numbers, once a second."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.drivers import Tally
from detectkit.geo import along_track
from detectkit.io.journal import Recorder
from detectkit.live.connection import Connection
from detectkit.live.intake import Intake
from detectkit.live.latency import Latency
from detectkit.live.window import LATELY_S, Counts, Window
from detectkit.live.worker import Worker
from detectkit.mission import StreamCount

RATE_S = 4.0
"""Rates are of so many of the last seconds."""
PLACED_S = 10.0
"""Rows without a position are judged over so many of the last seconds."""
JUMPED_S = 10.0
"""A clock that jumped is told for so long."""
FRESH_S = 3.0
"""A place or a height older than this is none."""


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """One stream.

    Parameters
    ----------
    received, decoded, dropped, durable
        Rows: told or damaged on the wire; understood; lost by the counter, or damaged where the
        instrument counts nothing; synced to the disk.
    rate_hz, nominal_hz
        Rows a second over the last seconds, and what the instrument should give.
    steady_hz, watched_s
        Rows a second since they come without a pause, and for how long that was seen.
    age_s
        Time since the last row.
    clipped
        Share of the samples at full scale in the same time.
    without_position
        Rows that got no position so far.
    clock_resets
        How often the instrument's clock jumped.
    running_s
        Time since the first row.
    told_lately, dropped_lately
        Rows told and rows lost in the last minute.
    unplaced
        Share of the rows of the last ten seconds that got no position.
    jumps_lately
        How often the clock jumped in the last ten seconds.
    """

    received: int
    decoded: int
    dropped: int
    durable: int
    rate_hz: float
    nominal_hz: float | None
    steady_hz: float
    watched_s: float
    age_s: float | None
    clipped: float | None
    without_position: int | None
    clock_resets: int
    running_s: float = 0.0
    told_lately: int = 0
    dropped_lately: int = 0
    unplaced: float | None = None
    jumps_lately: int = 0


@dataclass(frozen=True, slots=True)
class InstrumentHealth:
    """One instrument and its link.

    Parameters
    ----------
    state, fault, openings
        Of the link: what it does, why it does not work, how often it was opened.
    bytes_in, dropped_bytes, damaged
        Bytes that came, those that belong to no message, and damaged messages.
    details
        What the conversation knows of the instrument.
    kind
        What it measures.
    idle_s
        Time since the last message, None before the first.
    """

    state: str
    fault: str
    openings: int
    bytes_in: int
    dropped_bytes: int
    damaged: int
    details: Mapping[str, float | str] = field(default_factory=dict)
    kind: str = "unknown"
    idle_s: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """All that is known at one moment.

    ``latency`` is of the whole flight, from the arrival of a trace's bytes: ``p50_s``, ``p99_s``
    and ``longest_s`` until it was processed, ``located_p50_s`` and ``located_p99_s`` until it had
    its position; the rest is computing. By how much the pipeline itself trails is not in it.
    """

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
    latency: Mapping[str, float | None]
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
    _windows: dict[str, Window] = field(default_factory=dict)
    _openings: dict[str, int] = field(default_factory=dict)
    _heard: dict[str, tuple[int, float]] = field(default_factory=dict)

    def look(self) -> Health:
        """Return the health at this moment."""
        worker, recorder = self.worker, self.recorder
        with worker.lock:
            streams = self._streams()
            latency = _latency(worker.latency)
            platform = _platform(worker, self._radars())
            found = len(worker.processing.indications)
            tallies = dict(worker.flow.tallies)
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
            latency=latency,
            indications=found,
            display_dropped=self.display_dropped,
            platform=platform,
            streams=streams,
            instruments={
                name: _instrument(one, tallies[name], self._idle_s(name, one, tallies[name]))
                for name, one in self.connections.items()
            },
        )

    def _radars(self) -> list[str]:
        return [name for name, one in self.connections.items() if one.instrument.kind == "gpr"]

    def _idle_s(self, name: str, connection: Connection, tally: Tally) -> float | None:
        """Return how long ago the last message came; of bytes, where nothing is decoded."""
        now = time.monotonic()
        if self.worker.work.overflowed:
            last_ns = connection.last_byte_ns
            return None if last_ns is None else now - last_ns / 1e9
        messages, since = self._heard.get(name, (0, now))
        if tally.messages != messages:
            messages, since = tally.messages, now
        self._heard[name] = (messages, since)
        return now - since if messages else None

    def _streams(self) -> dict[str, StreamHealth]:
        return {name: self._stream(name, count) for name, count in self.worker.flow.counts.items()}

    def _stream(self, name: str, count: StreamCount) -> StreamHealth:
        flow, now = self.worker.flow, time.monotonic()
        source, main = name.partition(".")[0], "." not in name
        damaged = flow.tallies[source].damaged if main else 0
        unplaced, resets = flow.unposed.get(name), flow.resets[name]
        dropped = count.missing or damaged
        window = self._window(name, source)
        window.push(
            Counts(now, count.rows, dropped, unplaced or 0, resets, count.clipped, count.samples)
        )
        rate, steady = window.over(RATE_S), window.steady(RATE_S)
        placed, lately = window.over(PLACED_S), window.over(LATELY_S)
        return StreamHealth(
            received=count.rows + damaged,
            decoded=count.rows,
            dropped=dropped,
            durable=self.worker.durable.rows.get(name, 0),
            rate_hz=rate.rows / rate.at_s if rate.at_s > 0.0 else 0.0,
            nominal_hz=flow.nominal_hz[name],
            steady_hz=steady.rows / steady.at_s if steady.at_s > 0.0 else 0.0,
            watched_s=steady.at_s,
            age_s=_since(now, count.last_arrival_ns),
            clipped=rate.clipped / rate.samples if rate.samples else None,
            without_position=unplaced,
            clock_resets=resets,
            running_s=_since(now, count.first_host_ns) or 0.0,
            told_lately=lately.rows + lately.dropped,
            dropped_lately=lately.dropped,
            unplaced=_share(placed.unplaced, placed.rows) if unplaced is not None else None,
            jumps_lately=window.over(JUMPED_S).resets,
        )

    def _window(self, name: str, source: str) -> Window:
        """Return the last minute of a stream; its rate begins anew with each opening."""
        window = self._windows.setdefault(name, Window())
        openings = self.connections[source].openings
        if self._openings.get(name, openings) != openings:
            window.reopened()
        self._openings[name] = openings
        return window


def _since(now: float, moment_ns: int | None) -> float | None:
    return None if moment_ns is None else now - moment_ns / 1e9


def _share(part: int, whole: int) -> float:
    return min(1.0, part / whole) if whole else 0.0


def _platform(worker: Worker, radars: list[str]) -> dict[str, float]:
    """Return where the platform is and how high the radar is; nothing that is old."""
    now_ns = time.monotonic_ns()
    found: dict[str, float] = {}
    times, rows = worker.flow.track.positions.held
    if times.size and now_ns - int(times[-1]) < FRESH_S * 1e9:
        names = ("longitude_deg", "latitude_deg", "up_m", "horizontal_error_m")
        found = dict(zip(names, rows[-1, :4].tolist(), strict=True))
        found["fix_quality"] = float(rows[-1, 5])
        found["speed_m_per_s"] = _speed(times, rows)
    counts = [worker.flow.counts[name] for name in radars if name in worker.flow.counts]
    newest_ns = max((one.last_arrival_ns or 0 for one in counts), default=0)
    if now_ns - newest_ns < FRESH_S * 1e9 and "height_m" in worker.latest:
        found["height_m"] = worker.latest["height_m"]
    return found


def _speed(times: npt.NDArray[np.int64], rows: npt.NDArray[np.float64]) -> float:
    """Return the speed over ground of the last two seconds, m/s; NaN while it is not known."""
    first = int(np.searchsorted(times, times[-1] - 2_000_000_000))
    span_s = (int(times[-1]) - int(times[first])) / 1e9
    if span_s < 0.5:
        return float("nan")
    longitude, latitude = (rows[[first, -1], column] for column in (0, 1))
    return float(along_track(longitude, latitude)[-1]) / span_s


def _latency(latency: Latency) -> dict[str, float | None]:
    processed, located = latency.processed, latency.located
    return {
        "p50_s": processed.quantile(0.5),
        "p99_s": processed.quantile(0.99),
        "longest_s": processed.longest_s if processed.rows else None,
        "located_p50_s": located.quantile(0.5),
        "located_p99_s": located.quantile(0.99),
    }


def _instrument(connection: Connection, tally: Tally, idle_s: float | None) -> InstrumentHealth:
    return InstrumentHealth(
        connection.state,
        connection.fault,
        connection.openings,
        connection.bytes_in,
        tally.dropped_bytes,
        tally.damaged,
        dict(connection.health()),
        connection.instrument.kind,
        idle_s,
    )


def free_bytes(recorder: Recorder) -> int | None:
    """Return the room on the disk of the journal, None where it cannot be told."""
    import shutil

    try:
        return shutil.disk_usage(recorder.folder).free
    except OSError:
        return None
