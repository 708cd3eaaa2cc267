"""Scans put together from their messages: never from two scans, whatever UDP loses or reorders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit_drivers.p4xx.messages import ScanHead

Samples = npt.NDArray[np.int32]

OPEN_SCANS = 4
REMEMBERED_SCANS = 4


class Key(NamedTuple):
    """What all messages of one scan have in common."""

    number: int
    node: int
    boot_ms: int
    start_ps: int
    stop_ps: int
    step_bins: int
    filtering: int
    antenna: int
    points: int
    messages: int


class Outcome(NamedTuple):
    """The samples of a scan that is now whole, and how much was refused on the way."""

    samples: Samples | None = None
    refused: int = 0


@dataclass(slots=True)
class _Open:
    parts: dict[int, Samples] = field(default_factory=dict)


class Assembly:
    """Holds at most `OPEN_SCANS` unfinished scans.

    A scan is given out when its last message is there, in whatever order they came. Scans that
    began before it and are still unfinished are then lost; what comes of them later is dropped.
    A whole scan with an earlier stamp than the last one means that the radar was started anew.
    """

    def __init__(self) -> None:
        self._open: dict[Key, _Open] = {}
        self._done: dict[Key, frozenset[int]] = {}
        self._last_ms = 0

    def take(self, head: ScanHead, samples: Samples) -> Outcome:
        """Take the message; `refused` counts scans lost and messages of a number seen before."""
        key = key_of(head)
        if head.messages == 1:
            return Outcome(samples, self._close_older(None)) if _fits(head) else Outcome(None, 1)
        if key in self._done:
            return Outcome(None, int(head.part in self._done[key]))
        refused = self._begin(key, head.part)
        parts = self._open[key].parts
        parts[head.part] = samples
        if len(parts) < head.messages:
            return Outcome(None, refused)
        if key.boot_ms < self._last_ms:
            self._done.clear()
        self._last_ms = key.boot_ms
        refused += self._close_older(key)
        whole = np.concatenate([parts[index] for index in range(head.messages)])
        return Outcome(whole, refused) if whole.size == head.points else Outcome(None, refused + 1)

    def reset(self) -> int:
        """Forget all; return how many scans were unfinished."""
        unfinished = len(self._open)
        self._open.clear()
        self._done.clear()
        return unfinished

    def _begin(self, key: Key, index: int) -> int:
        """Make room for a part; return the scans that are lost thereby."""
        refused = 0
        if key in self._open and index in self._open[key].parts:
            del self._open[key]  # a second scan of the same stamp: the first will not be whole
            refused += 1
        if key not in self._open:
            while len(self._open) >= OPEN_SCANS:
                self._close(next(iter(self._open)))
                refused += 1
            self._open[key] = _Open()
        return refused

    def _close_older(self, key: Key | None) -> int:
        """Close the scan and all that began before it (all there are for None); count those."""
        older = 0
        for one in list(self._open):
            self._close(one)
            if one == key:
                break
            older += 1
        return older

    def _close(self, key: Key) -> None:
        self._done[key] = frozenset(self._open.pop(key).parts)
        while len(self._done) > REMEMBERED_SCANS:
            del self._done[next(iter(self._done))]


def key_of(head: ScanHead) -> Key:
    """Return what tells the scan of a message from others."""
    return Key(
        head.number,
        head.node,
        head.boot_ms,
        head.start_ps,
        head.stop_ps,
        head.step_bins,
        head.filtering,
        head.antenna,
        head.points,
        head.messages,
    )


def _fits(head: ScanHead) -> bool:
    return head.points_here == head.points
