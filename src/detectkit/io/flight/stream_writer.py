"""One sensor stream of a flight that is being written: blocks in, chunks out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from detectkit.core import VOCABULARY, Block, ShapeError, UsageError
from detectkit.io.fixes import NO_FIXES, Fixes
from detectkit.io.flight.column import Column
from detectkit.io.flight.hdf5 import (
    dimension,
    put_attribute,
    put_table,
    put_text,
    text_column,
)
from detectkit.io.flight.layout import (
    DIMENSION,
    RESERVED,
    Compression,
    as_json,
    cf_units,
)

if TYPE_CHECKING:
    import h5py


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What is known of a stream besides its blocks.

    Parameters
    ----------
    sample_interval_s, first_twt_s
        The fast-time axis as the source states it; None: taken from ``twt_s`` of the blocks.
    permittivity
        Relative permittivity that the operator set.
    header
        The source's own header, for `inspect`.
    compression
        Of the samples; coordinates are always packed, they are few.
    """

    sample_interval_s: float | None = None
    first_twt_s: float | None = None
    permittivity: float | None = None
    header: Mapping[str, Any] = field(default_factory=dict)
    compression: Compression = "auto"


@dataclass(slots=True)
class _Run:
    """The rows of one line: where they begin, their gaps, their marks."""

    line: str
    first_row: int
    segments: list[tuple[int, int]]
    next_trace: int
    marks: list[int] = field(default_factory=list)


