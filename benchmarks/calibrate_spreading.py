"""Compare echoes computed in the plane, and corrected, with gprMax in three dimensions.

    DETECTKIT_GPRMAX=/path/to/gprmax/bin/python python benchmarks/calibrate_spreading.py \\
        --spacing 0.01 --centre 6e8 -o docs/pictures/two-and-three-dimensions.png

gprMax (GPL) computes both, so that its grid's own errors are the same on both sides and what
differs is the correction's; `--plane ours` takes our solver for the plane. Results are kept in
`--folder` and taken from there the next time. One run in three dimensions of 10 mm cells takes 10 s
and one thread, of 5 mm cells three minutes.

Antennas 0.3 m over level soil (ε 6, 0.01 S/m), 0.16 to 0.36 m apart; bodies 5 cm thick, 6 cm deep,
on the lane or beside it.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from detectkit.sim import gprmax
from detectkit.sim.fdtd import Pulse, Responses, Shots, Solver, simulate
from detectkit.sim.gprmax import Box, Dipole, Disc, Ground, Program, Solid, simulate_solid
from detectkit.sim.refraction import leg
from detectkit.sim.scene import METAL, Material, Section, Shape, with_shapes
from detectkit.sim.spreading import as_compact, as_dipole
from detectkit.sim.spreading.compact import Outline
from detectkit.sim.spreading.sources import arriving, dipole_field, frequencies, line_field

Values = npt.NDArray[np.float64]

BLACK, ORANGE, BLUE = "#000000", "#D55E00", "#56B4E9"
HEIGHT_M, TOP_M, THICK_M = 0.3, 0.06, 0.05
SOIL, PLASTIC = Material(6.0, 0.01), Material(3.0)
INDEX = math.sqrt(SOIL.permittivity)
SOURCE = (-0.08, HEIGHT_M, 0.0)
RECEIVERS = ((0.08, HEIGHT_M, 0.0), (0.2, HEIGHT_M, 0.0), (0.28, HEIGHT_M, 0.0))
SHOTS = Shots(np.array([SOURCE[:2]]), np.array([[one[:2] for one in RECEIVERS]]))
CENTRE = (0.0, -TOP_M - 0.5 * THICK_M)


@dataclass(frozen=True)
class Case:
    """A body: width in cm, material, outline, and how far beside the lane in cm."""

    width_cm: int
    across_cm: int = 0
    outline: Outline = "round"
    material: Material = PLASTIC

    @property
    def name(self) -> str:
        what = "metal" if self.material is METAL else "plastic"
        shape = "disc" if self.outline == "round" else "block"
        return f"{what} {shape} {self.width_cm} cm, {self.across_cm} cm beside"

    @property
    def solid(self) -> Box | Disc:
        bottom, half, across = -TOP_M - THICK_M, self.width_cm / 200.0, self.across_cm / 100.0
        if self.outline == "round":
            return Disc((0.0, bottom, across), THICK_M, half, self.material)
        lower, upper = (-half, bottom, across - half), (half, -TOP_M, across + half)
        return Box(lower, upper, self.material)

    @property
    def shape(self) -> Shape:
        half, bottom = self.width_cm / 200.0, -TOP_M - THICK_M
        corners = [(-half, bottom), (half, bottom), (half, -TOP_M), (-half, -TOP_M)]
        return Shape(np.array(corners), self.material)


CASES = [
    *[Case(12, across) for across in (0, 10, 20)],
    *[Case(32, across) for across in (0, 10, 20)],
    Case(12, 0, "square"),
    Case(12, 20, "square"),
    Case(32, 0, "round", METAL),
]


@dataclass(frozen=True)
class Bench:
    """One spacing, one pulse, and where results are kept."""

    spacing_m: float
    pulse: Pulse
    window_s: float
    plane: str
    folder: Path
    program: Program

    def solid(self, case: Case | None) -> Responses:
        """Return the field of a dipole in three dimensions."""
        scene = Solid(
            self.spacing_m,
            (-0.48, -0.35, -0.45),
            (0.48, 0.5, 0.51),
            Dipole(SOURCE, RECEIVERS),
            ground=Ground(SOIL),
            bodies=() if case is None else (case.solid,),
        )
        return self._kept(
            f"solid {case.name if case else 'ground'}",
            lambda folder: simulate_solid(
                scene,
                pulse=self.pulse,
                window_s=self.window_s,
                program=self.program,
                folder=folder,
            ),
        )

    def flat(self, case: Case | None) -> Responses:
        """Return the field of a line in the plane."""
        section = self._section() if case is None else with_shapes(self._section(), [case.shape])
        solver = Solver(self.window_s, half_width_m=0.7, above_m=0.2, below_m=0.8, pulse=self.pulse)
        if self.plane == "ours":
            return simulate(section, SHOTS, solver)
        return self._kept(
            f"plane {case.width_cm if case else 0} {case.material if case else SOIL}",
            lambda folder: gprmax.simulate(
                section,
                gprmax.on_grid(section, SHOTS),
                solver,
                program=self.program,
                folder=folder,
            ),
        )

    def _section(self) -> Section:
        along_m = np.arange(-1.0, 1.0, self.spacing_m)
        up_m = 0.7 - self.spacing_m * np.arange(round(1.4 / self.spacing_m))
        below = np.clip(0.5 - up_m / self.spacing_m, 0.0, 1.0)
        below = np.broadcast_to(below, (len(along_m), len(up_m)))
        grids = 1.0 + (SOIL.permittivity - 1.0) * below, SOIL.conductivity_s_per_m * below
        soil = [one.astype(np.float32) for one in (*grids, 0.0 * below)]
        return Section(self.spacing_m, along_m[0], up_m[0], *soil)

    def _kept(self, name: str, compute: object) -> Responses:
        path = self.folder / f"{name} {self.spacing_m} {self.pulse.centre_hz:.0f}.npz"
        if not path.exists():
            with tempfile.TemporaryDirectory() as folder:
                result = compute(Path(folder))
            np.savez(path, field=result.field, interval_s=result.interval_s)
        kept = np.load(path)
        return Responses(kept["field"], float(kept["interval_s"]), self.pulse)


def at_times(record: Values, interval_s: float, time_s: Values) -> Values:
    """Return a record at other times: eight times finer by its spectrum, then by lines."""
    finer, length = 8, 4 * len(record)
    fine = np.fft.irfft(np.fft.rfft(record, length), finer * length) * finer
    return np.interp(time_s, interval_s / finer * np.arange(len(fine)), fine)


@dataclass(frozen=True)
class Likeness:
    """Of a corrected echo to the one in three dimensions."""

    level_db: float
    correlation: float
    late_ps: float

    @classmethod
    def of(cls, ours: Values, truth: Values, interval_s: float) -> Likeness:
        """Compare two records; late: how much later ours comes."""
        length = 4 * len(ours)
        freq_hz = np.fft.rfftfreq(length, interval_s)
        spectrum = np.fft.rfft(ours, length)
        size = math.sqrt(float(ours @ ours) * float(truth @ truth))
        lags = 2e-12 * np.arange(-100, 101)
        matches = [
            np.fft.irfft(spectrum * np.exp(2j * np.pi * freq_hz * lag), length)[: len(ours)] @ truth
            for lag in lags
        ]
        level_db = 10.0 * math.log10(float(ours @ ours) / float(truth @ truth))
        late_ps = float(1e12 * lags[int(np.argmax(matches))])
        return cls(level_db, float(ours @ truth) / size, late_ps)


def directivity(across_m: float, receiver: int) -> float:
    """Return what the dipoles send and hear towards a body beside them, over straight down."""
    gain = 1.0
    for along_m in (SOURCE[0], RECEIVERS[receiver][0]):
        away_m = math.hypot(along_m, across_m)
        sine = leg(away_m, HEIGHT_M, -CENTRE[1], INDEX)[3]
        gain *= math.sqrt(1.0 - (sine * across_m / away_m) ** 2)
    return gain


@dataclass(frozen=True)
class Pair:
    """Corrected echo and the one in three dimensions at one receiver; the echo in the plane."""

    ours: Values
    flat: Values
    truth: Values
    time_s: Values


def ground_pair(bench: Bench, receiver: int) -> Pair:
    """Return the ground's echo, less the direct wave in closed form."""
    flat, solid = bench.flat(None), bench.solid(None)
    seen = as_dipole(flat, shots=SHOTS, ground_up_m=0.0, index=INDEX)
    samples = seen.field.shape[2]
    time_s = seen.interval_s * np.arange(samples)
    freq_hz = frequencies(samples, seen.interval_s)
    apart_m = RECEIVERS[receiver][0] - SOURCE[0]
    direct = arriving(dipole_field(apart_m, freq_hz), bench.pulse, freq_hz, samples=samples)
    truth = at_times(solid.field[0, receiver], solid.interval_s, time_s)
    line = arriving(line_field(apart_m, freq_hz), bench.pulse, freq_hz, samples=samples)
    raw = flat.field[0, receiver] - line
    return Pair(seen.field[0, receiver] - direct, raw, truth - direct, time_s)


