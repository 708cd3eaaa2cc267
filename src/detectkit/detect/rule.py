"""The transparent rule: a logistic regression on a few named numbers, to be read in a text file.

It stands in where no network is loaded, and beside it as what a network has to beat. Its numbers
come from a fit on labelled evidence (`detectkit.learn.baselines`). What a detector hears can only
raise its probability: silence over a mine with hardly any metal tells nothing.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.core import PipelineError, UsageError
from detectkit.detect.assess import Assessment
from detectkit.detect.evidence import EvidencePatch
from detectkit.pipeline import Pipeline

Values = npt.NDArray[np.float64]

FEATURES = ("echo", "width_m", "depth_m", "peak", "metal", "height_m", "no_radar", "no_detector")
"""What the rule looks at, in this order; see `features_of`."""
WIDEST_M = 1.0
NINETY_PERCENT = 1.6448536269514722
"""Standard deviations to each side of a normal's middle nine tenths."""
SHIPPED = "rule.toml"


def features_of(patch: EvidencePatch) -> Values:
    """Return the rule's numbers of a patch, (features,), float64; what is not known counts as 0.

    ``echo`` and ``metal`` are the logarithms of 1 + the radar's and the detector's score;
    ``width_m`` and ``depth_m`` the echo's; ``peak`` the logarithm of 1 + the largest focused
    value within 0.15 m of the middle over that beyond; ``height_m`` the antenna's.

    Examples
    --------
    >>> from detectkit.detect.evidence import no_evidence
    >>> features_of(no_evidence())
    array([0., 0., 0., 0., 0., 0., 1., 1.])
    """
    has_radar, has_detector = bool(patch.radar_known.any()), bool(patch.detector_known.any())
    echo, snr = _known(patch, "gpr_score"), _known(patch, "detector_snr")
    return np.array(
        [
            math.log1p(max(echo, 0.0)),
            min(_known(patch, "gpr_width_m"), WIDEST_M),
            _known(patch, "gpr_depth_m"),
            _peak(patch) if has_radar else 0.0,
            math.log1p(max(snr, 0.0)),
            _known(patch, "height_m"),
            float(not has_radar),
            float(not has_detector),
        ]
    )


def _known(patch: EvidencePatch, name: str) -> float:
    value = patch.scalar(name)
    return value if math.isfinite(value) else 0.0


def _peak(patch: EvidencePatch) -> float:
    focused = np.abs(patch.radar[-1]).max(axis=0)
    middle, columns = 0.5 * (focused.size - 1), np.arange(focused.size)
    near = np.abs(columns - middle) <= 6.0
    beyond = focused[~near & patch.radar_known]
    level = float(np.median(beyond)) if beyond.size else 1.0
    return math.log1p(float(focused[near].max()) / max(level, 1e-6))


