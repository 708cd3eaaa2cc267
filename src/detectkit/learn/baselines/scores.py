"""Baselines and ablations, fitted on training sites: scores of other examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.learn.baselines.features import energies, gradients
from detectkit.learn.examples import Examples

Values = npt.NDArray[np.float64]
COMPONENTS = 20
"""Of ground without targets; what they do not explain is the residual (PCA residual)."""


def energy(examples: Examples) -> Values:
    """Return the radar's own score, the baseline without anything learned; 0 where it has none."""
    return np.asarray(np.nan_to_num(_scalar(examples, "gpr_score")), np.float64)


def loudness(examples: Examples) -> Values:
    """Return the detector's own score; 0 where it has none."""
    return np.asarray(np.nan_to_num(_scalar(examples, "detector_snr")), np.float64)


def fitted_scores(train: Examples, others: Mapping[str, Examples]) -> dict[str, dict[str, Values]]:
    """Return the scores of every fitted baseline: name → split → (examples,), higher: a target.

    ``"gradients"``: histograms of gradients and a linear machine; ``"pca residual"``: what ground
    without targets does not explain. Ablations, which should not work: ``"air only"`` sees what is
    above the ground, ``"surface only"`` what is at it.
    """
    labels = train.is_target
    found: dict[str, dict[str, Values]] = {}
    for name, features in (
        ("gradients", gradients),
        ("air only", lambda one: energies(one, part="air")),
        ("surface only", lambda one: energies(one, part="surface")),
    ):
        fitted = _linear(features(train), labels)
        found[name] = {split: fitted(features(one)) for split, one in others.items()}
    residual = _residual(train)
    found["pca residual"] = {split: residual(one) for split, one in others.items()}
    return found


def by_index(train_order: Values, labels: npt.NDArray[np.bool_], order: Values) -> Values:
    """Return scores that know nothing but an example's place in the file: a leak shows here."""
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(50, max_depth=6, random_state=0, n_jobs=1)
    forest.fit(train_order[:, None], labels)
    return np.asarray(forest.predict_proba(order[:, None])[:, 1], np.float64)


def by_index_folds(
    order: Values, labels: npt.NDArray[np.bool_], fold: npt.NDArray[np.int64]
) -> Values:
    """Return `by_index` of every fold, fitted on the others; 0 where those are of one kind."""
    found = np.zeros(len(order))
    for one in np.unique(fold):
        left = fold == one
        if 0.0 < labels[~left].mean() < 1.0:
            found[left] = by_index(order[~left], labels[~left], order[left])
    return found


def _linear(features: Values, labels: npt.NDArray[np.bool_]) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    machine = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=500)
    )
    machine.fit(features, labels)
    return machine.decision_function


def _residual(train: Examples) -> Any:
    """Return the function that tells how much of an image ground does not explain."""
    from sklearn.decomposition import PCA

    ground = _flat(train)[~train.is_target]
    components = PCA(min(COMPONENTS, len(ground) - 1), random_state=0).fit(ground)

    def residual(examples: Examples) -> Values:
        flat = _flat(examples)
        rest = flat - components.inverse_transform(components.transform(flat))
        return np.asarray((rest**2).mean(axis=1), np.float64)

    return residual


def _flat(examples: Examples) -> Values:
    return examples.radar[:, 0].reshape(len(examples), -1).astype(np.float64)


def _scalar(examples: Examples, name: str) -> npt.NDArray[np.float32]:
    from detectkit.detect.evidence import SCALARS

    return examples.scalars[:, SCALARS.index(name)]
