"""A peer's clock to ours from pairs of request and answer (MAVLink TIMESYNC, NTP's on-wire idea).

The peer read its clock somewhere between our sending and our receiving: its time belongs to the
middle, give or take half the round trip. The answer of the least round trip is the surest, so
every pair counts by its round trip beyond the least of the last 64 (Mills 1991, "Internet time
synchronization: the network time protocol", the clock filter), in a Kalman filter of offset and
rate in place of a fit, so that one pair after the other bears on it and nothing else is held.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.geo.offset_line import OffsetLine, Wander

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

JUMP_NS = 1e9
HELD_ROUND_TRIPS = 64
LEAST_ERROR_NS = 0.3e6
PAIRS_NEEDED = 3
EVEN = 12.0**0.5
QUARTZ = Wander(rate=3e-4, rate_per_root_s=5e-6, offset_ns_per_root_s=3e5)


class PeerClock:
    """Times of a peer's clock as times of ours, from answered requests.

    Parameters
    ----------
    wander
        How the two clocks behave; the default holds the quartz of an autopilot as well as one
        that is simulated on a busy computer.

    Examples
    --------
    >>> clock = PeerClock()
    >>> for second in range(5):
    ...     now = second * 1_000_000_000
    ...     clock.push(now + 7_000_500_000, now, now + 1_000_000)
    >>> clock.ready, clock.to_host(np.array([10_000_500_000]))[0]
    (True, array([3000500000]))
    """

    def __init__(self, *, wander: Wander = QUARTZ) -> None:
        self.resets = 0
        self._wander = wander
        self._line: OffsetLine | None = None
        self._pairs = 0
        self._round_trips: deque[int] = deque(maxlen=HELD_ROUND_TRIPS)

    @property
    def ready(self) -> bool:
        """Whether enough pairs are in since the start or the last jump."""
        return self._pairs >= PAIRS_NEEDED

    def push(self, device_ns: int, sent_ns: int, received_ns: int) -> None:
        """Take one answered request.

        Parameters
        ----------
        device_ns
            The peer's clock when it answered.
        sent_ns, received_ns
            Our monotonic clock when we sent the request and when the answer was here. A pair
            that was received before it was sent is not one, and is passed over.
        """
        round_trip = received_ns - sent_ns
        if round_trip < 0:
            return
        offset = sent_ns + round_trip // 2 - device_ns
        if self._line is not None:
            away, _ = self._line.innovation(device_ns, offset)
            if abs(away) > JUMP_NS + round_trip / 2.0:
                self.resets += 1
                self._line = None
                self._round_trips.clear()
        self._round_trips.append(round_trip)
        error = self._error(round_trip)
        if self._line is None:
            self._pairs = 1
            error = max(error, round_trip / EVEN)
            self._line = OffsetLine(device_ns, offset, error_ns=error, wander=self._wander)
            return
        self._pairs += 1
        self._line.push(device_ns, offset, error_ns=error)

    def to_host(self, device_ns: Integers) -> tuple[Integers, Values]:
        """Return our time of times of the peer's clock, and the stated error of it.

        Parameters
        ----------
        device_ns
            Shape (rows,), int64.

        Returns
        -------
        host_ns, error_ns
            Shape (rows,) each, int64 and float64. An asymmetry that all round trips share is
            not in the error: it is at most half the least round trip.

        Raises
        ------
        UsageError
            No pair has come yet.
        """
        if self._line is None:
            msg = "no TIMESYNC pair has come yet; ask `ready` first, or use an ArrivalClock"
            raise UsageError(msg)
        offset, error = self._line.offset(np.asarray(device_ns, np.int64))
        return device_ns + offset, error

    def _error(self, round_trip: int) -> float:
        """Return one standard deviation of the middle: even over the excess of the round trip."""
        excess = round_trip - min(self._round_trips)
        return max(LEAST_ERROR_NS, excess / EVEN)
