"""The flight format's reader: opens lazily, gives one stream per sensor and line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Applied, Block, FormatError, Sensor
from detectkit.io.fixes import Fixes
from detectkit.io.flight.hdf5 import get_attribute, get_table, get_text, reading, texts_of
from detectkit.io.flight.layout import (
    DIMENSION,
    FORMAT,
    LAYOUT_VERSION,
    SIGNATURE,
    TEXT_GROUPS,
)
from detectkit.io.flight.notices import get_notices
from detectkit.io.format import Certainty, Probe
from detectkit.io.header import StreamHeader
from detectkit.io.overrides import Overrides
from detectkit.io.recording import Recording, Stream
from detectkit.io.records import Columns

if TYPE_CHECKING:
    import h5py


@dataclass(frozen=True, slots=True)
class FlightSource:
    """Rows of one line of one stream's group; opens the file for each read.

    So a recording holds no handle, can be sent to another process, and a file that is
    replaced or cut off while open gives an error.
    """

    path: Path
    group: str
    first_row: int
    columns: tuple[str, ...]

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], Columns]:
        """Return samples and the stored coordinates of rows `start` to `stop` of the line."""
        begin, end = self.first_row + start, self.first_row + stop
        with reading(self.path) as file:
            group = file["streams"][self.group]
            columns = {name: group[name][begin:end] for name in self.columns}
            data = group["data"][begin:end]
        wanted = stop - start
        if len(data) != wanted or any(len(values) != wanted for values in columns.values()):
            msg = (
                f"{self.path.name}: rows {begin} to {end} of {self.group!r} are not all there; "
                "did the file change while open?"
            )
            raise FormatError(msg)
        return data, columns


@dataclass(frozen=True, slots=True)
class FlightStream(Stream):
    """A stream that also knows its second dimension, its quantity and its history.

    Parameters
    ----------
    axis
        ``"delay"`` or ``"channel"``.
    axis_coords
        Coordinates of that dimension besides ``twt_s``.
    quantity, history
        As in the blocks that were written.
    """

    axis: str = "delay"
    axis_coords: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    quantity: str = "amplitude"
    history: tuple[Applied, ...] = ()

    def rows(self, start: int, stop: int) -> Block:
        """Return rows `start` to `stop` as one block, gaps ignored."""
        block = Stream.rows(self, start, stop)
        coords = {name: one for name, one in block.coords.items() if one[0] == "trace"}
        if self.axis == "delay":
            coords["twt_s"] = block.coords["twt_s"]
        coords.update({name: (self.axis, values) for name, values in self.axis_coords.items()})
        return replace(
            block,
            dims=("trace", self.axis),
            coords=coords,
            quantity=self.quantity,
            history=self.history,
        )


class Flight:
    """detectkit's own recordings: HDF5 with the root attribute ``format`` of its name."""

    name = FORMAT
    structural: Mapping[str, str] = MappingProxyType({})

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by the root attribute; of a file that HDF5 refuses, by its first bytes."""
        if not probe.head.startswith(SIGNATURE):
            return Certainty.NO
        try:
            with reading(probe.path) as file:
                ours = file.attrs.get("format") is not None and (
                    get_attribute(file, "format") == FORMAT
                )
        except FormatError:
            ours = FORMAT.encode() in probe.head
        return Certainty.CERTAIN if ours else Certainty.NO

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Open a flight: tables and texts are read, traces are not.

        Raises
        ------
        FormatError
            Damaged, cut off, incomplete, or of a later layout than this detectkit knows.
        """
        with reading(path) as file:
            version = int(file.attrs["layout_version"])
            _check_version(path, version)
            _check_complete(path, file)
            recording = LAYOUTS[version](path, file)
        return _without_stored_distance(recording, overrides)


def _check_version(path: Path, version: int) -> None:
    if version not in LAYOUTS:
        msg = (
            f"{path.name}: flight layout {version}, this detectkit reads up to "
            f"{LAYOUT_VERSION}; install a newer detectkit"
        )
        raise FormatError(msg)


def _check_complete(path: Path, file: h5py.File) -> None:
    if int(file.attrs["complete"]) != 1:
        msg = (
            f"{path.name}: the program that wrote it was stopped before the end; make it anew "
            "from the journal or the source file"
        )
        raise FormatError(msg)


def _read_layout_1(path: Path, file: h5py.File) -> Recording:
    groups = file["streams"]
    names = sorted(groups, key=lambda name: int(groups[name].attrs["order"]))
    streams = [one for name in names for one in _streams(path, name, groups[name])]
    attachments = _attachments(file)
    return Recording(path, FORMAT, tuple(streams), get_notices(file), attachments=attachments)


