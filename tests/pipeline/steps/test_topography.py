from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import Block, PipelineError, concat
from detectkit.io import open_recording
from detectkit.pipeline import parse_steps, run
from detectkit.pipeline.steps.topography import TopographicCorrection
from detectkit.testing.steps import StepSuite, example_line

V = 1.0e8


def hilly(line: Block, up_m: np.ndarray) -> Block:
    coords = {name: one for name, one in line.coords.items() if name != "height_m"}
    return replace(line, coords={**coords, "up_m": ("trace", up_m)})


class TestTopographicCorrection(StepSuite):
    step = TopographicCorrection(datum_m=0.2, relief_m=0.3)

    def line(self) -> Block:
        up = 0.1 * np.sin(np.arange(150) / 20.0)
        up[[7, 8]] = np.nan
        return hilly(example_line(), up)


def test_a_level_water_table_under_a_slope_is_drawn_level() -> None:
    """A flat layer 1 to 2 m below a slope of 10 %: its two-way time differs, its elevation not."""
    along = np.arange(150) * 0.066
    up = 100.0 + 0.1 * along
    interval_s = 4e-10
    arrives = 2.0 * (up - 99.0) / V / interval_s
    data = np.exp(-0.5 * ((np.arange(120)[None, :] - arrives[:, None]) / 2.5) ** 2)
    line = Block(
        data.astype(np.float32),
        coords={"twt_s": ("delay", interval_s * np.arange(120)), "up_m": ("trace", up)},
    )
    step = TopographicCorrection(datum_m=101.0, relief_m=1.0, velocity_m_per_s=V)
    drawn = concat(list(run([step], [line])))
    depth_m = 0.5 * V * drawn.coord("twt_s")[drawn.data.argmax(axis=1)]
    np.testing.assert_allclose(depth_m, 2.0, atol=0.5 * V * interval_s)
    assert drawn.spec.samples == 120 + round(2.0 / V / interval_s)


def test_a_flown_line_takes_the_height_off() -> None:
    line = example_line()
    up = 300.0 + line.coord("height_m")
    flown = line.with_data(line.data, coords={"up_m": ("trace", up)})
    drawn = concat(list(run([TopographicCorrection(datum_m=300.0, relief_m=0.1)], [flown])))
    np.testing.assert_allclose(drawn.data[:, :90], line.data[:, :90], atol=1e-3)


def test_the_frenke_line_lies_on_its_own_hill(shared_data: Path) -> None:
    """The recorded line with the elevations surveyed beside it: its surface follows them."""
    folder = shared_data / "sensoft" / "frenke"
    up = np.loadtxt(folder / "LINE00_topo.txt", skiprows=1)[:, 2]
    stream = open_recording(folder / "LINE00.DT1").streams[0]
    raw = concat(list(stream.blocks(64)))
    assert up.size == len(raw)
    steps = [
        {"use": "dc"},
        {"use": "time-zero-threshold", "fraction": 0.2, "lead_s": 1e-8},
    ]
    line = hilly(concat(list(run(parse_steps(steps), [raw]))), up)
    step = TopographicCorrection(
        datum_m=float(up.max()), relief_m=float(np.ptp(up)), velocity_m_per_s=0.08e9
    )
    drawn = concat(list(run([step], [line])))

    def surface(data: np.ndarray) -> np.ndarray:
        large = np.abs(data) > 0.2 * np.abs(data).max(axis=1, keepdims=True)
        return large.argmax(axis=1)

    moved_s = (surface(drawn.data) - surface(line.data)) * (line.spec.sample_interval_s or 1.0)
    wanted_s = 2.0 * (up.max() - up) / 0.08e9
    assert np.ptp(wanted_s) > 5e-9
    assert np.abs(moved_s - wanted_s).max() < 1.5 * (line.spec.sample_interval_s or 1.0)


def test_what_cannot_work_is_refused_before_take_off() -> None:
    spec = example_line().spec
    with pytest.raises(PipelineError, match="needs the ground's elevation"):
        TopographicCorrection(datum_m=0.0, relief_m=1.0).describe(spec)
    with pytest.raises(PipelineError, match=r"relief_m = 0\.0"):
        TopographicCorrection(datum_m=0.0, relief_m=0.0).describe(spec.with_coords("up_m"))
