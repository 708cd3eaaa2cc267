"""The .rad text header of a MALA recording: ``KEY:VALUE`` lines."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detectkit.io.notice import Notice
from detectkit.io.side import side_lines

_STATED = re.compile(r"(\d+(?:\.\d+)?)\s*(M|G)Hz", re.IGNORECASE)
_LEADING = re.compile(r"(\d{2,4})(?=[_ ]|$)")

FREQUENCY_MHZ = (1e-1, 1e7)


@dataclass(frozen=True, slots=True)
class Rad:
    """The header's pairs as text, with the figures that matter as numbers."""

    path: Path
    pairs: dict[str, str]
    notices: tuple[Notice, ...] = ()

    def number(self, key: str) -> float | None:
        """Return a value as a finite number, None where it is missing or none."""
        try:
            value = float(self.pairs.get(key, ""))
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def whole(self, key: str) -> int | None:
        """Return a value as a whole number from 0 up, None where it is none."""
        value = self.number(key)
        return int(value) if value is not None and 0 <= value == int(value) < 1e15 else None

    @property
    def samples(self) -> int | None:
        """Samples per trace, None where the header does not tell."""
        samples = self.whole("SAMPLES")
        return samples if samples is not None and 1 <= samples <= 1 << 24 else None

    @property
    def interval_s(self) -> float | None:
        """Sample interval in s: 1 / FREQUENCY (MHz), never from TIMEWINDOW."""
        frequency = self.number("FREQUENCY")
        if frequency is None or not FREQUENCY_MHZ[0] <= frequency <= FREQUENCY_MHZ[1]:
            return None
        return 1e-6 / frequency

    @property
    def by_time(self) -> bool:
        """Whether traces were triggered by time: TIME FLAG 1, or no distance interval."""
        return self.whole("TIME FLAG") == 1 or not self.number("DISTANCE INTERVAL")

    @property
    def spacing_m(self) -> float | None:
        """Distance between traces in m, None in time mode."""
        interval = self.number("DISTANCE INTERVAL")
        return None if self.by_time or interval is None or interval <= 0.0 else interval

    @property
    def antenna_hz(self) -> float | None:
        """Nominal centre frequency that the ANTENNAS text tells, None where it does not.

        "250 MHz shielded=1" and "500_shielded_egrip" do.
        """
        text = self.pairs.get("ANTENNAS", "").strip()
        stated, leading = _STATED.search(text), _LEADING.match(text)
        if stated:
            freq_hz = float(stated[1]) * (1e9 if stated[2] in "gG" else 1e6)
        elif leading:
            freq_hz = float(leading[1]) * 1e6
        else:
            return None
        return freq_hz if 10e6 <= freq_hz <= 6e9 else None

    @property
    def separation_m(self) -> float | None:
        """Transmitter to receiver in m, None where the header does not tell."""
        separation = self.number("ANTENNA SEPARATION")
        return separation if separation is not None and 0.0 < separation < 50.0 else None


def looks_like_rad(head: bytes) -> bool:
    """Tell whether a file begins as a .rad header does: text with its two needed keys."""
    if b"\0" in head:
        return False
    keys = {line.partition(b":")[0].strip().upper() for line in head.splitlines()}
    return {b"SAMPLES", b"FREQUENCY"} <= keys


def read_rad(path: Path) -> Rad:
    """Read the header; lines that are no pair give a warning."""
    lines, unread = side_lines(path)
    pairs: dict[str, str] = {}
    stray: list[int] = []
    repeated: list[str] = []
    for offset, line in lines:
        key, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            stray.append(offset)
        elif key.upper() in pairs:
            repeated.append(key)
        else:
            pairs[key.upper()] = value
    return Rad(path, pairs, (*unread, *_line_notices(path, stray, repeated)))


def _line_notices(path: Path, stray: list[int], repeated: list[str]) -> Iterator[Notice]:
    if stray:
        text = f"{len(stray)} lines are no KEY:VALUE pair and are not used"
        yield Notice("warning", text, path.name, stray[0])
    if repeated:
        text = f"{repeated[0]} and perhaps others stand there twice; the first is used"
        yield Notice("warning", text, path.name)
