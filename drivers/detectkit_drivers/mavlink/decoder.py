"""From an autopilot's bytes to frames: one vehicle, its own clock, what the traps leave over."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from detectkit.drivers import Frame, Item, Layout, Note
from detectkit_drivers.mavlink.boot_clock import BootClock
from detectkit_drivers.mavlink.losses import Losses
from detectkit_drivers.mavlink.messages_in import (
    CLOCK,
    READINGS,
    TIMESYNC,
    Reading,
    limits_of,
    within,
)
from detectkit_drivers.mavlink.signing import Guard
from detectkit_drivers.mavlink.status_text import Joiner
from detectkit_drivers.mavlink.wire import Ear, MessageStream, message_name

DISTANCE_SENSOR, RANGEFINDER = 132, 173
HEARTBEAT, SYSTEM_TIME, TIMESYNC_ID, STATUSTEXT = 0, 2, 111, 253
COMMAND_LONG, COMMAND_ACK, SET_MESSAGE_INTERVAL = 76, 77, 511
GPS_IDS: Final = (24, 124)
AUTOPILOT_COMPONENT, NO_AUTOPILOT = 1, 8
ACCEPTED, IN_PROGRESS = 0, 5
UTC_FROM_USEC = 10**15
"""A time in µs above this counts from 1970, below it from boot (30 years)."""
LAST_USEC = 9 * 10**15
MOST_OUTSTANDING = 256
REFUSALS: Final = {2: "denied", 3: "unsupported", 4: "failed", 6: "cancelled"}

ESSENTIAL: Final = frozenset({SYSTEM_TIME, 24, 30, 33})
"""Without time, fix, attitude or position a survey is worth little."""

Answer = tuple[Sequence[Item], bool]
NOTHING: Answer = ((), True)


class MavlinkDecoder(MessageStream):
    """Decodes one vehicle of those on the wire.

    Parameters
    ----------
    vehicle
        Its system number; 0: the first whose autopilot (component 1) sends a heartbeat.
    component
        Our own component: what comes back from it is not the vehicle's.
    rates_hz
        The rates that are asked for, by message number: the nominal rates of the streams.
    guard
        Checks signatures; None takes all frames.

    Attributes
    ----------
    losses
        Frames lost by sender.
    foreign_timesync
        Answers to requests that were not ours; a router sends them to everybody.
    """

    def __init__(
        self,
        *,
        vehicle: int = 0,
        component: int = 191,
        rates_hz: Mapping[int, float] = MappingProxyType({}),
        guard: Guard | None = None,
    ) -> None:
        super().__init__(guard)
        self._readings = {one: at_rate(READINGS[one], rates_hz.get(one)) for one in READINGS}
        self._clock_layout = replace(CLOCK, rate_hz=rates_hz.get(SYSTEM_TIME))
        self.vehicle = vehicle
        self.losses = Losses()
        self.foreign_timesync = 0
        self._component = component
        self._clock = BootClock()
        self._texts = Joiner()
        self._own = Ear()
        self._outstanding: deque[int] = deque(maxlen=MOST_OUTSTANDING)
        self._asked: int | None = None
        self._refused: set[int] = set()
        self._last_fix: dict[int, int] = {}
        self._limits: tuple[float, float] | None = None
        self._unstamped: dict[str, Layout] = {}

    def sent(self, data: bytes) -> None:
        """Note our TIMESYNC requests, the rates that we ask for, and our stamps."""
        for message in self._own.hear(data):
            if self.guard is not None:
                self.guard.own(bytes(message.get_msgbuf()))
            if message.get_msgId() == TIMESYNC_ID and message.tc1 == 0:
                self._outstanding.append(message.ts1)
            elif message.get_msgId() == COMMAND_LONG and message.command == SET_MESSAGE_INTERVAL:
                self._asked = _whole(message.param1)

    def reset(self) -> None:
        """Forget the unfinished and the conversation; the vehicle stays the same."""
        super().reset()
        self.losses.reset()
        self._texts.reset()
        self._own.reset()
        self._outstanding.clear()
        self._asked = None

    def understand(self, message: Any) -> Answer:
        """Return the rows of a message, if it is the vehicle's and holds any."""
        system, component = message.get_srcSystem(), message.get_srcComponent()
        if not self.losses.heard((system, component), message.get_seq(), message.get_crc()):
            return NOTHING
        if self.vehicle == 0 and is_autopilot(message):
            self.vehicle = system
        if self.vehicle == 0 or system != self.vehicle or component == self._component:
            return NOTHING
        if message.get_msgId() == STATUSTEXT:
            return self._texts.take(component, message), False
        if component != AUTOPILOT_COMPONENT:
            return NOTHING
        return self._from_autopilot(message.get_msgId(), message)

    def _from_autopilot(self, ident: int, message: Any) -> Answer:
        if ident == SYSTEM_TIME:
            return self._system_time(message)
        if ident == TIMESYNC_ID:
            return self._timesync(message)
        if ident == COMMAND_ACK:
            return self._acknowledged(message)
        return self._reading(ident, message)

    def _reading(self, ident: int, message: Any) -> Answer:
        reading = self._readings.get(ident)
        values = None if reading is None else reading.values(message)
        if reading is None or values is None:
            return NOTHING
        if ident == DISTANCE_SENSOR:
            self._limits = limits_of(message)
        elif ident == RANGEFINDER:
            values = within(values, self._limits)
        row = np.array([values], dtype=np.float64)
        if not reading.stamp:
            return (Frame(reading.layout, row),), False
        if reading.stamp == "time_usec":
            return self._microseconds(ident, reading, row, message)
        boot_ms = getattr(message, reading.stamp)
        if boot_ms == 0:  # some senders leave it empty
            return (Frame(self._without_clock(reading.layout), row),), False
        is_sending = reading.stamp == "time_boot_ms"
        stamp = self._clock.tick(boot_ms) if is_sending else self._clock.place(boot_ms)
        return self._stamped(reading.layout, row, stamp)

    def _microseconds(self, ident: int, reading: Reading, row: Any, message: Any) -> Answer:
        """Stamp a row whose time counts from boot or from 1970; a receiver repeats its last fix."""
        usec = int(message.time_usec)
        is_receiver = ident in GPS_IDS
        if is_receiver and message.fix_type < 2:
            now = self._clock.now_ns
            return NOTHING if now is None else self._stamped(reading.layout, row, now)
        if is_receiver and self._last_fix.get(ident) == usec:
            return NOTHING
        self._last_fix[ident] = usec
        if usec > LAST_USEC:
            return NOTHING
        if usec >= UTC_FROM_USEC:
            plain = self._without_clock(reading.layout)
            return (Frame(plain, row, coords={"time_ns": _int64(usec * 1000)}),), False
        stamp = self._clock.place(usec // 1000) if is_receiver else usec * 1000
        return self._stamped(reading.layout, row, stamp)

    @staticmethod
    def _stamped(layout: Layout, row: Any, stamp: int) -> Answer:
        return (Frame(layout, row, device_ns=_int64(stamp)),), False

    def _without_clock(self, layout: Layout) -> Layout:
        if layout.stream not in self._unstamped:
            self._unstamped[layout.stream] = replace(layout, device_clock="", rate_hz=None)
        return self._unstamped[layout.stream]

    def _system_time(self, message: Any) -> Answer:
        if message.time_boot_ms == 0:
            return NOTHING
        boot = _int64(self._clock.tick(message.time_boot_ms))
        usec = message.time_unix_usec
        is_known = UTC_FROM_USEC <= usec <= LAST_USEC
        coords = {"time_ns": _int64(usec * 1000)} if is_known else {}
        values = np.array([[float(is_known)]])
        return (Frame(self._clock_layout, values, device_ns=boot, coords=coords),), False

    def _timesync(self, message: Any) -> Answer:
        """Give the answers to our own requests; the autopilot's requests the session answers."""
        if message.tc1 == 0:
            return NOTHING
        if message.ts1 not in self._outstanding:
            self.foreign_timesync += 1
            return NOTHING
        self._outstanding.remove(message.ts1)
        values = np.array([[(message.tc1 - message.ts1) / 1e9]])
        coords = {"host_ns": _int64(message.ts1), "device_ns": _int64(message.tc1)}
        frame = Frame(TIMESYNC, values, device_ns=_int64(message.tc1), coords=coords)
        return (frame,), False

    def _acknowledged(self, message: Any) -> Answer:
        asked = self._asked
        if message.command != SET_MESSAGE_INTERVAL or asked is None or asked in self._refused:
            return NOTHING
        if message.result not in REFUSALS or not is_for(message, self.vehicle, self._component):
            return NOTHING
        self._refused.add(asked)
        text = f"the autopilot does not send {message_name(asked)}: {REFUSALS[message.result]}"
        return (Note(text, "warning" if asked in ESSENTIAL else "note"),), False


def is_autopilot(message: Any) -> bool:
    """Tell whether a message is the heartbeat of an autopilot."""
    if message.get_msgId() != HEARTBEAT or message.get_srcComponent() != AUTOPILOT_COMPONENT:
        return False
    return bool(message.autopilot != NO_AUTOPILOT)


def is_for(message: Any, system: int, component: int) -> bool:
    """Tell whether a COMMAND_ACK answers us; senders before 2019 name nobody."""
    target = (message.target_system, message.target_component)
    return target in {(0, 0), (system, component)}


def at_rate(reading: Reading, rate_hz: float | None) -> Reading:
    """Return a reading whose stream has a nominal rate.

    Rows without a stamp have none: a row may be lost unseen, so counting them tells no time.
    """
    if not reading.layout.device_clock:
        return reading
    return replace(reading, layout=replace(reading.layout, rate_hz=rate_hz))


def _int64(value: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([value], dtype=np.int64)


def _whole(value: float) -> int | None:
    """Return a message number from a command's float; None where it holds none."""
    return int(value) if 0.0 <= value < float(1 << 24) else None
