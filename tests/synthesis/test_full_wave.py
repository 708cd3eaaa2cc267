"""The true chain on a coarse grid: ground and bodies echo where and as loud as they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.sim.bodies import PlacedBody, load_library
from detectkit.synthesis.dataset import Heard, Recipe, Scene, scene_of
from detectkit.synthesis.dataset.full_wave import heard_full_wave, spacing_of
from detectkit.synthesis.dataset.labels import NUMBERS, number_row

from .recipes import recipe

LIGHT = 2.998e8


def coarse() -> Recipe:
    return recipe(
        {
            '"sketch"': '"full-wave"',
            'preset = ["moist loam", "dry sand"]': 'preset = "dry sand"\nsurface_moisture = 0.06',
            "centre_hz = [6e8, 9e8]": "centre_hz = 4e8",
            'wavelet = ["ricker", "gaussian"]': "",
            "samples = 96": "samples = 80",
            'bodies = ["pebble", "stone"]': "",
            'scrap = ["nail"]': "",
            "noise_counts = [2, 10]": "noise_counts = 0.001\nringing_counts = 0",
        }
    )


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Return a scene with a steel anti-tank mine, and a plastic one of a hand's width."""
    drawn = scene_of(coarse(), 0)
    library, middle = load_library(), 0.5 * drawn.patch.length_m
    bodies = [
        PlacedBody(library[name], middle, drawn.across_m, 0.1, name=name)
        for name in ("TM-62M", "VS-50")
    ]
    return replace(drawn, burials=tuple(bodies), plugs=())


@pytest.fixture(scope="module")
def heard(scene: Scene) -> Heard:
    return heard_full_wave(coarse(), scene)


def test_the_ground_echoes_where_its_height_says_and_as_strong_as_its_permittivity(
    scene: Scene, heard: Heard
) -> None:
    empty = heard.radar[2].mean(axis=0)
    patch, radar = scene.patch, scene.samples[2].radar
    due = (2.0 * scene.height_m / LIGHT + radar.time_zero_s) / patch.interval_s
    assert abs(np.abs(empty).argmax() + scene.samples[2].first_sample - due) < 3
    index = np.sqrt(scene.site.subsurface.at(4e8)[0])
    expected = radar.mirror_counts * (1.0 - index) / (1.0 + index) / (2.0 * scene.height_m)
    assert empty[np.abs(empty).argmax()] == pytest.approx(expected, rel=0.3)


def test_a_body_echoes_where_its_depth_says_and_steel_is_louder_than_plastic(
    scene: Scene, heard: Heard
) -> None:
    index = np.sqrt(scene.site.subsurface.at(4e8)[0])
    steel, plastic = heard.echo[0], heard.echo[1]
    trace = int(np.abs(steel).max(axis=1).argmax())
    assert abs(trace * scene.patch.spacing_m - scene.burials[0].along_m) <= 0.2
    delay = scene.samples[0].first_sample + np.abs(steel[trace]).argmax()
    top = 2.0 * (scene.height_m + 0.1 * index) / LIGHT + scene.samples[0].radar.time_zero_s
    assert abs(delay * scene.patch.interval_s - top) < 1.2e-9  # half a wave, and more of the body
    assert np.abs(steel).max() > 3.0 * np.abs(plastic).max() > 0.0
    assert not heard.echo[2].any()


def test_less_its_echo_a_radargram_is_the_ground_without_the_body(heard: Heard) -> None:
    """All three have the same radar here but for time-zero drift."""
    without = [heard.radar[one] - heard.echo[one] for one in (0, 1)]
    rest = np.abs(without[0] - heard.radar[2]).max()
    assert rest < 0.02 * np.abs(heard.radar[2]).max()


def test_the_detector_hears_steel_over_the_soil_and_not_the_least_metal(
    scene: Scene, heard: Heard
) -> None:
    names = [one.name for one in NUMBERS]
    steel, plastic = (
        dict(zip(names, number_row(scene, one, heard), strict=True)) for one in (0, 1)
    )
    assert steel["metal_over_soil_db"] > 0.0
    assert plastic["metal_over_soil_db"] < 0.0
    assert steel["metal_peak_nv"] > 100.0 * plastic["metal_peak_nv"]
    assert steel["depth_m"] == np.float32(0.1)
    assert steel["along_m"] == pytest.approx(0.0, abs=1e-6)


def test_beside_the_lane_it_is_weaker_and_the_same_scene_has_the_same_bits(
    scene: Scene, heard: Heard
) -> None:
    near = scene.burials[0]
    beside = replace(near, across_m=near.across_m + 0.4)
    again = heard_full_wave(coarse(), replace(scene, burials=(near, beside)))
    np.testing.assert_array_equal(again.echo[0], heard.echo[0])
    np.testing.assert_array_equal(again.radar[2], heard.radar[2])
    assert np.abs(again.echo[1]).max() < 0.8 * np.abs(again.echo[0]).max()


def test_wetter_ground_needs_finer_cells(scene: Scene) -> None:
    dry = scene.site.subsurface
    wet = replace(dry, moisture=0.25, surface_moisture=None)
    assert spacing_of(coarse(), wet) < 0.7 * spacing_of(coarse(), dry)
