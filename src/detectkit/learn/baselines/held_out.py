"""Scores of a linear machine for what it was not fitted on: held out by group, or shuffled.

The difference between the two is what a split by patch would have flattered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.detect.scoring.bootstrap import Interval
from detectkit.learn.ranking import area_by_groups, area_under_curve

Values = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
FOLDS = 5
RIDGE = 30.0
"""On standardised features, beside a sum over examples."""
PERMUTATIONS = 99


def folds_by_group(group: npt.NDArray[Any], *, seed: int = 0) -> Ints:
    """Return the fold of each example, whole groups together, groups in random order."""
    names, place = np.unique(group, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    return np.asarray((order % min(FOLDS, len(names)))[place], np.int64)


def folds_shuffled(count: int, *, seed: int = 0) -> Ints:
    """Return the fold of each example, as if examples were no relatives."""
    return np.asarray(np.random.default_rng(seed).permutation(count) % FOLDS, np.int64)


def held_out(features: Values, label: Booleans, fold: Ints) -> Values:
    """Return each example's score by a machine that was fitted on the other folds.

    Ridge regression of both kinds weighed alike on standardised features: Fisher's linear
    discriminant with a prior.
    """
    return Machine.of(features, fold).scores(label)


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything of the fits that hangs on no label, so that labels can be permuted cheaply.

    Parameters
    ----------
    fold
        (examples,).
    smoothers
        Per fold: (features, examples of the others), and (examples of the fold, features).
    """

    fold: Ints
    smoothers: tuple[tuple[Values, Values], ...]

    @classmethod
    def of(cls, features: Values, fold: Ints) -> Machine:
        """Prepare the fits of all folds, from features (examples, features)."""
        made = []
        for one in np.unique(fold):
            others = fold != one
            mean, scale = features[others].mean(axis=0), features[others].std(axis=0)
            scale[scale < 1e-9] = 1.0
            fitted, left = (features[others] - mean) / scale, (features[~others] - mean) / scale
            inner = fitted.T @ fitted + RIDGE * np.eye(features.shape[1])
            made.append((np.linalg.solve(inner, fitted.T), left))
        return cls(fold, tuple(made))

    def scores(self, label: Booleans) -> Values:
        """Return the score of each example, higher: as labelled."""
        found = np.zeros(len(label))
        for one, (smoother, left) in zip(np.unique(self.fold), self.smoothers, strict=True):
            others = self.fold != one
            share = float(label[others].mean())
            if 0.0 < share < 1.0:
                found[~others] = left @ (smoother @ (label[others] - share))
        return found


@dataclass(frozen=True, slots=True)
class Separability:
    """How well a linear machine tells two sources apart.

    Parameters
    ----------
    area
        Under the curve, of examples of groups that it was not fitted on; 0.5: not at all. With its
        interval, by draws of groups.
    chance
        Share of permutations of whole groups that were told apart as well or better.
    groups
        Of both together.
    """

    area: Interval
    chance: float
    groups: int


def separability(
    first: Values,
    second: Values,
    *,
    groups: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Separability:
    """Tell how well two sources, or a simulator and reality, can be told apart.

    What is told apart easily is another kind of evidence: figures of one say little of the other.
    Whole groups are held out, drawn and permuted (classifier two-sample test, Lopez-Paz & Oquab,
    ICLR 2017).

    Parameters
    ----------
    first, second
        (examples, features) of each.
    groups
        (examples,) of each: site or lane.
    permutations
        How many.
    seed
        Of folds, draws and permutations.

    Raises
    ------
    UsageError
        A source has fewer than two groups.
    """
    label = np.arange(len(first) + len(second)) < len(first)
    names = [np.unique(one, return_inverse=True)[1] for one in groups]
    counts = [int(one.max()) + 1 if len(one) else 0 for one in names]
    if min(counts) < 2:
        msg = f"{counts[0]} and {counts[1]} groups: at least two of each source, to hold one out"
        raise UsageError(msg)
    group = np.concatenate([names[0], names[1] + counts[0]])
    fold = _balanced_folds(counts, seed)[group]
    machine = Machine.of(np.concatenate([first, second]), fold)
    scores = machine.scores(label)
    value = area_under_curve(scores, label)
    random = np.random.default_rng(seed)
    of_group = np.arange(sum(counts)) < counts[0]
    tried = []
    for _ in range(permutations):
        moved = random.permutation(of_group)[group]
        tried.append(area_under_curve(machine.scores(moved), moved))
    as_good = sum(one >= value for one in tried)
    chance = (1 + as_good) / (1 + permutations)
    return Separability(area_by_groups(scores, label, group, seed=seed), chance, sum(counts))


def _balanced_folds(counts: list[int], seed: int) -> Ints:
    """Return the fold of each group, those of either source spread over all folds."""
    random = np.random.default_rng(seed)
    folds = min(FOLDS, *counts)
    return np.concatenate([random.permutation(one) % folds for one in counts]).astype(np.int64)


def false_at(scores: Values, target: Booleans, pd: float) -> float | None:
    """Return the share of the others at or above the score that so many targets reach.

    None without targets, or without others.
    """
    if not target.any() or target.all():
        return None
    ranked = np.sort(scores[target])[::-1]
    threshold = ranked[int(np.ceil(pd * len(ranked) - 1e-9)) - 1]
    return float((scores[~target] >= threshold).mean())
