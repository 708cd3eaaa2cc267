"""Reader of SEG-Y: the standard's revisions 0 to 2 and the dialects of drone loggers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Sensor
from detectkit.io.format import Certainty, Probe
from detectkit.io.header import StreamHeader
from detectkit.io.marks import LazyMarks
from detectkit.io.overrides import Overrides
from detectkit.io.recording import Recording, Stream
from detectkit.io.remarks import Remarks
from detectkit.io.seismic.clock import STRUCTURAL as CLOCK_SETTINGS
from detectkit.io.seismic.clock import find_clock
from detectkit.io.seismic.interval import interval_of_field
from detectkit.io.seismic.layout import (
    FILE_HEADER_BYTES,
    IBM_FLOAT,
    SAMPLE_TYPES,
    TEXT_BYTES,
    BinaryHeader,
    Layout,
    byte_order_of,
    choose_layout,
    is_text,
    text_of,
)
from detectkit.io.seismic.places import STRUCTURAL as PLACE_SETTINGS
from detectkit.io.seismic.places import find_places
from detectkit.io.seismic.spacing import even_spacing
from detectkit.io.seismic.trace_header import (
    BYTE_ORDERS,
    HEADER_BYTES,
    Sampled,
    header_type,
    sampled_headers,
)
from detectkit.io.seismic.traces import SeismicTraces

_LOGGER = re.compile(r"skyhub|zond|radsys|ugcs|geodrone|sph engineering", re.IGNORECASE)


class Segy:
    """SEG-Y, read record by record: a cut file gives all its whole traces."""

    name = "segy"
    structural: Mapping[str, str] = {
        "samples": "samples per trace",
        "byte_order": f"byte order of the file: {', '.join(BYTE_ORDERS)}",
        "sample_format": f"SEG-Y code of the samples: {', '.join(map(str, SAMPLE_TYPES))}",
        "data_offset": "byte at which the first trace header starts",
        **PLACE_SETTINGS,
        **CLOCK_SETTINGS,
    }

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by a text header and a binary header whose figures fit the first trace."""
        if len(probe.head) < FILE_HEADER_BYTES or probe.size <= FILE_HEADER_BYTES:
            return Certainty.NO
        content = probe.head[TEXT_BYTES:FILE_HEADER_BYTES]
        binary = BinaryHeader(byte_order_of(content), content)
        fits = binary.sample_format in SAMPLE_TYPES and _samples_fit(probe, binary)
        if not fits:
            return Certainty.NO
        return Certainty.LIKELY if is_text(probe.head) else Certainty.PLAUSIBLE

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Open the file: its headers and the trace headers of some traces are read."""
        remarks = Remarks(path)
        layout = choose_layout(path, overrides, remarks)
        with path.open("rb") as handle:
            text = text_of(handle.read(TEXT_BYTES))
        sampled = sampled_headers(layout.records)
        if np.any(sampled.heads["samples"] != layout.samples):
            said = "trace headers disagree about the samples per trace"
            remarks.warning(said, offset=layout.records.offset + 114, setting="samples")
        stream = _stream(layout, text, sampled, overrides, remarks)
        return Recording(path, self.name, (stream,), remarks.notices)


def _samples_fit(probe: Probe, binary: BinaryHeader) -> bool:
    """Tell whether the first trace header tells the same samples, or they fill the file."""
    start = FILE_HEADER_BYTES + TEXT_BYTES * binary.texts
    width = np.dtype(SAMPLE_TYPES[binary.sample_format]).itemsize
    record = HEADER_BYTES + binary.samples * width
    if binary.samples > 0 and probe.size > start and (probe.size - start) % record == 0:
        return True
    head = probe.head[start : start + HEADER_BYTES]
    if len(head) < HEADER_BYTES:
        return binary.samples > 0 and start + record <= probe.size
    own = int(np.frombuffer(head, header_type(binary.order), count=1)["samples"][0])
    record = HEADER_BYTES + own * width
    return own > 0 and start + record <= probe.size and binary.samples in {0, own}


def _stream(
    layout: Layout,
    text: str,
    sampled: Sampled,
    overrides: Overrides,
    remarks: Remarks,
) -> Stream:
    heads = sampled.heads
    logger = _LOGGER.search(text) is not None
    places = find_places(heads, overrides, remarks, arc_seconds=logger, feet=layout.binary.feet)
    drone = logger or places.drone
    clock = find_clock(heads, overrides, remarks, drone=drone)
    source = SeismicTraces(
        layout.records,
        places,
        clock,
        ibm=layout.sample_format == IBM_FLOAT,
        mark_field="mark_byte" if drone else "",
        elevation=_elevation(heads, drone=drone),
    )
    spacing = even_spacing(heads, places)
    if spacing is None and "trace_spacing_m" not in overrides:
        said = "no even trace spacing is told"
        remarks.note(said, setting="trace_spacing_m")
    _note_delay(heads, remarks)
    field = int(heads["interval"][0]) or layout.binary.interval
    header = StreamHeader(
        sensor=_sensor(layout, text),
        line=layout.records.path.stem,
        traces=layout.records.records,
        samples=layout.samples,
        sample_interval_s=interval_of_field(field, layout.samples, remarks),
        trace_spacing_m=spacing,
        fixes=places.fixes(sampled.heads, sampled.rows),
        marks=LazyMarks(source.marks),
        raw=_raw(layout, text),
    )
    return Stream(header, source)


def _note_delay(heads: npt.NDArray[Any], remarks: Remarks) -> None:
    delay = int(heads["delay"][0])
    if delay:
        said = f"delay {delay} has no unit that radar agrees on: not used"
        remarks.warning(said, setting="first_twt_s")


def _elevation(heads: npt.NDArray[Any], *, drone: bool) -> str:
    """Return the field of heights, empty where none is told; a drone's are float32."""
    if not np.any(heads["elevation"]):
        return ""
    return "elevation_f4" if drone else "elevation"


def _sensor(layout: Layout, text: str) -> Sensor:
    kind = np.dtype(SAMPLE_TYPES[layout.sample_format])
    limits = None
    if kind.kind in "iu" and layout.sample_format != IBM_FLOAT:
        limits = (float(np.iinfo(kind).min), float(np.iinfo(kind).max))
    known = _LOGGER.search(text)
    return Sensor(instrument="unknown" if known is None else known.group(), full_scale=limits)


def _raw(layout: Layout, text: str) -> dict[str, Any]:
    lines = [text[start : start + 80].strip("\0 ") for start in range(0, len(text), 80)]
    if "\n" in text:
        lines = [line.strip("\0 \r") for line in text.split("\n")]
    return {
        "byte_order": layout.binary.order,
        "sample_format": layout.sample_format,
        "sample_interval_field": layout.binary.interval,
        "data_offset": layout.records.offset,
        "text": [line for line in lines if line],
    }
