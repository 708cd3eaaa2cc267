"""The ground in a plane: statistics as asked for, one ground for all lanes, exact surfaces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import ShapeError, UsageError
from detectkit.sim.noise import Stream, generator
from detectkit.sim.scene import (
    PRESETS,
    Layer,
    Plug,
    Section,
    Subsurface,
    ground_section,
)
from detectkit.sim.scene.fields import ground_field, surface_field
from detectkit.sim.scene.relief import relief_of

EVEN = Subsurface(moisture_std=0.0, roughness_m=0.0)
RICH = replace(PRESETS["moist loam"], grass_m=0.08, puddle_share=0.1)
ALONG = np.arange(0.0, 3.0, 0.02)
DOWN = -np.arange(0.0, 0.8, 0.015)


def made(subsurface: Subsurface, *, seed: int = 1, **more: object) -> Section:
    asked = {"along_m": (0.0, 1.0), "bottom_m": -0.5, "top_m": 0.15, "spacing_m": 0.005, **more}
    return ground_section(subsurface, seed=seed, **asked)  # type: ignore[arg-type]


def static_of(section: Section) -> np.ndarray:
    return section.permittivity.astype(np.float64) + section.debye_strength


@pytest.fixture(scope="module")
def fields() -> list[np.ndarray]:
    """Return twenty draws of the moisture's field, correlation lengths 12 and 6 cm."""
    return [
        ground_field(
            generator(seed, Stream.GROUND_MOISTURE), lengths_m=(0.12, 0.06), hurst=0.5
        ).section(ALONG, 0.0, np.zeros(len(ALONG)), DOWN)
        for seed in range(20)
    ]


class TestField:
    def test_mean_and_spread_are_those_asked_for(self, fields: list[np.ndarray]) -> None:
        means = np.array([one.mean() for one in fields])
        assert abs(means.mean()) < 3.0 * means.std() / np.sqrt(20)
        assert np.mean([(one**2).mean() for one in fields]) == pytest.approx(1.0, abs=0.06)

    @pytest.mark.parametrize("lengths", [0.5, 1.0, 2.0])
    def test_it_forgets_over_its_lengths_as_an_exponential(
        self, fields: list[np.ndarray], lengths: float
    ) -> None:
        level, down = round(6 * lengths), round(4 * lengths)
        along = np.mean([(one[:-level] * one[level:]).mean() for one in fields])
        below = np.mean([(one[:, :-down] * one[:, down:]).mean() for one in fields])
        assert along == pytest.approx(np.exp(-lengths), abs=0.05)
        assert below == pytest.approx(np.exp(-lengths), abs=0.05)

    def test_a_neighbouring_lane_crosses_the_same_clods(self, fields: list[np.ndarray]) -> None:
        products = []
        for seed in range(20):
            drawn = ground_field(
                generator(seed, Stream.GROUND_MOISTURE), lengths_m=(0.12, 0.06), hurst=0.5
            )
            beside = drawn.section(ALONG[::2], 0.12, np.zeros(75), DOWN[::4])
            products.append((fields[seed][::2, ::4] * beside).mean())
        assert np.mean(products) == pytest.approx(np.exp(-1.0), abs=0.06)

    def test_a_larger_exponent_is_smoother(self) -> None:
        def steps(hurst: float) -> float:
            drawn = ground_field(
                generator(3, Stream.GROUND_MOISTURE), lengths_m=(0.1, 0.1), hurst=hurst
            )
            section = drawn.section(ALONG, 0.0, np.zeros(len(ALONG)), DOWN[:3])
            return float(np.diff(section, axis=0).std())

        assert steps(0.2) > 1.2 * steps(0.5) > 1.5 * steps(1.0)

    def test_the_surface_is_as_rough_as_said(self) -> None:
        along = np.arange(0.0, 20.0, 0.05)
        squares = [
            surface_field(generator(seed, Stream.GROUND_ROUGHNESS), length_m=0.1, hurst=0.8)
            .at(along, np.zeros_like(along))
            .var()
            for seed in range(20)
        ]
        assert np.mean(squares) == pytest.approx(1.0, abs=0.1)


