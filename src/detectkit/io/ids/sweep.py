"""The sweep header 'H' of an IDS .dt: counts as 32-bit words, axes as columns of text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import hypot, isfinite

from detectkit.io.ids.records import TAG_BYTES, DtHeader

_TEXT_AT = 48 - TAG_BYTES
_COLUMN = 16
_WINDOW_COLUMN = 2
_STEP_COLUMN, _NOMINAL_STEP_COLUMN = 5, 6
_CHANNELS = re.compile(r"N_CHANNEL\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What the header tells of the traces; None where it does not, or not plausibly."""

    traces: int | None
    samples: int | None
    window_s: float | None
    step_m: float | None
    nominal_step_m: float | None


@dataclass(frozen=True, slots=True)
class Antenna:
    """The antenna pair: nominal frequency in Hz and distance in m, None where not told."""

    frequency_hz: float | None
    separation_m: float | None


def sweep_of(header: DtHeader) -> Sweep:
    """Read the record 'H'."""
    body = header.records.get("H", b"")
    columns = _numbers(body[_TEXT_AT:])
    return Sweep(
        traces=_word(body, 8),
        samples=_word(body, 12),
        window_s=_within(columns, _WINDOW_COLUMN, 1e-10, 1e-4),
        step_m=_within(columns, _STEP_COLUMN, 1e-4, 10.0),
        nominal_step_m=_within(columns, _NOMINAL_STEP_COLUMN, 1e-4, 10.0),
    )


def antenna_of(header: DtHeader) -> Antenna:
    """Read the records 'ATX' and 'ARX': x, y, z in m and the nominal frequency in MHz."""
    transmitter, receiver = (_numbers(header.records.get(tag, b"")) for tag in ("ATX", "ARX"))
    frequency_mhz = _within(transmitter, 3, 1.0, 1e5)
    separation = None
    if len(transmitter) >= 2 and len(receiver) >= 2:
        separation = hypot(transmitter[0] - receiver[0], transmitter[1] - receiver[1])
    plausible = separation is not None and 0.0 < separation < 100.0
    return Antenna(
        None if frequency_mhz is None else frequency_mhz * 1e6,
        separation if plausible else None,
    )


def channels_of(header: DtHeader) -> int:
    """Return N_CHANNEL of the record 'S', 1 where it is not told."""
    found = _CHANNELS.search(header.text("S"))
    return max(1, int(found.group(1))) if found is not None and len(found.group(1)) < 4 else 1


def _word(body: bytes, offset: int) -> int | None:
    word = body[offset - TAG_BYTES : offset - TAG_BYTES + 4]
    value = int.from_bytes(word, "little", signed=True)
    return value if len(word) == 4 and value > 0 else None


def _numbers(body: bytes) -> list[float]:
    """Return columns of 16 characters as numbers, up to the first that is none."""
    text = body.replace(b"\0", b" ").decode("latin-1")
    numbers: list[float] = []
    for start in range(0, len(text), _COLUMN):
        try:
            value = float(text[start : start + _COLUMN].split()[0])
        except (ValueError, IndexError):
            break
        if not isfinite(value):
            break
        numbers.append(value)
    return numbers


def _within(numbers: list[float], column: int, least: float, most: float) -> float | None:
    if column >= len(numbers) or not least <= numbers[column] <= most:
        return None
    return numbers[column]
