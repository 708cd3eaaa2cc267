"""What the platform did in the last minute: positions, attitudes, heights, waypoints, each by time.

Times are int64 nanoseconds of the computer's monotonic clock. Every kind comes at its own rate
and is held as it came; `PoseJoin` reads between its samples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError, UsageError

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

FIRST_ROOM = 256
MOST_SAMPLES = 1 << 18


class Samples:
    """A bounded run of samples in the order of their time.

    Parameters
    ----------
    columns
        Number of values of a sample.
    history_ns
        How far before the newest sample they are held; one older than that is held too, so that
        a step function has its value.
    """

    def __init__(self, columns: int, *, history_ns: int) -> None:
        self._history_ns = history_ns
        self._times = np.empty(FIRST_ROOM, np.int64)
        self._values = np.empty((FIRST_ROOM, columns))
        self._start, self._end = 0, 0
        self.seen_ns: int | None = None
        self.out_of_order = 0

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def newest_ns(self) -> int | None:
        """Time of the newest sample, None before the first."""
        return int(self._times[self._end - 1]) if self._end > self._start else None

    @property
    def held(self) -> tuple[Integers, Values]:
        """Times (samples,) and values (samples, columns) held, as views."""
        return self._times[self._start : self._end], self._values[self._start : self._end]

    def push(self, time_ns: Integers, values: Values, usable: npt.ArrayLike) -> None:
        """Take samples; unusable ones only tell that the source is alive, late ones are counted."""
        if not time_ns.size:
            return
        newest = self.newest_ns
        seen = int(time_ns[0] if time_ns.size == 1 else time_ns.max())
        self.seen_ns = seen if self.seen_ns is None else max(self.seen_ns, seen)
        rows = np.flatnonzero(usable)
        times, values = time_ns[rows], values[rows]
        if not times.size:
            return
        reached = np.maximum.accumulate(times)
        rising = times > (times[0] - 1 if newest is None else newest)
        rising[1:] &= times[1:] > reached[:-1]
        if not rising.all():
            self.out_of_order += int(times.size - np.count_nonzero(rising))
            times, values = times[rising], values[rising]
        self._append(times, values)

    def _append(self, times: Integers, values: Values) -> None:
        if self._end + times.size > self._times.size:
            self._make_room(times.size)
        new = slice(self._end, self._end + times.size)
        self._times[new], self._values[new] = times, values
        self._end += times.size
        if len(self):
            self._forget()

    def _forget(self) -> None:
        times = self._times[self._start : self._end]
        oldest = int(times[-1]) - self._history_ns
        gone = max(len(times) - MOST_SAMPLES, 0)
        if times.size > 1 and times[1] <= oldest:
            gone = max(gone, int(np.searchsorted(times, oldest, side="right")) - 1)
        self._start += gone

    def _make_room(self, more: int) -> None:
        times, values = self.held
        need = len(self) + more
        room = self._times.size
        while 2 * need > room:
            room *= 2
        self._times = np.concatenate([times, np.empty(room - len(times), np.int64)])
        self._values = np.concatenate([values, np.empty((room - len(values), values.shape[1]))])
        self._start, self._end = 0, len(times)


class PoseTrack:
    """A bounded history of the platform, in time of the computer's monotonic clock.

    Samples that are not after the newest of their kind are counted (`out_of_order`) and left
    out. Rows with NaN are no samples.

    Parameters
    ----------
    history_ns
        How much is held of each kind; a sensor whose rows come later than that gets no poses.
    """

    def __init__(self, *, history_ns: int = 60_000_000_000) -> None:
        if history_ns <= 0:
            msg = f"a history of {history_ns} ns; hold some seconds, e.g. 60_000_000_000"
            raise UsageError(msg)
        self.positions = Samples(6, history_ns=history_ns)
        self.attitudes = Samples(3, history_ns=history_ns)
        self.heights = Samples(1, history_ns=history_ns)
        self.waypoints = Samples(1, history_ns=history_ns)

    @property
    def out_of_order(self) -> dict[str, int]:
        """Number of samples left out because they did not follow the newest, by kind."""
        kinds = ("positions", "attitudes", "heights", "waypoints")
        return {kind: getattr(self, kind).out_of_order for kind in kinds}

    def push_positions(
        self,
        time_ns: Integers,
        longitude_deg: Values,
        latitude_deg: Values,
        up_m: Values,
        horizontal_error_m: Values | None = None,
        vertical_error_m: Values | None = None,
        fix_quality: Values | None = None,
    ) -> None:
        """Take positions of the positioning antenna, shape (rows,) each.

        Parameters
        ----------
        time_ns
            int64, when it was there.
        longitude_deg, latitude_deg, up_m
            WGS 84 degrees and m over any datum. A row with NaN latitude or longitude, one off
            the globe, or one with fix quality 0 is no position; its height may be unknown.
        horizontal_error_m, vertical_error_m
            One standard deviation as reported; NaN or None: taken from the fix quality.
        fix_quality
            As NMEA GGA; NaN or None: unknown.
        """
        nothing = np.full(time_ns.shape, np.nan)
        reported = (horizontal_error_m, vertical_error_m, fix_quality)
        rest = [nothing if one is None else one for one in reported]
        values = _table(time_ns, longitude_deg, latitude_deg, up_m, *rest)
        distance = np.abs(values[:, :2]).max(axis=1, initial=0.0)
        usable = np.isfinite(distance) & (np.abs(values[:, 1]) <= 90.0) & (values[:, 5] != 0.0)
        self.positions.push(time_ns, values, usable)

    def push_attitudes(
        self, time_ns: Integers, roll_rad: Values, pitch_rad: Values, yaw_rad: Values
    ) -> None:
        """Take attitudes, shape (rows,) each, radians: right side down, nose up, from north."""
        values = _table(time_ns, roll_rad, pitch_rad, yaw_rad)
        self.attitudes.push(time_ns, values, np.isfinite(values).all(axis=1))

    def push_heights(self, time_ns: Integers, distance_m: Values) -> None:
        """Take slant ranges of a downward altimeter in m; NaN or below 0: no target."""
        values = _table(time_ns, distance_m)
        self.heights.push(time_ns, values, np.isfinite(values[:, 0]) & (values[:, 0] >= 0.0))

    def push_waypoints(self, time_ns: Integers, waypoint: Values) -> None:
        """Take the number of the mission item flown to; it holds until the next one."""
        values = _table(time_ns, waypoint)
        self.waypoints.push(time_ns, values, np.isfinite(values[:, 0]))


def _table(time_ns: Integers, *columns: Values) -> Values:
    wrong = [np.shape(column) for column in columns if np.shape(column) != time_ns.shape]
    if wrong or time_ns.ndim != 1:
        msg = f"times {time_ns.shape} and values {wrong} must be 1-D and of one length"
        raise ShapeError(msg)
    table = np.empty((time_ns.size, len(columns)))
    for number, column in enumerate(columns):
        table[:, number] = column
    return table
