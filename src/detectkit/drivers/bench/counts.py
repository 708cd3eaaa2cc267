"""What a bench counts, to be read while it runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class BenchCounts:
    """Counts of one bench; written by its thread only.

    Attributes
    ----------
    rows_spoken
        Rows that the twin put into bytes.
    rows_skipped
        Rows lost on purpose: `Faults.skip_rows`, a stall.
    rows_lost
        Rows that the instrument could not keep: nobody connected, or its buffer was full.
    bytes_spoken
        Bytes that the twin said, before any fault.
    bytes_dropped, bytes_flipped
        Bytes that the faults took away, and bytes with a bit turned over.
    bytes_lost
        Bytes that nobody took: no host at the serial port, or one that does not read.
    bytes_heard
        Bytes that came from the host.
    late_ticks
        Ticks that began more than 50 ms late.
    latest_s
        How late the latest of them began, in s.
    """

    rows_spoken: int = 0
    rows_skipped: int = 0
    rows_lost: int = 0
    bytes_spoken: int = 0
    bytes_dropped: int = 0
    bytes_flipped: int = 0
    bytes_lost: int = 0
    bytes_heard: int = 0
    late_ticks: int = 0
    latest_s: float = 0.0

    def to_dict(self) -> dict[str, int | float]:
        """Return the counts by name."""
        return asdict(self)
