r"""Decoder of the zGPR stream: lines of text, and traces announced by a line with their length.

A trace is ``$trace +<bytes> <part>_<parts> <samples>_<stacking> ...\r\n`` and then that many bytes
of little-endian int16. ``$`` may stand inside the samples, so that lengths lead and nothing is
searched for, except after damage.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from detectkit.core import Sensor
from detectkit.drivers import WAIT, Frame, Layout, Note, StreamDecoder, Taken, damaged, good, skip

MARKER = b"$trace +"
LONGEST_LINE = 160
NO_LINE = -1
LONGEST_TRACE = 65534
HEADER = re.compile(
    rb"\$trace \+(\d{1,5}) (\d{1,4})_(\d{1,4}) (\d{1,5})_(\d{1,6})(?: [\t\x20-\x7e]*)?\r\n"
)
PRINTABLE = re.compile(rb"[\t\x20-\x7e]*")
KNOWN_START = re.compile(rb"\$(?:trace \+|iam |antenna )")
LONGEST_START = len(b"$antenna ")


class ZgprDecoder(StreamDecoder):
    """Turns the bytes of a zGPR into traces; replies become notes.

    Parameters
    ----------
    samples
        Number of samples asked for; another number on the wire is followed, with a warning.
    window_s
        Time window of a trace in s, which the wire does not tell.
    antenna_hz
        Centre frequency of the antenna in Hz, which the wire does not tell.
    rate_hz
        Nominal traces a second.
    """

    longest = LONGEST_TRACE + LONGEST_LINE

    def __init__(
        self, *, samples: int, window_s: float, antenna_hz: float | None, rate_hz: float
    ) -> None:
        super().__init__()
        self._asked = samples
        self._window_s = window_s
        self._rate_hz = rate_hz
        self._sensor = Sensor(
            id="zgpr",
            instrument="Radar Systems zGPR",
            antenna_hz=antenna_hz,
            full_scale=(-32768.0, 32767.0),
        )
        self._layout: Layout | None = None
        self._parts: list[bytes] = []
        self._lost = False

    def reset(self) -> None:
        """Forget the unfinished trace: a new connection begins with whole lines."""
        super().reset()
        self._parts = []
        self._lost = False

    def take(self, held: bytes, at: int) -> Taken:
        """Tell which message begins at `at`; a run of equal traces is taken at once."""
        searched = self._search(held, at) if self._lost else None
        if searched is not None:
            return searched
        stop = _line_stop(held, at)
        if stop is None:
            return WAIT
        if stop == NO_LINE:
            return self._damage()
        if held.startswith(MARKER, at):
            return self._announced(held, at, stop)
        return self._text(held, at, stop)

    def _search(self, held: bytes, at: int) -> Taken | None:
        """Look for the next start of a known message; None where one begins at `at`."""
        found = KNOWN_START.search(held, at)
        if found is None:
            useless = len(held) - at - (LONGEST_START - 1)
            return skip(useless) if useless > 0 else WAIT
        return skip(found.start() - at) if found.start() > at else None

    def _damage(self) -> Taken:
        """Search from the next byte; damage is counted once until something good is found."""
        verdict = skip(1) if self._lost else damaged(1)
        self._lost = True
        return verdict

    def _text(self, held: bytes, at: int, stop: int) -> Taken:
        line = held[at:stop]
        if MARKER in line:  # the tail of a shortened trace, then the next announcement
            return damaged(line.index(MARKER))
        self._lost = False
        text = line.strip().decode("ascii")
        return good(stop - at, Note(text)) if text else good(stop - at, ignored=True)

    def _announced(self, held: bytes, at: int, stop: int) -> Taken:
        header = HEADER.fullmatch(held, at, stop)
        if header is None:
            return self._damage()
        size, part, parts, samples, stacking = map(int, header.groups())
        is_whole = size == 2 * samples
        is_part = parts > 1 and 0 < size < 2 * samples
        if not (1 <= part <= parts and (is_whole or is_part)) or samples == 0:
            return self._damage()
        if len(held) - stop < size:
            return WAIT
        inside = held.find(MARKER, stop, stop + size)
        if inside >= 0:  # bytes were lost: the next announcement lies within this trace
            self._lost = False
            return damaged(inside - at)
        self._lost = False
        if is_part:
            return self._piece(held[stop : stop + size], stop - at + size, header)
        head = np.frombuffer(held, np.uint8, stop - at, at)
        return self._run(held, at, head, (samples, stacking))

    def _run(
        self, held: bytes, at: int, head: npt.NDArray[np.uint8], announced: tuple[int, int]
    ) -> Taken:
        """Take as many traces with this very announcement as follow each other."""
        samples, stacking = announced
        size = head.size + 2 * samples
        count = (len(held) - at) // size
        block = np.frombuffer(held, np.uint8, count * size, at).reshape(count, size)
        alike = (block[:, : head.size] == head).all(axis=1)
        count = count if alike.all() else int(alike.argmin())
        if held.count(MARKER, at, at + count * size) != count:
            count = 1  # one of them is damaged: let each be looked at by itself
        self._parts = []
        self.tally.messages += count - 1
        return good(count * size, *self._frame(block[:count, head.size :], samples, stacking))

    def _piece(self, payload: bytes, used: int, header: re.Match[bytes]) -> Taken:
        """Put together a trace that comes in several messages."""
        _, part, parts, samples, stacking = map(int, header.groups())
        if part == 1:
            self._parts = []
        if part != len(self._parts) + 1:
            self._parts = []
            return damaged(used)
        self._parts.append(payload)
        gathered = sum(map(len, self._parts))
        if part < parts and gathered < 2 * samples:
            return good(used)
        joined, self._parts = b"".join(self._parts), []
        if part != parts or gathered != 2 * samples:
            return damaged(used)
        block = np.frombuffer(joined, np.uint8).reshape(1, -1)
        return good(used, *self._frame(block, samples, stacking))

    def _frame(
        self, block: npt.NDArray[np.uint8], samples: int, stacking: int
    ) -> tuple[Note | Frame, ...]:
        notes: tuple[Note, ...] = ()
        if self._layout is None or self._layout.samples != samples:
            self._layout = self._new_layout(samples)
            if samples != self._asked:
                text = f"the zGPR sends {samples} samples a trace, {self._asked} were asked for"
                notes = (Note(text, "warning"),)
        values = np.ascontiguousarray(block).view("<i2").astype(np.int16, copy=False)
        stacks = np.full(values.shape[0], stacking, np.int32)
        return (*notes, Frame(self._layout, values, coords={"stacks": stacks}))

    def _new_layout(self, samples: int) -> Layout:
        return Layout(
            stream="traces",
            sensor=self._sensor,
            samples=samples,
            sample_interval_s=self._window_s / samples,
            rate_hz=self._rate_hz,
        )


def _line_stop(held: bytes, at: int) -> int | None:
    """Return where the line of text ends, `NO_LINE` where there is none, None: not yet known."""
    end = PRINTABLE.match(held, at, at + LONGEST_LINE).end()  # type: ignore[union-attr]
    if end == len(held):
        return None
    stop = end + 1 + (held[end] == 0x0D)
    if stop > len(held):
        return None
    return stop if held[stop - 1] == 0x0A else NO_LINE
