"""Twin of the NIC-500: a small HTTP/1.1 server without sockets, and the data stream."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from detectkit.core import ShapeError
from detectkit.drivers import ControlledTwin, Measured
from detectkit_drivers.nic500.decoder import HEADER_BYTES, LONGEST_TRACE, STACKS
from detectkit_drivers.nic500.instrument import Nic500

STOPPED, RUNNING, PAUSED = 0, 1, 2
POWERED = 2
LONGEST_REQUEST = 65536
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,5})", re.IGNORECASE)
REQUEST = re.compile(rb"(GET|PUT) (/[^ ]*) HTTP/1\.[01]\r\n")
REFERENCE_PS = -45000

HEADER = np.dtype(
    [
        ("seconds", "<u4"),
        ("nanoseconds", "<u4"),
        ("number", "<u4"),
        ("status", "<u4"),
        ("stacks", "<u2"),
        ("header_bytes", "<u2"),
    ]
)
RANGES: Mapping[str, tuple[float, float, int]] = {
    "points_per_trace": (70, LONGEST_TRACE, 1),
    "time_sampling_interval_ps": (50, 6400, 50),
    "window_time_shift_ps": (-50_000_000, 50_000_000, 5),
}

Answer = tuple[int, dict[str, Any]]
"""A status code, 0 for success, and data."""


class Nic500Twin(ControlledTwin):
    """A NIC-500 without hardware, in SDK mode.

    Its clock runs with the rows' device time from the UTC of the first row on, as a real-time
    clock would that was set once.

    Parameters
    ----------
    points
        Samples a trace until it is set up.
    stacks
        Stacks until it is set up.
    period_s
        Time between traces until it is set up.
    """

    def __init__(self, *, points: int, stacks: int, period_s: float) -> None:
        self._at_boot = (points, stacks, period_s)
        self.reboot()

    def reboot(self) -> None:
        """Switch the radar off and forget the setup; the number of the next trace is 1."""
        points, stacks, period_s = self._at_boot
        self._gpr: dict[str, Any] = {
            "points_per_trace": points,
            "time_sampling_interval_ps": 100,
            "frequency_MHz": 1000,
            "point_stacks": stacks,
            "trigger_mode": "Free",
            "window_time_shift_ps": -48000,
        }
        self.rate_hz = 1.0 / period_s
        self._power = 1
        self._state = STOPPED
        self._is_set_up = False
        self._number = 1
        self._clock_ns: int | None = None
        self._request = b""
        self.running = False

    def speak(self, measured: Measured) -> list[bytes]:
        """Return one record for each trace, values in mV."""
        rows, points = measured.values.shape
        if points != self._gpr["points_per_trace"]:
            msg = (
                f"the NIC-500 is set to {self._gpr['points_per_trace']} points a trace, the rows "
                f"have {points}; measure as many as the settings say"
            )
            raise ShapeError(msg)
        if self._clock_ns is None and rows:
            self._clock_ns = int(measured.utc_ns[0] - measured.device_ns[0])
        stamps_ns = measured.device_ns + (self._clock_ns or 0)
        header = np.zeros(rows, HEADER)
        header["seconds"], header["nanoseconds"] = np.divmod(stamps_ns, 1_000_000_000)
        header["number"] = self._number + np.arange(rows)
        header["stacks"] = self._gpr["point_stacks"]
        header["header_bytes"] = HEADER_BYTES
        self._number += rows
        traces = measured.values.astype("<f4")
        return [
            head.tobytes() + trace.tobytes() for head, trace in zip(header, traces, strict=True)
        ]

    def skip(self, rows: int) -> None:
        """Count triggers that came while a trace was still being acquired."""
        self._number += rows

    def command(self, data: bytes) -> list[bytes]:
        """Take a piece of HTTP; answer the requests that are complete."""
        if REQUEST.match(data):  # a client that gave up left half a request
            self._request = b""
        self._request = (self._request + data)[-LONGEST_REQUEST:]
        answers = []
        while (stop := _request_stop(self._request)) is not None:
            request, self._request = self._request[:stop], self._request[stop:]
            answers.append(self._http(request))
        return answers

    def _http(self, request: bytes) -> bytes:
        line = REQUEST.match(request)
        body = request.partition(b"\r\n\r\n")[2]
        if line is None:
            return _response("", 9, {})
        method, path = (part.decode("latin-1") for part in line.groups())
        resource = path.partition("?")[0].strip("/").removeprefix("api").strip("/")
        if method == "GET":
            code, data = self._get(resource)
        else:
            code, data = self._put(resource, body.decode("latin-1"))
        return _response(resource, code, data)

    def _get(self, resource: str) -> Answer:
        timer = {"parameters": {"period_s": 1.0 / self.rate_hz}}
        answers: dict[str, Callable[[], Answer]] = {
            "": lambda: (0, {"name": "NIC-500 SDK"}),
            "nic/power": lambda: (0, {"state": self._power}),
            "nic/acquisition": lambda: (0, {"state": self._state}),
            "nic/status": lambda: (0, _status()),
            "nic/setup": lambda: (0, {"timer": timer, "gpr0": {"parameters": self._gpr}}),
            "nic/gpr/data_socket": lambda: (0, {"data_socket": {"port": self.data_port}}),
            "nic/gpr/system_information": self._information,
        }
        return answers.get(resource, lambda: (9, {}))()

    def _put(self, resource: str, body: str) -> Answer:
        form = urllib.parse.parse_qs(body)
        try:
            data = json.loads(form.get("data", [""])[0])
        except ValueError:
            return 11, {}
        if not isinstance(data, dict):
            return 11, {}
        changes = {
            "nic/power": self._put_power,
            "nic/setup": self._put_setup,
            "nic/acquisition": self._put_acquisition,
        }
        return changes[resource](data) if resource in changes else (9, {})

    def _information(self) -> Answer:
        if self._power < POWERED:
            return 4001, {}
        gpr = {
            "unit_serial_number": "000000000000",
            "app_code_version": "3.039",
            "window_time_shift_reference_ps": REFERENCE_PS,
        }
        return 0, {"gpr": gpr}

    def _put_power(self, data: dict[str, Any]) -> Answer:
        state = data.get("state")
        if type(state) is not int:
            return 11, {}
        if state not in {0, 1, POWERED}:
            return 8, {}
        self._power = max(state, self._power)  # it cannot be switched off by command
        return 0, {"state": self._power}

    def _put_acquisition(self, data: dict[str, Any]) -> Answer:
        state = data.get("state")
        if type(state) is not int:
            return 11, {}
        code = self._refusal(state)
        if code:
            return code, {}
        if state == STOPPED:
            self._number = 1
        self._state = state
        self.running = state == RUNNING
        return 0, {"state": state}

    def _refusal(self, state: int) -> int:
        """Return why the acquisition cannot be brought to a state, 0 where it can."""
        if state not in {STOPPED, RUNNING, PAUSED}:
            return 8
        if self._power < POWERED:
            return 4001
        if state != RUNNING:
            return 0 if self._state == RUNNING else 4003
        if not self._is_set_up:
            return 4005
        return 4004 if self._state == RUNNING else 0

    def _put_setup(self, data: dict[str, Any]) -> Answer:
        if self._power < POWERED:
            return 4001, {}
        if self._state == RUNNING:
            return 4004, {}
        groups = [data[name] for name in ("gpr0", "timer") if name in data]
        if not all(isinstance(one, dict) and "parameters" in one for one in groups):
            return 11, {}
        gpr, code = _checked(data.get("gpr0", {}).get("parameters", {}), self._gpr)
        period_s = data.get("timer", {}).get("parameters", {}).get("period_s", 1.0 / self.rate_hz)
        if code in {8, 11} or not isinstance(period_s, int | float):
            return code or 11, {}
        if not 0.00125 <= period_s <= 60.0:
            return 8, {}
        self._gpr, self.rate_hz, self._number = gpr, 1.0 / period_s, 1
        self._is_set_up = True
        return code, self._get("nic/setup")[1]


def _checked(asked: Any, known: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Return the parameters after a change, and 8 or 11 for an error, 912 or 913 for a warning."""
    if not isinstance(asked, dict):
        return known, 11
    taken, code = dict(known), 0
    for name, value in asked.items():
        if name not in known or name == "frequency_MHz":
            code = 912
            continue
        taken[name], verdict = _fitted(name, value)
        if verdict in {8, 11}:
            return known, verdict
        code = verdict or code
    return taken, code


