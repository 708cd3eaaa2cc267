"""Draw what the simulated metal detector says, and print the figures of its page.

    python benchmarks/detector_pictures.py -o docs/pictures
    python benchmarks/detector_pictures.py --maps FOLDER -o docs/pictures

Spectra of typical metal parts, heights at which bodies of the library are heard over soil, a lane
over three of them, in frequency and in time. FOLDER holds `Mine01` and `Metal01`, maps of three
coils from a robotics contest (not part of this project); with it the real maps are drawn beside
simulated ones. Simulated metal detectors over simulated soil, except where it says real.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.io import open_recording
from detectkit.sim import Channel, Detector, Soil
from detectkit.sim.bodies import MetalPart, PlacedBody, load_library
from detectkit.sim.bodies.body import Body, Part
from detectkit.sim.induction import detector_rows, polarisability
from detectkit.sim.soil.magnetic import MAGNETIC_SOILS

Values = npt.NDArray[np.float64]
INK = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
UP = np.array([0.0, 0.0, 1.0])
BOTH = (Channel("in phase", 2e4, "in_phase"), Channel("quadrature", 2e4))
LOOP = Detector(turns=1, coil="coincident", channels=BOTH, drift_nv=0.0, noise_nv=0.0)
GATES = tuple(Channel(f"{t} µs", start_s=1e-6 * t, stop_s=1.4e-6 * t) for t in (10, 30, 100))
AIR = Soil(susceptibility=0.0, conductivity_s_per_m=0.0)
HEIGHTS_M = np.geomspace(0.05, 1.0, 40)
DEPTH_M = 0.05
PARTS = {
    "steel ball, radius 4 mm": MetalPart("sphere", 0.004, 5e6, 150.0, 0.0),
    "steel striker, 6 × 30 mm": MetalPart("rod", 0.003, 5e6, 100.0, 0.0, length_m=0.03),
    "aluminium detonator, 6 × 7 mm": MetalPart(
        "shell", 0.003, 3.5e7, 1.0, 0.0, length_m=0.007, wall_m=0.0004
    ),
    "steel band, 108 × 6 mm": MetalPart(
        "ring", 0.054, 5e6, 100.0, 0.0, length_m=0.006, wall_m=0.0005
    ),
    "aluminium lid, 90 × 0.4 mm": MetalPart("disc", 0.045, 3.5e7, 1.0, 0.0, length_m=0.0004),
    "steel case, 320 × 102 mm": MetalPart(
        "shell", 0.16, 5e6, 100.0, 0.0, length_m=0.102, wall_m=0.0008
    ),
}


def spectra(folder: Path) -> None:
    """Draw the polarisability of parts, along their axes and across."""
    frequency = np.geomspace(1.0, 1e7, 200)
    figure = Figure(figsize=(10.0, 6.2), layout="constrained")
    for number, (name, part) in enumerate(PARTS.items(), start=1):
        axes = figure.add_subplot(2, 3, number)
        along, across = polarisability(part, frequency)
        scale = 1e9 if np.abs(along).max() < 1e-5 else 1e6
        for curve, ink, what in ((along, INK[0], "along"), (across, INK[1], "across")):
            axes.semilogx(frequency, scale * curve.real, color=ink, label=f"{what}, in phase")
            axes.semilogx(frequency, scale * curve.imag, color=ink, ls="--", label="quadrature")
        axes.axhline(0.0, color="0.7", lw=0.8, zorder=0)
        axes.axvspan(1e3, 1e5, color="0.93", zorder=0)
        axes.set_title(name, fontsize=9, loc="left")
        axes.set_ylabel("mm³" if scale == 1e9 else "cm³", fontsize=8)
        axes.tick_params(labelsize=8)
        if number > 3:
            axes.set_xlabel("frequency (Hz)", fontsize=8)
    figure.axes[0].legend(fontsize=7, frameon=False)
    figure.suptitle(
        "Moment per applied field of metal parts, simulated (grey: where detectors work)",
        fontsize=10,
    )
    figure.savefig(folder / "detector-spectra.png", dpi=110)


def above(
    bodies: tuple[PlacedBody, ...], soil: Soil, detector: Detector, height_m: Values
) -> Values:
    """Return the channels in nV straight above, at heights."""
    place = np.column_stack([0.0 * height_m, 0.0 * height_m, height_m])
    rows = detector_rows(
        place, UP, bodies=bodies, soil=soil, detector=detector, time_s=height_m, seed=1
    )  # fmt: skip
    return rows.astype(np.float64)


def soils() -> dict[str, Soil]:
    """Return the soils of the pictures."""
    return {
        f"{name} soil": Soil(
            susceptibility=MAGNETIC_SOILS[name].susceptibility,
            viscosity_ratio=MAGNETIC_SOILS[name].viscosity_ratio,
            conductivity_s_per_m=0.0,
        )
        for name in ("neutral", "moderate")
    }


def heights(folder: Path) -> None:
    """Draw and print how bodies and soil fall with the height of the coil."""
    library = load_library()
    figure = Figure(figsize=(10.0, 4.8), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    grounds = soils() | {
        "soil of 20 mS/m, not magnetic": Soil(susceptibility=0.0, conductivity_s_per_m=0.02)
    }
    for number, (name, soil) in enumerate(grounds.items()):
        volts = np.abs(above((), soil, LOOP, HEIGHTS_M))
        for axes, column in zip(panels, volts.T, strict=True):
            style = ("--", ":", "-.")[number]
            axes.loglog(HEIGHTS_M, np.maximum(column, 1e-9), color="0.25", ls=style, label=name)
    for ink, name in zip(INK, ("PMA-2", "VS-50", "PMN-2", "PMN", "TM-62P", "TM-62M"), strict=False):
        body = (PlacedBody(library[name], 0.0, 0.0, DEPTH_M),)
        volts = np.abs(above(body, AIR, LOOP, HEIGHTS_M))
        for axes, column in zip(panels, volts.T, strict=True):
            axes.loglog(HEIGHTS_M, column, color=ink, label=name)
    for axes, what in zip(panels, ("in phase", "quadrature"), strict=True):
        axes.axvspan(0.3, 0.5, color="0.93", zorder=0)
        axes.set(ylim=(1e-3, 1e7), xlabel="height of the coil (m)")
        axes.set_title(f"20 kHz, {what}", fontsize=10, loc="left")
    panels[0].set_ylabel("voltage (nV)")
    panels[1].legend(fontsize=8, frameon=False, ncols=1, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(
        "Simulated: loop of 0.14 m, one turn, 1 A; bodies of the library, top 5 cm deep "
        "(grey: a drone's height)",
        fontsize=10,
    )
    figure.savefig(folder / "detector-heights.png", dpi=110)
    print_heights()


def print_heights() -> None:
    """Print the share of the soil's answer that each body reaches."""
    library = load_library()
    at_m = np.array([0.05, 0.3, 0.5])
    for name, soil in soils().items():
        ground = above((), soil, LOOP, at_m)
        wet = above((), replace(soil, conductivity_s_per_m=0.02), LOOP, at_m)
        pulses = replace(LOOP, mode="time", channels=GATES)
        viscous = above((), soil, pulses, at_m)
        print(f"{name}: body / soil at 0.05, 0.3, 0.5 m: in phase; quadrature; the same with "
              "20 mS/m; gate at 30 µs")  # fmt: skip
        for one in ("PMA-2", "VS-50", "Type 72a", "PMN-2", "PMN", "TM-62P", "TM-62M"):
            body = (PlacedBody(library[one], 0.0, 0.0, DEPTH_M),)
            volts, decay = above(body, AIR, LOOP, at_m), above(body, AIR, pulses, at_m)
            shares = (
                np.abs(volts / ground)[:, 0],
                np.abs(volts / ground)[:, 1],
                np.abs(volts / wet)[:, 1],
                np.abs(decay / viscous)[:, 1],
            )
            text = "; ".join(" ".join(f"{number:.3g}" for number in share) for share in shares)
            print(f"  {one}: {text}")


