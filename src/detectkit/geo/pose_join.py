"""Poses for the rows of one sensor, by interpolation at sensor time, with a bounded wait.

A row waits until the samples around its time are there, never longer than the journal's own
time allows. So the answer depends on the order of what was recorded, not on how fast it came,
was read or was cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError, UsageError
from detectkit.geo.bracket import GAP, NOT_THERE, TOO_EARLY
from detectkit.geo.ground_height import TerrainGrid
from detectkit.geo.pose_kernel import COLUMNS, pose_rows
from detectkit.geo.pose_track import PoseTrack, Samples

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Triple = tuple[float, float, float]

NAMES = (
    "longitude_deg",
    "latitude_deg",
    "up_m",
    "height_m",
    "height_error_m",
    "horizontal_error_m",
    "vertical_error_m",
    "roll_rad",
    "pitch_rad",
    "yaw_rad",
    "fix_quality",
    "waypoint",
    "ground_up_m",
)
OVER_GROUND = frozenset({"height_m", "height_error_m", "ground_up_m"})
"""Of these, what needs a height over the ground: without a source of one they are all NaN."""
REASONS = {
    TOO_EARLY: "before the first position held",
    GAP: "gap between positions too long",
    NOT_THERE: "no later position came in time",
}
FOREVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """Poses of rows in the order in which they were pushed.

    Parameters
    ----------
    rows
        Number of rows; the next ones of those that were pushed.
    coords
        Values by vocabulary name, float64 (rows,) each, NaN where unknown. The attitude is NaN
        where none bounds the row, also where the lever arm was turned by the course instead.
    """

    rows: int
    coords: dict[str, Values]


class PoseJoin:
    """Poses of one sensor's rows.

    Parameters
    ----------
    track
        What the platform did; may be shared by many joins.
    lever_arm_m
        From the positioning antenna to the sensor: forward, right, down in m.
    altimeter_arm_m
        From the positioning antenna to the altimeter, likewise.
    lag_ns
        How much later than measured the sensor's rows are stamped (`estimate_lag`).
    longest_gap_ns
        Between samples further apart nothing is interpolated.
    longest_wait_ns
        How long a row waits for samples after it, in the time of the records.
    terrain
        Heights of the ground, in the datum of the positions, used where the altimeter is silent.

    Examples
    --------
    >>> track, second = PoseTrack(), 1_000_000_000
    >>> times = np.array([0, 1, 2]) * second // 4
    >>> track.push_positions(times, np.array([0.0, 1e-6, 2e-6]), np.zeros(3), np.zeros(3))
    >>> join = PoseJoin(track)
    >>> join.push(np.array([second // 8, second // 2]))
    >>> posed = join.ready(second // 2)
    >>> posed.rows, posed.coords["longitude_deg"]
    (2, array([5.e-07, 2.e-06]))
    """

    def __init__(
        self,
        track: PoseTrack,
        *,
        lever_arm_m: Triple = (0.0, 0.0, 0.0),
        altimeter_arm_m: Triple = (0.0, 0.0, 0.0),
        lag_ns: int = 0,
        longest_gap_ns: int = 500_000_000,
        longest_wait_ns: int = 1_000_000_000,
        terrain: TerrainGrid | None = None,
    ) -> None:
        if longest_gap_ns <= 0 or longest_wait_ns < 0:
            msg = (
                f"a gap of {longest_gap_ns} ns and a wait of {longest_wait_ns} ns: the gap must "
                "be positive, the wait not negative"
            )
            raise UsageError(msg)
        self._track = track
        self._lag, self._gap, self._wait = int(lag_ns), int(longest_gap_ns), int(longest_wait_ns)
        self._settings = (_arm(lever_arm_m), _arm(altimeter_arm_m), self._lag, self._gap)
        self._terrain = terrain
        self._times = np.empty(0, np.int64)
        self._errors = np.empty(0)
        self._by_reason = np.zeros(len(REASONS) + 1, np.int64)
        self._nothing = Posed(0, dict.fromkeys(NAMES, np.empty(0)))

    @property
    def waiting(self) -> int:
        """Number of rows that wait for samples after them."""
        return int(self._times.size)

    @property
    def unposed(self) -> int:
        """Number of rows that got no position."""
        return int(self._by_reason[1:].sum())

    @property
    def unposed_by_reason(self) -> dict[str, int]:
        """Number of rows that got no position, by reason."""
        return {words: int(self._by_reason[code]) for code, words in REASONS.items()}

    def push(self, time_ns: Integers, error_ns: Values | None = None) -> None:
        """Let rows wait for their poses.

        Parameters
        ----------
        time_ns
            Shape (rows,), int64, in the time of the track, as the clock of the sensor gives it.
        error_ns
            Shape (rows,), its stated error; None: 0. NaN: unknown, and so is the place's error.
        """
        errors = np.zeros(time_ns.shape) if error_ns is None else error_ns
        if errors.shape != time_ns.shape or time_ns.ndim != 1:
            msg = f"times {time_ns.shape} and errors {errors.shape} must be 1-D, of one length"
            raise ShapeError(msg)
        if not self._times.size:
            self._times, self._errors = time_ns.astype(np.int64), errors.astype(np.float64)
        else:
            self._times = np.concatenate([self._times, time_ns])
            self._errors = np.concatenate([self._errors, errors])

    def ready(self, now_ns: int) -> Posed:
        """Return the next rows that are decided: bounded by samples, or waited for long enough.

        Parameters
        ----------
        now_ns
            Arrival of the newest record, in the order of the journal. Call it after each.
        """
        if not self._times.size:
            return self._nothing
        undecided = self._times > self._decided_ns(now_ns) + self._lag
        first = int(undecided.argmax())
        return self._take(first if undecided[first] else self._times.size)

    def finish(self) -> Posed:
        """Return all rows that still wait."""
        return self._take(self._times.size)

    def _decided_ns(self, now_ns: int) -> int:
        """Return the time up to which the poses can change no more."""
        silent = now_ns - self._wait
        track = self._track
        decided = self._known_until(track.positions)
        for samples in (track.attitudes, track.heights):
            if samples.seen_ns is not None and samples.seen_ns >= silent:
                decided = min(decided, self._known_until(samples))
        return max(decided, silent - 1)

    def _known_until(self, samples: Samples) -> int:
        newest, seen = samples.newest_ns, samples.seen_ns
        if newest is None or seen is None:
            return -FOREVER
        return seen if seen - newest >= self._gap else newest

    def _take(self, rows: int) -> Posed:
        if not rows:
            return self._nothing
        times, self._times = self._times[:rows], self._times[rows:]
        errors, self._errors = self._errors[:rows], self._errors[rows:]
        out, reason = np.empty((COLUMNS, rows)), np.empty(rows, np.int64)
        track = self._track
        tables = (
            track.positions.held,
            track.attitudes.held,
            track.heights.held,
            track.waypoints.held,
        )
        pose_rows((times, errors), tables, self._settings, out, reason)
        self._by_reason += np.bincount(reason, minlength=self._by_reason.size)
        coords = dict(zip(NAMES, out, strict=True))
        if self._terrain is not None:
            _use_terrain(coords, self._terrain)
        return Posed(rows, coords)


def _arm(arm_m: Triple) -> Triple:
    forward, right, down = (float(one) for one in arm_m)
    if not np.isfinite([forward, right, down]).all():
        msg = f"lever arm {arm_m}: give forward, right, down in m"
        raise UsageError(msg)
    return forward, right, down


def _use_terrain(coords: dict[str, Values], terrain: TerrainGrid) -> None:
    """Fill heights that the altimeter did not give from the table, in place."""
    ground = terrain.at(coords["longitude_deg"], coords["latitude_deg"])
    fill = np.isnan(coords["height_m"]) & np.isfinite(ground) & np.isfinite(coords["up_m"])
    error = np.sqrt(coords["vertical_error_m"] ** 2 + terrain.error_m**2)
    coords["height_m"][fill] = (coords["up_m"] - ground)[fill]
    coords["height_error_m"][fill] = error[fill]
    coords["ground_up_m"][fill] = ground[fill]
