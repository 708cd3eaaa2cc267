"""The piece of a section that one shot is computed in, and the antennas on its grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.constants import epsilon_0

from detectkit.core import UsageError
from detectkit.sim.fdtd.kernel import PLAIN, POLAR, UNIFORM, Floats, Medium
from detectkit.sim.fdtd.march import Antennas
from detectkit.sim.fdtd.plan import COURANT
from detectkit.sim.fdtd.rim import Sigma, highest_sigma
from detectkit.sim.fdtd.shots import Shots, Solver
from detectkit.sim.scene.section import Section

NODES = 6
"""Of the interpolation, in each direction."""

MIRROR = 1e5
"""Above this ``σ Δt / 2 ε`` a cell holds no field at all: metal."""


def interpolation(place: float) -> tuple[int, npt.NDArray[np.float64]]:
    """Return the first of the nodes about a place, in cells, and their Lagrange weights."""
    first = int(np.floor(place)) - NODES // 2 + 1
    nodes = first + np.arange(NODES)
    others = nodes[:, np.newaxis] != nodes
    gaps = np.where(others, nodes[:, np.newaxis] - nodes, 1.0)
    ways = np.where(others, place - nodes, 1.0)
    return first, np.asarray(np.prod(ways / gaps, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Factors of all cells of a section, float32 (rows, columns), see `kernel.Medium`."""

    loss: Floats
    gain: Floats
    pole: Floats
    keep: np.float32
    polar: bool
    sigma: Sigma

    @classmethod
    def of(cls, section: Section, step_s: float) -> Cells:
        """Return the factors: conductivity and Debye pole semi-implicit, stable at any step."""
        permittivity = section.permittivity.T.astype(np.float64)
        loss = section.conductivity_s_per_m.T.astype(np.float64) * (0.5 * step_s / epsilon_0)
        half = 0.5 * step_s / section.relaxation_s
        polar = section.debye_strength.T * (half / (1.0 + half))
        total = permittivity + loss + polar
        mirror = loss > MIRROR * permittivity
        gain = np.where(mirror, 0.0, COURANT**2 / total)
        keep = (1.0 - half) / (1.0 + half)
        return cls(
            np.where(mirror, 0.0, (permittivity - loss - polar) / total).astype(np.float32),
            gain.astype(np.float32),
            (polar * ((1.0 - keep) / COURANT**2)).astype(np.float32),
            np.float32(keep),
            bool(polar.any()),
            _sigma(section),
        )

    def cut(self, first_row: int, first_column: int, shape: tuple[int, int]) -> Medium:
        """Return a window; the edge cells go on outside of the section."""
        rows, columns = self.gain.shape
        lines = np.clip(first_row + np.arange(shape[0]), 0, rows - 1)
        across = np.clip(first_column + np.arange(shape[1]), 0, columns - 1)
        here = np.ix_(lines, across)
        loss, gain = self.loss[here], self.gain[here]
        pole = self.pole[here] if self.polar else np.zeros((1, 1), np.float32)
        alike = (loss == 1.0).all(axis=1) & (gain == gain[:, :1]).all(axis=1)
        kind = np.where(alike, UNIFORM, PLAIN).astype(np.int8)
        if self.polar:
            kind[pole.any(axis=1)] = POLAR
        return Medium(loss, gain, pole, self.keep, kind)


def _sigma(section: Section) -> Sigma:
    """Medians, so that a body in the section changes nothing of the rim."""
    dense = section.permittivity + 0.5 * section.debye_strength
    middle, top, bottom = (
        highest_sigma(float(np.median(one)), section.spacing_m)
        for one in (dense, dense[:, 0], dense[:, -1])
    )
    return Sigma(middle, middle, top, bottom)


@dataclass(frozen=True, slots=True)
class Frame:
    """Size of every window, and where the source lies in it, in cells."""

    half: int
    above: int
    below: int
    rim: int

    @classmethod
    def of(cls, solver: Solver, spacing_m: float) -> Frame:
        """Return the frame that a solver asks for."""
        lengths = (solver.half_width_m, solver.above_m, solver.below_m)
        half, above, below = (int(np.ceil(one / spacing_m - 1e-9)) for one in lengths)
        return cls(half, above, below, solver.absorbing_cells)

    @property
    def shape(self) -> tuple[int, int]:
        """Lines and width, with the rim."""
        return (
            self.above + self.below + 2 + 2 * self.rim,
            2 * self.half + 2 + 2 * self.rim,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Where one shot's window begins in the section, in cells, and its antennas."""

    row: int
    column: int
    antennas: Antennas


def place(section: Section, shots: Shots, number: int, frame: Frame) -> Window:
    """Return the window of a shot.

    Raises
    ------
    UsageError
        A receiver lies outside of it.
    """
    spacing_m = section.spacing_m
    points = np.vstack([shots.sources[number], shots.receivers[number]])
    columns = (points[:, 0] - section.first_along_m) / spacing_m
    rows = (section.first_up_m - points[:, 1]) / spacing_m
    middle = 0.5 * (columns.min() + columns.max())
    column = int(np.floor(middle)) - frame.half - frame.rim
    row = int(np.floor(rows[0])) - frame.above - frame.rim
    corners = np.empty((len(points), 2), np.int32)
    weights = np.empty((len(points), 2, NODES), np.float32)
    for one in range(len(points)):
        corners[one, 0], weights[one, 0] = interpolation(rows[one] - row)
        corners[one, 1], weights[one, 1] = interpolation(columns[one] - column)
    _check(corners, frame, spacing_m, number)
    return Window(row, column, Antennas(corners, weights, _box(corners)))


def _box(corners: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    source, heard = corners[:1], corners[1:]
    box = []
    for some in (source, heard):
        for axis in (0, 1):
            box += [some[:, axis].min(), some[:, axis].max() + NODES]
    return np.array(box, np.int32)


def _check(corners: npt.NDArray[np.int32], frame: Frame, spacing_m: float, number: int) -> None:
    room = np.array(frame.shape) - frame.rim - NODES
    outside = (corners < frame.rim) | (corners > room)
    if not outside.any():
        return
    short = max(int((frame.rim - corners).max()), int((corners - room).max())) * spacing_m
    msg = (
        f"shot {number}: its source or a receiver is less than {NODES // 2} cells from the edge of "
        f"the window, or outside; make half_width_m, above_m or below_m larger by {short:.3g} m"
    )
    raise UsageError(msg)
