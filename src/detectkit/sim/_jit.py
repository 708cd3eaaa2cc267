"""The one numba decorator of the simulator, typed: no ``fastmath``, or pieces would differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def njit(function: F) -> F:
    """Compile `function` at its first call, keep it on disk, release the GIL."""
    return cast("F", numba.njit(cache=True, nogil=True, fastmath=False)(function))
