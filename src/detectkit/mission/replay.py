"""Replay: the records of a flight through the flow once more, as fast as wished."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from detectkit.core import Block, Indication
from detectkit.detect.metal.hearing import Hearing
from detectkit.io.journal import Damage, Record, read_records
from detectkit.mission.flow import Flow
from detectkit.mission.folder import FlightFolder
from detectkit.mission.processing import GATHERED_TRACES, Processing
from detectkit.mission.track import Track
from detectkit.mission.volumes import FlightVolume, VolumePlace
from detectkit.pipeline import Pipeline

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay gave.

    Parameters
    ----------
    digests
        Of the processed traces of each radar stream, and of its volume.
    traces
        Number of them.
    indications
        Ranked.
    rows
        Decoded rows of each stream.
    sought
        False where the pipeline looks for no indications.
    damage
        What of the journal could not be read.
    track
        Where the radar was, for the map.
    volumes
        Volume of each radar stream that has one, with its fault if any.
    hearing
        What each metal detector can have heard.
    """

    digests: dict[str, str]
    traces: dict[str, int]
    indications: list[Indication]
    rows: dict[str, int]
    sought: bool
    damage: tuple[Damage, ...]
    track: Track
    volumes: Mapping[str, FlightVolume] = field(default_factory=dict)
    hearing: Sequence[Hearing] = ()


@dataclass(slots=True)
class Replay:
    """A flight's records through the same path as in flight.

    Parameters
    ----------
    folder
        The flight.
    pipeline
        Another pipeline than the one flown; None: the same.
    gathered
        Traces that are processed together; changes no bit.
    piece_bytes
        Largest piece in which bytes are decoded; None: as they came. Changes no bit.
    speed
        How many times as fast as flown; None: as fast as possible. Changes no bit.
    volumes
        Folder for the volumes that the mission wants, there already; None: none are made.
    """

    folder: FlightFolder
    pipeline: Pipeline | None = None
    gathered: int = GATHERED_TRACES
    piece_bytes: int | None = None
    speed: float | None = None
    volumes: Path | None = None
    flow: Flow = field(init=False)
    processing: Processing = field(init=False)
    damage: list[Damage] = field(default_factory=list)

    def __post_init__(self) -> None:
        folder = self.folder
        self.flow = Flow(folder.mission, host_ns=folder.host_ns, utc_ns=folder.utc_ns)
        self.processing = Processing(
            folder.mission,
            recording=folder.path.name,
            pipeline=self.pipeline,
            gathered=self.gathered,
            volumes=None
            if self.volumes is None
            else VolumePlace(self.volumes, folder.path.name, folder.simulated),
        )

    def blocks(self, *, progress: Progress | None = None) -> Iterator[Block]:
        """Yield the located blocks of all streams, in order.

        Parameters
        ----------
        progress
            Called with the number of bytes just replayed.
        """
        for record in self._paced(read_records(self.folder.path, on_damage=self.damage.append)):
            for piece in _pieces(record, self.piece_bytes):
                yield from self.flow.push(piece)
            if progress is not None:
                progress(len(record.data))
        yield from self.flow.finish()

    def run(self, *, progress: Progress | None = None) -> Replayed:
        """Replay all of it through the pipeline and the detector."""
        processing, track = self.processing, Track()
        for block in self.blocks(progress=progress):
            if block.sensor.kind == "gpr":
                track.push(block)
            _run_dry(processing.push(block))
        _run_dry(processing.finish())
        return Replayed(
            digests=dict(processing.digests),
            traces=dict(processing.traces),
            indications=processing.indications,
            rows={name: one.rows for name, one in self.flow.counts.items()},
            sought=processing.sought,
            damage=tuple(self.damage),
            track=track,
            volumes=processing.volumes,
            hearing=processing.hearing,
        )

    def _paced(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the records, each at its time where a speed is given."""
        start: tuple[float, int] | None = None
        for record in records:
            if self.speed is not None:
                start = start or (time.monotonic(), record.arrival_ns)
                due = start[0] + (record.arrival_ns - start[1]) / 1e9 / self.speed
                time.sleep(max(0.0, due - time.monotonic()))
            yield record


def _run_dry(blocks: Iterable[Block]) -> None:
    deque(blocks, maxlen=0)


def _pieces(record: Record, piece_bytes: int | None) -> Iterator[Record]:
    """Yield a record in pieces of its bytes, each with the record's arrival."""
    if piece_bytes is None or record.kind != "in" or len(record.data) <= piece_bytes:
        yield record
        return
    for start in range(0, len(record.data), piece_bytes):
        yield replace(record, data=record.data[start : start + piece_bytes])
