from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.detect.metal.lanes import STEEL_BALL, buried, lane

from detectkit.core import UsageError
from detectkit.detect.metal import (
    Coil,
    MetalBranch,
    PassRows,
    invert_dipole,
    lane_reach,
    reach_of,
)
from detectkit.detect.metal.coil_field import coil_field
from detectkit.sim.bodies.body import MetalPart

BIG_BALL = MetalPart("sphere", 0.015, 5e6, 150.0, 0.015)


def swept(across_m: tuple[float, ...]) -> MetalBranch:
    """Return a branch that heard passes beside a steel ball 9 cm deep at (4, 0.05)."""
    body = buried(BIG_BALL, 4.0, 0.05, 0.075)
    branch = MetalBranch()
    for number, across in enumerate(across_m):
        block = lane([body], across_m=across, line=f"pass {number}", seed=3 + number)
        list(branch.push(replace(block, line=f"pass {number}")))
    list(branch.finish())
    return branch


@pytest.fixture(scope="module")
def three_passes() -> MetalBranch:
    return swept((-0.25, 0.0, 0.25))


def test_three_passes_tell_where_a_ball_lies_and_how_deep(three_passes: MetalBranch) -> None:
    found = invert_dipole(three_passes.track.around(4.0, 0.0))
    assert found is not None
    assert found.passes == 3
    assert found.unexplained < 0.1
    assert found.east_m == pytest.approx(0.0, abs=0.03)
    assert found.north_m == pytest.approx(0.05, abs=0.03)
    assert found.depth_m == pytest.approx(0.09, abs=max(0.03, 3.0 * found.depth_error_m))
    assert 0.0 < found.depth_error_m < 0.05
    assert np.abs(found.moment).max() > 10.0 * found.moment_error.min()


def test_one_pass_alone_does_not_tell(three_passes: MetalBranch) -> None:
    rows = three_passes.track.around(4.0, 0.0)
    first = rows.passes == rows.passes[0]
    alone = PassRows(
        rows.east_m[first], rows.north_m[first], rows.height_m[first], rows.channels[first],
        rows.passes[first],
    )  # fmt: skip
    assert invert_dipole(alone) is None
    assert invert_dipole(three_passes.track.around(90.0, 0.0)) is None
    with pytest.raises(UsageError, match="coil_radius_m"):
        invert_dipole(rows, coil_radius_m=0.0)


def test_the_same_pass_twice_is_one() -> None:
    rows = swept((0.0, 0.0)).track.around(4.0, 0.0)
    assert set(rows.passes) == {1, 2}
    assert invert_dipole(rows) is None


def test_a_rod_is_told_by_six_numbers() -> None:
    east, north = (one.ravel() for one in np.meshgrid(np.linspace(-1, 1, 41), [-0.25, 0.0, 0.25]))
    height = np.full(east.size, 0.3)
    field = coil_field(np.column_stack([0.1 - east, 0.05 - north, -height - 0.12]), 0.14)
    axis = np.array([math.cos(0.5), math.sin(0.5), 0.0])
    heard = 40.0 * (field @ axis)[:, None] ** 2 + 4.0 * (field**2).sum(axis=1)[:, None]
    rows = PassRows(east, north, height, heard, np.repeat([0, 1, 2], 41))
    rod, ball = invert_dipole(rows, shape="any"), invert_dipole(rows)
    assert rod is not None
    assert ball is not None
    assert (rod.east_m, rod.north_m, rod.depth_m) == pytest.approx((0.1, 0.05, 0.12), abs=1e-3)
    assert rod.unexplained < 1e-6 < ball.unexplained


def test_the_field_of_a_coil_far_off_is_a_dipole() -> None:
    away = np.array([[0.0, 0.0, 3.0], [3.0, 0.0, 0.0]])
    moment = math.pi * 0.14**2
    expected = moment / (4.0 * math.pi * 27.0) * np.array([2.0, -1.0])
    assert coil_field(away, 0.14)[:, 2] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("height_m", "heard_nv"), [(0.05, 185.0), (0.15, 24.0), (0.3, 2.0), (0.5, 0.20)]
)
def test_answers_are_those_of_the_simulated_steel_ball(height_m: float, heard_nv: float) -> None:
    coil, volume = Coil(turns=1), 4.0 / 3.0 * math.pi * 0.004**3
    least = coil.answer_nv(height_m + 0.08, volume_m3=volume)
    assert least < heard_nv < 2.0 * least


def test_twice_as_far_is_64_times_fainter_and_reach_follows() -> None:
    coil = Coil(radius_m=0.05)
    assert coil.answer_nv(1.0) / coil.answer_nv(2.0) == pytest.approx(64.0, rel=0.01)
    near = reach_of(640.0, 0.5, noise=5.0, threshold=2.0, coil_radius_m=0.01, depth_m=0.0)
    assert near == pytest.approx(1.0, rel=1e-3)
    assert reach_of(1e-9, 0.1, noise=5.0, threshold=6.0) == 0.0
    with pytest.raises(UsageError, match="noise"):
        reach_of(1.0, 0.1, noise=0.0, threshold=6.0)
    with pytest.raises(UsageError, match="turns"):
        Coil(turns=0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_above_its_reach_a_piece_is_silent(seed: int) -> None:
    body = [buried(STEEL_BALL, 4.0, 0.0, 0.05)]
    for height in (0.2, 0.5, 0.6):
        branch = MetalBranch()
        block = lane(body, height_m=height, seed=seed)
        found = [*branch.push(block), *branch.finish()]
        reach = lane_reach(branch.track, "lane", Coil())
        assert reach is not None
        assert reach.flown_m == pytest.approx(height, rel=0.1)
        assert bool(found) == (reach.flown_m < reach.height_m)
        said = "low enough" if found else "silence says nothing"
        assert said in reach.text


def test_a_line_that_was_not_flown_has_no_reach(three_passes: MetalBranch) -> None:
    assert lane_reach(three_passes.track, "elsewhere", Coil()) is None
