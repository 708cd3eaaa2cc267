"""Decoder of NMEA 0183: sentences of one epoch joined into one position row.

Framing and checksum are ours, so that nothing raises and every byte is counted; pynmeagps reads
the fields of the four sentences that matter: GGA (position), GST (errors), RMC and ZDA (date).
"""

from __future__ import annotations

import re
from functools import reduce
from operator import xor
from typing import Any, ClassVar

from pynmeagps import NMEAReader
from pynmeagps.exceptions import (
    NMEAMessageError,
    NMEAParseError,
    NMEAStreamError,
    NMEATypeError,
)

from detectkit.drivers import (
    WAIT,
    Item,
    StreamDecoder,
    Taken,
    damaged,
    good,
    skip,
)
from detectkit_drivers.nmea.epoch import EpochJoin

LONGEST_SENTENCE = 256
"""The standard says 82; receivers with many decimals send more."""
JOINED = frozenset({"GGA", "GST", "RMC", "ZDA"})

_SENTENCE = re.compile(rb"\$([A-Z0-9]{2}[A-Z]{3}|P[A-Z0-9]{1,10})(,[ -~]*)?\*([0-9A-Fa-f]{2})\r?")
_ERRORS = (
    NMEAMessageError,
    NMEAParseError,
    NMEAStreamError,
    NMEATypeError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
)


class NmeaDecoder(StreamDecoder):
    """Position rows; see `EpochJoin` for how sentences become one.

    Parameters
    ----------
    separation_m
        Geoid's height over the ellipsoid where the receiver does not tell it; None: then the
        height is NaN.
    rate_hz
        Nominal positions a second.
    """

    longest: ClassVar[int] = LONGEST_SENTENCE

    def __init__(self, *, separation_m: float | None = None, rate_hz: float | None = None) -> None:
        super().__init__()
        self._join = EpochJoin(separation_m=separation_m, rate_hz=rate_hz)

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one sentence."""
        if held[at] != ord("$"):
            found = held.find(b"$", at)
            return skip((found if found >= 0 else len(held)) - at)
        stop = at + LONGEST_SENTENCE
        end = held.find(b"\n", at, stop)
        again = held.find(b"$", at + 1, stop if end < 0 else end)
        if again > 0:
            return damaged(again - at)  # its end was lost
        if end < 0:
            return WAIT
        used = end + 1 - at
        sentence = _SENTENCE.fullmatch(held, at, end)
        if sentence is None or int(sentence[3], 16) != _exclusive_or(held, at, end):
            return damaged(used)
        name = sentence[1][-3:].decode()
        if name not in JOINED or sentence[1].startswith(b"P"):
            return good(used, ignored=True)
        items = self._read(name, held[at : end + 1])
        return damaged(used) if items is None else good(used, *items)

    def reset(self) -> None:
        """Drop what is unfinished, an epoch too."""
        super().reset()
        self._join.reset()

    def _read(self, name: str, sentence: bytes) -> list[Item] | None:
        try:
            fields: Any = NMEAReader.parse(sentence)
        except _ERRORS:  # a field that the library cannot read, under a right checksum
            return None
        return self._join.push(name, fields)


def _exclusive_or(held: bytes, at: int, end: int) -> int:
    """Return the exclusive-or of what lies between ``$`` and ``*``."""
    return reduce(xor, held[at + 1 : held.rindex(b"*", at, end)], 0)
