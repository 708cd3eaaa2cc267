"""A recipe is refused with the words that help, and decides its sites and scenes alone."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.synthesis.dataset import Recipe, Scene, scene_of, site_of
from detectkit.synthesis.dataset.build import record_of, require_makeable
from detectkit.synthesis.dataset.scene import _kinds_cached
from detectkit.synthesis.dataset.shipped import find_recipe, shipped_recipes

from .recipes import TEXT, recipe


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seed = 7", "", "'seed' must be given"),
        ("[patch]", "[patches]", "no table 'patches'; allowed: patch, scenes"),
        ("looks = 1", "lookings = 1", "no setting 'lookings'; its settings: burials"),
        ("looks = 1", "looks = 0", "1 or more"),
        ("train = 0.5", "train = 0.6", "whose sum is 1"),
        ("centre_hz = [6e8, 9e8]", "centre_hz = [9e8, 6e8]", r"give one number, or \[low, high\]"),
        ("centre_hz = [6e8, 9e8]", "colour = 1", "no setting 'colour'"),
        ("centre_hz = [6e8, 9e8]", "centre_hz = [6e8, -9e8]", "centre_hz"),
        ('wavelet = ["ricker", "gaussian"]', 'wavelet = ["ricker", "morlet"]', "morlet"),
        ("roughness_m = [0.005, 0.01]", "roughness_m = [0.005, 1.0]", "roughness_m"),
        ('"dry sand"]', '"moon dust"]', "no preset 'moon dust'"),
        ("depth_m = [0.05, 0.4]", "depth_m = [0.4, 0.05]", "depth_m"),
        ("slope_deg = [2, 8]", "slope = 3", "no setting 'slope'"),
        ("samples = 24", "samples = 0", "samples = 1 or more"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(old: str, new: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        recipe({old: new})


def test_an_unknown_body_is_told_with_those_there_are() -> None:
    for old, new in (
        ('name = "stone"\n', 'name = "moon rock"\n'),
        ('"pebble"', '"moon rock"'),
        ('"nail"', '"moon rock"'),
    ):
        with pytest.raises(UsageError, match=r"'moon rock'; there are: PMN, PMN-2"):
            require_makeable(recipe({old: new}))


def test_a_file_that_is_none_and_a_text_that_is_no_toml() -> None:
    with pytest.raises(UsageError, match=r"no recipe at nowhere\.toml"):
        Recipe.read("nowhere.toml")
    with pytest.raises(UsageError, match="not TOML"):
        Recipe.from_toml("[[")


def facts(scene: Scene) -> object:
    return record_of(recipe(), scene)


def test_a_scene_is_a_function_of_recipe_and_number_alone() -> None:
    forward = [facts(scene_of(recipe(), one)) for one in range(6)]
    backward = [facts(scene_of(recipe(), one)) for one in reversed(range(6))]
    assert forward == backward[::-1]
    assert len({str(one) for one in forward}) == 6


def test_a_larger_dataset_begins_with_the_smaller_one() -> None:
    few, many = recipe(), recipe().with_samples(3000)
    assert [facts(scene_of(few, one)) for one in (0, 3, 7)] == [
        facts(scene_of(many, one)) for one in (0, 3, 7)
    ]


def test_whole_scenes_are_made() -> None:
    one = recipe().with_samples(25)
    assert (one.scene_count, one.sample_count, one.group_count) == (9, 27, 5)


def test_the_fingerprint_tells_what_decides_the_samples_not_how_it_is_written() -> None:
    same = Recipe.from_toml("# a remark\n" + TEXT.replace("6e8", "600e6"))
    assert same.fingerprint == recipe().fingerprint
    assert recipe({"seed = 7": "seed = 8"}).fingerprint != recipe().fingerprint
    assert recipe().with_samples(30).fingerprint != recipe().fingerprint


@settings(max_examples=30, deadline=None)
@given(
    shares=st.lists(st.floats(0.05, 1.0), min_size=1, max_size=4),
    train=st.floats(0.3, 0.8),
    count=st.integers(1, 200),
)
def test_any_first_part_of_the_sites_has_the_shares(
    shares: list[float], train: float, count: int
) -> None:
    splits = (train, 0.5 * (1.0 - train), 0.5 * (1.0 - train))
    kinds = _kinds_cached(tuple(shares), splits, count)
    assert kinds == _kinds_cached(tuple(shares), splits, 300)[:count]
    terrains = Counter(terrain for terrain, _ in kinds)
    for terrain, share in enumerate(shares):
        # one that is farthest behind comes next: nobody is ever behind by as much as all others
        assert abs(terrains[terrain] - count * share / sum(shares)) < len(shares)
        inside = [split for one, split in kinds if one == terrain]
        for split, wanted in enumerate(splits):
            assert abs(inside.count(split) - wanted * len(inside)) < 3


def test_what_is_drawn_lies_within_its_ranges() -> None:
    one = recipe().with_samples(600)
    scenes = [scene_of(one, number) for number in range(0, 200, 9)]
    names = Counter(body.name for scene in scenes for body in scene.burials)
    assert set(names) == {"PMN-2", "TM-62M", "stone"}
    assert names["PMN-2"] > names["stone"]
    middle = 0.5 * one.patch.length_m
    for scene in scenes:
        assert 0.3 <= scene.height_m <= 1.0
        assert scene.site.split == site_of(one, scene.site.number).split
        assert abs(scene.slope) <= np.tan(np.deg2rad(8.0))
        for body in scene.burials:
            assert abs(body.along_m - middle) <= 0.3
            assert abs(body.across_m - scene.across_m) <= 0.4
            assert body.name != "TM-62M" or 0.05 <= body.depth_m <= 0.4
        for sample in scene.samples:
            assert 6e8 <= sample.radar.centre_hz <= 9e8
            assert isinstance(sample.radar.wavelet, str)
            due_s = 2.0 * scene.track.height_m.mean() / 2.998e8 + sample.radar.time_zero_s
            into_s = due_s - sample.first_sample * one.patch.interval_s
            assert into_s <= one.patch.before_s + one.patch.interval_s
        for plug in scene.plugs:
            assert any(plug.along_m == body.along_m for body in scene.burials)


def test_the_altimeter_errs_and_the_track_is_smooth() -> None:
    track = scene_of(recipe(), 3).track
    error = track.told_height_m - track.height_m
    assert 0.0 < np.abs(error).max() < 0.1
    assert np.abs(np.diff(track.height_m)).max() < 0.08
    assert np.all(np.diff(track.time_s) > 0.0)


@pytest.mark.parametrize("name", ["tiny", "default", "research"])
def test_a_recipe_that_ships_can_be_made(name: str) -> None:
    assert name in shipped_recipes()
    found = find_recipe(name)
    assert found.name == name
    assert found.model == "full-wave"
    scene = scene_of(found, found.scene_count - 1)
    assert scene.patch.traces == 64
    assert scene.patch.samples == 256
    shares = {one.name: one.share for one in found.terrains}
    if name != "tiny":
        assert shares == {"farmland": 0.6, "grassy hill": 0.3, "mountain": 0.1}
        sites = [site_of(found, one) for one in range(found.scene_count // 2)]
        for terrain in shares:
            assert {one.split for one in sites if one.terrain == terrain} == {
                "train", "validation", "test",
            }  # fmt: skip


def test_a_name_that_does_not_ship_is_told_with_those_that_do() -> None:
    with pytest.raises(UsageError, match="default, half_metre, lanes, research, tiny"):
        find_recipe("huge")
