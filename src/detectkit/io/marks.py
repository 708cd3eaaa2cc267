"""Marks that a file hides inside its traces: found when first asked for, not on opening."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload


class LazyMarks(Sequence[int]):
    """1-based trace numbers of marks, computed by `find` at the first use and then kept.

    Behaves as the tuple that it becomes: a file of 10 GB opens at once, and only who asks
    for its marks waits for them.

    Examples
    --------
    >>> marks = LazyMarks(lambda: [194, 358])
    >>> tuple(marks)
    (194, 358)
    """

    __slots__ = ("_find", "_found")

    def __init__(self, find: Callable[[], Iterable[int]]) -> None:
        self._find = find
        self._found: tuple[int, ...] | None = None

    def _marks(self) -> tuple[int, ...]:
        if self._found is None:
            self._found = tuple(sorted({int(mark) for mark in self._find()}))
        return self._found

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[int, ...]: ...
    def __getitem__(self, index: int | slice) -> int | tuple[int, ...]:
        return self._marks()[index]

    def __len__(self) -> int:
        return len(self._marks())

    def __iter__(self) -> Iterator[int]:
        return iter(self._marks())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LazyMarks | tuple | list):
            return NotImplemented
        return self._marks() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._marks())

    def __repr__(self) -> str:
        return "LazyMarks(not yet looked for)" if self._found is None else repr(self._found)
