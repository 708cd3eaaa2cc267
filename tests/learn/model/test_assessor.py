"""A network weighs evidence: the same bits each time, Bayes' rule for the prior, and "unknown"."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import PipelineError, UsageError
from detectkit.core.indication import CATEGORIES, UNKNOWN
from detectkit.detect.assess import Assessment
from detectkit.detect.evidence import EvidencePatch, no_evidence
from detectkit.detect.rule import log_odds
from detectkit.detect.scoring.calibration import expected_calibration_error
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.making import Sites
from detectkit.learn.model.model import Model
from detectkit.learn.ranking import area_under_curve
from detectkit.pipeline import Pipeline

from .conftest import with_scalar

OWN = 'step = [{use = "dc"}]\n[detect]\nscore = [{use = "reed-xiaoli"}]'
OTHER = 'step = [{use = "dewow"}]\n[detect]\nscore = [{use = "reed-xiaoli"}]'


def bits(said: list[Assessment]) -> list[bytes]:
    """Return every number of each assessment, to the bit."""
    names = ("probability", "low", "high", "category_probability", "novelty", "depth_m",
             "depth_error_m", "anomaly")  # fmt: skip
    return [np.array([getattr(one, name) for name in names]).tobytes() for one in said]


@pytest.fixture(scope="module")
def patches(test_sites: Sites) -> list[EvidencePatch]:
    return test_sites.examples.patches()


class TestSameBits:
    def test_whatever_is_asked_beside_it(self, model: Model, patches: list[EvidencePatch]) -> None:
        assessor = NetworkAssessor(model)
        together = bits(assessor.assess(patches[:12]))
        assert [bits(assessor.assess([one]))[0] for one in patches[:12]] == together
        assert bits(assessor.assess(patches[11::-1])) == together[::-1]

    @pytest.mark.parametrize("threads", [1, 2, 5])
    def test_whatever_the_number_of_threads(
        self, model: Model, patches: list[EvidencePatch], threads: int
    ) -> None:
        assessor = NetworkAssessor(model)
        expected = bits(assessor.assess(patches[:4]))
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            assert bits(assessor.assess(patches[:4])) == expected
            assert torch.get_num_threads() == threads
        finally:
            torch.set_num_threads(before)

    def test_views_of_larger_arrays_are_the_same_evidence(
        self, model: Model, patches: list[EvidencePatch]
    ) -> None:
        one = patches[0]
        turned = replace(
            one, radar=np.asfortranarray(one.radar), detector=one.detector[:, :].copy()
        )
        assessor = NetworkAssessor(model)
        assert bits(assessor.assess([turned])) == bits(assessor.assess([one]))


class TestProbability:
    def test_targets_of_further_sites_come_first_and_probabilities_hold(
        self, model: Model, test_sites: Sites, patches: list[EvidencePatch]
    ) -> None:
        said = NetworkAssessor(model).assess(patches)
        told = np.array([one.probability for one in said])
        target = test_sites.examples.is_target
        assert area_under_curve(told, target) > 0.9
        assert expected_calibration_error(told, target) < 0.15
        assert all(one.low <= one.probability <= one.high for one in said)

    @given(st.floats(1e-4, 0.9999))
    def test_another_prior_is_bayes_rule(
        self, model: Model, patches: list[EvidencePatch], prior: float
    ) -> None:
        """Posterior odds = likelihood ratio x prior odds; the ratio stays."""
        assessor = NetworkAssessor(model)
        moved = assessor.with_prior(prior)
        assert (moved.prior, moved.label) == (prior, assessor.label)
        ratio = {}
        for one in (assessor, moved):
            said = one.assess(patches[:2])
            ratio[one.prior] = [
                [log_odds(each) - log_odds(one.prior) for each in (x.low, x.probability, x.high)]
                for x in said
            ]
        np.testing.assert_allclose(ratio[assessor.prior], ratio[prior], atol=1e-6)

    def test_no_prior_reorders(self, model: Model, patches: list[EvidencePatch]) -> None:
        before, after = (
            np.array([one.probability for one in assessor.assess(patches[:40])])
            for assessor in (NetworkAssessor(model), NetworkAssessor(model).with_prior(0.001))
        )
        assert (np.argsort(before) == np.argsort(after)).all()

    def test_categories_share_what_the_probability_leaves_them(
        self, model: Model, patches: list[EvidencePatch]
    ) -> None:
        for one in NetworkAssessor(model).assess(patches[:20]):
            if one.category != UNKNOWN:
                whole = one.probability if one.category in CATEGORIES[:2] else 1 - one.probability
                assert 0.0 < one.category_probability <= whole + 1e-12

    def test_a_prior_that_is_none_is_refused(self, model: Model) -> None:
        with pytest.raises(UsageError, match="between 0 and 1"):
            NetworkAssessor(model).with_prior(1.0)


class TestUnknown:
    def test_of_known_evidence_little_is_unknown(
        self, model: Model, patches: list[EvidencePatch]
    ) -> None:
        said = NetworkAssessor(model).assess(patches)
        assert np.mean([one.category == UNKNOWN for one in said]) < 0.1
        assert not any(one.outside for one in said)

    @pytest.mark.parametrize(
        ("name", "value"), [("wavelength_m", 0.4), ("height_m", 3.0), ("permittivity", 30.0)]
    )
    def test_circumstances_it_was_not_made_on_are_told(
        self, model: Model, test_sites: Sites, name: str, value: float
    ) -> None:
        odd = with_scalar(test_sites, name, value).examples.patches()[:5]
        for one in NetworkAssessor(model).assess(odd):
            assert (one.category, one.novelty) == (UNKNOWN, 1.0)
            assert one.outside == ((name, pytest.approx(value)),)
            assert one.high >= 0.5
            assert one.low <= model.manifest.calibration.prior + 1e-12

    def test_interference_it_never_saw_is_unknown(
        self, model: Model, patches: list[EvidencePatch]
    ) -> None:
        stripes = 30.0 * np.sin(np.arange(48) * 1.9).astype(np.float32)[:, None]
        said = NetworkAssessor(model).assess(
            [replace(one, radar=one.radar + stripes) for one in patches[:20]]
        )
        assert np.mean([one.category == UNKNOWN for one in said]) > 0.9

    def test_a_scalar_that_was_never_known_changes_nothing(
        self, model: Model, test_sites: Sites
    ) -> None:
        told = with_scalar(test_sites, "speed_m_per_s", 3.0).examples.patches()[:3]
        plain = test_sites.examples.patches()[:3]
        assessor = NetworkAssessor(model)
        assert bits(assessor.assess(told)) == bits(assessor.assess(plain))

    def test_nothing_measured_is_the_prior_and_not_known(self, model: Model) -> None:
        (said,) = NetworkAssessor(model).with_prior(0.03).assess([no_evidence()])
        assert (said.probability, said.category, said.novelty) == (0.03, UNKNOWN, 1.0)
        assert (said.low, said.high) == (0.0, 1.0)

    def test_numbers_that_are_none_do_not_stop_a_flight(
        self, model: Model, patches: list[EvidencePatch]
    ) -> None:
        broken = replace(patches[0], radar=np.full_like(patches[0].radar, np.nan))
        (said,) = NetworkAssessor(model).assess([broken])
        assert said.category == UNKNOWN
        assert 0.0 < said.probability < 1.0

    def test_one_sensor_alone_is_weighed(self, model: Model, patches: list[EvidencePatch]) -> None:
        one = patches[0]
        blind = replace(one, radar_known=np.zeros_like(one.radar_known))
        (said,) = NetworkAssessor(model).assess([blind])
        assert 0.0 < said.probability < 1.0
        assert np.isnan(said.anomaly)


class TestPipelines:
    def test_its_own_kind_is_taken_and_another_refused(self, model: Model) -> None:
        assessor = NetworkAssessor(model)
        assessor.check(Pipeline.from_toml(OWN))
        with pytest.raises(PipelineError, match=r"(?s)another kind.*its own: dc.*this: +dewow"):
            assessor.check(Pipeline.from_toml(OTHER))

    def test_any_kind_is_taken_where_that_is_said(self, model: Model) -> None:
        NetworkAssessor(model, kinds="any").check(Pipeline.from_toml(OTHER))
