"""The picture of a simulated flight: a map of lanes and truth, and the radargram of each lane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from detectkit.core import Block, concat
from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.geo import LocalFrame
from detectkit.io import Recording, Stream, open_recording
from detectkit.product.writing import naming
from detectkit.signal.background import subtract_mean_trace
from detectkit.signal.shift import shift_rows
from detectkit.sim import TrueLane
from detectkit.synthesis.flight import SimulatedFlight
from detectkit.synthesis.flight_rows import WORDS
from detectkit.synthesis.flight_truth import Marked

Values = npt.NDArray[np.float64]

MOST_LANES = 8
BESIDE_M = 0.4
"""Bodies farther beside a lane are not marked in its radargram."""
TARGET, CLUTTER, TRACK = "#D55E00", "#0072B2", "0.35"
BEFORE_NS, AFTER_NS = 1.5, 11.0
"""What is drawn: around the ground's echo."""
CLIP_PERCENTILE = 98.5
EVENED, QUIETEST = 0.8, 3e-3
LIGHT_M_PER_NS = 0.299792458
HEIGHT = PLATFORM_COLUMNS.index("height_m")


def draw_simulated_flight(flown: SimulatedFlight, path: Path, *, title: str) -> None:
    """Write the map and the radargrams of a simulated flight as PNG.

    Each lane is drawn with the ground at one time, by the true height, less its mean trace.

    Parameters
    ----------
    flown
        What `detectkit.synthesis.flight.simulate_flight` gave.
    path
        File to write.
    title
        First line.
    """
    recording = open_recording(flown.path)
    radar = [one for one in recording.streams if one.header.sensor.kind == "gpr"][:MOST_LANES]
    figure = Figure(figsize=(11.0, 4.2 + 2.5 * len(radar)), dpi=110, layout="constrained")
    rows = figure.subplots(1 + len(radar), height_ratios=[3.6] + [2.5] * len(radar), squeeze=False)
    _draw_map(rows[0, 0], flown)
    heights = _true_heights(recording)
    for number, stream in enumerate(radar):
        _draw_lane(rows[1 + number, 0], stream, flown, number, heights)
    rows[-1, 0].set_xlabel("along the lane, in the direction of flight (m)")
    figure.suptitle(title, fontsize=12, x=0.01, ha="left", parse_math=False)
    left_out = len(flown.lanes) - len(radar)
    note = f"{WORDS[flown.model]}. No instrument was flown; seed {flown.seed}."
    note += f" {left_out} further lanes are not drawn." if left_out else ""
    figure.supxlabel(note, fontsize=8, x=0.01, ha="left", parse_math=False)
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


@dataclass(frozen=True, slots=True, eq=False)
class _Heights:
    """The true height of the vehicle over the mean ground, over time."""

    time_ns: npt.NDArray[np.int64]
    height_m: Values

    def late_ns(self, time_ns: npt.NDArray[np.int64]) -> Values:
        """Return by how much the ground's echo of each trace is later than the mean one's."""
        height = np.interp(time_ns.astype(np.float64), self.time_ns, self.height_m)
        return np.asarray(2.0 * (height - height.mean()) / LIGHT_M_PER_NS)


def _true_heights(recording: Recording) -> _Heights:
    (truth,) = (one for one in recording.streams if one.header.sensor.id == "truth")
    block = concat(list(truth.blocks()))
    return _Heights(block.coord("time_ns"), np.asarray(block.data[:, HEIGHT], np.float64))


def _draw_map(axes: Axes, flown: SimulatedFlight) -> None:
    frame = _frame(flown.lanes[0])
    for number, lane in enumerate(flown.lanes):
        east, north = _ends(frame, lane)
        axes.annotate(
            "", (east[1], north[1]), (east[0], north[0]),
            arrowprops={"arrowstyle": "->", "color": TRACK, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        axes.plot(east, north, color=TRACK, lw=0.8)
        axes.annotate(
            f"lane {number + 1}", (east[0], north[0]), xytext=(-4, 0), textcoords="offset points",
            ha="right", va="center", fontsize=8, color=TRACK,
        )  # fmt: skip
    east, north = _places(frame, flown.truth)
    for row, one in enumerate(flown.truth):
        _mark(axes, one, float(east[row]), float(north[row]), size=9.0)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.08)
    axes.set_xlabel(f"metres east of {frame.longitude_deg:.7f}°")
    axes.set_ylabel(f"m north of {frame.latitude_deg:.7f}°")
    axes.grid(color="0.92", lw=0.6)
    axes.legend(
        handles=[
            Line2D([], [], ls="", marker="+", mew=1.6, color=TARGET, label="target (truth)"),
            Line2D([], [], ls="", marker="x", color=CLUTTER, label="clutter (truth)"),
        ],
        fontsize=8,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
    )


def _mark(axes: Axes, one: Marked, x: float, y: float, *, size: float) -> None:
    is_target = one.one.object_class == "target"
    if not is_target:
        axes.plot(x, y, "x", color=CLUTTER, ms=0.55 * size, mew=1.0)
        return
    axes.plot(x, y, "+", color=TARGET, ms=size, mew=1.6)
    axes.annotate(
        one.one.body or one.one.name,
        (x, y), xytext=(5, 4), textcoords="offset points", fontsize=7, color=TARGET,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.8},
    )  # fmt: skip


