"""Batches for training and prediction: an order that is a function of seed and epoch alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from detectkit.learn.examples import Examples
from detectkit.learn.training.augmentation import augmented
from detectkit.learn.training.recipe import Augmentation, TrainingRecipe
from detectkit.learn.training.rows import Corpus, Rows

Float64s = npt.NDArray[np.float64]
Inputs = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
ORDER, CHANGES = 0, 1
"""Streams of chance that do not touch each other."""
NEIGHBOURS = 64
"""Rows that lie together on disk are read together where a corpus is not held in memory."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of a batch: what a network takes, and the truth.

    Parameters
    ----------
    inputs
        As `EvidenceNetwork.forward` takes them.
    category, depth_m
        (examples,), int64 and float32.
    """

    inputs: Inputs
    category: Tensor
    depth_m: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return it on another device."""
        radar, radar_known, detector, detector_known, scalars = self.inputs
        moved = (
            radar.to(device), radar_known.to(device), detector.to(device),
            detector_known.to(device), scalars.to(device),
        )  # fmt: skip
        return Batch(moved, self.category.to(device), self.depth_m.to(device))


def batch_of(examples: Examples) -> Batch:
    """Return examples as tensors."""
    inputs = (
        torch.from_numpy(np.ascontiguousarray(examples.radar, np.float32)),
        torch.from_numpy(np.ascontiguousarray(examples.radar_known)),
        torch.from_numpy(np.ascontiguousarray(examples.detector, np.float32)),
        torch.from_numpy(np.ascontiguousarray(examples.detector_known)),
        torch.from_numpy(np.ascontiguousarray(examples.scalars, np.float32)),
    )
    category = torch.from_numpy(examples.category.astype(np.int64))
    return Batch(inputs, category, torch.from_numpy(examples.depth_m.astype(np.float32)))


class Held:
    """Reads rows of a corpus; keeps them where all of them fit.

    Parameters
    ----------
    corpus
        Where from.
    rows
        All that will be asked for, each once.
    at_once
        Examples that are held at most.
    """

    def __init__(self, corpus: Corpus, rows: Rows, at_once: int) -> None:
        self._corpus, self._rows, self.at_once = corpus, np.sort(rows), at_once
        self._all: Examples | None = None

    @property
    def fits(self) -> bool:
        """Tell whether all rows are held."""
        return len(self._rows) <= self.at_once

    def read(self, rows: Rows) -> Examples:
        """Return examples in the order of the rows, which may repeat."""
        if not self.fits:
            unique, inverse = np.unique(rows, return_inverse=True)
            return self._corpus.read(unique).take(inverse)
        if self._all is None:
            self._all = self._corpus.read(self._rows)
        return self._all.take(np.searchsorted(self._rows, rows))


class TrainingBatches(IterableDataset[Batch]):
    """The changed examples of one epoch, in batches.

    Parameters
    ----------
    held
        Where the examples are.
    recipe
        Seed, batch, changes.
    rows, weights
        To draw from, and how often each is shown, relative to the others.
    epoch
        Together with the seed it decides everything.
    part
        Number of this process and of all: each takes its share of every epoch.
    """

    def __init__(
        self,
        held: Held,
        recipe: TrainingRecipe,
        rows: Rows,
        weights: Float64s,
        *,
        epoch: int,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        super().__init__()
        self._held, self._recipe, self._epoch, self._part = held, recipe, epoch, part
        self._drawn = drawn_rows(rows, weights, seed=recipe.seed, epoch=epoch)
        self._batch = min(recipe.optimiser.batch, len(rows) // part[1])

    def __len__(self) -> int:
        return len(self._drawn) // (self._batch * self._part[1])

    def __iter__(self) -> Iterator[Batch]:
        order = self._drawn if self._held.fits else _in_pools(self._drawn, self._held, self._key(0))
        mine, processes = self._part
        numbers = range(mine, len(self) * processes, processes)
        at_once = max(1, self._held.at_once // self._batch)
        for first in range(0, len(numbers), at_once):
            for number, shown in self._read(order, numbers[first : first + at_once]):
                yield batch_of(self._changed(shown, number))

    def _read(self, order: Rows, numbers: range) -> Iterator[tuple[int, Examples]]:
        """Yield some batches, read together, each with its number in the epoch."""
        size = self._batch
        rows = [order[size * one : size * (one + 1)] for one in numbers]
        pool = self._held.read(np.concatenate(rows))
        for place, number in enumerate(numbers):
            yield number, pool.take(slice(size * place, size * (place + 1)))

    def _changed(self, examples: Examples, number: int) -> Examples:
        settings: Augmentation = self._recipe.augmentation
        return augmented(examples, settings, np.random.default_rng(self._key(1 + number)))

    def _key(self, number: int) -> list[int]:
        return [self._recipe.seed, CHANGES, self._epoch, number]


class PlainBatches(IterableDataset[Batch]):
    """Examples as they are, in order, in batches."""

    def __init__(self, held: Held, rows: Rows, batch: int) -> None:
        super().__init__()
        self._held, self._rows, self._batch = held, rows, batch

    def __len__(self) -> int:
        return math.ceil(len(self._rows) / self._batch)

    def __iter__(self) -> Iterator[Batch]:
        for first in range(0, len(self._rows), self._batch):
            yield batch_of(self._held.read(self._rows[first : first + self._batch]))


def drawn_rows(rows: Rows, weights: Float64s, *, seed: int, epoch: int) -> Rows:
    """Return the rows of an epoch in their order: as many as there are, the heavy ones more often.

    A row of weight w is shown w / mean(w) times, rounded up or down by chance. So with equal
    weights every row is shown once.

    Examples
    --------
    >>> rows = np.array([4, 7, 9])
    >>> sorted(drawn_rows(rows, np.ones(3), seed=1, epoch=0).tolist())
    [4, 7, 9]
    """
    generator = np.random.default_rng([seed, ORDER, epoch])
    shuffled = generator.permutation(len(rows))
    ends = np.cumsum(weights[shuffled]) * (len(rows) / np.sum(weights))
    ticks = np.arange(len(rows)) + generator.random()
    chosen = np.minimum(np.searchsorted(ends, ticks, side="right"), len(rows) - 1)
    return np.asarray(generator.permutation(rows[shuffled[chosen]]), np.int64)


def scalar_statistics(values: Float64s) -> tuple[Float64s, Float64s]:
    """Return mean and standard deviation of columns with NaN; 0 and 1 where there is nothing."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    variance = (np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / count
    spread = np.sqrt(variance)
    return mean, np.where(spread > 1e-6 * np.maximum(np.abs(mean), 1.0), spread, 1.0)


def _in_pools(drawn: Rows, held: Held, key: list[int]) -> Rows:
    """Return rows so that neighbours on disk come close together, their order else by chance.

    Runs of `NEIGHBOURS` rows are shuffled, and then the rows within what is held at once.
    """
    generator = np.random.default_rng(key)
    runs = drawn // NEIGHBOURS
    unique = np.unique(runs)
    place = generator.permutation(len(unique))[np.searchsorted(unique, runs)]
    order = drawn[np.lexsort((drawn, place))]
    pools = [order[i : i + held.at_once] for i in range(0, len(order), held.at_once)]
    return np.concatenate([generator.permutation(one) for one in pools])
