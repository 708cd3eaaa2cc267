"""What is shown, how often, in which order, and how it is changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.detect.evidence import GRID, SCALARS
from detectkit.learn.training.augmentation import augmented
from detectkit.learn.training.batches import Held, TrainingBatches, drawn_rows, scalar_statistics
from detectkit.learn.training.recipe import (
    SECTIONS,
    Augmentation,
    TrainingRecipe,
    find_recipe,
    shipped_recipes,
)
from detectkit.learn.training.rows import rows_of

from .drawn import DrawnCorpus, drawn_corpus, drawn_examples

NOTHING = Augmentation(
    reversed_share=0.0, shift_m=0.0, depth_shift_m=0.0, depth_stretch=0.0, gain=0.0, noise=0.0,
    dropped_columns=0.0, hidden_detector=0.0, hidden_radar=0.0, hidden_scalars=0.0,
)  # fmt: skip
DEPTH = SCALARS.index("gpr_depth_m")


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


class TestOrder:
    @given(count=st.integers(1, 300), epoch=st.integers(0, 9))
    @settings(max_examples=20)
    def test_every_example_is_shown_once_an_epoch(self, count: int, epoch: int) -> None:
        rows = 3 * np.arange(count)
        drawn = drawn_rows(rows, np.ones(count), seed=1, epoch=epoch)
        assert sorted(drawn) == rows.tolist()

    @given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=60))
    @settings(max_examples=30)
    def test_heavy_ones_are_shown_as_often_as_they_weigh(self, weights: list[float]) -> None:
        heavy = np.array(weights)
        drawn = drawn_rows(np.arange(len(heavy)), heavy, seed=1, epoch=0)
        shown = np.bincount(drawn, minlength=len(heavy))
        assert shown.sum() == len(heavy)
        assert (np.abs(shown - heavy / heavy.mean()) < 1.0 + 1e-6).all()

    def test_epochs_differ_and_repeat(self) -> None:
        rows = np.arange(50)
        first, again, other = (drawn_rows(rows, np.ones(50), seed=1, epoch=e) for e in (0, 0, 1))
        assert (first == again).all()
        assert (first != other).any()

    @pytest.mark.parametrize("held", [1000, 32])
    def test_a_corpus_too_large_to_hold_is_shown_whole_too(self, held: int) -> None:
        shown = self.categories(drawn_corpus(200), held, (0, 1))
        table = drawn_corpus(200).table
        expected = table["category"][rows_of(drawn_corpus(200), "train")]
        assert len(shown) == 96  # of 100: three batches of 32
        assert abs(np.bincount(shown, minlength=5) - np.bincount(expected, minlength=5)).max() <= 4

    def test_processes_share_an_epoch(self) -> None:
        corpus = drawn_corpus(512)
        whole = self.categories(corpus, 1000, (0, 1))
        parts = [self.categories(corpus, 1000, (n, 2)) for n in range(2)]
        assert len(parts[0]) == len(parts[1]) == len(whole) // 2
        assert sorted(np.concatenate(parts)) == sorted(whole)

    @staticmethod
    def categories(corpus: DrawnCorpus, held: int, part: tuple[int, int]) -> np.ndarray:
        recipe = TrainingRecipe.from_toml('name = "a"\n[optimiser]\nbatch = 32')
        rows = rows_of(corpus, "train")
        batches = TrainingBatches(
            Held(corpus, rows, held), recipe, rows, np.ones(len(rows)), epoch=0, part=part
        )
        return np.concatenate([one.category.numpy() for one in batches])


class TestChanges:
    def test_nothing_asked_nothing_changed(self) -> None:
        examples = drawn_examples(8)
        same = augmented(examples, NOTHING, generator())
        assert np.allclose(same.radar, examples.radar, atol=1e-5)
        assert np.array_equal(same.scalars, examples.scalars, equal_nan=True)
        assert (same.detector == examples.detector).all()

    def test_the_truth_stays_and_the_examples_given_too(self) -> None:
        examples = drawn_examples(8)
        before = [examples.radar.copy(), examples.detector.copy(), examples.scalars.copy()]
        changed = augmented(examples, Augmentation(), generator())
        assert np.array_equal(changed.category, examples.category)
        assert np.array_equal(changed.depth_m, examples.depth_m, equal_nan=True)
        after = [examples.radar, examples.detector, examples.scalars]
        for one, other in zip(before, after, strict=True):
            assert np.array_equal(one, other, equal_nan=True)

    def test_what_is_not_known_is_zero(self) -> None:
        changed = augmented(drawn_examples(20), Augmentation(), generator())
        radar = changed.radar[
            np.broadcast_to(~changed.radar_known[:, None, None], changed.radar.shape)
        ]
        strips = changed.detector[
            np.broadcast_to(~changed.detector_known[:, None], changed.detector.shape)
        ]
        assert len(radar)
        assert len(strips)
        assert not radar.any()
        assert not strips.any()

    def test_back_is_the_other_way_round(self) -> None:
        examples = drawn_examples(4)
        back = augmented(examples, _only(reversed_share=1.0), generator())
        assert np.allclose(back.radar, examples.radar[..., ::-1], atol=1e-5)
        assert (back.detector == examples.detector[..., ::-1]).all()

    def test_a_wrong_velocity_moves_the_picture_and_what_it_tells_but_not_the_truth(self) -> None:
        examples = drawn_examples(200, radar_level=60.0)
        deep = examples.take(examples.depth_m > 0.15)
        moved = augmented(deep, _only(depth_stretch=0.15), generator())
        middle = GRID.columns // 2

        def peak(radar: np.ndarray) -> np.ndarray:
            return GRID.depth_m[radar[:, 1, :, middle].argmax(axis=1)]

        ratio = peak(moved.radar) / peak(deep.radar)
        told = moved.scalars[:, DEPTH] / deep.scalars[:, DEPTH]
        known = np.isfinite(told)
        assert 0.1 < np.ptp(ratio) < 0.4
        assert np.abs(ratio - told)[known].max() < 0.12  # a row is 1.5 cm
        assert (moved.depth_m == deep.depth_m).all()

    def test_sensors_are_hidden_as_often_as_asked_and_never_both(self) -> None:
        examples = drawn_examples(1000)
        seen = augmented(examples, _only(hidden_detector=0.3, hidden_radar=0.1), generator())
        detector, radar = seen.detector_known.any(axis=1), seen.radar_known.any(axis=1)
        assert (~detector).mean() == pytest.approx(0.3, abs=0.05)
        assert (~radar).mean() == pytest.approx(0.1, abs=0.03)
        assert (detector | radar).all()
        snr = SCALARS.index("detector_snr")
        assert np.isnan(seen.scalars[~detector, snr]).all()
        again = augmented(seen, _only(hidden_detector=1.0), generator())
        alone = radar & ~detector
        assert again.radar_known[alone].all()
        assert again.detector_known[~radar].all()


class TestScalars:
    def test_statistics_leave_out_what_is_not_known(self) -> None:
        values = np.array([[1.0, np.nan, 2.0], [3.0, np.nan, 2.0]])
        mean, spread = scalar_statistics(values)
        assert mean.tolist() == [2.0, 0.0, 2.0]
        assert spread.tolist() == [1.0, 1.0, 1.0]


class TestRecipes:
    def test_what_ships_can_be_read(self) -> None:
        assert "default" in shipped_recipes()
        for name in shipped_recipes():
            assert find_recipe(name).corpus

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("name = 1", "expected str"),
            ('name = "a"\n[loss]\nsmoothing = 0.1', "0 to 0.02"),
            ('name = "a"\n[augmentation]\nhidden_radar = 0.8', "at most 1"),
            ('name = "a"\n[optimizer]\nepochs = 3', "allowed: network, optimiser"),
            ('name = "a"\n[network]\nvariant = "3-d"', "'depth-channels'"),
            ("name = ", "not TOML"),
            ("seed = 1", "'name' must be given"),
        ],
    )
    def test_mistakes_are_named(self, text: str, says: str) -> None:
        with pytest.raises(UsageError, match=says):
            TrainingRecipe.from_toml(text)

    def test_a_name_that_does_not_ship_lists_those_that_do(self) -> None:
        with pytest.raises(UsageError, match="default"):
            find_recipe("nonsense")

    def test_the_fingerprint_is_of_what_decides(self) -> None:
        first = TrainingRecipe.from_toml('name = "a"')
        assert first.fingerprint == TrainingRecipe.from_toml('name = "b"\nseed = 1').fingerprint
        assert first.fingerprint != TrainingRecipe.from_toml('name = "a"\nseed = 2').fingerprint
        assert set(SECTIONS) <= set(first.settings)


def _only(**changes: float) -> Augmentation:
    from dataclasses import replace

    return replace(NOTHING, **changes)