def _draw_lane(
    axes: Axes, stream: Stream, flown: SimulatedFlight, number: int, heights: _Heights
) -> None:
    blocks = [one for one in stream.blocks() if len(one)]
    twt_ns = 1e9 * blocks[0].coord("twt_s")
    step_ns = float(twt_ns[1] - twt_ns[0])
    late = heights.late_ns(_joined(blocks, "time_ns")) / step_ns
    data = np.concatenate([one.data for one in blocks]).astype(np.float32)
    level = shift_rows(data, -late)
    ground_ns = _ground_ns(level, twt_ns)
    picture = _evened(subtract_mean_trace(level))
    seen = (twt_ns > ground_ns - BEFORE_NS) & (twt_ns < ground_ns + AFTER_NS)
    degrees = (_joined(blocks, "longitude_deg"), _joined(blocks, "latitude_deg"))
    along = _along(*degrees, flown.lanes[number])
    limit = float(np.percentile(np.abs(picture[:, seen]), CLIP_PERCENTILE)) or 1.0
    shown = twt_ns[seen]
    axes.imshow(
        picture[:, seen].T, aspect="auto", cmap="gray", vmin=-limit, vmax=limit,
        extent=(along[0], along[-1], float(shown[-1]), float(shown[0])),
    )  # fmt: skip
    index = (stream.header.permittivity or 1.0) ** 0.5
    for one, at, offset in _beside(flown.truth, flown.lanes[number]):
        if abs(offset) <= BESIDE_M:
            twt = ground_ns + 2.0 * index * one.one.depth_m / LIGHT_M_PER_NS
            _mark(axes, one, at, twt, size=11.0)
    axes.set_xlim(along[0], along[-1])
    axes.set_ylim(float(shown[-1]), float(shown[0]))
    axes.set_ylabel("two-way time (ns)")
    axes.set_title(
        f"lane {number + 1}, less its mean trace, later times louder; marks: tops of bodies",
        loc="left",
        fontsize=9,
    )


def _joined(blocks: Sequence[Block], name: str) -> npt.NDArray[Any]:
    """Return a coordinate of all traces; lost ones between them take no room."""
    return np.concatenate([one.coord(name) for one in blocks])


def _evened(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return a picture whose decay with time is partly made up for. For the eye only."""
    rms = np.sqrt((picture.astype(np.float64) ** 2).mean(axis=0))
    width = max(3, 2 * (rms.size // 24) + 1)
    padded = np.pad(rms, width // 2, mode="edge")
    smooth = np.convolve(padded, np.full(width, 1.0 / width), mode="valid")
    louder = np.maximum(smooth / max(float(smooth.max()), 1e-30), QUIETEST) ** -EVENED
    return np.asarray(picture * louder, np.float32)


def _ground_ns(level: npt.NDArray[np.float32], twt_ns: Values) -> float:
    """Return when the ground's echo comes: the strongest trough after the direct wave."""
    mean = level.mean(axis=0)
    direct = int(np.argmax(mean))
    after = np.flatnonzero(mean[direct:] > 0.0)
    return float(twt_ns[direct + int(np.argmin(mean[direct:]))]) if after.size else 0.0


def _along(longitude_deg: Values, latitude_deg: Values, lane: TrueLane) -> Values:
    """Return the first and the last trace's place along a lane, as far as places are known."""
    frame = _frame(lane)
    east, north = _ends(frame, lane)
    length = float(np.hypot(east[1], north[1]))
    if not (np.isfinite(longitude_deg[[0, -1]]).all() and length > 0.0):
        return np.array([0.0, length])
    x, y, _ = frame.to_local(longitude_deg[[0, -1]], latitude_deg[[0, -1]])
    return np.asarray((x * east[1] + y * north[1]) / length)


def _beside(truth: Sequence[Marked], lane: TrueLane) -> Iterator[tuple[Marked, float, float]]:
    """Yield bodies with their place along a lane and how far to its right they lie."""
    frame = _frame(lane)
    east, north = _ends(frame, lane)
    length = float(np.hypot(east[1], north[1]))
    x, y = _places(frame, truth)
    along, offset = x * east[1] + y * north[1], x * north[1] - y * east[1]
    for row, one in enumerate(truth):
        yield one, float(along[row]) / length, float(offset[row]) / length


def _places(frame: LocalFrame, truth: Sequence[Marked]) -> tuple[Values, Values]:
    longitude = np.array([one.one.longitude_deg for one in truth], np.float64)
    latitude = np.array([one.one.latitude_deg for one in truth], np.float64)
    east, north, _ = frame.to_local(longitude, latitude)
    return np.asarray(east), np.asarray(north)


def _frame(lane: TrueLane) -> LocalFrame:
    return LocalFrame(lane.start_longitude_deg, lane.start_latitude_deg)


def _ends(frame: LocalFrame, lane: TrueLane) -> tuple[Values, Values]:
    longitude = np.array([lane.start_longitude_deg, lane.end_longitude_deg])
    latitude = np.array([lane.start_latitude_deg, lane.end_latitude_deg])
    east, north, _ = frame.to_local(longitude, latitude)
    return np.asarray(east), np.asarray(north)
