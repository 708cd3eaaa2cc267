"""The point-spread function against the textbook's limits, and what it says of a flight."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from detectkit.core import UsageError, VoxelGrid
from detectkit.imaging.backprojection import Antennas, MemoryTiles, TimeAxis
from detectkit.imaging.backprojection.image import image_of
from detectkit.imaging.backprojection.projector import BackProjector
from detectkit.imaging.backprojection.settings import BackProjection
from detectkit.imaging.point_spread import (
    Pulse,
    echo_strength,
    lobe_of,
    medium_of,
    point_spread,
)
from detectkit.imaging.resolution import LineGeometry, Resolution, Sight, resolution, sampling
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

AIR = medium_of(SPEED_OF_LIGHT_M_S)
SOIL = medium_of(1e8)
SINC = 0.8859
"""Width of |sin(πx) / (πx)| at 0.707."""


def line(along: np.ndarray, height: float, *, separation: float = 0.0) -> Antennas:
    middle = np.column_stack([along, np.zeros(along.size), np.full(along.size, height)])
    half = np.array([0.5 * separation, 0.0, 0.0])
    return Antennas.level(middle - half, middle + half)


def cut(axis: int, offset: np.ndarray, depth: float) -> np.ndarray:
    at = np.zeros((offset.size, 3))
    at[:, axis] = offset
    at[:, 2] += depth
    return at


class TestPulse:
    def test_a_gaussian_band_has_the_width_that_was_asked_for(self) -> None:
        pulse = Pulse.gaussian(1.2e9, 0.8e9)
        assert pulse.bandwidth_hz == pytest.approx(0.8e9, rel=0.01)
        assert pulse.mean_hz == pytest.approx(1.2e9, rel=0.01)
        table, step_s = pulse.analytic()
        time = (np.arange(table.size) - table.size // 2) * step_s
        # the Fourier transform of a Gaussian of that width
        sigma = 0.8e9 / math.sqrt(8.0 * math.log(2.0))
        np.testing.assert_allclose(
            np.abs(table), np.exp(-2.0 * (np.pi * sigma * time) ** 2), atol=2e-3
        )

    def test_a_measured_wavelet_has_its_own_band(self) -> None:
        time = (np.arange(400) - 200) * 2.5e-11
        s = (np.pi * 1e9 * time) ** 2
        found = Pulse.measured((1.0 - 2.0 * s) * np.exp(-s), 2.5e-11)
        wanted = Pulse.ricker(1e9)
        assert found.mean_hz == pytest.approx(wanted.mean_hz, rel=0.01)
        assert found.band_hz == pytest.approx(wanted.band_hz, rel=0.02)

    @pytest.mark.parametrize("centre", [0.0, -1.0, 1.2, math.nan])
    def test_a_frequency_that_is_none_is_refused(self, centre: float) -> None:
        with pytest.raises(UsageError, match="centre frequency"):
            Pulse.ricker(centre)

    @pytest.mark.parametrize("bandwidth", [0.0, 1e7, 3e9, math.nan])
    def test_a_bandwidth_that_no_radar_has_is_refused(self, bandwidth: float) -> None:
        with pytest.raises(UsageError, match="1e\\+08 to 2e\\+09"):
            Pulse.gaussian(1e9, bandwidth)

    def test_a_velocity_in_metres_per_nanosecond_is_refused(self) -> None:
        with pytest.raises(UsageError, match=r"0\.1 m/ns is 1e8"):
            medium_of(0.1)


class TestPointSpread:
    def test_seen_from_everywhere_along_a_line_a_point_is_a_quarter_wave_wide(self) -> None:
        """All angles alike, one frequency: k from -4π/λ to 4π/λ, a sinc of first zero λ/4."""
        wave = SPEED_OF_LIGHT_M_S / 1e9
        sine = np.linspace(-0.999, 0.999, 1999)
        antennas = line(0.5 * sine / np.sqrt(1.0 - sine**2), 0.4)
        offset = np.linspace(-0.15, 0.15, 601)
        level = point_spread(
            antennas, np.array([0.0, 0.0, 0.1]), cut(0, offset, 0.1),
            pulse=Pulse.gaussian(1e9, 1.5e8), medium=AIR, weight=np.ones(sine.size),
        )  # fmt: skip
        found = lobe_of(offset, level)
        assert found.width_m == pytest.approx(SINC * wave / 4.0, rel=0.02)
        assert found.sidelobe == pytest.approx(0.217, abs=0.03), "the sinc's first"

    @pytest.mark.parametrize("bandwidth", [0.4e9, 1.0e9])
    def test_from_above_the_depth_is_told_by_the_bandwidth_alone(self, bandwidth: float) -> None:
        offset = np.linspace(-0.2, 0.2, 801)
        level = point_spread(
            line(np.zeros(1), 0.5), np.array([0.0, 0.0, 0.3]), cut(2, offset, 0.3),
            pulse=Pulse.gaussian(1.2e9, bandwidth), medium=SOIL,
        )  # fmt: skip
        gaussian = 4.0 * math.log(2.0) / math.pi * math.sqrt(0.5)
        wanted = gaussian * 1e8 / (2.0 * bandwidth)
        assert lobe_of(offset, level).width_m == pytest.approx(wanted, rel=0.02)

    def test_near_the_point_it_is_the_sum_of_plane_waves(self) -> None:
        """Wave vectors in the ground from Fermat's principle, found by brute force."""
        along, point = np.linspace(-0.5, 0.5, 41), np.array([0.05, 0.0, 0.2])
        antennas = line(along, 0.4, separation=0.1)
        weight = echo_strength(antennas, point, SOIL)
        pulse = Pulse.gaussian(1.2e9, 0.6e9)
        slowness = sum(
            np.array([self.slowness(x, 0.4, point) for x in ends[:, 0]])
            for ends in (antennas.transmitter, antennas.receiver)
        )
        away = np.array([[0.012, 0.0, 0.0], [0.0, 0.0, -0.01], [-0.008, 0.0, 0.012]])
        turns = np.einsum("ik,pk,f->pif", slowness, away, pulse.frequency_hz)
        waves = np.exp(2j * np.pi * turns) @ (pulse.amplitude / pulse.amplitude.sum())
        wanted = np.abs(waves @ weight) / weight.sum()
        found = point_spread(antennas, point, point + away, pulse=pulse, medium=SOIL)
        np.testing.assert_allclose(found, wanted, atol=0.01)

    def slowness(self, x: float, height: float, point: np.ndarray) -> np.ndarray:
        """Return the gradient of one leg's time at the point."""
        n, across = SOIL.index, point[0] - x

        def path(crossing: float) -> float:
            in_soil = math.hypot(across - crossing, point[2])
            return math.hypot(crossing, height) + n * in_soil

        crossing = minimize_scalar(path, bounds=(-2.0, 2.0), method="bounded",
                                   options={"xatol": 1e-10}).x  # fmt: skip
        ray = np.array([across - crossing, 0.0, point[2]])
        return np.asarray(ray / np.linalg.norm(ray) / SOIL.velocity_m_per_s)

    def test_above_the_ground_there_is_no_answer(self) -> None:
        point = np.array([0.0, 0.0, 0.01])
        found = point_spread(
            line(np.zeros(1), 0.5), point, np.array([[0.0, 0.0, -0.01], point]),
            pulse=Pulse.ricker(1e9), medium=SOIL,
        )  # fmt: skip
        assert np.isnan(found[0])
        assert found[1] == pytest.approx(1.0)

    def test_a_lobe_cut_off_by_the_surface_counts_its_other_side_twice(self) -> None:
        offset = np.linspace(-1.0, 1.0, 401)
        level = np.exp(-(offset**2))
        whole = lobe_of(offset, level).width_m
        level[:150] = np.nan
        assert lobe_of(offset, level).width_m == pytest.approx(whole)
        assert lobe_of(offset, np.ones(401)) == (math.inf, 0.0)


