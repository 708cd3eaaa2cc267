"""The time lag of a recorded sensor, from passes in opposite directions.

The strength of an anomaly along a line is what is left of the traces when the line's mean trace
is taken away, as root mean square; of a detector, the distance of its channels from their medians,
each in its own median absolute deviations.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, UsageError
from detectkit.geo import LocalFrame
from detectkit.geo.time_lag import Lag, LagLine, NoLagError, estimate_lag
from detectkit.io import Recording, Stream

Values = npt.NDArray[np.float64]
ROWS = 1024
REACH_M = 0.25
SHORTEST_M = 2.0
"""Lines that cover less ground tell nothing."""


def lag_of(recording: Recording, sensor: str, *, reach_m: float = REACH_M) -> Lag:
    """Return the time lag of a sensor of a finished recording.

    Parameters
    ----------
    recording
        A finished flight, its rows with positions.
    sensor
        Id of the sensor's stream.
    reach_m
        Passes farther apart are not compared. Neighbouring lanes see different parts of an
        object; they agree at a lag that is not the sensor's.

    Raises
    ------
    UsageError
        The recording has no such sensor, or its rows have no positions.
    NoLagError
        The lines do not tell; says what is missing.
    """
    streams = [one for one in recording.streams if one.header.sensor.id == sensor]
    if not streams:
        known = ", ".join(sorted({one.header.sensor.id for one in recording.streams}))
        msg = f"{recording.path.name} has no sensor {sensor!r}; it has: {known}"
        raise UsageError(msg)
    frame = _frame(streams)
    lines = [] if frame is None else [line for one in streams for line in _lines(one, frame)]
    if not lines:
        msg = f"{recording.path.name}: no line of {sensor!r} covers {SHORTEST_M:g} m with positions"
        raise NoLagError(msg)
    return estimate_lag(lines, reach_m=reach_m)


def _frame(streams: list[Stream]) -> LocalFrame | None:
    """Return one frame for all lines, around the first position there is."""
    for stream in streams:
        for block in stream.blocks(ROWS):
            if "longitude_deg" not in block.coords:
                break
            longitude, latitude = block.coord("longitude_deg"), block.coord("latitude_deg")
            known = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude))
            if known.size:
                return LocalFrame(float(longitude[known[0]]), float(latitude[known[0]]))
    return None


def _lines(stream: Stream, frame: LocalFrame) -> Iterator[LagLine]:
    blocks = list(stream.blocks(ROWS))
    if not blocks or not {"time_ns", "longitude_deg"} <= blocks[0].coords.keys():
        return
    longitude, latitude = (_column(blocks, name) for name in ("longitude_deg", "latitude_deg"))
    known = np.isfinite(longitude) & np.isfinite(latitude)
    if known.sum() < 3:
        return
    east, north, _ = frame.to_local(longitude[known], latitude[known])
    if np.hypot(np.ptp(east), np.ptp(north)) < SHORTEST_M:
        return
    times = np.concatenate([one.coord("time_ns") for one in blocks])[known]
    rising = np.flatnonzero(np.diff(times, prepend=times[0] - 1) > 0)
    strength = _strength(blocks)[known]
    yield LagLine(times[rising], east[rising], north[rising], strength[rising])


def _column(blocks: list[Block], name: str) -> Values:
    return np.concatenate([one.coord(name) for one in blocks])


def _strength(blocks: list[Block]) -> Values:
    if blocks[0].dims[1] == "channel":
        return _detector(np.concatenate([one.data for one in blocks]).astype(np.float64))
    rows = sum(len(one) for one in blocks)
    mean = sum(one.data.sum(axis=0, dtype=np.float64) for one in blocks) / rows
    parts = [np.sqrt(np.mean((one.data - mean) ** 2, axis=1)) for one in blocks]
    return np.concatenate(parts)


def _detector(values: Values) -> Values:
    away = np.abs(values - np.median(values, axis=0))
    spread = np.median(away, axis=0)
    scaled = away[:, spread > 0.0] / spread[spread > 0.0]
    return scaled.max(axis=1) if scaled.size else np.zeros(values.shape[0])