def body_pair(bench: Bench, case: Case, receiver: int) -> Pair:
    """Return a body's echo: the field with it less the field without."""
    flat, without = bench.flat(case), bench.flat(None)
    solid, empty = bench.solid(case), bench.solid(None)
    seen = as_compact(
        Responses(flat.field - without.field, flat.interval_s, bench.pulse),
        shots=SHOTS,
        centre=CENTRE,
        ground_up_m=0.0,
        across_m=case.across_cm / 100.0,
        width_m=case.width_cm / 100.0,
        index=INDEX,
        outline=case.outline,
    )
    time_s = seen.interval_s * np.arange(seen.field.shape[2])
    echo = solid.field[0, receiver] - empty.field[0, receiver]
    gain = directivity(case.across_cm / 100.0, receiver)
    return Pair(
        gain * seen.field[0, receiver],
        flat.field[0, receiver] - without.field[0, receiver],
        at_times(echo, solid.interval_s, time_s),
        time_s,
    )


def table(bench: Bench, cases: list[Case]) -> list[str]:
    """Return lines of a table in Markdown."""
    lines = [
        "| echo | receiver, m away | level, dB | correlation | late, ps |",
        "|---|---|---|---|---|",
    ]
    for receiver in range(len(RECEIVERS)):
        pair = ground_pair(bench, receiver)
        lines.append(_row("ground", receiver, pair))
    for case in cases:
        lines += [
            _row(case.name, receiver, body_pair(bench, case, receiver))
            for receiver in (0, len(RECEIVERS) - 1)
        ]
    return lines


