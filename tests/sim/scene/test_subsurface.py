"""The ground's settings: from TOML and back, refused where they cannot be, and what they mean."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tomli_w

from detectkit.core import UsageError
from detectkit.sim.scene import PRESETS, Layer, Subsurface, preset, subsurface_of

TOML = """
preset = "moist loam"
moisture = 0.22

[[layer]]
depth_m = 0.3
clay = 0.4
moisture = 0.3
"""


class TestTable:
    def test_a_preset_can_be_changed(self) -> None:
        ground = subsurface_of(tomllib.loads(TOML))
        assert ground.moisture == 0.22
        assert ground.sand == PRESETS["moist loam"].sand
        assert ground.layers == (Layer(0.3, clay=0.4, moisture=0.3),)

    @pytest.mark.parametrize("name", sorted(PRESETS))
    def test_what_is_written_is_read_again(self, name: str) -> None:
        text = tomli_w.dumps(PRESETS[name].to_table())
        assert subsurface_of(tomllib.loads(text)) == PRESETS[name]

    def test_layers_of_a_preset_stay_or_go(self) -> None:
        assert subsurface_of({"preset": "stony hill"}).layers
        assert not subsurface_of({"preset": "stony hill", "layer": []}).layers

    @pytest.mark.parametrize(
        ("table", "words"),
        [
            ({"preset": "moon"}, "no preset 'moon' of the ground; there are: dry sand, moist loam"),
            ({"humidity": 0.2}, "subsurface: no setting 'humidity'; its settings: model"),
            ({"clay": "much"}, "clay = 'much': expected float"),
            ({"model": "magic"}, "'mironov' or 'dobson' or 'topp'"),
            ({"layer": [{"clay": 0.2}]}, r"\[\[layer\]\] 1: 'depth_m' must be given"),
            ({"layers": []}, r"write each of 'layers' as a table \[\[subsurface.layer\]\]"),
        ],
    )
    def test_mistakes_are_named(self, table: dict[str, Any], words: str) -> None:
        with pytest.raises(UsageError, match=words):
            subsurface_of(table)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"clay": 1.2}, "clay = 1.2; give 0 to 1"),
        ({"sand": 0.7, "clay": 0.4}, "sand . clay = 1.1; give 1 at most"),
        ({"moisture": 0.5}, "has pores for 0 to 0.47"),
        ({"hurst": 0.0}, "hurst = 0.0; give 0.05 to 1"),
        ({"roughness_m": 0.5}, "roughness_m = 0.5; give 0 to 0.1"),
        ({"surface_moisture": -0.1}, "surface_moisture = -0.1; give 0 to 0.6"),
        ({"viscosity_ratio": 0.4}, "viscosity_ratio = 0.4; give 0 to 0.1"),
        ({"layers": (Layer(0.3), Layer(0.2))}, "give up to 3, from the top down"),
        ({"moisture": float("nan")}, "moisture = nan; give 0 to 0.6"),
    ],
)
def test_what_no_ground_has_is_refused(setting: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Subsurface(**setting)


class TestEffective:
    def test_an_even_ground_is_its_model(self) -> None:
        ground = Subsurface(moisture=0.2)
        value = complex(ground.textures()[0].permittivity(np.array(1e9), 0.2))
        permittivity, conductivity = ground.at(1e9)
        assert permittivity == pytest.approx(value.real)
        assert conductivity == pytest.approx(-value.imag * 2e9 * np.pi * 8.8541878e-12, rel=1e-6)

    def test_a_dry_top_and_a_layer_count_by_their_thickness(self) -> None:
        ground = Subsurface(moisture=0.2)
        dry = replace(ground, surface_moisture=0.05)
        clay = replace(ground, layers=(Layer(0.15, clay=0.5, moisture=0.35),))
        assert dry.at(1e9)[0] < ground.at(1e9)[0] < clay.at(1e9)[0]
        deep = Subsurface(clay=0.5, moisture=0.35).at(1e9)[0]
        middle = (0.5 * (np.sqrt(ground.at(1e9)[0]) + np.sqrt(deep))) ** 2
        assert clay.at(1e9)[0] == pytest.approx(middle, rel=0.03)

    def test_presets_go_from_dry_to_wet(self) -> None:
        order = ["dry sand", "mountain gravel", "stony hill", "moist loam", "wet clay"]
        values = [preset(one).at(1e9) for one in order]
        assert [one[0] for one in values] == sorted(one[0] for one in values)
        assert 3.0 < values[0][0] < values[-1][0] < 25.0
        assert all(0.001 < one[1] < 0.3 for one in values)
