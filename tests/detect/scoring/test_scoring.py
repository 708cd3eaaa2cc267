"""Alarms against targets: worked by hand, and the laws that no score may break."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.detect.scoring.curve import Curve
from detectkit.detect.scoring.fields import Alarm, Field, Raster, Rectangle, Target
from detectkit.detect.scoring.matching import Scored, alarms_with_labels, score

LANE = Rectangle(0.0, -0.5, 10.0, 0.5)
MINES = (
    Target(2.0, 0.0, 0.05, "ap_mine", 0.05, "first"),
    Target(5.0, 0.1, 0.15, "av_mine", 0.12, "second"),
    Target(8.0, 0.7, 0.05, "ap_mine", 0.05, "outside"),
)
CAN = Target(3.5, 0.0, 0.05, "metal_clutter", 0.02, "can")


def by_hand() -> Field:
    """Two mines in the lane, one beside it, a can; six alarms."""
    alarms = (
        Alarm(5.1, 0.1, 9.0, name="on the second"),
        Alarm(3.52, 0.0, 8.0, name="on the can"),
        Alarm(5.3, 0.1, 7.0, name="on the second again"),
        Alarm(2.2, 0.0, 6.0, name="on the first"),
        Alarm(8.0, 0.65, 5.0, name="on the one outside"),
        Alarm(9.5, -0.4, 4.0, name="on nothing"),
    )
    return Field("lane 1", alarms, (*MINES, CAN), LANE)


def test_a_lane_worked_by_hand() -> None:
    done = score([by_hand()], halo_m=0.25)
    said = {one.target.name: one.alarm and one.alarm.name for one in done.outcomes}
    assert said == {
        "first": "on the first",
        "second": "on the second",
        "outside": "on the one outside",
    }
    assert [one.alarm.name for one in done.doubles if one.alarm] == ["on the second again"]
    assert {one.alarm.name: one.lies_at for one in done.false} == {
        "on the can": "metal_clutter",
        "on nothing": "none",
    }
    curve = Curve.of(done)
    assert curve.threshold.tolist() == [math.inf, 9.0, 8.0, 6.0, 4.0]
    assert curve.hits.tolist() == [0, 1, 1, 2, 2]  # the mine outside is missed, alarm or not
    assert curve.false.tolist() == [0, 0, 1, 1, 2]
    assert curve.targets == 3
    # halos of 0.3 and 0.4 m lie inside; of that outside, 0.2 m over the edge, a cap of 0.3 m
    cap = 0.09 * math.acos(0.2 / 0.3) - 0.2 * math.sqrt(0.09 - 0.04)
    assert curve.area_m2 == pytest.approx(10.0 - math.pi * (0.09 + 0.16) - cap, abs=0.01)
    point = curve.at_pd(0.6)
    assert point is not None
    assert point.threshold == 6.0
    assert (point.pd.hits, point.pd.of, point.far.count) == (2, 3, 1)
    assert curve.at_pd(0.9) is None
    assert Curve.of(done.on_surveyed).at_pd(0.9) == replace(point, pd=replace(point.pd, of=2))


def test_a_smaller_halo_hits_less() -> None:
    done = score([by_hand()], halo_m=0.10)
    assert [one.target.name for one in done.outcomes if one.hit] == ["second"]
    assert sorted(one.alarm.name for one in done.false) == [
        "on nothing", "on the can", "on the first", "on the second again",
    ]  # fmt: skip


def test_the_partial_area_by_hand() -> None:
    curve = Curve.of(score([by_hand()], halo_m=0.25))
    one = 1.0 / curve.area_m2  # a false alarm per so much ground
    # one of three before the first false alarm, two of three from there on
    assert curve.partial_area(2.0 * one) == pytest.approx((1 / 3 + 2 / 3) / 2)
    assert curve.partial_area(10.0 * one) == pytest.approx((1 / 3 + 9 * 2 / 3) / 10)


def test_two_neighbours_take_an_alarm_each_and_the_surest_chooses() -> None:
    pair = (
        Target(1.0, 0.0, 0.05, "ap_mine", name="a"),
        Target(1.3, 0.0, 0.05, "ap_mine", name="b"),
    )
    alarms = (Alarm(1.14, 0.0, 2.0, name="sure"), Alarm(1.12, 0.0, 1.0, name="less"))
    done = score([Field("lane", alarms, pair, LANE)], halo_m=0.25)
    said = {one.target.name: one.alarm and one.alarm.name for one in done.outcomes}
    assert said == {"a": "sure", "b": "less"}


def test_an_alarm_at_a_target_twice_still_lies_at_a_target() -> None:
    labels = [(alarm.name, there) for alarm, there, _ in alarms_with_labels(score([by_hand()]))]
    assert labels == [
        ("on the second", True), ("on the can", False), ("on the second again", True),
        ("on the first", True), ("on the one outside", True), ("on nothing", False),
    ]  # fmt: skip


def test_a_raster_gives_each_lane_its_ground() -> None:
    lane = np.full((20, 100), -1)
    lane[:8], lane[8:16] = 0, 1
    ground = Raster(0.0, 0.0, 0.1, lane, ("west", "east"))
    done = score(
        [
            Field(
                "site",
                [Alarm(5.0, 0.3, 1.0), Alarm(5.0, 1.9, 1.0)],
                [Target(2.0, 1.2, 0.1, "ap_mine"), Target(2.0, 1.85, 0.1, "ap_mine")],
                ground,
            )
        ],
        halo_m=0.1,
    )
    assert list(done.areas_m2) == ["west", "east"]
    assert done.areas_m2["west"] == pytest.approx(8.0)
    assert done.areas_m2["east"] == pytest.approx(8.0 - 0.04 * math.pi * 1.17, abs=0.05)
    assert [one.surveyed for one in done.outcomes] == [True, False]
    assert [(one.group, one.surveyed) for one in done.false] == [
        ("west", True), ("east", False),
    ]  # fmt: skip


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(UsageError, match="halo -1"):
        score([by_hand()], halo_m=-1.0)
    tiny = score([replace(by_hand(), surveyed=Rectangle(1.9, -0.1, 2.1, 0.1))])
    with pytest.raises(UsageError, match="no surveyed ground is left"):
        Curve.of(tiny)
    with pytest.raises(UsageError, match="must be numbers"):
        Alarm(math.nan, 0.0, 1.0)
    with pytest.raises(UsageError, match="none of ap_mine"):
        Target(0.0, 0.0, 0.1, "mine")
    with pytest.raises(UsageError, match="nothing was surveyed"):
        Raster(0.0, 0.0, 0.1, np.full((2, 2), -1), ())
    with pytest.raises(UsageError, match="above 0, at most 1"):
        Curve.of(score([by_hand()])).at_pd(90)


places = st.tuples(st.floats(0.0, 10.0), st.floats(-0.5, 0.5))
alarms = st.lists(
    st.builds(
        lambda at, sure, name: Alarm(*at, float(sure), name=str(name)),
        places, st.integers(0, 6), st.integers(0, 99),
    ),
    max_size=12, unique_by=lambda one: one.name,
)  # fmt: skip
targets = st.lists(
    st.builds(
        lambda at, radius, kind: Target(*at, radius, kind),
        places, st.floats(0.01, 0.4), st.sampled_from(["ap_mine", "av_mine", "other_clutter"]),
    ),
    max_size=5,
)  # fmt: skip
BIG = Rectangle(-20.0, -20.0, 20.0, 20.0)


def counts(done: Scored, threshold: float) -> tuple[int, int, int]:
    point = Curve.of(done).at_threshold(threshold)
    return point.pd.hits, point.pd.of, point.far.count


@settings(max_examples=30, deadline=None)
@given(alarms, targets, st.randoms())
def test_the_order_in_which_anything_is_given_changes_nothing(
    some: list[Alarm], known: list[Target], dice: random.Random
) -> None:
    one = Field("f", some, known, LANE)
    again = Field("f", dice.sample(some, len(some)), dice.sample(known, len(known)), LANE)
    first, second = score([one]), score([again])
    assert first.false == second.false
    assert first.doubles == second.doubles
    assert [(o.target, o.hit) for o in first.outcomes] == [
        (o.target, o.hit) for o in second.outcomes
    ]
    assert first.areas_m2 == second.areas_m2


@settings(max_examples=30, deadline=None)
@given(alarms, targets, places, st.integers(0, 6))
def test_one_more_alarm_never_loses_a_target_nor_takes_a_false_alarm_away(
    some: list[Alarm], known: list[Target], place: tuple[float, float], sure: int
) -> None:
    more = [*some, Alarm(*place, float(sure), name="more")]
    before, after = (score([Field("f", all_, known, BIG)]) for all_ in (some, more))
    false = any(one.alarm.name == "more" for one in after.false)
    for threshold in range(7):
        hits, of, wrong = counts(before, threshold)
        hits_after, of_after, wrong_after = counts(after, threshold)
        assert of_after == of
        counted = int(false and sure >= threshold)
        assert wrong_after == wrong + counted
        if false:
            assert hits_after == hits  # a false alarm never raises what is detected
        else:
            assert hits <= hits_after <= hits + 1


@settings(max_examples=30, deadline=None)
@given(alarms, targets)
def test_every_alarm_is_a_hit_a_double_or_false_and_the_curve_rises(
    some: list[Alarm], known: list[Target]
) -> None:
    done = score([Field("f", some, known, BIG)], halo_m=0.1)
    hits = [one.alarm for one in done.outcomes if one.alarm is not None]
    doubles = [one.alarm for one in done.doubles if one.alarm is not None]
    all_ = [*hits, *doubles, *(one.alarm for one in done.false)]
    assert sorted(one.name for one in all_) == sorted(one.name for one in some)
    assert len({one.name for one in hits}) == len(hits)
    curve = Curve.of(done)
    assert (np.diff(curve.hits) >= 0).all()
    assert (np.diff(curve.false) >= 0).all()
    assert (np.diff(curve.threshold) < 0).all()
    assert 0.0 <= curve.partial_area(0.01) <= 1.0
    # the assignment at a threshold is that of the alarms above it alone
    for threshold in (2.0, 4.0):
        alone = [one for one in some if one.confidence >= threshold]
        again = score([Field("f", alone, known, BIG)], halo_m=0.1)
        assert counts(again, -1.0) == counts(done, threshold)
