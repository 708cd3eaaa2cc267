"""The records of a DT1 file: 25 little-endian floats, 28 text bytes, then the samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.io.records import Columns, RecordFile

HEADER = np.dtype(
    [
        ("number", "<f4"),
        ("position", "<f4"),
        ("points", "<f4"),
        ("topography", "<f4"),
        ("float_4", "<f4"),
        ("bytes_per_point", "<f4"),
        ("window", "<f4"),
        ("stacks", "<f4"),
        ("floats_8_to_22", "<f4", (15,)),
        ("second_of_day", "<f4"),
        ("comment_flag", "<f4"),
        ("comment", "S28"),
    ]
)
SAMPLE_TYPES = {"int16": "<i2", "int32": "<i4", "float32": "<f4"}
COUNTER_MODULUS = 1 << 24
"""Trace numbers are float32: above this they no longer count."""
FARTHEST = 1e6
"""A position beyond this many units is garbage, not a place."""
_DAY_S = 86400.0


def record_type(samples: int, sample_type: str) -> np.dtype[Any]:
    """Return the dtype of one trace: its header and its samples."""
    return np.dtype([("head", HEADER), ("samples", SAMPLE_TYPES[sample_type], (samples,))])


@dataclass(frozen=True, slots=True)
class PositionAxis:
    """Distance along the line = (position - origin) × metres, metres < 0 for a reversed line."""

    origin: float
    metres: float

    def along_track_m(self, position: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return distances from the first trace in m, NaN where the position is garbage."""
        return (usable(position) - self.origin) * self.metres


def usable(position: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return positions as float64 with NaN for garbage."""
    with np.errstate(invalid="ignore"):
        values = position.astype(np.float64)
        values[~(np.abs(values) <= FARTHEST)] = np.nan
    return values


@dataclass(frozen=True, slots=True)
class AntennaSpread:
    """How far apart the antennas of a gather are: `first_m`, and what the positions move."""

    first_m: float
    origin: float
    metres: float

    def offset_m(self, position: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return the distance between the antennas in m, NaN where the position is garbage."""
        return self.first_m + np.abs(usable(position) - self.origin) * self.metres


@dataclass(frozen=True, slots=True)
class Dt1Traces:
    """Traces of one DT1 file: samples and what the trace headers say."""

    records: RecordFile
    axis: PositionAxis | None
    first_second: float
    spread: AntennaSpread | None = None

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], Columns]:
        """Return samples (stop - start, samples) and the coordinates of the trace headers."""
        rows = self.records.read(start, stop)
        head = rows["head"]
        columns: dict[str, npt.NDArray[Any]] = {
            "trace_counter": trace_counter(head["number"], np.arange(start, stop)),
            "elapsed_s": elapsed_s(head["second_of_day"], self.first_second),
            "mark": (commented(head["comment"])).astype(np.uint8),
            "stacks": native(head["stacks"]),
            "topography": native(head["topography"]),
        }
        if self.spread is not None:
            columns["antenna_offset_m"] = self.spread.offset_m(head["position"])
        if self.axis is None:
            columns["position"] = native(head["position"])
        else:
            columns["along_track_m"] = self.axis.along_track_m(head["position"])
        return native(rows["samples"]), columns


def native(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a contiguous copy in this machine's byte order."""
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))


def trace_counter(number: npt.NDArray[Any], row: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the trace numbers; a number that is none counts as row + 1."""
    with np.errstate(invalid="ignore"):
        values = number.astype(np.float64)
        counts = (values >= 0) & (values < COUNTER_MODULUS) & (values == np.floor(values))
    return np.where(counts, values, row + 1).astype(np.int64)


def elapsed_s(second_of_day: npt.NDArray[Any], first: float) -> npt.NDArray[np.float64]:
    """Return seconds since the first trace, over midnight too; NaN where the clock is garbage.

    A line that was turned round afterwards counts backwards.
    """
    with np.errstate(invalid="ignore"):
        seconds = second_of_day.astype(np.float64)
        seconds[~((seconds >= 0.0) & (seconds <= _DAY_S))] = np.nan
        half = 0.5 * _DAY_S
        return (seconds - first + half) % _DAY_S - half


def commented(comment: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell which traces carry a comment, e.g. the operator's ``F1``: they count as marked."""
    return np.array([_is_text(text) for text in comment.tolist()], dtype=np.bool_)


def _is_text(text: bytes) -> bool:
    """Tell whether comment bytes are printable and not blank."""
    words = text.strip(b"\0 ")
    return bool(words) and words.isascii() and words.decode("ascii").isprintable()
