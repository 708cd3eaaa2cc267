"""Short arrays on the processor's stack, inside compiled kernels.

A compiler may only look up eight samples at once where it knows that the place it writes to is
none of those it reads from. Of two arrays it cannot know that; of its own stack it does. With the
same operations in the same order the kernel is twice as fast and more.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]
from numba.extending import intrinsic, overload

LENGTH = 128
_numba: Any = numba  # which has no types


def _pointer(_: Any) -> Any:
    """Return the type and the code of a pointer to `LENGTH` float32 on the stack."""

    def code(_context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        with builder.goto_entry_block():
            place = builder.alloca(ir.ArrayType(ir.FloatType(), LENGTH))
            place.align = 64
        return builder.bitcast(place, ir.PointerType(ir.FloatType()))

    return _numba.types.CPointer(_numba.types.float32)(), code


_stack_pointer: Any = intrinsic(_pointer)
_carray: Any = _numba.carray


def stack_floats() -> npt.NDArray[np.float32]:
    """Return an array of `LENGTH` float32, not set to anything, for as long as the caller runs."""
    return np.empty(LENGTH, np.float32)


@overload(stack_floats, inline="always")
def _compiled_stack_floats() -> Any:
    def made() -> Any:
        return _carray(_stack_pointer(), LENGTH)

    return made
