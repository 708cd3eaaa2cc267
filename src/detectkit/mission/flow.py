"""Flow: records of the journal in, located blocks out; the same live and in replay.

The answer depends on nothing but the records and their order: no wall clock, no queue length, no
"latest value". What is processed in flight and what is processed from the journal next day
are therefore the same to the bit.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from detectkit.core import Block
from detectkit.drivers import Decoder, Frame, Instrument, Note, Tally
from detectkit.geo import OVER_GROUND, PeerClock, PoseTrack, UtcClock
from detectkit.io.journal import Record
from detectkit.mission.locate import Locator, PoseSources, Timed
from detectkit.mission.settings import Mission, Mount
from detectkit.mission.timing import RowCounter, StreamClock

MAIN_STREAMS = frozenset({"traces", "response", "field"})
"""Streams that are called after their instrument alone: what it is there for."""
LOCATED_KINDS = frozenset({"gpr", "metal_detector", "magnetometer"})
"""Sensors whose rows get a place; the others say where the platform is."""
KEPT_WORDS = 256
"""Of an instrument that talks much, the last words are kept; the journal has all."""


@dataclass(frozen=True, slots=True)
class Said:
    """Words of an instrument, or of the flow about it."""

    source: str
    note: Note
    arrival_ns: int


@dataclass(slots=True)
class StreamCount:
    """What a stream gave so far."""

    rows: int = 0
    first_host_ns: int | None = None
    last_host_ns: int | None = None
    last_arrival_ns: int | None = None
    counter: RowCounter = field(default_factory=RowCounter)
    clipped: int = 0
    samples: int = 0

    @property
    def missing(self) -> int:
        """Rows lost by the instrument's counter."""
        return self.counter.missing


@dataclass(slots=True)
class _Stream:
    """One stream of one instrument at work."""

    key: str
    clock: StreamClock
    count: StreamCount
    locator: Locator | None


@dataclass(slots=True)
class _Source:
    """One instrument at work: its decoder, the clocks it shares, its streams."""

    mount: Mount
    instrument: Instrument
    decoder: Decoder
    peers: dict[str, PeerClock] = field(default_factory=dict)
    streams: dict[str, _Stream] = field(default_factory=dict)


