"""The control port of LibreVNA-GUI: SCPI as lines over TCP, one client at a time.

A refused line is answered by nothing at all. So each one is followed by ``*ESR?``, whose bits 2 to
5 tell errors, and by ``*IDN?``, whose answer ends the reading. The connection is opened for each
conversation and closed after it: a client that stayed would shut out the operator's scripts.
Source: the LibreVNA SCPI programming guide.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from detectkit.drivers import InstrumentError, Link
from detectkit.drivers.wires import open_transport

ANSWER_S = 5.0
ERROR_BITS = 0b111100
IDENTITY = "LibreVNA"


class Scpi:
    """One conversation with the control port.

    Parameters
    ----------
    address
        ``tcp://host:port``.
    """

    def __init__(self, address: str) -> None:
        self._transport = open_transport(address)
        self._link = Link(self._transport)

    def __enter__(self) -> Self:
        self._transport.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._transport.close()

    def identity(self) -> str:
        """Return what the program says that it is."""

        def line(heard: bytes) -> str | None:
            return _lines(heard)[0] if b"\n" in heard else None

        return self._link.ask(b"*IDN?\n", line, timeout_s=ANSWER_S, what="the answer to *IDN?")

    def ask(self, query: str) -> str:
        """Return the line that answers a query.

        Raises
        ------
        InstrumentError
            It was refused; names the query.
        """
        answers = self._exchange(query)
        if len(answers) != 1:
            msg = f"{self._link.name}: {query} was answered by {answers}; one line was expected"
            raise InstrumentError(msg)
        return answers[0]

    def tell(self, command: str) -> None:
        """Send a command and check that it was taken.

        Raises
        ------
        InstrumentError
            It was refused; names the command.
        """
        self._exchange(command)

    def _exchange(self, line: str) -> list[str]:
        """Send a line; return what came for it, its status checked."""

        def all_lines(heard: bytes) -> list[str] | None:
            lines = _lines(heard)
            return lines if lines and lines[-1].startswith(IDENTITY) else None

        wire = f"{line}\n*ESR?\n*IDN?\n".encode()
        what = f"the status after {line}"
        *answers, status, _ = ["", *self._link.ask(wire, all_lines, timeout_s=ANSWER_S, what=what)]
        if not status.isdigit() or int(status) & ERROR_BITS:
            msg = (
                f"{self._link.name}: LibreVNA did not take {line!r} (*ESR? gave {status!r}); "
                "is a device connected, and the GUI of version 1.5 or later?"
            )
            raise InstrumentError(msg)
        return answers[1:]


def _lines(heard: bytes) -> list[str]:
    """Return the whole lines of what was heard."""
    return [one.decode("utf-8", "replace").strip() for one in heard.split(b"\n")[:-1]]
