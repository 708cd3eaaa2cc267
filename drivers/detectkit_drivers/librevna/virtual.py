"""LibreVNA-GUI and its device without either: SCPI on one port, points of sweeps on the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.drivers import ControlledTwin, Measured
from detectkit_drivers.librevna.decoder import transform_of
from detectkit_drivers.librevna.instrument import MOST_POINTS, POINTS_PER_HZ, LibreVna
from detectkit_drivers.librevna.points import Point, write_point
from detectkit_drivers.librevna.stream import SERVERS
from detectkit_drivers.librevna.transform import Grid

LONGEST_LINE = 4096
COMMAND_ERROR = 32
ANSWERS = {
    "*IDN?": "LibreVNA,LibreVNA-GUI,dummy_serial,1.6.4",
    "*OPC?": "1",
    "DEV:CONN?": "206039903350",
    "DEV:INF:FWREV?": "1.6.4",
    "DEV:INF:TEMP?": "45/51/31",
    "DEV:STA:ADCOVER?": "FALSE",
}
PLAIN = {"*CLS", "*RST", "DEV:CONN", "DEV:APPLYPREF"}
SETTABLE = (
    "DEV:MODE",
    "VNA:SWEEP",
    "VNA:SWEEPTYPE",
    "VNA:STIM:LVL",
    "VNA:ACQ:IFBW",
    "VNA:ACQ:AVG",
    "VNA:ACQ:POINTS",
    "VNA:FREQ:START",
    "VNA:FREQ:STOP",
)


class LibreVnaTwin(ControlledTwin):
    """Rows are traces over the unambiguous delay; the twin sends the sweep that makes them.

    The window is taken out beforehand, so that the decoder gives the rows back as far as the
    frequencies reach; exactly where twice the first is a multiple of their step.
    """

    def __init__(self, settings: LibreVna) -> None:
        self._settings = settings
        self.reboot()

    def reboot(self) -> None:
        """Fall back to the state after the GUI was started."""
        now = self._settings
        self.running = False
        self._line = b""
        self._status = 0
        self._calibration = "SOLT_12"
        self._enabled = "true"
        self._values = dict.fromkeys(SETTABLE, "")
        self._values |= {
            "VNA:ACQ:POINTS": f"{now.points}",
            "VNA:ACQ:IFBW": f"{now.bandwidth_hz:.0f}",
            "VNA:FREQ:START": f"{now.start_hz:.0f}",
            "VNA:FREQ:STOP": f"{now.stop_hz:.0f}",
        }
        self._set_up()

    def command(self, data: bytes) -> list[bytes]:
        """Take bytes of the control port; return the lines that answer."""
        *lines, self._line = (self._line + data).split(b"\n")
        self._line = self._line[-LONGEST_LINE:]
        answers = [self._obey(line.decode("ascii", "replace").strip()) for line in lines]
        return [f"{one}\n".encode() for one in answers if one]

    def speak(self, measured: Measured) -> list[bytes]:
        """Return the points of the sweeps, one line each."""
        return [line for row in measured.values for line in self._sweep(row)]

    def _sweep(self, row: npt.NDArray[np.floating]) -> list[bytes]:
        grid, parameter = self._grid, self._settings.parameter
        values = self._transform.transmission(row.astype(np.float64))
        return [
            write_point(
                Point(number, grid.start_hz + number * grid.step_hz, complex(value)),
                parameter,
                level_dbm=self._settings.level_dbm,
            )
            for number, value in enumerate(values)
        ]

    def _set_up(self) -> None:
        """Make the grid of the sweep from the values that were set."""
        points = min(max(int(float(self._values["VNA:ACQ:POINTS"])), 2), MOST_POINTS)
        start_hz = float(self._values["VNA:FREQ:START"])
        step_hz = (float(self._values["VNA:FREQ:STOP"]) - start_hz) / (points - 1)
        self._grid = Grid(start_hz, step_hz, points)
        self._transform, _ = transform_of(self._grid, self._settings)
        self.rate_hz = POINTS_PER_HZ * float(self._values["VNA:ACQ:IFBW"]) / points

    def _obey(self, line: str) -> str:
        name, _, value = line.partition(" ")
        name = name.upper().removeprefix(":")
        if name in {"VNA:ACQ:RUN", "VNA:ACQ:STOP"}:
            self.running = name.endswith("RUN")
        elif name in SETTABLE:
            self._set(name, value)
        elif name == "DEV:PREF":
            self._prefer(value)
        elif name.endswith("?"):
            return self._answer(name, value)
        elif name not in PLAIN:
            self._status |= COMMAND_ERROR
        return ""

    def _set(self, name: str, value: str) -> None:
        before = self._values[name]
        self._values[name] = value.strip()
        try:
            self._set_up()
        except (ValueError, OverflowError, ZeroDivisionError):
            self._values[name] = before
            self._status |= COMMAND_ERROR

    def _prefer(self, value: str) -> None:
        name, _, wanted = value.partition(" ")
        if name.endswith(".enabled"):
            self._enabled = wanted
        elif not name.endswith(".port"):
            self._status |= COMMAND_ERROR

    def _answer(self, name: str, value: str) -> str:
        if name == "*ESR?":
            status, self._status = self._status, 0
            return f"{status}"
        if name == "DEV:PREF?":
            known = {f"{one}.enabled": self._enabled for one in SERVERS.values()}
            known |= {f"{one}.port": f"{self.data_port}" for one in SERVERS.values()}
            return self._known(known.get(value, ""))
        if name == "VNA:CAL:ACTIVE?":
            return self._calibration
        if name == "VNA:CAL:LOAD?":
            return "TRUE"
        return self._known(ANSWERS.get(name) or self._values.get(name.removesuffix("?"), ""))

    def _known(self, answer: str) -> str:
        """Pass an answer on; there is none for what is not known, and the status tells."""
        self._status |= 0 if answer else COMMAND_ERROR
        return answer
