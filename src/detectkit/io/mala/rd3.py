"""MALA .rd3 (16 bit) and .rd7 (32 bit): the reader. Opens from the data file or its .rad.

Known from real files: .rd3 with .rad. From the format's description only, not
checked on a real file: .rd7, .cor and .mrk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, MissingSideFileError, Sensor
from detectkit.io.fixes import NO_FIXES, Fixes
from detectkit.io.format import Certainty, Probe, sibling
from detectkit.io.header import StreamHeader
from detectkit.io.mala.cor import read_cor, read_mrk
from detectkit.io.mala.rad import Rad, looks_like_rad, read_rad
from detectkit.io.notice import Notice
from detectkit.io.overrides import Overrides
from detectkit.io.recording import Recording, Stream
from detectkit.io.records import Columns, RecordFile
from detectkit.io.remarks import Remarks

DATA_SUFFIXES = (".rd3", ".rd7")
SUFFIX_BITS = {".rd3": 16, ".rd7": 32}
MOST_TRACE_BYTES = 1 << 26


class Mala:
    """Reader of MALA recordings: .rd3 or .rd7 with .rad, .cor and .mrk.

    Samples arrive as int16 or int32. The time axis comes from FREQUENCY; TIMEWINDOW is only
    compared with it. The first sample is taken to be at 0 ns: SIGNAL POSITION is not used.
    """

    name = "mala"
    structural: Mapping[str, str] = MappingProxyType(
        {
            "data_offset": "byte at which the traces begin",
            "samples": "samples per trace",
            "bits": "bits per sample: 16 or 32",
            "byte_order": "of the samples: little or big",
        }
    )

    def recognise(self, probe: Probe) -> Certainty:
        """Tell from the text of the .rad, or from how the data fit the .rad beside them."""
        try:
            return _certainty(probe)
        except OSError:
            return Certainty.NO

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Open a recording from its data file or its .rad.

        Raises
        ------
        MissingSideFileError
            The .rad, or the data of a .rad, is not there; without the .rad the user can give
            ``samples`` and ``sample_interval_s``.
        FormatError
            The .rad tells no trace length or sampling frequency, and neither does the user.
        """
        data, rad = _files(path, overrides)
        remarks = Remarks(data)
        remarks.extend(rad.notices)
        file = _records(data, rad, overrides, remarks)
        interval = _interval_s(rad, overrides)
        fixes, marks = _side_files(data, file.records, remarks)
        header = _header(data, rad, file, interval, fixes, marks)
        _remark_on_the_end(file, rad, remarks)
        _remark_on_the_header(rad, header, remarks.about(rad.path))
        stream = Stream(header, MalaTraces(file))
        return Recording(data, self.name, (stream,), remarks.notices, dict(overrides))


@dataclass(frozen=True, slots=True)
class MalaTraces:
    """Signed samples as they stand in the file, in this machine's byte order."""

    file: RecordFile

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], Columns]:
        """Return samples (stop - start, samples) and no further columns."""
        words = self.file.read(start, stop)["words"]
        return words.astype(words.dtype.newbyteorder("="), copy=False), {}


def _certainty(probe: Probe) -> Certainty:
    if looks_like_rad(probe.head):
        return Certainty.LIKELY if probe.sibling(*DATA_SUFFIXES) else Certainty.PLAUSIBLE
    named = probe.path.suffix.lower() in DATA_SUFFIXES
    beside = probe.sibling(".rad")
    if beside is None:
        return Certainty.PLAUSIBLE if named else Certainty.NO
    rad = read_rad(beside)
    last, samples = rad.whole("LAST TRACE"), rad.samples
    if samples is None:
        return Certainty.NO
    fits = bool(last) and probe.size in (2 * samples * (last or 0), 4 * samples * (last or 0))
    return Certainty.PLAUSIBLE if named or fits else Certainty.NO


def _files(path: Path, overrides: Overrides) -> tuple[Path, Rad]:
    """Return the data file and the header of a recording of which `path` is either."""
    with path.open("rb") as handle:
        head = handle.read(8192)
    if path.suffix.lower() == ".rad" or looks_like_rad(head):
        data = sibling(path, *DATA_SUFFIXES)
        if data is None:
            msg = f"{path.name} is a MALA header; its data {path.stem}.rd3 or .rd7 is not there"
            raise MissingSideFileError(msg)
        return data, read_rad(path)
    beside = sibling(path, ".rad")
    if beside is not None:
        return path, read_rad(beside)
    if {"samples", "sample_interval_s"} <= set(overrides):
        text = "no .rad is there; trace length and time axis are as given by --set"
        return path, Rad(path, {}, (Notice("warning", text, path.name),))
    msg = (
        f"{path.name} needs its header {path.stem}.rad, which is not there; put it beside, or "
        "give --set samples=512 --set sample_interval_s=1e-10"
    )
    raise MissingSideFileError(msg)


def _records(data: Path, rad: Rad, overrides: Overrides, remarks: Remarks) -> RecordFile:
    samples = overrides.integer("samples", rad.samples)
    if samples is None or samples < 1:
        found = rad.pairs.get("SAMPLES", "nothing")
        msg = (
            f"{rad.path.name} at byte 0: expected SAMPLES: a whole number from 1 up, found "
            f"{samples if samples is not None else found}; give it with --set samples=512"
        )
        raise FormatError(msg)
    bits = overrides.integer("bits", None) or _bits(data, rad, samples, remarks)
    offset = overrides.integer("data_offset", 0)
    _check_geometry(data, samples, bits, offset)
    order = ">" if overrides.choice("byte_order", ("little", "big"), "little") == "big" else "<"
    record = np.dtype([("words", f"{order}i{bits // 8}", (samples,))])
    return RecordFile(data, offset, record)


