"""Legacy Radar Systems Zond, TR500, ZLITE, and Radarteam Cobra."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import Instrument, InstrumentError, Link, LinkTimeoutError, Session
from detectkit_drivers.zond.decoder import LITE, MARKER, MODEL, ZondDecoder
from detectkit_drivers.zond.shape import ByteOrder, LayoutName

LITE_SAMPLES = 512
ANSWER_S = 3.0
GREETING = re.compile(re.escape(MARKER) + b"(" + MODEL.pattern + b")")

WINDOWS: Mapping[int, tuple[str, str]] = {
    12: ("000", "10"),
    25: ("000", "01"),
    50: ("000", "00"),
    100: ("100", "00"),
    200: ("010", "00"),
    300: ("110", "00"),
    500: ("001", "00"),
    800: ("101", "00"),
    1200: ("011", "00"),
    2000: ("111", "00"),
}
"""Window in ns: the characters of the time field and of the advanced one."""
SAMPLES: Mapping[int, str] = {128: "00", 256: "10", 512: "01", 1024: "11"}
LOW_CUT: Mapping[str, str] = {"off": "00", "weak": "10", "strong": "01", "super-strong": "11"}
MODES: Mapping[str, str] = {"calibration": "0110", "sounding": "1010", "test": "1001"}
CHANNELS: Mapping[str, str] = {"1": "00", "2": "01", "cross": "11"}
FIXED_WINDOWS_NS: Mapping[str, int] = {"TR500_0": 100, "TR500_2": 200, "TR500_3": 300}


@dataclass(frozen=True, slots=True)
class Zond(Instrument):
    """Zond-12e, Python, TR500, ZLITE (before 2026) and Cobra; as two public readers speak to them.

    Parameters
    ----------
    samples
        Samples a trace: 128, 256, 512 or 1024; lite models have 512.
    window_ns
        Time window in ns: 12, 25, 50, 100, 200, 300, 500, 800, 1200 or 2000.
    pulse_delay
        Start of the window on the instrument's own scale, 0 to 1023.
    low_cut
        High-pass filter of the receiver: ``"off"``, ``"weak"``, ``"strong"``, ``"super-strong"``.
    mode
        ``"sounding"``, ``"calibration"`` or ``"test"``.
    channel
        ``"1"``, ``"2"``, or ``"cross"``: transmitter 1, receiver 2.
    layout
        ``"zond"``: all samples are signal; ``"lite"``: n/16 service samples follow; ``"cobra"``:
        the last n/16 are service samples, and the radar does not tell its model; ``"auto"``:
        found from the first traces.
    byte_order
        ``"little"``, ``"big"`` or ``"auto"``.
    antenna_hz
        Centre frequency of the antenna in Hz.
    rate_hz
        Nominal traces a second, which the radar neither takes nor tells.
    """

    name: ClassVar[str] = "zond"
    title: ClassVar[str] = "Radar Systems Zond (legacy), Cobra"
    kind: ClassVar[SensorKind] = "gpr"
    address: ClassVar[str] = "tcp://192.168.0.10:23"

    samples: int = 512
    window_ns: int = 300
    pulse_delay: int = 0
    low_cut: Literal["off", "weak", "strong", "super-strong"] = "off"
    mode: Literal["sounding", "calibration", "test"] = "sounding"
    channel: Literal["1", "2", "cross"] = "1"
    layout: Literal["auto", "zond", "lite", "cobra"] = "auto"
    byte_order: Literal["auto", "little", "big"] = "auto"
    antenna_hz: float | None = None
    rate_hz: float = 100.0

    def __post_init__(self) -> None:
        _one_of("samples", self.samples, tuple(SAMPLES))
        _one_of("window_ns", self.window_ns, tuple(WINDOWS))
        _one_of("low_cut", self.low_cut, tuple(LOW_CUT))
        _one_of("mode", self.mode, tuple(MODES))
        _one_of("channel", self.channel, tuple(CHANNELS))
        _one_of("layout", self.layout, ("auto", *get_args(LayoutName)))
        _one_of("byte_order", self.byte_order, ("auto", *get_args(ByteOrder)))
        _check("pulse_delay", self.pulse_delay, 0, 1023)
        _check("rate_hz", self.rate_hz, 0.1, 5000.0)
        if self.antenna_hz is not None:
            _check("antenna_hz", self.antenna_hz, 1e6, 1e10)
        if self.layout == "lite" and self.samples != LITE_SAMPLES:
            msg = f"zond: samples = {self.samples}: models of layout 'lite' have {LITE_SAMPLES}"
            raise UsageError(msg)

    def decoder(self) -> ZondDecoder:
        """Return a new decoder."""
        orders: tuple[ByteOrder, ...] = ("little", "big")
        return ZondDecoder(
            samples=self.samples,
            window_s=self.window_ns * 1e-9,
            layouts=self.layouts() if self.layout == "auto" else (self.layout,),
            orders=orders if self.byte_order == "auto" else (self.byte_order,),
            antenna_hz=self.antenna_hz,
            rate_hz=self.rate_hz,
        )

    def session(self) -> ZondSession:
        """Return a new session."""
        return ZondSession(self)

    def setup(self) -> bytes:
        r"""Return the command that brings the settings and starts the traces.

        Examples
        --------
        >>> Zond(samples=512, window_ns=300).setup()
        b'T 01110010000000001010000000000000\n'
        """
        window, advanced = WINDOWS[self.window_ns]
        delay = "".join(str(self.pulse_delay >> bit & 1) for bit in range(10))
        fields = (
            "0",  # transmitter on
            "1",  # one cable
            window,
            SAMPLES[self.samples],
            "0",  # no circle, no transmitter 2 with receiver 1
            "000",
            LOW_CUT[self.low_cut],
            advanced,
            "0",
            MODES[self.mode],
            CHANNELS[self.channel],
            delay,
        )
        text = "".join(fields)
        return b"T" + bytes([len(text)]) + text.encode() + b"\n"

    def layouts(self) -> tuple[LayoutName, ...]:
        """Return the layouts that may be, the likeliest first."""
        rest: tuple[LayoutName, ...] = ("zond", "cobra")
        return ("lite", *rest) if self.samples == LITE_SAMPLES else rest


class ZondSession(Session):
    """Asks for the model, checks that the settings fit it, and starts the traces."""

    def __init__(self, settings: Zond) -> None:
        self._settings = settings
        self._model = ""

    def prepare(self, link: Link) -> None:
        """Ask for the model; a Cobra is not asked, and one that keeps silent is taken for it."""
        if self._settings.layout == "cobra":
            return
        try:
            self._model = link.ask(b"W\n", _model, timeout_s=ANSWER_S, what="the model after W")
        except LinkTimeoutError as error:
            if self._settings.layout != "auto":
                msg = (
                    f"{link.name} does not tell its model ({error}); look at its power; a Cobra "
                    "wants layout = 'cobra', a unit since 2026 the driver 'zgpr'"
                )
                raise InstrumentError(msg) from error
        self._fits(link.name)

    def start(self, link: Link) -> None:
        """Send the settings, after which the traces come by themselves."""
        setup = self._settings.setup()
        if LITE.match(self._model.encode()):
            link.send(b"P1\n")
            link.send(setup)
        elif self._model:
            link.send(setup)
        else:
            link.send(setup)
            link.send(b"P1\n")

    def health(self) -> Mapping[str, float | str]:
        """Return the model as it calls itself."""
        return {"model": self._model or "not told"}

    def _fits(self, name: str) -> None:
        if not LITE.match(self._model.encode()):
            return
        if self._settings.samples != LITE_SAMPLES:
            msg = f"{name} is a {self._model}, which has {LITE_SAMPLES} samples; set samples to it"
            raise InstrumentError(msg)
        window_ns = FIXED_WINDOWS_NS.get(self._model[:7], self._settings.window_ns)
        if window_ns != self._settings.window_ns:
            msg = f"{name} is a {self._model} with a fixed window; set window_ns = {window_ns}"
            raise InstrumentError(msg)


def _model(heard: bytes) -> str | None:
    found = GREETING.search(heard)
    return found.group(1).decode("ascii").strip() if found else None


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        msg = f"zond: {name} = {value!r}: allowed are {', '.join(map(str, allowed))}"
        raise UsageError(msg)


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        msg = f"zond: {name} = {value!r}: allowed are {low:g} to {high:g}"
        raise UsageError(msg)
