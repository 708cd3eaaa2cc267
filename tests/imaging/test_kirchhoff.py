"""Kirchhoff migration against simulated points (rays of `sim`, which knows nothing of it)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import Block, PipelineError, Sensor, concat
from detectkit.imaging.kirchhoff import (
    half_derivative,
    kirchhoff_level,
    kirchhoff_varying,
    stationary_weights,
)
from detectkit.imaging.line_curves import CurveTables, LineGeometry, RowCurves, flight_s
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.ground import RemoveHeight
from detectkit.pipeline.steps.imaging import DiffractionStack
from detectkit.pipeline.steps.migration_kirchhoff import KirchhoffMigration
from detectkit.signal.attributes import envelope
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S, depth_m

from .simulated_point import line_over

BAND_M = (0.03, 0.5)
FOCUSING = {
    "migration": lambda v: KirchhoffMigration(velocity_m_per_s=v, band_m=BAND_M, highest_m=1.5),
    "stack": lambda v: DiffractionStack(
        velocity_m_per_s=v, band_m=BAND_M, interval_s=4e-11, highest_m=1.5
    ),
}


def brightest(block: Block, *, velocity_m_per_s: float) -> tuple[float, float]:
    """Return place along the line and depth of the envelope's maximum, between the samples."""
    strength = envelope(block.data)
    row, k = np.unravel_index(strength.argmax(), strength.shape)
    twt_s = block.coord("twt_s")
    separation_m = block.sensor.antenna_separation_m or 0.0
    depth = depth_m(twt_s, velocity_m_per_s=velocity_m_per_s, separation_m=separation_m)
    place = block.coord("along_track_m")
    return (
        float(place[row] + _vertex(strength[row - 1 : row + 2, k]) * (place[1] - place[0])),
        float(depth[k] + _vertex(strength[row, k - 1 : k + 2]) * (depth[k] - depth[k - 1])),
    )


def _vertex(three: np.ndarray) -> float:
    left, middle, right = three.astype(float)
    return 0.5 * (left - right) / (left - 2.0 * middle + right)


@pytest.mark.parametrize("method", FOCUSING)
@pytest.mark.parametrize("before", [[], [RemoveHeight(lead_s=2e-9)]], ids=["recorded", "levelled"])
@pytest.mark.parametrize(
    ("height_m", "permittivity", "deep_m"),
    [(0.3, 3.0, 0.1), (0.3, 15.0, 0.2), (0.5, 6.0, 0.3), (1.0, 9.0, 0.15), (1.5, 4.0, 0.4)],
)
def test_a_point_is_found_where_it_is_from_any_height(
    method: str, before: list[Step], height_m: float, permittivity: float, deep_m: float
) -> None:
    """Heights sway by 4 cm and jitter by 5 mm; the velocity is known."""
    velocity = SPEED_OF_LIGHT_M_S / permittivity**0.5
    line = line_over(deep_m, permittivity=permittivity, height_m=height_m)
    image = concat(list(run([*before, FOCUSING[method](velocity)], [line])))
    place, depth = brightest(image, velocity_m_per_s=velocity)
    assert place == pytest.approx(2.0, abs=0.002)
    assert depth == pytest.approx(deep_m, abs=0.004)


def test_without_refraction_the_same_point_is_misplaced() -> None:
    """Levelled traces taken for ground-coupled ones: what the air gap is worth."""
    velocity = SPEED_OF_LIGHT_M_S / 3.0**0.5
    line = line_over(0.1, permittivity=3.0, height_m=0.3)
    (levelled,) = run([RemoveHeight(lead_s=2e-9)], [line])
    told = {"removed_twt_s", "height_m"}
    blind = replace(
        levelled, coords={name: one for name, one in levelled.coords.items() if name not in told}
    )
    image = concat(list(run([FOCUSING["migration"](velocity)], [blind])))
    _, depth = brightest(image, velocity_m_per_s=velocity)
    assert abs(depth - 0.1) > 0.02


def curves_of(
    *,
    heights: np.ndarray | None,
    rows: int,
    samples: int = 256,
    removed: bool = True,
    half_angle_deg: float = 45.0,
) -> RowCurves:
    geometry = LineGeometry(
        depth_m=0.5e8 * 1e-10 * np.arange(samples),
        first_twt_s=0.0,
        sample_interval_s=1e-10,
        trace_spacing_m=0.02,
        velocity_m_per_s=1e8,
        antenna_separation_m=0.0,
        half_angle_rad=np.radians(half_angle_deg),
        reach=75,
    )
    tables = CurveTables(geometry, stationary_weights)
    if heights is None:
        return tables.on_the_ground(rows)
    taken = np.array([flight_s(one, 0.0) for one in heights]) if removed else np.zeros(rows)
    return tables.at(heights, taken)


def ricker(time_s: np.ndarray) -> np.ndarray:
    phase = (np.pi * 1e9 * time_s) ** 2
    return (1.0 - 2.0 * phase) * np.exp(-phase)


