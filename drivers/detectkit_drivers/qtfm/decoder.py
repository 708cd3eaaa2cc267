r"""Decoders of the QuSpin QTFM's lines, first and second generation.

Source: the maker's pages on serial communication. A line begins with ``!`` for data or ``#`` for
words and ends with CR LF; there is no checksum. First generation: ``!<int>``, then
``@<strength>`` and ``^<cycle counter>`` in the slower modes; nT = int / 6009.342147. Second
generation: ``!<nT>``, then any of ``X<nT>`` (or Y, Z), ``@<counter>``, ``><timestamp>``,
``s<scalar sensitivity>``, ``v<vector sensitivity>``. The unit of the timestamp and where the
counters wrap are not told; settings say so.
"""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np

from detectkit.core import Sensor
from detectkit.drivers import (
    WAIT,
    Frame,
    Layout,
    Note,
    StreamDecoder,
    Taken,
    damaged,
    good,
)

COUNTS_PER_NT = 6009.342147
LONGEST_LINE = 160
FIRST_COLUMNS = ("total_nt", "signal_strength")
SECOND_COLUMNS = ("total_nt", "x_nt", "y_nt", "z_nt", "scalar_sensitivity", "vector_sensitivity")

_NUMBER = rb"(-?\d{1,9}(?:\.\d{1,9})?)"
_FIRST = re.compile(rb"!(-?\d{1,12})(?:@(\d{1,10})(?:\^(\d{1,10}))?)?")
_SECOND = re.compile(
    rb"!(?=[-\dXYZ])" + _NUMBER + rb"?(?:([XYZ])" + _NUMBER + rb")?(?:@(\d{1,10}))?"
    rb"(?:>(\d{1,10}))?(?:s" + _NUMBER + rb")?(?:v" + _NUMBER + rb")?"
)
_WORDS = re.compile(rb"[\t\x20-\x7e]*")


class QtfmDecoder(StreamDecoder):
    """Lines of the second generation; `FirstQtfmDecoder` reads the first.

    Parameters
    ----------
    counter_modulus
        Where the counter wraps; 0 where it is not known: then it is not given out.
    timestamp_ns
        Length of one step of the timestamp.
    rate_hz
        Nominal rate.
    """

    longest: ClassVar[int] = LONGEST_LINE
    columns: ClassVar[tuple[str, ...]] = SECOND_COLUMNS

    def __init__(
        self, *, counter_modulus: int, timestamp_ns: int = 1_000_000, rate_hz: float | None = None
    ) -> None:
        super().__init__()
        self._modulus = counter_modulus
        self._timestamp_ns = timestamp_ns
        self._rate_hz = rate_hz
        self._layouts: dict[tuple[int | None, str], Layout] = {}

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one line."""
        end = held.find(b"\n", at, at + LONGEST_LINE)
        if end < 0:
            return WAIT
        used = end + 1 - at
        line = held[at:end].removesuffix(b"\r")
        if line.startswith(b"!"):
            frame = self._read(line)
            if frame is not None:
                return good(used, frame)
            inner = held.find(b"!", at + 1, end)  # a line end was lost: the next may be whole
            return damaged(inner - at if inner > 0 else used)
        if not _WORDS.fullmatch(line):
            return damaged(used)
        if line.startswith(b"#"):
            return good(used, Note(line[1:].strip().decode("ascii")))
        return good(used, ignored=True)

    def _read(self, line: bytes) -> Frame | None:
        found = _SECOND.fullmatch(line)
        if found is None:
            return None
        total, axis, component, counter, stamp, scalar, vector = found.groups()
        values = dict.fromkeys(SECOND_COLUMNS, np.nan)
        values["total_nt"] = _number(total)
        values["scalar_sensitivity"], values["vector_sensitivity"] = (
            _number(scalar),
            _number(vector),
        )
        if axis is not None:
            values[f"{axis.decode().lower()}_nt"] = float(component)
        return self._frame(list(values.values()), counter, stamp)

    def _frame(self, values: list[float], counter: bytes | None, stamp: bytes | None) -> Frame:
        modulus = self._modulus if counter is not None and self._modulus > 0 else None
        return Frame(
            self._layout(modulus, "" if stamp is None else "boot"),
            np.array([values], np.float64),
            counter=None if modulus is None else np.array([int(counter or b"0")], np.int64),
            device_ns=None if stamp is None else np.array([int(stamp) * self._timestamp_ns]),
        )

    def _layout(self, modulus: int | None, clock: str) -> Layout:
        key = (modulus, clock)
        if key not in self._layouts:
            self._layouts[key] = Layout(
                "field",
                Sensor(id="qtfm", kind="magnetometer", instrument="QuSpin QTFM", unit="nT"),
                columns=self.columns,
                quantity="magnetic_field",
                counter_modulus=modulus,
                device_clock=clock,
                rate_hz=self._rate_hz,
            )
        return self._layouts[key]


class FirstQtfmDecoder(QtfmDecoder):
    """Lines of the first generation."""

    columns: ClassVar[tuple[str, ...]] = FIRST_COLUMNS

    def _read(self, line: bytes) -> Frame | None:
        found = _FIRST.fullmatch(line)
        if found is None:
            return None
        counts, strength, counter = found.groups()
        return self._frame([int(counts) / COUNTS_PER_NT, _number(strength)], counter, None)


def _number(text: bytes | None) -> float:
    return np.nan if text is None else float(text)
