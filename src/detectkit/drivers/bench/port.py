"""Port: the instrument's end of a wire, which never makes the bench wait."""

from __future__ import annotations

import selectors
from collections.abc import Mapping, Sequence


class Port:
    """Base of ports.

    Attributes
    ----------
    address
        Where the host finds the instrument.
    lost
        Bytes that nobody took.
    """

    def __init__(self) -> None:
        self.address = ""
        self.lost = 0

    def plug(self) -> None:
        """Put the cable in; harmless when it is in."""
        raise NotImplementedError

    def unplug(self) -> None:
        """Take the cable out; harmless when it is out."""
        raise NotImplementedError

    def close(self) -> None:
        """Unplug for good."""
        self.unplug()

    def reboot(self) -> None:
        """Do what the wire sees when the instrument starts anew."""

    @property
    def takes_rows(self) -> bool:
        """Whether rows can be said; where not, the instrument loses them whole."""
        return True

    def interest(self) -> Mapping[int, int]:
        """Return the descriptors to wait for, and for what (`selectors` events)."""
        raise NotImplementedError

    def receive(self) -> list[bytes]:
        """Return what came from the host."""
        raise NotImplementedError

    def send(self, messages: Sequence[bytes]) -> None:
        """Take messages for the host."""
        raise NotImplementedError

    def flush(self) -> None:
        """Hand over as much as the wire takes."""


class StreamPort(Port):
    """A port for bytes without bounds, over one descriptor at a time."""

    buffer_bytes: int = 1 << 20

    def __init__(self) -> None:
        super().__init__()
        self._pending = bytearray()

    def _descriptor(self) -> int | None:
        """Return the open descriptor, None while nobody is there."""
        raise NotImplementedError

    def _read(self) -> bytes:
        """Read without waiting; b"" at the end. May raise OSError."""
        raise NotImplementedError

    def _write(self, data: memoryview) -> int:
        """Write without waiting. May raise OSError."""
        raise NotImplementedError

    def _hung_up(self) -> None:
        """Note that the host is gone."""
        raise NotImplementedError

    def interest(self) -> Mapping[int, int]:
        """Return the descriptor, to be written as well while bytes are pending."""
        descriptor = self._descriptor()
        if descriptor is None:
            return {}
        return {descriptor: selectors.EVENT_READ | (selectors.EVENT_WRITE if self._pending else 0)}

    def receive(self) -> list[bytes]:
        """Return what came from the host."""
        if self._descriptor() is None:
            return []
        try:
            data = self._read()
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            data = b""
        if not data:
            self._lose()
            self._hung_up()
            return []
        return [data]

    def send(self, messages: Sequence[bytes]) -> None:
        """Take messages for the host; all are lost while nobody is there."""
        for message in messages:
            kept = len(message) if self._descriptor() is not None else 0
            kept = max(min(kept, self._room()), 0)
            self._pending += message[:kept]
            self.lost += len(message) - kept

    def flush(self) -> None:
        """Hand over as much as the wire takes."""
        while self._pending and self._descriptor() is not None:
            try:
                with memoryview(self._pending) as view, view[:65536] as part:
                    sent = self._write(part)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._lose()
                self._hung_up()
                return
            del self._pending[:sent]
            if sent == 0:
                return

    def _room(self) -> int:
        """Return how many bytes more the buffer takes; what goes beyond is lost."""
        return self.buffer_bytes - len(self._pending)

    def _lose(self) -> None:
        self.lost += len(self._pending)
        self._pending = bytearray()
