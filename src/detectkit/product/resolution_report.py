"""What a flight can resolve: for people in sentences and a picture, for programs as numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.imaging.resolution import Resolution, Sight
from detectkit.product.writing import naming

Values = npt.NDArray[np.float64]
FLOOR_DB = -30.0
PIXELS = 91
DPI = 110
ROWS = 3
"""Most depths that are drawn."""


def sentences(sight: Sight, found: Sequence[Resolution]) -> list[str]:
    """Return what an operator needs to know, one plain sentence after the other."""
    geometry, said = sight.geometry, []
    where = "on the ground" if geometry.height_m <= 0.0 else f"at {geometry.height_m:g} m height"
    for one in found:
        said.append(
            f"{one.depth_m:g} m deep, lines {geometry.line_spacing_m:g} m apart {where}: two equal "
            f"bodies nearer than {_length(one.apart_along_m)} along the line, "
            f"{_length(one.apart_across_m)} across the lines, {_length(one.down_m)} in depth "
            "cannot be told apart."
        )
        said.append(_about_lines(one))
    if not all(one.traces_focus for one in found):
        needed = min(one.sampling.alias_free_m for one in found)
        said.append(
            f"Traces {geometry.trace_spacing_m:g} m apart are too far apart along the line as "
            f"well; fly slower or trigger faster: at most {_length(needed)}."
        )
    said.append(
        "These are widths of an ideal point over even, loss-free ground, from theory; noise, roots "
        "and stones, a wrong velocity or position make them wider. What cannot be told apart may "
        "still be there."
    )
    return said


def as_numbers(sight: Sight, found: Sequence[Resolution]) -> dict[str, Any]:
    """Return the report for JSON; what has no bound is None."""
    geometry, pulse = sight.geometry, sight.pulse
    low, high = pulse.band_hz
    return {
        "height_m": geometry.height_m,
        "line_spacing_m": geometry.line_spacing_m,
        "trace_spacing_m": geometry.trace_spacing_m,
        "antenna_separation_m": geometry.antenna_separation_m,
        "radius_m": geometry.radius_m,
        "velocity_m_per_s": sight.velocity_m_per_s,
        "mean_hz": pulse.mean_hz,
        "band_hz": [low, high],
        "depths": [_row(one) for one in found],
        "sentences": sentences(sight, found),
    }


def draw_resolution(sight: Sight, found: Sequence[Resolution], path: Path) -> None:
    """Write the point-spread function from above and in two sections, one row per depth, as PNG.

    The first three depths are drawn.
    """
    drawn = list(found)[:ROWS]
    figure = Figure(figsize=(13.0, 1.9 + 3.1 * len(drawn)), dpi=DPI, layout="constrained")
    axes = figure.subplots(len(drawn), 3, squeeze=False)
    image = None
    for row, one in zip(axes, drawn, strict=True):
        reach = _reach(one)
        down = 2.5 * max(one.down_m, one.down_rule_m)
        cuts = (
            ((0, 1), reach, reach, "from above", "along the line (m)", "across the lines (m)"),
            ((0, 2), reach, down, "along the line", "along the line (m)", "depth (m)"),
            ((1, 2), reach, down, "across the lines", "across the lines (m)", "depth (m)"),
        )
        for ax, (plane, right, up, title, across, upright) in zip(row, cuts, strict=True):
            image = _draw(ax, sight, one, plane, (right, up))
            ax.set_title(f"{one.depth_m:g} m deep, {title}", fontsize=10)
            ax.set_xlabel(across, fontsize=9)
            ax.set_ylabel(upright, fontsize=9)
        _cross(row, one)
    if image is not None:
        figure.colorbar(image, ax=axes.ravel().tolist(), shrink=0.8, aspect=30, extend="min",
                        label="image of one point (dB under its peak)")  # fmt: skip
    geometry = sight.geometry
    figure.suptitle(
        f"What the image of one point looks like: {geometry.height_m:g} m high, lines "
        f"{geometry.line_spacing_m:g} m and traces {geometry.trace_spacing_m:g} m apart, "
        f"{sight.pulse.band_hz[0] / 1e9:.2g} to {sight.pulse.band_hz[1] / 1e9:.2g} GHz, "
        f"{sight.velocity_m_per_s / 1e9:.3g} m/ns",
        x=0.01, ha="left", fontsize=12, parse_math=False,
    )  # fmt: skip
    figure.supxlabel(
        "Theory: an ideal point under a line, even and loss-free ground, no noise. White: where "
        "the image falls to -3 dB. Orange: the lines flown. Bright arms beside the spot are ghosts "
        "of lines that lie too far apart.",
        x=0.01, ha="left", fontsize=8.5, parse_math=False,
    )  # fmt: skip
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


def _about_lines(one: Resolution) -> str:
    needed, spacing = one.sampling.alias_free_m, one.line_spacing_m
    if one.lines_focus:
        return (
            f"The lines lie close enough to be focused together ({_length(needed)} would do): a "
            "three-dimensional image."
        )
    said = (
        f"The lines are {spacing / needed:.1f} times too far apart for three-dimensional focusing "
        f"(at most {_length(needed)}): ghosts beside a body reach {one.across_sidelobe_db:.0f} dB"
    )
    if one.lines_alone:
        said += (
            "; a line does not see what lies under the next at half strength: each line images "
            "alone"
        )
    said += f". A body midway between two lines echoes {-one.sampling.midway_db:.1f} dB weaker"
    if spacing > one.sampling.fresnel_m:
        return (
            f"{said}; for two passes through every body's first Fresnel zone the lines must lie "
            f"at most {_length(one.sampling.fresnel_m)} apart."
        )
    return f"{said}; every body's first Fresnel zone is passed at least twice."


def _row(one: Resolution) -> dict[str, Any]:
    return {
        "depth_m": one.depth_m,
        "along_m": _known(one.along_m),
        "across_m": _known(one.across_m),
        "down_m": _known(one.down_m),
        "apart_along_m": _known(one.apart_along_m),
        "apart_across_m": _known(one.apart_across_m),
        "along_rule_m": one.along_rule_m,
        "down_rule_m": one.down_rule_m,
        "along_sidelobe_db": _known(one.along_sidelobe_db),
        "across_sidelobe_db": _known(one.across_sidelobe_db),
        "alias_free_spacing_m": one.sampling.alias_free_m,
        "fresnel_spacing_m": one.sampling.fresnel_m,
        "midway_db": one.sampling.midway_db,
        "lines_focus": one.lines_focus,
        "lines_alone": one.lines_alone,
        "traces_focus": one.traces_focus,
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _length(metres: float) -> str:
    if not math.isfinite(metres):
        return "any distance"
    return f"{100.0 * metres:.1f} cm" if metres < 0.1 else f"{metres:.2f} m"


def _reach(one: Resolution) -> float:
    """Return how far aside the picture goes: past the next line, where ghosts are."""
    width = one.along_m if math.isfinite(one.along_m) else one.along_rule_m
    return float(np.clip(1.1 * one.line_spacing_m, 4.0 * width, 12.0 * width))


def _draw(
    axes: Axes, sight: Sight, one: Resolution, plane: tuple[int, int], reach: tuple[float, float]
) -> Any:
    right, up = (np.linspace(-far, far, PIXELS) for far in reach)
    if plane[1] == 2:
        up = up[one.depth_m + up >= 0.0]
    at = np.zeros((right.size, up.size, 3))
    at[..., plane[0]] = right[:, None]
    at[..., plane[1]] = up
    at[..., 2] += one.depth_m
    level = sight.spread(one.depth_m, at.reshape(-1, 3)).reshape(right.size, up.size)
    decibels = 20.0 * np.log10(np.maximum(level, 1e-6))
    low, high = float(up[0]), float(up[-1])
    if plane[1] == 2:
        low, high = low + one.depth_m, high + one.depth_m
    extent = (float(right[0]), float(right[-1]), low, high)
    image = axes.imshow(decibels.T, origin="lower", extent=extent, vmin=FLOOR_DB, vmax=0.0,
                        cmap=colormaps["viridis"], aspect="auto",
                        interpolation="bilinear")  # fmt: skip
    axes.set_box_aspect(1.0)
    axes.contour(np.linspace(*extent[:2], right.size), np.linspace(low, high, up.size), decibels.T,
                 levels=[-3.0], colors="white", linewidths=1.2, linestyles="solid")  # fmt: skip
    if plane[1] == 2:
        axes.invert_yaxis()
    axes.tick_params(labelsize=8)
    return image


def _cross(row: Any, one: Resolution) -> None:
    """Draw the lines that pass, as seen from above and, as ticks, across."""
    west, east = row[0].get_ylim()
    count = math.floor(max(abs(west), abs(east)) / one.line_spacing_m)
    for number in range(-count, count + 1):
        row[0].axhline(number * one.line_spacing_m, color="#D55E00", lw=0.9, ls=(0, (5, 4)))
        row[2].axvline(number * one.line_spacing_m, color="#D55E00", lw=0.9, ls=(0, (5, 4)))
