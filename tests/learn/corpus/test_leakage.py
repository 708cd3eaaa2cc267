"""What is in two splits fails the build: ground, scenes, recordings, patches."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.learn.corpus.leakage import LeakageError, check_alike, check_grounds

RNG = np.random.default_rng(5)
PATCHES = RNG.normal(size=(40, 2, 48, 48)).astype(np.float32)
SPLIT = np.repeat(np.array([0, 1, 2], np.int8), [20, 10, 10])


def test_a_site_in_two_splits_is_named() -> None:
    with pytest.raises(LeakageError, match="site 7 is in train and in test"):
        check_grounds([("site 7", 0), ("site 8", 1), ("site 7", 2)])


def test_different_patches_pass_and_copies_within_a_split_too() -> None:
    patches = PATCHES.copy()
    patches[1] = patches[0]
    check_alike(patches, SPLIT, alike=0.998)


@pytest.mark.parametrize(("one", "two"), [(3, 25), (4, 33), (22, 31)])
def test_a_duplicate_is_found_whatever_its_gain_and_a_little_noise(one: int, two: int) -> None:
    patches = PATCHES.copy()
    noise = RNG.normal(0.0, 0.01, patches[0].shape).astype(np.float32)
    patches[two] = 3.0 * patches[one] + noise
    with pytest.raises(LeakageError, match=rf"examples {one} .* and {two} "):
        check_alike(patches, SPLIT, alike=0.998)


def test_places_without_a_radar_are_not_the_same() -> None:
    patches = PATCHES.copy()
    patches[[2, 30]] = 0.0
    check_alike(patches, SPLIT, alike=0.998)
