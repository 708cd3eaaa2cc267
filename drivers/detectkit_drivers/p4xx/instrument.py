"""The P4xx radar as an instrument: its settings, and the conversation that applies them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import (
    Decoder,
    Instrument,
    InstrumentError,
    Link,
    LinkTimeoutError,
    Session,
)
from detectkit_drivers.p4xx.decoder import P4xxDecoder
from detectkit_drivers.p4xx.framing import Framing, messages_in, wrap
from detectkit_drivers.p4xx.messages import (
    BIN_S,
    BINS,
    CONTROL,
    CONTROL_CONFIRM,
    EARLIEST_PS,
    FOREVER,
    FROM_RADAR,
    GET_CONFIG,
    GET_CONFIG_CONFIRM,
    HEAD,
    LATEST_PS,
    PICOSECOND,
    SCAN_POINTS,
    SET_CONFIG,
    SET_CONFIG_CONFIRM,
    STATUS,
    STATUS_CONFIRM,
    STATUS_WORDS,
    Configuration,
    control,
    health_of,
    kind_and_number,
    request,
    status_of,
)

ANSWER_S = 3.0
QUANTUM = 96
ROUNDING = 1e-3  # whole ps hardly ever make whole steps
PULSE_US = 0.1  # 10 MHz
STAMP_US = 1000
LONGEST_US = 1_500_000  # with longer ones the stream would count as stalled
CONFIRMS = {
    SET_CONFIG: (SET_CONFIG_CONFIRM, "the confirmation of the configuration"),
    GET_CONFIG: (GET_CONFIG_CONFIRM, "the configuration"),
    CONTROL: (CONTROL_CONFIRM, "the confirmation of start or stop"),
    STATUS: (STATUS_CONFIRM, "the status"),
}


@dataclass(frozen=True, slots=True)
class P4xx(Instrument):
    """Time Domain PulsON P400, P410, P440: ultra-wideband radar module, monostatic mode (MRM).

    Source: Time Domain 320-0298E, version 1.2.2 (January 2015). The product line has ended.

    Parameters
    ----------
    start_ps, stop_ps
        First and last delay of a scan in ps, -499 998 to 499 998; cables and antennas included.
    pulse_integration_index
        A sample is the sum of 2 to this power of pulses, 6 to 15.
    antenna_mode
        2 or 3: which port sends and which receives.
    transmit_gain
        0 to 63. What is allowed depends on the country.
    code_channel
        0 to 10; radars side by side take different ones.
    interval_us
        Time from scan to scan in µs, 0 for as fast as it goes.
    framing
        ``"auto"``: bare over UDP, else with CRC; ``"usb"`` (prefix without CRC) must be said.
    scan_counter
        ``"message_id"`` where the firmware counts scans in the message number; the specification
        does not promise it, so ``"none"`` takes it for no counter.
    antenna_hz
        Nominal centre frequency, which the wire does not tell; the band is 3.1 to 4.8 GHz.
    """

    name: ClassVar[str] = "p4xx"
    title: ClassVar[str] = "Time Domain PulsON P4xx"
    kind: ClassVar[SensorKind] = "gpr"
    address: ClassVar[str] = "udp://192.168.1.100:21210"

    start_ps: int = 10_000
    stop_ps: int = 39_297
    pulse_integration_index: int = 11
    antenna_mode: Literal[2, 3] = 2
    transmit_gain: int = 63
    code_channel: int = 0
    interval_us: int = 10_000
    framing: Literal["auto", "udp", "serial", "usb"] = "auto"
    scan_counter: Literal["none", "message_id"] = "none"
    antenna_hz: float = 3.95e9

    def __post_init__(self) -> None:
        for name, low, high in (
            ("start_ps", EARLIEST_PS, LATEST_PS - 1),
            ("stop_ps", self.start_ps + 1, LATEST_PS),
            ("pulse_integration_index", 6, 15),
            ("transmit_gain", 0, 63),
            ("code_channel", 0, 10),
            ("interval_us", 0, 2**32 - 1),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                msg = f"p4xx: {name} = {value} is out of range; give {low} to {high}"
                raise UsageError(msg)
        if self.scan_time_us > LONGEST_US:
            msg = (
                f"p4xx: a scan takes about {self.scan_time_us * 1e-6:.1f} s, 1.5 s at most; take a "
                "shorter scan, a smaller pulse_integration_index or interval_us"
            )
            raise UsageError(msg)
        if self.points > SCAN_POINTS and self.scan_time_us < STAMP_US:
            msg = (
                f"p4xx: scans of {self.points} samples come in several messages, which are told "
                f"apart by a stamp of 1 ms, but here a scan takes about {self.scan_time_us:.0f} µs;"
                f" give interval_us = {STAMP_US} or more, or a shorter scan"
            )
            raise UsageError(msg)

    @property
    def points(self) -> int:
        """Samples of a scan that the radar makes of `start_ps` and `stop_ps`: steps of 96."""
        steps = (self.stop_ps - self.start_ps) * PICOSECOND / (BINS * BIN_S * QUANTUM)
        return QUANTUM * math.ceil(steps - ROUNDING)

    @property
    def scan_time_us(self) -> float:
        """Time from scan to scan: the interval, or what the pulses take (12 samples for each)."""
        pulses = self.points / 12.0 * 2.0**self.pulse_integration_index
        return max(float(self.interval_us), pulses * PULSE_US)

    @property
    def fixed_framing(self) -> Framing | None:
        """The framing where the settings say it."""
        return None if self.framing == "auto" else self.framing

    @property
    def counts_scans(self) -> bool:
        """Whether the message number counts scans."""
        return self.scan_counter == "message_id"

    def configuration(self, node: int) -> Configuration:
        """Return what is sent to the radar that calls itself `node`."""
        return Configuration(
            node=node,
            start_ps=self.start_ps,
            stop_ps=self.stop_ps,
            pulse_integration_index=self.pulse_integration_index,
            antenna_mode=self.antenna_mode,
            transmit_gain=self.transmit_gain,
            code_channel=self.code_channel,
        )

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        return P4xxDecoder(self)

    def session(self) -> Session:
        """Return a new session."""
        return P4xxSession(self)


class P4xxSession(Session):
    """Stop, set, read back, start; every request is confirmed under its own number."""

    def __init__(self, settings: P4xx) -> None:
        self._settings = settings
        self._number = 0
        self._health: Mapping[str, float | str] = {}

    def prepare(self, link: Link) -> None:
        """Stop a scan that still runs, set the configuration and check what the radar made of it.

        Raises
        ------
        InstrumentError
            The radar refuses the configuration, or reads it back different.
        """
        self._confirmed(link, control(self._next(), scans=0))
        node = self._read_configuration(link).node
        wanted = self._settings.configuration(node)
        self._confirmed(link, request(SET_CONFIG, self._next(), wanted.to_bytes()))
        got = self._read_configuration(link)
        if got != wanted:
            msg = (
                f"{link.name}: the radar did not take the configuration: sent {wanted}, "
                f"read back {got}; give values that it supports"
            )
            raise InstrumentError(msg)
        with contextlib.suppress(LinkTimeoutError):  # old firmware answers in another form
            self._health = health_of(self._asked(link, request(STATUS, self._next())))

    def start(self, link: Link) -> None:
        """Scan until told to stop."""
        interval_us = self._settings.interval_us
        self._confirmed(link, control(self._next(), scans=FOREVER, interval_us=interval_us))

    def stop(self, link: Link) -> None:
        """Stop scanning; does not wait for the confirmation, the radar may be gone."""
        link.send(wrap(control(self._next(), scans=0), self._framing(link)))

    def health(self) -> Mapping[str, float | str]:
        """Return firmware, serial number and temperature as at the start."""
        return self._health

    def _next(self) -> int:
        self._number = (self._number + 1) % 65536
        return self._number

    def _framing(self, link: Link) -> Framing:
        fixed = self._settings.fixed_framing
        return fixed or ("udp" if link.name.startswith("udp") else "serial")

    def _read_configuration(self, link: Link) -> Configuration:
        answer = self._asked(link, request(GET_CONFIG, self._next()))
        return Configuration.from_bytes(answer[HEAD.size :])

    def _confirmed(self, link: Link, message: bytes) -> None:
        status = status_of(self._asked(link, message))
        if status:
            kind, _ = kind_and_number(message)
            words = STATUS_WORDS.get(status, f"status {status}")
            msg = f"{link.name}: the radar refused {CONFIRMS[kind][1]}: {words}"
            raise InstrumentError(msg)

    def _asked(self, link: Link, message: bytes) -> bytes:
        """Send a request; return the message that confirms it, scans in between passed over."""
        framing = self._framing(link)
        kind, number = kind_and_number(message)
        wanted, what = CONFIRMS[kind]

        def answer(heard: bytes) -> bytes | None:
            for one in messages_in(heard, framing, FROM_RADAR):
                if kind_and_number(one) == (wanted, number) and len(one) == FROM_RADAR[wanted]:
                    return one
            return None

        wire = wrap(message, framing)
        return link.ask(wire, answer, timeout_s=ANSWER_S, what=f"{what} (request {number})")
