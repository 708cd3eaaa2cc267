"""One shot from its first step to its last, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.sim._jit import njit
from detectkit.sim.fdtd import kernel
from detectkit.sim.fdtd.kernel import Antennas, Clock, Floats, Medium, Rim


class Memory(NamedTuple):
    """Fields of a shot, float32, all nothing at first.

    `one`, `two` (lines + 2, width + 2): the electric field, every second step each, in a frame of
    zeros; `polar` (lines, width); `phi`, `psi` (lines, 2 m) of the sides; `down` (3, halves, width):
    phi, psi and flux of top and bottom; `flux` (2 m + 2,); `more` (width,).
    """

    one: Floats
    two: Floats
    polar: Floats
    phi: Floats
    psi: Floats
    down: npt.NDArray[np.float32]
    flux: Floats
    more: Floats


@njit
def march(
    medium: Medium,
    rim: Rim,
    antennas: Antennas,
    clock: Clock,
    memory: Memory,
    heard: npt.NDArray[np.float32],
) -> int:
    """Run a shot; fill `heard` (receivers, samples) from sample 1 on; return the cells updated."""
    updated = 0
    for step in range(clock.drive.shape[0]):
        if step % 2 == 0:
            e, new = memory.one, memory.two
        else:
            e, new = memory.two, memory.one
        updated += _sweep(medium, rim, antennas, clock, memory, step, e, new)
        if (step + 1) % clock.every == 0:
            _record(antennas, new, heard, (step + 1) // clock.every)
    return updated


@njit
def _sweep(medium, rim, antennas, clock, memory, step, e, new):  # type: ignore[no-untyped-def]
    lines, width = medium.gain.shape
    updated = 0
    for line in range(lines):
        level = min(max(line, rim.cells), lines - 1 - rim.cells)
        start, stop = kernel.span(clock.reach, step + 1, level, antennas.box, width)
        if stop <= start:
            continue
        updated += stop - start
        _inside(medium, memory, line, start, stop, e, new)
        if rim.slot[line + 1] >= 0 or line == 0:
            _top_and_bottom(medium, rim, memory, line, start, stop, e, new)
        _sides(medium, rim, memory, line, start, stop, e, new)
        if antennas.box[0] <= line < antennas.box[1]:
            _drive(medium, antennas, memory, line, clock.drive[step], new)
    return updated


@njit
def _inside(medium, memory, line, start, stop, e, new):  # type: ignore[no-untyped-def]
    out = new[line + 1, start + 1 : stop + 1]
    here = e[line + 1, start : stop + 2]
    above = e[line, start + 1 : stop + 1]
    below = e[line + 2, start + 1 : stop + 1]
    if medium.kind[line] == kernel.UNIFORM:
        kernel.uniform(out, here, above, below, medium.gain[line, 0])
        return
    loss, gain = medium.loss[line, start:stop], medium.gain[line, start:stop]
    if medium.kind[line] == kernel.PLAIN:
        kernel.plain(out, here, above, below, loss, gain)
    else:
        pole, q = medium.pole[line, start:stop], memory.polar[line, start:stop]
        kernel.polar(out, here, (above, below), (loss, gain, pole), q, medium.keep)


@njit
def _top_and_bottom(medium, rim, memory, line, start, stop, e, new):  # type: ignore[no-untyped-def]
    above = e[line, start + 1 : stop + 1]
    here = e[line + 1, start + 1 : stop + 1]
    below = e[line + 2, start + 1 : stop + 1]
    phi, psi, flux = memory.down[0], memory.down[1], memory.down[2]
    over, under = rim.slot[line], rim.slot[line + 1]
    if line == 0:
        by = rim.down[:, 0]
        kernel.half_line(phi[over, start:stop], flux[over, start:stop], above, here, by)
    by = rim.down[:, line + 1]
    kernel.half_line(phi[under, start:stop], flux[under, start:stop], here, below, by)
    if over < 0:
        return
    more = memory.more[start:stop]
    fluxes = flux[over, start:stop], flux[under, start:stop]
    by = rim.down[:, line]
    kernel.cell_line(psi[over, start:stop], fluxes, (above, here, below), by, more)
    _add(medium, memory, line, start, more, new)


@njit
def _sides(medium, rim, memory, line, start, stop, e, new):  # type: ignore[no-untyped-def]
    width = medium.gain.shape[1]
    size = memory.phi.shape[1] // 2
    row = e[line + 1]
    if start <= size:
        side, flux, more = rim.along[:, :size], memory.flux[: size + 1], memory.more[:size]
        kernel.halves(memory.phi[line, :size], flux[:size], row[: size + 1], side)
        kernel.cells(memory.psi[line, :size], flux, row[: size + 2], side, more)
        _add(medium, memory, line, 0, more, new)
    if stop >= width - size:
        side, flux, more = rim.along[:, size:], memory.flux[size + 1 :], memory.more[:size]
        kernel.halves(memory.phi[line, size:], flux[1:], row[width - size + 1 :], side)
        kernel.cells(memory.psi[line, size:], flux, row[width - size :], side, more)
        _add(medium, memory, line, width - size, more, new)


@njit
def _add(medium, memory, line, start, more, new):  # type: ignore[no-untyped-def]
    stop = start + more.shape[0]
    out, gain = new[line + 1, start + 1 : stop + 1], medium.gain[line, start:stop]
    if medium.kind[line] == kernel.POLAR:
        q, pole = memory.polar[line, start:stop], medium.pole[line, start:stop]
        kernel.add_polar(out, gain, more, q, pole)
    else:
        kernel.add(out, gain, more)


@njit
def _drive(medium, antennas, memory, line, current, new):  # type: ignore[no-untyped-def]
    share = antennas.weights[0, 0, line - antennas.corners[0, 0]] * current
    first = antennas.corners[0, 1]
    for node in range(antennas.weights.shape[2]):
        column = first + node
        step = medium.gain[line, column] * (share * antennas.weights[0, 1, node])
        new[line + 1, column + 1] += step
        if medium.kind[line] == kernel.POLAR:
            memory.polar[line, column] += medium.pole[line, column] * step


@njit
def _record(antennas, new, heard, sample):  # type: ignore[no-untyped-def]
    for receiver in range(heard.shape[0]):
        line, column = antennas.corners[receiver + 1]
        weights = antennas.weights[receiver + 1]
        total = np.float32(0.0)
        for down in range(weights.shape[1]):
            part = np.float32(0.0)
            for along in range(weights.shape[1]):
                part += weights[1, along] * new[line + 1 + down, column + 1 + along]
            total += weights[0, down] * part
        heard[receiver, sample] = total