class TestOneGround:
    def test_sections_that_overlap_have_the_same_bits(self) -> None:
        def hill(along_m: np.ndarray) -> np.ndarray:
            return 0.1 * along_m

        whole = made(RICH, surface=hill, plugs=[Plug(0.7, 0.1, 0.2)])
        part = made(
            RICH, surface=hill, plugs=[Plug(0.7, 0.1, 0.2)],
            along_m=(0.53, 0.81), bottom_m=-0.4, top_m=0.12,
        )  # fmt: skip
        column = round((part.first_along_m - whole.first_along_m) / 0.005)
        row = round((whole.first_up_m - part.first_up_m) / 0.005)
        columns, rows = part.permittivity.shape
        for name in ("permittivity", "conductivity_s_per_m", "debye_strength"):
            cut = getattr(whole, name)[column : column + columns, row : row + rows]
            assert np.array_equal(cut, getattr(part, name))

    def test_the_seed_decides_and_nothing_else(self) -> None:
        assert np.array_equal(made(RICH).permittivity, made(RICH).permittivity)
        assert not np.array_equal(made(RICH).permittivity, made(RICH, seed=2).permittivity)

    def test_lanes_far_apart_differ_and_close_ones_hardly(self) -> None:
        ground = replace(EVEN, moisture_std=0.03)
        here, near, far = (
            static_of(made(ground, across_m=one))[:, 40:] for one in (0.0, 0.01, 5.0)
        )
        assert np.corrcoef(here.ravel(), near.ravel())[0, 1] > 0.85
        assert abs(np.corrcoef(here.ravel(), far.ravel())[0, 1]) < 0.4

    def test_finer_cells_are_the_same_ground(self) -> None:
        coarse, fine = made(RICH), made(RICH, spacing_m=0.0025)
        rows = 35 * 2  # of the coarse: under the surface
        same = static_of(fine)[::2, ::2][:, rows:]
        assert same == pytest.approx(static_of(coarse)[:, rows : rows + same.shape[1]], rel=0.2)
        error = same - static_of(coarse)[:, rows : rows + same.shape[1]]
        assert np.sqrt((error**2).mean()) < 0.05


class TestSoil:
    def test_an_even_ground_is_the_model_at_its_moisture(self) -> None:
        section = made(EVEN)
        fit = static_of(section)[:, -1]
        assert np.ptp(fit) < 1e-6
        low = EVEN.textures()[0].permittivity(np.array(0.3e9), EVEN.moisture)
        assert fit[0] == pytest.approx(complex(low).real, rel=0.02)

    def test_moisture_varies_as_said(self) -> None:
        ground = replace(EVEN, moisture_std=0.02)
        deep = np.concatenate([static_of(made(ground, seed=one))[:, 60:] for one in range(6)])
        wet, dry = (
            static_of(made(replace(EVEN, moisture=EVEN.moisture + one)))[0, -1]
            for one in (0.01, -0.01)
        )
        assert deep.std() == pytest.approx(0.02 * (wet - dry) / 0.02, rel=0.2)

    def test_the_top_dries(self) -> None:
        ground = replace(EVEN, surface_moisture=0.05, dry_m=0.15)
        profile = static_of(made(ground))[0]
        soil = profile[31:]  # the surface cuts through row 30
        assert np.all(np.diff(soil[:29]) > 0.0)
        assert soil[30:] == pytest.approx(soil[-1], rel=1e-6)
        assert soil[0] < 0.6 * soil[-1]

    def test_a_layer_begins_at_its_depth(self) -> None:
        ground = replace(EVEN, layers=(Layer(0.2025, relief_m=0.0, moisture_std=0.0, clay=0.45),))
        column = static_of(made(ground))[0]
        depth = 0.15 - 0.005 * np.arange(len(column))
        above, below = column[depth > -0.199], column[depth < -0.206]
        assert np.ptp(above[32:]) < 1e-6
        assert np.ptp(below) < 1e-6
        assert abs(below[0] - above[-1]) > 0.5

    def test_every_preset_makes_a_ground(self) -> None:
        for ground in PRESETS.values():
            section = made(ground, along_m=(0.0, 0.3))
            assert section.permittivity.min() >= 1.0
            assert section.conductivity_s_per_m.min() >= 0.0
            assert section.debye_strength.min() >= 0.0


