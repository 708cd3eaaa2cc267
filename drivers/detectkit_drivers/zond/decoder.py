"""Decoder of the legacy Zond stream: a greeting, the model, then traces without marks between.

``W`` is answered by ``00 7F 00 7F`` and the model's name. After the settings, models that are not
"lite" send ``00 7F 00 7F`` and one more byte, once; then traces follow each other, with no counter,
mark or checksum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from detectkit.core import Sensor
from detectkit.drivers import (
    WAIT,
    Frame,
    Item,
    Layout,
    Note,
    StreamDecoder,
    Taken,
    damaged,
    good,
    skip,
)
from detectkit_drivers.zond.alignment import AHEAD, Alignment
from detectkit_drivers.zond.shape import ByteOrder, LayoutName, Shape, detect, detection_bytes

MARKER = b"\x00\x7f\x00\x7f"
SHORTEST_MODEL = 4
LONGEST_MODEL = 32
LITE_BYTES = 7
MODEL = re.compile(rb"[A-Za-z][\w .\-]{3,31}")
LITE = re.compile(rb"(?:TR500|ZLITE)_\d")
LONGEST_NOISE = 256
"""The greeting is looked for in so many bytes; without it, traces begin at the first byte."""


class ZondDecoder(StreamDecoder):
    """Turns the bytes of a legacy Zond or Cobra into traces.

    Parameters
    ----------
    samples
        The n of the settings.
    window_s
        Time window of n samples in s.
    layouts, orders
        What the traces may look like, the most likely first; one each where it is known.
    antenna_hz
        Centre frequency of the antenna in Hz.
    rate_hz
        Nominal traces a second.
    """

    def __init__(
        self,
        *,
        samples: int,
        window_s: float,
        layouts: tuple[LayoutName, ...],
        orders: tuple[ByteOrder, ...],
        antenna_hz: float | None,
        rate_hz: float,
    ) -> None:
        super().__init__()
        self._samples = samples
        self._window_s = window_s
        self._layouts = layouts
        self._orders = orders
        self._rate_hz = rate_hz
        self._sensor = Sensor(
            id="zond",
            instrument="Radar Systems Zond (legacy)",
            antenna_hz=antenna_hz,
            full_scale=(-32768.0, 32767.0),
        )
        self._known: dict[int, Layout] = {}
        self._begin()

    def _begin(self) -> None:
        self._is_streaming = False
        self._has_rows = False
        self._likely = self._layouts
        self._notes: list[Item] = []
        self._alignment: Alignment | None = None

    def reset(self) -> None:
        """Forget the conversation: a new connection begins with a greeting."""
        super().reset()
        self._begin()

    def take(self, held: bytes, at: int) -> Taken:
        """Tell what begins at `at`; traces are taken in runs."""
        return self._stream(held, at) if self._is_streaming else self._greeting(held, at)

    def _greeting(self, held: bytes, at: int) -> Taken:
        limit = at + LONGEST_NOISE + len(MARKER)
        found = held.find(MARKER, at, limit)
        if found > at:
            return skip(found - at)
        if found == at:
            return self._marked(held, at)
        if len(held) < limit:
            return WAIT
        self._is_streaming = True
        words = "no greeting of the Zond: the first byte is taken for the beginning of a trace"
        self._notes.append(Note(words, "warning"))
        return self._stream(held, at)

    def _marked(self, held: bytes, at: int) -> Taken:
        """Tell a model's name after a mark from the mark before the traces."""
        start = at + len(MARKER)
        known = len(held) - start
        model = MODEL.match(held, start)
        if known < SHORTEST_MODEL:
            return WAIT
        if model is None:
            self._is_streaming = True
            self._likely = _first("zond", self._likely)
            return good(len(MARKER) + 1, ignored=True)
        end, lite = model.end(), LITE.match(held, start)
        if known < LITE_BYTES + 2 or (lite is None and end == len(held) < start + LONGEST_MODEL):
            return WAIT
        if lite is not None:
            end = lite.end()
            self._is_streaming = True
            self._likely = _first("lite", self._likely)
        text = held[start:end].decode("ascii")
        line_end = 2 * held.startswith(b"\r\n", end)
        return good(end + line_end - at, Note(f"Zond model {text}"))

    def _stream(self, held: bytes, at: int) -> Taken:
        if not self._has_rows and held.startswith(MARKER, at):
            self._is_streaming = False  # it greets once more
            return self._marked(held, at)
        if self._alignment is None:
            wanted = detection_bytes(self._samples) if self._is_open() else 1
            if len(held) - at < wanted:
                return WAIT
            self._alignment = Alignment(self._settled(held[at : at + wanted]))
        return self._traces(held, at, self._alignment)

    def _traces(self, held: bytes, at: int, alignment: Alignment) -> Taken:
        shape = alignment.shape
        size = shape.record_bytes
        count = min((len(held) - at) // size, alignment.left)
        if count == 0:
            return WAIT
        values = shape.rows(held[at : at + count * size])[:, : shape.signal].copy()
        alike = alignment.alike(values)
        if alike == 0:
            if len(held) - at < AHEAD * size:
                return WAIT
            dropped = alignment.shift(held[at : at + AHEAD * size])
            if dropped:
                return self._realigned(dropped)
            alike = 1  # the ground changed, or the trace is disturbed: it is given out as it is
        alignment.learn(values[:alike])
        self._has_rows = True
        self.tally.messages += alike - 1
        frame = Frame(self._layout(shape), values[:alike])
        return good(alike * size, *self._noted(), frame)

    def _realigned(self, dropped: int) -> Taken:
        words = f"bytes of the Zond's stream were lost; traces begin anew {dropped} bytes later"
        self._notes.append(Note(words, "warning"))
        return damaged(dropped)

    def _noted(self) -> Sequence[Item]:
        notes, self._notes = self._notes, []
        return notes

    def _is_open(self) -> bool:
        return len(self._layouts) > 1 or len(self._orders) > 1

    def _settled(self, data: bytes) -> Shape:
        if not self._is_open():
            return Shape(self._layouts[0], self._orders[0], self._samples)
        shape, note = detect(data, self._samples, layouts=self._likely, orders=self._orders)
        self._notes.append(note)
        return shape

    def _layout(self, shape: Shape) -> Layout:
        """Return one and the same layout for traces of the same length."""
        if shape.signal not in self._known:
            self._known[shape.signal] = Layout(
                stream="traces",
                sensor=self._sensor,
                samples=shape.signal,
                sample_interval_s=self._window_s / self._samples,
                rate_hz=self._rate_hz,
            )
        return self._known[shape.signal]


def _first(name: LayoutName, layouts: tuple[LayoutName, ...]) -> tuple[LayoutName, ...]:
    """Return the layouts with the likelier one first, where it is among them."""
    return tuple(sorted(layouts, key=lambda one: one != name))
