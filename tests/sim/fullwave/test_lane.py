"""A lane full-wave: ground once, each target's echo by itself, where and when it must come."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.sim.bodies import Library, PlacedBody, load_library
from detectkit.sim.fdtd import Shots, Solver
from detectkit.sim.fullwave import Lane, LaneResponses, respond, solver_for
from detectkit.sim.refraction import LIGHT_M_PER_S
from detectkit.sim.scene import Subsurface

CENTRE_HZ = 5e8
HEIGHT_M = 0.4
SPACING_M = 0.01
ALONG_M = np.arange(-0.6, 0.61, 0.2)


def shots() -> Shots:
    up = np.full_like(ALONG_M, HEIGHT_M)
    sources = np.column_stack([ALONG_M - 0.05, up])
    return Shots(sources, np.column_stack([ALONG_M + 0.05, up])[:, np.newaxis])


def even_ground() -> Subsurface:
    return Subsurface(moisture_std=0.0, roughness_m=0.0)


def mine(library: Library, depth_m: float, across_m: float = 0.0) -> PlacedBody:
    return PlacedBody(library["TM-62M"], along_m=0.0, across_m=across_m, depth_m=depth_m)


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="module")
def solver() -> Solver:
    return solver_for(
        centre_hz=CENTRE_HZ, trace_s=10e-9, height_m=(HEIGHT_M, HEIGHT_M), index=2.0,
        half_width_m=0.5,
    )  # fmt: skip


def answers(library: Library, solver: Solver, *bodies: PlacedBody) -> LaneResponses:
    lane = Lane(even_ground(), 3, shots(), targets=bodies, reach_m=0.5)
    return respond(lane, library, solver, spacing_m=SPACING_M)


@pytest.fixture(scope="module")
def shallow(library: Library, solver: Solver) -> LaneResponses:
    return answers(library, solver, mine(library, 0.1))


def first_s(trace: np.ndarray, interval_s: float) -> float:
    """Return when a trace first comes over a twentieth of its highest value."""
    return float(np.flatnonzero(np.abs(trace) > 0.05 * np.abs(trace).max())[0] * interval_s)


def test_without_targets_all_is_background(library: Library, solver: Solver) -> None:
    heard = answers(library, solver)
    assert heard.targets == ()
    np.testing.assert_array_equal(heard.total().field, heard.background.field)


def test_level_ground_is_heard_the_same_everywhere(shallow: LaneResponses) -> None:
    field = shallow.background.field[:, 0]
    assert np.abs(field - field[0]).max() < 2e-3 * np.abs(field).max()


def test_a_target_is_heard_by_the_shots_in_reach_only(shallow: LaneResponses) -> None:
    (echo,) = shallow.targets
    np.testing.assert_array_less(np.abs(ALONG_M[echo.shots] - 0.05), 0.5)
    others = np.setdiff1d(np.arange(len(ALONG_M)), echo.shots)
    total = shallow.total().field
    np.testing.assert_array_equal(total[others], shallow.background.field[others])
    assert np.abs(total[echo.shots] - shallow.background.field[echo.shots]).max() > 0.0


def test_its_echo_comes_first_over_it_and_not_before_its_way_allows(
    shallow: LaneResponses,
) -> None:
    (echo,) = shallow.targets
    field, interval_s = echo.responses.field[:, 0], echo.responses.interval_s
    begins_s = np.array([first_s(trace, interval_s) for trace in field])
    over = int(np.flatnonzero(echo.shots == len(ALONG_M) // 2)[0])
    assert begins_s.argmin() == over
    index = np.sqrt(even_ground().at(CENTRE_HZ)[0])
    way_s = 2.0 * (HEIGHT_M + 0.1 * index) / LIGHT_M_PER_S
    pulse = echo.responses.pulse
    pulse_s = first_s(pulse.at(np.arange(0.0, 2.0 * pulse.peak_s, 1e-11)), 1e-11)
    assert begins_s[over] - pulse_s == pytest.approx(way_s, abs=0.35e-9)


def test_deeper_comes_later_and_beside_the_lane_weaker(
    library: Library, solver: Solver, shallow: LaneResponses
) -> None:
    heard = answers(library, solver, mine(library, 0.25), mine(library, 0.1, across_m=0.35))
    (near,), (deep, beside) = shallow.targets, heard.targets
    interval_s = near.responses.interval_s
    over = int(np.flatnonzero(near.shots == len(ALONG_M) // 2)[0])
    traces = [one.responses.field[over, 0] for one in (near, deep, beside)]
    assert first_s(traces[1], interval_s) > first_s(traces[0], interval_s) + 1e-9
    assert np.abs(traces[2]).max() < np.abs(traces[0]).max()


def test_threads_change_no_bit(library: Library, solver: Solver, shallow: LaneResponses) -> None:
    lane = Lane(even_ground(), 3, shots(), targets=(mine(library, 0.1),), reach_m=0.5)
    told: list[tuple[int, int]] = []
    again = respond(
        lane, library, solver, spacing_m=SPACING_M, threads=2,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    np.testing.assert_array_equal(again.total().field, shallow.total().field)
    assert told[-1][0] == told[-1][1] == len(ALONG_M) + len(again.targets[0].shots)
