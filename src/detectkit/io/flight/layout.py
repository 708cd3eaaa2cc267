"""The names, versions and sizes of the flight layout; no HDF5 here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from detectkit.core import DetectkitError
from detectkit.core.vocabulary import unit_of

FORMAT = "detectkit-flight"
"""Value of the root attribute ``format``."""

LAYOUT_VERSION = 1
"""Version that this detectkit writes; raised by any change that an older reader misreads."""

SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""First eight bytes of every HDF5 file."""

TEXT_GROUPS = ("calibration", "pipeline", "source", "attachments")
"""Root groups of texts; an attachment's name is its path, ``"calibration/radar.toml"``."""

RESERVED = frozenset(
    {"data", "trace", "delay", "channel", "lines", "segments", "marks", "fixes", "header"}
)
"""Names in a stream's group that no coordinate may take."""

DIMENSION = "dimension"
"""Attribute of every coordinate: the dimension that it runs along."""

Compression = Literal["auto", "none", "gzip"]
"""``"auto"``: gzip for integers, none for floats, whose mantissas hardly shrink."""

Existing = Literal["refuse", "replace"]
"""What to do with a file that already has the flight's name."""

CHUNK_TRACES = 256
LARGEST_CHUNK = 1 << 20
COLUMN_ROWS = 4096
CF_UNITS = {"time_ns": "nanoseconds since 1970-01-01T00:00:00+00:00"}
"""Units that xarray must read as CF writes them, not as the vocabulary does."""


class FlightWriteError(DetectkitError, OSError):
    """A flight could not be written; nothing stands under its final name."""


def cf_units(name: str) -> str:
    """Return the ``units`` attribute of a coordinate or quantity.

    Examples
    --------
    >>> cf_units("twt_s")
    's'
    """
    return CF_UNITS.get(name, unit_of(name))


def chunk_rows(row_bytes: int) -> int:
    """Return how many rows of `row_bytes` bytes make one chunk.

    256 traces; fewer where a chunk would pass 1 MiB, because HDF5 holds and checks a chunk
    as a whole; 4096 for the narrow rows of detectors and coordinates.

    Examples
    --------
    >>> chunk_rows(2048), chunk_rows(65536), chunk_rows(8)
    (256, 16, 4096)
    """
    if row_bytes <= 64:
        return COLUMN_ROWS
    return max(1, min(CHUNK_TRACES, LARGEST_CHUNK // row_bytes))


def as_json(value: object) -> str:
    """Return any header or table as JSON text in ASCII."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.tolist())
    return value.hex() if isinstance(value, bytes) else str(value)
