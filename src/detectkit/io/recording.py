"""Recording and Stream: an opened file, lazily; traces come as Blocks when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, UsageError
from detectkit.core.block import Coord
from detectkit.io.fixes import Fixes
from detectkit.io.header import StreamHeader
from detectkit.io.notice import Notice
from detectkit.io.records import TraceSource

BLOCK_TRACES = 1024


@dataclass(frozen=True, slots=True)
class Stream:
    """One line of one sensor. Samples keep the file's own number type, offset removed."""

    header: StreamHeader
    source: TraceSource

    @property
    def traces(self) -> int:
        """Number of traces in the stream."""
        return self.header.traces

    @property
    def twt_s(self) -> npt.NDArray[np.float64]:
        """Two-way travel time of each sample in s, float64 (samples,)."""
        head = self.header
        index = np.arange(head.samples, dtype=np.float64)
        return head.first_twt_s + head.sample_interval_s * index

    def rows(self, start: int, stop: int) -> Block:
        """Return rows `start` to `stop` of the file as one block, gaps ignored.

        ``first_trace`` is the row number; use `blocks` where gaps matter.
        """
        if not 0 <= start <= stop <= self.traces:
            msg = f"rows {start}..{stop} of line {self.header.line!r}: it has 0..{self.traces}"
            raise UsageError(msg)
        data, columns = self.source.read(start, stop)
        return Block(
            data,
            coords=self._coords(start, stop, columns),
            sensor=self.header.sensor,
            line=self.header.line,
            first_trace=start,
            trace_spacing_m=self.header.trace_spacing_m,
        )

    def blocks(self, size: int = BLOCK_TRACES) -> Iterator[Block]:
        """Yield the stream in blocks of at most `size` traces, cut where traces are missing.

        ``first_trace`` counts the missing traces too, so that a gap shows.
        """
        if size < 1:
            msg = f"block size {size} must be at least 1 trace"
            raise UsageError(msg)
        counter = _Counter(self.header)
        for start in range(0, self.traces, size):
            yield from counter.cut(self.rows(start, min(start + size, self.traces)))

    def _coords(self, start: int, stop: int, columns: Mapping[str, Any]) -> dict[str, Coord]:
        head = self.header
        row = np.arange(start, stop, dtype=np.int64)
        coords: dict[str, Coord] = {
            "twt_s": ("delay", self.twt_s),
            "source_trace": ("trace", row),
        }
        if "mark" not in columns:
            marked = np.isin(row + 1, np.array(head.marks, np.int64))
            coords["mark"] = ("trace", marked.astype(np.uint8))
        if head.trace_spacing_m is not None:
            coords["along_track_m"] = ("trace", row * head.trace_spacing_m)
        fixes = self._fixes()
        if len(fixes) > 0:
            pose = fixes.at_rows(row.astype(np.float64))
            coords["longitude_deg"] = ("trace", pose.longitude_deg)
            coords["latitude_deg"] = ("trace", pose.latitude_deg)
            coords["up_m"] = ("trace", pose.up_m)
        coords.update({name: ("trace", values) for name, values in columns.items()})
        return coords

    def _fixes(self) -> Fixes:
        return self.header.fixes.valid_within(self.traces)


@dataclass(frozen=True, slots=True)
class Recording:
    """An opened file and all that its reader had to say.

    Parameters
    ----------
    path
        The file.
    format
        Name of the format, e.g. ``"gssi-dzt"``.
    streams
        One per line and sensor channel.
    notices
        Notes, assumptions and warnings, in the order found.
    overrides
        What the user set instead of the file.
    attachments
        Texts that came along, by name: a flight's calibration and pipeline TOML.
    """

    path: Path
    format: str
    streams: tuple[Stream, ...]
    notices: tuple[Notice, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    attachments: Mapping[str, str] = field(default_factory=dict)


class _Counter:
    """Cuts blocks at jumps of the instrument's counter and numbers what follows."""

    def __init__(self, header: StreamHeader) -> None:
        self._modulus = header.counter_modulus
        self._segments = dict(header.segments)
        self._next_count: int | None = None
        self._missing = 0

    def cut(self, block: Block) -> Iterator[Block]:
        starts = self._starts(block)
        bounds = [*sorted({0, *starts}), len(block)]
        for begin, end in pairwise(bounds):
            if end > begin:
                self._missing += starts.get(begin, 0)
                part = block.traces(begin, end)
                yield _numbered(part, part.first_trace + self._missing)

    def _starts(self, block: Block) -> dict[int, int]:
        """Return row in the block → number of traces missing before it."""
        if self._modulus is not None and "trace_counter" in block.coords:
            return self._from_counter(block.coord("trace_counter"), self._modulus)
        first = block.first_trace
        inside = [row for row in sorted(self._segments) if first <= row < first + len(block)]
        starts: dict[int, int] = {}
        missing = self._missing
        for row in inside:
            starts[row - first] = self._segments[row] - row - missing
            missing += starts[row - first]
        return starts

    def _from_counter(self, counts: npt.NDArray[Any], modulus: int) -> dict[int, int]:
        counts = counts.astype(np.int64)
        before = counts[:1] - 1 if self._next_count is None else np.array([self._next_count - 1])
        step = np.diff(counts, prepend=before) % modulus
        self._next_count = int(counts[-1]) + 1 if counts.size else self._next_count
        forward = (step > 1) & (step <= modulus // 2)
        return {int(row): int(step[row]) - 1 for row in np.flatnonzero(forward)}


def _numbered(block: Block, first_trace: int) -> Block:
    return block if block.first_trace == first_trace else replace(block, first_trace=first_trace)
