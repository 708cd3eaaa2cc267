"""What a smoothed ground surface is worth, in figures and one picture.

    python benchmarks/ground_surface.py figures
    python benchmarks/ground_surface.py score
    python benchmarks/ground_surface.py picture --frenke FOLDER -o docs/pictures/ground-surface.png

The flights are simulated (`detectkit_sim_data.recipes.surface_lanes`): lanes of 12 m at 0.55 m over
rough ground, an altimeter of 2 cm noise in steps of 1 cm that stands 3 cm off and misses 5 % of its
samples. FOLDER is that of the recorded Frenke line (LINE00.DT1 and its surveyed elevations).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.core import Block, concat
from detectkit.detect.preset import Ground, nominal_pipeline
from detectkit.io import open_recording
from detectkit.pipeline import parse_steps, run, step_tables
from detectkit_sim_data.recipes.surface_lanes import CENTRE_HZ, SEPARATION_M, Lane, lane

app = typer.Typer(add_completion=False)
C = 299_792_458.0
PERIOD_S = 1.0 / CENTRE_HZ
LEAD = {"lead_s": 2.0 * PERIOD_S}
HEAD: list[dict[str, Any]] = [
    {"use": "dc"},
    {"use": "time-zero-threshold", "fraction": 0.2, "pulse_s": 0.3 * PERIOD_S, **LEAD},
    {"use": "remove-height", **LEAD},
]
BOUNCE = {
    "use": "ground-bounce",
    "window_s": [-PERIOD_S, 1.2 * PERIOD_S],
    "maximum_move_s": 0.25 * PERIOD_S,
}
ALIGN = {"use": "align-ground", **LEAD}
SURFACE = {"use": "ground-surface"}
WAYS: dict[str, list[dict[str, Any]]] = {
    "altimeter": [],
    "each reflection": [BOUNCE, ALIGN],
    "surface": [BOUNCE, SURFACE, ALIGN],
}
SEEDS = range(1, 7)
COLOURS = {"altimeter": "#E69F00", "each reflection": "#56B4E9", "surface": "#000000"}
VELOCITY_M_PER_S = 0.08e9
SHOWN_M = 5.5


def levelled(flown: Lane, way: str) -> tuple[Block, np.ndarray]:
    """Return the levelled line and its error of the height in m, the constant part taken out."""
    out = concat(list(run(parse_steps([*HEAD, *WAYS[way]]), [flown.raw])))
    half_m = 0.5 * C * out.coord("removed_twt_s")
    error = np.sqrt(half_m**2 - 0.25 * SEPARATION_M**2) - flown.height_m
    return out, error - np.nanmedian(error)


def left_over(out: Block) -> float:
    """Return what the mean of 150 traces leaves of the ground's reflection, as a share of it."""
    data = out.data[:, np.abs(out.coord("twt_s")) < PERIOD_S].astype(np.float64)
    sums = np.vstack([np.zeros(data.shape[1]), np.cumsum(data, axis=0)])
    row = np.arange(len(data))
    low, high = np.maximum(row - 75, 0), np.minimum(row + 75, len(data))
    rest = data - (sums[high] - sums[low]) / (high - low)[:, np.newaxis]
    return float(np.sqrt((rest**2).mean() / (data**2).mean()))


@app.command()
def figures() -> None:
    """Print the height's error and what is left of the ground's reflection, by way and ground."""
    print(
        "ground              way              height sd mm  95% mm  left over  within 1 / 2 errors"
    )
    grounds: dict[str, dict[str, Any]] = {
        "flat": {"roughness_m": 0.0},
        "rough 1 cm": {"roughness_m": 0.01},
        "rough 2 cm": {"roughness_m": 0.02},
        "rough 1 cm, 8 deg": {"roughness_m": 0.01, "slope_deg": 8.0},
    }
    for words, more in grounds.items():
        flown = [lane(seed, **more) for seed in SEEDS]
        for way in WAYS:
            told = [levelled(one, way) for one in flown]
            error = np.concatenate([one[1] for one in told])
            rest = np.mean([left_over(one[0]) for one in told])
            cover = ""
            if way == "surface":
                stated = np.concatenate([one[0].coord("height_error_m") for one in told])
                inside = [np.mean(np.abs(error) < k * stated) for k in (1.0, 2.0)]
                cover = f"{inside[0]:.2f} / {inside[1]:.2f}"
            wide = 1e3 * np.nanquantile(np.abs(error), 0.95)
            sd = 1e3 * np.nanstd(error)
            print(f"{words:18s}  {way:15s}  {sd:12.1f}  {wide:6.1f}  {rest:9.3f}  {cover}")


