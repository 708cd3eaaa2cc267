"""Novelty: how unusual evidence is beside what a network was made on.

A network answers everything, also what it has no answer to. Several measures tell that evidence is
strange to it:

- how far its embedding lies from the nearest class, in standard deviations of all classes together
  (Lee et al., A simple unified framework for detecting out-of-distribution samples, NeurIPS 2018);
- the energy of its logits: no class answers loudly (Liu et al., Energy-based out-of-distribution
  detection, NeurIPS 2020);
- whatever else is given, such as how badly an autoencoder can draw the evidence.

Each becomes its rank among known evidence of sites that the network has not seen; the largest of
the ranks becomes a rank again. So the answer is a share: of known evidence, so much is more usual.
Of evidence of the known kind, one hundredth lies above 0.99, whatever the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError

Values = npt.NDArray[np.float64]

QUANTILES = 513
SHRINKAGE = 0.1
"""Share of the covariance that is taken as round: few examples do not tell all directions."""


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """What is usual, to say of further evidence how unusual it is.

    Parameters
    ----------
    middles
        Of each class, in the embedding made white, (classes, features).
    whitener
        Embedding @ whitener has the unit covariance within a class, (features, features).
    ranks
        Quantiles of each measure on known evidence, ascending, (measures, quantiles).
    joint
        Quantiles of the largest rank, (quantiles,).
    """

    middles: Values
    whitener: Values
    ranks: Values
    joint: Values

    def measures(
        self, logits: npt.ArrayLike, embedding: npt.ArrayLike, others: npt.ArrayLike = ()
    ) -> Values:
        """Return the measures of strangeness of one place, larger is stranger.

        Parameters
        ----------
        logits, embedding
            (categories,) and (features,).
        others
            Further measures, as many as at the fit.
        """
        white = _whitened(np.asarray(embedding, np.float64), self.whitener)
        return _measures(self.middles, white, logits, others)

    def share(self, measures: npt.ArrayLike) -> float:
        """Return the share of known evidence that is more usual; 1.0 where a measure is no number.

        Examples
        --------
        >>> steps = np.linspace(0.0, 1.0, 11)
        >>> known = Novelty(np.zeros((1, 1)), np.eye(1), np.stack([steps, 5 * steps]), steps)
        >>> known.share([0.2, 1.5]), known.share([0.1, 7.0]), known.share([0.5, np.nan])
        (0.3, 1.0, 1.0)
        """
        found = np.asarray(measures, np.float64)
        if not np.isfinite(found).all():
            return 1.0
        rank = max(_rank(one, known) for one, known in zip(found, self.ranks, strict=True))
        return _rank(rank, self.joint)

    def arrays(self) -> dict[str, Values]:
        """Return its parts by name."""
        return {
            "middles": self.middles,
            "whitener": self.whitener,
            "ranks": self.ranks,
            "joint": self.joint,
        }

    @classmethod
    def from_arrays(cls, parts: Mapping[str, Values]) -> Novelty:
        """Read it back.

        Raises
        ------
        ValueError
            A part is missing, has another shape, or is not finite.
        """
        try:
            made = cls(*(parts[name] for name in ("middles", "whitener", "ranks", "joint")))
        except KeyError as error:
            msg = f"the array {error} is missing"
            raise ValueError(msg) from error
        features = made.whitener.shape[-1]
        fits = made.middles.ndim == made.ranks.ndim == 2 and made.joint.ndim == 1
        square = made.whitener.shape == (features, features)
        if not (fits and square and made.middles.shape[1] == features):
            msg = "its arrays do not fit together"
            raise ValueError(msg)
        if not all(np.isfinite(one).all() for one in parts.values()):
            msg = "not all of its numbers are finite"
            raise ValueError(msg)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a network made of examples.

    Parameters
    ----------
    logits, embedding
        (examples, categories) and (examples, features).
    others
        Further measures of strangeness, (examples, measures), zero or more.
    """

    logits: Values
    embedding: Values
    others: Values

    def __len__(self) -> int:
        return len(self.logits)


def fit_novelty(trained: Seen, category: npt.ArrayLike, held_out: Seen) -> Novelty:
    """Learn what is usual.

    Parameters
    ----------
    trained, category
        Examples that the network was trained on, and their class: where the classes lie.
    held_out
        Known evidence of other sites: how far from there is usual.

    Raises
    ------
    UsageError
        Fewer than 20 examples held out, or fewer than 2 of every class.
    """
    code = np.asarray(category)
    classes = [one for one in np.unique(code) if (code == one).sum() >= 2]
    if len(held_out) < 20 or not classes:
        msg = (
            f"{len(held_out)} examples held out and {len(classes)} classes with two or more: "
            "novelty needs 20 examples of other sites and one such class"
        )
        raise UsageError(msg)
    embedding = np.asarray(trained.embedding, np.float64)
    middles = np.stack([embedding[code == one].mean(axis=0) for one in classes])
    within = np.concatenate([embedding[code == one] - embedding[code == one].mean(axis=0)
                             for one in classes])  # fmt: skip
    whitener = _whitener(within.T @ within / len(within))
    white_middles = np.stack([_whitened(one, whitener) for one in middles])
    rows = [
        _measures(white_middles, _whitened(embedding, whitener), logits, others)
        for logits, embedding, others in zip(
            held_out.logits, np.asarray(held_out.embedding, np.float64), held_out.others,
            strict=True,
        )
    ]  # fmt: skip
    grid = np.linspace(0.0, 1.0, QUANTILES)
    ranks = np.quantile(np.stack(rows), grid, axis=0).T
    largest = [
        max(_rank(one, known) for one, known in zip(row, ranks, strict=True)) for row in rows
    ]
    return Novelty(white_middles, whitener, ranks, np.quantile(largest, grid))


def _whitener(covariance: Values) -> Values:
    """Return the matrix that makes a covariance, a little rounded, the unit."""
    size = len(covariance)
    level = max(float(np.trace(covariance)) / size, 1e-12)
    value, vector = np.linalg.eigh(
        (1.0 - SHRINKAGE) * covariance + SHRINKAGE * level * np.eye(size)
    )
    return np.asarray(vector / np.sqrt(value))


def _whitened(embedding: Values, whitener: Values) -> Values:
    """Return embedding @ whitener, added up in an order that hangs on no library."""
    return np.asarray((embedding[:, None] * whitener).sum(axis=0))


def _measures(
    middles: Values, white: Values, logits: npt.ArrayLike, others: npt.ArrayLike
) -> Values:
    distance = np.sqrt(((middles - white) ** 2).sum(axis=1).min())
    energy = -np.logaddexp.reduce(np.asarray(logits, np.float64))
    return np.array([distance, energy, *np.asarray(others, np.float64)])


def _rank(value: float, quantiles: Values) -> float:
    """Return the share of known values below this one, 0 to 1."""
    if value > quantiles[-1]:
        return 1.0
    return float(np.interp(value, quantiles, np.linspace(0.0, 1.0, quantiles.size)))
