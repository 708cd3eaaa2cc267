"""A simulated flight as a function of time: whatever an instrument measures, at any moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError
from detectkit.sim.altimeter import AltimeterModel
from detectkit.sim.flight import Trajectory, trajectory_of
from detectkit.sim.geography import Geography
from detectkit.sim.induction import detector_of, metal_of
from detectkit.sim.magnetics import magnetometer_of
from detectkit.sim.radar import radar_of
from detectkit.sim.receiver import reporter_of, true_rows
from detectkit.sim.route import Route, plan
from detectkit.sim.scatterers import Scatterers, all_points, sorted_into_cells
from detectkit.sim.scenario import Scenario
from detectkit.sim.terrain import Surface, surface_of
from detectkit.sim.truth import truth_of

Values = npt.NDArray[np.float64]


class FlightSimulator:
    """Flies a scenario with a ray/Born model; every value is a function of scenario, seed and time.

    Asking again, later, in other pieces or in another order gives the same bits (on one machine
    and one version of the libraries). Threads may ask at once. Times are in s from the start of
    the simulation and may lie outside of it: the vehicle then stands where it is.

    Parameters
    ----------
    scenario
        What is flown over what.
    seed
        Of all that is random; None takes the scenario's.

    Attributes
    ----------
    duration_s
        Length of the flight, with the time on the ground.
    truth
        What there is to find, and the lanes.

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

    def __init__(self, scenario: Scenario, *, seed: int | None = None) -> None:
        number = scenario.seed if seed is None else seed
        geography = Geography(scenario.site)
        surface = surface_of(scenario.terrain, number)
        route = plan(scenario.flight)
        trajectory = trajectory_of(
            route, scenario.flight, scenario.wind, surface, geography, seed=number
        )
        metal = metal_of(scenario.objects, surface, geography)
        points = _scatterers(scenario, surface, geography, number)
        self.scenario = scenario
        self.seed = number
        self.duration_s = route.duration_s
        self.truth = truth_of(scenario, route, surface, geography)
        self._trajectory: Trajectory = trajectory
        self._reporter = reporter_of(scenario.receiver, trajectory, seed=number)
        self._radar = radar_of(scenario.radar, scenario.soil, trajectory, points, seed=number)
        self._detector = detector_of(
            scenario.detector, scenario.soil, trajectory, metal, seed=number
        )
        self._magnetometer = magnetometer_of(scenario.magnetometer, trajectory, metal, seed=number)
        self._altimeter = AltimeterModel(scenario.altimeter, trajectory, number)

    def platform(self, time_s: Values) -> Values:
        """Return the true state, float64 (rows, 15): `PLATFORM_COLUMNS`, of the reference point."""
        return true_rows(self._trajectory, _times(time_s))

    def reported(self, time_s: Values) -> Values:
        """Return what receiver and autopilot report, float64 (rows, 15): `PLATFORM_COLUMNS`.

        Without a fix (quality 0) positions are still given, plausible and wrong, as receivers do.
        """
        return self._reporter.rows(_times(time_s))

    def radar(self, time_s: Values) -> npt.NDArray[np.float32]:
        """Return traces in counts, float32 (rows, samples); not rounded, not clipped."""
        return self._radar.traces(_times(time_s))

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


def _scatterers(
    scenario: Scenario, surface: Surface, geography: Geography, seed: int
) -> Scatterers:
    radar = scenario.radar
    points = all_points(
        scenario.objects,
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
