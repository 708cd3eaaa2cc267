"""Records of ArduPilot's DataFlash logs: found, resynchronised, gathered by kind as numpy rows.

A record is A3 95, the number of its kind, then packed little-endian fields; records of kind 128
(FMT) say how long each kind is and what its fields are (ardupilot.org, "Logs" and AP_Logger's
LogStructure). Only the kinds asked for are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC = b"\xa3\x95"
FMT, FMT_SIZE, LONGEST = 128, 89, 256
LETTERS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "a": ("32<i2", 1.0), "b": ("i1", 1.0), "B": ("u1", 1.0), "h": ("<i2", 1.0),
        "H": ("<u2", 1.0), "i": ("<i4", 1.0), "I": ("<u4", 1.0), "f": ("<f4", 1.0),
        "d": ("<f8", 1.0), "n": ("S4", 1.0), "N": ("S16", 1.0), "Z": ("S64", 1.0),
        "c": ("<i2", 0.01), "C": ("<u2", 0.01), "e": ("<i4", 0.01), "E": ("<u4", 0.01),
        "L": ("<i4", 1e-7), "M": ("u1", 1.0), "q": ("<i8", 1.0), "Q": ("<u8", 1.0),
        "g": ("<f2", 1.0),
    }
)  # fmt: skip
"""Letter of a field → number type and the factor to its unit."""
FMT_TYPE = np.dtype(
    [("kind", "u1"), ("size", "u1"), ("name", "S4"), ("letters", "S16"), ("columns", "S64")]
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: its name, its size with the three leading bytes, its fields."""

    name: str
    size: int
    dtype: np.dtype[Any]
    factors: Mapping[str, float]

    @classmethod
    def of(cls, record: bytes) -> Kind | None:
        """Read an FMT record; None where it contradicts itself."""
        row = np.frombuffer(record, FMT_TYPE, count=1, offset=3)[0]
        texts = [bytes(row[one]).decode("ascii", "replace") for one in ("name", "letters")]
        letters = texts[1].strip("\0 ")
        names = bytes(row["columns"]).decode("ascii", "replace").strip("\0 ").split(",")
        if len(names) != len(letters) or len(set(names)) != len(names):
            return None
        if not all(one in LETTERS for one in letters) or not all(names):
            return None
        fields = [(name, LETTERS[one][0]) for name, one in zip(names, letters, strict=True)]
        dtype = np.dtype(fields)
        if dtype.itemsize + 3 != int(row["size"]):
            return None
        factors = {name: LETTERS[one][1] for name, one in zip(names, letters, strict=True)}
        return cls(texts[0].strip("\0 "), int(row["size"]), dtype, MappingProxyType(factors))

    def column(self, rows: npt.NDArray[Any], name: str) -> npt.NDArray[np.float64]:
        """Return a field of all rows in its unit; NaN where the kind has no such field."""
        known = name in self.factors and name in (rows.dtype.names or ())
        if not known or rows[name].dtype.kind not in "iuf" or rows[name].ndim != 1:
            return np.full(rows.shape, np.nan)
        factor = self.factors[name]
        values: npt.NDArray[np.float64] = rows[name].astype(np.float64)
        return np.rint(values) / 1e7 if factor == 1e-7 else values * factor


@dataclass(slots=True)
class Gathered:
    """What a walk over a log kept.

    Parameters
    ----------
    wanted
        Names of the kinds to keep.
    kinds, payload
        Those found, and their packed rows, by name.
    records, lost_bytes, first_lost
        Number of records, bytes that are none, and where those begin.
    """

    wanted: frozenset[str]
    kinds: dict[str, Kind] = field(default_factory=dict)
    payload: dict[str, bytearray] = field(default_factory=dict)
    records: int = 0
    lost_bytes: int = 0
    first_lost: int | None = None
    _sizes: dict[int, int] = field(default_factory=lambda: {FMT: FMT_SIZE})
    _names: dict[int, str] = field(default_factory=dict)

    def rows(self, name: str) -> npt.NDArray[Any]:
        """Return the rows of a kind as a structured array."""
        return np.frombuffer(bytes(self.payload[name]), self.kinds[name].dtype)

    def walk(self, chunks: Iterable[bytes]) -> None:
        """Take a whole log, cut anywhere."""
        held, base = b"", 0
        for chunk in chunks:
            held += chunk
            at = self._records(held, base, len(held) - 2 * LONGEST, is_end=False)
            held, base = held[at:], base + at
        at = self._records(held, base, len(held), is_end=True)

    def _records(self, data: bytes, base: int, end: int, *, is_end: bool) -> int:
        """Take records that begin before `end`; return where the next begins."""
        at = 0
        while at < end:
            size = self._size(data, at)
            if size and self._follows(data, at, at + size, is_end=is_end):
                self._take(data, at, size)
                at += size
                continue
            following = data.find(MAGIC, at + 1)
            stop = min(following if following >= 0 else len(data), len(data))
            stop = min(stop, max(end, at + 1)) if not is_end else stop
            self.first_lost = base + at if self.first_lost is None else self.first_lost
            self.lost_bytes += stop - at
            at = stop
        return at

    def _size(self, data: bytes, at: int) -> int:
        if data[at : at + 2] != MAGIC or at + 3 > len(data):
            return 0
        size = self._sizes.get(data[at + 2], 0)
        return size if at + size <= len(data) else 0

    def _follows(self, data: bytes, at: int, after: int, *, is_end: bool) -> bool:
        """Tell whether another record, or the end, stands where this one ends."""
        if after >= len(data) - 2:
            return is_end or after <= len(data)
        if data[after : after + 2] != MAGIC:
            return False
        ident = data[after + 2]
        return ident in self._sizes or (data[at + 2] == FMT and ident == data[at + 3])

    def _take(self, data: bytes, at: int, size: int) -> None:
        self.records += 1
        ident = data[at + 2]
        if ident == FMT:
            self._learn(data[at : at + size])
        name = self._names.get(ident)
        if name is not None:
            self.payload[name] += data[at + 3 : at + size]

    def _learn(self, record: bytes) -> None:
        ident, size = record[3], record[4]
        if ident == FMT or size < 3:
            return
        self._sizes.setdefault(ident, size)
        kind = Kind.of(record)
        if kind is not None and kind.name in self.wanted and kind.name not in self.kinds:
            self.kinds[kind.name], self.payload[kind.name] = kind, bytearray()
            self._names[ident] = kind.name
