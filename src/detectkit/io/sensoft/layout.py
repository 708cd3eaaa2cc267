"""How long a DT1's records are: the .HD and the trace header may disagree, the file decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detectkit.core import FormatError
from detectkit.io.overrides import Overrides
from detectkit.io.records import RecordFile
from detectkit.io.remarks import Remarks
from detectkit.io.sensoft.hd import HdHeader
from detectkit.io.sensoft.traces import HEADER, SAMPLE_TYPES, record_type

_MOST_SAMPLES = 1_000_000


@dataclass(frozen=True, slots=True)
class Layout:
    """The chosen records of a DT1 file."""

    records: RecordFile
    samples: int
    sample_type: str


def choose_layout(path: Path, hd: HdHeader, overrides: Overrides, remarks: Remarks) -> Layout:
    """Choose points per trace and their number type, and say where sources disagree.

    Raises
    ------
    FormatError
        Neither the .HD nor the trace header gives a length of which the file holds one trace.
    """
    size = path.stat().st_size
    first = _first_header(path, size)
    sample_type = _sample_type(first, overrides, remarks)
    width = np.dtype(SAMPLE_TYPES[sample_type]).itemsize
    told = {
        "samples": overrides.integer("samples", None),
        "NUMBER OF PTS/TRC": _whole(hd.number("NUMBER OF PTS/TRC")),
        "the trace header": _whole(float(first["points"])),
    }
    fitting = [
        (source, points)
        for source, points in told.items()
        if points and HEADER.itemsize + points * width <= size
    ]
    if not fitting:
        msg = (
            f"{path.name} at byte 8: expected points per trace that fit {size:,} bytes, found "
            f"{', '.join(f'{source} = {points}' for source, points in told.items())}; "
            "give --set samples=N"
        )
        raise FormatError(msg)
    source, samples = _best(path, fitting, told["samples"], width)
    _report(told, source, samples, remarks)
    records = RecordFile(path, 0, record_type(samples, sample_type))
    if records.tail_bytes:
        text = (
            f"{records.tail_bytes} bytes after the last whole trace ({records.records} traces of "
            f"{records.record.itemsize} bytes): the file was cut"
        )
        remarks.warning(text, offset=records.tail_offset)
    return Layout(records, samples, sample_type)


def _first_header(path: Path, size: int) -> np.void:
    if size < HEADER.itemsize:
        msg = (
            f"{path.name} at byte 0: expected a trace header of {HEADER.itemsize} bytes, "
            f"found {size}"
        )
        raise FormatError(msg)
    first: np.void = np.fromfile(path, HEADER, count=1)[0]
    return first


def _whole(value: float | None) -> int | None:
    if value is None or not 1.0 <= value <= _MOST_SAMPLES:
        return None
    return int(value) if value == int(value) else None


def _best(
    path: Path, fitting: list[tuple[str, int]], given: int | None, width: int
) -> tuple[str, int]:
    """Return the user's choice, else what trace 2 repeats, else what divides the file."""
    if given is not None:
        return fitting[0]
    size = path.stat().st_size
    records = {points: HEADER.itemsize + points * width for _, points in fitting}
    repeated = [one for one in fitting if one[1] in _second_points(path, records[one[1]])]
    dividing = [one for one in fitting if size % records[one[1]] == 0]
    return [*repeated, *dividing, *fitting][0]


def _second_points(path: Path, record: int) -> Iterator[int]:
    second = np.fromfile(path, HEADER, count=1, offset=record)
    if second.size and np.isfinite(second["points"][0]):
        yield int(second["points"][0])


def _report(told: dict[str, int | None], source: str, samples: int, remarks: Remarks) -> None:
    others = {name: points for name, points in told.items() if points not in {None, samples}}
    if others:
        said = ", ".join(f"{name} = {points}" for name, points in others.items())
        text = f"{samples} points per trace from {source}; {said} disagrees: give samples=N"
        remarks.warning(text, offset=8)


def _sample_type(first: np.void, overrides: Overrides, remarks: Remarks) -> str:
    given = overrides.choice("sample_type", SAMPLE_TYPES, None)
    if given is not None:
        return given
    width = float(first["bytes_per_point"])
    if width == 2.0:
        return "int16"
    chosen = "int32" if width == 4.0 else "int16"
    text = f"bytes per point is {width:g}, not 2; {chosen} assumed"
    remarks.assumed(text, offset=20, setting="sample_type")
    return chosen
