"""The fit behind a metal detector's calibration over bare soil, in one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.calibration.detector import SoilFit, balance, balance_of
from detectkit.calibration.record import CalibrationRecord
from detectkit.product.calibration_picture import label_axes, title_of
from detectkit.product.writing import naming

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Of the colour-blind-safe Okabe-Ito palette."""


def draw_detector_calibration(record: CalibrationRecord, fit: SoilFit, path: Path) -> None:
    """Write the picture as PNG: channels over time and height, and what balancing leaves."""
    figure = Figure(figsize=(12.0, 6.4), dpi=110, layout="constrained")
    (over_time, over_height), (balanced, responses) = figure.subplots(2, 2)
    figure.suptitle(title_of(record), x=0.01, ha="left", fontsize=11)
    names = [one.name for one in fit.calibration.channels]
    unit = fit.calibration.channels[0].unit or "1"
    rest = balance(fit.response - np.median(fit.response, axis=0), balance_of(fit.calibration))
    for at, name in enumerate(names):
        colour = COLOURS[at % len(COLOURS)]
        measured, fitted = fit.response[:, at], fit.fitted[:, at]
        over_time.plot(fit.time_s, measured, color=colour, lw=0.7, label=name)
        over_height.plot(fit.height_m, measured, ".", color=colour, ms=1.5, alpha=0.4)
        order = np.argsort(fit.height_m)
        over_height.plot(fit.height_m[order], fitted[order], color=colour, lw=1.2, label=name)
        balanced.plot(fit.time_s, rest[:, at], color=colour, lw=0.7, label=name)
    label_axes(over_time, "as recorded", "time (s)", f"channel ({unit})")
    law = fit.calibration.heights[0]
    title = f"law of the height: exponent {law.exponent:.2f} ± {law.exponent_error:.2f}"
    label_axes(over_height, title, "height over the soil (m)", f"channel ({unit})")
    share = f"{100 * fit.balanced_share:.1f} % of the soil's change is left"
    label_axes(balanced, f"balanced: {share}", "time (s)", f"channel ({unit})")
    _responses(responses, record, unit)
    for axes in (over_time, balanced):
        axes.legend(fontsize=8, frameon=False, loc="upper right")
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


def _responses(axes: Axes, record: CalibrationRecord, unit: str) -> None:
    """Draw the answers at each height, of the soil and of the test piece."""
    for number, one in enumerate(record.detector.heights if record.detector else ()):
        colour = COLOURS[number % len(COLOURS)]
        axes.errorbar(one.height_m, np.abs(one.response), one.response_error, fmt="o-", ms=4,
                      lw=1.0, capsize=2, color=colour,
                      label=f"{one.body}, {one.channel}")  # fmt: skip
    axes.set_yscale("log")
    axes.legend(fontsize=8, frameon=False)
    label_axes(axes, "answer at each height, offset taken off", "height (m)", f"magnitude ({unit})")
