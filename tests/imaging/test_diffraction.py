from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import Block, PipelineError, Sensor, concat
from detectkit.pipeline import run
from detectkit.pipeline.steps.imaging import DiffractionStack

VELOCITY = 1.0e8
SPACING = 0.01
INTERVAL = 5e-11


def ricker(time_s: np.ndarray, frequency_hz: float = 1.0e9) -> np.ndarray:
    phase = (np.pi * frequency_hz * time_s) ** 2
    return (1.0 - 2.0 * phase) * np.exp(-phase)


def point_scatterer(
    *, at_m: float = 1.0, depth_m: float = 0.2, separation_m: float = 0.0, traces: int = 200
) -> Block:
    """A line over one point, from the exact two-way time of each trace."""
    u = np.arange(traces) * SPACING - at_m
    half = separation_m / 2.0
    twt = (np.hypot(depth_m, u + half) + np.hypot(depth_m, u - half)) / VELOCITY
    time = np.arange(256) * INTERVAL
    return Block(
        ricker(time[None, :] - twt[:, None]).astype(np.float32),
        coords={
            "twt_s": ("delay", time),
            "source_trace": ("trace", np.arange(traces)),
        },
        sensor=Sensor(antenna_separation_m=separation_m),
        line="l",
        trace_spacing_m=SPACING,
    )


STEP = DiffractionStack(
    velocity_m_per_s=VELOCITY, band_m=(0.05, 0.5), interval_s=1e-10, coherence_window_s=1e-9
)


def focused(block: Block, step: DiffractionStack = STEP) -> Block:
    return concat(list(run([step], [block])))


@pytest.mark.parametrize("separation_m", [0.0, 0.1])
@pytest.mark.parametrize("depth_m", [0.1, 0.2, 0.4])
def test_a_point_is_focused_where_it_is(depth_m: float, separation_m: float) -> None:
    out = focused(point_scatterer(depth_m=depth_m, separation_m=separation_m))
    row, delay = np.unravel_index(np.abs(out.data).argmax(), out.data.shape)
    apex_s = 2.0 * np.hypot(depth_m, separation_m / 2.0) / VELOCITY
    assert row == 100
    assert out.coord("twt_s")[delay] == pytest.approx(apex_s, abs=1.01e-10)


def test_focusing_narrows_the_hyperbola() -> None:
    """Half the peak amplitude is reached within a third of the input's width."""

    def width(data: np.ndarray) -> int:
        along = np.abs(data).max(axis=1)
        return int((along > 0.5 * along.max()).sum())

    block = point_scatterer()
    near_apex = block.data[:, 70:90]
    assert width(focused(block).data) <= width(near_apex) / 3


def test_a_flat_layer_is_weakened_against_a_point() -> None:
    """A layer lights up the curve but does not add up: coherence holds it down."""
    time = np.arange(256) * INTERVAL
    layer = np.broadcast_to(ricker(time - 4e-9), (200, 256)).astype(np.float32)
    point = point_scatterer()
    flat = replace(point, data=layer)
    assert np.abs(focused(flat).data[60:140]).max() < 0.5 * np.abs(focused(point).data).max()


def test_half_a_hyperbola_at_the_line_end_scores_less_than_a_whole_one() -> None:
    whole = np.abs(focused(point_scatterer(at_m=1.0)).data).max()
    half = np.abs(focused(point_scatterer(at_m=0.0)).data).max()
    assert half < 0.6 * whole


def test_a_line_without_distance_is_refused_with_the_way_out() -> None:
    spec = replace(point_scatterer().spec, trace_spacing_m=None)
    with pytest.raises(PipelineError, match="--set trace_spacing_m"):
        STEP.describe(spec)


def test_a_band_below_the_window_says_how_deep_the_recording_reaches() -> None:
    step = replace(STEP, band_m=(5.0, 6.0))
    with pytest.raises(PipelineError, match=r"reaches 0\.\d+ m"):
        step.describe(point_scatterer().spec)
