"""Decoder of the Noggin's serial line: ``T01``, big-endian int16 samples, three more bytes.

Each trace answers a request, so that text (the answers to other commands) stands between traces
only. What the last three bytes mean is not known; they are not looked at. There is no checksum.
"""

from __future__ import annotations

import re

import numpy as np

from detectkit.drivers import WAIT, Frame, Layout, Note, StreamDecoder, Taken, damaged, good, skip

MARKER = b"T01"
REQUEST = b"T\r"
TRAILER_BYTES = 3
AROUND = len(MARKER) + TRAILER_BYTES
LONGEST_TRACE = 5001
LONGEST_LINE = 240
RUN = 128
"""Traces looked at in one go: they fit the processor's cache."""
LINE = re.compile(rb"[\t\x20-\x7e]{0,240}")
ENDS = b"\r\n"


class NogginDecoder(StreamDecoder):
    """Turns the bytes of a Noggin into traces; lines of text become notes.

    Parameters
    ----------
    layout
        What the traces mean.
    """

    longest = 2 * LONGEST_TRACE + AROUND

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout
        self._size = 2 * layout.samples + AROUND
        self._lost = False

    def reset(self) -> None:
        """Forget the unfinished trace."""
        super().reset()
        self._lost = False

    def sent(self, data: bytes) -> None:
        """Drop an unfinished trace when another is asked for: bytes of it were lost."""
        if REQUEST in data and self._held.startswith(MARKER):
            self.tally.damaged += 1
            self.reset()

    def take(self, held: bytes, at: int) -> Taken:
        """Tell what begins at `at`; traces that follow each other are taken at once."""
        if self._lost:
            found = held.find(MARKER, at)
            useless = (len(held) - len(MARKER) + 1 if found < 0 else found) - at
            if useless > 0:
                return skip(useless)
        if held.startswith(MARKER, at):
            return self._traces(held, at)
        if self._lost or MARKER.startswith(held[at : at + len(MARKER)]):
            return WAIT
        return self._text(held, at)

    def _traces(self, held: bytes, at: int) -> Taken:
        count = min((len(held) - at) // self._size, RUN)
        if count == 0:
            return WAIT
        block = np.frombuffer(held, np.uint8, count * self._size, at).reshape(count, self._size)
        marked = (block[:, : len(MARKER)] == np.frombuffer(MARKER, np.uint8)).all(axis=1)
        count = count if marked.all() else int(marked.argmin())
        self._lost = False
        self.tally.messages += count - 1
        samples = np.ascontiguousarray(block[:count, len(MARKER) : -TRAILER_BYTES])
        values = samples.view(">i2").astype(np.int16)
        return good(count * self._size, Frame(self._layout, values))

    def _text(self, held: bytes, at: int) -> Taken:
        """Take a line of an answer; what follows a trace and is no text means lost bytes."""
        if held[at] in ENDS:
            return good(1, ignored=True)
        end = LINE.match(held, at).end()  # type: ignore[union-attr]
        marker = held.find(MARKER, at, end)
        if marker >= 0:  # a prompt without an end, then the answer to the next request
            return good(marker - at, ignored=True)
        if end == len(held):
            return WAIT
        if held[end] not in ENDS:
            self._lost = True
            return damaged(1)
        text = held[at:end].decode("ascii").strip("\t >")
        return good(end + 1 - at, Note(text)) if text else good(end + 1 - at, ignored=True)