def line(folder: Path) -> None:
    """Draw a lane over three bodies, the coil carried at an uneven height."""
    library = load_library()
    along = np.arange(0.0, 6.0, 0.01)
    height = 0.25 + 0.02 * np.sin(2.0 * np.pi * along / 1.7) + 0.01 * np.sin(9.0 * along)
    place = np.column_stack([along, 0.0 * along, height])
    bodies = tuple(
        PlacedBody(library[name], at, 0.0, depth)
        for name, at, depth in (("VS-50", 1.0, 0.03), ("PMN", 3.0, 0.06), ("TM-62M", 5.0, 0.12))
    )
    tones = replace(LOOP, turns=10, drift_nv=20.0, noise_nv=5.0, flicker_nv=5.0)
    pulses = replace(tones, mode="time", channels=GATES[1:2])
    soil = Soil(susceptibility=1e-3, viscosity_ratio=0.02, conductivity_s_per_m=0.01)

    def walked(detector: Detector, there: tuple[PlacedBody, ...]) -> Values:
        rows = detector_rows(
            place, UP, bodies=there, soil=soil, detector=detector, time_s=along, seed=3
        )
        return 1e-3 * rows.astype(np.float64)

    figure = Figure(figsize=(10.0, 7.6), layout="constrained")
    panels = figure.subplots(4, 1, sharex=True, height_ratios=(1, 1, 1, 0.5))
    shown = ((tones, 0, "in phase"), (tones, 1, "quadrature"), (pulses, 0, "gate at 30 µs"))
    for axes, (detector, column, name) in zip(panels[:3], shown, strict=True):
        bare, rows = walked(detector, ())[:, column], walked(detector, bodies)[:, column]
        axes.plot(along, rows, color=INK[0])
        axes.plot(along, bare, color=INK[1], ls="--", lw=1.2)
        middle, swing = np.median(bare), np.ptp(bare)
        axes.set_ylim(middle - 3.0 * swing, middle + 3.0 * swing)
        axes.set_ylabel(f"{name} (µV)")
        for one in bodies[1:]:
            near = rows[np.abs(along - one.along_m) < 0.3]
            peak = float(near[np.abs(near).argmax()])
            empty = middle - 2.2 * np.sign(peak) * swing
            axes.text(one.along_m, empty, f"{peak:.0f} µV", fontsize=9, ha="center", va="center",
                      backgroundcolor="white")  # fmt: skip
    for one in bodies:
        panels[0].text(one.along_m, 1.02, one.body.name, ha="center", va="bottom", fontsize=9,
                       transform=panels[0].get_xaxis_transform())  # fmt: skip
        for axes in panels:
            axes.axvline(one.along_m, color="0.85", lw=0.8, zorder=0)
    panels[3].plot(along, height, color=INK[6])
    panels[3].set(ylabel="height (m)", xlabel="along the lane (m)")
    figure.suptitle(
        "Simulated lane over three bodies of the library (dashed: without them). Loop of 0.14 m, "
        "ten turns, 1 A;\nsoil χ = 1e-3, 2 % viscous, 10 mS/m. Strong answers leave the panel; "
        "their peaks are written",
        fontsize=10,
    )
    figure.savefig(folder / "detector-line.png", dpi=110)