@dataclass(frozen=True, slots=True, eq=False)
class LogisticRule:
    """An Assessor that can be read: log-odds = intercept + sum of weight x standardised feature.

    Parameters
    ----------
    intercept, weights
        Weights are (features,), in the order of `FEATURES`.
    mean, scale
        Of each feature on the examples of the fit, (features,).
    covariance
        Of intercept and weights, (1 + features, 1 + features): the interval comes from it.
    prior
        Share of targets among candidates.
    kind
        Of the pipelines whose evidence it was fitted on; empty: any.
    text
        What it was read from.
    """

    intercept: float
    weights: Values
    mean: Values
    scale: Values
    covariance: Values
    prior: float
    kind: str = ""
    text: str = ""

    @classmethod
    def from_toml(cls, text: str, *, where: str = "rule") -> LogisticRule:
        """Read a rule.

        Raises
        ------
        UsageError
            It is no TOML, or numbers are missing, too many or not finite.
        """
        try:
            table = tomllib.loads(text)
            features = table["feature"]
            if [one["name"] for one in features] != list(FEATURES):
                msg = f"{where}: its features must be {', '.join(FEATURES)}, in this order"
                raise UsageError(msg)
            columns = (
                np.array([float(one[name]) for one in features])
                for name in ("weight", "mean", "scale")
            )
            weights, mean, scale = columns
            covariance = np.array(table["covariance"], np.float64)
            rule = cls(
                float(table["intercept"]), weights, mean, scale, covariance,
                float(table["prior"]), str(table.get("kind", "")), text,
            )  # fmt: skip
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, UsageError):
                raise
            msg = f"{where}: not a rule ({type(error).__name__}: {error}); make it by a fit"
            raise UsageError(msg) from error
        size = len(FEATURES) + 1
        numbers = (rule.intercept, *rule.weights, *rule.mean, *rule.scale, rule.prior)
        good = covariance.shape == (size, size) and np.isfinite(covariance).all()
        if not (good and all(map(math.isfinite, numbers)) and 0.0 < rule.prior < 1.0):
            msg = f"{where}: numbers must be finite, covariance {size} x {size}, prior within 0..1"
            raise UsageError(msg)
        return rule

    @property
    def label(self) -> str:
        """Name and the first 12 digits of the sha256."""
        return f"rule {hashlib.sha256(self.text.encode()).hexdigest()[:12]}"

    def with_prior(self, prior: float) -> LogisticRule:
        """Return the rule for another share of targets among candidates."""
        moved = log_odds(prior) - log_odds(self.prior)
        return replace(self, intercept=self.intercept + moved, prior=prior)

    def check(self, pipeline: Pipeline) -> None:
        """Refuse evidence of another kind of pipeline than the rule was fitted on."""
        from detectkit.detect.kind import kind_of

        found = kind_of(pipeline)
        if self.kind and found != self.kind:
            msg = (
                f"{self.label} was fitted on evidence of another kind of pipeline ({self.kind}) "
                f"than this one ({found}); use that, or a rule that was fitted on this"
            )
            raise PipelineError(msg)

    def assess(self, patches: Sequence[EvidencePatch]) -> list[Assessment]:
        """Return an assessment of each patch, with what moved it."""
        return [self._assess(one) for one in patches]

    def _assess(self, patch: EvidencePatch) -> Assessment:
        standard = (features_of(patch) - self.mean) / self.scale
        moved = standard * self.weights
        odds = self.intercept + float(moved.sum())
        row = np.concatenate([[1.0], standard])
        spread = math.sqrt(max(float(row @ self.covariance @ row), 0.0))
        low, middle, high = (
            probability(odds + side * NINETY_PERCENT * spread) for side in (-1.0, 0.0, 1.0)
        )
        reasons = tuple(zip(FEATURES, moved.tolist(), strict=True))
        return Assessment(middle, low, high, "", math.nan, reasons=reasons)


def log_odds(probability: float) -> float:
    """Return log(p / (1 - p)).

    Raises
    ------
    UsageError
        Not between 0 and 1.
    """
    if not 0.0 < probability < 1.0:
        msg = f"a share of {probability} was given; it must lie between 0 and 1, e.g. 0.05"
        raise UsageError(msg)
    return math.log(probability / (1.0 - probability))


def probability(odds: float) -> float:
    """Return the probability of log-odds, without overflow.

    Examples
    --------
    >>> probability(0.0), probability(-1000.0)
    (0.5, 0.0)
    """
    if odds >= 0.0:
        return 1.0 / (1.0 + math.exp(-odds))
    grown = math.exp(max(odds, -745.0))
    return grown / (1.0 + grown) if odds > -745.0 else 0.0


def load_rule(path: str | Path | None = None) -> LogisticRule:
    """Return a rule from a file, None: the one that ships.

    Raises
    ------
    UsageError
        There is no such file, or it holds no rule.
    """
    place = files("detectkit_models") / SHIPPED if path is None else Path(path)
    if not place.is_file():
        msg = f"{place.name}: no such rule; fit one with: detectkit train"
        raise UsageError(msg)
    return LogisticRule.from_toml(place.read_text(encoding="utf-8"), where=place.name)