def _fitted(name: str, value: Any) -> tuple[Any, int]:
    if name == "trigger_mode":
        return value, 0 if value in {"Free", "Pulse"} else 8
    if type(value) is not int:
        return value, 11
    if name == "point_stacks":
        return value, 0 if value in STACKS else 8
    low, high, step = RANGES[name]
    if not low <= value <= high:
        return value, 8
    rounded = round(value / step) * step
    return rounded, 0 if rounded == value else 913


def _request_stop(data: bytes) -> int | None:
    """Return where the first request ends, None while it is not complete."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return None
    length = LENGTH.search(data, 0, head)
    stop = head + 4 + (int(length.group(1)) if length else 0)
    return stop if stop <= len(data) else None


def _status() -> dict[str, Any]:
    memory = {"bytes_free": 503791616, "bytes_total": 1052139520, "percent_free": 47.9}
    return {
        "processor": {"temperature_c": 32.4},
        "power": {"input_voltage": 12.2},
        "memory": memory,
    }


def _response(resource: str, code: int, data: dict[str, Any]) -> bytes:
    kinds = {0: "SUCCESS", 912: "WARNING", 913: "WARNING"}
    words = "The command executed successfully" if code == 0 else f"status {code}"
    status = {
        "status_code": code,
        "message": words,
        "type": kinds.get(code, "ERROR"),
        "source": resource,
        "title": "Success" if code == 0 else "Refused",
    }
    is_error = status["type"] == "ERROR"
    reply = {"status": status, "message": words, "data": data, "success": not is_error}
    body = json.dumps(reply).encode()
    line = b"HTTP/1.1 404 Not Found" if code == 9 else b"HTTP/1.1 200 OK"
    head = (
        b"\r\nContent-Type: application/json"
        b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\nConnection: close\r\n\r\n"
    )
    return line + head + body


def twin_of(settings: Nic500) -> Nic500Twin:
    """Return the twin of an instrument with these settings."""
    return Nic500Twin(points=settings.points, stacks=settings.stacks, period_s=settings.period_s)
