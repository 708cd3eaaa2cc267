"""Baselines tell hyperbolas from clutter; ablations and an index do not; a rule can be read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.core.indication import CATEGORIES
from detectkit.detect.evidence import GRID, IMAGES, SCALARS, STRIPS
from detectkit.detect.rule import FEATURES, LogisticRule
from detectkit.learn.baselines.features import energies, gradients
from detectkit.learn.baselines.rule import fit_rule
from detectkit.learn.baselines.scores import by_index, energy, fitted_scores, loudness
from detectkit.learn.examples import Examples

NOTHING = CATEGORIES.index("none")


def auc(scores: np.ndarray, target: np.ndarray) -> float:
    """Return the chance that a target scores higher than what is none."""
    return float((scores[target][:, None] > scores[~target][None, :]).mean())


def hyperbola(depth_m: float) -> np.ndarray:
    """Return an echo's picture, (rows, columns)."""
    along, depth = np.meshgrid(GRID.along_m, GRID.depth_m)
    off = (depth - np.hypot(depth_m, along)) / 0.03
    return np.asarray((1.0 - off**2) * np.exp(-0.5 * off**2), np.float32)


def examples(count: int, seed: int, *, echo: float = 4.0) -> Examples:
    """Return clutter of every depth; every second one has an echo of a body as well."""
    rng = np.random.default_rng(seed)
    radar = rng.normal(size=(count, len(IMAGES), GRID.rows, GRID.columns)).astype(np.float32)
    target = np.arange(count) % 2 == 0
    rng.shuffle(target)
    scalars = np.full((count, len(SCALARS)), np.nan, np.float32)
    for row in np.flatnonzero(target):
        radar[row] += echo * hyperbola(float(rng.uniform(0.1, 0.4)))
    scalars[:, SCALARS.index("gpr_score")] = rng.normal(4.0, 1.0, count) + 3.0 * target
    scalars[:, SCALARS.index("detector_snr")] = rng.normal(5.0, 1.0, count) - 2.0 * target
    scalars[:, SCALARS.index("height_m")] = rng.uniform(0.3, 0.6, count)
    scalars[::3, SCALARS.index("detector_snr")] = np.nan
    return Examples(
        radar,
        np.ones((count, GRID.columns), np.bool_),
        np.zeros((count, len(STRIPS), GRID.columns), np.float32),
        np.tile((np.arange(count) % 3 > 0)[:, None], GRID.columns),
        scalars,
        np.where(target, 0, NOTHING).astype(np.int8),
        np.where(target, 0.2, np.nan).astype(np.float32),
    )


TRAIN, TEST = examples(120, 1), examples(120, 2)
SCORES = fitted_scores(TRAIN, {"test": TEST})


@pytest.mark.parametrize("name", ["gradients", "pca residual"])
def test_baselines_know_a_hyperbola(name: str) -> None:
    assert auc(SCORES[name]["test"], TEST.is_target) > 0.9


@pytest.mark.parametrize("name", ["air only", "surface only"])
def test_what_is_not_in_the_ground_tells_nothing(name: str) -> None:
    assert 0.35 < auc(SCORES[name]["test"], TEST.is_target) < 0.65


def test_an_index_tells_nothing_where_files_are_mixed_and_much_where_they_are_not() -> None:
    order = np.arange(120.0)
    half = order % 2 == 0
    mixed, sorted_file = TEST.is_target, order < 60.0
    found = by_index(order[half], mixed[half], order[~half])
    assert abs(auc(found, mixed[~half]) - 0.5) < 0.2
    leak = by_index(order[half], sorted_file[half], order[~half])
    assert auc(leak, sorted_file[~half]) > 0.9, "this is how a leak shows"


def test_a_sensors_own_score_is_a_baseline() -> None:
    assert auc(energy(TEST), TEST.is_target) > 0.9
    assert np.isfinite(loudness(TEST)).all()
    assert not loudness(TEST)[::3].any()


def test_gradients_hang_on_no_gain() -> None:
    louder = replace(TEST, radar=5.0 * TEST.radar)
    assert np.allclose(gradients(louder), gradients(TEST), atol=1e-5)
    assert np.allclose(np.linalg.norm(gradients(TEST), axis=1), 1.0)


def test_parts_are_rows_of_the_patch_by_their_depth() -> None:
    silent = replace(TEST, radar=TEST.radar * (GRID.depth_m > 0.1)[:, None].astype(np.float32))
    for part in ("air", "surface"):
        assert not energies(silent, part=part).any()
        assert energies(TEST, part=part).any()
    assert energies(silent, part="all").any()


def test_a_rule_is_fitted_read_and_right() -> None:
    rule = LogisticRule.from_toml(fit_rule(TRAIN, kind="any | way", made_on="a test"))
    said = np.array([one.probability for one in rule.assess(TEST.patches())])
    assert auc(said, TEST.is_target) > 0.9
    assert said.mean() == pytest.approx(TEST.is_target.mean(), abs=0.1)
    assert rule.kind == "any | way"
    assert rule.prior == pytest.approx(0.5)


def test_a_silent_detector_never_speaks_against_a_mine() -> None:
    """Here targets are quieter than clutter; the rule must not learn that silence is a mine."""
    rule = LogisticRule.from_toml(fit_rule(TRAIN, kind="", made_on="a test"))
    assert rule.weights[FEATURES.index("metal")] == 0.0


def test_labels_that_are_shuffled_teach_nothing() -> None:
    rng = np.random.default_rng(3)
    shuffled = replace(TRAIN, category=rng.permutation(TRAIN.category))
    rule = LogisticRule.from_toml(fit_rule(shuffled, kind="", made_on="a test"))
    said = np.array([one.probability for one in rule.assess(TEST.patches())])
    assert abs(said - 0.5).max() < 0.35


def test_a_rule_needs_both_kinds() -> None:
    with pytest.raises(UsageError, match="both kinds"):
        fit_rule(TRAIN.take(TRAIN.is_target), kind="", made_on="a test")
