"""What a reader has to say about a file: notes, assumptions and warnings, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "assumed", "warning"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One remark about a recording.

    Parameters
    ----------
    severity
        ``"note"``: worth knowing, nothing is wrong. ``"assumed"``: the file does not say, so
        the reader chose; the text names the ``--set`` key that overrides it. ``"warning"``:
        something is damaged, missing or contradictory; results may suffer.
    text
        One sentence: what was found, what was expected, what was done.
    file
        Name of the file it is about.
    offset
        Byte offset in that file, None where it has no place.
    setting
        Name of the ``--set`` key that settles the matter: `open_recording` leaves the notice
        out when the user gave it. Always there for an assumption.
    """

    severity: Severity
    text: str
    file: str = ""
    offset: int | None = None
    setting: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.offset is not None:
            place = f"{place} at byte {self.offset:,}"
        return f"{place}: {self.text}" if place else self.text
