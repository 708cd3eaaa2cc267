"""Timing of one stream: its counter unwrapped, its rows numbered, its ticks as host time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detectkit.drivers import Frame, Layout
from detectkit.geo import ArrivalClock, PeerClock

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
RESTART_NS = 1_000_000_000
"""A device clock that falls back by more has begun again; rows that come late fall back less."""


@dataclass(slots=True)
class RowCounter:
    """Numbers the rows of a stream; lost rows are counted, rows told twice are kept.

    An instrument whose counter steps back has begun again: how many rows are lost is not known,
    one is taken, so that every step starts afresh. The same holds behind a link that was opened
    anew, where there is no counter.
    """

    missing: int = 0
    restarts: int = 0
    _last: int | None = None
    _number: int = -1
    _broken: bool = False

    def push(self, counter: Integers | None, rows: int, modulus: int | None) -> Integers:
        """Return the number of each row, rising from 0, int64 (rows,)."""
        steps = np.ones(rows, np.int64)
        if rows == 0:
            return steps
        if counter is not None:
            steps = self._steps(counter, modulus)
        elif self._broken:
            steps[0] = 2
        self._broken = False
        if self._number < 0:
            steps[0] = 1
        numbers = self._number + np.cumsum(steps)
        self.missing += int(numbers[-1]) - self._number - rows
        self._number = int(numbers[-1])
        return numbers

    def reopened(self) -> None:
        """Take note that the link was opened anew."""
        self._broken = self._number >= 0

    def _steps(self, counter: Integers, modulus: int | None) -> Integers:
        first = int(counter[0]) - 1 if self._last is None else self._last
        steps = np.diff(counter, prepend=np.int64(first))
        if modulus is not None:
            steps = np.mod(steps, modulus)
            back = steps > modulus // 2
        else:
            back = steps < 0
        self._last = int(counter[-1])
        self.restarts += int(back.sum())
        return np.where(back, 2, np.maximum(steps, 1))


@dataclass(slots=True)
class StreamClock:
    """Host time of the rows of one stream, from whatever the instrument stamps them with.

    In this order: the instrument's clock as compared by time exchange (`PeerClock`); its clock, the
    UTC it tells or its counter against the arrival of its bytes (`ArrivalClock`); arrival alone.
    """

    layout: Layout
    peer: PeerClock | None = None
    lag_ns: int = 0
    _arrival: ArrivalClock = field(init=False)
    _by_utc: ArrivalClock = field(default_factory=ArrivalClock)
    _last_device_ns: int | None = None
    _peer_resets: int = 0
    _peer_is_old: bool = False

    def __post_init__(self) -> None:
        rate_hz = self.layout.rate_hz
        by_device = bool(self.layout.device_clock)
        period = None if by_device or rate_hz is None else 1e9 / rate_hz
        self._arrival = ArrivalClock(period_ns=period)

    @property
    def resets(self) -> int:
        """How often the instrument's clock jumped."""
        peer = 0 if self.peer is None else self.peer.resets
        return self._arrival.resets + self._by_utc.resets + peer

    def push(self, frame: Frame, numbers: Integers, arrival_ns: int) -> tuple[Integers, Values]:
        """Return host time in ns, int64 (rows,), and one standard deviation of it."""
        rows = len(frame)
        arrivals = np.full(rows, arrival_ns, np.int64)
        if frame.layout.irregular:
            return arrivals - self.lag_ns, np.full(rows, np.nan)
        if frame.device_ns is None and "time_ns" in frame.coords:
            host, error = self._by_utc.push(frame.coords["time_ns"], arrivals)
        elif frame.device_ns is None:
            host, error = self._by_number(numbers, arrivals)
        elif (peer := self._known_peer(frame.device_ns)) is not None:
            host, error = peer.to_host(frame.device_ns)
        else:
            host, error = self._arrival.push(frame.device_ns, arrivals)
        return host - self.lag_ns, error

    def _known_peer(self, device_ns: Integers) -> PeerClock | None:
        """Return the time exchange if it is with the clock that stamped these rows.

        An instrument that began again stamps with a new clock; until the first exchange with
        that one, what is known of the old one would put its rows into the past.
        """
        peer = self.peer
        if peer is None or device_ns.size == 0:
            return None
        last = self._last_device_ns
        jumped = last is not None and int(device_ns[0]) < last - RESTART_NS
        self._last_device_ns = int(device_ns[-1])
        if peer.resets != self._peer_resets:
            self._peer_resets, self._peer_is_old = peer.resets, False
        elif jumped:
            self._peer_is_old = True
        return peer if peer.ready and not self._peer_is_old else None

    def _by_number(self, numbers: Integers, arrivals: Integers) -> tuple[Integers, Values]:
        if self.layout.rate_hz is None:
            return arrivals, np.full(arrivals.size, np.nan)
        return self._arrival.push(numbers, arrivals)
