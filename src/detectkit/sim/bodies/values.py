"""A value of the library and how it is known: every number carries its source and confidence."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from detectkit.core import UsageError
from detectkit.core.settings import build

Confidence = Literal["measured", "published", "assumed", "unknown"]

SOURCED = ("measured", "published")
"""Confidences that need a source; the others must not claim one."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, the range that bodies are drawn from, and how it is known.

    Parameters
    ----------
    value
        The nominal one, in the unit of its key.
    confidence
        ``"measured"`` by someone who tells how, ``"published"`` without it, ``"assumed"`` by us
        from what is like it, ``"unknown"``: nobody told, the range is wide.
    low, high
        A drawn body has a value between them. Without them it has the nominal one.
    source
        Id of a table under ``[sources]``.
    note
        For the reader.
    """

    value: float
    confidence: Confidence
    low: float | None = None
    high: float | None = None
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A choice that is no number, for example a material, and how it is known."""

    value: str
    confidence: Confidence
    source: str = ""
    note: str = ""


Known = TypeVar("Known", Number, Word)
Pick = Callable[[Number], float]


def read(kind: type[Known], table: Any, *, where: str, sources: Collection[str]) -> Known:
    """Read one value, ``{value = …, confidence = …, source = …}``.

    Raises
    ------
    UsageError
        Not such a table, a source that is not listed or missing, or a range without the value.
    """
    if not isinstance(table, dict):
        msg = f'{where}: {table!r}; write {{value = …, confidence = "…", source = "…"}}'
        raise UsageError(msg)
    known = build(kind, table, where=where)
    _require_source(known, where, sources)
    if isinstance(known, Number):
        _require_range(known, where)
    return known


def nominal(number: Number) -> float:
    """Return a number as the library lists it."""
    return number.value


def _require_source(known: Number | Word, where: str, sources: Collection[str]) -> None:
    if known.confidence in SOURCED and not known.source:
        msg = f"{where}: confidence = {known.confidence!r} needs a source, or say 'assumed'"
        raise UsageError(msg)
    if known.confidence not in SOURCED and known.source:
        msg = f"{where}: source = {known.source!r} with confidence = {known.confidence!r}; drop one"
        raise UsageError(msg)
    if known.source and known.source not in sources:
        msg = f"{where}: no source {known.source!r}; [sources] has: {', '.join(sources)}"
        raise UsageError(msg)


def _require_range(number: Number, where: str) -> None:
    if (number.low is None) != (number.high is None):
        msg = f"{where}: low = {number.low}, high = {number.high}; give both or neither"
        raise UsageError(msg)
    if number.low is None or number.high is None:
        return
    if not number.low <= number.value <= number.high:
        limits = f"low = {number.low} and high = {number.high}"
        msg = f"{where}: value = {number.value} is not between {limits}"
        raise UsageError(msg)
