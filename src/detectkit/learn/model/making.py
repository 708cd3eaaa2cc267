"""From a trained network to a model: calibrated, with what is usual, with what it is valid for.

The sites of training, validation and test are apart, and this module insists on it: the network
learns on the first, its calibration and its idea of what is usual on the second, and figures are
told of the third.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.core.indication import CATEGORIES, TARGETS, UNKNOWN
from detectkit.detect.evidence import GRID, PatchGrid
from detectkit.detect.scoring.calibration import expected_calibration_error, log_loss
from detectkit.learn.autoencoder import Anomaly, fit_autoencoder
from detectkit.learn.autoencoder_settings import AutoencoderSettings
from detectkit.learn.calibration import CalibrationSettings, fit_calibration
from detectkit.learn.examples import Examples
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.manifest import Facts, Manifest, Metric, Source
from detectkit.learn.model.model import Model, seen_by
from detectkit.learn.model.validity import validity_of
from detectkit.learn.network import EvidenceNetwork
from detectkit.learn.novelty import fit_novelty
from detectkit.learn.ranking import area_under_curve
from detectkit.learn.threads import one_thread

Values = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

NOVELTY_THRESHOLD = 0.99
"""Of known evidence one hundredth is called unknown."""
WITHIN_ONE = 0.6826894921370859
"""Share of a normal within one standard deviation."""
FEWEST_DEPTHS = 20
REPLICATES = 200


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Examples with the site of each, (examples,)."""

    examples: Examples
    site: npt.NDArray[np.int64]

    def labelled(self) -> Sites:
        """Return those of which somebody knows what lay there."""
        known = self.examples.category >= 0
        return Sites(self.examples.take(known), self.site[known])

    def source(self, name: str, origin: str, sha256: str, use: str) -> Source:
        """Return what a manifest says of them."""
        targets = int(self.examples.is_target.sum())
        sites = len(np.unique(self.site))
        return Source(name, origin, sha256, use, sites, len(self.examples), targets)


@dataclass(frozen=True, slots=True)
class MakingSettings:
    """How a network becomes a model.

    Parameters
    ----------
    calibration
        How its log-odds are calibrated.
    autoencoder
        The score of what was never trained on; None: the model has none.
    novelty_threshold
        Novelty above it is "unknown".
    """

    calibration: CalibrationSettings = CalibrationSettings()
    autoencoder: AutoencoderSettings | None = AutoencoderSettings()
    novelty_threshold: float = NOVELTY_THRESHOLD


def make_model(
    network: EvidenceNetwork,
    facts: Facts,
    train: Sites,
    validation: Sites,
    settings: MakingSettings | None = None,
    *,
    grid: PatchGrid = GRID,
    sources: tuple[Source, ...] = (),
) -> Model:
    """Return a model of a trained network.

    Parameters
    ----------
    network
        Trained on `train`.
    facts
        Name, kind of pipeline, limits, recipe.
    train, validation
        Evidence with the truth, of sites that are apart.
    settings
        None: the defaults.
    grid
        Of the patches.
    sources
        What they came from, for the manifest.

    Raises
    ------
    UsageError
        A site is in both; or too little evidence for one of the fits.
    """
    settings = settings or MakingSettings()
    train, validation = train.labelled(), validation.labelled()
    require_apart(train, validation)
    network.eval()
    validity = validity_of(train.examples.scalars)
    with one_thread():
        anomaly = _autoencoder(train, settings.autoencoder, grid)
        trained, _, _ = seen_by(network, train.examples, validity, anomaly)
        held_out, depth_m, deviation_m = seen_by(network, validation.examples, validity, anomaly)
    category = validation.examples.category
    calibration = fit_calibration(held_out.logits, category, validation.site, settings.calibration)
    manifest = Manifest(
        facts=facts,
        network=network.settings,
        grid=grid,
        calibration=calibration,
        validity=validity,
        novelty_threshold=settings.novelty_threshold,
        depth_error_factor=depth_error_factor(depth_m - validation.examples.depth_m, deviation_m),
        autoencoder=None if anomaly is None else anomaly.settings,
        anomaly=None if anomaly is None else (anomaly.middle, anomaly.deviation),
        sources=sources,
    )
    return Model(
        network, manifest, fit_novelty(trained, train.examples.category, held_out), anomaly
    )


