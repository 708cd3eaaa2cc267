"""Sensors & Software NIC-500 through the SPIDAR SDK."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import (
    Instrument,
    InstrumentError,
    Link,
    LinkError,
    Session,
    Transport,
)
from detectkit_drivers.nic500.decoder import LONGEST_TRACE, STACKS, Nic500Decoder, nic500_layout
from detectkit_drivers.nic500.rest import NOT_RUNNING, RefusedError, Rest, is_rest_address

SHIFT_WITHOUT_REFERENCE_PS = -55000
STATUS_EVERY_S = 30.0
STATUS_WITHIN_S = 0.5
UNTRIGGERED_S = 600.0


@dataclass(frozen=True, slots=True)
class Nic500(Instrument):
    """Sensors & Software NIC-500 with a Noggin or pulseEKKO radar; SPIDAR SDK 1.0, public text.

    Parameters
    ----------
    points
        Samples a trace, 70 to 30000.
    interval_ps
        Time between samples in ps, 50 to 6400 in steps of 50.
    stacks
        Measurements averaged into a trace: 1, 2, 4, 6, 8, 16 ... 32768.
    trigger
        ``"Free"``: every `period_s`; ``"Pulse"``: by an odometer or other pulses.
    period_s
        Time between traces in s, 0.00125 to 60.
    first_break_point
        Sample at which the direct wave shall appear; two-way time counts from there.
    window_time_shift_ps
        Place of the window in ps, -50000000 to 50000000 in steps of 5; None: from the GPR's own
        reference and `first_break_point`, -55000 for a GPR that tells none.
    antenna_hz
        Centre frequency of the antenna in Hz.
    """

    name: ClassVar[str] = "nic500"
    title: ClassVar[str] = "Sensors & Software NIC-500"
    kind: ClassVar[SensorKind] = "gpr"
    address: ClassVar[str] = "tcp://192.168.20.221:8080"

    points: int = 200
    interval_ps: int = 100
    stacks: int = 4
    trigger: Literal["Free", "Pulse"] = "Free"
    period_s: float = 0.02
    first_break_point: int = 20
    window_time_shift_ps: int | None = None
    antenna_hz: float | None = None

    def __post_init__(self) -> None:
        _check("points", self.points, 70, LONGEST_TRACE)
        _check("interval_ps", self.interval_ps, 50, 6400, step=50)
        _check("period_s", self.period_s, 0.00125, 60.0)
        _check("first_break_point", self.first_break_point, 0, self.points - 1)
        if self.window_time_shift_ps is not None:
            _check("window_time_shift_ps", self.window_time_shift_ps, -5e7, 5e7, step=5)
        if self.antenna_hz is not None:
            _check("antenna_hz", self.antenna_hz, 1e6, 1e10)
        if self.stacks not in STACKS:
            msg = f"nic500: stacks = {self.stacks}: allowed are {', '.join(map(str, STACKS))}"
            raise UsageError(msg)
        if self.trigger not in {"Free", "Pulse"}:
            msg = f"nic500: trigger = {self.trigger!r}: allowed are 'Free' and 'Pulse'"
            raise UsageError(msg)

    @property
    def silence_s(self) -> float:  # type: ignore[override]
        """Time without a trace after which it counts as stalled: three periods, 3 s at least."""
        return max(3.0, 3.0 * self.period_s) if self.trigger == "Free" else UNTRIGGERED_S

    def connect(self, address: str) -> Transport:
        """Return the transport of the data socket, whose port is asked for when it is opened.

        An address that is not REST (``replay:``, a relayed stream) is opened as it is.
        """
        from detectkit.drivers.wires import open_transport

        return DataSocket(address) if is_rest_address(address) else open_transport(address)

    def decoder(self) -> Nic500Decoder:
        """Return a new decoder."""
        return Nic500Decoder(
            nic500_layout(
                points=self.points,
                interval_ps=self.interval_ps,
                first_break_point=self.first_break_point,
                antenna_hz=self.antenna_hz,
                rate_hz=1.0 / self.period_s if self.trigger == "Free" else None,
            )
        )

    def session(self) -> Nic500Session:
        """Return a new session."""
        return Nic500Session(self)

    def setup(self, reference_ps: int | None) -> dict[str, Any]:
        """Return what ``nic/setup`` is told, given the GPR's window time shift reference in ps."""
        shift_ps = self.window_time_shift_ps
        if shift_ps is None and reference_ps is None:
            shift_ps = SHIFT_WITHOUT_REFERENCE_PS
        elif shift_ps is None and reference_ps is not None:
            shift_ps = reference_ps - self.first_break_point * self.interval_ps
        gpr = {
            "points_per_trace": self.points,
            "time_sampling_interval_ps": self.interval_ps,
            "point_stacks": self.stacks,
            "trigger_mode": self.trigger,
            "window_time_shift_ps": shift_ps,
        }
        return {"gpr0": {"parameters": gpr}, "timer": {"parameters": {"period_s": self.period_s}}}