@app.command()
def score() -> None:
    """Print how far buried discs stand out of the anomaly score, with and without the surface."""
    along_m = np.arange(1.5, 11.0, 1.5)
    ground = Ground(C / 6.0**0.5, "given")
    for roughness_m in (0.0, 0.01, 0.02):
        for with_surface in ("default", "surface"):
            ratio = []
            for seed in SEEDS:
                raw = lane(seed, roughness_m=roughness_m, discs_m=tuple(along_m)).raw
                pipeline = nominal_pipeline(raw.spec, ground)
                steps = step_tables(pipeline.steps)
                if with_surface == "surface":
                    steps.insert([one["use"] for one in steps].index("align-ground"), SURFACE)
                score_steps = pipeline.sections["detect"]["score"]
                out = concat(list(run(parse_steps([*steps, *score_steps]), [raw])))
                best = out.data[:, out.coord("twt_s") > 3e-10].max(axis=1)
                away = np.abs(out.coord("along_track_m")[:, None] - along_m).min(axis=1)
                peaks = [
                    best[np.abs(out.coord("along_track_m") - one) < 0.2].max() for one in along_m
                ]
                ratio.append(np.median(peaks) / np.quantile(best[away >= 0.2], 0.99))
            print(f"rough {100 * roughness_m:.0f} cm  {with_surface:8s}  "
                  f"disc over clutter {np.mean(ratio):.2f}")  # fmt: skip


@app.command()
def picture(
    frenke: Annotated[Path, typer.Option(help="Folder of the recorded line.")],
    output: Annotated[Path, typer.Option("-o", help="PNG to write.")],
) -> None:
    """Draw the height's error along a lane, and a recorded line in true elevation."""
    figure = Figure(figsize=(10.0, 6.8), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(1.0, 1.1))
    _draw_errors(figure.add_subplot(grid[0, :]), lane(2, roughness_m=0.01))
    _draw_line([figure.add_subplot(grid[1, side]) for side in (0, 1)], frenke)
    figure.savefig(output, dpi=130)


def _draw_errors(axes: Axes, flown: Lane) -> None:
    for way, colour in COLOURS.items():
        out, error = levelled(flown, way)
        along = out.coord("along_track_m")
        width = 2.0 if way == "surface" else 0.9
        axes.plot(along, 1e3 * error, color=colour, lw=width, label=way)
        if way == "surface":
            stated = 1e3 * out.coord("height_error_m")
            middle = 1e3 * error
            axes.fill_between(along, middle - stated, middle + stated, color="#BBBBBB", lw=0.0,
                              label="surface, one stated error")  # fmt: skip
    axes.axhline(0.0, color="#888888", lw=0.6)
    axes.set(xlabel="along the lane (m)", ylabel="error of the height (mm)", ylim=(-65, 65),
             title="Simulated lane over ground rough by 1 cm")  # fmt: skip
    axes.legend(ncols=4, fontsize=8, loc="lower center")


def _draw_line(both: list[Axes], folder: Path) -> None:
    up = np.loadtxt(folder / "LINE00_topo.txt", skiprows=1)[:, 2]
    raw = concat(list(open_recording(folder / "LINE00.DT1").streams[0].blocks(64)))
    placed = raw.with_data(raw.data, coords={"up_m": ("trace", up)})
    steps: list[dict[str, Any]] = [
        {"use": "dc"},
        {"use": "dewow", "window_s": 3e-8},
        {"use": "time-zero-threshold", "fraction": 0.2, "lead_s": 1e-8},
        {"use": "power-gain", "exponent": 1.3},
    ]
    lower = {
        "use": "topographic-correction",
        "datum_m": float(up.max()),
        "relief_m": float(np.ptp(up)),
        "velocity_m_per_s": VELOCITY_M_PER_S,
    }
    titles = ("Recorded line, as measured", "The same in true elevation, 0.08 m/ns")
    for axes, more, title in zip(both, ([], [lower]), titles, strict=True):
        out = concat(list(run(parse_steps([*steps, *more]), [placed])))
        depth_m = 0.5 * VELOCITY_M_PER_S * out.coord("twt_s")
        along = 0.25 * np.arange(len(out))
        limit = float(np.quantile(np.abs(out.data), 0.97))
        top_m = up.max() if more else 0.0
        span = (along[0], along[-1], top_m - depth_m[-1], top_m - depth_m[0])
        axes.imshow(out.data.T, aspect="auto", cmap="RdBu_r", vmin=-limit, vmax=limit, extent=span)
        if more:
            axes.plot(along, up, color="black", lw=1.2, label="surveyed ground")
            axes.legend(fontsize=8, loc="lower right")
        axes.set(xlabel="along the line (m)", title=title,
                 ylabel="elevation (m)" if more else "height over the ground (m)",
                 ylim=(top_m - SHOWN_M, top_m + 0.5))  # fmt: skip


if __name__ == "__main__":
    app()
