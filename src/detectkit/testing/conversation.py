"""A host in a few lines: one instrument, opened, spoken to and decoded, as a mission does it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from detectkit.drivers import Decoder, Instrument, Item, Link, LinkError, Session, Transport
from detectkit.drivers.wires import Reconnect


class Conversation:
    """Opens an instrument and keeps all that its decoder gives out.

    Parameters
    ----------
    instrument
        With its settings.
    address
        Where it is found.

    Attributes
    ----------
    items
        What the decoder gave out since the last `forget`.
    heard_bytes
        Bytes that were read.
    """

    def __init__(self, instrument: Instrument, address: str) -> None:
        self.decoder: Decoder = instrument.decoder()
        self.items: list[Item] = []
        self.heard_bytes = 0
        self._instrument = instrument
        self._transport: Transport = instrument.connect(address)
        self._link: Link | None = None
        self._session: Session | None = None

    def open(self, *, within_s: float = 20.0) -> None:
        """Open the wire, prepare and start; again with pauses while the link breaks."""
        until = time.monotonic() + within_s
        for pause_s in Reconnect(longest_s=1.0).delays():
            try:
                self._begin()
                return
            except LinkError:
                self.close()
                if time.monotonic() > until:
                    raise
                time.sleep(pause_s)

    def read(self, timeout_s: float = 0.05) -> bytes:
        """Read once, let the session answer, do what is due."""
        link, session = self._opened()
        data = link.read(timeout_s)
        if data:
            session.received(link, data)
        session.poll(link, time.monotonic_ns())
        return data

    def read_until(self, enough: Callable[[], bool], *, within_s: float = 30.0) -> None:
        """Read until `enough` is true; fail when it is not in time."""
        until = time.monotonic() + within_s
        while not enough():
            assert time.monotonic() < until, (
                f"waited {within_s:g} s in vain; {self.heard_bytes} bytes came, "
                f"tally {self.decoder.tally.to_dict()}"
            )
            self.read()

    def read_until_broken(self, *, silence_s: float, within_s: float = 30.0) -> None:
        """Read until the link breaks, or nothing comes for `silence_s`, as a mission does."""
        until = time.monotonic() + within_s
        last = time.monotonic()
        with contextlib.suppress(LinkError):
            while time.monotonic() - last < silence_s:
                assert time.monotonic() < until, "the instrument is unplugged and still talks"
                if self.read():
                    last = time.monotonic()

    def stop(self) -> None:
        """Stop the stream."""
        link, session = self._opened()
        session.stop(link)

    def forget(self) -> None:
        """Forget what was given out so far."""
        self.items = []

    def close(self) -> None:
        """Close the wire; the decoder forgets what is unfinished."""
        self._transport.close()
        self._link = self._session = None
        self.decoder.reset()

    def _begin(self) -> None:
        self._transport.open()
        session = self._instrument.session()
        link = Link(self._transport, on_read=self._decode, on_sent=self.decoder.sent)
        session.prepare(link)
        session.start(link)
        self._link, self._session = link, session

    def _decode(self, data: bytes) -> None:
        self.heard_bytes += len(data)
        self.items += self.decoder.feed(data)

    def _opened(self) -> tuple[Link, Session]:
        if self._link is None or self._session is None:
            msg = "the conversation is not open"
            raise LinkError(msg)
        return self._link, self._session
