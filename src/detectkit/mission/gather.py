"""Gather: small blocks that follow each other become larger ones; no bit changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from detectkit.core import Block, concat
from detectkit.core.block import follows


@dataclass(slots=True)
class Gather:
    """Holds blocks of one stream until there are `rows` of them, or something else begins."""

    rows: int
    _held: list[Block] = field(default_factory=list)
    _count: int = 0

    @property
    def held_rows(self) -> int:
        """Rows that wait."""
        return self._count

    def push(self, block: Block) -> Iterator[Block]:
        """Take the next block; yield what is full, or cannot grow."""
        if self._held and not _joins(self._held[-1], block):
            yield from self.flush()
        self._held.append(block)
        self._count += len(block)
        if self._count >= self.rows:
            yield from self.flush()

    def flush(self) -> Iterator[Block]:
        """Yield what is held."""
        if self._held:
            held, self._held, self._count = self._held, [], 0
            yield concat(held)


def _joins(before: Block, after: Block) -> bool:
    return follows(before, after) and before.coords.keys() == after.coords.keys()
