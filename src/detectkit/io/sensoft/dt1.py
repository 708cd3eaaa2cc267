"""Reader of Sensors & Software recordings (.DT1 with .HD and, where there, .GPS)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detectkit.core import MissingSideFileError, Sensor
from detectkit.io.fixes import NO_FIXES, Fixes
from detectkit.io.format import HEAD_BYTES, Certainty, Probe, sibling
from detectkit.io.header import StreamHeader
from detectkit.io.marks import LazyMarks
from detectkit.io.overrides import Overrides
from detectkit.io.recording import Recording, Stream
from detectkit.io.records import RecordFile
from detectkit.io.remarks import Remarks
from detectkit.io.sensoft.axes import (
    Sampled,
    first_twt,
    position_unit,
    sample_interval,
    spacing_and_axis,
)
from detectkit.io.sensoft.gps import fixes_of, parse_gps
from detectkit.io.sensoft.hd import HdHeader, looks_like_hd, read_hd
from detectkit.io.sensoft.layout import Layout, choose_layout
from detectkit.io.sensoft.places import commented_traces, line_positions, sample_headers
from detectkit.io.sensoft.traces import (
    COUNTER_MODULUS,
    HEADER,
    SAMPLE_TYPES,
    AntennaSpread,
    Dt1Traces,
    PositionAxis,
    elapsed_s,
)
from detectkit.io.side import side_text

_NO_HD = HdHeader({})
_FULL_SCALE = {"int16": (-32768.0, 32767.0), "int32": (-2147483648.0, 2147483647.0)}


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two files of one line."""

    dt1: Path
    hd: Path | None


