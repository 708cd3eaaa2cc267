"""A short recording made for calibration: all its traces, in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.calibration.record import Source
from detectkit.core import Block, Sensor, UsageError, concat
from detectkit.io import Overrides, Recording, Stream, open_recording

Values = npt.NDArray[np.float64]

MOST_TRACES = 60_000
SIMULATED = "simulated"


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """The traces of one radar over a few minutes.

    Parameters
    ----------
    name
        Of the file, for messages.
    data
        (trace, sample), as digitised.
    time_s
        (trace,) since the first; the trace number where the recording tells no time.
    sample_interval_s, first_twt_s
        Delay axis.
    sensor
        What measured them.
    along_track_m
        (trace,) distance, None where the recording has none.
    sha256
        Of the file.
    time_ns
        UTC of the first trace, None where the recording does not tell.
    simulated
        Name of the simulation that made it, "" for a real instrument.
    """

    name: str
    data: npt.NDArray[np.float32]
    time_s: Values
    sample_interval_s: float
    first_twt_s: float
    sensor: Sensor
    along_track_m: Values | None = None
    sha256: str = ""
    time_ns: int | None = None
    simulated: str = ""

    @classmethod
    def of(cls, blocks: Sequence[Block], *, name: str, sha256: str = "") -> Capture:
        """Return consecutive blocks of one radar as one."""
        block = concat(blocks)
        interval_s = block.spec.sample_interval_s
        if interval_s is None or block.sensor.kind != "gpr":
            msg = f"{name}: sensor {block.sensor.id!r} is no radar"
            raise UsageError(msg)
        blank = block.sensor.blank_samples
        time_s, first_ns = _times(block)
        along = block.coords.get("along_track_m")
        return cls(
            name,
            np.ascontiguousarray(block.data[:, blank:], np.float32),
            time_s,
            interval_s,
            block.spec.first_twt_s + blank * interval_s,
            block.sensor,
            None if along is None else np.asarray(along[1], np.float64),
            sha256,
            first_ns,
        )

    def source(self, role: str) -> Source:
        """Return the note of it that a record keeps."""
        return Source(role, self.name, self.sha256)


def read_capture(path: Path, *, sensor: str = "", overrides: Overrides | None = None) -> Capture:
    """Read the traces of one radar of a recorded file.

    Parameters
    ----------
    path
        Any format that detectkit reads.
    sensor
        Id of the radar; empty: the only one there is.
    overrides
        Settings that replace what the file says.

    Raises
    ------
    UsageError
        There is no such radar, or several; or far more traces than a calibration has.
    """
    recording = open_recording(path, overrides=overrides)
    stream = _stream(recording, sensor)
    if stream.traces > MOST_TRACES:
        msg = f"{path}: {stream.traces:,} traces; a calibration takes up to {MOST_TRACES:,}"
        raise UsageError(msg)
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    capture = Capture.of([stream.rows(0, stream.traces)], name=path.name, sha256=digest)
    return replace(capture, simulated=recording.attachments.get(SIMULATED, ""))


def _stream(recording: Recording, sensor: str) -> Stream:
    radars = [one for one in recording.streams if one.header.sensor.kind == "gpr" and one.traces]
    named = [one for one in radars if sensor in {"", one.header.sensor.id}]
    if len(named) == 1:
        return named[0]
    ids = ", ".join(one.header.sensor.id for one in radars) or "none"
    what = "no such radar" if not named else "several radars or lines"
    msg = f"{recording.path}: {what}; it has {ids}; choose one with --sensor"
    raise UsageError(msg)


def _times(block: Block) -> tuple[Values, int | None]:
    """Return seconds since the first trace, and its UTC."""
    for name in ("time_ns", "device_ns", "host_ns"):
        if name in block.coords:
            stamp = np.asarray(block.coord(name), np.int64)
            first = int(stamp[0]) if name == "time_ns" else None
            return (stamp - stamp[0]) * 1e-9, first
    if "elapsed_s" in block.coords:
        return np.asarray(block.coord("elapsed_s"), np.float64), None
    return np.arange(len(block), dtype=np.float64), None
