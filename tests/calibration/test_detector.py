"""A virtual detector over soil whose susceptibility is known, raised and lowered by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from detectkit.calibration.detector import SoilFit, balance, balance_of, piece_response, soil_fit
from detectkit.core import Block, PipelineError, Sensor, UsageError, concat
from detectkit.pipeline import run
from detectkit.pipeline.steps.ground_balance import GroundBalance
from detectkit.sim import Detector, Soil, Terrain
from detectkit.sim.flight import Motion
from detectkit.sim.induction import Metal, detector_of, sphere_response
from detectkit.sim.terrain import surface_of
from detectkit.testing.steps import StepSuite

SOIL = Soil(susceptibility=5e-4, viscosity_ratio=0.03)
COIL = Detector(offset_nv=40.0, drift_nv=4.0, noise_nv=3.0)
NAMES = [one.name for one in COIL.channels]


def spheres(place: np.ndarray, radius_m: list[float]) -> Metal:
    like = np.ones(len(radius_m))
    return Metal.spheres(
        place, radius_m=np.array(radius_m), conductivity_s_per_m=5e6 * like,
        permeability=100.0 * like, remanence_a_m2=0.0 * like,
    )  # fmt: skip


NOTHING = spheres(np.zeros((0, 3)), [])


@dataclass(frozen=True)
class Hand:
    """Moves the coil: up and down over one place, or along at one height."""

    lowest_m: float = 0.2
    highest_m: float = 0.6
    speed_m_per_s: float = 0.0
    surface: Any = surface_of(Terrain(), 1)

    def height_m(self, time_s: np.ndarray) -> np.ndarray:
        swing = 0.5 - 0.5 * np.cos(2.0 * np.pi * time_s / 7.0)
        return self.lowest_m + (self.highest_m - self.lowest_m) * swing

    def motion(self, time_s: np.ndarray) -> Motion:
        east = self.speed_m_per_s * (time_s - 5.0)
        place = np.column_stack([east, 0.0 * east, self.height_m(time_s)])
        zeros = np.zeros((time_s.size, 3))
        return Motion(place, zeros, zeros, np.zeros(time_s.size))


def recorded(
    hand: Hand, *, seed: int, seconds: float, metal: Metal = NOTHING, height_error_m: float = 0.0
) -> Block:
    time_s = np.arange(0.0, seconds, 0.02)
    model = detector_of(COIL, SOIL, hand, metal, seed=seed)  # type: ignore[arg-type]
    noise = np.random.default_rng(seed).normal(0.0, 1.0, time_s.size)
    coords = {
        "time_ns": ("trace", np.rint(1e9 * time_s).astype(np.int64)),
        "height_m": ("trace", hand.height_m(time_s) + height_error_m * noise),
    }
    sensor = Sensor(id="md", kind="metal_detector", unit="nV")
    return Block(
        model.rows(time_s), dims=("trace", "channel"), coords=coords, sensor=sensor,
        quantity="response",
    )  # fmt: skip


def true_direction() -> np.ndarray:
    """In phase at 20 kHz, quadrature at 20 and at 60 kHz: voltage grows with frequency."""
    kappa = SOIL.susceptibility * complex(1.0, -SOIL.viscosity_ratio)
    share = kappa / (2.0 + kappa)
    vector = np.array([share.real, share.imag, 3.0 * share.imag])
    return vector / np.linalg.norm(vector)


def ball(radius_m: float = 0.01, depth_m: float = 0.05) -> Metal:
    return spheres(np.array([[0.0, 0.0, -depth_m]]), [radius_m])


@pytest.fixture(scope="module")
def fits() -> list[SoilFit]:
    return [
        soil_fit([recorded(Hand(), seed=seed, seconds=84.0, height_error_m=0.002)], NAMES)
        for seed in range(12)
    ]


def test_the_soil_is_told_with_errors_that_cover(fits: list[SoilFit]) -> None:
    truth = true_direction()
    channels = [fit.calibration.channels for fit in fits]
    off = np.array([balance_of(fit.calibration) - truth for fit in fits])
    error = np.array([[one.ground_balance_error for one in row] for row in channels])
    assert np.abs(off).max() < 0.01
    assert np.mean(np.abs(off[:, 1:]) < 2.0 * error[:, 1:]) > 0.8
    offset = np.array([[one.offset for one in row] for row in channels]) - COIL.offset_nv
    offset_error = np.array([[one.offset_error for one in row] for row in channels])
    assert np.mean(np.abs(offset) < 2.0 * np.hypot(offset_error, COIL.drift_nv)) > 0.9
    noise = np.array([[one.noise for one in row] for row in channels])
    np.testing.assert_allclose(np.median(noise, axis=0)[1], COIL.noise_nv, rtol=0.05)


def test_the_height_law_is_that_of_the_dipole_image(fits: list[SoilFit]) -> None:
    laws = [fit.calibration.heights[0] for fit in fits]
    exponent = np.array([one.exponent for one in laws])
    error = np.array([one.exponent_error for one in laws])
    assert np.abs(exponent - 3.0).max() < 0.05
    assert np.mean(np.abs(exponent - 3.0) < 2.0 * error) > 0.7
    assert max(fit.residual_share for fit in fits) < 0.03


def test_the_balanced_channels_are_quiet_over_soil_and_keep_the_metal(fits: list[SoilFit]) -> None:
    calibration = fits[0].calibration
    pumped = recorded(Hand(), seed=31, seconds=30.0)
    step = GroundBalance(
        direction=tuple(balance_of(calibration)),
        offset=tuple(one.offset for one in calibration.channels),
    )
    quiet = concat(list(run([step], [pumped])))
    assert quiet.data[:, 0].std() < 0.02 * pumped.data[:, 0].std()
    assert quiet.data.std(axis=0).max() < 3.0 * COIL.drift_nv
    metal = [sphere_response(0.01, 5e6, 100.0, one) for one in (20e3, 60e3)]
    vector = np.array([metal[0].real, metal[0].imag, 3.0 * metal[1].imag])
    kept = np.linalg.norm(balance(vector[np.newaxis], true_direction())) / np.linalg.norm(vector)
    assert kept > 0.3, "a steel ball answers beside the soil's line"


def test_a_test_piece_is_told_at_its_heights(fits: list[SoilFit]) -> None:
    heights = (0.3, 0.25)
    passes = [
        [recorded(Hand(h, h, 0.5), seed=50 + n, seconds=10.0, metal=ball(0.02, 0.0))]
        for n, h in enumerate(heights)
    ]
    told = piece_response(passes, fits[0].calibration, body="steel ball", heights_m=heights)
    last = told[-1]
    assert last.height_m == (0.25, 0.3)
    ratio = last.response[0] / last.response[1]
    np.testing.assert_allclose(ratio, (0.3 / 0.25) ** 6, rtol=0.1)
    with pytest.raises(UsageError, match="one height per pass"):
        piece_response(passes, fits[0].calibration, body="ball", heights_m=(0.3,))


def test_what_cannot_tell_is_refused() -> None:
    level = recorded(Hand(0.4, 0.42), seed=1, seconds=10.0)
    with pytest.raises(UsageError, match="too much alike"):
        soil_fit([level], NAMES)
    with pytest.raises(UsageError, match="2 names for 3 channels"):
        soil_fit([level], NAMES[:2])
    bare = replace(level, coords={"height_m": level.coords["height_m"]})
    with pytest.raises(UsageError, match="needs height_m and a time"):
        soil_fit([bare], NAMES)
    with pytest.raises(UsageError, match="at least 120"):
        soil_fit([level.traces(0, 50)], NAMES)


class TestGroundBalance(StepSuite):
    step = GroundBalance(direction=(0.9, -0.1, 0.3), offset=(1.0, 2.0, 3.0))

    def line(self) -> Block:
        return recorded(Hand(), seed=3, seconds=3.0)


def test_a_step_for_other_channels_is_refused() -> None:
    spec = recorded(Hand(), seed=3, seconds=3.0).spec
    with pytest.raises(PipelineError, match="one part per channel"):
        GroundBalance(direction=(1.0, 0.0)).describe(spec)
    with pytest.raises(PipelineError, match="points nowhere"):
        GroundBalance(direction=(0.0, 0.0, 0.0)).describe(spec)
    with pytest.raises(PipelineError, match="offset has 1"):
        GroundBalance(direction=(1.0, 0.0, 0.0), offset=(1.0,)).describe(spec)
