"""A mission in flight: instruments, recorder, processing, health, alarms, and their display."""

from __future__ import annotations

from detectkit.live.flown import Flown
from detectkit.live.fly import fly

__all__ = ["Flown", "fly"]
