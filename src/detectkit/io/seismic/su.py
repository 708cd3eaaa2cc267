"""Reader of Seismic Unix files: trace headers and float samples, nothing else, no magic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, Sensor
from detectkit.io.format import Certainty, Probe
from detectkit.io.header import StreamHeader
from detectkit.io.marks import LazyMarks
from detectkit.io.overrides import Overrides
from detectkit.io.recording import Recording, Stream
from detectkit.io.records import RecordFile
from detectkit.io.remarks import Remarks
from detectkit.io.seismic.clock import STRUCTURAL as CLOCK_SETTINGS
from detectkit.io.seismic.clock import find_clock
from detectkit.io.seismic.interval import interval_of_su
from detectkit.io.seismic.places import FIELDS as PLACE_FIELDS
from detectkit.io.seismic.places import STRUCTURAL as PLACE_SETTINGS
from detectkit.io.seismic.places import UNITS, Places, find_places
from detectkit.io.seismic.spacing import even_spacing, line_axis
from detectkit.io.seismic.trace_header import (
    BYTE_ORDERS,
    HEADER_BYTES,
    ByteOrder,
    Sampled,
    header_type,
    record_type,
    sampled_headers,
)
from detectkit.io.seismic.traces import LineAxis, SeismicTraces

_MOST_IDENTIFICATION = 255
_CHECKED_TRACES = 5
_LEAST_STEP_M, _MOST_STEP_M = 1e-4, 100.0


@dataclass(frozen=True, slots=True)
class _Guess:
    """One reading of a headerless file."""

    order: ByteOrder
    samples: int
    exact: bool
    agreeing: int


class SeismicUnix:
    """Seismic Unix: recognised by trace headers that agree and fill the file."""

    name = "seismic-unix"
    structural: Mapping[str, str] = {
        "samples": "samples per trace",
        "byte_order": f"byte order of the file: {', '.join(BYTE_ORDERS)}",
        **PLACE_SETTINGS,
        **CLOCK_SETTINGS,
    }

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by samples per trace and intervals that agree over traces, in either order."""
        try:
            guess = _best_guess(probe.path, probe.size, probe.head)
        except OSError:
            return Certainty.NO
        if guess is None or (not guess.exact and guess.agreeing < 3):
            return Certainty.NO
        return Certainty.PLAUSIBLE

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Open the file: its byte order and trace length are the reading that fits best."""
        remarks = Remarks(path)
        order, samples = _layout(path, overrides, remarks)
        records = RecordFile(path, 0, record_type(order, "f4", samples))
        sampled = sampled_headers(records)
        _check(records, sampled.heads, samples, remarks)
        stream = _stream(records, samples, sampled, overrides, remarks)
        return Recording(path, self.name, (stream,), remarks.notices)


def _layout(path: Path, overrides: Overrides, remarks: Remarks) -> tuple[ByteOrder, int]:
    size = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(HEADER_BYTES)
    told = overrides.choice("byte_order", BYTE_ORDERS, None)
    guess = _best_guess(path, size, head)
    order: ByteOrder = "big" if told == "big" else "little"
    if told is None and guess is not None:
        order = guess.order
        text = f"no byte-order mark; {order}-endian fits"
        remarks.assumed(text, setting="byte_order")
    if len(head) < HEADER_BYTES:
        msg = f"{path.name} at byte 0: expected a header of 240 bytes, found {size} bytes in all"
        raise FormatError(msg)
    own = int(np.frombuffer(head, header_type(order), count=1)["samples"][0])
    samples = overrides.integer("samples", own)
    if samples < 1 or HEADER_BYTES + 4 * samples > size:
        msg = (
            f"{path.name} at byte 114: expected samples per trace of which one trace fits "
            f"{size:,} bytes, found {samples} ({order}-endian); give samples or byte_order"
        )
        raise FormatError(msg)
    return order, samples


def _best_guess(path: Path, size: int, head: bytes) -> _Guess | None:
    guesses = [_guess(path, size, head, order) for order in BYTE_ORDERS]
    fitting = [guess for guess in guesses if guess is not None]
    return max(fitting, key=lambda guess: (guess.agreeing, guess.exact), default=None)


def _guess(path: Path, size: int, head: bytes, order: ByteOrder) -> _Guess | None:
    """Read the header in one byte order; None where it is no trace header of this file."""
    if len(head) < HEADER_BYTES:
        return None
    first = np.frombuffer(head, header_type(order), count=1)[0]
    samples = int(first["samples"])
    record = HEADER_BYTES + 4 * samples
    if samples < 2 or size < record or not _is_header(first):
        return None
    traces = size // record
    agreeing = 1
    with path.open("rb") as handle:
        for row in np.unique(np.linspace(1, traces - 1, _CHECKED_TRACES).astype(np.int64)):
            if not 1 <= row < traces:
                continue
            handle.seek(int(row) * record)
            other = np.frombuffer(handle.read(HEADER_BYTES), header_type(order), count=1)[0]
            if not _same_length(first, other):
                return None
            agreeing += 1
    return _Guess(order, samples, size % record == 0, agreeing)


def _is_header(head: np.void) -> bool:
    interval_told = int(head["interval"]) > 0 or 0.0 < float(head["su_d1"]) < 1e6
    return interval_told and 0 <= int(head["identification"]) <= _MOST_IDENTIFICATION


def _same_length(first: np.void, other: np.void) -> bool:
    same = first["samples"] == other["samples"] and first["interval"] == other["interval"]
    return bool(same) and _is_header(other)


def _check(records: RecordFile, heads: npt.NDArray[Any], samples: int, remarks: Remarks) -> None:
    if records.tail_bytes:
        text = f"{records.tail_bytes} bytes after the last whole trace: the file was cut"
        remarks.warning(text, offset=records.tail_offset)
    if np.any(heads["samples"] != samples):
        text = f"trace headers disagree about {samples} samples per trace"
        remarks.warning(text, offset=114, setting="samples")


def _stream(
    records: RecordFile,
    samples: int,
    sampled: Sampled,
    overrides: Overrides,
    remarks: Remarks,
) -> Stream:
    heads, first = sampled.heads, sampled.heads[0]
    interval = interval_of_su(float(first["su_d1"]), int(first["interval"]), samples, remarks)
    spacing, axis, places = _positions(heads, overrides, remarks)
    clock = find_clock(heads, overrides, remarks, drone=False)
    source = SeismicTraces(records, places, clock, mark_field="su_mark", axis=axis)
    header = StreamHeader(
        sensor=Sensor(),
        line=records.path.stem,
        traces=records.records,
        samples=samples,
        sample_interval_s=interval,
        first_twt_s=_first_twt(heads, samples, interval, remarks),
        trace_spacing_m=spacing,
        fixes=places.fixes(sampled.heads, sampled.rows),
        marks=LazyMarks(source.marks),
        raw=_raw(first),
    )
    return Stream(header, source)


def _raw(first: np.void) -> dict[str, float]:
    """Return the finite fields of the first trace header, without other dialects' readings."""
    names = [name for name in first.dtype.names or () if not name.endswith(("_f4", "_f8", "_byte"))]
    values = {name: float(first[name]) for name in names}
    return {name: value for name, value in values.items() if isfinite(value)}


