"""What is read of a DT1's trace headers when it is opened: some positions; on demand, comments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.io.records import RecordFile
from detectkit.io.sensoft.axes import Sampled
from detectkit.io.sensoft.gps import LinePositions
from detectkit.io.sensoft.traces import commented, usable

_SAMPLED_TRACES = 64
_CHUNK_TRACES = 1024
_POSITION_OFFSET = 4


def sample_headers(records: RecordFile) -> Sampled:
    """Read the headers of up to 64 traces spread over the file, and of their neighbours."""
    last = max(records.records - 1, 0)
    rows = np.unique(np.linspace(0, max(last - 1, 0), _SAMPLED_TRACES).astype(np.int64))
    ends = np.append(rows, last)
    position = positions_at(records, ends)
    following = positions_at(records, np.minimum(ends + 1, last))
    following[ends == last] = np.nan
    window = float(records.read(0, 1)["head"]["window"][0])
    return Sampled(ends, position, following, window if np.isfinite(window) else 0.0)


def positions_at(records: RecordFile, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the header position of some rows; NaN for garbage and rows outside the file."""
    inside = (rows >= 0) & (rows < records.records)
    raw = bytearray()
    with records.path.open("rb") as handle:
        for row in rows[inside].tolist():
            handle.seek(records.offset + row * records.record.itemsize + _POSITION_OFFSET)
            raw += handle.read(4).ljust(4, b"\xff")
    values = np.full(rows.shape, np.nan)
    values[inside] = usable(np.frombuffer(bytes(raw), "<f4"))
    return values


def line_positions(
    records: RecordFile, rows: npt.NDArray[np.int64], sampled: Sampled
) -> LinePositions:
    """Return the header positions of `rows` and, for an evenly spaced line, its origin and step."""
    origin = float(sampled.position[0])
    step = sampled.step * sampled.direction
    even = origin + step * sampled.rows
    with np.errstate(invalid="ignore"):
        linear = step != 0.0 and bool(np.all(np.abs(sampled.position - even) <= 0.5 * abs(step)))
    return LinePositions(
        records.records,
        positions_at(records, rows) if step != 0.0 else np.full(rows.shape, np.nan),
        origin if linear else np.nan,
        step if linear else np.nan,
    )


def commented_traces(records: RecordFile) -> list[int]:
    """Return the 1-based numbers of the traces with a comment; reads the whole file."""
    found: list[int] = []
    for start in range(0, records.records, _CHUNK_TRACES):
        block = records.read(start, min(start + _CHUNK_TRACES, records.records))
        rows = np.flatnonzero(commented(block["head"]["comment"]))
        found.extend((rows + start + 1).tolist())
    return found
