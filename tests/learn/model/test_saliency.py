"""What moved a network lies where the echo lies, adds up, and is not just the radargram's edges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import Indication
from detectkit.detect.evidence import GRID, EvidencePatch
from detectkit.detect.fusion import Place
from detectkit.learn.explanation import Explanation
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.making import Sites
from detectkit.learn.model.model import Model
from detectkit.learn.saliency import attribution, explain, likeness_to_random
from detectkit.product.explanation_picture import draw_explanation


def place(patch: EvidencePatch) -> Place:
    where = Indication(
        "L1", 120, 110, 130, 2.4, None, None, 3e-9, 0.12, 0.02, 1e8, "given", 7.0, 3
    )  # fmt: skip
    return Place(where, patch)


@pytest.fixture(scope="module")
def spot(test_sites: Sites) -> EvidencePatch:
    return test_sites.examples.patches()[int(np.flatnonzero(test_sites.examples.is_target)[0])]


@pytest.fixture(scope="module")
def explained(model: Model, spot: EvidencePatch) -> Explanation:
    return explain(place(spot), NetworkAssessor(model))


def test_the_samples_shares_add_up_to_what_all_of_it_moved(explained: Explanation) -> None:
    assert explained.moved > 0.5
    assert abs(explained.left_out) < 0.1 * explained.moved


def test_it_looked_at_the_spot(explained: Explanation, spot: EvidencePatch) -> None:
    """The tenth of the samples under the spot moved several times their share."""
    near = np.hypot(GRID.along_m / 0.12, (GRID.depth_m[:, None] - 0.12) / 0.12) < 1.0
    size = np.abs(explained.radar).sum(axis=0)
    assert size[near].sum() / size.sum() > 1.5 * near.mean()
    assert explained.share_above_ground < 0.3
    assert 0.0 <= explained.share_beyond_halo <= 1.0


def test_what_is_masked_moves_nothing(model: Model, spot: EvidencePatch) -> None:
    known = spot.radar_known.copy()
    known[:20] = False
    radar, detector, _ = attribution(model, replace(spot, radar_known=known))
    assert (radar[:, :, :20] == 0.0).all()
    assert (radar[:, :, 20:] != 0.0).any()
    assert detector.shape == spot.detector.shape


def test_random_weights_give_another_picture(model: Model, spot: EvidencePatch) -> None:
    """Adebayo's check: else the picture would show the radargram and nothing that was learned."""
    assert likeness_to_random(model, spot) < 0.6


def test_each_sensor_is_taken_away_in_turn(
    explained: Explanation, model: Model, spot: EvidencePatch
) -> None:
    assert [name for name, _ in explained.without] == ["radar", "metal_detector"]
    blind = dict(explained.without)["radar"]
    assert blind.probability < explained.assessment.probability
    alone = replace(spot, detector_known=np.zeros_like(spot.detector_known))
    only = explain(place(alone), NetworkAssessor(model))
    assert [name for name, _ in only.without] == ["radar"]


def test_explaining_changes_nothing(model: Model, spot: EvidencePatch) -> None:
    assessor = NetworkAssessor(model)
    before = assessor.assess([spot])
    explain(place(spot), assessor)
    assert assessor.assess([spot]) == before


def test_the_picture_is_written(explained: Explanation, tmp_path: Path) -> None:
    draw_explanation(explained, tmp_path / "place.png")
    assert (tmp_path / "place.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
