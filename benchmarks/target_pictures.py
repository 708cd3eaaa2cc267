"""Draw all bodies of the simulator's library, cut through their middle, to one scale.

    python benchmarks/target_pictures.py docs/pictures/targets.png

The outlines are those that the full-wave simulation paints into its ground, by
`detectkit.sim.bodies.cut`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon

from detectkit.sim.bodies import Library, PlacedBody, cut, load_library

WIDTH_M = 1.9
GAP_M = 0.03
LABEL_M = 0.055
COLOURS = {
    "metal": "#4d4d4d",
    "plastic, bakelite": "#56b4e9",
    "explosive": "#e69f00",
    "rubber": "#000000",
    "air": "#ffffff",
    "stone": "#b8a99a",
    "wood, root": "#009e73",
}
KINDS = {
    "plastic": "plastic, bakelite",
    "light_plastic": "plastic, bakelite",
    "bakelite": "plastic, bakelite",
    "tnt": "explosive",
    "unknown_fill": "explosive",
    "rubber": "rubber",
    "air": "air",
    "granite": "stone",
    "limestone": "stone",
    "wet_stone": "stone",
    "dry_wood": "wood, root",
    "moist_wood": "wood, root",
    "live_root": "wood, root",
}


def draw(path: Path) -> None:
    """Write the picture."""
    library = load_library()
    clutter = library.names("clutter")
    mines = [name for name in library if name not in clutter]
    figure = Figure(figsize=(10.0, 7.4), layout="constrained", dpi=110)
    axes = figure.subplots()
    bottom = _rows(axes, library, mines, title="mines (nominal sizes)", up_m=0.0)
    bottom = _rows(axes, library, clutter, title="clutter", up_m=bottom - 0.09)
    axes.set_xlim(-GAP_M, WIDTH_M)
    axes.set_ylim(bottom + 0.02, 0.07)
    axes.set_aspect("equal")
    axes.set_xlabel("m")
    axes.set_yticks([])
    known = [Patch(facecolor=one, edgecolor="black", label=name) for name, one in COLOURS.items()]
    figure.legend(handles=known, loc="outside lower center", ncols=len(known), fontsize=8)
    figure.savefig(path, metadata={"Software": None})


def _rows(axes: Axes, library: Library, names: Sequence[str], *, title: str, up_m: float) -> float:
    """Set the bodies side by side on lines, as many as the width holds; return where it ends."""
    axes.text(0.0, up_m + 0.02, title, fontsize=10)
    along, up, deepest = 0.0, up_m, 0.0
    for name in names:
        body = library[name]
        wide = max(2.0 * body.outer_radius_m, 0.0125 * len(name) + 0.02)
        if along + wide > WIDTH_M:
            along, up, deepest = 0.0, up - deepest - LABEL_M - GAP_M, 0.0
        _body(axes, library, name, (along + 0.5 * wide, up))
        along += wide + GAP_M
        deepest = max(deepest, body.thickness_m)
    return up - deepest - LABEL_M - GAP_M


def _body(axes: Axes, library: Library, name: str, place: tuple[float, float]) -> None:
    body = library[name]
    placed = PlacedBody(body, along_m=place[0], across_m=0.0, depth_m=0.0)
    parts = cut(placed, library, across_m=0.0, ground_up_m=place[1])
    for shape, part in zip(parts, body.parts, strict=True):
        colour = COLOURS[KINDS.get(part.material, "metal")]
        outline = np.asarray(shape.outline)
        axes.add_patch(Polygon(outline, facecolor=colour, edgecolor="black", linewidth=0.5))
    below = place[1] - body.thickness_m - 0.012
    axes.text(place[0], below, name, ha="center", va="top", fontsize=7.5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path)
    draw(parser.parse_args().picture)
