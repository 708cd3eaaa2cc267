"""What the simulated ground looks like: permittivity of soils, and sections of three grounds.

    python benchmarks/ground_pictures.py soils -o docs/pictures/simulated-soils.png
    python benchmarks/ground_pictures.py sections -o docs/pictures/simulated-ground.png
    python benchmarks/ground_pictures.py figures

All of it is simulated.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import NullFormatter

from detectkit.sim.bodies import Library, PlacedBody, cut, load_library
from detectkit.sim.scene import (
    PRESETS,
    Plug,
    Section,
    Subsurface,
    ground_section,
    with_shapes,
)
from detectkit.sim.soil import Texture, fit_debye, relaxation_of, soil_table, topp

app = typer.Typer(add_completion=False)

BLUE, ORANGE, BLACK, GREEN, PURPLE = "#0072B2", "#E69F00", "#000000", "#009E73", "#CC79A7"
FREQ = np.geomspace(0.2e9, 5e9, 200)
SHOWN_HZ = 1e9
CLOSE_M = (1.2, 2.1)
GROUNDS = {
    "Farmland, moist loam": (PRESETS["moist loam"], 3),
    "Grassy hill, stony soil": (PRESETS["stony hill"], 14),
    "Mountain gravel, puddles, short grass": (
        replace(PRESETS["mountain gravel"], puddle_share=0.12, grass_m=0.06, grass_water=0.002),
        22,
    ),
}
"""With how many stones."""


@app.command()
def soils(output: Annotated[Path, typer.Option("-o", help="PNG to write.")]) -> None:
    """Draw permittivity and loss against frequency and against moisture, with Debye fits."""
    figure = Figure(figsize=(10.0, 7.0), layout="constrained")
    axes = figure.subplots(2, 2)
    _against_frequency(axes[:, 0])
    _against_moisture(axes[:, 1])
    figure.savefig(output, dpi=130)


def _against_frequency(both: list[Axes]) -> None:
    soil = Texture("mironov", sand=0.4, clay=0.2)
    old = Texture("dobson", sand=0.4, clay=0.2)
    relaxation_s = relaxation_of((soil,))
    fitted = np.geomspace(0.3e9, 3e9, 24)
    for moisture, colour in ((0.05, ORANGE), (0.2, BLUE), (0.35, BLACK)):
        value = soil.permittivity(FREQ, moisture)
        fit = fit_debye(fitted, soil.permittivity(fitted, moisture), relaxation_s=relaxation_s)
        other = old.permittivity(FREQ, moisture)
        for axis, part in zip(both, (np.real, lambda one: -np.imag(one)), strict=True):
            axis.plot(FREQ / 1e9, part(value), color=colour, lw=2.4, alpha=0.45,
                      label=f"Mironov, moisture {moisture:g}")  # fmt: skip
            axis.plot(FREQ / 1e9, part(fit.at(FREQ)), color=colour, lw=1.2, ls="--")
            axis.plot(FREQ / 1e9, part(other), color=colour, lw=0.9, ls=":")
    both[0].plot([], [], color="#666666", ls="--", label="one Debye pole and conductivity")
    both[0].plot([], [], color="#666666", ls=":", label="Dobson, Peplinski below 1.4 GHz")
    both[0].set(ylabel="relative permittivity", ylim=(0, 36),
                title="Loam (40 % sand, 20 % clay) against frequency")  # fmt: skip
    both[0].legend(fontsize=8, ncols=2, loc="upper center")
    both[1].set(ylabel="loss ε''", xlabel="frequency (GHz)", yscale="log", ylim=(0.08, 30))
    for axis in both:
        axis.axvspan(0.3, 3.0, color="#EEEEEE", zorder=0)
        axis.set_xscale("log")
        axis.set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
        axis.xaxis.set_minor_formatter(NullFormatter())
    both[1].text(0.95, 0.1, "fitted band", ha="center", fontsize=8, color="#666666")


def _against_moisture(both: list[Axes]) -> None:
    wet = np.linspace(0.0, 0.42, 60)
    for words, clay, sand, colour in (
        ("sand", 0.03, 0.92, ORANGE), ("loam", 0.2, 0.4, BLUE), ("clay", 0.5, 0.2, BLACK),
    ):  # fmt: skip
        soil = Texture("mironov", sand=sand, clay=clay)
        value = soil.permittivity(np.array(SHOWN_HZ), wet)
        infinite, strength, conductivity = soil_table(soil, relaxation_of((soil,))).at(wet[::6])
        turns = 2.0 * np.pi * SHOWN_HZ
        table = (infinite + strength / (1.0 + 1j * turns * relaxation_of((soil,)))
                 - 1j * conductivity / (turns * 8.8541878e-12))  # fmt: skip
        both[0].plot(wet, value.real, color=colour, lw=1.8, label=f"Mironov, {words}")
        both[0].plot(wet[::6], table.real, "o", color=colour, ms=4)
        both[1].plot(wet, -value.imag, color=colour, lw=1.8)
        both[1].plot(wet[::6], -table.imag, "o", color=colour, ms=4)
    both[0].plot(wet, topp(wet), color=GREEN, lw=1.2, ls="-.", label="Topp")
    both[0].plot([], [], "o", color="#666666", ms=4, label="Debye table")
    both[0].set(ylabel="relative permittivity", title="At 1 GHz against moisture")
    both[0].legend(fontsize=8)
    both[1].set(ylabel="loss ε''", xlabel="moisture (share of the volume)")
    for axis in both:
        axis.grid(color="#EEEEEE")


@app.command()
def sections(output: Annotated[Path, typer.Option("-o", help="PNG to write.")]) -> None:
    """Draw three grounds with something buried, and what stands on them, closer."""
    figure = Figure(figsize=(11.0, 7.6), layout="constrained")
    axes = figure.subplots(3, 2, width_ratios=(2.0, 1.0))
    library = load_library()
    for row, (words, (ground, stones)) in zip(axes, GROUNDS.items(), strict=True):
        section = _example(ground, library, stones)
        permittivity = _permittivity_at(section, SHOWN_HZ)
        left = _draw(row[0], section, permittivity, LogNorm(2.0, 32.0), "cividis")
        right = _draw(row[1], section, permittivity - 1.0, LogNorm(0.01, 100.0), "viridis")
        row[1].set(xlim=CLOSE_M, ylim=(-0.22, 0.2), title="the same, closer")
        row[0].set(title=words, ylabel="up (m)")
    for axis, words in zip(axes[-1], ("along (m)", "along (m)"), strict=True):
        axis.set(xlabel=words)
    bar = figure.colorbar(left, ax=axes[:, 0], label="relative permittivity at 1 GHz", shrink=0.6,
                          ticks=[2, 4, 8, 16, 32], format="%g", extend="both",
                          location="bottom")  # fmt: skip
    bar.ax.xaxis.set_minor_formatter(NullFormatter())
    figure.colorbar(right, ax=axes[:, 1], label="relative permittivity at 1 GHz, less 1",
                    shrink=0.9, extend="min", location="bottom")  # fmt: skip
    figure.savefig(output, dpi=130)


def _example(ground: Subsurface, library: Library, stones: int) -> Section:
    section = ground_section(
        ground,
        along_m=(0.0, 3.0),
        bottom_m=-0.6,
        top_m=0.25,
        spacing_m=0.005,
        surface=None if ground.puddle_share > 0.0 else _surface,  # water stands on level ground
        seed=3,
        plugs=[Plug(0.8, 0.09, 0.14)],
    )
    rng = np.random.default_rng(5)
    bodies = [
        PlacedBody(library["PMN-2"], 0.8, 0.0, 0.07, tilt_deg=8.0),
        PlacedBody(library["can"], 2.3, 0.0, 0.2, tilt_deg=60.0),
    ]
    for kind in rng.choice(["pebble", "stone", "limestone"], stones):
        along, depth = rng.uniform(0.0, 3.0), rng.uniform(0.02, 0.5)
        bodies.append(PlacedBody(library[kind], along, 0.0, depth, tilt_deg=rng.uniform(0, 40)))
    shapes = []
    for body in reversed(bodies):
        up_m = 0.0 if ground.puddle_share > 0.0 else float(_surface(np.array(body.along_m)))
        shapes.extend(cut(body, library, across_m=0.0, ground_up_m=up_m))
    return with_shapes(section, shapes)


def _surface(along_m: np.ndarray) -> np.ndarray:
    return 0.03 * np.sin(1.2 * along_m)


def _permittivity_at(section: Section, freq_hz: float) -> np.ndarray:
    pole = 1.0 / (1.0 + 1j * 2.0 * np.pi * freq_hz * section.relaxation_s)
    return section.permittivity + section.debye_strength * pole.real


def _draw(
    axes: Axes, section: Section, values: np.ndarray, norm: LogNorm, colours: str
) -> AxesImage:
    half = 0.5 * section.spacing_m
    along, up = section.along_m, section.up_m
    span = (along[0] - half, along[-1] + half, up[-1] - half, up[0] + half)
    shown = axes.imshow(np.maximum(values.T, 1e-6), cmap=colours, norm=norm, extent=span,
                        interpolation="nearest")  # fmt: skip
    axes.set_aspect("equal")
    return shown


@app.command()
def figures() -> None:
    """Print how well soils fit and what a section costs."""
    print(
        "ground            relaxation ps  worst misfit  ε at 1 GHz  σ mS/m  CPU ms of 3 m × 1.2 m"
    )
    for words, ground in PRESETS.items():
        relaxation_s = relaxation_of(ground.textures())
        misfit = max(soil_table(one, relaxation_s).misfit for one in ground.textures())
        spent = []
        for seed in range(8):
            start = time.process_time()
            ground_section(
                ground, along_m=(0.0, 3.0), bottom_m=-1.0, top_m=0.2, spacing_m=0.005, seed=seed
            )
            spent.append(time.process_time() - start)
        permittivity, conductivity = ground.at(1e9)
        print(f"{words:16s}  {1e12 * relaxation_s:13.1f}  {misfit:12.4f}  {permittivity:10.1f}"
              f"  {1e3 * conductivity:6.0f}  {1e3 * np.median(spent):10.0f}")  # fmt: skip


if __name__ == "__main__":
    app()
