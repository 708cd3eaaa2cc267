"""Instruments by name: those that ship with detectkit and those of others, one way for both."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from detectkit.core import UsageError
from detectkit.core.settings import build
from detectkit.drivers.instrument import Instrument

GROUP = "detectkit.drivers"


@cache
def _points() -> dict[str, EntryPoint]:
    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name in points and points[point.name].value != point.value:
            msg = (
                f"two packages register the driver {point.name!r}: {points[point.name].value} and "
                f"{point.value}; uninstall one"
            )
            raise UsageError(msg)
        points[point.name] = point
    return points


def driver_names() -> tuple[str, ...]:
    """Return the names of all installed drivers, sorted."""
    return tuple(sorted(_points()))


def instrument_class(name: str) -> type[Instrument]:
    """Return the class of an instrument.

    Raises
    ------
    UsageError
        No such driver, the message names the nearest ones; or one that cannot be loaded.
    """
    points = _points()
    if name not in points:
        near = difflib.get_close_matches(name, points, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        msg = f"no driver {name!r}; {hint}`detectkit drivers` lists all {len(points)}"
        raise UsageError(msg)
    try:
        return cast("type[Instrument]", points[name].load())
    except (ImportError, AttributeError) as error:
        msg = (
            f"the driver {name!r} is registered as {points[name].value}, which cannot be loaded "
            f"({error}); `pip install detectkit[live]`, or repair that package"
        )
        raise UsageError(msg) from error


def build_instrument(name: str, table: Mapping[str, Any], *, where: str) -> Instrument:
    """Build an instrument from the settings of a TOML table.

    Raises
    ------
    UsageError
        No such driver, or a setting that it does not take; names the place and what is allowed.
    """
    return build(instrument_class(name), dict(table), where=where)
