"""The contract of a decoder: bytes in, frames out; pure, resynchronising, counting.

How to write one
----------------
Inherit `StreamDecoder`, say how long the longest message is, and fill in `take`, which looks at
the held bytes from `at` on and answers one of::

    good(used, items)     a message of `used` bytes that checks out
    damaged(used)         it began like a message, but its checksum or a field is wrong
    skip(used)            these bytes are no message; usually 1, or up to the next start byte
    WAIT                  cannot tell before more bytes come

The base holds what is unfinished, never more than `longest` bytes of one message, and counts.
Laws, checked by `detectkit.testing.DriverSuite`: no input raises; cutting the bytes anywhere
changes no frame; a damaged message is never given out where the protocol has a checksum; after
damage the next good message but one is found; every byte is counted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar, Literal, Protocol

from detectkit.drivers.frame import Frame, Item


@dataclass(slots=True)
class Tally:
    """What a decoder saw pass. Every byte is in `good_bytes`, in `dropped_bytes` or still held.

    Attributes
    ----------
    good_bytes, dropped_bytes
        Bytes of messages that were understood, and of all else.
    messages
        Messages understood, those without rows too.
    rows
        Rows given out, over all streams.
    damaged
        Messages recognised as such and refused.
    ignored
        Messages understood and of no use here (other types, foreign senders).
    """

    good_bytes: int = 0
    dropped_bytes: int = 0
    messages: int = 0
    rows: int = 0
    damaged: int = 0
    ignored: int = 0

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


class Decoder(Protocol):
    """Turns the bytes of one instrument into frames, the same live and in replay."""

    tally: Tally

    def feed(self, data: bytes) -> list[Item]:
        """Take the next bytes; return the frames and notes that they complete. Never raises."""
        ...

    def sent(self, data: bytes) -> None:
        """Take bytes that we sent to the instrument, for protocols whose answers need them."""
        ...

    def reset(self) -> None:
        """Forget what is unfinished: the link was opened anew. Held bytes count as dropped."""
        ...


Verdict = Literal["good", "damaged", "skip", "wait"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What `StreamDecoder.take` found: how many bytes it used, and what they were."""

    verdict: Verdict
    used: int = 0
    items: Sequence[Item] = ()
    ignored: bool = False


WAIT = Taken("wait")


def good(used: int, *items: Item, ignored: bool = False) -> Taken:
    """Return that `used` bytes are a message."""
    return Taken("good", used, items, ignored)


def damaged(used: int = 1) -> Taken:
    """Return that a message began here and is damaged; the search goes on `used` bytes later."""
    return Taken("damaged", used)


def skip(used: int = 1) -> Taken:
    """Return that `used` bytes are no message."""
    return Taken("skip", used)


class StreamDecoder:
    """Base of decoders: holds the unfinished, resynchronises, counts. Fill in `take`."""

    longest: ClassVar[int] = 65536
    """No message is longer in bytes; one that claims to be is skipped."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._held = b""

    def take(self, held: bytes, at: int) -> Taken:
        """Look at ``held[at:]``, which is never empty, and tell what it begins with."""
        raise NotImplementedError

    def feed(self, data: bytes) -> list[Item]:
        """Take the next bytes; return the frames and notes that they complete."""
        held = self._held + data if self._held else bytes(data)
        items: list[Item] = []
        at = 0
        while at < len(held):
            taken = self.take(held, at)
            if taken.verdict == "wait":
                if len(held) - at <= self.longest:
                    break
                taken = skip(1)
            used = min(max(taken.used, 1), len(held) - at)
            self._count(taken, used)
            items += taken.items
            at += used
        self._held = held[at:]
        return items

    def sent(self, data: bytes) -> None:
        """Take bytes that we sent; most protocols need nothing of it."""

    def reset(self) -> None:
        """Drop what is unfinished; override to forget the state of a conversation too."""
        self.tally.dropped_bytes += len(self._held)
        self._held = b""

    @property
    def held_bytes(self) -> int:
        """Bytes of the unfinished message."""
        return len(self._held)

    def _count(self, taken: Taken, used: int) -> None:
        if taken.verdict == "good":
            self.tally.good_bytes += used
            self.tally.messages += 1
            self.tally.ignored += taken.ignored
            self.tally.rows += sum(len(one) for one in taken.items if isinstance(one, Frame))
        else:
            self.tally.dropped_bytes += used
            self.tally.damaged += taken.verdict == "damaged"
