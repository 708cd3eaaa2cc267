"""Writing something whole or not at all: it grows under a hidden name and is renamed at the end."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self


class WholeOrNothing(ABC):
    """A writer used in a ``with`` statement: fill in what begins, completes and abandons it.

    Parameters
    ----------
    path
        Final name.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.part")

    def __enter__(self) -> Self:
        try:
            with self._writing():
                self._begin()
        except BaseException:
            self._abandon()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._abandon()
            return
        try:
            with self._writing():
                self._complete()
        except BaseException:
            self._abandon()
            raise

    @abstractmethod
    def _writing(self) -> AbstractContextManager[None]:
        """Turn what the disk raises into an error that says what to do."""

    @abstractmethod
    def _begin(self) -> None:
        """Make what grows, under the hidden name."""

    @abstractmethod
    def _complete(self) -> None:
        """Finish it and give it its final name."""

    @abstractmethod
    def _abandon(self) -> None:
        """Leave nothing under the hidden name."""
