"""Radar Systems zGPR, the radar of Zond Aero systems since 2026."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import Instrument, InstrumentError, Link, LinkTimeoutError, Session
from detectkit_drivers.zgpr.decoder import LONGEST_TRACE, ZgprDecoder

TIMEOUT_S = 3.0
TRIES = 3
QUIET_S = 0.2
DELAY_RANGE = 56000
IAM = re.compile(rb"\$iam ([\t\x20-\x7e]*)\r?\n")
ANTENNA = re.compile(rb"\$antenna ([\t\x20-\x7e]*)\r?\n")
LINE = re.compile(rb"([\t\x20-\x7e]+)\r?\n")


def delay_range(time_select: int) -> int:
    """Return the upper end of the delay scale at a time selection, as the instrument wants it.

    Examples
    --------
    >>> delay_range(7), delay_range(0)
    (7000, 56000)
    """
    return 100 * int(DELAY_RANGE / (time_select + 1) / 100 + 0.5)


@dataclass(frozen=True, slots=True)
class Zgpr(Instrument):
    """Radar Systems zGPR over TCP; the protocol as read by SPH Engineering's zond-reader (2026).

    Parameters
    ----------
    samples
        Samples a trace, 16 to 32767.
    delay
        Start of the window on the instrument's own scale, 0 to `delay_range` of the selection.
    time_select
        Time selection 0 to 12; how many ns each is, no public text tells.
    window_s
        The time window in s that the selection gives with this number of samples.
    transmit_frequency
        Pulse repetition as the instrument counts it (``txfreq``), 1 to 65535.
    stacking
        Measurements averaged into a sample, 1 to 65535.
    antenna_hz
        Centre frequency of the antenna in Hz.
    rate_hz
        Nominal traces a second; follows from the settings above in a way that is not published.
    pause_s
        Time before each command in s; the vendor's partner waits 1 s.
    """

    name: ClassVar[str] = "zgpr"
    title: ClassVar[str] = "Radar Systems zGPR"
    kind: ClassVar[SensorKind] = "gpr"
    address: ClassVar[str] = "tcp://192.168.0.10:23"

    samples: int = 512
    delay: int = 174
    time_select: int = 7
    window_s: float = 100e-9
    transmit_frequency: int = 300
    stacking: int = 512
    antenna_hz: float | None = None
    rate_hz: float = 100.0
    pause_s: float = 0.1

    def __post_init__(self) -> None:
        _check("samples", self.samples, 16, LONGEST_TRACE // 2)
        _check("time_select", self.time_select, 0, 12)
        _check("delay", self.delay, 0, delay_range(self.time_select))
        _check("window_s", self.window_s, 1e-9, 1e-4)
        _check("transmit_frequency", self.transmit_frequency, 1, 65535)
        _check("stacking", self.stacking, 1, 65535)
        _check("rate_hz", self.rate_hz, 0.1, 5000.0)
        _check("pause_s", self.pause_s, 0.0, 10.0)
        if self.antenna_hz is not None:
            _check("antenna_hz", self.antenna_hz, 1e6, 1e10)

    def decoder(self) -> ZgprDecoder:
        """Return a new decoder."""
        return ZgprDecoder(
            samples=self.samples,
            window_s=self.window_s,
            antenna_hz=self.antenna_hz,
            rate_hz=self.rate_hz,
        )

    def session(self) -> ZgprSession:
        """Return a new session."""
        return ZgprSession(self)

    def setup_commands(self) -> tuple[str, ...]:
        """Return the commands that bring the settings to the instrument, in order."""
        scale = delay_range(self.time_select)
        return (
            "$stop #1",
            f"$tune #2 set time {self.time_select}",
            f"$tune #3 set txfreq {self.transmit_frequency}",
            f"$tune #4 set stacking {self.stacking}",
            f"$tune #5 set delay {self.delay} {scale}",
            f"$tune #6 set samples {self.samples}",
        )


class ZgprSession(Session):
    """Asks who is there, sends the settings one by one, starts and stops the traces."""

    def __init__(self, settings: Zgpr) -> None:
        self._settings = settings
        self._firmware = ""
        self._antenna = ""

    def prepare(self, link: Link) -> None:
        """Make sure that it is a zGPR and send the settings; each waits for its reply."""
        self._firmware = self._identity(link)
        self._antenna = self._ask(link, "$antenna", ANTENNA)
        for command in self._settings.setup_commands():
            reply = self._ask(link, command, LINE)
            if "error" in reply.lower():
                msg = f"{link.name}: the zGPR refuses {command!r}: {reply!r}; change that setting"
                raise InstrumentError(msg)
            if command.startswith("$stop"):
                _until_quiet(link)

    def start(self, link: Link) -> None:
        """Start the traces; the reply comes with them and is left to the decoder."""
        self._pause()
        link.send(b"$start #7 \r\n")

    def stop(self, link: Link) -> None:
        """Stop the traces."""
        link.send(b"$stop #1\r\n")

    def health(self) -> Mapping[str, float | str]:
        """Return what the instrument said it is."""
        return {"firmware": self._firmware, "antenna": self._antenna}

    def _identity(self, link: Link) -> str:
        try:
            identity = self._ask(link, "$whois", IAM)
        except LinkTimeoutError as error:
            msg = (
                f"{link.name} does not answer $whois as a zGPR does ({error}); look at its power "
                "and address; units before 2026 speak the binary protocol: use the driver 'zond'"
            )
            raise InstrumentError(msg) from error
        if not identity.startswith("zGPR"):
            msg = f"{link.name} is a {identity!r}, not a zGPR; choose the driver for it"
            raise InstrumentError(msg)
        return identity

    def _ask(self, link: Link, command: str, pattern: re.Pattern[bytes]) -> str:
        """Send a command, again where the reply stays out; all of them may be repeated."""
        for attempt in range(TRIES):
            self._pause()
            try:
                return link.ask(
                    f"{command}\r\n".encode(),
                    _reply(pattern),
                    timeout_s=TIMEOUT_S / TRIES,
                    what=f"the reply to {command}",
                )
            except LinkTimeoutError:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError

    def _pause(self) -> None:
        if self._settings.pause_s > 0.0:
            time.sleep(self._settings.pause_s)


def _reply(pattern: re.Pattern[bytes]) -> Callable[[bytes], str | None]:
    def find(heard: bytes) -> str | None:
        found = pattern.search(heard)
        return found.group(1).decode("ascii").strip() if found else None

    return find


def _until_quiet(link: Link) -> None:
    """Let the traces run out that were still under way."""
    until = time.monotonic() + TIMEOUT_S
    while link.read(QUIET_S) and time.monotonic() < until:
        pass


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        msg = f"zgpr: {name} = {value!r}: allowed are {low:g} to {high:g}"
        raise UsageError(msg)
