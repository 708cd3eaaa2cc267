"""Recorded and simulated radargrams: python benchmarks/real_and_simulated.py DATA [PICTURES].

DATA is a folder with the recordings named in `CASES` (none of them is part of this project; without
it the script stops). For each a line of like settings is simulated full-wave: the antennas' band
and distance, sample interval, window, trace spacing, the soil drawn at random. Both are set side by
side by `detectkit.product.comparison`; pictures go to PICTURES, tables are printed.

Fitted by hand to the recording are the antenna's centre and band, the soil's loss (to the decay)
and the noise's level. Nothing else is.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy.signal import hilbert

from detectkit.io import open_recording
from detectkit.product.comparison import (
    FIGURES,
    Compared,
    draw_comparison,
    number,
    statement,
    values_of,
)
from detectkit.signal.statistics import statistics_of
from detectkit.sim.antenna import Radar, in_air, lines_of, radargram, record_s, with_effects
from detectkit.sim.fdtd import Pulse, Shots, Solver, simulate
from detectkit.sim.scene import Layer, Material, Shape, Subsurface, ground_section, with_shapes
from detectkit.sim.spreading import as_dipole

Rows = npt.NDArray[np.float32]
Outline = npt.NDArray[np.float64]

TRACES = 128
HEIGHT_M = 0.02
WIDEST_M = 1.8
WALK_M_PER_S = 1.0
SEEDS = (1,)
NOTE = "One recording, and a line simulated full-wave with its settings."


@dataclass(frozen=True)
class Stones:
    """Ellipses in the plane: how many to a square metre, radii and permittivity from, to."""

    per_m2: float
    radius_m: tuple[float, float]
    permittivity: tuple[float, float] = (4.5, 8.0)


@dataclass(frozen=True)
class Bedding:
    """Aslant strata: how steep they fall, how thick they are, how much they differ."""

    slope: float
    thick_m: tuple[float, float]
    permittivity: tuple[float, float]


@dataclass(frozen=True)
class Case:
    """A recording and what is simulated for it."""

    name: str
    path: str
    first_sample: int
    spacing_m: float
    radar: Radar
    noise_db: float
    ground: Subsurface
    stones: Stones
    below_m: float
    cell_m: float
    bedding: Bedding | None = None
    gained: bool = False


CASES = (
    Case(
        name="mala-250",
        path="mala/DAT_0097.rd3",
        first_sample=23,
        spacing_m=0.047766,
        radar=Radar(
            centre_hz=165e6, samples=240, sample_interval_s=3.830661e-10, time_zero_s=4.3e-9,
            antenna_separation_m=0.31, wavelet="minimum-phase", antenna_seed=2,
            antenna_bandwidth=0.95, antenna_decay_s=8e-9, ringing_counts=0.0,
        ),
        noise_db=-53.0,
        ground=Subsurface(
            sand=0.85, clay=0.05, moisture=0.09, moisture_std=0.02, level_m=0.4, down_m=0.1,
            surface_moisture=0.06, dry_m=0.3, roughness_m=0.003,
            layers=(
                Layer(0.9, 0.25, 8.0, sand=0.8, clay=0.06, moisture=0.14, moisture_std=0.02),
                Layer(2.0, 0.4, 12.0, sand=0.85, clay=0.05, moisture=0.1, moisture_std=0.02),
            ),
        ),
        stones=Stones(1.5, (0.04, 0.16)),
        below_m=4.2,
        cell_m=0.022,
    ),
    Case(
        name="noggin-250",
        path="sensoft/LINE0.DT1",
        first_sample=42,
        spacing_m=0.025,
        radar=Radar(
            centre_hz=250e6, samples=140, sample_interval_s=4.00862e-10, time_zero_s=3.3e-9,
            antenna_separation_m=0.2794, wavelet="minimum-phase", antenna_seed=3,
            antenna_bandwidth=1.5, antenna_decay_s=5e-9, ringing_counts=0.0,
        ),
        noise_db=-50.0,
        ground=Subsurface(
            sand=0.75, clay=0.06, moisture=0.11, moisture_std=0.025, level_m=0.25, down_m=0.08,
            roughness_m=0.003,
            layers=(Layer(0.35, 0.04, 3.0, sand=0.7, clay=0.08, moisture=0.16),),
        ),
        stones=Stones(3.0, (0.03, 0.12)),
        below_m=2.0,
        cell_m=0.016,
    ),
    Case(
        name="gssi-400",
        path="gssi/FILE____032.DZT",
        first_sample=40,
        spacing_m=0.02,
        radar=Radar(
            centre_hz=400e6, samples=464, sample_interval_s=9.375e-11, time_zero_s=1.9e-9,
            antenna_separation_m=0.16, wavelet="minimum-phase", antenna_seed=1,
            antenna_bandwidth=1.2, antenna_decay_s=4e-9, ringing_counts=0.0,
        ),
        noise_db=-85.0,
        ground=Subsurface(
            sand=0.95, clay=0.02, bulk_density_kg_per_m3=1550.0, moisture=0.05,
            moisture_std=0.01, level_m=0.5, down_m=0.05, roughness_m=0.003,
        ),
        stones=Stones(0.1, (0.02, 0.06)),
        below_m=3.2,
        cell_m=0.013,
        bedding=Bedding(0.3, (0.03, 0.25), (3.6, 4.8)),
        gained=True,
    ),
)  # fmt: skip


def recorded(case: Case, folder: Path) -> tuple[Compared, list[Rows]]:
    """Return the recording, cut to the simulated window, in pieces as long as the simulated."""
    stream = open_recording(folder / case.path).streams[0]
    pieces = []
    for first in range(0, stream.traces - TRACES + 1, TRACES):
        block = stream.rows(first, first + TRACES)
        rows = np.asarray(block.data[:, block.sensor.blank_samples :], np.float32)
        pieces.append(rows[:, case.first_sample : case.first_sample + case.radar.samples])
    return compared(case, f"{case.name}, recorded", pieces), pieces


def compared(case: Case, name: str, pieces: list[Rows]) -> Compared:
    """Return the figures of rows on the case's grid."""
    traces = sum(len(one) for one in pieces)
    found = statistics_of(pieces, case.radar.sample_interval_s)
    return Compared(name, found, traces, case.spacing_m, -case.radar.time_zero_s)


