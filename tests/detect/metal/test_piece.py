"""Places that several passes heard get the piece of metal that explains them; none is lost."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.detect.metal.lanes import buried, lane

from detectkit.core import Block, Indication
from detectkit.detect.fusion import Branch, fuse
from detectkit.detect.metal import MetalBranch, MetalSettings
from detectkit.detect.metal.hearing import hearing_of
from detectkit.detect.metal.piece import pieces_text
from detectkit.geo import LocalFrame
from detectkit.sim.bodies.body import MetalPart

FRAME = LocalFrame(15.0, 50.0)
BIG_BALL = MetalPart("sphere", 0.015, 5e6, 150.0, 0.015)
ACROSS_M = 0.12


def passed(across_m: float, number: int) -> Block:
    """Return a lane beside a ball whose middle lies 9 cm deep at (4, 0.12), with positions."""
    body = buried(BIG_BALL, 4.0, ACROSS_M, 0.075)
    rows = lane([body], across_m=across_m, line=f"pass {number}", seed=3 + number)
    along = rows.coord("along_track_m")
    longitude, latitude, _ = FRAME.to_geographic(along, np.full(along.size, across_m))
    places = {"longitude_deg": ("trace", longitude), "latitude_deg": ("trace", latitude)}
    return replace(rows, coords={**rows.coords, **places})


@pytest.fixture(scope="module")
def lanes() -> list[Block]:
    return [passed(across, number) for number, across in enumerate((0.0, 0.3))]


def heard(lanes: list[Block], piece: int = 10_000) -> tuple[Branch, MetalBranch]:
    coil = MetalBranch()
    branch = Branch(coil.track)
    for rows in lanes:
        for start in range(0, len(rows), piece):
            branch.founds += coil.push(rows.traces(start, min(start + piece, len(rows))))
    branch.founds += coil.finish()
    return branch, coil


@pytest.fixture(scope="module")
def both(lanes: list[Block]) -> tuple[Branch, MetalBranch]:
    return heard(lanes)


@pytest.fixture(scope="module")
def places(both: tuple[Branch, MetalBranch]) -> list[Indication]:
    return [one.indication for one in fuse([both[0]], None)]


def away_m(longitude_deg: float | None, latitude_deg: float | None) -> float:
    assert longitude_deg is not None
    assert latitude_deg is not None
    east, north, _ = FRAME.to_local(np.array([longitude_deg]), np.array([latitude_deg]))
    return math.hypot(float(east[0]) - 4.0, float(north[0]) - ACROSS_M)


def told(one: Indication) -> dict[str, float]:
    return {each.name: each.value for each in one.evidence}


def test_the_place_moves_to_the_piece_and_the_old_one_is_kept(places: list[Indication]) -> None:
    best = told(places[0])
    assert best["dipole_fit"] == 1.0
    before = away_m(best["found_longitude_deg"], best["found_latitude_deg"])
    after = away_m(places[0].longitude_deg, places[0].latitude_deg)
    assert before > 0.1
    assert after < 0.03
    assert after < 2.0 * best["dipole_position_error_m"]
    assert best["dipole_depth_m"] == pytest.approx(0.09, abs=best["dipole_depth_error_m"])
    assert abs(best["dipole_moment"]) > 10.0 * best["dipole_moment_error"]
    units = {each.name: each.unit for each in places[0].evidence}
    assert units["dipole_moment"] == "nV m2"


def test_no_find_is_lost_and_depth_and_raw_reference_stay(
    both: tuple[Branch, MetalBranch], places: list[Indication]
) -> None:
    assert sum(told(one)["finds"] for one in places) == len(both[0].founds)
    known = {(one.indication.line, one.indication.trace) for one in both[0].founds}
    assert {(one.line, one.trace) for one in places} <= known
    assert all(math.isnan(one.depth_m) for one in places)


def test_how_the_rows_came_changes_no_bit(lanes: list[Block], places: list[Indication]) -> None:
    again = [one.indication for one in fuse([heard(lanes, 37)[0]], None)]
    assert repr(again) == repr(places)


def test_one_pass_is_not_asked(lanes: list[Block]) -> None:
    alone = [one.indication for one in fuse([heard(lanes[:1])[0]], None)]
    assert alone
    assert not any("dipole_fit" in told(one) for one in alone)
    assert pieces_text(alone) == ""


def test_what_no_piece_explains_is_told_as_no_fit(
    lanes: list[Block], places: list[Indication]
) -> None:
    branch, coil = heard(lanes)
    noise = np.random.default_rng(1).normal(0.0, 1.0, coil.track._channels.shape)
    coil.track._channels[:] = noise
    after = [one.indication for one in fuse([branch], None)]
    assert len(after) == len(places)
    assert told(after[0])["dipole_fit"] == 0.0
    assert "dipole_longitude_deg" not in told(after[0])
    assert "no fit" in pieces_text(after)


def test_what_can_have_been_heard_is_said_lane_by_lane(both: tuple[Branch, MetalBranch]) -> None:
    hearing = hearing_of(both[1].track, "coil", "nV", MetalSettings())
    assert [one.line for one in hearing.lanes] == ["pass 0", "pass 1"]
    for one in hearing.lanes:
        assert one.least.height_m < one.steel.height_m
        assert one.down_to_m == pytest.approx(
            max(0.0, one.steel.height_m + 0.05 - one.steel.flown_m)
        )
    assert "1 cm³ of steel is heard down to" in hearing.text
    assert "a minimum-metal AP mine (0.1 cm³, 5 cm deep): not heard" in hearing.text
    assert hearing.to_dict()["lane"][0]["noise_nv"] > 0.0


def test_of_channels_in_another_unit_nothing_is_claimed(
    both: tuple[Branch, MetalBranch],
) -> None:
    hearing = hearing_of(both[1].track, "coil", "count", MetalSettings())
    assert hearing.lanes == ()
    assert "its silence says nothing" in hearing.text
    nothing = hearing_of(both[1].track, "coil", "nV", MetalSettings(), lines=["elsewhere"])
    assert "no lane was long enough" in nothing.text


def test_a_quiet_coil_flown_low_hears_the_least_and_flown_high_no_steel(
    both: tuple[Branch, MetalBranch],
) -> None:
    loud = hearing_of(both[1].track, "coil", "nV", MetalSettings(coil_current_a=1e3))
    assert "may be heard" in loud.text
    faint = hearing_of(both[1].track, "coil", "nV", MetalSettings(coil_current_a=1e-6))
    assert "is not heard at any depth" in faint.text
