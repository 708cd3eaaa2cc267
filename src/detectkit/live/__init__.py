"""A mission in flight: instruments, recorder, processing, health, alarms, and their display."""

from __future__ import annotations

from detectkit.live.fly import Flown, fly

__all__ = ["Flown", "fly"]
