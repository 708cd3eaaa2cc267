"""The 240-byte trace header of SEG-Y and Seismic Unix, as a table of offsets.

Offsets count from 0. Some fields overlap: drone loggers and Seismic Unix put their own
numbers where the standard (SEG Technical Standards Committee, SEG-Y rev 2.0, 2017) has
others; which ones count is decided per file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from detectkit.io.records import RecordFile

ByteOrder = Literal["little", "big"]
BYTE_ORDERS: tuple[ByteOrder, ...] = ("little", "big")
HEADER_BYTES = 240
SAMPLED_TRACES = 32

FIELDS: dict[str, tuple[int, str]] = {
    "sequence": (0, "i4"),
    "identification": (28, "i2"),
    "elevation": (40, "i4"),
    "elevation_scalar": (68, "i2"),
    "coordinate_scalar": (70, "i2"),
    "source_x": (72, "i4"),
    "source_y": (76, "i4"),
    "coordinate_unit": (88, "i2"),
    "delay": (108, "i2"),
    "samples": (114, "u2"),
    "interval": (116, "u2"),
    "year": (156, "i2"),
    "day": (158, "i2"),
    "hour": (160, "i2"),
    "minute": (162, "i2"),
    "second": (164, "i2"),
    "time_basis": (166, "i2"),
    "weighting": (168, "i2"),
    # drone loggers (SkyHub, Zond)
    "elevation_f4": (40, "f4"),
    "longitude_f4": (72, "f4"),
    "latitude_f4": (76, "f4"),
    "longitude_f8": (182, "f8"),
    "latitude_f8": (190, "f8"),
    "mark_byte": (238, "u1"),
    # Seismic Unix
    "su_d1": (180, "f4"),
    "su_f1": (184, "f4"),
    "su_d2": (188, "f4"),
    "su_mark": (208, "i2"),
}


@cache
def header_type(order: ByteOrder) -> np.dtype[Any]:
    """Return the dtype of a trace header in one byte order."""
    mark = "<" if order == "little" else ">"
    return np.dtype(
        {
            "names": list(FIELDS),
            "formats": [f"{mark}{kind}" for _, kind in FIELDS.values()],
            "offsets": [offset for offset, _ in FIELDS.values()],
            "itemsize": HEADER_BYTES,
        }
    )


def record_type(order: ByteOrder, sample_type: str, samples: int) -> np.dtype[Any]:
    """Return the dtype of one trace: header and samples (``"i2"``, ``"f4"`` …)."""
    mark = "<" if order == "little" else ">"
    return np.dtype([("head", header_type(order)), ("samples", f"{mark}{sample_type}", (samples,))])


@dataclass(frozen=True, slots=True)
class Sampled:
    """Trace headers spread over a file, in pairs of neighbours (row, row + 1), and their rows."""

    heads: npt.NDArray[Any]
    rows: npt.NDArray[np.int64]


def sampled_headers(records: RecordFile) -> Sampled:
    """Read the headers of up to 32 pairs of traces; a file of one trace gives it twice."""
    last = max(records.records - 1, 0)
    starts = np.unique(np.linspace(0, max(last - 1, 0), SAMPLED_TRACES).astype(np.int64))
    rows = np.minimum(np.stack([starts, starts + 1], axis=1).ravel(), last)
    heads = [records.read(row, row + 1)["head"] for row in rows.tolist()]
    return Sampled(np.concatenate(heads), rows)


def numbers(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return a header field as float64; garbage bits may be a signalling NaN."""
    with np.errstate(invalid="ignore"):
        return values.astype(np.float64)


def native(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a contiguous copy in this machine's byte order."""
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))
