"""Bodies of the library over soil, and real maps of a detector's coils beside simulated ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectkit.io import open_recording
from detectkit.sim import Channel, Detector, Soil
from detectkit.sim.bodies import PlacedBody, load_library
from detectkit.sim.induction import Metal, detector_rows
from detectkit.sim.induction.detector import model_of
from detectkit.sim.soil.magnetic import MAGNETIC_SOILS

from .conftest import AIR, LOOP, UP, ball, over

LIBRARY = load_library()
HEIGHTS_M = np.array([0.3, 0.4, 0.5])
PLACE = np.column_stack([0.0 * HEIGHTS_M, 0.0 * HEIGHTS_M, HEIGHTS_M])
GATES = tuple(Channel(f"g{t}", start_s=1e-6 * t, stop_s=1.4e-6 * t) for t in (10, 30, 100))
PULSES = Detector(turns=1, coil="coincident", mode="time", channels=GATES, drift_nv=0, noise_nv=0)
MODERATE = Soil(
    susceptibility=MAGNETIC_SOILS["moderate"].susceptibility,
    viscosity_ratio=MAGNETIC_SOILS["moderate"].viscosity_ratio,
    conductivity_s_per_m=0.01,
)


def heard(name: str | None, detector: Detector) -> np.ndarray:
    """Return |nV| at three heights: a body 5 cm deep in air, or the soil alone."""
    bodies = () if name is None else (PlacedBody(LIBRARY[name], 0.0, 0.0, 0.05),)
    soil = AIR if name else MODERATE
    rows = detector_rows(
        PLACE, UP, bodies=bodies, soil=soil, detector=detector, time_s=HEIGHTS_M, seed=1
    )  # fmt: skip
    return np.abs(rows.astype(float))


@pytest.mark.parametrize("name", ["PMA-2", "PMA-3", "VS-50", "TS-50", "Type 72a"])
@pytest.mark.parametrize("detector", [LOOP, PULSES], ids=["frequency", "time"])
def test_minimum_metal_mines_are_below_the_soils_own_answer(name: str, detector: Detector) -> None:
    """At 0.3 to 0.5 m over soil that is moderate for detectors: in every channel.

    So an empty trace says nothing about such a body, and fusion must not take it for one.
    """
    assert LIBRARY[name].metal_content == "minimum"
    assert np.all(heard(name, detector) < 0.5 * heard(None, detector))


def test_a_steel_cased_mine_is_far_above_it() -> None:
    assert np.all(heard("TM-62M", LOOP) > 10.0 * heard(None, LOOP))
    assert np.all(heard("TM-62M", PULSES) > 10.0 * heard(None, PULSES))


def profile(image: np.ndarray, at_m: np.ndarray) -> np.ndarray:
    """Return the median on rings around the strongest cell, cells of 0.05 m, as a share of it."""
    size = np.abs(image - np.median(image))
    row, column = np.unravel_index(size.argmax(), size.shape)
    rows, columns = np.indices(size.shape)
    away = 0.05 * np.hypot(rows - row, columns - column)
    rings = [np.median(size[np.abs(away - one) <= 0.025]) for one in at_m]
    return np.array(rings) / size.max()


AT_M = np.arange(0.0, 0.65, 0.05)


def half_width(share: np.ndarray) -> float:
    return float(np.interp(-0.5, -share, AT_M))


@pytest.fixture(scope="module")
def simulated() -> dict[float, np.ndarray]:
    """Return profiles of a loop of 0.14 m over a ball, by the distance between them."""
    metal: Metal = ball(0.02, depth_m=0.0)
    model = model_of(LOOP, AIR, metal, seed=1)
    found = {}
    for distance_m in (0.2, 0.35):
        volts = np.abs(model.response(over(distance_m, AT_M))[:, 1])
        found[distance_m] = volts / volts[0]
    return found


@pytest.mark.parametrize("name", ["Mine01", "Metal01"])
def test_a_real_anomaly_is_as_wide_as_a_simulated_one_but_its_tails_are_not(
    shared_data: Path, simulated: dict[float, np.ndarray], name: str
) -> None:
    """Middle coil, channel 1, if cells are 0.05 m: half at 0.15 to 0.17 m, as from 0.2 to 0.35 m.

    Half a metre away the real maps still have some 10 % of their peak, the simulated ones 3 % or
    less: those maps are interpolated from points that we do not have, and nobody tells the coils.
    """
    recording = open_recording(shared_data / f"metal_detector/{name}/coilMch1.csv")
    (stream,) = recording.streams
    raw = stream.header.raw
    data = stream.rows(0, stream.traces).data[:, raw["channels"].index("coilMch1")]
    share = profile(data.reshape(raw["rows"], raw["columns"]).astype(float), AT_M)
    near, far = half_width(simulated[0.2]), half_width(simulated[0.35])
    assert near < half_width(share) < far
    assert share[10] > 2.0 * simulated[0.35][10]