LAYOUTS: Mapping[int, Callable[[Path, Any], Recording]] = {1: _read_layout_1}
"""Layout version → function that reads it. An old version keeps its function forever."""


def _streams(path: Path, name: str, group: h5py.Group) -> list[FlightStream]:
    """Return one stream per line of a group; a group without traces has none."""
    if "data" not in group:
        return []
    rows, samples = group["data"].shape
    along = _coordinates(group, "trace")
    lengths = {one: group[one].shape for one in along}
    if any(shape != (rows,) for shape in lengths.values()):
        msg = f"{path.name}: {name!r} has {rows} traces, but its coordinates {lengths}"
        raise FormatError(msg)
    axis = get_attribute(group, "axis")
    axis_coords = {
        one: group[one][:]
        for one in _coordinates(group, "axis")
        if not (axis == "delay" and one == "twt_s")
    }
    history = tuple(Applied(**one) for one in json.loads(get_attribute(group, "history")))
    quantity = get_attribute(group, "quantity")
    return [
        FlightStream(
            header,
            FlightSource(path, name, first_row, tuple(along)),
            axis,
            axis_coords,
            quantity,
            history,
        )
        for first_row, header in _headers(group, rows, samples)
    ]


def _coordinates(group: h5py.Group, dimension: str) -> list[str]:
    """Return the coordinates along a dimension; groups in the stream carry no such mark."""
    return [
        name
        for name, one in group.items()
        if DIMENSION in one.attrs and get_attribute(one, DIMENSION) == dimension
    ]


def _headers(group: h5py.Group, rows: int, samples: int) -> list[tuple[int, StreamHeader]]:
    """Return (first row, header) of each line."""
    common = _common_header(group, samples)
    lines, segments, marks, fixes = (
        get_table(group, name) for name in ("lines", "segments", "marks", "fixes")
    )
    bounds = [*lines["first_row"].tolist(), rows]
    names = texts_of(lines["name"])
    headers = []
    for number, (line, (first, stop)) in enumerate(zip(names, pairwise(bounds), strict=True)):
        header = replace(
            common,
            line=line,
            traces=_checked(first, stop),
            marks=tuple(marks["trace"][marks["line"] == number].tolist()),
            fixes=_fixes_of(fixes, number),
            segments=_segments_of(segments, number),
        )
        headers.append((first, header))
    return headers


def _common_header(group: h5py.Group, samples: int) -> StreamHeader:
    """Return what all lines of a group share."""
    permittivity, spacing = (group.attrs.get(key) for key in ("permittivity", "trace_spacing_m"))
    return StreamHeader(
        sensor=Sensor.from_dict(json.loads(get_attribute(group, "sensor"))),
        line="",
        traces=0,
        samples=int(samples),
        sample_interval_s=float(group.attrs.get("sample_interval_s", np.nan)),
        first_twt_s=float(group.attrs.get("first_twt_s", np.nan)),
        trace_spacing_m=None if spacing is None else float(spacing),
        permittivity=None if permittivity is None else float(permittivity),
        raw=json.loads(get_text(group["header"], "json")),
    )


def _checked(first: int, stop: int) -> int:
    if not 0 <= first <= stop:
        msg = f"a line cannot run from row {first} to {stop}"
        raise ValueError(msg)
    return stop - first


def _segments_of(table: Mapping[str, npt.NDArray[Any]], number: int) -> tuple[tuple[int, int], ...]:
    mine = table["line"] == number
    rows, traces = table["first_row"][mine].tolist(), table["first_trace"][mine].tolist()
    return tuple(zip(rows, traces, strict=True))


def _fixes_of(table: Mapping[str, npt.NDArray[Any]], number: int) -> Fixes:
    mine = table["line"] == number
    return Fixes(
        table["row"][mine],
        table["longitude_deg"][mine],
        table["latitude_deg"][mine],
        table["up_m"][mine],
        table["quality"][mine],
    )


def _attachments(file: h5py.File) -> dict[str, str]:
    texts = {
        f"{group}/{name}": get_text(file[group], name)
        for group in TEXT_GROUPS
        if group in file
        for name in file[group]
        if name != "entry"
    }
    return {name.removeprefix("attachments/"): text for name, text in texts.items()}


def _without_stored_distance(recording: Recording, overrides: Overrides) -> Recording:
    """Let a spacing that the user sets win over the distance stored with the traces."""
    if "trace_spacing_m" not in overrides:
        return recording
    streams: Sequence[Stream] = [_recounted(stream) for stream in recording.streams]
    return replace(recording, streams=tuple(streams))


def _recounted(stream: Stream) -> Stream:
    if not isinstance(stream.source, FlightSource):
        return stream
    columns = tuple(name for name in stream.source.columns if name != "along_track_m")
    return replace(stream, source=replace(stream.source, columns=columns))