def require_apart(*parts: Sites) -> None:
    """Raise a UsageError where two parts share a site."""
    for number, one in enumerate(parts):
        for other in parts[number + 1 :]:
            both = np.intersect1d(one.site, other.site)
            if both.size:
                msg = (
                    f"site {both[0]} is in two parts ({both.size} such sites): what is calibrated "
                    "or tested on sites that were trained on says nothing; split by site"
                )
                raise UsageError(msg)


def depth_error_factor(off_m: Values, deviation_m: Values) -> float:
    """Return what deviations have to be multiplied by for two thirds to lie within one.

    Parameters
    ----------
    off_m
        Depth minus the true one, (examples,); NaN where there was none.
    deviation_m
        What was said of it, (examples,).
    """
    known = np.isfinite(off_m)
    if known.sum() < FEWEST_DEPTHS:
        return 1.0
    return float(np.quantile(np.abs(off_m[known]) / deviation_m[known], WITHIN_ONE))


def measured(model: Model, test: Sites, *, on: str, seed: int = 0) -> Model:
    """Return the model with figures of evidence that neither fit has seen.

    Intervals (95 %) are of sites drawn anew. They are figures of candidates: how many targets are
    found per area is another question, which `detectkit evaluate` answers.
    """
    test = test.labelled()
    said = NetworkAssessor(model).assess(test.examples.patches())
    found = _Found(
        np.array([one.probability for one in said]),
        test.examples.is_target,
        np.array([one.category == UNKNOWN for one in said]),
        np.array([one.category for one in said]) == np.array(CATEGORIES)[test.examples.category],
    )
    draws = _draws(test.site, seed)
    metrics = []
    for name, figure in FIGURES.items():
        value = figure(found)
        tried = [one for at in draws if math.isfinite(one := figure(found.take(at)))]
        if math.isfinite(value) and tried:
            low, high = np.quantile(tried, [0.025, 0.975]).tolist()
            metrics.append(Metric(name, value, low, high, len(said), on))
    kept = (*model.manifest.metrics, *metrics)
    return replace(model, manifest=replace(model.manifest, metrics=kept))


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What was said of examples, and what lay there."""

    probability: Values
    target: Booleans
    unknown: Booleans
    right: Booleans

    def take(self, at: npt.NDArray[np.int64]) -> _Found:
        return _Found(self.probability[at], self.target[at], self.unknown[at], self.right[at])

    def brier(self) -> float:
        return float(np.mean((self.probability - self.target) ** 2))

    def log_loss(self) -> float:
        return log_loss(self.probability, self.target)

    def calibration_error(self) -> float:
        return expected_calibration_error(self.probability, self.target)

    def area(self) -> float:
        return area_under_curve(self.probability, self.target)

    def right_where_told(self) -> float:
        told = ~self.unknown
        return float(self.right[told].mean()) if told.any() else math.nan

    def share_unknown(self) -> float:
        return float(self.unknown.mean())


FIGURES: Mapping[str, Callable[[_Found], float]] = {
    "area under the curve": _Found.area,
    "expected calibration error": _Found.calibration_error,
    "Brier score": _Found.brier,
    "log loss": _Found.log_loss,
    "category right, where told": _Found.right_where_told,
    "share unknown": _Found.share_unknown,
}
"""What is measured of candidates."""


def _draws(site: npt.NDArray[np.int64], seed: int) -> list[npt.NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    members = [np.flatnonzero(site == one) for one in np.unique(site)]
    return [
        np.concatenate([members[one] for one in random.integers(len(members), size=len(members))])
        for _ in range(REPLICATES)
    ]


def _autoencoder(
    train: Sites, settings: AutoencoderSettings | None, grid: PatchGrid
) -> Anomaly | None:
    """Return one that was trained on what of the training sites holds no target."""
    if settings is None:
        return None
    ground = train.examples.category >= len(TARGETS)
    examples = train.examples.take(ground)
    return fit_autoencoder(
        examples.radar, examples.radar_known, settings, grid=grid, site=train.site[ground]
    )
