"""The dataset that ships: whole, small, and what its recipe makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import detectkit_sim_data
from detectkit.product.contact_sheet import chosen_samples, draw_contact_sheet
from detectkit.synthesis.dataset import CATEGORIES, Dataset, open_dataset
from detectkit.synthesis.dataset.build import make_scene
from detectkit.synthesis.dataset.full_wave import heard_full_wave
from detectkit.synthesis.dataset.layout import digest_of
from detectkit.synthesis.dataset.shipped import find_recipe
from detectkit_sim_data.recipes import make_tiny_dataset

NAME = f"datasets/{make_tiny_dataset.NAME}"


@pytest.fixture(scope="module")
def tiny() -> Dataset:
    return open_dataset(detectkit_sim_data.path(NAME))


def assert_like(found: np.ndarray, shipped: np.ndarray, name: str) -> None:
    """Another processor may round otherwise: a thousandth of the largest value, and a count."""
    if name == "numbers":  # the last four are measured on what is heard
        np.testing.assert_allclose(found[:, :-4], shipped[:, :-4], rtol=1e-4)
        np.testing.assert_allclose(found[:, -4:], shipped[:, -4:], rtol=0.05, atol=0.3)
        return
    found, shipped = found.astype(np.float64), shipped.astype(np.float64)
    assert found.shape == shipped.shape
    np.testing.assert_array_equal(np.isnan(found), np.isnan(shipped))
    largest = float(np.nanmax(np.abs(shipped), initial=0.0))
    assert np.nanmax(np.abs(found - shipped), initial=0.0) <= 1e-3 * largest + 1.01


def test_it_is_small_and_of_the_recipe_beside_it(tiny: Dataset) -> None:
    assert detectkit_sim_data.path(NAME).stat().st_size <= 1_500_000
    recipe = find_recipe("tiny")
    assert tiny.attributes["fingerprint"] == recipe.fingerprint
    assert len(tiny) == recipe.sample_count
    assert tiny.attributes["simulated"] is True
    assert not tiny.is_sketch


def test_every_shard_is_what_was_written(tiny: Dataset) -> None:
    for which, digest in tiny.groups():
        np.testing.assert_array_equal(digest_of(tiny.stored(which)), digest)


def test_it_has_something_of_everything(tiny: Dataset) -> None:
    assert set(tiny.words("category")) == set(CATEGORIES)
    assert set(tiny.words("terrain")) == {"farmland", "grassy hill", "mountain"}
    assert all(len(which) for which in tiny.splits.values())
    radar = tiny.read("radar", slice(None))
    assert np.isfinite(radar).all()
    assert np.abs(radar).max() < 32_768.0


def test_bodies_with_rich_metal_are_heard_and_an_empty_trace_says_nothing(tiny: Dataset) -> None:
    """A minimum-metal mine may be below what the soil does to the detector, and is there yet."""
    labels, metal = tiny.labels, tiny.words("metal")
    quiet = labels["metal_over_soil_db"][(metal == "minimum") & (labels["category"] > 1)]
    loud = labels["metal_over_soil_db"][tiny.words("body") == "TM-62M"]
    assert np.nanmedian(quiet) < np.nanmin(loud)


def test_a_sheet_shows_some_of_every_category(tiny: Dataset, tmp_path: Path) -> None:
    chosen = chosen_samples(tiny, 9)
    assert len(set(chosen.tolist())) == 9
    assert set(tiny.words("category")[chosen]) == set(CATEGORIES)
    draw_contact_sheet(tiny, tmp_path / "sheet.png", samples=2)
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_recipe_makes_one_scene_of_it_again(tiny: Dataset) -> None:
    recipe = find_recipe("tiny")
    number = 1
    made = make_scene(recipe, heard_full_wave, number)
    count = recipe.scenes.samples
    shipped = tiny.stored(slice(number * count, (number + 1) * count))
    for name, values in shipped.items():
        assert_like(made[name], values, name)


@pytest.mark.slow
def test_the_recipe_makes_it_again(tiny: Dataset, tmp_path: Path) -> None:
    again = open_dataset(make_tiny_dataset.make(tmp_path))
    for which, _ in tiny.groups():
        made, shipped = again.stored(which), tiny.stored(which)
        for name in shipped:
            assert_like(made[name], shipped[name], name)
