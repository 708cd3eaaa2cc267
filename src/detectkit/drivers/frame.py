"""Frame: rows that one message of an instrument carried, and the layout they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from detectkit.core import Sensor, ShapeError

Severity = Literal["note", "warning", "alarm"]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the rows of one stream mean; a decoder gives a new one when a setting changes.

    Parameters
    ----------
    stream
        Name of the stream within its instrument. The main one is ``"traces"`` of a radar,
        ``"response"`` of a metal detector, ``"field"`` of a magnetometer; others as they are:
        ``"attitude"``.
    sensor
        What measures them. A mission replaces its ``id`` by the instrument's name there.
    columns
        Names of the columns of a channel stream, with the unit in the name; empty for radar
        traces, whose columns are samples.
    samples
        Number of samples of a radar trace; 0 for a channel stream.
    sample_interval_s, first_twt_s
        The fast-time axis of radar traces.
    quantity
        Vocabulary name of the values.
    counter_modulus
        The counter of the rows counts modulo this; None: the instrument counts nothing.
    device_clock
        Name of the instrument's clock that stamps the rows (``"boot"``); streams that name the
        same clock share its model. Empty: the rows carry no stamp.
    rate_hz
        Nominal number of rows a second, None where it is not known.
    irregular
        True for rows that come when they come (events, replies): their time is their arrival.
    """

    stream: str
    sensor: Sensor = Sensor()
    columns: tuple[str, ...] = ()
    samples: int = 0
    sample_interval_s: float | None = None
    first_twt_s: float = 0.0
    quantity: str = "amplitude"
    counter_modulus: int | None = None
    device_clock: str = ""
    rate_hz: float | None = None
    irregular: bool = False

    @property
    def width(self) -> int:
        """Number of values in a row."""
        return self.samples or len(self.columns)

    def column(self, name: str) -> int:
        """Return the index of a column; ValueError where there is none."""
        return self.columns.index(name)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Consecutive rows of one stream, in the instrument's own number type.

    Parameters
    ----------
    layout
        What they mean. Frames of unchanged settings carry one and the same object.
    values
        Shape (rows, layout.width).
    counter
        The instrument's counter of each row as sent (not unwrapped), int64; None: none.
    device_ns
        Time of each row on the instrument's clock in ns, int64, unwrapped by the decoder where
        its counter is short; None: no stamp.
    coords
        Further values per row by vocabulary name: ``stacks``, ``clipped_samples``.
    """

    layout: Layout
    values: npt.NDArray[Any]
    counter: Integers | None = None
    device_ns: Integers | None = None
    coords: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != self.layout.width:
            msg = (
                f"stream {self.layout.stream!r} has rows of {self.layout.width} values; "
                f"got an array of shape {self.values.shape}"
            )
            raise ShapeError(msg)

    def __len__(self) -> int:
        return int(self.values.shape[0])


@dataclass(frozen=True, slots=True)
class Note:
    """Words of an instrument: an answer to a command, a status text, an error it reports."""

    text: str
    severity: Severity = "note"


Item = Frame | Note
