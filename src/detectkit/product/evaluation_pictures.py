"""Pictures of an evaluation: curve, map, parts, calibration. Each as a Figure and as PNG bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from detectkit.detect.scoring.calibration import Calibration
from detectkit.detect.scoring.evaluation import Evaluation, Judged
from detectkit.detect.scoring.fields import Alarm, Raster, Rectangle
from detectkit.detect.scoring.matching import Scored
from detectkit.detect.scoring.strata import Stratum
from detectkit.product.evaluation_facts import falls_behind

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""Okabe and Ito's, told apart by any eye."""
HIT_COLOUR, MISSED_COLOUR, FALSE_COLOUR, GROUND_COLOUR = "#0072B2", "#D55E00", "#000000", "#E8E8E8"
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""Of a long axis, in parts of the useful part of the curve."""
DPI = 110
MOST_FIELDS = 8
"""Fields drawn on the map; a picture of more says nothing."""
MOST_PARTS = 40


def png_of(figure: Figure) -> bytes:
    """Return a figure as PNG."""
    held = io.BytesIO()
    figure.savefig(
        held,
        format="png",
        dpi=DPI,
        bbox_inches="tight",
        pad_inches=0.1,
        metadata={"Software": "detectkit"},
    )
    return held.getvalue()


def draw_curves(evaluation: Evaluation) -> Figure:
    """Draw detected share against false alarms per m², a panel for each halo."""
    halos = evaluation.settings.halos_m
    figure = Figure(figsize=(1.0 + 5.4 * len(halos), 4.9), layout="constrained")
    panels = figure.subplots(1, len(halos), squeeze=False, sharey=True)[0]
    first = sorted(evaluation.systems, key=lambda one: one != evaluation.head.system)
    place = {one: at for at, one in enumerate(first)}
    for axes, halo in zip(panels, halos, strict=True):
        for one in (each for each in evaluation.judged if each.halo_m == halo):
            _draw_curve(axes, one, place[one.system])
            if one.system == evaluation.head.system:
                _draw_band(axes, one, COLOURS[0])
        _frame_curve(axes, evaluation, halo)
    panels[0].set_ylabel("detected share of the targets")
    figure.legend(*panels[-1].get_legend_handles_labels(), loc="outside lower center", ncols=3,
                  fontsize=8)  # fmt: skip
    return figure


def _draw_curve(axes: Axes, one: Judged, place: int) -> None:
    """Draw a system's curve, the first on top and narrow: none hides another of the same course."""
    far, pd, colour = one.curve.far_per_m2, one.curve.pd, COLOURS[place % len(COLOURS)]
    width, order = 1.6 + 1.5 * place, 4.0 - 0.1 * place
    axes.step(far, pd, where="post", color=colour, linewidth=width, label=one.system.name,
              zorder=order)  # fmt: skip
    axes.plot(far[-1:], pd[-1:], marker="o", markersize=4.0 + 1.7 * place, color=colour,
              zorder=order)  # fmt: skip


def _draw_band(axes: Axes, one: Judged, colour: str) -> None:
    low, high = one.curve.pd_interval()
    far = one.curve.far_per_m2
    for edge in (low, high):
        axes.step(far, edge, where="post", color=colour, linewidth=0.8, linestyle=":", zorder=2)
    exact = f"exact 95 % interval of {one.curve.targets} targets"
    axes.plot([], [], color=colour, linewidth=0.8, linestyle=":", label=exact)
    if one.bands is not None:
        drawn = one.bands
        axes.fill_between(
            drawn.far_per_m2, drawn.pd_low, drawn.pd_high, step="post", color=colour, alpha=0.15,
            linewidth=0.0, zorder=1, label=f"95 % of {drawn.draws} draws of {drawn.groups} lanes",
        )  # fmt: skip


def _frame_curve(axes: Axes, evaluation: Evaluation, halo_m: float) -> None:
    useful = evaluation.settings.to_far_per_m2
    top = max(float(one.curve.far_per_m2[-1]) for one in evaluation.judged)
    if top > 4.0 * useful:
        axes.set_xscale("symlog", linthresh=useful, linscale=1.5)
        axes.set_xticks([useful * one for one in TICKS if useful * one <= 1.3 * top])
    axes.axvline(useful, color="0.6", linewidth=0.8)
    axes.annotate("useful part", (useful, 1.02), xytext=(-4, 0), textcoords="offset points",
                  ha="right", fontsize=7, color="0.4", annotation_clip=False)  # fmt: skip
    right = max(1.3 * top, 1.2 * useful)
    even = axes.get_xscale() == "linear"
    axes.set_xlim(-0.03 * (right if even else useful), right)
    axes.set_ylim(-0.02, 1.06)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(color="0.92", linewidth=0.6)
    axes.set_title(f"halo {halo_m:.2f} m", fontsize=10)
    area = next(one.scored.area_m2 for one in evaluation.judged if one.halo_m == halo_m)
    axes.set_xlabel(f"false alarms per m² ({area:.3g} m² beside the halos)")