class Flow:
    """Turns records into blocks with time and place.

    Parameters
    ----------
    mission
        Which instruments there are and how they are mounted.
    host_ns, utc_ns
        The recording computer's monotonic clock and its idea of UTC at one moment, as the
        flight's header keeps them.
    """

    def __init__(self, mission: Mission, *, host_ns: int, utc_ns: int) -> None:
        self.mission = mission
        self.track = PoseTrack()
        self.utc = UtcClock(host_ns, utc_ns)
        self.counts: dict[str, StreamCount] = {}
        self.said: deque[Said] = deque(maxlen=KEPT_WORDS)
        self._sources = {mount.id: _source(mount) for mount in mission.mounts}
        self._poses = PoseSources.of(mission, {s: o.instrument for s, o in self._sources.items()})

    @property
    def tallies(self) -> Mapping[str, Tally]:
        """What each instrument's decoder counted."""
        return {name: one.decoder.tally for name, one in self._sources.items()}

    @property
    def unposed(self) -> dict[str, int]:
        """Rows without a position, by stream."""
        return {s.key: s.locator.unposed for s in self._streams() if s.locator is not None}

    @property
    def resets(self) -> dict[str, int]:
        """How often the clock of each stream jumped."""
        return {one.key: one.clock.resets for one in self._streams()}

    @property
    def nominal_hz(self) -> dict[str, float | None]:
        """Rows a second that each stream should give, None where that is not known."""
        return {one.key: one.clock.layout.rate_hz for one in self._streams()}

    def push(self, record: Record) -> Iterator[Block]:
        """Take the next record; yield the blocks that are ready.

        A block's ``sensor.id`` is its stream: the instrument's id for the main one,
        ``"id.stream"`` for others.
        """
        source = self._sources.get(record.source)
        if source is None:
            return
        if record.kind == "in":
            yield from self._bytes(source, record)
        elif record.kind == "out":
            source.decoder.sent(record.data)
        elif record.kind == "event" and _event(record) == "opened":
            source.decoder.reset()
            for stream in source.streams.values():
                stream.count.counter.reopened()

    def finish(self) -> Iterator[Block]:
        """End the flight; yield the rows that still wait for a position."""
        for stream in self._streams():
            if stream.locator is not None:
                yield from stream.locator.finish(self.utc)

    def _streams(self) -> list[_Stream]:
        return [one for source in self._sources.values() for one in source.streams.values()]

    def _bytes(self, source: _Source, record: Record) -> Iterator[Block]:
        """Decode, time and hand on; yield what is located."""
        moved = False
        for item in source.decoder.feed(record.data):
            if isinstance(item, Note):
                self.said.append(Said(record.source, item, record.arrival_ns))
                continue
            stream, timed = self._timed(source, item, record.arrival_ns)
            if stream.locator is not None:
                stream.locator.push(timed)
            elif len(timed):
                moved |= self._poses.push(stream.key, timed, self.track)
                yield timed.block(stream.key, {"time_ns": self.utc.to_utc(timed.host_ns)})
        for one in self._sources.values() if moved else (source,):
            for stream in one.streams.values():
                if stream.locator is not None:
                    yield from stream.locator.ready(record.arrival_ns, self.utc)

    def _timed(self, source: _Source, frame: Frame, arrival_ns: int) -> tuple[_Stream, Timed]:
        """Number a frame's rows and tell their host time."""
        self._clocks(source, frame, arrival_ns)
        stream = self._stream(source, frame)
        modulus = frame.layout.counter_modulus
        numbers = stream.count.counter.push(frame.counter, len(frame), modulus)
        host_ns, error_ns = stream.clock.push(frame, numbers, arrival_ns)
        timed = Timed(frame, numbers, host_ns, error_ns)
        _note(stream.count, timed, arrival_ns)
        if "time_ns" in frame.coords and len(frame):
            _push_utc(self.utc, timed)
        return stream, timed

    def _clocks(self, source: _Source, frame: Frame, arrival_ns: int) -> None:
        """Compare clocks where the frame is the answer to a time exchange."""
        sent = frame.coords.get("host_ns")
        if sent is None or frame.device_ns is None:
            return
        peer = source.peers.setdefault(frame.layout.device_clock, PeerClock())
        for device_ns, sent_ns in zip(frame.device_ns.tolist(), sent.tolist(), strict=True):
            peer.push(device_ns, sent_ns, arrival_ns)

    def _stream(self, source: _Source, frame: Frame) -> _Stream:
        """Return the stream of a frame; it begins with its first, or with another layout."""
        name = frame.layout.stream
        stream = source.streams.get(name)
        if stream is not None and stream.clock.layout is frame.layout:
            return stream
        if stream is not None and stream.clock.layout == frame.layout:
            return stream
        key = _key(source, frame) if stream is None else stream.key
        count = self.counts.setdefault(key, StreamCount())
        clock = stream.clock if stream is not None else self._clock(source, frame)
        clock.layout = frame.layout
        locator = stream.locator if stream is not None else self._locator(source, frame, key)
        source.streams[name] = _Stream(key, clock, count, locator)
        return source.streams[name]

    def _clock(self, source: _Source, frame: Frame) -> StreamClock:
        clock = frame.layout.device_clock
        peer = source.peers.setdefault(clock, PeerClock()) if clock else None
        return StreamClock(frame.layout, peer, round(source.mount.lag_s * 1e9))

    def _locator(self, source: _Source, frame: Frame, key: str) -> Locator | None:
        if frame.layout.sensor.kind not in LOCATED_KINDS:
            return None
        unknown = frozenset() if self._poses.chosen["height"] else OVER_GROUND
        return Locator(key, source.mount, self.track, self.mission, unknown)


def _source(mount: Mount) -> _Source:
    instrument = mount.instrument()
    return _Source(mount, instrument, instrument.decoder())


def _key(source: _Source, frame: Frame) -> str:
    """Return a new stream's name: its instrument's alone for the main one."""
    name = frame.layout.stream
    return source.mount.id if name in MAIN_STREAMS else f"{source.mount.id}.{name}"


def _event(record: Record) -> str:
    return str(json.loads(record.data).get("event", ""))


def _note(count: StreamCount, timed: Timed, arrival_ns: int) -> None:
    if len(timed) == 0:
        return
    first = int(timed.host_ns[0])
    count.rows += len(timed)
    count.first_host_ns = first if count.first_host_ns is None else count.first_host_ns
    count.last_host_ns = int(timed.host_ns[-1])
    count.last_arrival_ns = arrival_ns
    limits, values = timed.frame.layout.sensor.full_scale, timed.frame.values
    if limits is not None and timed.frame.layout.samples:
        count.clipped += int(np.count_nonzero((values <= limits[0]) | (values >= limits[1])))
        count.samples += values.size


def _push_utc(utc: UtcClock, timed: Timed) -> None:
    error = float(timed.error_ns[-1])
    time_ns = int(timed.frame.coords["time_ns"][-1])
    utc.push(int(timed.host_ns[-1]), time_ns, error_ns=error if np.isfinite(error) else 5e7)
