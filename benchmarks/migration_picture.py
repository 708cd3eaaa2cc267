"""Draw what Stolt migration makes of a simulated point and of bars in a real wall.

    python benchmarks/migration_picture.py LID10001.dt -o docs/pictures/migration.png

The point is that of ``benchmarks/diffractor_table.py``; the wall is an IDS recording of a
university course (not part of this project), processed as `detectkit process --velocity 0.135e9`
does it, up to the background. Prints, over the bars, the median width at half of the envelope's
height, and the kurtosis of the envelope from 0.3 to 3 ns.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from diffractor_table import LINE, VELOCITY_M_PER_S, diffractor
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from scipy.signal import hilbert

from detectkit.batch.job import plan
from detectkit.core import Block, concat
from detectkit.imaging.stolt import stolt
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.migration_fk import StoltMigration

WALL_M_PER_S = 0.135e9
BARS_M = (0.05, 0.26, 0.42, 0.595, 0.78, 1.06, 1.27, 1.45, 1.65)
Floats = npt.NDArray[np.float64]


def wall(path: Path) -> tuple[Block, Block]:
    """Return the wall before and after migration."""
    line = plan([path], velocity_m_per_s=WALL_M_PER_S).lines[0]
    steps = line.pipeline.steps
    migration = StoltMigration(velocity_m_per_s=WALL_M_PER_S)

    def through(chain: tuple[Step, ...]) -> Block:
        return concat(list(run(chain, line.stream.blocks())))

    return through(steps), through((*steps, migration))


def figures(block: Block) -> tuple[float, float]:
    """Return the median width of the bars in m and the kurtosis of the envelope."""
    time_s = block.coord("twt_s")
    envelope = np.abs(hilbert(block.data.astype(np.float64), axis=1))
    along_m = np.arange(len(block)) * (block.trace_spacing_m or 1.0)
    level = envelope[:, (time_s > 0.5e-9) & (time_s < 1.4e-9)].max(axis=1)
    widths = []
    for bar_m in BARS_M:
        near = level[np.abs(along_m - bar_m) <= 0.1]
        widths.append(np.count_nonzero(near >= near.max() / 2.0) * (block.trace_spacing_m or 1.0))
    deep = envelope[:, (time_s > 0.3e-9) & (time_s < 3e-9)]
    kurtosis = np.mean(deep**4) / np.mean(deep**2) ** 2
    return float(np.median(widths)), float(kurtosis)


def show(axes: Axes, image: npt.NDArray[np.float32], extent: Floats, title: str) -> AxesImage:
    """Draw one image, as a share of its largest amplitude."""
    shown = axes.imshow(
        image.T / np.abs(image).max(),
        aspect="auto",
        cmap="RdBu_r",
        vmin=-0.6,
        vmax=0.6,
        extent=tuple(extent),
        interpolation="bilinear",
    )
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_ylabel("two-way time (ns)")
    return shown


def depths(axes: Axes, at_m: Floats, *, velocity_m_per_s: float, separation_m: float) -> None:
    """Mark depths at the right edge."""
    slant_m = np.hypot(at_m, separation_m / 2.0)
    right = axes.twinx()
    right.set_ylim(axes.get_ylim())
    right.set_yticks(2e9 * slant_m / velocity_m_per_s, [f"{100 * one:.0f}" for one in at_m])
    right.set_ylabel("depth (cm)")


def draw(path: Path, before: Block, after: Block) -> None:
    """Write the picture."""
    figure = Figure(figsize=(10.0, 8.6), layout="constrained")
    grid = figure.add_gridspec(3, 2, height_ratios=(1.25, 1.0, 1.0))
    line = diffractor()
    image = stolt(line, LINE, velocity_m_per_s=VELOCITY_M_PER_S)
    extent = np.array([-1.0, 1.0, 28.0, 15.0])
    rows, columns = slice(150, 251), slice(150, 281)
    for column, (data, title) in enumerate(
        ((line, "simulated point, 1 m deep: recorded"), (image, "the same, migrated at 0.1 m/ns"))
    ):
        axes = figure.add_subplot(grid[0, column])
        show(axes, data[rows, columns], extent, title)
        axes.set_xlabel("distance from the point (m)")
        marks = np.array([0.8, 0.9, 1.0, 1.1, 1.2, 1.3])
        depths(axes, marks, velocity_m_per_s=VELOCITY_M_PER_S, separation_m=0.0)
    separation_m = before.sensor.antenna_separation_m or 0.0
    panels = []
    for row, (block, title) in enumerate(
        ((before, "bars in a concrete wall, 3 GHz: processed"), (after, "migrated at 0.135 m/ns"))
    ):
        time_s = block.coord("twt_s")
        inside = (time_s > 0.35e-9) & (time_s < 2.2e-9)
        far_m = len(block) * (block.trace_spacing_m or 1.0)
        extent = np.array([0.0, far_m, 1e9 * time_s[inside][-1], 1e9 * time_s[inside][0]])
        axes = figure.add_subplot(grid[1 + row, :])
        panels.append(axes)
        shown = show(axes, block.data[:, inside], extent, title)
        marks = np.array([0.02, 0.04, 0.06, 0.08, 0.1, 0.12])
        depths(axes, marks, velocity_m_per_s=WALL_M_PER_S, separation_m=separation_m)
    panels[-1].set_xlabel("distance along the line (m)")
    figure.colorbar(
        shown, ax=figure.axes, location="bottom", shrink=0.5, aspect=40, extend="both",
        label="amplitude, share of the panel's largest",
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recording", type=Path, help="LID10001.dt")
    parser.add_argument("-o", "--output", type=Path, default=Path("migration.png"))
    given = parser.parse_args()
    before, after = wall(given.recording)
    for name, block in (("processed", before), ("migrated", after)):
        width_m, kurtosis = figures(block)
        print(f"{name}: median width of a bar {100 * width_m:.1f} cm, kurtosis {kurtosis:.1f}")
    draw(given.output, before, after)


if __name__ == "__main__":
    main()
