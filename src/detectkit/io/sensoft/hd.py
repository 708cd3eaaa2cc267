"""The .HD header of Sensors & Software: ``KEY = VALUE`` text, often not quite.

Keys may be missing, several may share one line, and free text may stand anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path

KEYS = (
    "NUMBER OF TRACES",
    "NUMBER OF PTS/TRC",
    "TIMEZERO AT POINT",
    "TOTAL TIME WINDOW",
    "STARTING POSITION",
    "FINAL POSITION",
    "STEP SIZE USED",
    "POSITION UNITS",
    "NOMINAL FREQUENCY",
    "ANTENNA SEPARATION",
    "PULSER VOLTAGE (V)",
    "NUMBER OF STACKS",
    "SURVEY MODE",
    "ODOMETER CAL (t/m)",
    "STACKING TYPE",
    "NOGGIN SERIAL#",
    "DVL SERIAL#",
)
"""Keys that are found wherever they stand; others only at the start of a line."""

MAX_BYTES = 1 << 20
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?")
_KNOWN = re.compile(
    "|".join(r"[ \t]+".join(re.escape(word) for word in key.split()) for key in KEYS)
    + r"(?=[ \t]*=)",
    re.IGNORECASE,
)
_METRES_PER_UNIT = {
    "m": 1.0,
    "metre": 1.0,
    "metres": 1.0,
    "meter": 1.0,
    "meters": 1.0,
    "ft": 0.3048,
    "foot": 0.3048,
    "feet": 0.3048,
}
_TIME_UNITS = frozenset({"s", "sec", "secs", "second", "seconds", "time"})


@dataclass(frozen=True, slots=True)
class HdHeader:
    """The keys of a .HD file in upper case, and the lines that are not keys."""

    fields: Mapping[str, str]
    remarks: tuple[str, ...] = ()

    def number(self, key: str) -> float | None:
        """Return the first number of a value, None where there is none.

        Examples
        --------
        >>> parse_hd("TOTAL TIME WINDOW  = 93 ns").number("TOTAL TIME WINDOW")
        93.0
        """
        found = _NUMBER.search(self.fields.get(key, ""))
        if found is None:
            return None
        value = float(found.group().replace(",", "."))
        return value if isfinite(value) else None

    @property
    def unit(self) -> str:
        """First word of POSITION UNITS in lower case, empty when not told."""
        words = self.fields.get("POSITION UNITS", "").lower().split()
        return words[0].rstrip(".;,") if words else ""

    @property
    def in_time(self) -> bool:
        """True where positions are times: the line was recorded without an odometer."""
        return self.unit in _TIME_UNITS

    @property
    def is_gather(self) -> bool:
        """True for a common-midpoint or wide-angle gather: positions are antenna offsets."""
        mode = self.fields.get("SURVEY MODE", "").upper()
        return "CMP" in mode or "WARR" in mode

    @property
    def instrument(self) -> str:
        """Maker and model as far as the file tells."""
        for line in self.remarks:
            found = re.search(r"data collected (?:with|by|using)\s+(.+)", line, re.IGNORECASE)
            if found is not None:
                return f"Sensors & Software {found.group(1).strip()}"
        return "Sensors & Software"


def metres_per_unit(unit: str) -> float | None:
    """Return the length of a position unit in m, None for one that is not a length."""
    return _METRES_PER_UNIT.get(unit)


def read_hd(path: Path) -> HdHeader:
    """Read a .HD file; bytes after the first MiB are not looked at."""
    with path.open("rb") as handle:
        return parse_hd(handle.read(MAX_BYTES).decode("latin-1"))


def parse_hd(text: str) -> HdHeader:
    """Read the keys wherever they stand in the text; of a repeated key the first counts."""
    fields: dict[str, str] = {}
    remarks: list[str] = []
    for line in re.split(r"[\r\n]+", text):
        pairs = list(_pairs(line))
        for key, value in pairs:
            fields.setdefault(key, value)
        if not pairs and line.strip():
            remarks.append(line.strip())
    return HdHeader(fields, tuple(remarks))


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """Give the (key, value) pairs of one line, which may hold several."""
    known = list(_KNOWN.finditer(line))
    own, equals, value = line[: known[0].start() if known else len(line)].partition("=")
    if equals and own.strip():
        yield " ".join(own.upper().split()), value.strip()
    stops = [*(match.start() for match in known), len(line)]
    for match, (_, stop) in zip(known, pairwise(stops), strict=True):
        key = " ".join(match.group().upper().split())
        yield key, line[match.end() : stop].partition("=")[2].strip()


def looks_like_hd(head: bytes) -> bool:
    """Tell whether bytes are the text of a .HD file: two of its keys, no NUL byte."""
    text = head.decode("latin-1")
    if "\0" in text:
        return False
    return len({match.group().upper() for match in _KNOWN.finditer(text)}) >= 2
