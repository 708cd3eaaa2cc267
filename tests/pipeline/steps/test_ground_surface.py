from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from detectkit.core import Block, PipelineError, concat
from detectkit.imaging.surface import smooth_line, window_rows
from detectkit.pipeline import parse_steps, run
from detectkit.pipeline.steps.ground_surface import GroundSurface
from detectkit.testing.steps import StepSuite, example_line
from detectkit_sim_data.recipes.surface_lanes import CENTRE_HZ, SEPARATION_M, Lane, lane

C = 299_792_458.0
PERIOD_S = 1.0 / CENTRE_HZ
LEAD = {"lead_s": 2.0 * PERIOD_S}
HEAD = [
    {"use": "dc"},
    {"use": "time-zero-threshold", "fraction": 0.2, "pulse_s": 0.3 * PERIOD_S, **LEAD},
    {"use": "remove-height", **LEAD},
]
BOUNCE = {
    "use": "ground-bounce",
    "window_s": [-PERIOD_S, 1.2 * PERIOD_S],
    "maximum_move_s": 0.25 * PERIOD_S,
}
ALIGN = {"use": "align-ground", **LEAD}
SURFACE = {"use": "ground-surface"}


def levelled(raw: Block, *steps: dict) -> Block:
    return concat(list(run(parse_steps([*HEAD, *steps]), [raw])))


def height_error(out: Block, flown: Lane) -> np.ndarray:
    """Return by how much the height that was taken off is wrong, without its constant part.

    The constant (the pulse's shape, time zero) is the calibration's business.
    """
    half_m = 0.5 * C * out.coord("removed_twt_s")
    error = np.sqrt(half_m**2 - 0.25 * SEPARATION_M**2) - flown.height_m
    return error - np.median(error)


@cache
def flown(seed: int, roughness_m: float) -> Lane:
    return lane(seed, roughness_m=roughness_m)


class TestGroundSurface(StepSuite):
    step = GroundSurface(length_m=0.3, slope_length_m=0.6, correlated_m=0.05)

    def line(self) -> Block:
        line = example_line()
        row = np.arange(len(line))
        height_m = line.coord("height_m") + 0.02 * np.cos(3.0 * row)
        twt_s = 2.0 * np.hypot(line.coord("height_m"), 0.03) / C
        height_m[[4, 60, 61]] = np.nan
        twt_s[[0, 1, 30, 60, 61]] = np.nan
        twt_s[70:75] += 4e-10
        coords = {
            "height_m": height_m,
            "ground_twt_s": twt_s,
            "longitude_deg": 15.0 + 1e-6 * row,
            "latitude_deg": 45.0 + line.coord("along_track_m") / 111_000.0,
            "up_m": 300.0 + 0.01 * np.sin(row),
        }
        return line.with_data(line.data, coords={n: ("trace", v) for n, v in coords.items()})


class TestHovering(TestGroundSurface):
    """Many traces at one place: the window is bounded by traces."""

    step = GroundSurface(length_m=0.3, slope_length_m=0.6, correlated_m=0.05, most_traces=9)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("roughness_m", [0.0, 0.01])
def test_the_smoothed_standoff_is_nearer_to_the_truth(seed: int, roughness_m: float) -> None:
    """Clods shift the reflection by centimetres within a few decimetres; the flight does not."""
    own = flown(seed, roughness_m)
    each = levelled(own.raw, BOUNCE, ALIGN)
    smooth = levelled(own.raw, BOUNCE, SURFACE, ALIGN)
    before, after = (float(np.std(height_error(one, own))) for one in (each, smooth))
    altimeter = float(np.std(height_error(levelled(own.raw), own)))
    assert after < 0.75 * before < 0.75 * altimeter
    assert after < (0.009 if roughness_m else 0.0015)


def test_the_stated_error_covers() -> None:
    share = []
    for seed in (1, 2):
        own = flown(seed, 0.01)
        out = levelled(own.raw, BOUNCE, SURFACE, ALIGN)
        share.append(np.abs(height_error(out, own)) / out.coord("height_error_m"))
    scaled = np.concatenate(share)
    assert 0.6 < np.mean(scaled < 1.0) < 0.9
    assert np.mean(scaled < 2.0) > 0.92


def test_the_slope_along_the_track() -> None:
    own = lane(5, slope_deg=8.0)
    out = levelled(own.raw, BOUNCE, SURFACE, ALIGN)
    east, north = (out.coord(f"ground_slope_{way}") for way in ("east", "north"))
    inner = slice(150, -150)
    off = np.hypot(east - own.gradient[0], north - own.gradient[1])[inner]
    assert np.median(off) < 0.02, "of 0.14"


def test_lost_and_jumping_reflections_are_bridged() -> None:
    """Half a metre without a reflection, a tenth of jumps by half a cycle: millimetres."""
    own = flown(1, 0.0)
    tracked = levelled(own.raw, BOUNCE)
    twt_s = tracked.coord("ground_twt_s").copy()
    twt_s[300:350] = np.nan
    twt_s[600:610] += 0.5 * PERIOD_S
    broken = tracked.with_data(tracked.data, coords={"ground_twt_s": ("trace", twt_s)})
    out = concat(list(run(parse_steps([SURFACE, ALIGN]), [broken])))
    error = np.abs(height_error(out, own))
    assert error[300:350].max() < 0.02
    assert error[600:610].max() < 0.002
    assert out.coord("ground_rejected")[601:609].min() >= 1
    assert out.coord("height_error_m")[325] > out.coord("height_error_m")[500]


def test_the_altimeter_alone_is_smoothed_too() -> None:
    own = flown(2, 0.01)
    only = concat(list(run(parse_steps([SURFACE]), [own.raw])))
    error = only.coord("height_m") - own.height_m
    assert np.nanstd(error) < 0.6 * np.nanstd(own.raw.coord("height_m") - own.height_m)
    assert only.coord("height_error_m").min() > 0.02, "its constant error is not known"


def test_a_straight_line_is_told_exactly() -> None:
    along = np.sort(np.random.default_rng(0).uniform(0.0, 3.0, 200))
    values = (0.4 + 0.03 * along)[:, np.newaxis]
    window = window_rows(along, rows=(0, 200), half_m=0.3, most=100)
    told = smooth_line(
        along, values, np.full((200, 1), 0.01), window, rows=(0, 200), half_m=0.3, correlated_m=0.1
    )
    np.testing.assert_allclose(told.level, values[:, 0], atol=1e-12)
    np.testing.assert_allclose(told.slope, 0.03, atol=1e-10)
    assert not told.rejected.any()


def test_what_cannot_work_is_refused_before_take_off() -> None:
    spec = example_line().spec
    with pytest.raises(PipelineError, match="put `ground-bounce` before it"):
        GroundSurface().describe(replace(spec, coords=frozenset({"twt_s"})))
    blind = replace(spec, coords=spec.coords - {"along_track_m"}, trace_spacing_m=None)
    with pytest.raises(PipelineError, match="has no trace spacing"):
        GroundSurface().describe(blind)
    with pytest.raises(PipelineError, match="must be above 0"):
        GroundSurface(length_m=0.0).describe(spec)