class TestAFlight:
    PULSE = Pulse.ricker(1.2e9)

    def of(self, spacing: float, *, height: float = 0.5, depth: float = 0.1) -> Resolution:
        lines = LineGeometry(height, spacing, 0.02, radius_m=1.0)
        return resolution(Sight(lines, self.PULSE, 1e8), depth)

    def test_lines_too_far_apart_see_ghosts_beside_a_body(self) -> None:
        near, middle, far = (self.of(spacing) for spacing in (0.06, 0.2, 0.4))
        assert near.lines_focus
        assert not middle.lines_focus
        assert near.across_sidelobe_db < -25.0
        assert near.across_sidelobe_db < middle.across_sidelobe_db < far.across_sidelobe_db
        assert far.across_sidelobe_db > -12.0
        assert far.lines_alone
        assert far.apart_across_m == 0.4
        # near enough, both directions are alike
        assert near.across_m == pytest.approx(near.along_m, rel=0.02)
        assert near.apart_across_m == near.across_m

    def test_the_band_decides_the_depth_the_angles_the_rest(self) -> None:
        low, high = self.of(0.3, height=0.3), self.of(0.3, height=1.2)
        assert low.along_m < 0.8 * high.along_m
        assert low.down_m == pytest.approx(high.down_m, rel=0.1)
        assert 0.4 < low.down_m / low.down_rule_m < 1.0
        assert 0.4 < low.along_m / low.along_rule_m < 1.0

    def test_on_the_ground_a_quarter_wave_is_near_enough(self) -> None:
        """Grasmueck et al. 2005: λ/4 at the highest frequency, when all angles count."""
        lines = LineGeometry(0.0, 0.02, 0.02, radius_m=1.0)
        pulse = Pulse.gaussian(1e9, 0.4e9)
        found = sampling(Sight(lines, pulse, 1e8), 0.2)
        wave = 1e8 / pulse.band_hz[1]
        assert found.alias_free_m == pytest.approx(wave / (4.0 * found.sine_in_ground), rel=1e-3)
        # strength is cos²/r² = cos⁴: half of it at cos = 0.841
        assert found.sine_in_ground == pytest.approx(math.sqrt(1.0 - math.sqrt(0.5)), rel=0.02)
        # the ring from which the echo is half a period late
        late = 0.25 * 1e8 / pulse.mean_hz
        assert found.fresnel_m == pytest.approx(math.sqrt((0.2 + late) ** 2 - 0.04), abs=2e-3)

    def test_over_the_ground_the_antennas_medium_counts(self) -> None:
        """Snell keeps the slowness along the surface: soil does not change it."""
        lines = LineGeometry(0.5, 0.4, 0.02)
        steep = [sampling(Sight(lines, self.PULSE, v), 0.001).alias_free_m for v in (0.8e8, 1.5e8)]
        assert steep[0] == pytest.approx(steep[1], rel=0.01)
        sine = math.sin(
            math.atan2(sampling(Sight(lines, self.PULSE, 1e8), 1e-3).half_strength_m, 0.5)
        )
        wave = SPEED_OF_LIGHT_M_S / self.PULSE.band_hz[1]
        assert steep[0] == pytest.approx(wave / (4.0 * sine), rel=0.01)

    def test_midway_between_lines_an_echo_is_weaker(self) -> None:
        lines = LineGeometry(0.0, 0.2, 0.02)
        found = sampling(Sight(lines, self.PULSE, 1e8), 0.1)
        assert found.midway_db == pytest.approx(-20.0 * math.log10(4.0), abs=0.02)

    @pytest.mark.parametrize("values", [(-0.1, 0.4, 0.02), (0.5, 0.0, 0.02), (0.5, 0.4, math.nan)])
    def test_a_geometry_that_cannot_be_is_refused(self, values: tuple[float, ...]) -> None:
        with pytest.raises(UsageError, match="spacings and radius"):
            LineGeometry(*values)

    def test_more_traces_than_can_be_summed_are_refused(self) -> None:
        with pytest.raises(UsageError, match="wider spacings or a smaller radius"):
            LineGeometry(0.5, 0.001, 0.001).antennas()

    def test_a_depth_at_the_surface_is_refused(self) -> None:
        with pytest.raises(UsageError, match="above 0"):
            self.of(0.4, depth=0.0)


