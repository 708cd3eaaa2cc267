"""Block: an immutable run of consecutive traces from one sensor.

A live chunk, a whole line and a training window are all Blocks, closed under slicing
(`Block.traces`) and joining (`concat`). Arrays are write-protected. There is no silent
alignment: a dropped trace shows as a jump of ``first_trace`` and cannot be joined away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError
from detectkit.core.sensor import Sensor
from detectkit.core.spec import BlockSpec

Coord = tuple[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Applied:
    """One step in a block's history: its name and the digest of its settings."""

    step: str
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A run of consecutive traces from one sensor.

    Parameters
    ----------
    data
        Shape (trace, delay) or (trace, channel); row = trace.
    dims
        Names of the two dimensions.
    coords
        Name → (dimension, one value per index of that dimension). Names and units are
        those of `detectkit.core.VOCABULARY`.
    sensor
        What measured them.
    line
        Identifier of the survey line; a new one starts all steps afresh.
    first_trace
        Counter of row 0 within the line, so that gaps show.
    history
        The steps applied so far.
    trace_spacing_m
        Nominal distance between traces in m, None when the recording has none.
    quantity
        Vocabulary name of what `data` holds.

    Examples
    --------
    >>> block = Block(np.zeros((4, 3), np.float32), line="L1", first_trace=10)
    >>> block.traces(1, 3).first_trace
    11
    """

    data: npt.NDArray[Any]
    dims: tuple[str, str] = ("trace", "delay")
    coords: Mapping[str, Coord] = field(default_factory=dict)
    sensor: Sensor = Sensor()
    line: str = ""
    first_trace: int = 0
    history: tuple[Applied, ...] = ()
    trace_spacing_m: float | None = None
    quantity: str = "amplitude"

    def __post_init__(self) -> None:
        if self.data.ndim != 2 or self.dims[0] != "trace" or len(self.dims) != 2:
            msg = (
                f"a block is (trace, delay) or (trace, channel); "
                f"got dims {self.dims} and shape {self.data.shape}"
            )
            raise ShapeError(msg)
        lengths = dict(zip(self.dims, self.data.shape, strict=True))
        for name, (dim, values) in self.coords.items():
            if values.ndim != 1 or lengths.get(dim) != values.shape[0]:
                msg = f"coordinate {name!r} {values.shape} does not fit {dim!r} of {lengths}"
                raise ShapeError(msg)
        object.__setattr__(self, "data", _frozen(self.data))
        coords = {name: (dim, _frozen(values)) for name, (dim, values) in self.coords.items()}
        object.__setattr__(self, "coords", MappingProxyType(coords))

    def __len__(self) -> int:
        return int(self.data.shape[0])

    @property
    def stop_trace(self) -> int:
        """Counter of the trace that would follow the last row."""
        return self.first_trace + len(self)

    @property
    def spec(self) -> BlockSpec:
        """What blocks like this one look like."""
        twt = self.coords.get("twt_s")
        first, interval = (0.0, None) if twt is None else _axis(twt[1])
        return BlockSpec(
            dims=self.dims,
            samples=int(self.data.shape[1]),
            sensor=self.sensor,
            coords=frozenset(self.coords),
            sample_interval_s=interval,
            first_twt_s=first,
            trace_spacing_m=self.trace_spacing_m,
            quantity=self.quantity,
        )

    def coord(self, name: str) -> npt.NDArray[Any]:
        """Return the values of one coordinate.

        Raises
        ------
        ShapeError
            The block has no such coordinate; the message lists those it has.
        """
        if name not in self.coords:
            have = ", ".join(sorted(self.coords)) or "none"
            msg = f"block of line {self.line!r} has no coordinate {name!r}; it has: {have}"
            raise ShapeError(msg)
        return self.coords[name][1]

    def traces(self, start: int, stop: int) -> Block:
        """Return rows `start` to `stop` (0-based, within the block) as a view."""
        start, stop, _ = slice(start, stop).indices(len(self))
        stop = max(start, stop)
        coords = {
            name: (dim, values[start:stop] if dim == "trace" else values)
            for name, (dim, values) in self.coords.items()
        }
        return replace(
            self,
            data=self.data[start:stop],
            coords=coords,
            first_trace=self.first_trace + start,
        )

    def with_data(
        self, data: npt.NDArray[Any], *, coords: Mapping[str, Coord] | None = None
    ) -> Block:
        """Return the block with other samples and, where given, added or replaced coordinates."""
        merged = {**self.coords, **coords} if coords else self.coords
        return replace(self, data=data, coords=merged)

    def noted(self, applied: Applied) -> Block:
        """Return the block with one more step in its history."""
        return replace(self, history=(*self.history, applied))


def concat(blocks: Sequence[Block]) -> Block:
    """Join consecutive blocks of one line.

    Raises
    ------
    ShapeError
        No blocks, or two neighbours are not consecutive traces of one line, sensor and
        set of coordinates: traces are never joined over a gap.
    """
    if not blocks:
        msg = "concat needs at least one block"
        raise ShapeError(msg)
    first = blocks[0]
    if len(blocks) == 1:
        return first
    for before, after in pairwise(blocks):
        _check_consecutive(before, after)
    coords = {
        name: (dim, np.concatenate([b.coords[name][1] for b in blocks]) if dim == "trace" else one)
        for name, (dim, one) in first.coords.items()
    }
    return replace(first, data=np.concatenate([b.data for b in blocks]), coords=coords)


def follows(before: Block, after: Block) -> bool:
    """Tell whether `after` continues `before` without gap, new line or changed setting."""
    return (
        after.first_trace == before.stop_trace
        and after.line == before.line
        and after.sensor == before.sensor
        and _same_axes(before, after)
    )


def _same_axes(before: Block, after: Block) -> bool:
    """Tell whether the samples of both mean the same and stand at the same places."""
    shape = (before.dims, before.data.shape[1], before.quantity, before.trace_spacing_m)
    if shape != (after.dims, after.data.shape[1], after.quantity, after.trace_spacing_m):
        return False
    axes = [name for name, (dim, _) in before.coords.items() if dim != "trace"]
    return all(
        name in after.coords and np.array_equal(before.coords[name][1], after.coords[name][1])
        for name in axes
    )


def _check_consecutive(before: Block, after: Block) -> None:
    if not follows(before, after) or before.coords.keys() != after.coords.keys():
        msg = (
            f"cannot join: {before.line!r} ends before trace {before.stop_trace} with coords "
            f"{sorted(before.coords)}, {after.line!r} starts at trace {after.first_trace} "
            f"with coords {sorted(after.coords)}; over a gap, or with another line, sensor, axis "
            "or set of coords they stay separate blocks"
        )
        raise ShapeError(msg)


def _frozen(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if not values.flags.writeable:
        return values
    view = values.view()
    view.flags.writeable = False
    return view


def _axis(twt_s: npt.NDArray[Any]) -> tuple[float, float | None]:
    if twt_s.size == 0:
        return 0.0, None
    if twt_s.size == 1:
        return float(twt_s[0]), None
    return float(twt_s[0]), float(twt_s[-1] - twt_s[0]) / (twt_s.size - 1)
