"""Noggin radar on a serial line."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from detectkit.core import Sensor, SensorKind, UsageError
from detectkit.drivers import Instrument, InstrumentError, Layout, Link, LinkTimeoutError, Session
from detectkit_drivers.noggin.decoder import AROUND, LONGEST_TRACE, MARKER, NogginDecoder

BAUD = 115200
AUTOBAUD_TRIES = 10
BOOT_TRIES = 4
ANSWER_S = 3.0
LATE_S = 1.0
ON = b"TPU"


@dataclass(frozen=True, slots=True)
class Noggin(Instrument):
    """Noggin serial radar; the protocol as used by the open ROS driver ``noggin_gpr_node``.

    Parameters
    ----------
    points
        Samples a trace, 40 to 5001.
    point_offset
        First sample, counted from the arrival of the direct wave in air; negative is before.
    sample_interval_s
        Time between samples in s: a property of the model, which the wire does not tell.
    rate_hz
        Traces a second to ask for, as many as fit 115200 baud.
    antenna_hz
        Centre frequency of the antenna in Hz.
    pause_s
        Pause after each command of the setup in s; the ROS driver waits 1 to 4 s.
    """

    name: ClassVar[str] = "noggin"
    title: ClassVar[str] = "Sensors & Software Noggin (serial)"
    kind: ClassVar[SensorKind] = "gpr"
    address: ClassVar[str] = f"serial:/dev/ttyUSB0?baud={BAUD}"

    points: int = 201
    point_offset: int = -4
    sample_interval_s: float = 1e-10
    rate_hz: float = 20.0
    antenna_hz: float | None = None
    pause_s: float = 1.0

    def __post_init__(self) -> None:
        _check("points", self.points, 40, LONGEST_TRACE)
        _check("point_offset", self.point_offset, -LONGEST_TRACE, LONGEST_TRACE)
        _check("sample_interval_s", self.sample_interval_s, 1e-12, 1e-7)
        _check("rate_hz", self.rate_hz, 0.1, self.fastest_hz())
        _check("pause_s", self.pause_s, 0.0, 10.0)
        if self.antenna_hz is not None:
            _check("antenna_hz", self.antenna_hz, 1e6, 1e10)

    def fastest_hz(self) -> float:
        """Return how many traces of so many points a second fit the line."""
        return BAUD / 10.0 / (2 * self.points + AROUND + 2)

    def decoder(self) -> NogginDecoder:
        """Return a new decoder."""
        sensor = Sensor(
            id="noggin",
            instrument="Sensors & Software Noggin",
            antenna_hz=self.antenna_hz,
            full_scale=(-32768.0, 32767.0),
        )
        layout = Layout(
            stream="traces",
            sensor=sensor,
            samples=self.points,
            sample_interval_s=self.sample_interval_s,
            first_twt_s=self.point_offset * self.sample_interval_s,
            rate_hz=self.rate_hz,
        )
        return NogginDecoder(layout)

    def session(self) -> NogginSession:
        """Return a new session."""
        return NogginSession(self)


class NogginSession(Session):
    """Wakes the radar, sets it up, and asks for one trace after the other."""

    def __init__(self, settings: Noggin) -> None:
        self._settings = settings
        self._size = 2 * settings.points + AROUND
        self._period_ns = round(1e9 / settings.rate_hz)
        self._late_ns = round(max(LATE_S * 1e9, 3.0 * self._period_ns))
        self._is_on = False
        self._reply: bytes = b""
        self._is_complete = False
        self._asked_ns = 0
        self._due_ns = 0
        self._late = 0

    def prepare(self, link: Link) -> None:
        """Let it find the baud rate, switch it on, set points and offset."""
        for _ in range(AUTOBAUD_TRIES):
            link.send(b"\r")
            if link.read(self._settings.pause_s):
                break
        self._switch_on(link)
        offset = self._settings.point_offset
        sign = "-" if offset < 0 else "+"
        for command in (f"{self._settings.points} P\r", f"{abs(offset)}{sign}\r"):
            link.send(command.encode())
            _listen(link, self._settings.pause_s)

    def start(self, link: Link) -> None:
        """Ask for the first trace."""
        self._is_on = True
        self._due_ns = time.monotonic_ns()
        self._ask(link, self._due_ns)

    def stop(self, link: Link) -> None:  # noqa: ARG002 - part of the contract
        """Ask no more."""
        self._is_on = False

    def received(self, link: Link, data: bytes) -> None:
        """See whether the trace is complete; ask again at once where the next one is due."""
        if self._is_on and not self._is_complete:
            self._reply += data
            start = self._reply.find(MARKER)
            self._is_complete = start >= 0 and len(self._reply) - start >= self._size
        self._ask_if_due(link, time.monotonic_ns())

    def poll(self, link: Link, now_ns: int) -> None:
        """Ask for the next trace when it is due, and again where none came."""
        self._ask_if_due(link, now_ns)

    def health(self) -> Mapping[str, float | str]:
        """Return how many requests were not answered in time."""
        return {"late_traces": float(self._late)}

    def _switch_on(self, link: Link) -> None:
        heard: LinkTimeoutError | None = None
        for _ in range(BOOT_TRIES):
            for command in (b"XON\r", b"R\r"):
                try:
                    link.ask(command, _tells_on, timeout_s=ANSWER_S, what="TPU")
                    _listen(link, self._settings.pause_s)
                    return
                except LinkTimeoutError as error:
                    heard = error
        msg = (
            f"{link.name}: the Noggin does not report that it is on ({heard}); look at its "
            f"battery and cable, and that the line runs at {BAUD} baud"
        )
        raise InstrumentError(msg) from heard

    def _ask_if_due(self, link: Link, now_ns: int) -> None:
        if not self._is_on:
            return
        if self._is_complete and now_ns >= self._due_ns:
            self._ask(link, now_ns)
        elif not self._is_complete and now_ns - self._asked_ns >= self._late_ns:
            self._late += 1
            self._ask(link, now_ns)

    def _ask(self, link: Link, now_ns: int) -> None:
        """Ask for a trace; the times due keep their distance, so that a late one is made up for."""
        self._due_ns = max(self._due_ns, now_ns - self._period_ns) + self._period_ns
        self._asked_ns = now_ns
        self._reply, self._is_complete = b"", False
        link.send(b"T\r")


def _tells_on(heard: bytes) -> bool | None:
    return True if ON in heard else None


def _listen(link: Link, pause_s: float) -> None:
    """Let the answer come; what it says is noted by the decoder, not needed here."""
    until = time.monotonic() + pause_s
    while (left_s := until - time.monotonic()) > 0.0:
        link.read(left_s)


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        msg = f"noggin: {name} = {value!r}: allowed are {low:g} to {high:g}"
        raise UsageError(msg)