class TestAgainstTheImaging:
    """The theory shares no ray and no table with the back-projection: each checks the other."""

    VELOCITY = 1.0e8
    PULSE = Pulse.ricker(1.2e9)
    GRID = VoxelGrid(0.01, 0.005, 65, tile=32)

    @pytest.mark.parametrize(("height", "depth"), [(0.4, 0.1), (0.8, 0.25)])
    def test_an_ideal_point_is_as_wide_as_theory_says(self, height: float, depth: float) -> None:
        along, lines = np.meshgrid(np.arange(-0.6, 0.61, 0.03), [-0.1, 0.0, 0.1])
        place = np.column_stack([along.ravel(), lines.ravel(), np.full(along.size, height)])
        antennas = Antennas.level(place, place)
        point = np.array([0.0, 0.0, depth])
        image = self.imaged(antennas, point)
        down = round(depth / 0.005)
        cuts = (
            ((np.arange(64) - 32) * 0.01, image[:, 32, down]),
            ((np.arange(64) - 32) * 0.01, image[32, :, down]),
            ((np.arange(65) - down) * 0.005, image[32, 32, :]),
        )
        for axis, (offset, level) in enumerate(cuts):
            theory = point_spread(
                antennas, point, cut(axis, offset, depth), pulse=self.PULSE,
                medium=medium_of(self.VELOCITY), weight=np.ones(along.size),
            )  # fmt: skip
            found, wanted = lobe_of(offset, level / level.max()), lobe_of(offset, theory)
            assert found.width_m == pytest.approx(wanted.width_m, rel=0.03), axis
            assert abs(found.sidelobe - wanted.sidelobe) < 0.05, axis

    def imaged(self, antennas: Antennas, point: np.ndarray) -> np.ndarray:
        """Back-project traces in which the point answers with the pulse at Fermat's time."""
        time = np.arange(400) * 4e-11
        traces = np.zeros((len(antennas), time.size), np.float32)
        for row, antenna in zip(traces, antennas.transmitter, strict=True):
            distance = math.hypot(*(antenna[:2] - point[:2]))
            s = (np.pi * 1.2e9 * (time - 2.0 * self.one_way_s(distance, antenna[2], point[2]))) ** 2
            row[:] = (1.0 - 2.0 * s) * np.exp(-s)
        settings = BackProjection(self.VELOCITY, 1.0, taper=0.0, weights="equal", oversampling=8)
        tiles = MemoryTiles()
        projector = BackProjector(self.GRID, settings, TimeAxis(0.0, 4e-11, time.size), tiles)
        projector.push(traces, antennas)
        projector.finish()
        rows = []
        for east in (-1, 0):
            sums = [tiles.get((east, north)) for north in (-1, 0)]
            rows.append(
                np.concatenate([image_of(one).amplitude for one in sums if one is not None], 1)
            )
        return np.concatenate(rows)

    def one_way_s(self, distance: float, height: float, depth: float) -> float:
        n = SPEED_OF_LIGHT_M_S / self.VELOCITY

        def path(crossing: float) -> float:
            return math.hypot(crossing, height) + n * math.hypot(distance - crossing, depth)

        found = minimize_scalar(path, bounds=(0.0, max(distance, 1e-9)), method="bounded",
                                options={"xatol": 1e-9})  # fmt: skip
        return float(found.fun) / SPEED_OF_LIGHT_M_S
