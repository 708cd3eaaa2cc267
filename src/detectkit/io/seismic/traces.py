"""Traces of a seismic file as a stream source: samples in native order, header columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.io.records import Columns, RecordFile
from detectkit.io.seismic.clock import Clock
from detectkit.io.seismic.places import Places, scalar_factor
from detectkit.io.seismic.trace_header import native, numbers

_HIGHEST_M = 1e5


@dataclass(frozen=True, slots=True)
class LineAxis:
    """Distance along a line whose source_x counts it: (x - origin) × metres."""

    origin: float
    metres: float

    def along_track_m(self, head: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return distances from the first trace in m."""
        return (head["source_x"].astype(np.float64) - self.origin) * self.metres


@dataclass(frozen=True, slots=True)
class SeismicTraces:
    """Samples and header columns.

    Parameters
    ----------
    records
        The records of the file.
    places, clock
        What positions and times the headers hold.
    ibm
        True where the samples are IBM floats, read as their 32 bits.
    mark_field
        Header field that is not 0 on a mark, empty for none.
    elevation
        Header field of the height in m, empty for none.
    axis
        Distance along the line by source_x, None where the header has none.
    """

    records: RecordFile
    places: Places
    clock: Clock
    ibm: bool = False
    mark_field: str = ""
    elevation: str = ""
    axis: LineAxis | None = None

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], Columns]:
        """Return samples (stop - start, samples) and the coordinates of the trace headers."""
        rows = self.records.read(start, stop)
        head = rows["head"]
        columns: dict[str, npt.NDArray[Any]] = {
            "trace_counter": native(head["sequence"]),
            **self.places.columns(head),
            **self.clock.columns(head),
        }
        if self.mark_field:
            columns["mark"] = (head[self.mark_field] != 0).astype(np.uint8)
        if self.elevation:
            columns["up_m"] = _up_m(head, self.elevation)
        if self.axis is not None:
            columns["along_track_m"] = self.axis.along_track_m(head)
        samples = native(rows["samples"])
        return (from_ibm(samples) if self.ibm else samples), columns

    def marks(self) -> list[int]:
        """Return the 1-based numbers of the marked traces; reads the whole file."""
        found: list[int] = []
        if self.mark_field:
            for start in range(0, self.records.records, 1024):
                rows = self.records.read(start, min(start + 1024, self.records.records))
                found.extend((np.flatnonzero(rows["head"][self.mark_field]) + start + 1).tolist())
        return found


def from_ibm(bits: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
    """Return IBM System/360 single floats as IEEE float32.

    value = (-1)^sign × fraction × 16^(exponent - 64), fraction of 24 bits below 1 (IBM
    System/360 Principles of Operation, 1964); exact but where float32 cannot hold it.

    Examples
    --------
    >>> from_ibm(np.array([0xC276A000], np.uint32)).tolist()
    [-118.625]
    """
    sign = np.where(bits >> 31, -1.0, 1.0)
    exponent = ((bits >> 24) & 0x7F).astype(np.int32) - 64
    fraction = (bits & 0xFFFFFF).astype(np.float64) / 16777216.0
    with np.errstate(over="ignore", under="ignore"):
        return (sign * np.ldexp(fraction, 4 * exponent)).astype(np.float32)


def _up_m(head: npt.NDArray[Any], field: str) -> npt.NDArray[np.float64]:
    height = numbers(head[field])
    if field == "elevation":
        height = height * scalar_factor(head["elevation_scalar"])
    with np.errstate(invalid="ignore"):
        height[~(np.abs(height) <= _HIGHEST_M)] = np.nan
    return height
