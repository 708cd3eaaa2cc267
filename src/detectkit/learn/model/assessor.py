"""NetworkAssessor: weighs evidence with a model, behind the same interface as the rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from detectkit.core import PipelineError
from detectkit.core.indication import CATEGORIES, TARGETS, UNKNOWN
from detectkit.detect.assess import Assessment
from detectkit.detect.evidence import EvidencePatch
from detectkit.detect.kind import kind_of
from detectkit.detect.rule import log_odds, probability
from detectkit.learn.calibration import target_odds
from detectkit.learn.model.model import Answer, Model
from detectkit.learn.threads import one_thread
from detectkit.pipeline import Pipeline

Kinds = Literal["own", "any"]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkAssessor:
    """An Assessor that is a network: calibrated, with an interval, and with "unknown".

    Each patch is weighed by itself, in one thread: the same evidence gets the same bits, live and
    afterwards, whatever is asked beside it. On another kind of processor the last bits may differ.

    Parameters
    ----------
    model
        What weighs.
    kinds
        ``"own"``: evidence of another kind of pipeline than the model's is refused; ``"any"``: it
        is weighed, at one's own risk.
    given_prior
        Share of targets among candidates; None: that of the sites of its calibration.

    Examples
    --------
    >>> from detectkit.learn.model.files import load_model
    >>> NetworkAssessor(load_model("no-such-model"))
    Traceback (most recent call last):
    ...
    detectkit.core.errors.UsageError: no model 'no-such-model'...
    """

    model: Model
    kinds: Kinds = "own"
    given_prior: float | None = None
    label: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.model.manifest.label)
        if self.given_prior is not None:
            log_odds(self.given_prior)

    @property
    def prior(self) -> float:
        """Share of targets among candidates that its probabilities rest on."""
        fitted = self.model.manifest.calibration.prior
        return fitted if self.given_prior is None else self.given_prior

    def with_prior(self, prior: float) -> NetworkAssessor:
        """Return the same for another share of targets: Bayes' rule moves all log-odds alike."""
        return replace(self, given_prior=prior)

    def check(self, pipeline: Pipeline) -> None:
        """Refuse evidence of another kind of pipeline than the model was made on."""
        own, found = self.model.manifest.facts.kind, kind_of(pipeline, self.model.manifest.grid)
        if self.kinds == "own" and found != own:
            msg = (
                f"{self.label} was made on evidence of another kind of pipeline\n"
                f"  its own: {own}\n  this:    {found}\n"
                "use its kind, a model of this kind, or let it weigh any kind at your own risk"
            )
            raise PipelineError(msg)

    def assess(self, patches: Sequence[EvidencePatch]) -> list[Assessment]:
        """Return an assessment of each patch."""
        with one_thread():
            return [self._assess(one) for one in patches]

    def _assess(self, patch: EvidencePatch) -> Assessment:
        if not (patch.radar_known.any() or patch.detector_known.any()):
            return self._nothing_said()
        answer = self.model.answer(patch)
        if not np.isfinite(answer.logits).all():
            return self._nothing_said()
        raw = float(target_odds(answer.logits[None])[0])
        manifest = self.model.manifest
        outside = manifest.validity.outside(patch.scalars)
        novelty = 1.0 if outside else self.model.novelty.share(self.model.strangeness(answer))
        is_unknown = novelty > manifest.novelty_threshold
        low, middle, high = self._odds(raw, is_unknown=is_unknown)
        category, share = self._category(answer, middle)
        return Assessment(
            probability=probability(middle),
            low=probability(low),
            high=probability(high),
            category=UNKNOWN if is_unknown else category,
            category_probability=math.nan if is_unknown else share,
            novelty=novelty,
            depth_m=answer.depth_m,
            depth_error_m=answer.depth_deviation_m * manifest.depth_error_factor,
            outside=outside,
            anomaly=answer.anomaly,
        )

    def _odds(self, raw: float, *, is_unknown: bool) -> tuple[float, float, float]:
        """Return lower end, middle and upper end in log-odds, at the prior.

        Of what is unknown, neither a high nor a low probability is to be trusted: its interval
        reaches from no more than the share of targets that was there before anything was
        measured to no less than even odds.
        """
        calibration = self.model.manifest.calibration
        middle = float(calibration.calibrated(raw))
        half = float(calibration.half_width(raw))
        low, high = middle - half, middle + half
        if is_unknown:
            low, high = min(low, log_odds(calibration.prior)), max(high, 0.0)
        moved = log_odds(self.prior) - log_odds(calibration.prior)
        return low + moved, middle + moved, high + moved

    def _category(self, answer: Answer, odds: float) -> tuple[str, float]:
        """Return the likeliest category and its probability.

        Targets share the calibrated probability among themselves, the others the rest.
        """
        calm = answer.logits / self.model.manifest.calibration.temperature
        first, target = len(TARGETS), probability(odds)
        among: npt.NDArray[np.float64] = np.concatenate(
            [target * _shares(calm[:first]), probability(-odds) * _shares(calm[first:])]
        )
        best = int(among.argmax())
        return CATEGORIES[best], float(among[best])

    def _nothing_said(self) -> Assessment:
        """Return what is thought where nothing was measured: the prior, and no hypothesis."""
        return Assessment(self.prior, 0.0, 1.0, UNKNOWN, math.nan, 1.0)


def _shares(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.exp(logits - np.logaddexp.reduce(logits)))
