"""Which rows of a corpus are trained on, chosen by and told of, and that they do not mix."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.core.indication import TARGETS
from detectkit.learn.corpus.settings import SPLITS
from detectkit.learn.examples import Examples

Rows = npt.NDArray[np.int64]


class Corpus(Protocol):
    """What training needs of a corpus; `detectkit.learn.corpus.reader.Corpus` is one."""

    @property
    def table(self) -> npt.NDArray[Any]:
        """A row for each example: at least ``split``, ``site`` and ``category``."""

    @property
    def fingerprint(self) -> str:
        """Sha256 of what it was made from."""

    def __len__(self) -> int: ...

    def read(self, which: Rows) -> Examples:
        """Return examples by their row numbers."""


def rows_of(corpus: Corpus, split: str) -> Rows:
    """Return the rows of a split whose category is known.

    Raises
    ------
    UsageError
        The split has no examples.
    """
    table = corpus.table
    chosen = table["split"] == SPLITS.index(split)
    chosen &= table["category"] >= 0
    rows = np.flatnonzero(chosen)
    if not len(rows):
        msg = f"corpus: no examples of known category in the split {split!r}; add sites to it"
        raise UsageError(msg)
    return np.asarray(rows, np.int64)


def require_separate_sites(corpus: Corpus) -> None:
    """Raise a UsageError where a site is in more than one split: its score would flatter."""
    table = corpus.table
    pairs = np.unique(np.stack([table["site"], table["split"]], axis=1), axis=0)
    sites, counts = np.unique(pairs[:, 0], return_counts=True)
    mixed = sites[counts > 1]
    if len(mixed):
        msg = (
            f"corpus: site {int(mixed[0])} is in more than one of train, validation and test "
            f"({len(mixed)} such sites); split by site"
        )
        raise UsageError(msg)


def require_both_kinds(corpus: Corpus, rows: Rows, split: str) -> None:
    """Raise a UsageError where a split has no targets, or nothing else."""
    targets = is_target(corpus.table["category"][rows])
    if targets.all() or not targets.any():
        lacking = "anything but targets" if targets.all() else "targets"
        msg = f"corpus: the split {split!r} lacks {lacking} among its {len(rows)} examples"
        raise UsageError(msg)


def is_target(category: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Tell which category numbers are those of targets."""
    return np.asarray((category >= 0) & (category < len(TARGETS)))
