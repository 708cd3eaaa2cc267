"""The one numba decorator of the kernels, typed.

``fastmath`` stays off: reordered sums would break the law that cutting the input
anywhere changes no bit of the output. ``cache`` saves the compile time at each start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def njit(function: F) -> F:
    """Compile `function` ahead of its first call, keep it on disk, release the GIL."""
    return cast("F", numba.njit(cache=True, nogil=True, fastmath=False)(function))
