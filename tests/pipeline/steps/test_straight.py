from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import Block, PipelineError
from detectkit.geo import LocalFrame
from detectkit.pipeline import run
from detectkit.pipeline.steps.straight import StraightRows
from detectkit.testing.steps import StepSuite, example_line, joined

FRAME = LocalFrame(46.9, 40.0)
STEP_M = 0.02


def lanes(*, radius_m: float, straight_m: float = 1.5) -> Block:
    """Return two lanes side by side with a half circle between them."""
    turn_m = np.pi * radius_m
    along = np.arange(0.0, 2.0 * straight_m + turn_m, STEP_M)
    angle = np.clip((along - straight_m) / radius_m, 0.0, np.pi)
    east = np.minimum(along, straight_m) - np.maximum(along - straight_m - turn_m, 0.0)
    longitude, latitude, _ = FRAME.to_geographic(
        east + radius_m * np.sin(angle), radius_m * (1.0 - np.cos(angle))
    )
    coords = {
        "longitude_deg": ("trace", longitude),
        "latitude_deg": ("trace", latitude),
        "along_track_m": ("trace", along),
        "height_m": ("trace", np.full(along.size, 0.5)),
    }
    line = example_line(traces=along.size)
    return replace(line, coords={**line.coords, **coords}, trace_spacing_m=None)


class TestStraightRows(StepSuite):
    step = StraightRows(window_m=0.4, most_traces=30)

    def line(self) -> Block:
        return lanes(radius_m=0.15, straight_m=1.0).traces(0, 120)


def test_the_turn_between_two_lanes_is_left_out() -> None:
    first, second = joined(list(run([StraightRows()], [lanes(radius_m=0.25)])))
    assert first.coord("along_track_m")[-1] == pytest.approx(1.5, abs=0.3)
    turned_m = second.coord("along_track_m")[0] - 1.5 - 0.25 * np.pi
    assert turned_m == pytest.approx(0.0, abs=0.3)


def test_a_wide_bend_is_kept() -> None:
    line = lanes(radius_m=3.0)
    (out,) = joined(list(run([StraightRows()], [line])))
    assert len(out) == len(line)


def test_what_is_flown_too_high_is_left_out_and_what_has_no_height_is_kept() -> None:
    line = lanes(radius_m=3.0)
    height = np.full(len(line), 0.5)
    height[:50], height[200:210] = 8.0, np.nan
    line = line.with_data(line.data, coords={"height_m": ("trace", height)})
    (out,) = joined(list(run([StraightRows()], [line])))
    assert (out.first_trace, out.stop_trace) == (50, len(line))


def test_without_positions_nothing_is_known_to_be_a_turn() -> None:
    line = lanes(radius_m=0.25)
    nowhere = {name: ("trace", np.full(len(line), np.nan)) for name in ("longitude_deg",)}
    (out,) = joined(list(run([StraightRows()], [line.with_data(line.data, coords=nowhere)])))
    assert len(out) == len(line)


def test_it_needs_a_way() -> None:
    with pytest.raises(PipelineError, match="distance-along-course"):
        StraightRows().describe(example_line().spec)
    with pytest.raises(PipelineError, match="straightness"):
        StraightRows(straightness=2.0).describe(lanes(radius_m=1.0).spec)
