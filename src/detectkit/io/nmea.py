"""NMEA 0183 sentences of side files as fixes, by pynmeagps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pynmeagps

from detectkit.io.fixes import Fixes


@dataclass(frozen=True, slots=True)
class NmeaTally:
    """The fixes of a side file and what was not one."""

    fixes: Fixes
    damaged: int
    other: int


def fixes_from_nmea(sentences: Iterable[tuple[float, str]]) -> NmeaTally:
    """Read the GGA sentences of (row, sentence) pairs.

    A sentence with a wrong checksum or broken fields is counted as damaged, and so is one
    without checksum or without its position fields: it may be cut. One of another kind
    (RMC, GSA, vendor's own) is counted as other. A GGA of quality 0 is kept, and is not valid.

    Examples
    --------
    >>> line = "$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76"
    >>> fixes_from_nmea([(0.0, line)]).fixes.latitude_deg.round(5)
    array([53.36134])
    """
    rows: list[tuple[float, float, float, float, int]] = []
    damaged = other = 0
    for row, sentence in sentences:
        message = _parsed(sentence.strip())
        if message is None or (message.msgID == "GGA" and not _complete(message)):
            damaged += 1
        elif message.msgID == "GGA":
            rows.append((row, *_gga_fields(message)))
        else:
            other += 1
    return NmeaTally(Fixes.of(rows), damaged, other)


def _parsed(sentence: str) -> pynmeagps.NMEAMessage | None:
    if "*" not in sentence[-3:]:
        return None
    try:
        return pynmeagps.NMEAReader.parse(sentence + "\r\n")
    except (
        pynmeagps.NMEAParseError,
        pynmeagps.NMEAMessageError,
        pynmeagps.NMEATypeError,
        pynmeagps.NMEAStreamError,
    ):
        return None


def _complete(message: pynmeagps.NMEAMessage) -> bool:
    return all(hasattr(message, name) for name in ("lon", "lat", "quality", "alt"))


def _gga_fields(message: pynmeagps.NMEAMessage) -> tuple[float, float, float, int]:
    longitude, latitude = _number(message.lon), _number(message.lat)
    quality = message.quality if isinstance(message.quality, int) else 0
    return longitude, latitude, _number(message.alt), quality


def _number(value: object) -> float:
    """Return a parsed field as a float; an empty field is a str and no number."""
    return float(value) if isinstance(value, int | float) else float("nan")