class TestSurface:
    def test_a_cell_that_it_cuts_is_mixed_by_area(self) -> None:
        whole = static_of(made(EVEN))[0, -1]
        for height in (0.0, 0.001, 0.0024, -0.0017):
            section = made(EVEN, surface=lambda along, up=height: np.full_like(along, up))
            share = 0.5 + height / 0.005
            cut = static_of(section)[0, 30]
            assert cut == pytest.approx(1.0 + share * (whole - 1.0), rel=1e-5)

    def test_it_follows_the_mean_ground(self) -> None:
        section = made(EVEN, surface=lambda along: 0.1 * along - 0.05)
        soil = (static_of(section) - 1.0) / (static_of(section)[0, -1] - 1.0)
        height = section.up_m[-1] - 0.0025 + 0.005 * soil.sum(axis=1)
        assert height == pytest.approx(0.1 * section.along_m - 0.05, abs=1e-5)

    def test_clods_are_as_high_as_said(self) -> None:
        rough = replace(EVEN, roughness_m=0.01)
        heights = []
        for seed in range(6):
            static = static_of(made(rough, seed=seed, along_m=(0.0, 3.0), bottom_m=-0.1))
            heights.append(0.005 * ((static - 1.0) / (static[0, -1] - 1.0)).sum(axis=1))
        # the mean of each lane is known, so its long waves count
        assert np.std(np.concatenate(heights)) == pytest.approx(0.01, rel=0.15)

    def test_grass_stands_over_it_and_thins_upwards(self) -> None:
        section = made(replace(EVEN, grass_m=0.06, grass_water=0.005))
        over = static_of(section)[:, :29].mean(axis=0)[::-1]
        assert 1.05 < over[0] < 1.3
        assert np.all(np.diff(over) <= 0.0)
        assert over[-1] == 1.0
        assert section.conductivity_s_per_m[:, 28].min() >= 0.0

    def test_puddles_cover_their_share_with_water_on_one_level(self) -> None:
        ground = replace(EVEN, puddle_share=0.2, puddle_depth_m=0.04)
        wet, level = [], []
        for seed in range(5):
            section = made(ground, seed=seed, along_m=(0.0, 8.0), bottom_m=-0.1, top_m=0.05)
            water = static_of(section) > 60.0
            wet.append(water.any(axis=1).mean())
            level.extend(section.up_m[np.argmax(one)] for one in water if one.any())
        assert np.mean(wet) == pytest.approx(0.2, abs=0.08)
        assert set(np.round(level, 6)) <= {0.0, -0.005}

    def test_a_puddle_is_as_deep_as_said_and_the_soil_under_it_soaked(self) -> None:
        ground = replace(EVEN, puddle_share=0.3, puddle_depth_m=0.05)
        relief = relief_of(ground, np.arange(0.0, 20.0, 0.005), 0.0, None, seed=3)
        depth = relief.water_up_m - relief.ground_up_m
        assert depth.max() == pytest.approx(0.05, abs=1e-9)
        assert np.abs(np.diff(depth)).max() < 0.005  # no walls
        section = made(ground, seed=3, along_m=(0.0, 8.0))
        static = static_of(section)
        soil = section.up_m < -0.06
        under = (static[:, ~soil] > 60.0).any(axis=1)
        assert static[under][:, soil].mean() > 1.1 * static[~under][:, soil].mean()

    def test_it_must_give_one_height_per_place(self) -> None:
        with pytest.raises(ShapeError, match=r"gave \(\) heights for"):
            made(EVEN, surface=lambda along: np.float64(0.0))  # noqa: ARG005


class TestPlug:
    def test_it_changes_the_soil_inside_and_only_there(self) -> None:
        plain, dug = (static_of(made(EVEN, plugs=one)) for one in ((), (Plug(0.5, 0.08, 0.15),)))
        assert dug[100, 40] < plain[100, 40] - 0.5
        assert np.array_equal(dug[:80], plain[:80])
        assert np.array_equal(dug[:, 66:], plain[:, 66:])

    def test_its_edges_are_soft(self) -> None:
        dug = static_of(made(EVEN, plugs=(Plug(0.5, 0.08, 0.15),)))[:, 40]
        assert np.abs(np.diff(dug)).max() < 0.3 * np.ptp(dug)

    def test_the_layers_that_it_cuts_are_gone(self) -> None:
        layered = replace(EVEN, layers=(Layer(0.1, relief_m=0.0, moisture_std=0.0, moisture=0.3),))
        dug = static_of(made(layered, plugs=(Plug(0.5, 0.1, 0.25, 0.0),)))
        upper = static_of(made(EVEN))[0, -1]
        assert dug[0, 65] != pytest.approx(upper, rel=0.02)
        assert dug[100, 65] == pytest.approx(upper, rel=1e-6)

    def test_a_hole_without_size_is_refused(self) -> None:
        with pytest.raises(UsageError, match=r"radius_m = 0\.0"):
            Plug(0.0, 0.0, 0.1)


@pytest.mark.parametrize(
    "wrong", [{"spacing_m": 0.0}, {"along_m": (1.0, 0.0)}, {"bottom_m": 0.2, "top_m": 0.1}]
)
def test_limits_in_the_wrong_order_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="give rising pairs and more than 0"):
        made(EVEN, **wrong)
