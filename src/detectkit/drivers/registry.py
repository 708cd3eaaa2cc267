"""Instruments by name: those that ship with detectkit and those of others, one way for both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from detectkit.core import UsageError
from detectkit.core.plugins import PlugIns
from detectkit.core.settings import build
from detectkit.drivers.instrument import Instrument

DRIVERS = PlugIns("detectkit.drivers", "driver", "detectkit drivers", UsageError)


def driver_names() -> tuple[str, ...]:
    """Return the names of all installed drivers, sorted."""
    return DRIVERS.names()


def instrument_class(name: str) -> type[Instrument]:
    """Return the class of an instrument.

    Raises
    ------
    UsageError
        No such driver, the message names the nearest ones; or one that cannot be loaded.
    """
    return cast("type[Instrument]", DRIVERS.load(name))


def build_instrument(name: str, table: Mapping[str, Any], *, where: str) -> Instrument:
    """Build an instrument from the settings of a TOML table.

    Raises
    ------
    UsageError
        No such driver, or a setting that it does not take; names the place and what is allowed.
    """
    return build(instrument_class(name), dict(table), where=where)
