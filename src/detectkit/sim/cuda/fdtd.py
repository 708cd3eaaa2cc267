"""The full-wave solver by PyTorch: many shots at a time, step by step.

The same windows, factors, rim and weights as `detectkit.sim.fdtd`; only roundings differ, so that
the field agrees within `TOLERANCE` of its root mean square. Every cell of a window is computed at
every step: a graphics processor gains nothing by leaving some out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from detectkit.core import UsageError
from detectkit.sim.fdtd.plan import check_spacing
from detectkit.sim.fdtd.rim import Rim, room
from detectkit.sim.fdtd.run import Run
from detectkit.sim.fdtd.shots import Responses, Shots, Solver
from detectkit.sim.fdtd.window import NODES, Window
from detectkit.sim.scene.section import Section

TOLERANCE = 1e-4
"""Normalised root mean square difference to the solver on the CPU, at most."""

MOST_CELLS = 8_000_000
"""Of the windows computed together: about 0.6 GB on the device."""


def simulate_torch(
    section: Section,
    shots: Shots,
    solver: Solver,
    *,
    device: str = "cuda",
    progress: Callable[[int], None] | None = None,
) -> Responses:
    """Compute what `detectkit.sim.fdtd.simulate` does on a PyTorch device.

    Parameters
    ----------
    section, shots, solver, progress
        See `detectkit.sim.fdtd.simulate`.
    device
        As PyTorch names it, for example "cuda", "cuda:1", "cpu".

    Raises
    ------
    UsageError
        Cells too coarse, a window that leaves out a receiver, a device that PyTorch cannot use.
    """
    check_spacing(section, solver.pulse)
    on = _known(device)
    run = Run(section, shots, solver)
    lines, width = run.frame.shape
    together = max(MOST_CELLS // (lines * width), 1)
    with torch.no_grad():
        for first in range(0, len(shots), together):
            last = min(first + together, len(shots))
            run.responses.field[first:last] = _Batch(run, run.windows[first:last], on).heard()
            if progress is not None:
                progress(last)
    return run.responses


def _known(device: str) -> Any:
    """Return a device, once something was put there."""
    try:
        on = torch.device(device)
        torch.zeros(1, device=on)
    except (RuntimeError, AssertionError) as error:
        why = str(error).strip().partition("\n")[0]
        msg = f'device {device!r}: PyTorch cannot use it here ({why}); give "cpu" for the CPU'
        raise UsageError(msg) from error
    return on


class _Side:
    """One side of the rim: its halves and cells along one axis of the field."""

    def __init__(
        self, table: npt.NDArray[np.float32], start: int, halves: int, cells: int, axis: int
    ) -> None:
        self.table, self.axis = table, axis
        self.halves, self.cells = slice(start, start + halves), slice(start, start + cells)
        self.factors: list[Any] = []
        self.phi: Any = 0.0
        self.psi: Any = 0.0

    def to(self, device: Any) -> _Side:
        """Put the factors on a device."""
        shape = (1, -1) if self.axis == 2 else (-1, 1)
        counts = [self.halves.stop - self.halves.start] * 3
        counts += [self.cells.stop - self.cells.start] * 3
        self.factors = [
            torch.from_numpy(np.ascontiguousarray(row[:count])).to(device).reshape(shape)
            for row, count in zip(self.table, counts, strict=True)
        ]
        return self

    def _of(self, values: Any, part: slice) -> Any:
        return values.narrow(self.axis, part.start, part.stop - part.start)

    def at_halves(self, slope: Any) -> None:
        """Stretch differences, in place."""
        fade, feed, stretch = self.factors[:3]
        here = self._of(slope, self.halves)
        self.phi = fade * self.phi + feed * here
        here += stretch * here + self.phi

    def at_cells(self, bend: Any) -> None:
        """Stretch differences of differences, in place."""
        fade, feed, stretch = self.factors[3:]
        here = self._of(bend, self.cells)
        self.psi = fade * self.psi + feed * here
        here += stretch * here + self.psi


def _sides(rim: Rim, lines: int, width: int) -> tuple[list[_Side], list[_Side]]:
    """Return left and right, top and bottom."""
    size, deep = room(rim.cells), rim.cells + 2
    left, right = rim.sides[:, :, :size]
    top, bottom = rim.levels
    end = lines + 1 - deep
    along = [
        _Side(left, 0, size, size, 2),
        _Side(right, width + 2 - size, size - 1, size - 2, 2),
    ]
    return along, [_Side(top, 0, deep, deep, 1), _Side(bottom, end, deep, deep - 1, 1)]


class _Batch:
    """Shots that are computed together; fields (shots, lines + 2, width + 2) in a frame of 0."""

    def __init__(self, run: Run, windows: list[Window], device: Any) -> None:
        self.run = run
        shape = run.frame.shape
        cut = [run.cells.cut(one.row, one.column, shape) for one in windows]

        def put(values: list[npt.NDArray[Any]]) -> Any:
            return torch.from_numpy(np.stack(values)).to(device)

        self.loss, self.gain = put([one.loss for one in cut]), put([one.gain for one in cut])
        self.part = (self.gain > 0.0).float() / 12.0
        self.pole = put([one.pole for one in cut]) if run.cells.polar else None
        self.keep = float(run.cells.keep)
        along, down = _sides(run.rim, *shape)
        self.along, self.down = ([one.to(device) for one in some] for some in (along, down))
        corners = put([one.antennas.corners for one in windows]).long()
        weights = put([one.antennas.weights for one in windows])
        nodes = torch.arange(NODES, device=device)
        self.lines = (corners[:, :, :1] + nodes)[..., :, None]
        self.columns = (corners[:, :, 1:] + nodes)[..., None, :]
        self.weights = weights[:, :, 0, :, None] * weights[:, :, 1, None, :]
        self.shot = torch.arange(len(windows), device=device).reshape(-1, 1, 1, 1)
        self.fields = [self._nothing(2) for _ in range(4)]
        self.grown: Any = self._nothing(0) if run.cells.polar else 0.0

    def _nothing(self, frame: int) -> Any:
        shots, lines, width = self.gain.shape
        return torch.zeros(shots, lines + frame, width + frame, device=self.gain.device)

    def heard(self) -> npt.NDArray[np.float32]:
        """Run all steps; return the samples, (shots, receivers, samples)."""
        clock = self.run.clock
        samples = [torch.zeros_like(self.weights[:, 1:, 0, 0])]
        old, now, wx, wy = self.fields
        for step, current in enumerate(clock.drive.tolist()):
            self._correct(now, wx, wy)
            bend = self._bend(wx, wy)
            sent = self.weights[:, :1] * current
            bend[self.shot, self.lines[:, :1], self.columns[:, :1]] += sent
            self._advance(old, now, bend)
            old, now = now, old
            if (step + 1) % clock.every == 0:
                near = now[self.shot, self.lines[:, 1:] + 1, self.columns[:, 1:] + 1]
                samples.append((near * self.weights[:, 1:]).sum(dim=(2, 3)))
        return np.asarray(torch.stack(samples, dim=2).cpu().numpy(), np.float32)

    def _correct(self, e: Any, wx: Any, wy: Any) -> None:
        here = e[:, 1:-1, 1:-1]
        along = (e[:, 1:-1, :-2] - here) + (e[:, 1:-1, 2:] - here)
        down = (e[:, :-2, 1:-1] - here) + (e[:, 2:, 1:-1] - here)
        both = self.gain * (along + down)
        wx[:, 1:-1, 1:-1] = here + self.part * (both - along)
        wy[:, 1:-1, 1:-1] = here + self.part * (both - down)

    def _bend(self, wx: Any, wy: Any) -> Any:
        total: Any = 0.0
        slopes = wx[:, 1:-1].diff(dim=2), wy[:, :, 1:-1].diff(dim=1)
        for axis, slope, sides in zip((2, 1), slopes, (self.along, self.down), strict=True):
            for side in sides:
                side.at_halves(slope)
            bend = slope.diff(dim=axis)
            for side in sides:
                side.at_cells(bend)
            total = total + bend
        return total

    def _advance(self, old: Any, now: Any, bend: Any) -> None:
        """Overwrite the field of one step before with that of one step after."""
        before, here = old[:, 1:-1, 1:-1], now[:, 1:-1, 1:-1]
        after = here + (self.loss * (here - before) + self.gain * (bend + self.grown))
        if self.pole is not None:
            self.grown = self.keep * self.grown + self.pole * (after - before)
        before.copy_(after)
