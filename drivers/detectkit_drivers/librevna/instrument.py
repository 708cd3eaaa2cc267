"""LibreVNA as an instrument: its settings, its two ports, and the conversation with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import (
    Decoder,
    Instrument,
    InstrumentError,
    Link,
    Session,
    Transport,
)
from detectkit_drivers.librevna.decoder import LibreVnaDecoder
from detectkit_drivers.librevna.scpi import IDENTITY, Scpi
from detectkit_drivers.librevna.stream import SERVERS, Stream, StreamTransport, control_address
from detectkit_drivers.librevna.transform import Grid, Window

MOST_POINTS = 4501
POINTS_PER_HZ = 0.2
"""Points a second for each Hz of bandwidth: 10 000 at 50 kHz."""
LONGEST_SWEEP_S = 1.5
"""With longer ones the stream would count as stalled."""


@dataclass(frozen=True, slots=True)
class LibreVna(Instrument):
    """LibreVNA (100 kHz to 6 GHz) as a stepped-frequency radar, through LibreVNA-GUI.

    The GUI runs on the same machine or another, with or without its window
    (``LibreVNA-GUI --port 19542 --no-gui``). The address names its control port and, after
    ``?data=``, the port of the stream; without that it is asked for.
    Source: the LibreVNA SCPI programming guide; the transform's are with `transform`.

    Parameters
    ----------
    start_hz, stop_hz, points
        Frequencies of a sweep. Delays are unambiguous up to
        ``(points - 1) / (stop_hz - start_hz)``.
    bandwidth_hz
        Bandwidth of the intermediate frequency; 50 kHz gives some 10 000 points a second.
    level_dbm
        Power of the stimulus, -40 to 0 dBm.
    parameter
        What is measured; ``"S21"`` has one antenna at each port.
    stream
        ``"calibrated"`` needs an active calibration, else nothing is sent.
    calibration_file
        Loaded at the start where given; a path on the machine of the GUI.
    window, kaiser_beta
        Window over the frequencies: lower side lobes for a wider pulse.
    samples
        Samples of a trace; more than ``2 stop_hz (points - 1) / (stop_hz - start_hz)``.
    """

    name: ClassVar[str] = "librevna"
    title: ClassVar[str] = "LibreVNA"
    kind: ClassVar[SensorKind] = "gpr"
    address: ClassVar[str] = "tcp://127.0.0.1:19542?data=19001"

    start_hz: float = 0.5e9
    stop_hz: float = 3.0e9
    points: int = 201
    bandwidth_hz: float = 50e3
    level_dbm: float = -10.0
    parameter: Literal["S21", "S12", "S11", "S22"] = "S21"
    stream: Stream = "calibrated"
    calibration_file: str = ""
    window: Window = "kaiser"
    kaiser_beta: float = 6.0
    samples: int = 512

    def __post_init__(self) -> None:
        for problem in self._problems():
            msg = f"librevna: {problem}"
            raise UsageError(msg)

    def _problems(self) -> Iterator[str]:
        if not 100e3 <= self.start_hz < self.stop_hz <= 6e9:
            yield (
                f"start_hz = {self.start_hz:g}, stop_hz = {self.stop_hz:g}: give 100e3 to 6e9, the "
                "smaller one first"
            )
        for name, low, high in (
            ("points", 2, MOST_POINTS),
            ("bandwidth_hz", 10.0, 50e3),
            ("level_dbm", -40.0, 0.0),
            ("kaiser_beta", 0.0, 20.0),
            ("samples", 2, 65536),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                yield f"{name} = {value:g} is out of range; give {low:g} to {high:g}"
        if self.samples < self.grid.fewest_samples:
            yield (
                f"samples = {self.samples} are too few for frequencies up to {self.stop_hz:g} Hz "
                f"in steps of {self.grid.step_hz:g} Hz; give {self.grid.fewest_samples} or more"
            )
        if self.sweep_s > LONGEST_SWEEP_S:
            yield (
                f"a sweep of {self.points} points at bandwidth_hz = {self.bandwidth_hz:g} takes "
                f"about {self.sweep_s:.1f} s, {LONGEST_SWEEP_S:g} s at most; take fewer points "
                "or more bandwidth"
            )
        if any(one in self.calibration_file for one in "\r\n; "):
            yield f"calibration_file = {self.calibration_file!r} may hold no space, ';' or new line"

    @property
    def grid(self) -> Grid:
        """The frequencies of a sweep."""
        step_hz = (self.stop_hz - self.start_hz) / (self.points - 1)
        return Grid(self.start_hz, step_hz, self.points)

    @property
    def sweep_s(self) -> float:
        """About how long a sweep takes in s."""
        return self.points / (POINTS_PER_HZ * self.bandwidth_hz)

    def connect(self, address: str) -> Transport:
        """Return the transport of the stream; opening it switches its server on where it is off."""
        return StreamTransport(address, SERVERS[self.stream])

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        return LibreVnaDecoder(self)

    def session(self) -> Session:
        """Return a new session."""
        return LibreVnaSession(self)


class LibreVnaSession(Session):
    """Sets the sweep and reads it back; each command is checked."""

    def __init__(self, settings: LibreVna) -> None:
        self._settings = settings
        self._health: Mapping[str, float | str] = {}

    def prepare(self, link: Link) -> None:
        """Connect the device, set the sweep, make sure that the stream will flow.

        Raises
        ------
        InstrumentError
            No device, another program, a refused setting, or no active calibration.
        """
        with Scpi(control_address(link.name)) as scpi:
            self._health = self._identify(scpi, link.name)
            for command in self._commands():
                scpi.tell(command)
            self._read_back(scpi, link.name)
            self._calibrate(scpi, link.name)

    def start(self, link: Link) -> None:
        """Sweep without end."""
        with Scpi(control_address(link.name)) as scpi:
            scpi.tell(":VNA:ACQ:RUN")

    def stop(self, link: Link) -> None:
        """Stop sweeping."""
        with Scpi(control_address(link.name)) as scpi:
            scpi.tell(":VNA:ACQ:STOP")

    def health(self) -> Mapping[str, float | str]:
        """Return what the GUI and the device said of themselves at the start."""
        return self._health

    def _identify(self, scpi: Scpi, where: str) -> Mapping[str, float | str]:
        identity = scpi.identity()
        if not identity.startswith(IDENTITY):
            msg = f"{where}: this is no LibreVNA-GUI but {identity!r}; is the port right?"
            raise InstrumentError(msg)
        scpi.tell("*CLS")
        scpi.tell(":DEV:CONN")
        device = scpi.ask(":DEV:CONN?")
        if device.lower() == "not connected":
            msg = f"{where}: LibreVNA-GUI has no device; look at its USB cable and power"
            raise InstrumentError(msg)
        return {"program": identity, "device": device, "firmware": scpi.ask(":DEV:INF:FWREV?")}

    def _commands(self) -> Iterator[str]:
        now = self._settings
        yield ":VNA:ACQ:STOP"
        yield ":DEV:MODE VNA"
        yield ":VNA:SWEEP FREQUENCY"
        yield ":VNA:SWEEPTYPE LIN"
        yield f":VNA:STIM:LVL {now.level_dbm:g}"
        yield f":VNA:ACQ:IFBW {now.bandwidth_hz:.0f}"
        yield ":VNA:ACQ:AVG 1"
        yield f":VNA:ACQ:POINTS {now.points}"
        yield f":VNA:FREQ:START {now.start_hz:.0f}"
        yield f":VNA:FREQ:STOP {now.stop_hz:.0f}"

    def _read_back(self, scpi: Scpi, where: str) -> None:
        now = self._settings
        for query, wanted in (
            (":VNA:ACQ:POINTS?", float(now.points)),
            (":VNA:FREQ:START?", round(now.start_hz)),
            (":VNA:FREQ:STOP?", round(now.stop_hz)),
        ):
            answer = scpi.ask(query)
            if not _is_close(answer, wanted):
                msg = (
                    f"{where}: sent {wanted:g}, but {query} gave {answer}; "
                    "is it in the device's range?"
                )
                raise InstrumentError(msg)

    def _calibrate(self, scpi: Scpi, where: str) -> None:
        file = self._settings.calibration_file
        if file and scpi.ask(f":VNA:CAL:LOAD? {file}").upper() != "TRUE":
            msg = (
                f"{where}: cannot load the calibration {file!r}; its path is one of the machine "
                "of the GUI"
            )
            raise InstrumentError(msg)
        wants = self._settings.stream == "calibrated"
        if wants and scpi.ask(":VNA:CAL:ACTIVE?").lower() == "none":
            msg = (
                f"{where}: no calibration is active, so the calibrated stream stays silent; "
                'calibrate in the GUI, give calibration_file, or set stream = "raw"'
            )
            raise InstrumentError(msg)


def _is_close(answer: str, wanted: float) -> bool:
    try:
        return abs(float(answer) - wanted) <= 1.0
    except ValueError:
        return False