def real_map(folder: Path, name: str) -> tuple[Values, list[str], float]:
    """Return the maps (rows, columns, channels) less their medians, their names, and the cell."""
    recording = open_recording(folder / name / "coilMch1.csv")
    (stream,) = recording.streams
    raw = stream.header.raw
    data = stream.rows(0, stream.traces).data.astype(np.float64)
    data -= np.median(data, axis=0)
    shape = (int(raw["rows"]), int(raw["columns"]))
    return data.reshape(*shape, -1), list(raw["channels"]), float(raw["cell_m"])


def profile(image: Values, cell_m: float, at_m: Values) -> Values:
    """Return the median over rings around the strongest cell, as a share of it."""
    size = np.abs(image)
    row, column = np.unravel_index(size.argmax(), size.shape)
    rows, columns = np.indices(size.shape)
    away = cell_m * np.hypot(rows - row, columns - column)
    rings = [np.median(size[np.abs(away - one) <= 0.5 * cell_m]) for one in at_m]
    return np.asarray(np.array(rings) / size.max())


def half_width(at_m: Values, share: Values) -> float:
    """Return the distance at which a profile first falls to a half."""
    below = int(np.argmax(share < 0.5))
    around = slice(below - 1, below + 1)
    return float(np.interp(0.5, share[around][::-1], at_m[around][::-1]))


