"""A lane's shots in groups: in order, and with records as our own solver has them."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.sim.bodies import PlacedBody, load_library
from detectkit.sim.fdtd import Pulse, Responses, Shots, Solver
from detectkit.sim.fdtd.plan import clockwork
from detectkit.sim.fullwave import Lane, respond, respond_by, solver_for
from detectkit.sim.gprmax import InGroups, Program, groups
from detectkit.sim.scene import Section, Subsurface

SPACING_M = 0.01


def row(count: int) -> Shots:
    """Shots 10 cm apart, 0.3 m over the ground, on the nodes of the grid."""
    sources = np.column_stack([0.1 * np.arange(count) - 0.25, np.full(count, 0.3)])
    return Shots(sources, (sources + np.array([0.1, 0.0]))[:, np.newaxis])


@pytest.mark.parametrize("lacking", [0, 1])
def test_groups_come_back_in_order_with_our_samples(
    section: Section, monkeypatch: pytest.MonkeyPatch, lacking: int
) -> None:
    """Each step of gprMax is a sample of its; a record that ends a step early is filled up."""
    solver, shots, told = Solver(4e-9, pulse=Pulse(5e8)), row(7), list[int]()
    clock = clockwork(SPACING_M, solver)

    def steps(_section: object, some: Shots, _solver: object, **_: object) -> Responses:
        told_by = some.sources[:, 0, np.newaxis] + np.arange(clock.steps + 1 - lacking)
        return Responses(told_by[:, np.newaxis].astype(np.float32), clock.step_s, solver.pulse)

    monkeypatch.setattr(groups, "simulate", steps)
    done = InGroups(solver, Program(("none",)), together=3, progress=told.append)(section, shots)
    assert told == [3, 2, 2]
    assert done.interval_s == clock.every * clock.step_s
    assert done.field.shape == (7, 1, clock.samples)
    kept = clock.samples - lacking
    exact = shots.sources[:, 0, np.newaxis] + clock.every * np.arange(kept)
    np.testing.assert_allclose(done.field[:, 0, :kept], exact, rtol=1e-6)
    assert not done.field[..., kept:].any()


@pytest.mark.peers
@pytest.mark.timeout(900)
def test_a_lane_with_a_mine_is_the_same_by_another_solver(program: Program) -> None:
    """Ground at random and a mine in it, made those of dipoles: the echo within a sixth."""
    library = load_library()
    mine = PlacedBody(library["TM-62P3"], along_m=0.0, across_m=0.05, depth_m=0.1)
    lane = Lane(Subsurface(moisture=0.1, roughness_m=0.01), 3, row(5), (mine,), reach_m=0.4)
    solver = solver_for(
        centre_hz=5e8, trace_s=8e-9, height_m=(0.3, 0.3), index=2.0, half_width_m=0.5
    )
    ours = respond(lane, library, solver, spacing_m=SPACING_M)
    solve = InGroups(solver, program, together=3)
    theirs = respond_by(solve, lane, library, solver, spacing_m=SPACING_M)
    ground = _apart(ours.background, theirs.background)
    echo = _apart(ours.targets[0].responses, theirs.targets[0].responses)
    print(f"\nground {ground:.2e}, echo {echo:.2e}")
    assert ground < 0.01
    assert echo < 0.17


def _apart(one: Responses, other: Responses) -> float:
    return float(np.linalg.norm(one.field - other.field) / np.linalg.norm(other.field))
