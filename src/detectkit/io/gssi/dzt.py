"""GSSI .DZT: the reader.

Known from real files: the old 8-bit header, SIR-3000 (16 bit), SIR-4000 (32 bit) and a
converter's file, all of one channel. From the format's description only, not checked on a
real file: several channels (one header block of 1024 bytes for each, traces of the channels
in turn) and marks in 32-bit files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detectkit.core import FormatError, Sensor
from detectkit.io.fixes import NO_FIXES, Fixes
from detectkit.io.format import Certainty, Probe, sibling
from detectkit.io.gssi import axes
from detectkit.io.gssi.dzg import read_dzg
from detectkit.io.gssi.dzx import Dzx, read_dzx
from detectkit.io.gssi.header import BLOCK_BYTES, TAGS, DztHeader
from detectkit.io.gssi.layout import STRUCTURAL, Layout, read_layout
from detectkit.io.gssi.traces import QUIET_WORDS, DztTraces, counts_scans
from detectkit.io.header import StreamHeader
from detectkit.io.marks import LazyMarks
from detectkit.io.notice import Notice
from detectkit.io.overrides import Overrides
from detectkit.io.recording import Recording, Stream
from detectkit.io.remarks import Remarks

LOOKED_AT = 256
"""Traces at the start whose two header words are looked at on opening."""


class GssiDzt:
    """Reader of GSSI .DZT recordings of 8, 16 and 32 bit with .DZG and .DZX side files.

    Samples arrive as int8, int16 or int32, offset removed. ``samples`` is as in the header;
    the first two words of a trace are no signal, so samples 0 and 1 repeat sample 2, and
    the words arrive as coordinates ``header_word_0`` and ``header_word_1``.
    """

    name = "gssi-dzt"
    structural = STRUCTURAL

    def recognise(self, probe: Probe) -> Certainty:
        """Tell from tag and figures of the first header block."""
        if len(probe.head) < BLOCK_BYTES:
            return Certainty.NO
        head = DztHeader.parse(probe.head)
        if not head.shape_plausible:
            return Certainty.NO
        if head.tag in TAGS and head.plausible:
            return Certainty.LIKELY
        gssi_tag = head.tag in TAGS and head.tag > 1
        fits = head.plausible and head.data_offset(head.channels) <= probe.size
        return Certainty.PLAUSIBLE if gssi_tag or fits else Certainty.NO

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Open a .DZT file: header blocks, side files and the first words of a few traces.

        Raises
        ------
        FormatError
            The file is shorter than a header, or its word length, trace length or time
            range is impossible and not given by the user.
        """
        remarks = Remarks(path)
        head = DztHeader.parse(_block(path, 0))
        layout = read_layout(path, head, overrides, remarks)
        side = _read_side_files(path, layout.channel(0).records // layout.channels)
        channels = [
            _channel(layout, head, index, overrides, remarks) for index in range(layout.channels)
        ]
        spacing = axes.spacing_m(head, side.dzx, remarks)
        streams = tuple(_stream(layout, one, side, spacing) for one in channels)
        _remark_on_words(layout, streams, remarks)
        _remark_on_the_end(layout, remarks)
        remarks.extend(side.notices)
        if side.dzx_path is not None:
            _remark_on_the_range(side.dzx, streams, remarks.about(side.dzx_path))
        return Recording(path, self.name, streams, remarks.notices, dict(overrides))


@dataclass(frozen=True, slots=True)
class _Side:
    fixes: Fixes
    dzx: Dzx
    dzx_path: Path | None
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class _Channel:
    index: int
    head: DztHeader
    interval_s: float
    first_twt_s: float
    antenna_hz: float | None


def _block(path: Path, offset: int) -> bytes:
    with path.open("rb") as handle:
        handle.seek(offset)
        block = handle.read(BLOCK_BYTES)
    if len(block) < BLOCK_BYTES:
        msg = (
            f"{path.name} at byte {offset + len(block):,}: expected a header block of "
            f"{BLOCK_BYTES} bytes, found {len(block)}; the file is cut"
        )
        raise FormatError(msg)
    return block


def _read_side_files(path: Path, traces: int) -> _Side:
    dzg_path, dzx_path = sibling(path, ".dzg"), sibling(path, ".dzx")
    fixes, dzg_notices = (NO_FIXES, ()) if dzg_path is None else read_dzg(dzg_path, traces)
    dzx = Dzx() if dzx_path is None else read_dzx(dzx_path)
    return _Side(fixes, dzx, dzx_path, (*dzg_notices, *dzx.notices))


def _channel(
    layout: Layout, first: DztHeader, index: int, overrides: Overrides, remarks: Remarks
) -> _Channel:
    head = first if index == 0 else _own_head(layout, first, index, remarks)
    interval = axes.interval_s(layout.path, head, layout.samples, overrides, remarks)
    first_twt = axes.first_twt_s(head, interval, layout.blank, remarks)
    freq_hz = axes.antenna(head, BLOCK_BYTES * index, remarks)
    return _Channel(index, head, interval, first_twt, freq_hz)


def _own_head(layout: Layout, first: DztHeader, index: int, remarks: Remarks) -> DztHeader:
    """Return the header block of a channel, or the first one's where it has none of its own."""
    offset = BLOCK_BYTES * index
    if offset + BLOCK_BYTES <= layout.offset:
        head = DztHeader.parse(_block(layout.path, offset))
        alike = (head.samples, head.bits) == (first.samples, first.bits)
        if alike and head.interval_s is not None:
            return head
    text = (
        f"channel {index + 1} has no usable header block; time range and antenna are taken "
        "from channel 1"
    )
    remarks.assumed(text, offset=offset, setting="sample_interval_s")
    return first


def _stream(layout: Layout, channel: _Channel, side: _Side, spacing: float | None) -> Stream:
    file = layout.channel(channel.index)
    traces = -(-max(0, file.records - channel.index) // layout.channels)
    looked_at = min(traces, LOOKED_AT)
    source = DztTraces(file, layout.blank, layout.offset_binary, layout.mark_words)
    counts = bool(layout.blank) and counts_scans(source.counters(0, looked_at))
    source = DztTraces(
        file,
        layout.blank,
        layout.offset_binary,
        layout.mark_words,
        side_marks=side.dzx.marks,
        counts=counts,
    )
    head = channel.head
    header = StreamHeader(
        sensor=Sensor(
            id="gpr" if channel.index == 0 else f"gpr-{channel.index + 1}",
            instrument=head.instrument,
            antenna_hz=channel.antenna_hz,
            full_scale=layout.full_scale,
            blank_samples=layout.blank,
        ),
        line=layout.path.stem,
        traces=traces,
        samples=layout.samples,
        sample_interval_s=channel.interval_s,
        first_twt_s=channel.first_twt_s,
        trace_spacing_m=spacing,
        marks=LazyMarks(source.marks),
        fixes=side.fixes,
        permittivity=head.ground_permittivity,
        counter_modulus=1 << layout.bits if counts else None,
        raw={**head.raw(), **{f"dzx.{name}": text for name, text in side.dzx.properties.items()}},
    )
    return Stream(header, source)


def _remark_on_words(layout: Layout, streams: tuple[Stream, ...], remarks: Remarks) -> None:
    if not layout.blank:
        return
    text = (
        "the first two words of each trace are not signal: they are kept as header_word_0 and "
        "header_word_1, and samples 0 and 1 repeat sample 2"
    )
    remarks.note(text)
    source = streams[0].source
    if isinstance(source, DztTraces):
        words = np.unique(source.flags(0, min(streams[0].traces, LOOKED_AT)))
        strange = set(words.tolist()) - {*layout.mark_words, *QUIET_WORDS[layout.bits]}
        if strange:
            shown = ", ".join(f"0x{word:X}" for word in sorted(strange)[:4])
            text = f"second words of traces hold {shown}, of unknown meaning; taken as no mark"
            remarks.assumed(text, setting="mark_word")


def _remark_on_the_end(layout: Layout, remarks: Remarks) -> None:
    file = layout.channel(0)
    if file.tail_bytes:
        text = (
            f"the last trace is cut: expected {file.record.itemsize} bytes, found "
            f"{file.tail_bytes}; all {file.records} whole traces are read"
        )
        remarks.warning(text, offset=file.tail_offset)
    if file.records % layout.channels:
        text = (
            f"{file.records} traces do not divide among {layout.channels} channels; the last "
            "channels have one trace less"
        )
        remarks.warning(text, offset=file.tail_offset)
    if file.records == 0:
        remarks.warning("the file holds no whole trace", offset=file.offset)


def _remark_on_the_range(dzx: Dzx, streams: tuple[Stream, ...], remarks: Remarks) -> None:
    last, traces = dzx.last_scan, streams[0].traces
    if last is None or last == traces - 1:
        return
    say = remarks.warning if last >= traces else remarks.note
    say(f"describes scans 0 to {last}, the recording has {traces} traces; all are read")
