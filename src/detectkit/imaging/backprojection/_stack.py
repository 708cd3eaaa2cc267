"""What the kernel needs of the compiler: parts put into the whole, and short arrays on the stack.

A compiler may only look up eight samples at once where it knows that the place it writes to is
none of those it reads from. Of two arrays it cannot know that; of its own stack it does. With the
same operations in the same order the kernel is twice as fast and more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]
from numba.extending import intrinsic

LENGTH = 128
_numba: Any = numba  # which has no types

F = TypeVar("F", bound=Callable[..., Any])


def part(function: F) -> F:
    """Compile a part of a kernel, always put into its caller: see `signal._jit.njit`.

    It makes no arrays, so none are counted: counting costs more than a column's sums.
    """
    jit = _numba.njit(cache=True, nogil=True, fastmath=False, forceinline=True, _nrt=False)
    return cast("F", jit(function))


def _pointer(_: Any) -> Any:
    """Return the type and the code of a pointer to `LENGTH` float32 on the stack."""

    def code(_context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        with builder.goto_entry_block():
            place = builder.alloca(ir.ArrayType(ir.FloatType(), LENGTH))
            place.align = 64
        return builder.bitcast(place, ir.PointerType(ir.FloatType()))

    return _numba.types.CPointer(_numba.types.float32)(), code


stack_floats = cast("Callable[[], npt.NDArray[np.float32]]", intrinsic(_pointer))
"""Return `LENGTH` float32, not set to anything, for as long as the caller runs."""
