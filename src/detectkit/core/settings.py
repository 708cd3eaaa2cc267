"""Settings between TOML tables and frozen dataclasses, with errors that list what is allowed."""

from __future__ import annotations

import math
import types
from dataclasses import MISSING, Field, fields
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from detectkit.core.errors import DetectkitError, UsageError

T = TypeVar("T")


def build(
    kind: type[T],
    table: dict[str, Any],
    *,
    where: str,
    error: type[DetectkitError] = UsageError,
) -> T:
    """Build the dataclass `kind` from a TOML table.

    Raises
    ------
    UsageError
        Or the class given as `error`: an unknown, missing or ill-typed setting; names it, the
        place and what is allowed.
    """
    hints = get_type_hints(kind)
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    for name in table:
        if name not in known:
            allowed = ", ".join(_signature(one, hints) for one in known.values()) or "none"
            msg = f"{where}: no setting {name!r}; its settings: {allowed}"
            raise error(msg)
    missing = [name for name, one in known.items() if name not in table and _required(one)]
    if missing:
        msg = f"{where}: {missing[0]!r} must be given ({_signature(known[missing[0]], hints)})"
        raise error(msg)
    values = {
        name: _fitted(value, hints[name], name, (where, error)) for name, value in table.items()
    }
    for name, value in values.items():
        if _is_infinite(value) and value != known[name].default:
            msg = f"{where}: {name} = {table[name]!r}: expected a finite number"
            raise error(msg)
    return kind(**values)


def settings_of(step: object) -> dict[str, Any]:
    """Return the settings of a frozen dataclass as TOML values; a None is left out."""
    pairs = ((one.name, getattr(step, one.name)) for one in fields(step))  # type: ignore[arg-type]
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in pairs
        if value is not None
    }


def _required(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _signature(one: Field[Any], hints: dict[str, Any]) -> str:
    hint = hints[one.name]
    kind = getattr(hint, "__name__", None) if get_origin(hint) is None else None
    default = "" if _required(one) else f" = {one.default!r}"
    return f"{one.name}: {kind or str(hint).replace('typing.', '')}{default}"


def _fitted(value: Any, hint: Any, name: str, place: tuple[str, type[DetectkitError]]) -> Any:
    """Return the value as the hint wants it: ints become floats, lists tuples."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal and value in args:
        return value
    if origin in {Union, types.UnionType}:
        inner = [one for one in args if one is not type(None)]
        return _fitted(value, inner[0], name, place)
    if origin is tuple and isinstance(value, list | tuple):
        kinds = args if Ellipsis not in args else (args[0],) * len(value)
        if len(kinds) == len(value):
            pairs = zip(value, kinds, strict=True)
            return tuple(_fitted(one, kind, name, place) for one, kind in pairs)
    if hint is float:
        if _is_number(value):
            return float(value)
    elif isinstance(hint, type) and type(value) is hint:  # a bool is not an int
        return value
    expected = " or ".join(repr(one) for one in args) if origin is Literal else _kind(hint)
    where, error = place
    msg = f"{where}: {name} = {value!r}: expected {expected}"
    raise error(msg)


def _is_number(value: Any) -> bool:
    """Tell whether a value may be a float: an int or a float, not a bool, not nan."""
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and not math.isnan(value)


def _is_infinite(value: Any) -> bool:
    numbers = value if isinstance(value, tuple) else (value,)
    return any(isinstance(one, float) and math.isinf(one) for one in numbers)


def _kind(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
