"""Warm-up: a short flight of the mission's own twins through the processing, before links open.

What is compiled or loaded at its first use would make the first seconds of a flight late: two or
three usually, with a network, half a minute on a computer that never flew. The rows are invented
and discarded.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

from detectkit.drivers import PLATFORM_COLUMNS, Measured, Twin
from detectkit.geo import PoseTrack
from detectkit.io.journal import Record
from detectkit.mission import Flow, Mission, Mount, Processing

FLOWN_S = 4.0
SPEED_M_PER_S = 5.0
TICK_NS = 50_000_000
ROWS_HZ = 100.0
"""No twin says more rows a second, but for those that the platform needs."""
WIDTHS = (1, 3, 4, 2, 6, 512)
"""Numbers of columns that are tried where the instrument's settings do not tell."""
UTC_NS = 1_750_000_000_000_000_000
DEG_PER_M = 1.0 / 111_000.0

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How long the warm-up took, and why it was not whole, "" where it was."""

    seconds: float
    fault: str = ""


def warm_up(mission: Mission) -> WarmUp:
    """Put an invented flight through the mission's decoders, positions, pipeline and detector.

    It never raises: what does not work here is found again, and said, in flight.
    """
    start, fault = time.monotonic(), ""
    try:
        _fly(mission)
    except Exception as error:  # noqa: BLE001 - a flight must not fail by its warm-up
        fault = repr(error)
    return WarmUp(time.monotonic() - start, fault)


def _fly(mission: Mission) -> None:
    flow = Flow(mission, host_ns=0, utc_ns=UTC_NS)
    processing = Processing(mission, recording="warm-up")
    for tick, record in _records(mission):
        if record is None:
            _move(flow.track, np.arange(tick * TICK_NS, (tick + 1) * TICK_NS, TICK_NS // 5))
            continue
        for block in flow.push(record):
            deque(processing.push(block), maxlen=0)
    for block in flow.finish():
        deque(processing.push(block), maxlen=0)
    processing.get_ready()
    deque(processing.finish(), maxlen=0)


def _records(mission: Mission) -> Iterator[tuple[int, Record | None]]:
    """Yield with its tick what the twins say in the order of its arrival, and None for a tick."""
    voices = {mount.id: voice for mount in mission.mounts if (voice := _voice(mount)) is not None}
    seq = count()
    for tick in range(round(FLOWN_S * 1e9 / TICK_NS)):
        yield tick, None
        for late, (name, voice) in enumerate(voices.items()):
            arrival_ns = (tick + 1) * TICK_NS + late * 1_000_000
            data = voice(tick * TICK_NS, (tick + 1) * TICK_NS)
            yield tick, Record(next(seq), name, "in", arrival_ns, UTC_NS + arrival_ns, data)


def _move(track: PoseTrack, time_ns: npt.NDArray[np.int64]) -> None:
    """Say where the platform is: an autopilot's twin would have to be asked for it first."""
    rows = dict(zip(PLATFORM_COLUMNS, _platform(time_ns).T, strict=True))
    place = ("longitude_deg", "latitude_deg", "up_m")
    accuracy = ("horizontal_error_m", "vertical_error_m", "fix_quality")
    track.push_positions(time_ns, *(rows[name] for name in (*place, *accuracy)))
    track.push_attitudes(time_ns, *(rows[name] for name in ("roll_rad", "pitch_rad", "yaw_rad")))
    track.push_heights(time_ns, rows["height_m"])
    track.push_waypoints(time_ns, rows["waypoint"])


Voice = Callable[[int, int], bytes]
"""Says what was measured from one time to another."""


def _voice(mount: Mount) -> Voice | None:
    """Return the voice of an instrument's twin; None where it says nothing to invented rows."""
    instrument = mount.instrument()
    known = (getattr(instrument, name, None) for name in ("points", "samples", "channels"))
    wanted = [one for one in known if isinstance(one, int) and one > 0]
    if instrument.kind in {"gnss", "autopilot"}:
        wanted = [len(PLATFORM_COLUMNS)]
    for width in (*wanted, *WIDTHS):
        voice = _speaking(mount, width)
        try:
            if voice(0, 1_000_000_000):
                return _speaking(mount, width)
        except Exception:  # noqa: BLE001, S112 - another width may suit it
            continue
    return None


def _speaking(mount: Mount, width: int) -> Voice:
    twin, random = mount.instrument().twin(), np.random.default_rng(1)
    rate_hz = twin.rate_hz if width == len(PLATFORM_COLUMNS) else min(twin.rate_hz, ROWS_HZ)

    def speak(start_ns: int, stop_ns: int) -> bytes:
        first, last = (int(np.ceil(one * 1e-9 * rate_hz)) for one in (start_ns, stop_ns))
        device_ns = np.round(np.arange(first, last) / rate_hz * 1e9).astype(np.int64)
        if width == len(PLATFORM_COLUMNS):
            values = _platform(device_ns)
        else:
            values = random.normal(1.0, 0.2, (device_ns.size, width))
        return _said(twin, Measured(device_ns, values, device_ns + UTC_NS))

    return speak


def _said(twin: Twin, measured: Measured) -> bytes:
    return b"".join(twin.speak(measured)) if len(measured) else b""


def _platform(device_ns: npt.NDArray[np.int64]) -> Values:
    """Return rows of a level flight to the north, one metre over the ground."""
    north_m = device_ns.astype(np.float64) * (1e-9 * SPEED_M_PER_S)
    columns: dict[str, Values | float] = {
        "latitude_deg": north_m * DEG_PER_M,
        "up_m": 1.0,
        "height_m": 1.0,
        "velocity_north_m_per_s": SPEED_M_PER_S,
        "fix_quality": 4.0,
        "horizontal_error_m": 0.02,
        "vertical_error_m": 0.03,
        "waypoint": 1.0,
        "armed": 1.0,
    }
    rows = [np.broadcast_to(columns.get(name, 0.0), device_ns.shape) for name in PLATFORM_COLUMNS]
    return np.stack(rows, axis=1).astype(np.float64)