def _positions(
    heads: npt.NDArray[Any], overrides: Overrides, remarks: Remarks
) -> tuple[float | None, LineAxis | None, Places]:
    """Return trace spacing, axis along source_x and places.

    Where the step ``d2`` explains source_x, that is the distance along the line, no place.
    """
    step = abs(float(heads["su_d2"][0]))
    spacing = step if isfinite(step) and _LEAST_STEP_M <= step <= _MOST_STEP_M else None
    told_places = "coordinate_unit" in overrides or "coordinate_field" in overrides
    flat = not np.any(heads["source_y"])
    if spacing is not None and flat and not told_places:
        axis = line_axis(heads, spacing, remarks)
        if axis is not None:
            own_axis = None if "trace_spacing_m" in overrides else axis
            return spacing, own_axis, Places("int32", "none")
    places = _integer_places(heads, overrides, remarks)
    if spacing is None:
        spacing = even_spacing(heads, places)
    if spacing is None:
        text = "no trace step in d2 nor in the positions"
        remarks.warning(text, setting="trace_spacing_m")
    return spacing, None, places


def _integer_places(heads: npt.NDArray[Any], overrides: Overrides, remarks: Remarks) -> Places:
    """Return the places of the integer fields: floats are no Seismic Unix dialect."""
    field = overrides.choice("coordinate_field", PLACE_FIELDS, "int32")
    unit = overrides.choice("coordinate_unit", UNITS, None)
    settings = {"coordinate_field": field} | ({} if unit is None else {"coordinate_unit": unit})
    return find_places(heads, Overrides(settings), remarks, arc_seconds=False, feet=False)


def _first_twt(heads: npt.NDArray[Any], samples: int, interval: float, remarks: Remarks) -> float:
    """Return the time of sample 0: float f1 in ns where it is a time within one window."""
    first, delay = float(heads["su_f1"][0]), int(heads["delay"][0])
    if delay:
        text = f"delay {delay} has no unit that radar agrees on: not used"
        remarks.warning(text, offset=108, setting="first_twt_s")
    if first == 0.0 or not isfinite(first) or abs(first) * 1e-9 > interval * samples:
        return 0.0
    text = f"first sample at {first:g} ns (f1)"
    remarks.assumed(text, offset=184, setting="first_twt_s")
    return first * 1e-9
