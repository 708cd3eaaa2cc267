"""The back-projection's laws: bits, symmetry, tables, widths, what it leaves out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import ShapeError, TileIndex, UsageError, VoxelGrid
from detectkit.imaging.backprojection import Antennas, MemoryTiles, TimeAxis, geometry, tables
from detectkit.imaging.backprojection.projector import BackProjection, BackProjector, image_of
from detectkit.imaging.backprojection.tiles import Sums
from detectkit.imaging.point_spread import Pulse, lobe_of, medium_of, point_spread
from detectkit.imaging.refraction import air_soil_path
from detectkit.signal.attributes import envelope

from .scattered_point import AXIS, RADAR, Survey, heard, lanes, volume
from .test_backprojection_places import curved, leaning, sloping

SHORT = TimeAxis(1e-9, 1e-10, 90)
SETTINGS = BackProjection(1e8, radius_m=0.25)
GRID = VoxelGrid(0.03, 0.04, depths=11, tile=8)


class Disk:
    """A store that gives back other arrays than it was given, as a disk does."""

    def __init__(self) -> None:
        self.kept: dict[TileIndex, bytes] = {}
        self.came_back = 0

    def get(self, index: TileIndex) -> Sums | None:
        if index not in self.kept:
            return None
        self.came_back += 1
        return np.frombuffer(self.kept[index], np.float32).reshape(4, 8, 8, 11).copy()

    def put(self, index: TileIndex, sums: Sums) -> None:
        self.kept[index] = sums.tobytes()

    def indices(self) -> list[TileIndex]:
        return sorted(self.kept)


def noise(rows: int = 60) -> tuple[npt.NDArray[np.float32], Antennas]:
    """Return noise along a wild path: level and sloping ground, air and ground, some unusable."""
    rng = np.random.default_rng(5)
    middle = np.cumsum(rng.normal(0.02, 0.05, (rows, 3)), axis=0)
    middle[:, 2] = rng.uniform(0.0, 0.4, rows)
    middle[10:14, 2] = 0.0
    apart = np.array([0.05, 0.02, 0.0])
    antennas = Antennas.level(middle - apart, middle + apart)
    antennas.slope[20:] = rng.normal(0.0, 0.1, (rows - 20, 2))
    antennas.zero_twt_s[:] = rng.uniform(0.0, 2e-9, rows)
    traces = rng.standard_normal((rows, SHORT.samples)).astype(np.float32)
    traces[31, 5] = np.nan
    antennas.transmitter[44, 1] = np.nan
    return traces, antennas


def sums_of(
    cuts: list[int], *, grid: VoxelGrid = GRID, threads: int = 1, most_tiles: int = 64
) -> Disk:
    traces, antennas = noise()
    disk = Disk()
    projector = BackProjector(grid, SETTINGS, SHORT, disk, threads=threads, most_tiles=most_tiles)
    edges = [0, *sorted(cuts), len(traces)]
    for start, stop in pairwise(edges):
        projector.push(traces[start:stop], antennas.rows(start, stop))
    projector.finish()
    return disk


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 60), max_size=6),
    threads=st.integers(1, 3),
    most_tiles=st.integers(1, 12),
)
def test_neither_cuts_nor_threads_nor_memory_change_a_bit(
    cuts: list[int], threads: int, most_tiles: int
) -> None:
    assert sums_of(cuts, threads=threads, most_tiles=most_tiles).kept == sums_of([]).kept


def test_tiles_that_left_come_back() -> None:
    assert sums_of([20, 40], most_tiles=2).came_back > 5


def test_no_tile_is_made_that_no_trace_reaches() -> None:
    tiles = sums_of([]).kept.values()
    assert all(np.frombuffer(one, np.float32).any() for one in tiles)


def test_the_size_of_tiles_changes_no_bit() -> None:
    def columns(tile: int) -> dict[tuple[int, int], bytes]:
        traces, antennas = noise()
        tiles = MemoryTiles()
        grid = replace(GRID, tile=tile)
        projector = BackProjector(grid, SETTINGS, SHORT, tiles)
        projector.push(traces, antennas)
        projector.finish()
        return {
            (a * tile + i, b * tile + j): tiles.get((a, b))[:, i, j].tobytes()
            for a, b in tiles.indices()
            for i in range(tile)
            for j in range(tile)
            if tiles.get((a, b))[3, i, j].any()
        }

    assert columns(8) == columns(20)


def test_traces_that_cannot_be_used_are_left_out() -> None:
    traces, antennas = noise()
    good = np.setdiff1d(np.arange(60), [31, 44])
    tiles = Disk()
    projector = BackProjector(GRID, SETTINGS, SHORT, tiles)
    for row in good:
        projector.push(traces[row : row + 1], antennas.rows(row, row + 1))
    projector.finish()
    assert tiles.kept == sums_of([]).kept


def test_antennas_may_be_swapped() -> None:
    survey = curved()
    one = survey.antennas
    swapped = replace(one, transmitter=one.receiver, receiver=one.transmitter)
    settings_ = BackProjection(survey.velocity_m_per_s, radius_m=0.4)
    _, forth = volume(survey, settings_)
    _, back = volume(replace(survey, antennas=swapped), settings_)
    np.testing.assert_allclose(forth, back, atol=1e-4 * np.nanmax(forth))


def test_twice_the_echo_is_twice_the_image() -> None:
    survey = curved()
    settings_ = BackProjection(survey.velocity_m_per_s, radius_m=0.4)
    _, once = volume(survey, settings_)
    _, twice = volume(replace(survey, traces=2.0 * survey.traces), settings_)
    np.testing.assert_array_equal(twice, np.float32(2.0) * once)


@pytest.mark.parametrize("flown", [leaning, sloping], ids=lambda one: one.__name__)
def test_a_point_has_its_strength_however_it_was_flown_over(flown: Callable[[], Survey]) -> None:
    survey = flown()
    settings_ = BackProjection(survey.velocity_m_per_s, radius_m=0.7)
    grid = VoxelGrid(0.02, 0.01, depths=16, first_depth_m=0.15, tile=32)  # the point halfway down
    _, amplitude = volume(survey, settings_, grid)
    expected = RADAR.mirror_counts * 1e-3 * 1.5
    assert np.nanmax(amplitude) == pytest.approx(expected, rel=0.06)  # the peak is between voxels


def width(values: npt.NDArray[np.float32], spacing_m: float) -> float:
    """Return the width of a peak at -3 dB, between samples by straight lines."""
    offset = (np.arange(values.size) - int(np.argmax(values))) * spacing_m
    return lobe_of(offset, values / values.max()).width_m


def test_a_point_is_as_wide_as_theory_says() -> None:
    middle = lanes(0.5, half_m=0.4, jitter_m=0.005)
    survey = heard(middle, np.array([0.0, 0.0, 0.2]), permittivity=6.0)
    settings_ = BackProjection(survey.velocity_m_per_s, radius_m=0.7, taper=0.0)
    grid = VoxelGrid(0.01, 0.01, depths=31, first_depth_m=0.05, tile=20)
    _, amplitude = volume(survey, settings_, grid)
    top = np.array(np.unravel_index(np.nanargmax(amplitude), amplitude.shape))
    share = np.linspace(0.005, 4.0, 800)
    pulse = Pulse(RADAR.centre_hz * share, share**4 * np.exp(-(share**2)))  # as a ball answers
    loud = np.abs(survey.traces).max(axis=1).astype(np.float64) ** 2
    offset = np.linspace(-0.15, 0.15, 301)
    for axis in range(3):
        along = tuple(slice(None) if one == axis else top[one] for one in range(3))
        at = np.tile(survey.point, (301, 1))
        at[:, axis] += offset
        theory = point_spread(
            survey.antennas, survey.point, at, pulse=pulse,
            medium=medium_of(survey.velocity_m_per_s), weight=loud,
        )  # fmt: skip
        assert width(amplitude[along], 0.01) == pytest.approx(
            lobe_of(offset, theory).width_m, rel=0.15
        )


def test_straight_down_a_point_is_as_deep_as_the_pulse_is_long() -> None:
    """The oldest formula: v / 2 times the length of the pulse's envelope."""
    middle = np.column_stack([np.zeros((40, 2)), np.full(40, 1.0)])
    survey = heard(middle, np.array([0.0, 0.0, 0.2]), permittivity=4.0)
    settings_ = BackProjection(survey.velocity_m_per_s, radius_m=0.1)
    grid = VoxelGrid(0.02, 0.005, depths=81, tile=8)
    _, amplitude = volume(survey, settings_, grid)
    pulse_s = width(envelope(survey.traces[:1])[0], AXIS.sample_interval_s)
    expected = 0.5 * survey.velocity_m_per_s * pulse_s
    assert width(amplitude[8, 8], 0.005) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("height_m", [0.0, 0.05, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("index", [1.3, 2.0, 4.0])
def test_tables_are_right_to_a_fifth_of_a_picosecond(height_m: float, index: float) -> None:
    depth_m = np.array([0.025, 0.1, 0.4, 0.6])
    where = np.array([[0.0, 0.0, height_m]])
    projection = BackProjection(299_792_458.0 / index, radius_m=1.5, half_angle_deg=89.0)
    rows = geometry.geometry(Antennas.level(where, where), projection, SHORT, depth_m)
    rows[:, geometry.OFFSET] = 0.0
    count = geometry.rows_needed(rows, 0.6)
    paths = np.empty((1, 2, count, 4, 2), np.float32)
    tables.fill(rows, depth_m, index, 1.0, 2, paths, np.empty((1, 2, count, 3), np.float32))
    step = rows[0, geometry.STEP]
    for distance in np.random.default_rng(0).uniform(0.0, 1.5, 200):
        row, part = divmod(distance / step, 1.0)
        here, ahead = paths[0, 0, int(row)].T
        for k in range(4):
            exact, _ = air_soil_path(distance, height_m, depth_m[k], index)
            error_s = 2.0 * abs(here[k] + part * (ahead[k] - here[k]) - exact) / 299_792_458.0
            assert error_s < 1e-12 * (0.9 if height_m == 0.0 else 0.2)


def test_what_cannot_be_is_refused() -> None:
    for wrong in (
        {"velocity_m_per_s": 4e8}, {"radius_m": 0.0}, {"taper": 2.0}, {"weights": "loud"},
        {"oversampling": 0}, {"half_angle_deg": 90.0},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            BackProjection(**{"velocity_m_per_s": 1e8, **wrong})
    with pytest.raises(UsageError):
        BackProjector(GRID, SETTINGS, SHORT, MemoryTiles(), threads=0)
    with pytest.raises(UsageError):
        image_of(np.zeros((4, 1, 1, 1), np.float32), coherence=-1.0)
    projector = BackProjector(GRID, SETTINGS, SHORT, MemoryTiles())
    with pytest.raises(ShapeError):
        projector.push(np.zeros((2, 7), np.float32), noise()[1].rows(0, 2))
