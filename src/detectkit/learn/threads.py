"""One thread: torch adds up in one order, and takes no more than one core."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_ALONE = threading.RLock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute in one thread meanwhile: sums are then added up in one order.

    Whatever the number of threads is outside, the bits are the same. On a busy machine it is also
    the faster way: torch's threads wait for each other at every layer, and networks as small as
    these have little to share out.
    """
    with _ALONE:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