def draw_map(evaluation: Evaluation) -> Figure:
    """Draw the surveyed ground with what was hit, missed and falsely indicated."""
    scored = evaluation.head.scored
    fields = range(min(len(scored.fields), MOST_FIELDS))
    shapes = [_extent(scored, number) for number in fields]
    tall = [max(0.6, 8.5 * (s[3] - s[2]) / (s[1] - s[0])) for s in shapes]
    height = float(np.clip(1.6 + sum(tall) + 0.5 * len(tall), 3.4, 12.0))
    figure = Figure(figsize=(9.6, height), layout="constrained")
    panels = figure.subplots(len(shapes), 1, squeeze=False, height_ratios=tall)[:, 0]
    for number, axes in zip(fields, panels, strict=True):
        _draw_ground(axes, evaluation, number)
        _draw_known(axes, scored, number)
        _draw_false(axes, scored, number)
        axes.set_aspect("equal")
        axes.set_xlim(*shapes[number][:2])
        axes.set_ylim(*shapes[number][2:])
        flat = isinstance(scored.fields[number].surveyed, Rectangle)
        axes.set_ylabel("left of the line (m)" if flat else "north (m)", fontsize=9)
        axes.set_title(scored.fields[number].name, fontsize=9, loc="left", parse_math=False)
    panels[-1].set_xlabel("along the line (m)" if flat else "east (m)", fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _extent(scored: Scored, number: int) -> tuple[float, float, float, float]:
    ground = scored.fields[number].surveyed
    if isinstance(ground, Rectangle):
        box = ground.west_m, ground.east_m, ground.south_m, ground.north_m
    elif isinstance(ground, Raster):
        rows, columns = np.nonzero(ground.lane >= 0)
        west, south, cell = ground.west_m, ground.south_m, ground.cell_m
        box = (west + cell * columns.min(), west + cell * (columns.max() + 1),
               south + cell * rows.min(), south + cell * (rows.max() + 1))  # fmt: skip
    else:
        x, y = np.array([(one.x_m, one.y_m) for one in scored.fields[number].targets]).T
        box = x.min(), x.max(), y.min(), y.max()
    edge = 0.25
    return box[0] - edge, box[1] + edge, box[2] - edge, box[3] + edge


def _draw_ground(axes: Axes, evaluation: Evaluation, number: int) -> None:
    ground = evaluation.head.scored.fields[number].surveyed
    if isinstance(ground, Raster):
        surveyed = np.where(ground.lane >= 0, 1.0, np.nan)
        rows, columns = ground.lane.shape
        x = ground.west_m + ground.cell_m * np.arange(columns + 1)
        y = ground.south_m + ground.cell_m * np.arange(rows + 1)
        axes.pcolormesh(x, y, surveyed, cmap=ListedColormap([GROUND_COLOUR]), rasterized=True)
    elif isinstance(ground, Rectangle):
        axes.fill_between([ground.west_m, ground.east_m], ground.south_m, ground.north_m,
                          color=GROUND_COLOUR, linewidth=0.0)  # fmt: skip
    axes.plot([], [], color=GROUND_COLOUR, linewidth=7, label="surveyed ground")
    for at, x, y in evaluation.ground.tracks:
        if at == number:
            axes.plot(x, y, ".", color="0.72", markersize=1.2, zorder=1)


def _draw_known(axes: Axes, scored: Scored, number: int) -> None:
    clutter = [one for one in scored.fields[number].targets if not one.is_target]
    axes.plot([one.x_m for one in clutter], [one.y_m for one in clutter], "s", markersize=4,
              markerfacecolor="none", color="0.45", zorder=2, label="known clutter")  # fmt: skip
    for word, colour, wanted in (("hit", HIT_COLOUR, True), ("missed", MISSED_COLOUR, False)):
        some = [
            one
            for one in scored.outcomes
            if one.field == number and (one.hit is not None) is wanted
        ]
        for one in some:
            reach = one.target.radius_m + scored.halo_m
            middle = one.target.x_m, one.target.y_m
            axes.add_patch(Circle(middle, reach, fill=False, color=colour, linewidth=1.0, zorder=3))
            axes.add_patch(Circle(middle, one.target.radius_m, color=colour, alpha=0.5, zorder=3))
            above = middle[0], middle[1] + reach
            axes.annotate(one.target.name, above, xytext=(0, 3), textcoords="offset points",
                          ha="center", fontsize=7, color=colour, zorder=5,
                          parse_math=False)  # fmt: skip
        axes.plot([], [], "o", color=colour, label=f"target {word}, with its halo")
    hits = [one.alarm for one in scored.outcomes if one.field == number and one.alarm]
    doubles = [one.alarm for one in scored.doubles if one.field == number and one.alarm]
    _draw_alarms(axes, hits, "o", HIT_COLOUR, "indication on a target")
    _draw_alarms(axes, doubles, ".", HIT_COLOUR, "a second one on the same target")


def _draw_false(axes: Axes, scored: Scored, number: int) -> None:
    false = [one.alarm for one in scored.false if one.field == number]
    _draw_alarms(axes, false, "x", FALSE_COLOUR, "false alarm")


def _draw_alarms(axes: Axes, some: Sequence[Alarm], marker: str, colour: str, label: str) -> None:
    axes.plot([one.x_m for one in some], [one.y_m for one in some], marker, color=colour,
              markersize=5, linestyle="none", zorder=4, label=f"{label}: {len(some)}")  # fmt: skip


def draw_strata(evaluation: Evaluation) -> Figure:
    """Draw the detected share of each part with its exact interval, and how many there are."""
    shown = list(evaluation.strata)[:MOST_PARTS]
    figure = Figure(figsize=(8.6, 1.5 + 0.27 * len(shown)), layout="constrained")
    axes, worst = figure.subplots(), falls_behind(evaluation)
    for row, one in enumerate(shown):
        _draw_part(axes, row, one, worst=one == worst)
    at = -math.inf if evaluation.settings.threshold is None else evaluation.settings.threshold
    whole = evaluation.head.curve.at_threshold(at).pd.as_numbers()
    if whole["value"] is not None:
        axes.axvline(whole["value"], color="0.5", linewidth=0.9)
        axes.annotate(f"all: {whole['hits']} of {whole['n']}", (whole["value"], -0.8), fontsize=8,
                      ha="center", color="0.35", backgroundcolor="white")  # fmt: skip
    axes.set_yticks(range(len(shown)), [f"{one.by}: {one.name}" for one in shown], fontsize=8,
                    parse_math=False)  # fmt: skip
    axes.set_ylim(len(shown) - 0.4, -1.3)
    axes.set_xlim(0.0, 1.18)
    axes.set_xticks(np.linspace(0.0, 1.0, 6))
    axes.grid(axis="x", color="0.92", linewidth=0.6)
    axes.set_xlabel(f"detected share with exact 95 % interval, halo {evaluation.head.halo_m:.2f} m")
    return figure


def _draw_part(axes: Axes, row: int, one: Stratum, *, worst: bool) -> None:
    share = one.point.pd.as_numbers()
    colour = MISSED_COLOUR if worst else HIT_COLOUR
    axes.plot([share["low"], share["high"]], [row, row], color=colour, linewidth=1.4)
    axes.plot(share["value"], row, "o", color=colour, markersize=5)
    text = f"{one.point.pd.hits} of {one.point.pd.of}" + ("  worst" if worst else "")
    axes.annotate(text, (1.02, row), fontsize=8, va="center", color=colour)


def draw_calibration(found: Calibration) -> Figure:
    """Draw what was there against what was said, on log-odds axes, and how often it was said."""
    figure = Figure(figsize=(6.4, 6.2), layout="constrained")
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    limits = np.array([-8.0, 8.0])
    axes.plot(1.1 * limits, 1.1 * limits, color="0.6", linewidth=0.9, label="said what was there")
    for one in found.bins:
        low, high = one.there.interval()
        at = float(_log_odds(one.said))
        ends = np.clip(_log_odds(np.array([low, high])), *limits)
        axes.plot([at, at], ends, color=HIT_COLOUR, linewidth=1.3)
        middle = np.clip(_log_odds(one.there.hits / one.there.of), -7.3, 7.3)
        axes.plot(at, middle, "o", color=HIT_COLOUR, markersize=5)
        counts.bar(at, one.there.of, width=0.5, color="0.6")
        counts.annotate(str(one.there.of), (at, one.there.of), ha="center", va="bottom", fontsize=7)
    axes.plot([], [], "o-", color=HIT_COLOUR,
              label="there, with exact 95 % interval; at the edge: none or all")  # fmt: skip
    ticks = np.array([0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999])
    for each in (axes.xaxis, axes.yaxis):
        each.set_ticks(_log_odds(ticks), [f"{one:g}" for one in ticks], fontsize=8)
    axes.set_xlim(-8.4, 8.4)
    axes.set_ylim(-7.5, 7.5)
    axes.grid(color="0.92", linewidth=0.6)
    axes.set_ylabel("share at which a target lay")
    axes.legend(loc="lower right", fontsize=8)
    counts.set_ylabel("indications", fontsize=8)
    counts.margins(y=0.3)
    counts.yaxis.get_major_locator().set_params(integer=True)
    counts.set_xlabel("probability that was said (log-odds axis)")
    return figure


def _log_odds(share: npt.ArrayLike) -> npt.NDArray[np.float64]:
    bounded = np.clip(np.asarray(share, np.float64), 1e-6, 1.0 - 1e-6)
    return np.asarray(np.log(bounded) - np.log1p(-bounded))


def draw_of(evaluation: Evaluation) -> dict[str, Figure]:
    """Return every picture that there is something for, by name."""
    figures: dict[str, Figure] = {}
    if evaluation.head.curve.targets:
        figures["curve"] = draw_curves(evaluation)
    figures["map"] = draw_map(evaluation)
    if evaluation.strata:
        figures["parts"] = draw_strata(evaluation)
    if evaluation.calibration is not None:
        figures["calibration"] = draw_calibration(evaluation.calibration)
    return figures
