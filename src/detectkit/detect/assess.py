"""The one interface of all that weighs evidence: a network, or a rule that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from detectkit.detect.evidence import EvidencePatch
from detectkit.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is thought of the evidence at one place; the fields are those of an Indication.

    Parameters
    ----------
    probability, low, high
        That a target lies here, and its interval (90 %).
    category, category_probability
        Hypothesis: one of `detectkit.core.indication.CATEGORIES`, or ``"unknown"``.
    novelty
        Share of the evidence of known kind that is more usual than this, 0 to 1; NaN: not told.
    depth_m, depth_error_m
        Of the body's top, as the model reads it; NaN: not told.
    reasons
        Name → by how much it moved the log-odds, for a rule; empty for a network.
    outside
        Circumstances beyond what the model was made on, with their values: why it is unknown.
    anomaly
        How badly ground without targets explains the radar's part, in standard deviations of such
        ground; NaN: not told.
    """

    probability: float
    low: float
    high: float
    category: str
    category_probability: float
    novelty: float = float("nan")
    depth_m: float = float("nan")
    depth_error_m: float = float("nan")
    reasons: tuple[tuple[str, float], ...] = ()
    outside: tuple[tuple[str, float], ...] = ()
    anomaly: float = float("nan")


class Assessor(Protocol):
    """Weighs evidence. The same evidence gets the same bits, whatever is asked beside it."""

    @property
    def label(self) -> str:
        """Name and the first 12 digits of the sha256."""

    @property
    def prior(self) -> float:
        """Share of targets among candidates that its probabilities rest on."""

    def with_prior(self, prior: float) -> Assessor:
        """Return the same with another prior: the log-odds move by the change of the prior's."""

    def check(self, pipeline: Pipeline) -> None:
        """Raise a PipelineError where evidence of this pipeline is not what it was made on."""

    def assess(self, patches: Sequence[EvidencePatch]) -> list[Assessment]:
        """Return an assessment of each patch."""