class StreamWriter:
    """Takes the blocks of one sensor, of any length; memory stays at about one chunk.

    Made by `FlightWriter.stream`. The first block, which may be empty, settles the sensor, the
    shape, the number type and the coordinates; later ones must have the same. A new line or
    a jump of ``first_trace`` is kept as a segment.
    """

    def __init__(
        self,
        group: h5py.Group,
        settings: StreamSettings,
        writing: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._group = group
        self._settings = settings
        self._writing = writing
        self._first: Block | None = None
        self._samples: Column | None = None
        self._columns: dict[str, Column] = {}
        self._runs: list[_Run] = []
        self._fixes: dict[str, Fixes] = {}
        self._rows = 0
        self._finished = False

    def append(self, block: Block) -> None:
        """Write the next traces.

        Raises
        ------
        ShapeError
            Another sensor, shape, number type or set of coordinates than the first block.
        FlightWriteError
            The disk is full or failed.
        """
        if self._finished:
            msg = f"line {block.line!r}: the stream is finished; open another stream"
            raise UsageError(msg)
        with self._writing():
            if self._first is None or self._samples is None:
                self._first, self._samples = block.traces(0, 0), self._create(block)
            _check_same(self._first, block)
            if len(block) or not self._runs:
                self._note(block)
            self._samples.append(block.data)
            for name, column in self._columns.items():
                if block.coords[name][0] == "trace":
                    column.append(block.coord(name))
        self._rows += len(block)

    def fixes(self, line: str, fixes: Fixes) -> None:
        """Keep the fixes of a line as recorded, valid or not.

        Parameters
        ----------
        line
            Name of the line, as in the blocks; before or after they are appended.
        fixes
            Rows count from the line's first.
        """
        self._fixes[line] = fixes

    def finish(self) -> None:
        """Write what is held back and the tables, and let the memory go.

        The flight does it at its end; do it earlier where many streams follow each other.
        """
        if not self._finished and self._first is not None and self._samples is not None:
            with self._writing():
                self._finish(self._first, self._samples)
        self._finished, self._samples, self._columns = True, None, {}

    def _finish(self, first: Block, samples: Column) -> None:
        scales = {
            "trace": dimension(self._group, "trace", self._rows),
            "axis": dimension(self._group, first.dims[1], first.data.shape[1]),
        }
        dataset = samples.finish()
        dataset.dims[0].attach_scale(scales["trace"])
        dataset.dims[1].attach_scale(scales["axis"])
        for name, column in self._columns.items():
            column.finish().dims[0].attach_scale(scales[_along(first, name)])
        self._write_tables()

    def _create(self, block: Block) -> Column:
        if block.data.dtype.kind not in "iuf" or block.data.shape[1] == 0:
            msg = (
                f"a flight stores real numbers, at least one per trace; got {block.data.dtype} "
                f"of shape {block.data.shape}"
            )
            raise ShapeError(msg)
        self._describe(block)
        for name, (along, values) in block.coords.items():
            if name in RESERVED or "/" in name or name.startswith("."):
                msg = f"a coordinate cannot be called {name!r}; rename it before it is written"
                raise UsageError(msg)
            attributes = {**_label(name), DIMENSION: _along(block, name)}
            column = Column.like(
                values, self._group, name, attributes=attributes, compression="gzip"
            )
            if along != "trace":
                column.append(values)
            self._columns[name] = column
        return Column.like(
            block.data,
            self._group,
            "data",
            attributes={**_label(block.quantity), "coordinates": " ".join(sorted(block.coords))},
            compression=self._settings.compression,
        )

    def _describe(self, block: Block) -> None:
        settings, group = self._settings, self._group
        put_attribute(group, "sensor", as_json(block.sensor.to_dict()))
        put_attribute(group, "axis", block.dims[1])
        put_attribute(group, "quantity", block.quantity)
        put_attribute(group, "history", as_json([asdict(one) for one in block.history]))
        for name, value in _axis(block, settings).items():
            group.attrs[name] = np.float64(value)
        if block.trace_spacing_m is not None:
            group.attrs["trace_spacing_m"] = np.float64(block.trace_spacing_m)
        if settings.permittivity is not None:
            group.attrs["permittivity"] = np.float64(settings.permittivity)
        put_text(group.create_group("header"), "json", as_json(settings.header))

    def _note(self, block: Block) -> None:
        run = self._runs[-1] if self._runs else None
        if run is None or run.line != block.line:
            start = (0, block.first_trace)
            run = _Run(block.line, self._rows, [start], block.first_trace)
            self._runs.append(run)
        row = self._rows - run.first_row
        if row == 0:
            run.segments = [(0, block.first_trace)]
        elif block.first_trace != run.next_trace:
            run.segments.append((row, block.first_trace))
        run.next_trace = block.stop_trace
        if "mark" in block.coords:
            run.marks += (np.flatnonzero(block.coord("mark")) + row + 1).tolist()

    def _write_tables(self) -> None:
        runs = self._runs
        unknown = sorted(set(self._fixes) - {run.line for run in runs})
        if unknown:
            have = ", ".join(repr(run.line) for run in runs)
            msg = f"fixes were given for line {unknown[0]!r}, but the traces are of {have}"
            raise UsageError(msg)
        put_table(self._group, "lines", _lines(runs))
        put_table(self._group, "segments", _segments(runs))
        put_table(self._group, "marks", _marks(runs))
        put_table(self._group, "fixes", _fixes(runs, self._fixes), units=_FIX_UNITS)


_FIX_UNITS = {"longitude_deg": "degree_east", "latitude_deg": "degree_north", "up_m": "m"}


def _label(name: str) -> dict[str, str]:
    term = VOCABULARY.get(name)
    return {"units": cf_units(name), "long_name": name if term is None else term.meaning}


def _along(block: Block, name: str) -> str:
    """Return how the layout names the dimension of a coordinate."""
    return "trace" if block.coords[name][0] == "trace" else "axis"


def _axis(block: Block, settings: StreamSettings) -> dict[str, float]:
    """Return the two figures of the fast-time axis; none for detectors, which have no delay."""
    if settings.sample_interval_s is not None:
        first = 0.0 if settings.first_twt_s is None else settings.first_twt_s
        return {"sample_interval_s": settings.sample_interval_s, "first_twt_s": first}
    if "twt_s" not in block.coords:
        if block.dims[1] == "delay":
            msg = "blocks with a delay axis need the coordinate 'twt_s' or a sample_interval_s"
            raise ShapeError(msg)
        return {}
    return _uniform(block.coord("twt_s"))


def _uniform(twt_s: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return first value and step that give the axis back, to the bit wherever one does."""
    first, steps = float(twt_s[0]), max(1, twt_s.size - 1)
    mean = float(twt_s[-1] - first) / steps
    index = np.arange(twt_s.size)
    candidates = [mean, float(f"{mean:.12g}"), float(np.diff(twt_s[:2]).sum())]
    error = [float(np.abs(first + step * index - twt_s).max()) for step in candidates]
    best = int(np.argmin(error))
    if not error[best] <= 1e-3 * abs(mean):
        msg = (
            f"the delay axis is not uniform: off by up to {error[best]:.3g} s at a step of "
            f"{mean:.3g} s; resample it before it is written"
        )
        raise ShapeError(msg)
    return {"sample_interval_s": candidates[best], "first_twt_s": first}


def _check_same(first: Block, block: Block) -> None:
    for what, one, other in (
        ("sensor", first.sensor, block.sensor),
        ("shape", (first.dims, first.data.shape[1]), (block.dims, block.data.shape[1])),
        ("number type", first.data.dtype, block.data.dtype),
        ("coordinates", _kinds(first), _kinds(block)),
        ("trace spacing", first.trace_spacing_m, block.trace_spacing_m),
        ("quantity and history", _made(first), _made(block)),
    ):
        if one != other:
            msg = (
                f"line {block.line!r}, trace {block.first_trace}: {what} was {one}, is {other}; "
                "open another stream for it"
            )
            raise ShapeError(msg)


def _kinds(block: Block) -> dict[str, str]:
    return {name: f"{along} {column.dtype}" for name, (along, column) in block.coords.items()}


def _made(block: Block) -> tuple[Any, ...]:
    return (block.quantity, block.history)


def _lines(runs: Sequence[_Run]) -> dict[str, npt.NDArray[Any]]:
    return {
        "name": text_column([run.line for run in runs]),
        "first_row": np.array([run.first_row for run in runs], np.int64),
    }


def _segments(runs: Sequence[_Run]) -> dict[str, npt.NDArray[Any]]:
    rows = [(number, *one) for number, run in enumerate(runs) for one in run.segments]
    table = np.array(rows, np.int64).reshape(len(rows), 3)
    return {"line": table[:, 0], "first_row": table[:, 1], "first_trace": table[:, 2]}


def _marks(runs: Sequence[_Run]) -> dict[str, npt.NDArray[Any]]:
    rows = [(number, mark) for number, run in enumerate(runs) for mark in run.marks]
    table = np.array(rows, np.int64).reshape(len(rows), 2)
    return {"line": table[:, 0], "trace": table[:, 1]}


def _fixes(runs: Sequence[_Run], by_line: Mapping[str, Fixes]) -> dict[str, npt.NDArray[Any]]:
    """Return the fixes of all runs; of a line that was resumed, the first run has them."""
    names = [run.line for run in runs]
    own = [name not in names[:number] for number, name in enumerate(names)]
    tables = [
        by_line.get(name, NO_FIXES) if first else NO_FIXES
        for name, first in zip(names, own, strict=True)
    ]
    numbers = [np.full(len(one), number, np.int64) for number, one in enumerate(tables)]
    columns = {"line": np.concatenate(numbers)}
    for name in ("row", "longitude_deg", "latitude_deg", "up_m", "quality"):
        columns[name] = np.concatenate([getattr(one, name) for one in tables])
    return columns
