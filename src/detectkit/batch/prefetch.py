"""Read ahead in a thread: the disk works while the processor does."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


class _End:
    """Marks the end of the items."""


def prefetched(items: Iterable[T], *, depth: int = 4) -> Iterator[T]:
    """Yield the items in order while a thread fetches up to `depth` of them ahead.

    An error of the source is raised here, at its place in the order. When the consumer stops
    early the thread ends too.

    Examples
    --------
    >>> list(prefetched(range(3)))
    [0, 1, 2]
    """
    ready: queue.Queue[T | _End | BaseException] = queue.Queue(depth)
    stopped = threading.Event()
    thread = threading.Thread(target=_fetch, args=(items, ready, stopped), daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        while thread.is_alive():
            _drain(ready)
            thread.join(0.01)


def _fetch(
    items: Iterable[T],
    ready: queue.Queue[T | _End | BaseException],
    stopped: threading.Event,
) -> None:
    try:
        for item in items:
            if stopped.is_set():
                return
            ready.put(item)
        ready.put(_End())
    except BaseException as error:  # noqa: BLE001 - handed to the consumer, who raises it
        ready.put(error)


def _drain(ready: queue.Queue[T | _End | BaseException]) -> None:
    try:
        while True:
            ready.get_nowait()
    except queue.Empty:
        return
