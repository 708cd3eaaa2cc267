"""Pictures of a measured velocity: the curves on the radargram, and what each of them says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.product.velocity_result import MeasuredGather, MeasuredVelocity, Seen
from detectkit.product.writing import naming

CURVE = "#D55E00"
BAND = "#0072B2"
SECOND = "#009E73"
CLIP_PERCENTILE = 97.0
MOST_LINES = 3
MOST_ROWS = 40


def draw_velocity(found: MeasuredVelocity, path: Path) -> None:
    """Write the lines with their fitted hyperbolas, the velocities of each, and the focus.

    Parameters
    ----------
    found
        With at least one line.
    path
        PNG to write.
    """
    lines = found.seen[:MOST_LINES]
    figure = Figure(figsize=(14.0, 2.6 * len(lines) + 2.2), dpi=110, layout="constrained")
    grid = figure.add_gridspec(2 * max(1, len(lines)), 2, width_ratios=(2.2, 1.0))
    for number, one in enumerate(lines):
        axes = figure.add_subplot(grid[2 * number : 2 * number + 2, 0])
        _draw_line(axes, one, found)
        if number == len(lines) - 1:
            axes.set_xlabel("distance along the line (m)")
    split = max(1, (4 * len(lines)) // 3)
    _draw_forest(figure.add_subplot(grid[:split, 1]), found)
    _draw_focus(figure.add_subplot(grid[split:, 1]), found)
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


def _draw_line(axes: Axes, seen: Seen, found: MeasuredVelocity) -> None:
    line = seen.line
    limit = float(np.percentile(np.abs(line.data), CLIP_PERCENTILE)) or 1.0
    last_s = line.first_twt_s + line.data.shape[1] * line.interval_s
    extent = (line.along_m[0], line.along_m[-1], last_s * 1e9, line.first_twt_s * 1e9)
    axes.imshow(line.data.T, aspect="auto", cmap="gray", vmin=-limit, vmax=limit, extent=extent)
    own = [one for one in found.hyperbolas if one.line == seen.name]
    for one in own:
        inside = (line.along_m >= one.first_pick_m) & (line.along_m <= one.last_pick_m)
        rows = np.flatnonzero(inside)
        if rows.size == 0:
            continue
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        twt_s = line.times(part, one.along_track_m, one.depth_m, one.velocity_m_per_s)
        axes.plot(line.along_m[part], twt_s * 1e9, color=CURVE, linewidth=1.4)
        axes.plot(one.along_track_m, one.apex_time_s * 1e9, "o", color=CURVE, markersize=4)
    deepest_s = max([3.0 * one.apex_time_s for one in own], default=12.0 * line.period_s)
    axes.set_ylim(min(last_s, deepest_s) * 1e9, min(0.0, line.first_twt_s) * 1e9)
    axes.set_ylabel("two-way time (ns)")
    title = f"{seen.name} · processed · {len(own)} hyperbolas fitted"
    axes.set_title(title, loc="left", fontsize=10, parse_math=False)


def _draw_forest(axes: Axes, found: MeasuredVelocity) -> None:
    shown = found.hyperbolas[:MOST_ROWS]
    for row, one in enumerate(shown):
        low, high = one.velocity_interval_m_per_s
        axes.plot([low / 1e9, high / 1e9], [row, row], color=CURVE, linewidth=1.2)
        axes.plot(one.velocity_m_per_s / 1e9, row, "o", color=CURVE, markersize=4)
    title = "no usable hyperbola"
    mean = found.recommended
    if mean is not None:
        low, high = mean.interval_m_per_s
        axes.axvspan(low / 1e9, high / 1e9, color=BAND, alpha=0.2, linewidth=0)
        axes.axvline(mean.velocity_m_per_s / 1e9, color=BAND)
        title = (
            f"together {mean.velocity_m_per_s / 1e9:.3f} m/ns ({low / 1e9:.3f}–{high / 1e9:.3f})"
        )
    places = [f"{one.line} {one.along_track_m:.2f} m" for one in shown]
    axes.set_yticks(range(len(shown)), places, fontsize=7, parse_math=False)
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel("velocity (m/ns), intervals of 95 %")
    axes.grid(axis="x", alpha=0.3)


def _draw_focus(axes: Axes, found: MeasuredVelocity) -> None:
    for seen in found.seen:
        focus = seen.focus
        if focus is not None:
            height = focus.sharpness - focus.sharpness.max()
            axes.plot(focus.velocities_m_per_s / 1e9, height, color=SECOND, linewidth=1.2)
    title = "image of each line"
    if found.focus is not None:
        axes.axvline(found.focus.velocity_m_per_s / 1e9, color=SECOND, linestyle="--")
        title += f", sharpest at {found.focus.velocity_m_per_s / 1e9:.3f} m/ns"
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel("velocity (m/ns)")
    axes.set_ylabel("negative entropy")
    axes.grid(alpha=0.3)


def draw_gather(one: MeasuredGather, path: Path) -> None:
    """Write a gather with its waves, and the semblance with its picks.

    Parameters
    ----------
    one
        The gather.
    path
        PNG to write.
    """
    figure = Figure(figsize=(13.0, 6.5), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_traces(left, one)
    panel = one.panel
    velocity, twt0 = panel.velocities_m_per_s / 1e9, panel.twt0_s * 1e9
    mesh = right.pcolormesh(
        velocity, twt0, panel.semblance, cmap="cividis", vmin=0.0, vmax=1.0, shading="nearest"
    )
    figure.colorbar(mesh, ax=right, label="semblance")
    for each in one.reflections:
        half = each.reach * each.velocity_error_m_per_s / 1e9
        right.errorbar(
            each.velocity_m_per_s / 1e9, each.twt0_s * 1e9, xerr=half, fmt="o", color=CURVE
        )
    if one.ground is not None:
        value = one.ground.velocity_m_per_s / 1e9
        right.axvline(value, color="white", linestyle="--", label=f"ground wave {value:.3f} m/ns")
        right.legend(loc="lower right")
    right.set_xlim(velocity[0], velocity[-1])
    right.set_ylim(_latest_ns(one), twt0[0])
    right.set_xlabel("velocity (m/ns)")
    right.set_ylabel("two-way time at no offset (ns)")
    title = "semblance, direct waves left out; picks with intervals of 95 %"
    right.set_title(title, loc="left", fontsize=10)
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


def _latest_ns(one: MeasuredGather) -> float:
    """Return the latest time that is drawn: twice that of the last reflection."""
    last_s = float(one.panel.twt0_s[-1])
    return 1e9 * min(last_s, max([2.2 * each.twt0_s for each in one.reflections], default=last_s))


def _draw_traces(axes: Axes, one: MeasuredGather) -> None:
    gather = one.gather
    x = gather.offset_m
    end_s = gather.first_twt_s + gather.data.shape[1] * gather.interval_s
    half = 0.5 * float(np.median(np.diff(x))) if x.size > 1 else 0.5
    limit = float(np.percentile(np.abs(gather.data), CLIP_PERCENTILE)) or 1.0
    extent = (x[0] - half, x[-1] + half, end_s * 1e9, gather.first_twt_s * 1e9)
    axes.imshow(gather.data.T, aspect="auto", cmap="gray", vmin=-limit, vmax=limit, extent=extent)
    for wave, colour, name in ((one.air, SECOND, "air"), (one.ground, BAND, "ground")):
        if wave is not None:
            twt_s = wave.intercept_s + x / wave.velocity_m_per_s
            label = f"{name} wave {wave.velocity_m_per_s / 1e9:.3f} m/ns"
            axes.plot(x, twt_s * 1e9, color=colour, linewidth=1.5, label=label)
    for each in one.reflections:
        twt_s = np.hypot(each.twt0_s, x / each.velocity_m_per_s)
        near = twt_s <= 1.5 * each.twt0_s
        label = f"reflection {each.velocity_m_per_s / 1e9:.3f} m/ns"
        axes.plot(x[near], twt_s[near] * 1e9, color=CURVE, linewidth=1.5, label=label)
    axes.set_ylim(_latest_ns(one), -2e9 * gather.period_s)
    axes.set_xlabel("distance between the antennas (m)")
    axes.set_ylabel("two-way time (ns)")
    axes.legend(loc="lower right", fontsize=8)
    axes.set_title(f"{one.name} · each trace at one strength", loc="left", fontsize=10)
