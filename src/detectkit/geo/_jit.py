"""The one numba decorator of the room, typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def jit(function: F) -> F:
    """Compile a per-row recursion, cached on disk, without the interpreter's lock or fast maths."""
    return cast("F", numba.njit(cache=True, nogil=True, fastmath=False)(function))
