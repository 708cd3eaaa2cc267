"""A simulated flight as a function of time: whatever an instrument measures, at any moment."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError
from detectkit.sim.altimeter import AltimeterModel
from detectkit.sim.burial import Buried, buried_in
from detectkit.sim.flight import Trajectory, trajectory_of
from detectkit.sim.fullwave.radar import FullWaveRadar, LaneWork
from detectkit.sim.geography import Geography
from detectkit.sim.induction import detector_of, metal_of
from detectkit.sim.magnetics import magnetometer_of
from detectkit.sim.radar import radar_of
from detectkit.sim.receiver import reporter_of, true_rows
from detectkit.sim.route import Route, lane_at, plan
from detectkit.sim.scatterers import Scatterers, all_points, sorted_into_cells
from detectkit.sim.scenario import Scenario
from detectkit.sim.scene import Subsurface
from detectkit.sim.terrain import Surface, surface_of, surface_over, with_grass
from detectkit.sim.truth import truth_of

Values = npt.NDArray[np.float64]


class FlightSimulator:
    """Flies a scenario; every value is a function of scenario, seed and time.

    Asking again, later, in other pieces or in another order gives the same bits (on one machine
    and one version of the libraries). Threads may ask at once. Times are in s from the start of
    the simulation and may lie outside of it: the vehicle then stands where it is.

    With ``[radar] model = "full-wave"`` a lane is computed when its first trace is asked for, which
    takes minutes, and kept; see `detectkit.sim.fullwave.radar`. Outside the lanes (take-off, turns,
    landing) the ray/Born model answers there too.

    Parameters
    ----------
    scenario
        What is flown over what.
    seed
        Of all that is random; None takes the scenario's.
    work
        How full-wave lanes are computed; None: on one thread, kept in memory.

    Attributes
    ----------
    duration_s
        Length of the flight, with the time on the ground.
    lanes
        As planned, in the order flown.
    buried, truth
        What lies in the ground; what there is to find, and the lanes.
    full_wave
        The full-wave radar, None where the radar is simulated by rays.

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... name = "one lane"
    ... seed = 1
    ... [site]
    ... longitude_deg = 47.0
    ... latitude_deg = 40.0
    ... start_time = 2025-05-14T07:30:00Z
    ... [flight]
    ... lanes = 1
    ... lane_length_m = 5
    ... lane_spacing_m = 0.5
    ... height_m = 1.0
    ... ''')
    >>> simulator = FlightSimulator(scenario)
    >>> simulator.radar(np.array([6.0, 6.01])).shape
    (2, 512)
    """

    def __init__(
        self, scenario: Scenario, *, seed: int | None = None, work: LaneWork | None = None
    ) -> None:
        number = scenario.seed if seed is None else seed
        geography = Geography(scenario.site)
        surface = _surface(scenario, number)
        route = plan(scenario.flight)
        along_m, across_m = scenario.flight.area_m()
        buried = buried_in(
            scenario.objects, scenario.layouts, seed=number, along_m=along_m, across_m=across_m
        )
        trajectory = trajectory_of(
            route, scenario.flight, scenario.wind, surface, geography, seed=number
        )
        metal = metal_of(buried.spheres, surface, geography, placed=buried.bodies)
        points = _scatterers(scenario, buried, surface, geography, number)
        self.scenario = scenario
        self.seed = number
        self.duration_s = route.duration_s
        self.lanes = route.lanes
        self.buried = buried
        self.truth = truth_of(buried.objects, route, surface, geography)
        self._trajectory: Trajectory = trajectory
        self._reporter = reporter_of(scenario.receiver, trajectory, seed=number)
        self._radar = radar_of(scenario.radar, scenario.soil, trajectory, points, seed=number)
        self.full_wave: FullWaveRadar | None = None
        if scenario.radar.model == "full-wave":
            self.full_wave = FullWaveRadar(
                scenario.radar,
                scenario.subsurface or Subsurface(),
                scenario.full_wave,
                buried,
                trajectory,
                number,
                work or LaneWork(),
            )
        self._detector = detector_of(
            scenario.detector, scenario.soil, trajectory, metal, seed=number
        )
        self._magnetometer = magnetometer_of(scenario.magnetometer, trajectory, metal, seed=number)
        hit_share = scenario.vegetation.hit_share if scenario.vegetation.grass_m > 0.0 else 0.0
        self._altimeter = AltimeterModel(scenario.altimeter, trajectory, number, hit_share)

    def platform(self, time_s: Values) -> Values:
        """Return the true state, float64 (rows, 15): `PLATFORM_COLUMNS`, of the reference point."""
        return true_rows(self._trajectory, _times(time_s))

    def reported(self, time_s: Values) -> Values:
        """Return what receiver and autopilot report, float64 (rows, 15): `PLATFORM_COLUMNS`.

        Without a fix (quality 0) positions are still given, plausible and wrong, as receivers do.
        """
        return self._reporter.rows(_times(time_s))

    def radar(self, time_s: Values) -> npt.NDArray[np.float32]:
        """Return traces in counts, float32 (rows, samples).

        Neither rounded nor clipped, but where the radar's digitiser (`Radar.adc_bits`) does it.
        """
        times = _times(time_s)
        if self.full_wave is None:
            return self._radar.traces(times)
        lane = self.lane_at(times)
        rows = np.empty((times.size, self.scenario.radar.samples), np.float32)
        rows[lane < 0] = self._radar.traces(times[lane < 0])
        for number in np.unique(lane[lane >= 0]).tolist():
            here = lane == number
            rows[here] = self.full_wave.traces(number, times[here])
        return rows

    def lane_at(self, time_s: Values) -> npt.NDArray[np.int64]:
        """Return the number of the lane that is flown at each time, -1 outside the lanes."""
        return lane_at(self.lanes, _times(time_s))

    def detector(self, time_s: Values) -> npt.NDArray[np.float32]:
        """Return the metal detector's channels in nV, float32 (rows, channels)."""
        return self._detector.rows(_times(time_s))

    def magnetometer(self, time_s: Values) -> Values:
        """Return the total magnetic field in nT, float64 (rows, 1)."""
        return self._magnetometer.rows(_times(time_s))

    def altimeter(self, time_s: Values) -> Values:
        """Return the distance to the ground in m, NaN without a target, float64 (rows, 1)."""
        return self._altimeter.rows(_times(time_s))

    def rows(self, instrument: str, time_s: Values) -> npt.NDArray[Any]:
        """Return what an instrument of the scenario measures, by what its table says.

        Raises
        ------
        UsageError
            The scenario has no such instrument; lists those there are.
        """
        measures = self.scenario.instrument(instrument).measures
        if measures == "platform":
            return self.reported(time_s)
        return getattr(self, measures)(time_s)  # type: ignore[no-any-return]


def _surface(scenario: Scenario, seed: int) -> Surface:
    ground = scenario.subsurface
    if ground is None:
        bare = surface_of(scenario.terrain, seed)
        return with_grass(bare, scenario.vegetation.grass_m, seed=seed)
    heading = math.radians(scenario.site.heading_deg)
    return surface_over(ground, scenario.terrain, heading, seed=seed)


def _scatterers(
    scenario: Scenario, buried: Buried, surface: Surface, geography: Geography, seed: int
) -> Scatterers:
    radar = scenario.radar
    points = all_points(
        buried.preview,
        scenario.soil,
        radar,
        surface,
        geography=geography,
        corners=_corners(scenario, plan(scenario.flight), geography),
        seed=seed,
    )
    return sorted_into_cells(points, 0.5 * radar.reach_m)


def _corners(scenario: Scenario, route: Route, geography: Geography) -> tuple[Values, Values]:
    """Return the corners (east, north) of all ground that the radar may see."""
    low, high = route.corners[:, :2].min(axis=0), route.corners[:, :2].max(axis=0)
    along = np.array([low[0], low[0], high[0], high[0]])
    across = np.array([low[1], high[1], low[1], high[1]])
    arm = scenario.radar.lever_arm_m
    margin = scenario.radar.reach_m + abs(arm[0]) + abs(arm[1]) + 5.0 * scenario.wind.horizontal_m
    place = np.column_stack(geography.local(along, across))
    return place.min(axis=0) - margin, place.max(axis=0) + margin


def _times(time_s: Values) -> Values:
    times = np.ascontiguousarray(time_s, dtype=np.float64)
    if times.ndim != 1:
        msg = f"times must be 1-D, in s; got shape {times.shape}"
        raise ShapeError(msg)
    return times
