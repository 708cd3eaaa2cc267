r"""Decoder of the DUALEM's NMEA-like sentences.

Source: public programs that read the instrument (no manual is public). ``$PDLM1,<time>,<HCP
conductivity>,<HCP in-phase>,<PRP conductivity>,<PRP in-phase>*hh``: the character after ``PDLM``
is the array's length in m, ``H`` for half a metre; ``$PDLMA,<V>,<°C>,<pitch>,<roll>*hh`` answers
``%``. That ``hh`` is NMEA's exclusive-or is assumed.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import xor
from typing import ClassVar, Literal

import numpy as np

from detectkit.core import Sensor, SensorKind
from detectkit.drivers import WAIT, Frame, Layout, StreamDecoder, Taken, damaged, good, skip

LONGEST_SENTENCE = 128
DAY_NS = 86_400_000_000_000
ARRAY_COLUMNS = (
    "hcp_conductivity_ms_per_m",
    "hcp_inphase_ppt",
    "prp_conductivity_ms_per_m",
    "prp_inphase_ppt",
)
STATUS_COLUMNS = ("voltage_v", "temperature_degc", "pitch_deg", "roll_deg")

_SENTENCE = re.compile(rb"\$([!-)+-~ ]*)\*([0-9A-Fa-f]{2})\r?")
_ARRAY = re.compile(rb"PDLM([1-9H]),([^,]*),(.*)")
_STATUS = re.compile(rb"PDLMA,(.*)")
_NUMBER = re.compile(rb"\s*([+-]?\d{1,8}(?:\.\d{0,8})?)?\s*")
_TIME = re.compile(rb"([01]\d|2[0-3])([0-5]\d)([0-5]\d)\.(\d{1,9})")


def exclusive_or(body: bytes) -> int:
    """Return the exclusive-or of the bytes between ``$`` and ``*``."""
    return reduce(xor, body, 0)


class DualemDecoder(StreamDecoder):
    """One stream per array and one of the status.

    Parameters
    ----------
    checksum
        ``"xor"`` refuses a sentence whose checksum is not NMEA's; ``"ignored"`` takes all.
    """

    longest: ClassVar[int] = LONGEST_SENTENCE

    def __init__(self, *, checksum: Literal["xor", "ignored"] = "xor") -> None:
        super().__init__()
        self._checksum = checksum
        self._layouts: dict[tuple[str, str], Layout] = {}
        self._days: dict[str, tuple[int, int]] = {}

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one sentence."""
        if held[at] != ord("$"):
            found = held.find(b"$", at)
            return skip((found if found >= 0 else len(held)) - at)
        end = held.find(b"\n", at, at + LONGEST_SENTENCE)
        again = held.find(b"$", at + 1, at + LONGEST_SENTENCE if end < 0 else end)
        if again > 0:
            return damaged(again - at)
        if end < 0:
            return WAIT
        used = end + 1 - at
        found_sentence = _SENTENCE.fullmatch(held, at, end)
        if found_sentence is None:
            return damaged(used)
        body, told = found_sentence.groups()
        if self._checksum == "xor" and int(told, 16) != exclusive_or(body):
            return damaged(used)
        return self._read(body, used)

    def _read(self, body: bytes, used: int) -> Taken:
        array, status = _ARRAY.fullmatch(body), _STATUS.fullmatch(body)
        if array is None and status is None:
            return good(used, ignored=True)
        values = _values(array[3] if array else status[1] if status else b"")
        if values is None:
            return damaged(used)
        if array is None:
            return good(used, Frame(self._layout("status", ""), values))
        stream = f"array_{array[1].decode()}"
        stamp = self._stamp(stream, array[2])
        if stamp is None:
            return good(used, Frame(self._layout(stream, ""), values))
        layout = self._layout(stream, "time of day")
        return good(used, Frame(layout, values, device_ns=np.array([stamp], np.int64)))

    def _stamp(self, stream: str, text: bytes) -> int | None:
        """Return the time of day in ns, days added at midnight; None for another form."""
        found = _TIME.fullmatch(text.strip())
        if found is None:
            return None
        hours, minutes, seconds = (int(one) for one in found.groups()[:3])
        whole = (hours * 3600 + minutes * 60 + seconds) * 1_000_000_000
        now = whole + int(found[4].ljust(9, b"0"))
        last, days = self._days.get(stream, (now, 0))
        days += now < last - DAY_NS // 2
        self._days[stream] = (now, days)
        return now + days * DAY_NS

    def _layout(self, stream: str, clock: str) -> Layout:
        key = (stream, clock)
        if key not in self._layouts:
            is_status = stream == "status"
            kind: SensorKind = "unknown" if is_status else "metal_detector"
            self._layouts[key] = Layout(
                stream,
                Sensor(id="dualem", kind=kind, instrument="DUALEM", unit="1"),
                columns=STATUS_COLUMNS if is_status else ARRAY_COLUMNS,
                quantity="state" if is_status else "response",
                device_clock=clock,
                irregular=not clock,
            )
        return self._layouts[key]


def _values(text: bytes) -> np.ndarray[tuple[int, int], np.dtype[np.float64]] | None:
    """Return the four numbers as one row, NaN for an empty field; None where it is not four."""
    found = [_NUMBER.fullmatch(one) for one in text.split(b",")]
    if len(found) != len(ARRAY_COLUMNS):
        return None
    numbers = [float(one[1] or "nan") for one in found if one is not None]
    return np.array([numbers]) if len(numbers) == len(ARRAY_COLUMNS) else None