def simulated(case: Case, seed: int) -> Rows:
    """Return counts of a line over random ground, with the receiver's effects."""
    radar, pulse = case.radar, Pulse(case.radar.centre_hz)
    length_m = TRACES * case.spacing_m
    half_m = 0.5 * radar.antenna_separation_m
    width_m = min(WIDEST_M, case.below_m) + half_m
    section = ground_section(
        case.ground, along_m=(-width_m, length_m + width_m), bottom_m=-case.below_m, top_m=0.5,
        spacing_m=case.cell_m, seed=seed,
    )  # fmt: skip
    section = with_shapes(section, shapes(case, seed, (-width_m, length_m + width_m)))
    along = case.spacing_m * np.arange(TRACES)
    up = np.full(TRACES, HEIGHT_M)
    shots = Shots(
        np.column_stack([along - half_m, up]), np.column_stack([along + half_m, up])[:, np.newaxis]
    )
    solver = Solver(
        record_s(radar, pulse), half_width_m=width_m, above_m=0.4, below_m=case.below_m, pulse=pulse
    )
    index = math.sqrt(case.ground.at(radar.centre_hz)[0])
    heard = as_dipole(
        simulate(section, shots, solver, threads=2), shots=shots, ground_up_m=0.0, index=index
    )
    counts = radargram(heard, radar, air=in_air(heard, shots))
    clutter = float((counts - counts.mean(axis=0)).std(axis=0).max())
    noisy = replace(
        radar, crosstalk_counts=0.0, noise_counts=clutter * 10.0 ** (case.noise_db / 20.0)
    )
    time_s = np.asarray(along / WALK_M_PER_S, np.float64)
    return with_effects(counts, noisy, time_s, seed=seed)


def shapes(case: Case, seed: int, along_m: tuple[float, float]) -> list[Shape]:
    """Return strata and stones of a line, strata first."""
    rng = np.random.default_rng([seed, 77])
    strata = [] if case.bedding is None else list(_strata(case, case.bedding, rng, along_m))
    area = (along_m[1] - along_m[0]) * case.below_m
    stones = []
    for _ in range(rng.poisson(case.stones.per_m2 * area)):
        radius = math.exp(rng.uniform(*np.log(case.stones.radius_m)))
        middle = rng.uniform(*along_m), -rng.uniform(1.5 * radius, case.below_m)
        rock = Material(rng.uniform(*case.stones.permittivity))
        stones.append(Shape(_ellipse(middle, radius, rng), rock))
    return strata + stones


def _ellipse(middle: tuple[float, float], radius_m: float, rng: np.random.Generator) -> Outline:
    turn, flat = rng.uniform(0.0, np.pi), rng.uniform(0.5, 1.0)
    angle = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    along, up = radius_m * np.cos(angle), flat * radius_m * np.sin(angle)
    return np.column_stack([
        middle[0] + along * np.cos(turn) - up * np.sin(turn),
        middle[1] + along * np.sin(turn) + up * np.cos(turn),
    ])  # fmt: skip


