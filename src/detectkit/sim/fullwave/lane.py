"""What a radar hears along one lane: the ground once, and each body's echo by itself.

The solver works in the lane's vertical plane and would take a mine for an endless cylinder. So
ground and clutter are computed without the targets, each target once more in its place, as if it
lay in the plane; the difference is its echo, and only that is corrected to the target's true width
and to its place beside the lane. Echoes between two targets are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim.bodies import Library, PlacedBody, centre, cut, extent_across_m
from detectkit.sim.fdtd import Responses, Shots, Solver, simulate
from detectkit.sim.scene import Plug, Section, Shape, Subsurface, ground_section, with_shapes
from detectkit.sim.spreading import Outline, as_compact, as_dipole

Values = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Surface = Callable[[Values], Values]
Progress = Callable[[int, int], None]
Solve = Callable[[Section, Shots], Responses]
"""What answers shots over a section as `detectkit.sim.fdtd.simulate` does."""

BAND_HZ = 1e9
"""Where the soil's refractive index is taken for what geometry needs of it."""

FULL_SHARE = 0.7
"""Of the reach; from there on an echo fades, so that it does not end in a step."""


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """A vertical plane through the ground, the antennas over it, and the bodies near it.

    Parameters
    ----------
    subsurface, seed
        The ground; its random fields are functions of the place and the seed.
    shots
        Antennas, in the plane.
    targets
        Bodies whose echoes are computed one by one; they may lie beside the plane.
    clutter
        Bodies that belong to the ground: cut by the plane where they are.
    plugs
        Disturbed soil.
    surface
        Mean ground: along in m → up in m. None: level, at 0.
    across_m
        Of the plane, where bodies and ground are measured.
    reach_m
        A target is heard by antennas no farther than this along the lane, and fades from seven
        tenths of it on. Keep it 0.1 m below the solver's `half_width_m`: bodies at the rim of what
        a shot hears answer wrongly.
    """

    subsurface: Subsurface
    seed: int
    shots: Shots
    targets: tuple[PlacedBody, ...] = ()
    clutter: tuple[PlacedBody, ...] = ()
    plugs: tuple[Plug, ...] = ()
    surface: Surface | None = None
    across_m: float = 0.0
    reach_m: float = 0.6

    def ground_up_m(self, along_m: float) -> float:
        """Return the mean ground at a place along the lane, in m."""
        if self.surface is None:
            return 0.0
        return float(self.surface(np.array([along_m]))[0])

    def heard_by(self, body: PlacedBody) -> Numbers:
        """Return the numbers of the shots that hear a target, ascending."""
        away = np.abs(self.shots.sources[:, 0] - body.along_m)
        return np.flatnonzero(away <= self.reach_m)


@dataclass(frozen=True, slots=True, eq=False)
class Scattered:
    """Echo of one target: its field with the target less its field without.

    Parameters
    ----------
    body
        Which.
    shots
        Numbers of the lane's shots that hear it, (heard,).
    responses
        Theirs, field float32 (heard, receivers, samples).
    """

    body: PlacedBody
    shots: Numbers
    responses: Responses


@dataclass(frozen=True, slots=True, eq=False)
class LaneResponses:
    """Ground and clutter, and each target's echo: fields of a short dipole, in V/m."""

    background: Responses
    targets: tuple[Scattered, ...]

    def total(self) -> Responses:
        """Return what is heard with all targets in place."""
        field = self.background.field.copy()
        for one in self.targets:
            field[one.shots] += one.responses.field
        return Responses(field, self.background.interval_s, self.background.pulse)


def respond(
    lane: Lane,
    library: Library,
    solver: Solver,
    *,
    spacing_m: float,
    threads: int = 1,
    device: str = "cpu",
    progress: Progress | None = None,
) -> LaneResponses:
    """Compute a lane full-wave.

    Parameters
    ----------
    lane, library
        What is there.
    solver
        Windows and pulse, see `detectkit.sim.fullwave.solver_for`.
    spacing_m
        Side of a cell.
    threads, device
        See `detectkit.sim.fdtd.simulate`; they change no bit on the CPU.
    progress
        Called with the number of shots done and of all.

    Raises
    ------
    UsageError
        Cells too coarse for the pulse in this ground, a window that leaves out the receivers.
    """
    total = len(lane.shots) + sum(len(lane.heard_by(one)) for one in lane.targets)
    done = 0

    def run(section: Section, shots: Shots) -> Responses:
        nonlocal done
        before = done
        told = None if progress is None else lambda count: progress(before + count, total)
        responses = simulate(section, shots, solver, threads=threads, device=device, progress=told)
        done += len(shots)
        return responses

    return respond_by(run, lane, library, solver, spacing_m=spacing_m)


