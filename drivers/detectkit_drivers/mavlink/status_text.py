"""STATUSTEXT: texts longer than 50 characters come in numbered chunks, which may be lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from detectkit.drivers import Note
from detectkit.drivers.frame import Severity

CHUNK = 50
MOST_CHUNKS = 8
MOST_PENDING = 8
GAP = " […] "
ALARM_UP_TO, WARNING = 3, 4
LEVELS: Final[dict[Severity, int]] = {"alarm": 2, "warning": 4, "note": 6}
"""MAV_SEVERITY of what we send: critical, warning, info."""


def severity_of(level: int) -> Severity:
    """Return our severity of a MAV_SEVERITY: error and worse are alarms."""
    if level <= ALARM_UP_TO:
        return "alarm"
    return "warning" if level == WARNING else "note"


def chunks(text: str) -> list[bytes]:
    """Cut a text for sending; a chunk below 50 bytes ends it, so a full last one gets a follower.

    Ground stations show ASCII; other characters become "?". More than 8 chunks are cut off.
    """
    data = text.encode("ascii", "replace")[: MOST_CHUNKS * CHUNK - 1]
    if len(data) <= CHUNK:
        return [data]
    return [data[at : at + CHUNK] for at in range(0, len(data) + 1, CHUNK)]


@dataclass(slots=True)
class _Pending:
    severity: Severity
    parts: dict[int, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return the parts joined; a missing one shows as a gap."""
        return "".join(self.parts.get(at, GAP) for at in range(max(self.parts) + 1))


class Joiner:
    """Joins chunks to notes. Holds at most `MOST_PENDING` unfinished texts."""

    def __init__(self) -> None:
        self._pending: dict[tuple[int, int], _Pending] = {}

    def take(self, component: int, message: object) -> list[Note]:
        """Take a STATUSTEXT; return the texts that it completes, or that it crowds out."""
        level = getattr(message, "severity", 6)
        text = _readable(getattr(message, "text", ""))
        ident, at = getattr(message, "id", 0), getattr(message, "chunk_seq", 0)
        if ident == 0:
            return _notes(text, severity_of(level))
        key = (component, ident)
        out: list[Note] = []
        if key not in self._pending:
            if len(self._pending) >= MOST_PENDING:
                out += self._finish(next(iter(self._pending)))
            self._pending[key] = _Pending(severity_of(level))
        if at < MOST_CHUNKS:
            self._pending[key].parts[at] = text
        if len(text) < CHUNK or at >= MOST_CHUNKS - 1:
            out += self._finish(key)
        return out

    def reset(self) -> None:
        """Forget what is unfinished."""
        self._pending.clear()

    def _finish(self, key: tuple[int, int]) -> list[Note]:
        pending = self._pending.pop(key)
        return _notes(pending.text(), pending.severity) if pending.parts else []


def _notes(text: str, severity: Severity) -> list[Note]:
    return [Note(text.strip(), severity)] if text.strip() else []


def _readable(text: object) -> str:
    """Return the text as far as a terminal can show it; bytes of no encoding become "?"."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return "".join(one if one.isprintable() else "?" for one in words)
