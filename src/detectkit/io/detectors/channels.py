"""Streams of channels from tables of text: read once on opening, held as numbers.

Text takes five to ten times the room of its numbers, and no line of it can be found without
reading those before; so the numbers are held and the text is not read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Sensor
from detectkit.io.fixes import NO_FIXES, Fixes
from detectkit.io.flight.reader import FlightStream
from detectkit.io.header import StreamHeader
from detectkit.io.records import Columns


@dataclass(frozen=True, slots=True, eq=False)
class ArraySource:
    """Rows held in memory: data (rows, channels) and coordinates (rows,) each."""

    data: npt.NDArray[Any]
    columns: Mapping[str, npt.NDArray[Any]]

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], Columns]:
        """Return rows `start` to `stop`."""
        cut = slice(start, stop)
        return self.data[cut], {name: one[cut] for name, one in self.columns.items()}


@dataclass(frozen=True, slots=True, eq=False)
class ChannelTable:
    """What one sensor of a file gave.

    Parameters
    ----------
    data
        Shape (rows, channels).
    columns
        Coordinates along the rows, by name.
    quantity
        What the data are, a name of the vocabulary.
    fixes
        As recorded, valid or not.
    counter_modulus
        What the coordinate ``trace_counter`` counts modulo; None without a counter.
    """

    data: npt.NDArray[Any]
    columns: Mapping[str, npt.NDArray[Any]]
    quantity: str
    fixes: Fixes = NO_FIXES
    counter_modulus: int | None = None


def channel_stream(
    table: ChannelTable, *, sensor: Sensor, line: str, raw: Mapping[str, Any]
) -> FlightStream:
    """Return the stream of a table; it has no delay axis."""
    rows, channels = table.data.shape
    header = StreamHeader(
        sensor=sensor,
        line=line,
        traces=rows,
        samples=channels,
        sample_interval_s=np.nan,
        first_twt_s=np.nan,
        fixes=table.fixes,
        counter_modulus=table.counter_modulus,
        raw=raw,
    )
    source = ArraySource(table.data, table.columns)
    return FlightStream(header, source, axis="channel", quantity=table.quantity)