def respond_by(
    solve: Solve, lane: Lane, library: Library, solver: Solver, *, spacing_m: float
) -> LaneResponses:
    """Compute a lane with another solver of fields in its plane, all else as `respond` has it.

    Parameters
    ----------
    solve
        Called with the ground and all shots, then with each target in it and the shots that hear
        that; its records must all be of the same length and interval.
    lane, library, solver, spacing_m
        See `respond`; `solver` decides how large the section is.
    """
    section = section_of(lane, library, solver, spacing_m=spacing_m)
    ground = solve(section, lane.shots)
    index = float(np.sqrt(lane.subsurface.at(BAND_HZ)[0]))
    background = as_dipole(ground, shots=_levelled(lane), ground_up_m=0.0, index=index)
    echoes = []
    for body in lane.targets:
        numbers = lane.heard_by(body)
        if not len(numbers):
            continue
        shapes = cut(
            body, library, across_m=body.across_m, ground_up_m=lane.ground_up_m(body.along_m)
        )
        there = solve(with_shapes(section, shapes), _some(lane.shots, numbers))
        echo = Responses(there.field - ground.field[numbers], there.interval_s, there.pulse)
        echoes.append(Scattered(body, numbers, _heard(lane, body, numbers, echo, index)))
    return LaneResponses(background, tuple(echoes))


def _heard(
    lane: Lane, body: PlacedBody, numbers: Numbers, echo: Responses, index: float
) -> Responses:
    """Return the echo of a body of its true width in its true place, faded towards the reach."""
    up_m, shots = lane.ground_up_m(body.along_m), _some(lane.shots, numbers)
    seen = as_compact(
        echo,
        shots=shots,
        centre=centre(body, ground_up_m=up_m),
        ground_up_m=up_m,
        across_m=body.across_m - lane.across_m,
        width_m=extent_across_m(body),
        index=index,
        outline=_seen_from_above(body),
    )
    antennas = np.column_stack([shots.sources[:, 0], shots.receivers[..., 0]])
    share = np.abs(antennas - body.along_m).max(axis=1) / lane.reach_m
    late = np.clip((share - FULL_SHARE) / (1.0 - FULL_SHARE), 0.0, 1.0)
    faded = (np.cos(0.5 * np.pi * late) ** 2).astype(np.float32)
    return Responses(seen.field * faded[:, np.newaxis, np.newaxis], seen.interval_s, seen.pulse)


def section_of(lane: Lane, library: Library, solver: Solver, *, spacing_m: float) -> Section:
    """Return the ground of a lane with its clutter, without its targets."""
    along, up = lane.shots.sources[:, 0], lane.shots.sources[:, 1]
    margin = solver.half_width_m + float(
        np.ptp(lane.shots.receivers[..., 0] - along[:, np.newaxis])
    )
    section = ground_section(
        lane.subsurface,
        along_m=(float(along.min()) - margin, float(along.max()) + margin),
        across_m=lane.across_m,
        bottom_m=float(up.min()) - solver.below_m,
        top_m=float(up.max()) + solver.above_m,
        spacing_m=spacing_m,
        surface=lane.surface,
        seed=lane.seed,
        plugs=lane.plugs,
    )
    return with_shapes(section, _clutter_shapes(lane, library))


def _seen_from_above(placed: PlacedBody) -> Outline:
    """Return how the outermost part ends across the lane."""
    return "square" if placed.body.parts[0].shape in {"box", "capsule"} else "round"


def _clutter_shapes(lane: Lane, library: Library) -> Sequence[Shape]:
    shapes: list[Shape] = []
    for body in lane.clutter:
        up_m = lane.ground_up_m(body.along_m)
        shapes.extend(cut(body, library, across_m=lane.across_m, ground_up_m=up_m))
    return shapes


def _levelled(lane: Lane) -> Shots:
    """Return the shots with the mean ground under each at 0: on a slope each has its own height."""
    if lane.surface is None:
        return lane.shots
    sources, receivers = lane.shots.sources.copy(), lane.shots.receivers.copy()
    ground = np.asarray(lane.surface(sources[:, 0]), np.float64)
    sources[:, 1] -= ground
    receivers[..., 1] -= ground[:, np.newaxis]
    return Shots(sources, receivers)


def _some(shots: Shots, numbers: Numbers) -> Shots:
    return Shots(shots.sources[numbers], shots.receivers[numbers])