def _check_geometry(data: Path, samples: int, bits: int, offset: int) -> None:
    if bits not in (16, 32):
        msg = f"--set bits={bits}: use 16 (.rd3) or 32 (.rd7)"
        raise FormatError(msg)
    if samples * (bits // 8) > MOST_TRACE_BYTES:
        msg = f"{data.name}: {samples} samples per trace are not possible; use --set samples=512"
        raise FormatError(msg)
    size = data.stat().st_size
    if offset > size:
        msg = f"{data.name}: ends at byte {size:,}, before --set data_offset={offset}"
        raise FormatError(msg)


def _bits(data: Path, rad: Rad, samples: int, remarks: Remarks) -> int:
    named = SUFFIX_BITS.get(data.suffix.lower())
    last = rad.whole("LAST TRACE")
    size = data.stat().st_size
    fitting = [bits for bits in (16, 32) if last and size == last * samples * bits // 8]
    if named is None and not fitting:
        text = "neither suffix nor size tell the bits per sample; taken as 16"
        remarks.assumed(text, setting="bits")
    if named and fitting and named not in fitting:
        text = (
            f"its size fits LAST TRACE with {fitting[0]} bits per sample, its suffix says "
            f"{named}; read with {named}"
        )
        remarks.warning(text, setting="bits")
    return named or (fitting[0] if fitting else 16)


def _interval_s(rad: Rad, overrides: Overrides) -> float:
    given = overrides.number("sample_interval_s", None)
    interval = given if given is not None and given > 0.0 else rad.interval_s
    if interval is None:
        msg = (
            f"{rad.path.name} at byte 0: expected FREQUENCY: the sampling frequency in MHz, "
            f"found {rad.pairs.get('FREQUENCY', 'nothing')!r}; "
            "give --set sample_interval_s=1e-10"
        )
        raise FormatError(msg)
    return interval


def _side_files(data: Path, traces: int, remarks: Remarks) -> tuple[Fixes, tuple[int, ...]]:
    cor, mrk = sibling(data, ".cor"), sibling(data, ".mrk")
    fixes, cor_notices = (NO_FIXES, ()) if cor is None else read_cor(cor, traces)
    marks, mrk_notices = ((), ()) if mrk is None else read_mrk(mrk, traces)
    remarks.extend((*cor_notices, *mrk_notices))
    return fixes, marks


def _header(
    data: Path, rad: Rad, file: RecordFile, interval: float, fixes: Fixes, marks: tuple[int, ...]
) -> StreamHeader:
    word, (samples,) = file.record["words"].subdtype or (file.record, (0,))
    half = float(1 << (8 * word.itemsize - 1))
    sensor = Sensor(
        instrument="MALA",
        antenna_hz=rad.antenna_hz,
        antenna_separation_m=rad.separation_m,
        full_scale=(-half, half - 1.0),
    )
    return StreamHeader(
        sensor=sensor,
        line=data.stem,
        traces=file.records,
        samples=samples,
        sample_interval_s=interval,
        trace_spacing_m=rad.spacing_m,
        marks=marks,
        fixes=fixes,
        raw=dict(rad.pairs),
    )


def _remark_on_the_end(file: RecordFile, rad: Rad, remarks: Remarks) -> None:
    last = rad.whole("LAST TRACE")
    if file.tail_bytes:
        text = (
            f"the last trace is cut: expected {file.record.itemsize} bytes, found "
            f"{file.tail_bytes}; all {file.records} whole traces are read"
        )
        remarks.warning(text, offset=file.tail_offset)
    if last is not None and last != file.records:
        text = f"the .rad says {last} traces, the file has {file.records}; all of these are read"
        remarks.warning(text, offset=file.tail_offset)
    if file.records == 0:
        remarks.warning("the file holds no whole trace", offset=file.offset)


def _remark_on_the_header(rad: Rad, header: StreamHeader, remarks: Remarks) -> None:
    window = rad.number("TIMEWINDOW")
    sampled_ns = 1e9 * header.samples * header.sample_interval_s
    if window is not None and abs(window - sampled_ns) > 0.01 * sampled_ns:
        text = (
            f"TIMEWINDOW {window:g} ns disagrees with SAMPLES / FREQUENCY = {sampled_ns:.6g} ns; "
            "the latter is used"
        )
        remarks.warning(text, setting="sample_interval_s")
    if rad.pairs:
        text = f"SIGNAL POSITION {rad.pairs.get('SIGNAL POSITION', '-')} is not used; the first "
        remarks.assumed(f"{text}sample is taken to be at 0 ns", setting="first_twt_s")
    _remark_on_distance(rad, remarks)
    if rad.antenna_hz is None:
        text = f"ANTENNAS {rad.pairs.get('ANTENNAS', '')!r} does not plainly tell a frequency"
        remarks.assumed(f"{text}; taken as unknown", setting="antenna_hz")
    if (rad.number("POSITIVE DIRECTION") or 0.0) < 0.0:
        remarks.note("POSITIVE DIRECTION is negative: the wheel's sign; traces stay as recorded")


def _remark_on_distance(rad: Rad, remarks: Remarks) -> None:
    key, nominal = "trace_spacing_m", rad.number("DISTANCE INTERVAL") or 0.0
    if rad.by_time and nominal > 0.0:
        text = f"TIME FLAG 1, time mode: DISTANCE INTERVAL {nominal:g} m is not used"
        remarks.note(text, setting=key)
    elif rad.by_time:
        remarks.note("time mode: the recording has no distance", setting=key)
    elif rad.spacing_m is None:
        remarks.warning(f"DISTANCE INTERVAL {nominal:g} is no distance; not used", setting=key)