def _row(name: str, receiver: int, pair: Pair) -> str:
    like = Likeness.of(pair.ours, pair.truth, pair.time_s[1])
    apart_m = RECEIVERS[receiver][0] - SOURCE[0]
    numbers = f"{like.level_db:+.1f} | {like.correlation:.3f} | {like.late_ps:+.0f}"
    return f"| {name} | {apart_m:.2f} | {numbers} |"


def draw(bench: Bench, path: Path) -> None:
    """Draw the ground's echo and five bodies'."""
    shown = [case for case in CASES if case.across_cm != 10 and case.outline == "round"]
    pairs = [("ground", ground_pair(bench, 2))]
    pairs += [(case.name, body_pair(bench, case, 0)) for case in shown]
    figure = Figure(figsize=(10, 5.6), layout="constrained")
    for axes, (name, pair) in zip(figure.subplots(2, 3).flat, pairs, strict=True):
        size = np.abs(pair.truth).max()
        time_ns = 1e9 * (pair.time_s - bench.pulse.peak_s)
        axes.plot(time_ns, pair.flat / np.abs(pair.flat).max(), color=BLUE, lw=1.2)
        axes.plot(time_ns, pair.truth / size, color=BLACK, lw=2.2)
        axes.plot(time_ns, pair.ours / size, color=ORANGE, lw=1.4, ls="--")
        like = Likeness.of(pair.ours, pair.truth, pair.time_s[1])
        axes.set_title(name, fontsize=9)
        told = f"{like.level_db:+.1f} dB\n{like.late_ps:+.0f} ps\nr = {like.correlation:.3f}"
        axes.text(0.97, 0.04, told, transform=axes.transAxes, ha="right", fontsize=8)
        axes.set_ylim(-1.2, 1.1)
        axes.set_xlim(0.5, 6.5)
        axes.grid(alpha=0.3)
    for axes in figure.axes[3:]:
        axes.set_xlabel("time after the pulse, ns")
    for axes in figure.axes[::3]:
        axes.set_ylabel("field over its peak")
    names = ["2-D, as computed (its own scale)", "3-D", "2-D, corrected"]
    figure.legend(figure.axes[0].lines, names, fontsize=9, loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spacing", type=float, default=0.01, help="cells, m")
    parser.add_argument("--centre", type=float, default=6e8, help="of the pulse, Hz")
    parser.add_argument("--window", type=float, default=9e-9, help="length of record, s")
    parser.add_argument("--plane", choices=["gprmax", "ours"], default="gprmax")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of cases, from 0")
    parser.add_argument("--folder", type=Path, default=Path("spreading"))
    parser.add_argument("-o", "--output", type=Path, help="picture")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(
        asked.spacing,
        Pulse(asked.centre),
        asked.window,
        asked.plane,
        asked.folder,
        Program.find(),
    )
    cases = CASES if asked.only is None else [CASES[one] for one in asked.only]
    print("\n".join(table(bench, cases)))
    if asked.output is not None:
        draw(bench, asked.output)


if __name__ == "__main__":
    main()
