"""Checks that the tables of a scenario have in common."""

from __future__ import annotations

import math
from typing import Any

from detectkit.core import UsageError


def require_positive(table: Any, *names: str) -> None:
    """Raise where a setting is not a finite number above 0."""
    _require(table, names, lambda value: value > 0, "a number above 0")


def require_not_negative(table: Any, *names: str) -> None:
    """Raise where a setting is not a finite number of 0 or more."""
    _require(table, names, lambda value: value >= 0, "0 or more")


def require_at_least_one(table: Any, *names: str) -> None:
    """Raise where a setting is below 1."""
    _require(table, names, lambda value: value >= 1, "1 or more")


def require_ascending(table: Any, *names: str) -> None:
    """Raise where a pair is not two numbers above 0, the smaller first."""
    for name in names:
        low, high = getattr(table, name)
        if not 0 < low < high:
            msg = f"scenario: {name} = [{low}, {high}]; give two numbers above 0, the smaller first"
            raise UsageError(msg)


def _require(table: Any, names: tuple[str, ...], holds: Any, allowed: str) -> None:
    for name in names:
        value = getattr(table, name)
        if not (math.isfinite(value) and holds(value)):
            msg = f"scenario: {name} = {value!r} of {type(table).__name__}; give {allowed}"
            raise UsageError(msg)
