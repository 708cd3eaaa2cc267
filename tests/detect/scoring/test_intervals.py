"""Intervals hold what they promise, and a share is never written without one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from detectkit.core import UsageError
from detectkit.detect.scoring.bootstrap import bands, compare
from detectkit.detect.scoring.calibration import calibration
from detectkit.detect.scoring.curve import Curve
from detectkit.detect.scoring.fields import Alarm, Field, Rectangle, Target
from detectkit.detect.scoring.intervals import AreaRate, Share, clopper_pearson, garwood, wilson
from detectkit.detect.scoring.matching import score


@pytest.mark.parametrize("hits", [0, 1, 17, 29, 30])
def test_shares_have_the_intervals_of_an_independent_witness(hits: int) -> None:
    witness = binomtest(hits, 30)
    exact, about = witness.proportion_ci(method="exact"), witness.proportion_ci(method="wilson")
    assert np.allclose(clopper_pearson(hits, 30), (exact.low, exact.high))
    assert np.allclose(wilson(hits, 30), (about.low, about.high))


def test_exact_intervals_hold_at_least_what_they_promise() -> None:
    generator = np.random.default_rng(6)
    for truth, tried in ((0.9, 20), (0.5, 11), (0.98, 60)):
        hits = generator.binomial(tried, truth, size=4000)
        low, high = clopper_pearson(hits, tried)
        assert np.mean((low <= truth) & (truth <= high)) >= 0.95
        low, high = wilson(hits, tried)
        assert np.mean((low <= truth) & (truth <= high)) >= 0.91
    for mean in (0.3, 2.0, 30.0):
        low, high = garwood(generator.poisson(mean, size=4000))
        assert np.mean((low <= mean) & (mean <= high)) >= 0.95


def test_a_share_is_written_whole_or_not_at_all() -> None:
    assert f"{Share(28, 30)}" == "0.93 (28 of 30; 95 % interval 0.78 to 0.99)"
    assert str(AreaRate(30, 100.0)) == "0.3 per m² (30 in 100 m²; 95 % interval 0.202 to 0.428)"
    with pytest.raises(UsageError, match="only written whole"):
        f"{Share(28, 30):.2f}"
    with pytest.raises(UsageError, match="only written whole"):
        f"{AreaRate(3, 30.0):.2f}"
    with pytest.raises(TypeError):
        float(Share(28, 30))  # type: ignore[arg-type]
    assert Share(28, 30).as_numbers().keys() >= {"value", "n", "low", "high"}
    assert Share(0, 0).interval() == (0.0, 1.0)
    assert Share(0, 0).as_numbers()["value"] is None
    assert AreaRate(3, 0.0).as_numbers() | {"level": 0} == {
        "per_m2": None, "count": 3, "area_m2": 0.0, "low": 0.0, "high": None, "level": 0,
    }  # fmt: skip
    assert str(AreaRate(3, 0.0)) == "unknown (3 in 0 m²)"
    with pytest.raises(UsageError, match="no share"):
        Share(3, 2)


LANE = Rectangle(0.0, -0.5, 10.0, 0.5)


def lanes(seed: int, *, gain: float, count: int = 40) -> list[Field]:
    """Lanes that differ from each other: in some all targets are hard to hear."""
    generator = np.random.default_rng(seed)
    made = []
    for lane in range(count):
        shift = generator.normal(0.0, 0.7)
        known = [Target(1.0 + 2.0 * at, 0.0, 0.05, "ap_mine") for at in range(4)]
        alarms = [
            Alarm(one.x_m, 0.0, float(gain + shift + generator.normal())) for one in known
        ] + [Alarm(2.0 + 2.0 * at, 0.4, float(generator.normal())) for at in range(4)]
        made.append(Field(f"lane {lane}", alarms, known, LANE))
    return made


@pytest.mark.parametrize(
    ("seeds", "at_least"), [(30, 0.80), pytest.param(300, 0.90, marks=pytest.mark.slow)]
)
def test_bands_by_lane_hold_the_truth(seeds: int, at_least: float) -> None:
    """Of 95 % asked, 300 draws of 40 lanes give 0.92: percentiles of few lanes are a bit short."""
    truth = Curve.of(score(lanes(0, gain=2.0, count=4000), halo_m=0.1)).partial_area(0.2)
    held = []
    for seed in range(1, seeds + 1):
        found = bands(score(lanes(seed, gain=2.0), halo_m=0.1), to_far_per_m2=0.2, draws=100)
        assert found is not None
        held.append(found.partial_area.low <= truth <= found.partial_area.high)
    assert np.mean(held) >= at_least


def test_bands_go_around_the_curve_and_are_the_same_again() -> None:
    done = score(lanes(1, gain=1.5), halo_m=0.1)
    found, again = bands(done), bands(done)
    assert found is not None
    assert again is not None
    assert np.array_equal(found.pd_low, again.pd_low)
    assert found.far_at_pd == again.far_at_pd
    curve = Curve.of(done)
    share = [curve.at_far(rate).pd.hits / curve.targets for rate in found.far_per_m2]
    assert (found.pd_low <= np.array(share) + 1e-9).all()
    assert (found.pd_high >= np.array(share) - 1e-9).all()
    at = found.far_at_pd[0.9]
    assert at.low <= at.value <= at.high
    assert found.groups == 40
    assert not found.rough


def test_portions_of_draws_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    done = score(lanes(1, gain=1.5), halo_m=0.1)
    whole = bands(done, draws=50)
    monkeypatch.setattr("detectkit.detect.scoring.bootstrap.HELD_EVENTS", 1500)
    parts = bands(done, draws=50)
    assert whole is not None
    assert parts is not None
    assert np.array_equal(whole.pd_high, parts.pd_high)


def test_one_lane_alone_has_no_band() -> None:
    assert bands(score(lanes(1, gain=1.0, count=1))) is None
    few = bands(score(lanes(1, gain=1.0, count=3)))
    assert few is not None
    assert few.rough


def test_what_is_never_reached_is_said_so() -> None:
    deaf = [Field(f"{n}", [], [Target(1.0, 0.0, 0.1, "ap_mine")], LANE) for n in range(5)]
    found = bands(score(deaf))
    assert found is not None
    assert str(found.far_at_pd[0.9]) == "not reached in every draw"
    assert found.far_at_pd[0.9].as_numbers() == {"value": None, "low": None, "high": None}


def test_drawn_together_a_better_system_is_told_from_a_worse() -> None:
    worse, better = (score(lanes(3, gain=gain), halo_m=0.1) for gain in (1.2, 2.4))
    found = compare(worse, better, to_far_per_m2=0.2)
    assert found is not None
    assert found.far_difference.high < 0.0
    assert found.far_ratio.high < 1.0
    assert found.area_difference.low > 0.0
    assert found.reached == 1.0
    itself = compare(worse, worse)
    assert itself is not None
    assert (itself.area_difference.low, itself.area_difference.high) == (0.0, 0.0)
    with pytest.raises(UsageError, match="over the same fields"):
        compare(worse, score(lanes(3, gain=2.0, count=39), halo_m=0.1))
    with pytest.raises(UsageError, match="over the same fields"):
        compare(worse, score(lanes(3, gain=2.0), halo_m=0.25))


def test_calibration_of_right_and_of_boastful_probabilities() -> None:
    generator = np.random.default_rng(0)
    said = generator.beta(0.5, 2.0, size=3000)
    there = generator.uniform(size=3000) < said
    group = ["a" if one < 1500 else "b" for one in range(3000)]
    right = calibration(said, there, group=group)
    assert right.expected_error < right.chance_error + 0.015
    assert all(one.there.interval()[0] - 0.05 < one.said < one.there.interval()[1] + 0.05
               for one in right.bins)  # fmt: skip
    assert sum(one.there.of for one in right.bins) == 3000
    boast = calibration(np.minimum(said * 2.0, 1.0), there, group=group)
    assert boast.expected_error > 0.1
    assert boast.brier > right.brier
    assert boast.log_loss > right.log_loss
    spoiled = np.where(np.array(group) == "b", 0.9, said)
    worst = calibration(spoiled, there, group=group).worst_group
    assert worst is not None
    assert worst[:2] == ("b", 1500)
    assert right.as_numbers()["expected_calibration_error"] == right.expected_error
    with pytest.raises(UsageError, match="between 0 and 1"):
        calibration([1.2], [True])
    with pytest.raises(UsageError, match="one of each"):
        calibration([], [])
    assert math.isfinite(calibration([0.0, 1.0], [True, False]).log_loss)
