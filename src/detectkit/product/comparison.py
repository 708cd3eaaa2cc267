"""Recordings side by side by their statistics: one picture, one table, and what does not match."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.core import UsageError
from detectkit.io import Stream
from detectkit.product.writing import naming
from detectkit.signal.statistics import RadargramStatistics, statistics_of

PIECE = 256
MOST_PIECES = 16
COLOURS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00")
"""Okabe and Ito's colour-blind-safe palette; the first recording is black."""
SHOWN_DB = -60.0
Rule = Literal["ratio", "difference"]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One recording and its figures.

    Parameters
    ----------
    name
        In pictures and tables.
    statistics
        See `detectkit.signal.statistics`.
    traces
        Of the recording; the statistics may be of fewer.
    spacing_m
        Between traces; None where it is not known.
    first_s
        Two-way time of the first sample.
    """

    name: str
    statistics: RadargramStatistics
    traces: int
    spacing_m: float | None
    first_s: float

    @property
    def half_m(self) -> float:
        """Distance at which traces are alike by less than one half; NaN where not known."""
        return math.nan if self.spacing_m is None else self.statistics.half_lag * self.spacing_m


@dataclass(frozen=True, slots=True)
class Figured:
    """One figure of the table.

    Parameters
    ----------
    name, words, unit
        In JSON, in the table and after the number.
    rule, allowed
        Two recordings match in it if the larger is at most `allowed` times the smaller
        (``"ratio"``), or if they differ by at most `allowed` (``"difference"``).
    """

    name: str
    words: str
    unit: str
    rule: Rule
    allowed: float

    def differs(self, first: float, other: float) -> bool:
        """Tell whether two values do not match; what is not known matches nothing."""
        if first == other or (math.isnan(first) and math.isnan(other)):
            return False
        if not (math.isfinite(first) and math.isfinite(other)):
            return True
        if self.rule == "difference":
            return abs(first - other) > self.allowed
        low, high = sorted((abs(first), abs(other)))
        return first * other <= 0.0 or high > self.allowed * low

    @property
    def tolerance(self) -> str:
        """The rule in words."""
        if self.rule == "ratio":
            return f"factor {self.allowed:g}"
        return f"{self.allowed:g} {self.unit}".strip()


FIGURES = (
    Figured("peak_mhz", "spectrum, highest at", "MHz", "ratio", 1.2),
    Figured("band_mhz", "spectrum, -10 dB band", "MHz", "ratio", 1.3),
    Figured("clutter_peak_mhz", "clutter, highest at", "MHz", "ratio", 1.2),
    Figured("clutter_band_mhz", "clutter, -10 dB band", "MHz", "ratio", 1.3),
    Figured("decay_db_per_ns", "decay of the clutter", "dB/ns", "ratio", 1.5),
    Figured("half_m", "traces half alike after", "m", "ratio", 1.5),
    Figured("kurtosis", "clutter, excess kurtosis", "", "difference", 1.0),
    Figured("weibull_shape", "clutter, Weibull shape", "", "ratio", 1.15),
    Figured("k_shape", "clutter, K shape", "", "ratio", 2.0),
    Figured("first_share", "alike in all traces", "", "difference", 0.15),
)


def values_of(one: Compared) -> dict[str, float]:
    """Return the figures of the table by name."""
    found = one.statistics
    widths = [
        1e-6 * (band[1] - band[0])
        for band in (found.recorded.band_10_db_hz, found.clutter_spectrum.band_10_db_hz)
    ]
    return {
        "peak_mhz": 1e-6 * found.recorded.peak_hz,
        "band_mhz": widths[0],
        "clutter_peak_mhz": 1e-6 * found.clutter_spectrum.peak_hz,
        "clutter_band_mhz": widths[1],
        "decay_db_per_ns": found.decay.db_per_ns,
        "half_m": one.half_m,
        "kurtosis": found.clutter.kurtosis,
        "weibull_shape": found.clutter.weibull_shape,
        "k_shape": found.clutter.k_shape,
        "first_share": found.first_share,
    }


def compared(name: str, stream: Stream, *, progress: Any = None) -> Compared:
    """Return the figures of one line of one sensor.

    A line of more than 4096 traces counts by 16 runs of 256 traces spread evenly over it.

    Raises
    ------
    UsageError
        Not a radargram.
    """
    head = stream.header
    if head.sample_interval_s is None or not head.sample_interval_s > 0.0:
        msg = f"{name}: has no delay axis, so it is no radargram; give the recording of a radar"
        raise UsageError(msg)
    pieces = []
    for first, last in pieces_of(stream.traces):
        block = stream.rows(first, last)
        pieces.append(np.asarray(block.data[:, block.sensor.blank_samples :], np.float32))
        if progress is not None:
            progress(last - first)
    blank = stream.rows(0, min(1, stream.traces)).sensor.blank_samples
    return Compared(
        name,
        statistics_of(pieces, head.sample_interval_s),
        stream.traces,
        head.trace_spacing_m,
        head.first_twt_s + blank * head.sample_interval_s,
    )


def pieces_of(traces: int) -> list[tuple[int, int]]:
    """Return the runs of a line that count, as first trace and the one after the last.

    Examples
    --------
    >>> pieces_of(600)
    [(0, 200), (200, 400), (400, 600)]
    >>> len(pieces_of(1_000_000)), pieces_of(1_000_000)[-1]
    (16, (999744, 1000000))
    """
    number = math.ceil(traces / PIECE)
    if number <= MOST_PIECES:
        ends = np.linspace(0, traces, number + 1).round().astype(int)
        return [(int(a), int(b)) for a, b in pairwise(ends)]
    firsts = np.linspace(0, traces - PIECE, MOST_PIECES).round().astype(int)
    return [(int(first), int(first) + PIECE) for first in firsts]


def mismatches(first: Compared, other: Compared) -> list[Figured]:
    """Return the figures in which two recordings do not match."""
    one, two = values_of(first), values_of(other)
    return [each for each in FIGURES if each.differs(one[each.name], two[each.name])]


def statement(first: Compared, other: Compared) -> str:
    """Return in plain words what does not match between two recordings."""
    wrong = mismatches(first, other)
    pair = f"{other.name} against {first.name}"
    if not wrong:
        return f"{pair}: all {len(FIGURES)} figures match within their tolerances."
    one, two = values_of(first), values_of(other)
    told = [
        f"{each.words} {number(two[each.name], each.unit)} instead of "
        f"{number(one[each.name], each.unit)} (more than {each.tolerance} apart)"
        for each in wrong
    ]
    return f"{pair}: {len(wrong)} of {len(FIGURES)} figures do not match: " + "; ".join(told) + "."


def number(value: float, unit: str = "") -> str:
    """Return a figure as it stands in a table or, with its unit, in a sentence."""
    if math.isnan(value):
        return "none"
    return "no limit" if math.isinf(value) else f"{value:.3g} {unit}".rstrip()


def comparison_facts(recordings: Sequence[Compared]) -> dict[str, Any]:
    """Return the object of ``compare --json``; what is not known or has no limit is None."""
    first = recordings[0]
    return {
        "recordings": [
            {
                "name": one.name,
                "traces": one.traces,
                "traces_counted": one.statistics.traces,
                "samples": one.statistics.samples,
                "closest_law": one.statistics.clutter.closest,
                **{key: _known(value) for key, value in values_of(one).items()},
            }
            for one in recordings
        ],
        "does_not_match": [
            {"name": other.name, "figures": [each.name for each in mismatches(first, other)]}
            for other in recordings[1:]
        ],
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def draw_comparison(recordings: Sequence[Compared], path: Path, *, note: str = "") -> None:
    """Write spectrum, decay, likeness and amplitudes of recordings as one PNG."""
    figure = Figure(figsize=(12.5, 8.4), dpi=110, layout="constrained")
    panels = figure.subplots(2, 2)
    _draw_spectra(panels[0, 0], recordings)
    _draw_decay(panels[0, 1], recordings)
    _draw_likeness(panels[1, 0], recordings)
    _draw_amplitudes(panels[1, 1], recordings)
    handles, labels = panels[0, 1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=min(4, len(recordings)),
                  frameon=False)  # fmt: skip
    if note:
        figure.supxlabel(note, fontsize=9, x=0.01, ha="left", parse_math=False)
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


def _draw_spectra(axes: Axes, recordings: Sequence[Compared]) -> None:
    top = 0.0
    for colour, one in zip(_colours(recordings), recordings, strict=True):
        found = one.statistics
        for spectrum, style in ((found.recorded, "-"), (found.clutter_spectrum, ":")):
            axes.plot(1e-6 * spectrum.freq_hz, _db(spectrum.amplitude), style, color=colour, lw=1.4)
        top = max(top, 2.2 * found.recorded.band_10_db_hz[1])
    axes.set_xlim(0.0, 1e-6 * top)
    axes.set_ylim(-50.0, 2.0)
    axes.set_xlabel("frequency (MHz)")
    axes.set_ylabel("mean amplitude (dB)")
    axes.set_title("Spectrum: as recorded (line), clutter (dots)", loc="left", fontsize=10)
    axes.grid(alpha=0.3)


def _draw_decay(axes: Axes, recordings: Sequence[Compared]) -> None:
    for colour, one in zip(_colours(recordings), recordings, strict=True):
        decay = one.statistics.decay
        time_ns = 1e9 * (decay.time_s + one.first_s)
        axes.plot(time_ns, _db(decay.rms), color=colour, lw=1.4, label=_label(one))
    axes.set_ylim(SHOWN_DB, 3.0)
    axes.set_xlabel("two-way time (ns)")
    axes.set_ylabel("rms amplitude (dB)")
    axes.set_title("Decay of the clutter", loc="left", fontsize=10)
    axes.grid(alpha=0.3)


def _draw_likeness(axes: Axes, recordings: Sequence[Compared]) -> None:
    known = all(one.spacing_m is not None for one in recordings)
    for colour, one in zip(_colours(recordings), recordings, strict=True):
        lag = one.statistics.lag * (one.spacing_m if known and one.spacing_m else 1.0)
        axes.plot(lag, one.statistics.correlation, color=colour, lw=1.4)
    axes.axhline(0.5, color="0.5", lw=0.8, ls="--")
    axes.axhline(0.0, color="0.5", lw=0.8)
    axes.set_xlabel("distance between traces (m)" if known else "traces apart")
    axes.set_ylabel("mean correlation")
    axes.set_title("Likeness of traces after background removal", loc="left", fontsize=10)
    axes.grid(alpha=0.3)


def _draw_amplitudes(axes: Axes, recordings: Sequence[Compared]) -> None:
    level = np.linspace(0.01, 6.0, 300)
    axes.plot(_level_db(level), np.exp(-(level**2)), "--", color="0.5", lw=1.0)
    axes.annotate("Rayleigh", (_level_db(np.array([2.45]))[0], 2.5e-3), color="0.4", fontsize=9,
                  ha="right", xytext=(-4, -4), textcoords="offset points")  # fmt: skip
    for colour, one in zip(_colours(recordings), recordings, strict=True):
        clutter = one.statistics.clutter
        shown = clutter.exceedance > 0.0
        axes.plot(_level_db(clutter.level[shown]), clutter.exceedance[shown], color=colour, lw=1.4)
    axes.set_yscale("log")
    axes.set_ylim(1e-5, 1.5)
    axes.set_xlim(-15.0, 20.0)
    axes.set_xlabel("envelope over its rms (dB)")
    axes.set_ylabel("share above")
    axes.set_title("Amplitudes of the clutter, even over time", loc="left", fontsize=10)
    axes.grid(alpha=0.3)


def _level_db(level: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(20.0 * np.log10(np.maximum(level, 1e-12)))


def _colours(recordings: Sequence[Compared]) -> list[str]:
    return [COLOURS[k % len(COLOURS)] for k in range(len(recordings))]


def _label(one: Compared) -> str:
    counted = one.statistics.traces
    of = "" if counted == one.traces else f" of {one.traces:,}"
    return f"{one.name} ({counted:,}{of} traces)"


def _db(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return values in dB under the highest."""
    top = max(float(np.max(values)), 1e-300)
    return np.asarray(20.0 * np.log10(np.maximum(values / top, 1e-6)))
