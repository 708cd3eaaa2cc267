"""A detector carried along a lane that is no flight: places in, channels out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError
from detectkit.sim.bodies.body import PlacedBody
from detectkit.sim.induction.coils import Poses
from detectkit.sim.induction.detector import SLOPE_M, MagneticGround, model_of, normals
from detectkit.sim.induction.loops import dot
from detectkit.sim.induction.metal import metal_of_bodies
from detectkit.sim.instruments import Detector

Values = npt.NDArray[np.float64]
GroundUp = Callable[[Values], Values]


def detector_rows(
    place_m: Values,
    up: Values,
    *,
    bodies: Sequence[PlacedBody],
    soil: MagneticGround,
    detector: Detector,
    time_s: Values,
    seed: int,
    ground_up_m: GroundUp | None = None,
) -> npt.NDArray[np.float32]:
    """Return what a detector's channels say along a lane, in nV, float32 (rows, channels).

    Parameters
    ----------
    place_m
        Centre of the coil: along, across (to the right), up in m, (rows, 3). The detector's lever
        arm is not used.
    up
        The coil's axis in the same frame, (rows, 3) or (3,), unit vectors; level: (0, 0, 1).
    bodies
        What lies near the lane; all their metal is heard, to 5 m.
    soil
        A `Soil`, or anything with its susceptibility, viscosity ratio and, for coils that are not
        dipoles, conductivity.
    detector
        Settings; a time constant above 0 takes the coil to have rested before the first row.
    time_s
        Of the rows, ascending, (rows,); noise and drift are functions of it and of the seed.
    seed
        Of all that is random.
    ground_up_m
        Mean ground in m, (places,), at places along and across in m, (places, 2), in the datum of
        `place_m`. The image plane has the slope of this ground. None: level, at 0.

    Raises
    ------
    ShapeError
        Shapes that do not fit together.

    Examples
    --------
    >>> from detectkit.sim.ground import Soil
    >>> along = np.linspace(-1.0, 1.0, 5)
    >>> place = np.column_stack([along, 0.0 * along, 0.3 + 0.0 * along])
    >>> detector_rows(
    ...     place, np.array([0.0, 0.0, 1.0]), bodies=(), soil=Soil(), detector=Detector(),
    ...     time_s=along + 1.0, seed=1,
    ... ).shape
    (5, 3)
    """
    axis = np.broadcast_to(up, place_m.shape)
    if place_m.ndim != 2 or place_m.shape[1] != 3 or time_s.shape != place_m.shape[:1]:
        msg = (
            f"places {place_m.shape} and times {time_s.shape}; give (rows, 3) and (rows,), one "
            "time per place"
        )
        raise ShapeError(msg)
    carried = _Carried(time_s, place_m, axis, ground_up_m)
    metal = metal_of_bodies(bodies, ground_up_m=ground_up_m)
    return model_of(detector, soil, metal, seed=seed).rows(time_s, carried.poses)


@dataclass(frozen=True, slots=True, eq=False)
class _Carried:
    """A coil on its way along a lane."""

    time_s: Values
    place: Values
    up: Values
    ground_up_m: GroundUp | None

    def poses(self, time_s: Values) -> Poses:
        place, up = self._at(time_s, self.place), self._at(time_s, self.up)
        up /= np.sqrt(dot(up, up))[:, np.newaxis]
        forward = _square_to(up, np.array([1.0, 0.0, 0.0]))
        right = _square_to(up, np.array([0.0, 1.0, 0.0]))
        ground, normal = self._ground(place[:, :2])
        return Poses(place, forward, right, up, (place[:, 2] - ground) * normal[:, 2], normal)

    def _at(self, time_s: Values, rows: Values) -> Values:
        columns = [np.interp(time_s, self.time_s, rows[:, one]) for one in range(3)]
        return np.column_stack(columns)

    def _ground(self, where: Values) -> tuple[Values, Values]:
        level = np.zeros(len(where))
        if self.ground_up_m is None:
            return level, normals(level, level)
        slopes = []
        for step in (np.array([SLOPE_M, 0.0]), np.array([0.0, SLOPE_M])):
            rise = self.ground_up_m(where + step) - self.ground_up_m(where - step)
            slopes.append(0.5 / SLOPE_M * rise)
        return self.ground_up_m(where), normals(slopes[0], slopes[1])


def _square_to(up: Values, toward: Values) -> Values:
    """Return the unit vectors nearest to a direction at right angles to `up`, (rows, 3)."""
    left = toward - dot(up, toward)[:, np.newaxis] * up
    return np.asarray(left / np.sqrt(dot(left, left))[:, np.newaxis])
