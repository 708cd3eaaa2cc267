"""Decoder of the Geometrics MagElement's records.

Source: the maker's published structures (GeometricsInc/MagElementPublic, ``MagElementData.hpp``).
Little-endian; each record begins with its type and its whole size, both u32. The maker says that
the structures will change: a record is read where type *and* size are known, any other one is
passed over by its size and counted as ignored. Records carry no checksum; what protects them is
the 11-bit fiducial counter of the 40 samples of a block.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Sensor
from detectkit.drivers import (
    WAIT,
    Frame,
    Item,
    Layout,
    Note,
    StreamDecoder,
    Taken,
    damaged,
    good,
    skip,
)

HEADER = struct.Struct("<II")
INDEX = struct.Struct("<Q")
LARGEST_RECORD = 4096
MAGNETOMETERS = 0x0001
"""Upper half of the type of every record of this family."""
BLOCK = (0x1001F, 1296)
FILTERED = (0x10022, 88)
HEARTBEAT = (0x10023, 108)

SAMPLES = 40
SAMPLE_NS = 1_000_000
NT_PER_COUNT = 5e-5
FIDUCIAL = 0x07FF
FIRST_VALID, SECOND_VALID = 0x4000, 0x8000
DEAD_ZONE = 0x0001
PPS, PPS_LOCKED = 0x8000, 0x4000
LARGEST_INDEX = 2**62
"""The index is 64 bits long and starts at switching on; one above this is damage."""

SAMPLE = np.dtype(
    [
        ("frame_id", "<u2"),
        ("system_status", "<u2"),
        ("first", "<u4"),
        ("first_status", "<u2"),
        ("second_status", "<u2"),
        ("second", "<u4"),
        ("auxiliary", "<u2", 4),
        ("analog", "<u2", 4),
    ]
)
FILTERED_RECORD = np.dtype(
    [("total", "<f8"), ("strength", "<f4"), ("valid", "<u4"), ("others", "<f4", 10)]
)
STATUS_RECORD = np.dtype(
    {
        "names": [
            "index",
            "serial",
            "sample_period_ms",
            "pps_status",
            "counter_at_last_pps",
            "counter_at_first_pps",
            "supply_voltage_raw",
            "fpga_temperature_raw",
            "board_temperature_raw",
            "system_faults",
        ],
        "formats": ["<u8", "V8", "<u4", "<u4", "<u8", "<u8", "<u2", "<u2", "<u2", "<u4"],
        "offsets": [0, 12, 28, 36, 40, 48, 56, 64, 66, 68],
        "itemsize": 100,
    }
)
STATUS_COLUMNS = tuple(name for name in STATUS_RECORD.names or () if name != "serial")
AXES = tuple(f"{what}_{axis}" for what in ("compass", "acceleration", "gyro") for axis in "xyz")

_KNOWN = re.compile(b"|".join(re.escape(HEADER.pack(*one)) for one in (BLOCK, FILTERED, HEARTBEAT)))


class MagElementDecoder(StreamDecoder):
    """Blocks of 40 samples at 1000 Hz, filtered rows, and a heartbeat a second.

    A sample that the instrument calls invalid, or in the sensor's dead zone, is NaN. ``pps`` is 1
    in the row in which the pulse per second of a receiver arrived.
    """

    longest: ClassVar[int] = LARGEST_RECORD

    def __init__(self) -> None:
        super().__init__()
        self._in_step = True
        self._fiducials_count = False
        self._said: tuple[bytes, int, int] | None = None
        self._readers: dict[tuple[int, int], Callable[[bytes], list[Item] | None]] = {
            BLOCK: self._block,
            FILTERED: self._filtered,
            HEARTBEAT: self._heartbeat,
        }
        self._layouts = _layouts()

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one record."""
        if len(held) - at < HEADER.size:
            return WAIT
        kind, size = HEADER.unpack_from(held, at)
        reader = self._readers.get((kind, size))
        if reader is None and not (self._in_step and _is_plausible(kind, size)):
            self._in_step = False
            return _to_known(held, at)
        if len(held) - at < size:
            return WAIT
        items = [] if reader is None else reader(held[at + HEADER.size : at + size])
        self._in_step = items is not None
        if items is None:
            return damaged()
        return good(size, *items, ignored=reader is None)

    def reset(self) -> None:
        """Drop what is unfinished; a new connection begins with a whole record."""
        super().reset()
        self._in_step = True

    def _block(self, body: bytes) -> list[Item] | None:
        (first,) = INDEX.unpack_from(body)
        samples = np.frombuffer(body, SAMPLE, SAMPLES, INDEX.size)
        if first > LARGEST_INDEX or not self._is_whole(samples["frame_id"] & FIDUCIAL):
            return None
        frame_id, status = samples["frame_id"], samples["system_status"]
        is_first = ((frame_id & FIRST_VALID) != 0) & ((samples["first_status"] & DEAD_ZONE) == 0)
        is_second = ((frame_id & SECOND_VALID) != 0) & ((samples["second_status"] & DEAD_ZONE) == 0)
        values = np.column_stack([samples["first"], samples["second"]]) * NT_PER_COUNT
        values[~np.column_stack([is_first, is_second])] = np.nan
        counter = first + np.arange(SAMPLES, dtype=np.int64)
        coords = {
            "pps": ((status & PPS) != 0).astype(np.uint8),
            "pps_locked": ((status & PPS_LOCKED) != 0).astype(np.uint8),
        }
        return [Frame(self._layouts["field"], values, counter, counter * SAMPLE_NS, coords)]

    def _is_whole(self, fiducials: npt.NDArray[Any]) -> bool:
        """Tell whether the samples follow one another, once an instrument is seen to count."""
        follow = bool(np.all((fiducials[1:] - fiducials[:-1]) & FIDUCIAL == 1))
        self._fiducials_count |= follow
        return follow or not self._fiducials_count

    def _filtered(self, body: bytes) -> list[Item]:
        (index,) = INDEX.unpack_from(body)
        record = np.frombuffer(body, FILTERED_RECORD, 1, INDEX.size)[0]
        total = float(record["total"]) if record["valid"] else np.nan
        values = np.array([[total, record["strength"], *record["others"]]], np.float64)
        coords = {"trace_counter": np.array([index % LARGEST_INDEX], np.int64)}
        return [Frame(self._layouts["filtered"], values, coords=coords)]

    def _heartbeat(self, body: bytes) -> list[Item]:
        record = np.frombuffer(body, STATUS_RECORD, 1)[0]
        values = np.array([[record[name] for name in STATUS_COLUMNS]], np.float64)
        items: list[Item] = [Frame(self._layouts["status"], values)]
        said = (bytes(record["serial"]), int(record["pps_status"]), int(record["system_faults"]))
        if said != self._said:
            self._said = said
            items.append(_note(*said))
        return items