class SensoftDt1:
    """Sensors & Software DT1: opens from either file of the pair, or from the DT1 alone."""

    name = "sensoft-dt1"
    structural: Mapping[str, str] = {
        "samples": "points per trace",
        "sample_type": f"number type of the samples: {', '.join(SAMPLE_TYPES)}",
        "position_unit": "unit of positions, step and antenna separation: m or ft",
    }

    def recognise(self, probe: Probe) -> Certainty:
        """Tell from points per trace and bytes per point, or from the keys of the .HD."""
        if looks_like_hd(probe.head):
            return Certainty.CERTAIN if probe.head[:4] == b"1234" else Certainty.LIKELY
        if not _first_headers_agree(probe):
            return Certainty.NO
        hd = probe.sibling(".hd")
        if hd is not None and looks_like_hd(_head(hd)):
            return Certainty.CERTAIN
        several = probe.size >= 2 * _record_bytes(probe.head)
        return Certainty.LIKELY if several else Certainty.PLAUSIBLE

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Open the line; a missing .HD is replaced by assumptions that are said."""
        pair = _pair_of(path)
        remarks = Remarks(pair.hd or pair.dt1)
        hd = _read_header(pair, remarks)
        layout = choose_layout(pair.dt1, hd, overrides, remarks.about(pair.dt1))
        stream = _stream(pair, hd, layout, overrides, remarks)
        return Recording(path, self.name, (stream,), remarks.notices)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(HEAD_BYTES)
    except OSError:
        return b""


def _first_headers_agree(probe: Probe) -> bool:
    """Tell whether points and bytes per point are whole numbers that fit size and neighbour."""
    record = _record_bytes(probe.head)
    if record == 0 or probe.size < record:
        return False
    neighbour = probe.head[record : record + HEADER.itemsize]
    if len(neighbour) < HEADER.itemsize:
        return probe.size % record == 0
    return _record_bytes(neighbour) == record


def _record_bytes(head: bytes) -> int:
    """Return the length of a trace record, 0 where the bytes are no trace header."""
    if len(head) < HEADER.itemsize:
        return 0
    fields = np.frombuffer(head, HEADER, count=1)[0]
    points, width, number = (
        float(fields[name]) for name in ("points", "bytes_per_point", "number")
    )
    whole = points == points // 1 and 1.0 <= points <= 1e6 and abs(number) < COUNTER_MODULUS
    return HEADER.itemsize + int(points * width) if whole and width in {2.0, 4.0} else 0


def _pair_of(path: Path) -> _Pair:
    if not looks_like_hd(_head(path)):
        return _Pair(path, sibling(path, ".hd"))
    traces = sibling(path, ".dt1")
    if traces is None:
        msg = f"{path.name}: the traces are in a .DT1 file of the same name; it is not there"
        raise MissingSideFileError(msg)
    return _Pair(traces, path)


def _read_header(pair: _Pair, remarks: Remarks) -> HdHeader:
    if pair.hd is None:
        text = "no .HD beside it: time axis and step are taken from the trace headers alone"
        remarks.warning(text)
        return _NO_HD
    try:
        hd = read_hd(pair.hd)
    except OSError as error:
        remarks.warning(f"cannot be read ({error.strerror})")
        return _NO_HD
    if not hd.fields:
        remarks.warning("no KEY = VALUE line in it: not used")
    return hd


def _stream(
    pair: _Pair, hd: HdHeader, layout: Layout, overrides: Overrides, remarks: Remarks
) -> Stream:
    records = layout.records
    sampled = sample_headers(records)
    metres = position_unit(hd, overrides, remarks)
    spacing, axis = spacing_and_axis(hd, sampled, metres, remarks)
    if "trace_spacing_m" in overrides:
        axis = None
    interval = sample_interval(hd, layout.samples, sampled.window, remarks)
    header = StreamHeader(
        sensor=_sensor(hd, layout, metres),
        line=pair.dt1.stem,
        traces=records.records,
        samples=layout.samples,
        sample_interval_s=interval,
        first_twt_s=first_twt(hd, layout.samples, interval, remarks),
        trace_spacing_m=spacing,
        marks=LazyMarks(lambda: commented_traces(records)),
        fixes=_fixes(pair.dt1, records, sampled, remarks),
        counter_modulus=COUNTER_MODULUS,
        raw=_raw(hd),
    )
    _note_the_rest(pair, hd, header, remarks)
    return Stream(header, _source(records, axis, _spread(hd, sampled, metres, remarks)))


def _source(
    records: RecordFile, axis: PositionAxis | None, spread: AntennaSpread | None
) -> Dt1Traces:
    first = records.read(0, 1)["head"]
    return Dt1Traces(records, axis, float(elapsed_s(first["second_of_day"], 0.0)[0]), spread)


def _spread(
    hd: HdHeader, sampled: Sampled, metres: float, remarks: Remarks
) -> AntennaSpread | None:
    """Return how the antennas of a gather move apart: by what the positions move.

    On frenke CMP (ANTENNA SEPARATION 1, positions 17 to 36.5) the wave in air is later by
    1.63 ns for each 0.5 m: the positions' step is that of the separation.
    """
    separation = hd.number("ANTENNA SEPARATION")
    if not hd.is_gather or separation is None or not np.isfinite(sampled.position[0]):
        return None
    text = "ANTENNA SEPARATION is that of the first trace, and grows as the positions move"
    remarks.note(text)
    return AntennaSpread(abs(separation) * metres, float(sampled.position[0]), metres)


def _sensor(hd: HdHeader, layout: Layout, metres: float) -> Sensor:
    frequency_mhz = hd.number("NOMINAL FREQUENCY") or 0.0
    separation = hd.number("ANTENNA SEPARATION")
    return Sensor(
        instrument=hd.instrument,
        serial=hd.fields.get("NOGGIN SERIAL#", ""),
        antenna_hz=frequency_mhz * 1e6 if frequency_mhz > 0.0 else None,
        antenna_separation_m=None if separation is None else abs(separation) * metres,
        full_scale=_FULL_SCALE.get(layout.sample_type),
    )


def _raw(hd: HdHeader) -> dict[str, Any]:
    raw: dict[str, Any] = dict(hd.fields)
    if hd.remarks:
        raw["remarks"] = list(hd.remarks)
    return raw


def _fixes(dt1: Path, records: RecordFile, sampled: Sampled, remarks: Remarks) -> Fixes:
    path = sibling(dt1, ".gps")
    if path is None:
        return NO_FIXES
    text, said = side_text(path)
    remarks.extend(said)
    remarks = remarks.about(path)
    log = parse_gps(text)
    if log.numbers.size == 0:
        remarks.warning("no 'Trace #n at position x' line: not used")
        return NO_FIXES
    return fixes_of(log, line_positions(records, log.rows, sampled), remarks)


def _note_the_rest(pair: _Pair, hd: HdHeader, header: StreamHeader, remarks: Remarks) -> None:
    told = hd.number("NUMBER OF TRACES")
    if told is not None and told != header.traces:
        text = f"says {told:g} traces, the .DT1 holds {header.traces} whole ones: all are given"
        remarks.warning(text)
    if header.sensor.antenna_hz is None:
        text = "no NOMINAL FREQUENCY"
        remarks.warning(text, setting="antenna_hz")
    for other, why in (
        (pair.dt1.with_name(f"{pair.dt1.stem}_topo.txt"), "its frame is not told"),
        (sibling(pair.dt1, ".gp2"), "this kind of position log is not read"),
    ):
        if other is not None and other.is_file():
            text = f"surveyed positions lie beside the line; {why}, so they are not used"
            remarks.about(other).note(text)