def _strata(
    case: Case, bedding: Bedding, rng: np.random.Generator, along_m: tuple[float, float]
) -> Iterator[Shape]:
    """Yield strata from the top down."""
    fall = bedding.slope * (along_m[1] - along_m[0])
    top = fall
    while top > -case.below_m - 0.5:
        thick = math.exp(rng.uniform(*np.log(bedding.thick_m)))
        bend = np.cumsum(rng.normal(0.0, 0.03, 40))
        along = np.linspace(*along_m, 40)
        upper = top - bedding.slope * (along - along_m[0]) + bend
        lower = upper - thick
        outline = np.column_stack([
            np.r_[along, along[::-1]], np.minimum(np.r_[upper, lower[::-1]], -0.05),
        ])  # fmt: skip
        yield Shape(outline, Material(rng.uniform(*bedding.permittivity), 1e-3))
        top -= thick


def with_gain_of(rows: Rows, pieces: list[Rows]) -> Rows:
    """Return rows with the recording's decay, for a recording that has the operator's gain."""
    wanted = np.sqrt(np.mean([(one - one.mean(axis=0)).var(axis=0) for one in pieces], axis=0))
    own = (rows - rows.mean(axis=0)).std(axis=0)
    width = np.ones(31) / 31.0
    gain = np.convolve(wanted, width, "same") / np.convolve(own, width, "same")
    return np.asarray(rows * gain, np.float32)


def table(found: list[Compared]) -> None:
    """Print the figures of a case as rows of Markdown."""
    print(f"\n| figure | {' | '.join(one.name for one in found)} | tolerance |")
    print("|---" * (len(found) + 2) + "|")
    values = [values_of(one) for one in found]
    for each in FIGURES:
        first = values[0][each.name]
        cells = [
            number(value[each.name]) + (" ≠" if each.differs(first, value[each.name]) else "")
            for value in values
        ]
        unit = f" ({each.unit})" if each.unit else ""
        print(f"| {each.words}{unit} | {' | '.join(cells)} | {each.tolerance} |")


def draw_antennas(folder: Path, path: Path) -> None:
    """Draw two measured antennas among antennas drawn at random: spectra, and how they ring."""
    files = folder / "gprmax" / "antennas"
    measured = [
        (name, Radar(wavelet="file", wavelet_file=str(files / f"antenna_{name}_fs_real.txt")))
        for name in ("GSSI_1500", "MALA_1200")
    ]
    drawn = [
        ("drawn at random", Radar(wavelet="minimum-phase", centre_hz=1.3e9, antenna_seed=seed))
        for seed in range(12)
    ]
    figure = Figure(figsize=(12.0, 4.4), dpi=110, layout="constrained")
    spectra, ringing = figure.subplots(1, 2)
    time_s = np.arange(-12e-9, 16e-9, 1e-11)
    styles = {"GSSI_1500": ("#D55E00", 1.8), "MALA_1200": ("#0072B2", 1.8)}
    for number_, (name, radar) in enumerate(drawn + measured):
        colour, width = styles.get(name, ("0.65", 0.8))
        lines = lines_of(radar, 40e-9)
        size = 20.0 * np.log10(np.abs(lines.weight) / np.abs(lines.weight).max())
        label = None if 0 < number_ < len(drawn) else name.replace("_", " ")
        spectra.plot(1e-9 * lines.freq_hz, size, color=colour, lw=width, label=label)
        envelope = np.abs(hilbert(lines.at(time_s)))
        ringing.plot(1e9 * time_s, 20.0 * np.log10(envelope), color=colour, lw=width)
    spectra.set(xlim=(0, 4.5), ylim=(-50, 3), xlabel="frequency (GHz)", ylabel="amplitude (dB)")
    ringing.set(xlim=(-1, 6), ylim=(-60, 3), xlabel="time after the peak (ns)")
    ringing.set_ylabel("envelope (dB)")
    spectra.set_title("Spectrum", loc="left", fontsize=10)
    ringing.set_title("How the antenna rings", loc="left", fontsize=10)
    spectra.legend(frameon=False, fontsize=9)
    for axes in (spectra, ringing):
        axes.grid(alpha=0.3)
    figure.savefig(path, format="png", metadata={"Software": "detectkit"})


def main() -> None:
    """Simulate, compare, draw and print."""
    if len(sys.argv) < 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    folder, pictures = Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    wanted = sys.argv[3:]
    if not wanted or "antennas" in wanted:
        draw_antennas(folder, pictures / "real-and-simulated-antennas.png")
    for case in CASES:
        if wanted and case.name not in wanted:
            continue
        real, pieces = recorded(case, folder)
        began = time.process_time()
        lines = [simulated(case, seed) for seed in SEEDS]
        seconds = (time.process_time() - began) / len(SEEDS)
        if case.gained:
            lines = [with_gain_of(one, pieces) for one in lines]
        found = [real, compared(case, f"{case.name}, simulated", lines)]
        path = pictures / f"real-and-simulated-{case.name}.png"
        draw_comparison(found, path, note=NOTE)
        table(found)
        print(f"\n{statement(*found)}\n{TRACES} traces in {seconds:.0f} s of CPU, {path.name}")


if __name__ == "__main__":
    main()
