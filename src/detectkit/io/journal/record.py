"""One record of a journal: bytes that passed, with the two clocks of the moment they passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from detectkit.core import DetectkitError, UsageError

Kind = Literal["in", "out", "event", "clock"]
"""Bytes from the instrument, bytes to it, JSON of an event, JSON of a clock mark."""

KINDS: tuple[Kind, ...] = get_args(Kind)
SEQ_LIMIT = 2**32
"""Records of one journal; MCAP counts in 32 bits. 24 days at 2,000 records a second."""
TIME_LIMIT_NS = 2**63
LARGEST_RECORD_BYTES = 64 << 20
LONGEST_SOURCE = 200


class JournalError(DetectkitError, OSError):
    """A journal cannot be written, read or put in order; says what is kept and what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Parameters
    ----------
    seq
        Position in the journal's total order, from 0, below 2³².
    source
        The instrument's id, ``"gpr"``, or ``""`` for the mission.
    kind
        ``"in"``, ``"out"``, ``"event"`` or ``"clock"``.
    arrival_ns
        Host's monotonic clock, nanoseconds, 0 … 2⁶³ − 1.
    utc_ns
        Host's UTC, nanoseconds since 1970-01-01, 0 … 2⁶³ − 1.
    data
        The bytes, exactly; at most 64 MiB.
    """

    seq: int
    source: str
    kind: Kind
    arrival_ns: int
    utc_ns: int
    data: bytes

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            msg = f"kind {self.kind!r}: use one of {', '.join(KINDS)}"
            raise UsageError(msg)
        if not 0 <= self.seq < SEQ_LIMIT:
            msg = f"seq {self.seq}: a journal holds records 0 to {SEQ_LIMIT - 1}"
            raise UsageError(msg)
        if not (0 <= self.arrival_ns < TIME_LIMIT_NS and 0 <= self.utc_ns < TIME_LIMIT_NS):
            msg = (
                f"arrival_ns {self.arrival_ns}, utc_ns {self.utc_ns}: nanoseconds from 0 to 2**63-1"
            )
            raise UsageError(msg)
        if len(self.data) > LARGEST_RECORD_BYTES:
            msg = f"a record of {len(self.data)} bytes: at most {LARGEST_RECORD_BYTES}; split it"
            raise UsageError(msg)
        if len(self.source) > LONGEST_SOURCE or not self.source.isprintable():
            msg = f"source {self.source!r}: at most {LONGEST_SOURCE} printable characters"
            raise UsageError(msg)