class DataSocket:
    """Transport of the traces: switches the radar on, asks for the port, connects there.

    Parameters
    ----------
    address
        Of the REST interface.
    """

    def __init__(self, address: str) -> None:
        self.name = address
        self._rest = Rest(address)
        self._wire: Transport | None = None

    def open(self) -> None:
        """Switch the radar on and connect; LinkError says what stands in the way."""
        from detectkit.drivers.wires import open_transport

        try:
            port = self._port()
        except InstrumentError as error:
            raise LinkError(str(error)) from error
        wire = open_transport(f"tcp://{self._rest.host}:{port}")
        wire.open()
        self._wire = wire

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived."""
        return self._opened().read(timeout_s)

    def write(self, data: bytes) -> None:
        """Send; the instrument expects nothing here."""
        self._opened().write(data)

    def close(self) -> None:
        """Close the data socket."""
        if self._wire is not None:
            self._wire.close()

    def _port(self) -> int:
        interface = self._rest.get("")
        name = str(interface.get("name", ""))
        if name != "NIC-500 SDK":
            msg = f"{self.name} is {name!r}, not 'NIC-500 SDK'; activate the SDK mode"
            raise InstrumentError(msg)
        self._rest.put("nic/power", {"state": 2})
        answer = self._rest.get("nic/gpr/data_socket")
        try:
            return int(answer["data_socket"]["port"])
        except (KeyError, TypeError, ValueError) as error:
            msg = f"{self.name} names no port of its data socket: {answer!r}"
            raise InstrumentError(msg) from error

    def _opened(self) -> Transport:
        if self._wire is None:
            msg = f"{self.name} is closed"
            raise LinkError(msg)
        return self._wire


class Nic500Session(Session):
    """Sets the radar up, starts and stops it through REST; traces come by themselves."""

    def __init__(self, settings: Nic500) -> None:
        self._settings = settings
        self._rest: Rest | None = None
        self._health: dict[str, float | str] = {}
        self._status_due_ns: int | None = None

    def prepare(self, link: Link) -> None:
        """Stop what still runs, send the settings, and compare what the instrument made of them."""
        if not is_rest_address(link.name):
            return
        rest = Rest(link.name)
        rest.put("nic/power", {"state": 2})  # it is on; asked again for its warnings
        _stop(rest)
        info = rest.get("nic/gpr/system_information").get("gpr", {})
        self._health["serial"] = str(info.get("unit_serial_number", ""))
        reference = info.get("window_time_shift_reference_ps")
        asked = self._settings.setup(None if reference is None else int(reference))
        self._compare(link.name, asked, rest.put("nic/setup", asked))
        self._rest = rest

    def start(self, link: Link) -> None:  # noqa: ARG002 - part of the contract
        """Start the acquisition."""
        if self._rest is not None:
            self._rest.put("nic/acquisition", {"state": 1})

    def stop(self, link: Link) -> None:  # noqa: ARG002 - part of the contract
        """Stop the acquisition, as far as the instrument still answers."""
        if self._rest is not None:
            with contextlib.suppress(LinkError, InstrumentError):
                _stop(self._rest)

    def poll(self, link: Link, now_ns: int) -> None:  # noqa: ARG002 - part of the contract
        """Ask for temperature, voltage and memory every half minute."""
        if self._status_due_ns is None:
            self._status_due_ns = now_ns
        if self._rest is None or now_ns < self._status_due_ns:
            return
        self._status_due_ns = now_ns + int(STATUS_EVERY_S * 1e9)
        try:
            status = self._rest.get("nic/status", timeout_s=STATUS_WITHIN_S)
        except (LinkError, InstrumentError) as error:  # the traces may come all the same
            self._health["status"] = str(error)
            return
        self._health.pop("status", None)
        self._health |= _numbers(status)

    def health(self) -> Mapping[str, float | str]:
        """Return temperature in deg C, voltage in V, free memory in %, serial, warnings."""
        warnings = self._rest.warnings if self._rest else []
        return self._health | ({"warnings": "; ".join(warnings)} if warnings else {})

    def _compare(self, name: str, asked: dict[str, Any], answer: dict[str, Any]) -> None:
        """Refuse an instrument that took other settings than those the decoder counts on."""
        gpr = answer.get("gpr0", {}).get("parameters", {})
        if "frequency_MHz" in gpr:
            self._health["frequency_mhz"] = float(gpr["frequency_MHz"])
        for key in ("points_per_trace", "time_sampling_interval_ps"):
            wanted = asked["gpr0"]["parameters"][key]
            if gpr.get(key, wanted) != wanted:
                msg = f"{name}: the NIC-500 took {key} = {gpr[key]}, not {wanted}; use that value"
                raise InstrumentError(msg)


def _stop(rest: Rest) -> None:
    try:
        rest.put("nic/acquisition", {"state": 0})
    except RefusedError as error:
        if error.code != NOT_RUNNING:
            raise


def _numbers(status: Mapping[str, Any]) -> dict[str, float | str]:
    places = {
        "temperature_c": ("processor", "temperature_c"),
        "input_v": ("power", "input_voltage"),
        "memory_free_percent": ("memory", "percent_free"),
    }
    found: dict[str, float | str] = {}
    for name, (group, key) in places.items():
        value = status.get(group, {}).get(key)
        if isinstance(value, int | float):
            found[name] = float(value)
    return found


def _check(name: str, value: float, low: float, high: float, *, step: int | None = None) -> None:
    if low <= value <= high and (step is None or value % step == 0):
        return
    steps = f" in steps of {step}" if step else ""
    msg = f"nic500: {name} = {value!r}: allowed are {low:g} to {high:g}{steps}"
    raise UsageError(msg)