@pytest.mark.parametrize("height_m", [0.0, 0.5])
def test_a_flat_layer_keeps_its_wavelet_and_amplitude(height_m: float) -> None:
    """The half-derivative undoes what the sum along the curves does to a layer."""
    wavelet = ricker(np.arange(256) * 1e-10 - 1.2e-8)
    layer = np.tile(wavelet, (200, 1)).astype(np.float32)
    curves = curves_of(heights=np.full(200, height_m), rows=200, half_angle_deg=65.0)
    image = kirchhoff_varying(half_derivative(layer, sample_interval_s=1e-10), 99, 101, curves)
    np.testing.assert_allclose(image[0], wavelet, atol=0.06)


def test_a_diffractor_of_the_peers_table_is_brought_together() -> None:
    """The peers' check: 20 ns, 1 GHz, 0.1 m/ns, 400 traces at 2 cm; the best peer keeps 0.949."""
    time_s, place = np.arange(512) * 1e-10, (np.arange(400) - 200) * 0.02
    delay = np.hypot(2e-8, 2.0 * place / 1e8)[:, np.newaxis]
    data = (ricker(time_s - delay) * (2e-8 / delay) ** 1.5).astype(np.float32)
    curves = curves_of(heights=None, rows=400, samples=512)
    filtered = half_derivative(data, sample_interval_s=1e-10)
    energy = kirchhoff_level(filtered, 0, 400, curves).astype(float) ** 2
    box = energy[195:206, np.abs(time_s - 2e-8) < 1.205e-9]
    assert box.sum() / energy.sum() > 0.97


def test_level_and_varying_kernels_agree_on_the_ground() -> None:
    data = np.random.default_rng(1).normal(size=(150, 256)).astype(np.float32)
    curves = curves_of(heights=None, rows=150)
    level, varying = (one(data, 20, 130, curves) for one in (kirchhoff_level, kirchhoff_varying))
    np.testing.assert_allclose(level, varying, atol=2e-6 * np.abs(level).max())


def test_a_trace_of_unknown_height_is_silent() -> None:
    data = np.random.default_rng(2).normal(size=(90, 256)).astype(np.float32)
    heights = np.full(90, 0.4)
    heights[40] = np.nan
    gone = data.copy()
    gone[40] = 0.0
    with_gap = kirchhoff_varying(data, 45, 90, curves_of(heights=heights, rows=90))
    silent = kirchhoff_varying(gone, 45, 90, curves_of(heights=np.full(90, 0.4), rows=90))
    np.testing.assert_array_equal(with_gap, silent)


def test_levelling_does_not_move_what_is_seen() -> None:
    """The same echo, in traces as recorded and with their air time taken off."""
    heights = 0.4 + 0.02 * np.sin(np.arange(80))
    recorded = curves_of(heights=heights, rows=80, removed=False)
    levelled = curves_of(heights=heights, rows=80)
    air = np.array([flight_s(one, 0.0) for one in heights]) / 1e-10
    np.testing.assert_allclose(recorded.shift - levelled.shift, air, atol=1e-4)


def test_more_heights_than_are_kept_change_nothing() -> None:
    """Tables are made anew when there are too many; a row's curve hangs on its height only."""
    data = np.random.default_rng(3).normal(size=(20, 64)).astype(np.float32)
    geometry = LineGeometry(
        depth_m=0.005 * np.arange(64.0),
        first_twt_s=0.0,
        sample_interval_s=1e-10,
        trace_spacing_m=0.02,
        velocity_m_per_s=1e8,
        antenna_separation_m=0.1,
        half_angle_rad=0.8,
        reach=5,
    )
    tables = CurveTables(geometry, stationary_weights)
    heights, zeros = np.linspace(0.4, 0.45, 20), np.zeros(20)
    first = kirchhoff_varying(data, 0, 20, tables.at(heights, zeros))
    tables.at(np.linspace(0.0, 5.0, 400), np.zeros(400))
    again = kirchhoff_varying(data, 0, 20, tables.at(heights, zeros))
    np.testing.assert_array_equal(first, again)


def test_settings_that_cannot_work_are_refused() -> None:
    spec = line_over(0.1, permittivity=4.0, height_m=0.5).spec
    with pytest.raises(PipelineError, match="not above that of light"):
        KirchhoffMigration(velocity_m_per_s=4e8).describe(spec)
    with pytest.raises(PipelineError, match="--set trace_spacing_m"):
        KirchhoffMigration().describe(replace(spec, trace_spacing_m=None))
    with pytest.raises(PipelineError, match="delay axis"):
        KirchhoffMigration().describe(replace(spec, sample_interval_s=None))
    alone = replace(spec, sensor=Sensor())
    with pytest.raises(PipelineError, match="single sample"):
        KirchhoffMigration(velocity_m_per_s=1e8, band_m=(0.099, 0.101)).describe(alone)


def test_the_aperture_is_told_and_grows_no_further_than_highest() -> None:
    """Latency in metres: 45 degrees in 0.6 m of air, and what the ray adds in the soil."""
    block = Block(
        np.zeros((4, 200), np.float32),
        coords={"twt_s": ("delay", np.arange(200) * 1e-10), "height_m": ("trace", np.full(4, 9.0))},
        sensor=Sensor(),
        trace_spacing_m=0.02,
    )
    before, after = KirchhoffMigration(band_m=(0.0, 0.5), highest_m=0.6).reach(block.spec)
    assert before == after
    assert 0.02 * after == pytest.approx(0.6 + 0.5 * np.tan(np.arcsin(0.7071 / 2.998)), abs=0.02)
