"""MAVLink frames in a byte stream: found, checked, decoded. Versions 1 and 2.

Written from mavlink.io/en/guide/serialization.html. pymavlink's dialect decodes the payload; its
connection classes are not used: they keep state per message for ever, count reordered datagrams as
losses of 255, and take messages of unknown type without a checksum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.drivers import WAIT, Item, StreamDecoder, Taken, damaged, good, skip
from detectkit_drivers.mavlink.signing import Guard

START_V1, START_V2 = 0xFE, 0xFD
SIGNED = 0x01
SIGNATURE_BYTES = 13


class MessageStream(StreamDecoder):
    """Base of all who listen to MAVLink: gives each checked message to `understand`.

    Parameters
    ----------
    guard
        Checks signatures; None takes signed and unsigned frames alike, unverified.

    Attributes
    ----------
    unknown
        Frames of a type that the dialect does not hold: no checksum can be checked, so they are
        no messages here.
    unsigned
        Frames whose signature is missing, wrong or old; counted only with a guard.
    """

    longest: ClassVar[int] = 10 + 255 + 2 + SIGNATURE_BYTES

    def __init__(self, guard: Guard | None = None) -> None:
        super().__init__()
        self.guard = guard
        self.unknown = 0
        self.unsigned = 0
        self._dialect = dialect.MAVLink(None)
        self._in_step = True  # the last byte ended a message, so here one should begin

    def understand(self, message: Any) -> tuple[Sequence[Item], bool]:
        """Return what a checked message gives, and whether it is of no use here."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget what is unfinished; a message may begin with the next byte."""
        super().reset()
        self._in_step = True

    def take(self, held: bytes, at: int) -> Taken:
        """Look at ``held[at:]``; see `StreamDecoder`."""
        start = held[at]
        if start not in {START_V1, START_V2}:
            return self._lost_step(_next_start(held, at) - at)
        head = 10 if start == START_V2 else 6
        if len(held) - at < head:
            return WAIT
        is_signed = start == START_V2 and bool(held[at + 2] & SIGNED)
        if start == START_V2 and held[at + 2] & ~SIGNED:
            return self._lost_step()
        if _identity(held, at) not in dialect.mavlink_map:
            self.unknown += self._in_step
            return self._lost_step()
        size = head + held[at + 1] + 2 + SIGNATURE_BYTES * is_signed
        if len(held) - at < size:
            return WAIT
        return self._checked(bytearray(held[at : at + size]))

    def _checked(self, frame: bytearray) -> Taken:
        try:
            message = self._dialect.decode(frame)
        except dialect.MAVError:
            return self._damaged()
        self._in_step = True
        if self.guard is not None and not self.guard.accepts(bytes(frame)):
            self.unsigned += 1
            return damaged(len(frame))
        items, is_ignored = self.understand(message)
        return good(len(frame), *items, ignored=is_ignored)

    def _damaged(self) -> Taken:
        """Count a damaged message only where one had to begin; elsewhere it was a stray byte."""
        if not self._in_step:
            return skip()
        self._in_step = False
        return damaged()

    def _lost_step(self, used: int = 1) -> Taken:
        self._in_step = False
        return skip(used)


class Ear(MessageStream):
    """Gives the messages themselves."""

    def __init__(self, guard: Guard | None = None) -> None:
        super().__init__(guard)
        self._heard: list[Any] = []

    def understand(self, message: Any) -> tuple[Sequence[Item], bool]:
        """Keep the message."""
        self._heard.append(message)
        return (), False

    def hear(self, data: bytes) -> list[Any]:
        """Take the next bytes; return the messages that they complete, as pymavlink's objects."""
        self.feed(data)
        heard, self._heard = self._heard, []
        return heard


def _next_start(held: bytes, at: int) -> int:
    """Return where the next byte lies that may begin a frame, the end where there is none."""
    places = [place for one in (START_V1, START_V2) if (place := held.find(one, at)) >= 0]
    return min(places, default=len(held))


def _identity(held: bytes, at: int) -> int:
    """Return the number of the message's type."""
    if held[at] == START_V1:
        return held[at + 5]
    return int.from_bytes(held[at + 7 : at + 10], "little")


def message_name(ident: int) -> str:
    """Return the name of a message type, its number where the dialect does not hold it."""
    known = dialect.mavlink_map.get(ident)
    return f"message {ident}" if known is None else str(known.msgname)
