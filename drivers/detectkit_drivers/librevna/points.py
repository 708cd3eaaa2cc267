"""Points of a sweep as the streaming server of LibreVNA-GUI sends them: one JSON object a line.

``{"Z0":50.0,"dBm":-10.0,"frequency":5e8,"measurements":{"S21_imag":0.1,"S21_real":0.2,...},
"pointNum":0}``, the names in any order. Source: the LibreVNA SCPI programming guide and
streaming server.
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple


class Point(NamedTuple):
    """One frequency of a sweep."""

    number: int
    frequency_hz: float
    value: complex


def read_point(line: bytes, parameter: str) -> Point | None:
    """Return the point of a line, None where it is no such object or holds no finite numbers."""
    try:
        told = json.loads(line)
        measured = told["measurements"]
        frequency_hz = _finite(told["frequency"])
        value = complex(
            _finite(measured[f"{parameter}_real"]), _finite(measured[f"{parameter}_imag"])
        )
        number = told["pointNum"]
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        return None
    return Point(number, frequency_hz, value) if type(number) is int and number >= 0 else None


def write_point(point: Point, parameter: str, *, level_dbm: float) -> bytes:
    """Return the line of a point."""
    told = {
        "Z0": 50.0,
        "dBm": level_dbm,
        "frequency": point.frequency_hz,
        "measurements": {
            f"{parameter}_imag": point.value.imag,
            f"{parameter}_real": point.value.real,
        },
        "pointNum": point.number,
    }
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _finite(value: Any) -> float:
    if type(value) not in {int, float} or not math.isfinite(value):
        msg = f"not a finite number: {value!r}"
        raise ValueError(msg)
    return float(value)
