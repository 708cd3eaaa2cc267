"""Logs that tell where a platform was: one function reads any of them by its content."""

from __future__ import annotations

from detectkit.io.positions.log import Attitudes, Heights, PositionLog, TraceTimes
from detectkit.io.positions.opening import PositionFormat, open_positions, position_formats

__all__ = [
    "Attitudes",
    "Heights",
    "PositionFormat",
    "PositionLog",
    "TraceTimes",
    "open_positions",
    "position_formats",
]
