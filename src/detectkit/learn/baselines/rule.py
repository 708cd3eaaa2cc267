"""The fit of the rule that can be read: logistic regression, a detector's weight never below 0."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from detectkit.core import UsageError
from detectkit.detect.rule import FEATURES
from detectkit.learn.baselines.features import rule_features
from detectkit.learn.examples import Examples

Values = npt.NDArray[np.float64]
RIDGE = 1.0
"""Weight of a normal prior on the standardised weights, so that rare features stay small."""
NEVER_BELOW_0 = ("metal",)


def fit_rule(train: Examples, *, kind: str, made_on: str) -> str:
    """Return a rule as TOML text, for `detectkit.detect.rule.LogisticRule`.

    Maximum a posteriori of a logistic regression on standardised features, each example alike; the
    covariance is that of Laplace's approximation.

    Parameters
    ----------
    train
        With known categories.
    kind
        Of the pipelines that the evidence came through.
    made_on
        In words, for the reader of the file.

    Raises
    ------
    UsageError
        All or none of the examples are targets.
    """
    labels = train.is_target.astype(np.float64)
    if not 0.0 < labels.mean() < 1.0:
        msg = f"{int(labels.sum())} of {len(labels)} examples are targets: a rule needs both kinds"
        raise UsageError(msg)
    features = rule_features(train)
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale < 1e-9] = 1.0
    standard = np.column_stack([np.ones(len(labels)), (features - mean) / scale])
    bounds = [(None, None)] + [
        (0.0, None) if name in NEVER_BELOW_0 else (None, None) for name in FEATURES
    ]
    ridge = np.array([0.0] + [RIDGE] * len(FEATURES))

    def loss(weights: Values) -> tuple[float, Values]:
        odds = standard @ weights
        lost = float(np.logaddexp(0.0, odds).sum() - labels @ odds + 0.5 * ridge @ weights**2)
        return lost, standard.T @ (expit(odds) - labels) + ridge * weights

    found = minimize(loss, np.zeros(len(ridge)), jac=True, bounds=bounds, method="L-BFGS-B").x
    chance = expit(standard @ found)
    curvature = standard.T @ (standard * (chance * (1.0 - chance))[:, None]) + np.diag(ridge)
    covariance = np.asarray(np.linalg.inv(curvature), np.float64)
    return _text(found, mean, scale, covariance, (float(labels.mean()), kind, made_on))


def _text(
    weights: Values, mean: Values, scale: Values, covariance: Values, told: tuple[float, str, str]
) -> str:
    import tomli_w

    prior, kind, made_on = told
    return tomli_w.dumps(
        {
            "made_on": made_on,
            "prior": round(prior, 6),
            "kind": kind,
            "intercept": round(float(weights[0]), 6),
            "feature": [
                {"name": name, "weight": round(float(weight), 6), "mean": round(float(middle), 6),
                 "scale": round(float(spread), 6)}
                for name, weight, middle, spread in zip(
                    FEATURES, weights[1:], mean, scale, strict=True
                )
            ],
            "covariance": [[float(f"{one:.6g}") for one in row] for row in covariance],
        }
    )  # fmt: skip
