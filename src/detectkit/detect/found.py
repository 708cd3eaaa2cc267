"""Found: what one sensor's branch saw along one line, before fusion."""

from __future__ import annotations

from dataclasses import dataclass

from detectkit.core import Indication


@dataclass(frozen=True, slots=True)
class Found:
    """One place that one sensor's branch found, with where to cut its evidence.

    Parameters
    ----------
    sensor
        ``"gpr"`` or ``"metal_detector"``.
    stream
        Identifier of the instrument's channel: finds of one stream and pass are different places.
    indication
        What the branch says of it.
    line
        Survey line.
    row
        Of the place, counted through all rows that the branch's track took, whatever the line;
        -1: the track does not have it. Unlike a block's `first_trace` it never begins again.
    """

    sensor: str
    stream: str
    indication: Indication
    line: str
    row: int
