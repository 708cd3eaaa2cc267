"""Reader of IDS .dt recordings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from detectkit.core import FormatError, Sensor
from detectkit.io.format import Certainty, Probe
from detectkit.io.header import StreamHeader
from detectkit.io.ids.records import (
    BLANK_SAMPLES,
    DtHeader,
    DtTraces,
    read_header,
    record_bytes,
    tag_of,
    trace_type,
)
from detectkit.io.ids.sweep import Antenna, Sweep, antenna_of, channels_of, sweep_of
from detectkit.io.overrides import Overrides
from detectkit.io.recording import Recording, Stream
from detectkit.io.records import RecordFile
from detectkit.io.remarks import Remarks

_KNOWN_TAGS = frozenset(
    {"I", "C", "AH", "FZ", "FX", "FQ", "FM", "AC1", "AM", "ATX", "ARX", "AA", "S", "H", "R"}
)
_FULL_SCALE = (-32768.0, 32767.0)
_USUAL_WINDOW_S = 50e-9
_MOST_CHANNELS = 64


class IdsDt:
    """IDS .dt: tagged records of one length, headers first, then traces."""

    name = "ids-dt"
    structural: Mapping[str, str] = {"channels": "number of channels whose traces alternate"}

    def recognise(self, probe: Probe) -> Certainty:
        """Tell from the version record and from known tags at the following records."""
        length = record_bytes(probe.head)
        if length == 0 or probe.size < 2 * length:
            return Certainty.NO
        starts = range(length, len(probe.head) - 4, length)
        tags = [tag_of(probe.head[start : start + 4]) for start in starts]
        known = sum(tag in _KNOWN_TAGS for tag in tags)
        if known < max(1, len(tags) // 2):
            return Certainty.NO
        return Certainty.CERTAIN if known >= 3 else Certainty.LIKELY

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Open the file: header records are read, the tags of some traces are checked."""
        remarks = Remarks(path)
        header = read_header(path)
        channels = _channels(header, overrides, remarks)
        records = RecordFile(
            path, header.first_trace * header.record_bytes, trace_type(header.record_bytes)
        )
        _check_records(records, header, remarks)
        streams = tuple(
            _stream(path, header, channels, phase, remarks) for phase in range(channels)
        )
        return Recording(path, self.name, streams, remarks.notices)


def _channels(header: DtHeader, overrides: Overrides, remarks: Remarks) -> int:
    told = overrides.integer("channels", channels_of(header))
    if not 1 <= told <= _MOST_CHANNELS:
        text = f"{told} channels are not 1 to {_MOST_CHANNELS}; 1 assumed"
        remarks.assumed(text, setting="channels")
        return 1
    if told > 1:
        text = f"{told} channels, traces assumed to alternate between them"
        remarks.assumed(text, setting="channels")
    return told


def _check_records(records: RecordFile, header: DtHeader, remarks: Remarks) -> None:
    if records.tail_bytes:
        text = f"{records.tail_bytes} bytes after the last whole trace: the file was cut"
        remarks.warning(text, offset=records.tail_offset)
    told = sweep_of(header).traces
    if told != records.records:
        said = "no trace count" if told is None else f"{told} traces"
        text = f"the header tells {said}, the file holds {records.records}: all are given"
        remarks.warning(text)
    rows = np.unique(np.linspace(0, records.records - 1, 64).astype(np.int64))
    for row in rows.tolist():
        tag = bytes(records.read(row, row + 1)["tag"][0])
        if tag_of(tag) != "R":
            text = f"record {row} is tagged {tag!r}, not 'R': given as a trace all the same"
            offset = records.offset + row * records.record.itemsize
            remarks.warning(text, offset=offset)


def _stream(path: Path, header: DtHeader, channels: int, phase: int, remarks: Remarks) -> Stream:
    records = RecordFile(
        path,
        header.first_trace * header.record_bytes,
        trace_type(header.record_bytes),
        stride=channels,
        phase=phase,
    )
    traces = (records.records - phase + channels - 1) // channels
    samples = (header.record_bytes - 4) // 2
    if samples <= BLANK_SAMPLES or traces < 1:
        msg = (
            f"{path.name} at byte 4: expected more than {BLANK_SAMPLES} samples and a trace per "
            f"channel, found {samples} samples and {records.records} traces for {channels} channels"
        )
        raise FormatError(msg)
    own = remarks if phase == 0 else Remarks(path)
    sweep = sweep_of(header)
    described = StreamHeader(
        sensor=_sensor(antenna_of(header), phase, own),
        line=path.stem,
        traces=traces,
        samples=samples,
        sample_interval_s=_window(sweep, samples, own) / samples,
        trace_spacing_m=_spacing(sweep, own),
        raw=_raw(header),
    )
    return Stream(described, DtTraces(records))


def _sensor(antenna: Antenna, phase: int, remarks: Remarks) -> Sensor:
    if antenna.frequency_hz is None:
        text = "no antenna frequency in the record ATX"
        remarks.warning(text, setting="antenna_hz")
    if antenna.separation_m is not None:
        text = (
            f"antenna separation {antenna.separation_m:.3f} m is the distance in x and y of the "
            "positions in ATX and ARX; a data sheet may tell another, set antenna_separation_m"
        )
        remarks.note(text)
    return Sensor(
        id="gpr" if phase == 0 else f"gpr-{phase + 1}",
        instrument="IDS",
        antenna_hz=antenna.frequency_hz,
        antenna_separation_m=antenna.separation_m,
        full_scale=_FULL_SCALE,
        blank_samples=BLANK_SAMPLES,
    )


def _window(sweep: Sweep, samples: int, remarks: Remarks) -> float:
    if sweep.samples not in {None, samples}:
        text = f"the header tells {sweep.samples} samples, the records hold {samples}: all given"
        remarks.warning(text)
    if sweep.window_s is not None:
        return sweep.window_s
    text = f"no time window in the record H; {_USUAL_WINDOW_S * 1e9:g} ns assumed"
    remarks.assumed(text, setting="sample_interval_s")
    return _USUAL_WINDOW_S


def _spacing(sweep: Sweep, remarks: Remarks) -> float | None:
    """Return the nominal step: the data sheet of the lines it was read off tells 4 mm too."""
    if sweep.nominal_step_m is None:
        text = "no plausible trace step in the record H"
        remarks.warning(text, setting="trace_spacing_m")
        return None
    other = "" if sweep.step_m is None else f" (another column tells {sweep.step_m:g} m)"
    text = f"trace step {sweep.nominal_step_m:g} m taken as the nominal one of the record H{other}"
    remarks.assumed(text, setting="trace_spacing_m")
    return sweep.nominal_step_m


def _raw(header: DtHeader) -> dict[str, str]:
    """Return the text records; the binary words of the others are left out."""
    raw = {"record_bytes": str(header.record_bytes)}
    for tag in header.records:
        words = [word for word in header.text(tag).split() if len(word) > 1 or word.isalnum()]
        printable = " ".join(word for word in words if word.isascii() and word.isprintable())
        if printable:
            raw[tag or "?"] = printable
    return raw
