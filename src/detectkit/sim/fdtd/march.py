"""One shot from its first step to its last, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.sim._jit import njit
from detectkit.sim.fdtd import kernel
from detectkit.sim.fdtd.kernel import BLOCK, Counts, Fields, Floats, Medium, Work
from detectkit.sim.fdtd.rim import Rim, RimMemory, keep_sides, levels, sides


class Antennas(NamedTuple):
    """Where a shot's source and receivers meet the grid.

    `corners` int32 (1 + receivers, 2): first line and column of each one's nodes, the source first;
    `weights` float32 (1 + receivers, 2, nodes): along the lines, along the columns. `box`: lines
    from, to, columns from, to of the source's nodes; then of all the receivers' nodes.
    """

    corners: Counts
    weights: Floats
    box: Counts


class Clock(NamedTuple):
    """Steps of a run.

    `drive` float32 (steps,); `every`: steps per sample; `reach` int16 (steps + 1, lines): how many
    columns to each side a wave can have got to, so many lines away, -1: not even that.
    """

    drive: Floats
    every: int
    reach: npt.NDArray[np.int16]


class Memory(NamedTuple):
    """Fields of a shot, float32, all nothing at first.

    `one`, `two` (lines + 2, width + spare): the electric field, every second step each; `polar`
    (lines, width + spare) and `spans` int32 (lines, 2), see `detectkit.sim.fdtd.kernel`.
    """

    one: Floats
    two: Floats
    polar: Floats
    spans: Counts
    work: Work
    rims: RimMemory


@njit
def march(
    medium: Medium,
    rim: Rim,
    antennas: Antennas,
    clock: Clock,
    memory: Memory,
    heard: Floats,
) -> int:
    """Run a shot; fill `heard` (receivers, samples) from sample 1 on; return the cells updated."""
    updated = 0
    work, spans = memory.work, memory.spans
    lines, width = medium.gain.shape
    at_levels, at_sides = np.empty((2, 2), np.int32), np.empty((2, 2), np.int32)
    for step in range(clock.drive.shape[0]):
        if step % 2 == 0:
            fields = (memory.two, memory.one, memory.polar)
        else:
            fields = (memory.one, memory.two, memory.polar)
        updated += _reach(memory, clock.reach, antennas.box, step + 1, width, rim.cells)
        _widen(spans, work.spans, width, at_sides)
        _advance(medium, memory, fields, at_sides)
        at_levels[0, 0], at_levels[0, 1] = spans[0, 0], spans[0, 1]
        at_levels[1, 0], at_levels[1, 1] = spans[lines - 1, 0], spans[lines - 1, 1]
        levels(rim, memory.rims, medium, work, fields, at_levels)
        sides(rim, memory.rims, medium, fields, at_sides)
        _drive(medium, antennas, clock.drive[step], fields)
        if (step + 1) % clock.every == 0:
            _record(antennas, fields[0], heard, (step + 1) // clock.every)
    return updated


@njit
def _advance(medium: Medium, memory: Memory, fields: Fields, sides: Counts) -> None:
    """Correct and advance all lines, `BLOCK` at a time."""
    lines, width = medium.gain.shape
    work, spans = memory.work, memory.spans
    begin, end = min(sides[0, 0], sides[1, 0]), max(sides[0, 1], sides[1, 1])
    corrected = 0
    for top in range(0, lines, BLOCK):
        bottom = min(top + BLOCK, lines)
        ahead = min(bottom + 1, lines)
        kernel.correct(medium, work, fields[1], corrected, ahead)
        keep_sides(memory.rims, work, width, max(corrected, begin), min(ahead, end))
        corrected = ahead
        first = top
        while first < bottom:
            kind, last = medium.kind[first], first + 1
            while last < bottom and medium.kind[last] == kind:
                last += 1
            if kind == kernel.UNIFORM:
                kernel.uniform(fields[0], fields[1], work, medium.gain, spans, first, last)
            elif kind == kernel.PLAIN:
                kernel.plain(fields[0], fields[1], work, medium, spans, first, last)
            else:
                kernel.polar(fields, work, medium, spans, first, last)
            first = last


@njit
def _reach(
    memory: Memory,
    reach: npt.NDArray[np.int16],
    box: Counts,
    step: int,
    width: int,
    cells: int,
) -> int:
    """Find the columns of each line that a wave can have met and can still be heard from.

    What is reached of the rim goes together, as far as its inner end.
    """
    spans, size = memory.spans, memory.rims.gain.shape[2]
    lines, updated = spans.shape[0], 0
    left = reach.shape[0] - 1 - step
    for line in range(lines):
        level = min(max(line, cells + 1), lines - 2 - cells)
        first = reach[step, max(box[0] - level, level - (box[1] - 1), 0)]
        last = reach[left, max(box[4] - level, level - (box[5] - 1), 0)]
        start = max(box[2] - first, box[6] - last, 0)
        stop = min(box[3] + first, box[7] + last, width)
        if first < 0 or last < 0 or stop <= start:
            start, stop = 0, 0
        elif start <= size:
            start = 0
        if stop >= width - size:
            stop = width
        spans[line, 0] = start
        spans[line, 1] = stop
        updated += stop - start
    return updated


@njit
def _widen(spans: Counts, wide: Counts, width: int, sides: Counts) -> None:
    """Find the columns that the reached ones need of each line, and the lines that reach a side."""
    lines = spans.shape[0]
    sides[:, 0] = lines
    sides[:, 1] = 0
    for line in range(lines):
        start, stop = width, 0
        for near in range(max(line - 1, 0), min(line + 2, lines)):
            if spans[near, 1] > spans[near, 0]:
                more = 1 if near == line else 0
                start = min(start, spans[near, 0] - more)
                stop = max(stop, spans[near, 1] + more)
        wide[line, 0] = min(max(start, 0), max(stop, 0))
        wide[line, 1] = min(stop, width)
        if spans[line, 1] > 0 and spans[line, 0] == 0:
            sides[0, 0] = min(sides[0, 0], line)
            sides[0, 1] = line + 1
        if spans[line, 1] == width:
            sides[1, 0] = min(sides[1, 0], line)
            sides[1, 1] = line + 1


@njit
def _drive(medium: Medium, antennas: Antennas, current: np.float32, fields: Fields) -> None:
    new, _, q = fields
    top, left = antennas.corners[0, 0], antennas.corners[0, 1]
    down, along = antennas.weights[0, 0], antennas.weights[0, 1]
    for one in range(down.shape[0]):
        line = top + one
        for two in range(along.shape[0]):
            column = left + two
            step = medium.gain[line, column] * (down[one] * along[two] * current)
            new[line + 1, column + 1] += step
            if medium.kind[line] == kernel.POLAR:
                q[line, column] += medium.pole[line, column] * step


@njit
def _record(antennas: Antennas, new: Floats, heard: Floats, sample: int) -> None:
    for receiver in range(heard.shape[0]):
        line, column = antennas.corners[receiver + 1, 0], antennas.corners[receiver + 1, 1]
        down, along = antennas.weights[receiver + 1, 0], antennas.weights[receiver + 1, 1]
        total = np.float32(0.0)
        for one in range(down.shape[0]):
            part = np.float32(0.0)
            for two in range(along.shape[0]):
                part += along[two] * new[line + 1 + one, column + 1 + two]
            total += down[one] * part
        heard[receiver, sample] = total
