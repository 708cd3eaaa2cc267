"""Pictures of the full-wave solver for docs/explanation/full-wave.md, and the figures in them.

python benchmarks/full_wave_pictures.py docs/pictures
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from scipy.interpolate import CubicSpline

from detectkit.sim.fdtd import Pulse, Shots, Solver, simulate
from detectkit.sim.fdtd.line_source import line_source
from detectkit.sim.fdtd.march import Clock, march
from detectkit.sim.fdtd.run import Run, _memory
from detectkit.sim.scene import with_shapes
from detectkit.sim.scene.section import AIR, Material, Section, Shape

SOIL = Material(5.0, 0.01, 2.0)
MINE = Material(2.9)
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
CENTRE, RADIUS_M = (0.0, -0.136), 0.056


def misfit(found: Any, expected: Any) -> float:
    return float(np.sqrt(np.mean((found - expected) ** 2) / np.mean(expected**2)))


def ground(material: Material, spacing_m: float, *, above: Material = AIR) -> Section:
    """Return air over a material, 1.2 m wide; the surface lies between two rows."""
    columns, half = int(1.2 / spacing_m) + 1, int(0.6 / spacing_m)
    grids = []
    for name in ("permittivity", "conductivity_s_per_m", "debye_strength"):
        grid = np.full((columns, 2 * half), getattr(above, name), np.float32)
        grid[:, half:] = getattr(material, name)
        grids.append(grid)
    return Section(spacing_m, -0.6, (half - 0.5) * spacing_m, *grids)


def with_disc(section: Section) -> Section:
    turn = np.linspace(0.0, 2.0 * np.pi, 181)[:-1]
    rim = np.stack([np.cos(turn), np.sin(turn)], axis=1) * RADIUS_M + np.array(CENTRE)
    return with_shapes(section, [Shape(rim, MINE)])


def analytic(path: Path) -> None:
    figure = Figure(figsize=(9.0, 5.4), layout="constrained")
    axes = figure.subplots(2, 2, sharex="col", height_ratios=(3, 1))
    pulse, away = Pulse(1e9), (0.1, 0.2, 0.4, 0.8)
    shots = Shots(np.array([[0.0013, 0.0021]]), np.array([[[0.0013 + d, 0.0021] for d in away]]))
    for column, (material, spacing_m, name) in enumerate(
        ((AIR, 0.005, "air, cells of 5 mm"), (SOIL, 0.004, "Debye soil, cells of 4 mm"))
    ):
        solver = Solver(12e-9, half_width_m=0.45, above_m=0.2, below_m=0.2, pulse=pulse)
        heard = simulate(ground(material, spacing_m, above=material), shots, solver)
        time_s = np.arange(heard.field.shape[2]) * heard.interval_s
        for field, distance_m, colour in zip(
            heard.field[0], away, (BLUE, ORANGE, GREEN, GREY), strict=True
        ):
            truth = line_source(distance_m, pulse, time_s, material=material)
            error = misfit(field, truth)
            print(f"{name}: {distance_m} m: {error * 100:.3f} %, peak {abs(truth).max():.1f} V/m")
            scale = np.abs(truth).max()
            label = f"{distance_m} m: {error * 100:.3f} %"
            axes[0, column].plot(time_s * 1e9, truth / scale, color="0.75", lw=4)
            axes[0, column].plot(time_s * 1e9, field / scale, color=colour, lw=1.2, label=label)
            axes[1, column].plot(time_s * 1e9, (field - truth) / scale * 100, color=colour, lw=1)
        axes[0, column].set_title(name, fontsize=10)
        axes[0, column].legend(
            title="distance: difference", fontsize=7, title_fontsize=7, loc="upper right"
        )
        axes[1, column].set_xlabel("time (ns)")
    axes[0, 0].set_ylabel("field / its peak\n(grey: in closed form)")
    axes[1, 0].set_ylabel("difference\n(% of peak)")
    figure.savefig(path, dpi=90)


def rim(path: Path) -> None:
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axis = figure.subplots()
    shots = Shots(np.array([[0.0, 0.15]]), np.array([[[0.1, 0.15]]]))
    cells = (4, 6, 8, 10, 12, 16, 20)
    for material, name, colour, mark in (
        (AIR, "air alone", BLUE, "o"),
        (Material(6.0), "over soil, permittivity 6, no loss", ORANGE, "s"),
        (SOIL, "over Debye soil", GREEN, "^"),
    ):
        section = ground(material, 0.005)
        large = simulate(section, shots, Solver(8e-9, 1.4, 1.4, 1.6)).field
        levels = []
        for count in cells:
            solver = Solver(8e-9, 0.3, 0.05, 0.45, absorbing_cells=count)
            back = np.abs(simulate(section, shots, solver).field - large).max()
            levels.append(20.0 * np.log10(back / np.abs(large).max()))
        print(
            f"rim, {name}:",
            [f"{count}: {one:.1f}" for count, one in zip(cells, levels, strict=True)],
        )
        axis.plot(cells, levels, color=colour, marker=mark, label=name)
    axis.axhline(-60.0, color=GREY, lw=1, ls="--")
    axis.set(xlabel="thickness (cells)", ylabel="comes back (dB of the direct wave)")
    axis.legend(fontsize=8)
    figure.savefig(path, dpi=90)


def snapshot(path: Path) -> None:
    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    section = with_disc(ground(SOIL, 0.004))
    shots = Shots(np.array([[-0.05, 0.25]]), np.array([[[0.05, 0.25]]]))
    run = Run(section, shots, Solver(9e-9, 0.5, 0.06, 0.7, pulse=Pulse(1e9)))
    window, (lines, width) = run.windows[0], run.frame.shape
    extent = (
        section.along_m[0] + window.column * section.spacing_m,
        section.along_m[0] + (window.column + width) * section.spacing_m,
        section.up_m[0] - (window.row + lines) * section.spacing_m,
        section.up_m[0] - window.row * section.spacing_m,
    )
    for axis, time_ns in zip(axes, (2.2, 3.2, 4.8), strict=True):
        steps = 2 * int(time_ns * 1e-9 / run.steps.step_s / 2)
        medium = run.cells.cut(window.row, window.column, run.frame.shape)
        memory = _memory(medium, run.frame.rim)
        everywhere = np.full((steps + 1, lines), 9999, np.int16)
        clock = Clock(run.clock.drive[:steps], steps + 1, everywhere)
        march(medium, run.rim, window.antennas, clock, memory, np.zeros((1, 1), np.float32))
        field = memory.one[1:-1, 1 : width + 1]
        image = axis.imshow(
            field, extent=extent, cmap="RdBu_r", norm=SymLogNorm(1.0, vmin=-300.0, vmax=300.0)
        )
        axis.axhline(0.0, color="k", lw=0.8)
        axis.add_patch(Circle(CENTRE, RADIUS_M, fill=False, lw=1.0))
        axis.plot(-0.05, 0.25, "kv", ms=5)
        axis.set(title=f"{time_ns} ns", xlabel="along (m)", ylim=(-0.5, 0.3), xlim=(-0.45, 0.45))
    axes[0].set_ylabel("up (m)")
    figure.colorbar(image, ax=axes, label="field (V/m)", shrink=0.9)
    figure.savefig(path, dpi=80)


def cells(path: Path) -> None:
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axis = figure.subplots()
    pulse, sizes_mm = Pulse(1e9), (6.25, 5.0, 4.0, 3.125, 2.5)
    soil = Material(6.0, 0.01)
    waves, echoes = [], []
    shots = Shots(np.array([[0.0, 0.2]]), np.array([[[0.1, 0.2]]]))
    solver = Solver(7e-9, 0.3, 0.05, 0.6, pulse=pulse)

    def echo(spacing_m: float) -> tuple[Any, Any]:
        section = ground(soil, spacing_m)
        with_it = simulate(with_disc(section), shots, solver)
        field = with_it.field - simulate(section, shots, solver).field
        return np.arange(field.shape[2]) * with_it.interval_s, field[0, 0]

    finest = CubicSpline(*echo(0.00125))
    for size_mm in sizes_mm:
        section = ground(soil, size_mm / 1e3, above=soil)
        far = Shots(np.array([[0.0, 0.0]]), np.array([[[0.4, 0.0]]]))
        heard = simulate(section, far, Solver(9e-9, 0.25, 0.1, 0.1, pulse=pulse))
        time_s = np.arange(heard.field.shape[2]) * heard.interval_s
        waves.append(misfit(heard.field[0, 0], line_source(0.4, pulse, time_s, material=soil)))
        time_s, field = echo(size_mm / 1e3)
        echoes.append(misfit(field, finest(time_s)))
        print(f"{size_mm} mm: wave {waves[-1] * 100:.3f} %, disc {echoes[-1] * 100:.2f} %")
    for values, name, colour, mark in (
        (waves, "0.4 m through the soil, against theory", BLUE, "o"),
        (echoes, "echo of the disc, against cells of 1.25 mm", ORANGE, "s"),
    ):
        axis.loglog(sizes_mm, np.array(values) * 100, color=colour, marker=mark, label=name)
    size = np.array(sizes_mm)
    axis.loglog(size, waves[0] * 90 * (size / size[0]) ** 4, color=GREY, ls=":", label="4th order")
    axis.loglog(
        size, echoes[0] * 80 * (size / size[0]) ** 2, color=GREY, ls="--", label="2nd order"
    )
    axis.set(xlabel="side of a cell (mm)", ylabel="difference (RMS, %)")
    axis.set_xticks(sizes_mm, [f"{one:g}" for one in sizes_mm])
    axis.minorticks_off()
    axis.legend(fontsize=8)
    figure.savefig(path, dpi=90)


def between_the_cells() -> None:
    """Print what it costs that antennas lie between the cells' centres."""
    pulse, section = Pulse(1e9), ground(AIR, 0.005)
    errors = []
    for part in np.arange(8) / 8.0:
        along, up = 0.005 * part, 0.3 + 0.0035 * part
        shots = Shots(np.array([[along, up]]), np.array([[[along + 0.3, up]]]))
        heard = simulate(section, shots, Solver(2.9e-9, 0.25, 0.2, 0.1, pulse=pulse))
        time_s = np.arange(heard.field.shape[2]) * heard.interval_s
        errors.append(misfit(heard.field[0, 0], line_source(0.3, pulse, time_s, material=AIR)))
    print(f"eighths of a cell: {min(errors) * 100:.4f} % to {max(errors) * 100:.4f} %")


def main(folder: Path) -> None:
    between_the_cells()
    analytic(folder / "full-wave-analytic.png")
    rim(folder / "full-wave-rim.png")
    snapshot(folder / "full-wave-snapshot.png")
    cells(folder / "full-wave-cells.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
