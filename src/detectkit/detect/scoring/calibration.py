"""Whether probabilities mean what they say: reliability, calibration error, Brier score.

Sources: G. W. Brier, Mon. Weather Rev. 78 (1950) 1; M. P. Naeini, G. F. Cooper, M. Hauskrecht, AAAI
2015 (expected calibration error).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.detect.scoring.intervals import Share

Values = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
BINS = 10
LOG_ODDS = (-8.0, 8.0)
LEAST_P = 1e-6
FEWEST_OF_GROUP = 30
"""A group with fewer alarms has no calibration error of its own."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Alarms of like probability: what was said, and what was there.

    Parameters
    ----------
    low, high
        Probabilities from, below which.
    said
        Mean probability.
    there
        How many had a target.
    """

    low: float
    high: float
    said: float
    there: Share


@dataclass(frozen=True, slots=True)
class GroupFit:
    """How probabilities fit in one lane or site.

    Parameters
    ----------
    group
        Its name.
    alarms
        How many it rests on.
    expected_error, brier, log_loss
        As of `Calibration`.
    """

    group: str
    alarms: int
    expected_error: float
    brier: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well probabilities are calibrated.

    Parameters
    ----------
    there
        Share of the alarms at which a target lay.
    said
        Mean probability.
    expected_error
        Mean distance of said and there over ten even bins, weighted by alarms. With few alarms it
        is above 0 even for perfect probabilities, by about `chance_error`.
    chance_error
        What perfect probabilities would have given on average, by simulation.
    brier, log_loss
        Mean squared error; mean of -ln of what was said of what was there.
    bins
        Even in log-odds: where few targets are expected, decisions fall at small probabilities.
    groups
        Each lane or site with enough alarms, by name.
    """

    there: Share
    said: float
    expected_error: float
    chance_error: float
    brier: float
    log_loss: float
    bins: tuple[Bin, ...]
    groups: tuple[GroupFit, ...] = ()

    @property
    def worst_group(self) -> tuple[str, int, float] | None:
        """Name, alarms and calibration error of the worst group; None: none has enough alarms."""
        worst = self._worst(lambda one: one.expected_error)
        return None if worst is None else (worst.group, worst.alarms, worst.expected_error)

    def _worst(self, figure: Callable[[GroupFit], float]) -> GroupFit | None:
        return max(self.groups, key=figure, default=None)

    def as_numbers(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        return {
            "there": self.there.as_numbers(),
            "said": self.said,
            "expected_calibration_error": self.expected_error,
            "of_perfect_probabilities": self.chance_error,
            "brier": self.brier,
            "log_loss": self.log_loss,
            "bins": [
                {"from": one.low, "below": one.high, "said": one.said,
                 "there": one.there.as_numbers()}
                for one in self.bins
            ],
            "worst_group": None if self.worst_group is None else dict(
                zip(("group", "alarms", "expected_calibration_error"), self.worst_group,
                    strict=True)
            ),
            "by_group": {
                name: {
                    "groups": len(self.groups),
                    "mean": float(np.mean([figure(one) for one in self.groups])),
                    "worst": figure(worst),
                    "worst_group": worst.group,
                    "alarms": worst.alarms,
                }
                for name, figure in GROUP_FIGURES.items()
                for worst in (self._worst(figure),)
                if worst is not None
            },
        }  # fmt: skip


GROUP_FIGURES: Mapping[str, Callable[[GroupFit], float]] = {
    "expected_calibration_error": lambda one: one.expected_error,
    "brier": lambda one: one.brier,
    "log_loss": lambda one: one.log_loss,
}
"""What is told of every lane or site, the mean beside the worst."""


def calibration(
    probability: npt.ArrayLike, label: npt.ArrayLike, *, group: Sequence[str] = (), seed: int = 0
) -> Calibration:
    """Measure how probabilities fit what was there.

    Parameters
    ----------
    probability
        (alarms,): what was said, 0 to 1.
    label
        (alarms,): whether a target lay there.
    group
        (alarms,): lane or site of each, to find the worst; empty: none.
    seed
        Of the simulated perfect probabilities.

    Raises
    ------
    UsageError
        No alarms, or numbers that are no probabilities.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> said = rng.uniform(size=4000)
    >>> right = calibration(said, rng.uniform(size=4000) < said)
    >>> wrong = calibration(said**0.3, rng.uniform(size=4000) < said)
    >>> right.expected_error < 0.03 < 0.2 < wrong.expected_error
    True
    """
    said, there = np.asarray(probability, np.float64), np.asarray(label, np.bool_)
    if said.ndim != 1 or said.shape != there.shape or not said.size:
        msg = f"{said.shape} probabilities, {there.shape} labels: one of each per alarm is needed"
        raise UsageError(msg)
    if not ((said >= 0.0) & (said <= 1.0)).all():
        msg = f"probabilities from {said.min()} to {said.max()}: they lie between 0 and 1"
        raise UsageError(msg)
    bounded = np.clip(said, LEAST_P, 1.0 - LEAST_P)
    return Calibration(
        Share(int(there.sum()), len(there)),
        float(said.mean()),
        expected_calibration_error(said, there),
        _chance_error(said, seed=seed),
        _brier(said, there),
        log_loss(said, there),
        _log_odds_bins(bounded, said, there),
        _groups(said, there, group),
    )


def log_loss(said: Values, there: Booleans) -> float:
    """Return the mean of -ln of what was said of what was there (NLL), no certainty but `LEAST_P`.

    Examples
    --------
    >>> round(log_loss(np.array([0.5, 0.5]), np.array([True, False])), 4)
    0.6931
    """
    bounded = np.clip(said, LEAST_P, 1.0 - LEAST_P)
    return float(-np.mean(np.where(there, np.log(bounded), np.log1p(-bounded))))


def _brier(said: Values, there: Booleans) -> float:
    return float(np.mean((said - there) ** 2))


def expected_calibration_error(said: Values, there: Booleans, *, bins: int = BINS) -> float:
    """Return the mean distance of said and there over even bins, weighted by their alarms."""
    which = np.minimum((said * bins).astype(np.int64), bins - 1)
    off = np.bincount(which, weights=said - there, minlength=bins)
    return float(np.abs(off).sum() / len(said))


def _chance_error(said: Values, *, seed: int) -> float:
    generator = np.random.default_rng(seed)
    tried = [
        expected_calibration_error(said, generator.uniform(size=len(said)) < said)
        for _ in range(20)
    ]
    return float(np.mean(tried))


def _log_odds_bins(bounded: Values, said: Values, there: Booleans) -> tuple[Bin, ...]:
    edges = np.arange(LOG_ODDS[0], LOG_ODDS[1] + 0.5, 1.0)
    odds = np.log(bounded) - np.log1p(-bounded)
    which = np.digitize(odds, edges[1:-1])
    probability = 1.0 / (1.0 + np.exp(-edges))
    probability[0], probability[-1] = 0.0, 1.0
    found = []
    for one in np.unique(which):
        inside = which == one
        share = Share(int(there[inside].sum()), int(inside.sum()))
        ends = float(probability[one]), float(probability[one + 1])
        found.append(Bin(*ends, float(said[inside].mean()), share))
    return tuple(found)


def _groups(said: Values, there: Booleans, group: Sequence[str]) -> tuple[GroupFit, ...]:
    names = np.asarray(group)
    found = []
    for name in np.unique(names):
        inside = names == name
        if np.count_nonzero(inside) >= FEWEST_OF_GROUP:
            ours, truth = said[inside], there[inside]
            found.append(
                GroupFit(
                    str(name),
                    len(ours),
                    expected_calibration_error(ours, truth),
                    _brier(ours, truth),
                    log_loss(ours, truth),
                )
            )
    return tuple(found)
