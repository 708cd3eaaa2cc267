"""What is wrong with a segment, as data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

DamageKind = Literal["torn", "damaged", "repeated", "index"]


@dataclass(frozen=True, slots=True)
class Damage:
    """A place of a segment that gave no records, or is not as it was written.

    Parameters
    ----------
    path
        The segment.
    offset, bytes
        Where, and how many bytes it is; 0 bytes with ``"torn"``: every byte gave its records,
        only the file was not completed.
    kind
        ``"torn"``: the end of the file is missing or broken. ``"damaged"``: bytes are not
        as written, the records there are lost. ``"repeated"``: a chunk that does not continue
        the order was left out. ``"index"``: all records are there, but what serves other
        programs (indexes, summary) is damaged.
    text
        The same in a sentence.
    """

    path: Path
    offset: int
    bytes: int
    kind: DamageKind
    text: str

    def __str__(self) -> str:
        return f"{self.path.name} at byte {self.offset:,}: {self.text}"
