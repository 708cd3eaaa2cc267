"""Where the echo of a point lies in the traces of a line, whatever the height of each.

A point at depth z, a distance u along the line from the middle of the antennas, is heard at

    t(u) = (L(|u + s/2|, h, z) + L(|u - s/2|, h, z)) / c - t0(h),

L the optical path through air and soil (`refraction`), h the height of that trace's antennas, s
their distance, and t0(h) = 2 sqrt(h² + (s/2)²) / c the flight to the ground and back, which
levelled traces have lost. On the ground (h = 0) it is the hyperbola in soil alone.

The curves are tabulated at heights a centimetre apart; a trace takes the two around its height
and interpolates (error of the path below 0.1 mm). Each table hangs on its height only, so the way
a stream was cut cannot matter. Below half a centimetre an antenna counts as on the ground.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import numpy.typing as npt

from detectkit.imaging.refraction import path_table
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

HEIGHT_STEP_M = 0.01
MOST_TABLES = 300
"""Tables kept; more heights than 3 m of them begin anew."""


@dataclass(frozen=True, slots=True, eq=False)
class LineGeometry:
    """A line's axes, its antennas and its aperture.

    Parameters
    ----------
    depth_m
        Depths to focus at, float64, rising.
    first_twt_s, sample_interval_s
        Delay axis of the traces.
    trace_spacing_m
        Distance between traces.
    velocity_m_per_s, antenna_separation_m
        In the ground; between transmitter and receiver.
    half_angle_rad
        Of the aperture: between the ray and the vertical, at the antenna.
    reach
        Traces that the aperture has to each side at most.
    """

    depth_m: Float64s
    first_twt_s: float
    sample_interval_s: float
    trace_spacing_m: float
    velocity_m_per_s: float
    antenna_separation_m: float
    half_angle_rad: float
    reach: int

    @property
    def index(self) -> float:
        """Refractive index of the ground."""
        return SPEED_OF_LIGHT_M_S / self.velocity_m_per_s

    @property
    def offset_m(self) -> Float64s:
        """Distances of the traces to one side, (reach + 1,)."""
        return np.arange(self.reach + 1, dtype=np.float64) * self.trace_spacing_m

    def curve(self, height_m: float) -> tuple[Float64s, Float64s]:
        """Return sample position and cosine of the angle at the antenna, (offset, depth).

        The cosine is 0 outside of the aperture and before the first sample.
        """
        seconds, cosine, inside = self._ground() if height_m == 0.0 else self._air(height_m)
        position = (seconds - self.first_twt_s) / self.sample_interval_s
        return position, np.where(inside & (position >= 0.0), cosine, 0.0)

    def _ground(self) -> tuple[Float64s, Float64s, npt.NDArray[np.bool_]]:
        half = self.antenna_separation_m / 2.0
        z, u = self.depth_m[None, :], self.offset_m[:, None]
        seconds = (np.hypot(z, u + half) + np.hypot(z, u - half)) / self.velocity_m_per_s
        inside = u <= z * np.tan(self.half_angle_rad)
        return seconds, z / np.maximum(np.hypot(z, u), 1e-9), inside

    def _air(self, height_m: float) -> tuple[Float64s, Float64s, npt.NDArray[np.bool_]]:
        half = self.antenna_separation_m / 2.0
        legs = np.concatenate([self.offset_m + half, self.offset_m - half, self.offset_m])
        optical, sine = path_table([height_m], self.depth_m, legs, index=self.index)
        ahead, behind, _ = np.split(optical[0].T, 3)
        middle = np.split(sine[0].T, 3)[2]
        seconds = (ahead + behind) / SPEED_OF_LIGHT_M_S - flight_s(height_m, half)
        inside = middle <= math.sin(self.half_angle_rad)
        return seconds, np.sqrt(1.0 - middle**2), inside


def flight_s(height_m: float, half_separation_m: float) -> float:
    """Return the two-way time in air from antennas to ground and back."""
    return 2.0 * math.hypot(height_m, half_separation_m) / SPEED_OF_LIGHT_M_S


def aperture_traces(
    deepest_m: float,
    *,
    highest_m: float,
    velocity_m_per_s: float,
    half_angle_rad: float,
    trace_spacing_m: float,
) -> int:
    """Return the traces to each side within the half angle, at `deepest_m`, from `highest_m`.

    ``z tan(half_angle)`` on the ground; in the air ``h tan(half_angle)``, and what the refracted
    ray adds below.
    """
    if highest_m == 0.0:
        return math.ceil(deepest_m * math.tan(half_angle_rad) / trace_spacing_m)
    sine = math.sin(half_angle_rad) * velocity_m_per_s / SPEED_OF_LIGHT_M_S
    aside_m = highest_m * math.tan(half_angle_rad) + deepest_m * math.tan(math.asin(sine))
    return math.ceil(aside_m / trace_spacing_m)


@dataclass(frozen=True, slots=True, eq=False)
class RowCurves:
    """The curves of a run of traces.

    Parameters
    ----------
    position, weight
        (table, offset, depth), float32.
    low, high
        (trace,), the two tables of each trace; -1 where its height is not known.
    part
        (trace,), float32: share of the second.
    shift
        (trace,), float32: samples by which the trace lies later than a levelled one.
    """

    position: Float32s
    weight: Float32s
    low: Integers
    high: Integers
    part: Float32s
    shift: Float32s

    @property
    def reach(self) -> int:
        """Traces to each side that an output trace needs."""
        return int(self.position.shape[1]) - 1


Weigh = Callable[[LineGeometry, float], tuple[Float64s, Float64s]]
"""From a geometry and a height to positions and weights, both (offset, depth)."""


@dataclass(slots=True, eq=False)
class CurveTables:
    """The tables of a line, made when a trace first needs their height; threads may ask at once.

    Parameters
    ----------
    geometry
        The line.
    weigh
        How a method weighs the traces of its aperture.
    """

    geometry: LineGeometry
    weigh: Weigh
    _slots: dict[int, int] = field(default_factory=dict)
    _position: Float32s = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))
    _weight: Float32s = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))
    _lock: Lock = field(default_factory=Lock)

    def on_the_ground(self, traces: int) -> RowCurves:
        """Return the curves of traces without an air gap."""
        zeros = np.zeros(traces)
        return self.at(zeros, zeros)

    def at(self, height_m: Float64s, removed_twt_s: Float64s) -> RowCurves:
        """Return the curves of traces at these heights.

        Parameters
        ----------
        height_m
            (trace,), of the antennas over the ground; NaN where not known: such a trace is
            silent.
        removed_twt_s
            (trace,), two-way time already taken off: all of the flight in air for a levelled
            trace, 0 for one as recorded.
        """
        known = np.isfinite(height_m) & np.isfinite(removed_twt_s)
        steps = np.where(known, np.maximum(height_m, 0.0) / HEIGHT_STEP_M, 0.0)
        lower = np.floor(steps)
        part = steps - lower
        near = lower == 0.0  # no ray lies between one on the ground and one just over it
        part = np.where(near, 0.0, part)
        lower = np.where(near & (steps >= 0.5), 1.0, lower).astype(np.int64)
        upper = lower + (part > 0.0)
        with self._lock:
            slots = self._made(np.unique(np.concatenate([lower, upper])))
            position, weight = self._position, self._weight
        low = np.array([slots[one] for one in lower.tolist()], np.int64)
        high = np.array([slots[one] for one in upper.tolist()], np.int64)
        half = self.geometry.antenna_separation_m / 2.0
        flight = 2.0 * np.hypot(np.where(known, height_m, 0.0), half) / SPEED_OF_LIGHT_M_S
        airborne = known & (lower > 0)
        late = np.where(airborne, flight - np.where(known, removed_twt_s, 0.0), 0.0)
        return RowCurves(
            position,
            weight,
            np.where(known, low, -1),
            high,
            part.astype(np.float32),
            (late / self.geometry.sample_interval_s).astype(np.float32),
        )

    def _made(self, steps: Integers) -> dict[int, int]:
        """Return the slot of each height step, after making those that are missing."""
        missing = [one for one in steps.tolist() if one not in self._slots]
        if not missing:
            return self._slots
        if len(self._slots) + len(missing) > MOST_TABLES:
            self._slots, missing = {}, steps.tolist()
            self._position = self._weight = np.zeros((0, 0, 0), np.float32)
        made = [self.weigh(self.geometry, one * HEIGHT_STEP_M) for one in missing]
        position = np.stack([one.astype(np.float32) for one, _ in made])
        weight = np.stack([one.astype(np.float32) for _, one in made])
        if self._slots:
            position = np.concatenate([self._position, position])
            weight = np.concatenate([self._weight, weight])
        start = len(self._slots)
        added = {one: start + number for number, one in enumerate(missing)}
        self._slots = {**self._slots, **added}
        self._position, self._weight = position, weight
        return self._slots
