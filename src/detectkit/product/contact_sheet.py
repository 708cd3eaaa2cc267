"""A contact sheet of a training set: some samples as recorded, less their mean, and the truth."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.product.writing import naming
from detectkit.synthesis.dataset import CATEGORIES, Dataset

Values = npt.NDArray[np.floating[Any]]

SHORT = {"anti-personnel": "AP", "anti-tank": "AT", "fragmentation": "fragm.", "clutter": "clutter"}
PER_ROW = 3
ROWS = 6
PANELS = ("as recorded", "less mean trace, root scale", "body alone (truth)")
POWERS = (1.0, 0.5, 1.0)
"""Of the colours: by the root, weak echoes show beside what is left of the ground's."""
DPI = 100
ROW_IN = 2.55
LOUD_PERCENTILE = 99.7
COLOURS = "RdBu_r"


def draw_contact_sheet(dataset: Dataset, path: Path, *, samples: int = PER_ROW * ROWS) -> None:
    """Write some samples of every category on one sheet, as PNG.

    Each is drawn three times: as recorded, less its mean trace, and the body's own echo, which
    only a simulation knows. Every panel has a scale of its own: from minus to plus a level that is
    told beneath.

    Parameters
    ----------
    dataset
        What to draw.
    path
        File to write.
    samples
        How many at most.
    """
    chosen = chosen_samples(dataset, samples)
    rows = math.ceil(len(chosen) / PER_ROW)
    figure = Figure(figsize=(16.0, rows * ROW_IN + 1.5), dpi=DPI)
    top, bottom = 1.0 - 0.95 / (rows * ROW_IN + 1.5), 0.62 / (rows * ROW_IN + 1.5)
    grid = figure.add_gridspec(
        rows, PER_ROW, left=0.042, right=0.993, top=top, bottom=bottom, hspace=0.5, wspace=0.1
    )
    for place, number in enumerate(chosen):
        inner = grid[divmod(place, PER_ROW)].subgridspec(1, len(PANELS), wspace=0.06)
        axes = [figure.add_subplot(inner[0, column]) for column in range(len(PANELS))]
        _draw(axes, dataset, int(number))
        if place % PER_ROW == 0:
            axes[0].set_ylabel("time after pulse (ns)", fontsize=7)
        if place + PER_ROW >= len(chosen):
            for one in axes:
                one.set_xlabel("along the lane (m)", fontsize=7)
    _say(figure, dataset, len(chosen))
    with naming(path):
        figure.savefig(path)


def chosen_samples(dataset: Dataset, count: int) -> npt.NDArray[np.int64]:
    """Return samples spread evenly over categories, and within one over the dataset."""
    categories = dataset.labels["category"]
    pools = [np.flatnonzero(categories == code) for code in range(1, len(CATEGORIES))]
    pools = [one for one in [*pools, np.flatnonzero(categories == 0)] if one.size]
    taken: list[npt.NDArray[np.int64]] = []
    left = min(count, len(dataset))
    for number, pool in sorted(enumerate(pools), key=lambda one: len(one[1])):
        del number
        share = min(len(pool), left // (len(pools) - len(taken)))
        places = np.linspace(0, len(pool) - 1, max(share, 1)).round().astype(int)[:share]
        taken.append(pool[places])
        left -= share
    found = np.concatenate(taken)
    order = np.lexsort((found, np.where(categories[found] == 0, 99, categories[found])))
    return np.asarray(found[order], np.int64)


def _draw(axes: list[Axes], dataset: Dataset, number: int) -> None:
    which = slice(number, number + 1)
    radar, echo = dataset.read("radar", which)[0], dataset.read("echo", which)[0]
    labels, patch = dataset.labels[number], dataset.patch
    begin_ns = 1e9 * float(labels["begin_s"])
    length_m = (patch.traces - 1) * patch.spacing_m
    extent = (0.0, length_m, begin_ns + 1e9 * patch.samples * patch.interval_s, begin_ns)
    less = radar - radar.mean(axis=0)
    for panel, values, power in zip(axes, (radar, less, echo), POWERS, strict=True):
        level = _level(values)
        shown = np.sign(values) * (np.abs(values) / level) ** power
        panel.imshow(
            shown.T, aspect="auto", cmap=COLOURS, vmin=-1.0, vmax=1.0, extent=extent,
            interpolation="nearest",
        )  # fmt: skip
        panel.tick_params(labelsize=6, length=2)
        panel.text(
            0.97, 0.03, f"± {level:,.0f} counts" if values.any() else "no body",
            transform=panel.transAxes, ha="right", va="bottom", fontsize=6,
        )  # fmt: skip
    for panel in axes[1:]:
        panel.tick_params(labelleft=False)
    for panel, words in zip(axes, PANELS, strict=True):
        panel.set_title(words, fontsize=6.5, pad=2)
    first, second = _caption(dataset, number)
    axes[0].annotate(
        f"{first}\n{second}", (0.0, 1.0), (0.0, 13.0), xycoords="axes fraction",
        textcoords="offset points", fontsize=7.5, va="bottom", linespacing=1.15,
    )  # fmt: skip


def _level(values: Values) -> float:
    """Return where the colours end: most of the picture, and at least a tenth of its peak."""
    size = np.abs(values)
    if not size.any():
        return 1.0
    return float(max(np.percentile(size, LOUD_PERCENTILE), 0.1 * size.max()))


def _caption(dataset: Dataset, number: int) -> tuple[str, str]:
    labels = dataset.labels[number]
    category = CATEGORIES[labels["category"]]
    second = (
        f"antennas {labels['height_m']:.2f} m high, {labels['centre_hz'] / 1e9:.2f} GHz; "
        f"{dataset.words('terrain')[number]}, permittivity {labels['permittivity']:.1f}, "
        f"{1e3 * labels['conductivity_s_per_m']:.0f} mS/m"
    )
    if category == "empty":
        return f"#{number}  no body; pieces of clutter: {labels['clutter']}", second
    first = (
        f"#{number}  {dataset.words('body')[number]} ({SHORT[category]}), "
        f"{100.0 * labels['depth_m']:.0f} cm deep, {100.0 * abs(labels['across_m']):.0f} cm beside"
    )
    loud = labels["echo_over_clutter_db"]
    return first + ("" if np.isnan(loud) else f", echo {loud:+.0f} dB over clutter"), second


def _say(figure: Figure, dataset: Dataset, shown: int) -> None:
    what = "a formula's sketch, nothing to train on" if dataset.is_sketch else "full-wave, 2-D"
    title = (
        f"SIMULATED radargrams ({what}): {dataset.attributes['name']}, {shown} of "
        f"{len(dataset):,} samples"
    )
    figure.suptitle(title, fontsize=13, x=0.042, y=0.995, ha="left", va="top")
    note = (
        "No real ground was measured. Colours: red and blue are positive and negative counts, each "
        "panel with its own scale, the middle one by the root. The third panel is known to a "
        "simulation only."
    )
    figure.text(0.042, 0.006, note, fontsize=7.5, va="bottom")