def simulated_map(distance_m: float, cells: int, cell_m: float) -> Values:
    """Return the quadrature of a loop over a ball, (cells, cells)."""
    ball = MetalPart("sphere", 0.02, 5e6, 100.0, 0.02)
    case = Part("cylinder", "plastic", (0.1, 0.1, 0.04))
    placed = PlacedBody(Body("ball", "clutter", "ball", (case,), (ball,), 0.0), 0.0, 0.0, 0.03)
    axis = cell_m * (np.arange(cells) - 0.5 * (cells - 1))
    along, across = (one.ravel() for one in np.meshgrid(axis, axis))
    place = np.column_stack([along, across, np.full(along.size, distance_m - 0.05)])
    rows = detector_rows(
        place, UP, bodies=(placed,), soil=AIR, detector=LOOP,
        time_s=np.arange(along.size, dtype=np.float64), seed=1,
    )  # fmt: skip
    return rows[:, 1].astype(np.float64).reshape(cells, cells)


def maps(real: Path, folder: Path) -> None:
    """Draw real maps beside a simulated one, their profiles and their channels; print figures."""
    figure = Figure(figsize=(10.0, 6.6), layout="constrained")
    panels = figure.subplots(2, 3)
    at_m = np.arange(0.0, 1.0, 0.05)
    simulated = simulated_map(0.25, 47, 0.05)
    show(panels[0, 2], simulated, 0.05, "simulated: loop 0.14 m, 0.25 m over a steel ball")
    for number, name in enumerate(("Mine01", "Metal01")):
        data, channels, cell_m = real_map(real, name)
        middle = data[..., channels.index("coilMch1")]
        show(panels[0, number], middle, cell_m, f"real: {name}, middle coil, channel 1")
        for channel in range(3):
            image = data[..., channels.index(f"coilMch{channel}")]
            share = profile(image, cell_m, at_m)
            tell(f"{name} channel {channel}", at_m, share)
            panels[1, 0].semilogy(
                at_m, share, color=INK[channel], ls=("-", "--")[number], lw=1.2,
                label=f"{name} channel {channel}",
            )  # fmt: skip
        peak = np.unravel_index(np.abs(middle).argmax(), middle.shape)
        order = [channels.index(f"coil{coil}ch{one}") for coil in "LMR" for one in range(3)]
        values = data[peak][order]
        where = np.arange(9) + 0.4 * number - 0.2
        panels[1, 1].bar(where, 1e-3 * values, width=0.4, color=INK[number], label=name)
        ratio = values.reshape(3, 3) / values.reshape(3, 3)[:, 1:2]
        print(f"{name}: channels over channel 1, left, middle, right: {ratio.round(2).tolist()}")
    for distance_m, style in ((0.2, ":"), (0.25, "-"), (0.35, "-.")):
        share = profile(simulated_map(distance_m, 47, 0.05), 0.05, at_m)
        name = f"simulated, {distance_m} m"
        panels[1, 0].semilogy(at_m, share, color="0.4", ls=style, lw=2, zorder=0, label=name)
        tell(name, at_m, share)
    panels[1, 0].set(ylim=(1e-3, 1.2), xlabel="distance from the peak (m)", ylabel="share of it")
    panels[1, 1].set_xticks(np.arange(9), [f"{coil}{one}" for coil in "LMR" for one in range(3)])
    panels[1, 1].set(ylabel="counts / 1000 at the peak", xlabel="coil and channel")
    panels[1, 1].legend(fontsize=8, frameon=False)
    panels[1, 2].axis("off")
    lines = panels[1, 0].get_legend_handles_labels()
    panels[1, 2].legend(*lines, fontsize=8, frameon=False, loc="center left", title="left panel")
    figure.savefig(folder / "detector-map.png", dpi=110)


def tell(name: str, at_m: Values, share: Values) -> None:
    """Print the width of a profile and its tail."""
    print(f"{name}: half at {half_width(at_m, share):.3f} m, {share[10]:.4f} at 0.5 m")


def show(axes: Axes, image: Values, cell_m: float, title: str) -> None:
    """Draw a map as a share of its strongest cell."""
    rows, columns = image.shape
    axes.imshow(
        image / np.abs(image).max(), cmap="RdBu_r", vmin=-1.0, vmax=1.0, origin="lower",
        extent=(0.0, columns * cell_m, 0.0, rows * cell_m),
    )  # fmt: skip
    axes.set_title(title, fontsize=8, loc="left")
    axes.set(xlabel="m (cell size assumed)", ylabel="m")


def main() -> None:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--maps", type=Path, help="folder with Mine01 and Metal01")
    parser.add_argument("-o", "--output", type=Path, default=Path())
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    spectra(given.output)
    heights(given.output)
    line(given.output)
    if given.maps:
        maps(given.maps, given.output)


if __name__ == "__main__":
    main()