def _is_plausible(kind: int, size: int) -> bool:
    return kind >> 16 == MAGNETOMETERS and HEADER.size <= size <= LARGEST_RECORD


def _to_known(held: bytes, at: int) -> Taken:
    """Go on to the next header of a known record, keeping what may begin one."""
    found = _KNOWN.search(held, at + 1)
    stop = found.start() if found else max(len(held) - HEADER.size + 1, at + 1)
    return skip(stop - at)


def _note(serial: bytes, pps_status: int, faults: int) -> Note:
    text = serial.rstrip(b"\0 ")
    name = text.decode("ascii") if text.isalnum() else serial.hex()
    words = f"MagElement {name}: pulse-per-second status {pps_status}, faults 0x{faults:08x}"
    return Note(words, "warning" if faults else "note")


def _layouts() -> dict[str, Layout]:
    nanotesla: dict[str, Any] = {
        "sensor": Sensor(
            id="magelement", kind="magnetometer", instrument="Geometrics MagElement", unit="nT"
        ),
        "quantity": "magnetic_field",
    }
    return {
        "field": Layout(
            "field",
            columns=("total_1_nt", "total_2_nt"),
            counter_modulus=LARGEST_INDEX,
            device_clock="boot",
            rate_hz=1e9 / SAMPLE_NS,
            **nanotesla,
        ),
        "filtered": Layout(
            "filtered",
            columns=("total_nt", "strength", *AXES, "temperature"),
            irregular=True,
            **nanotesla,
        ),
        "status": Layout(
            "status",
            Sensor(id="magelement", kind="unknown", instrument="Geometrics MagElement", unit="1"),
            columns=STATUS_COLUMNS,
            quantity="state",
            irregular=True,
        ),
    }
