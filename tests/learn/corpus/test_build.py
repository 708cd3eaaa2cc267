"""Lanes become labelled evidence through the pipeline of a flight; killed, it goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import detectkit_sim_data
from detectkit.core import FormatError, UsageError
from detectkit.core.indication import CATEGORIES, TARGETS
from detectkit.learn.corpus import Corpus, CorpusSettings, build_corpus, open_corpus
from detectkit.learn.corpus.copies import SEAM
from detectkit.learn.corpus.dataset_lanes import BESIDE_BODY_M, opened, scene_passages
from detectkit.learn.corpus.leakage import LeakageError
from detectkit.learn.corpus.settings import (
    Background,
    Copies,
    DatasetSource,
    FlightSource,
    Labels,
)

SETTINGS = CorpusSettings(
    "tiny",
    dataset=(DatasetSource("tiny", most_lanes=17),),
    copies=Copies(count=1),
    labels=Labels(threshold=3.0),
)
TWO_SCENES = replace(SETTINGS, dataset=(DatasetSource("tiny", most_lanes=5),))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return open_corpus(build_corpus(SETTINGS, tmp_path_factory.mktemp("corpus") / "c.zarr"))


def test_every_lane_is_there_and_no_site_is_in_two_splits(corpus: Corpus) -> None:
    dataset = opened("tiny")
    assert len(corpus.lanes) == 17
    assert set(corpus.lanes["split"].tolist()) == {0, 1, 2}
    for site in np.unique(corpus.table["site"]):
        assert len(set(corpus.table["split"][corpus.table["site"] == site].tolist())) == 1
    assert corpus.lanes["terrain"].tolist() == dataset.words("terrain")[:17].tolist()


def test_the_pipeline_is_told_the_permittivity_as_a_team_would_know_it(corpus: Corpus) -> None:
    ratio = corpus.lanes["told_permittivity"] / corpus.lanes["permittivity"]
    assert (np.abs(ratio - 1.0) <= 0.15 + 1e-6).all()
    assert float(ratio.std()) > 0.03


def test_labels_agree_with_what_the_dataset_says(corpus: Corpus) -> None:
    """Where a candidate lies over a lane's own body, its label is that body's."""
    labels, words = opened("tiny").labels, opened("tiny").words("category")
    middle_m = 0.5 * opened("tiny").patch.length_m
    mines = 0
    for row in corpus.table:
        one = labels[row["lane"]]
        is_mine = words[row["lane"]] in ("anti-personnel", "fragmentation", "anti-tank")
        away = np.hypot(row["x_m"] - middle_m - one["along_m"], row["y_m"] + one["across_m"])
        if is_mine and away < 0.5 * one["width_m"] + 0.25:
            mines += 1
            assert CATEGORIES[row["category"]] in TARGETS
            assert row["depth_m"] == pytest.approx(one["depth_m"], abs=1e-6)
        if not is_mine:
            assert row["category"] >= len(TARGETS) or row["category"] == -1
    assert mines >= 4


def test_lanes_end_where_no_body_is_laid_any_more(corpus: Corpus) -> None:
    """Else whoever can tell how far a lane's end is knows where no target can be."""
    data = opened("tiny")
    half_m = data.recipe.laid.along_m + BESIDE_BODY_M
    ends = [corpus.lanes[name] - 0.5 * data.patch.length_m for name in ("x0_m", "x1_m")]
    assert half_m < 0.5 * data.patch.length_m
    np.testing.assert_allclose(ends[0], -half_m, atol=0.02)
    np.testing.assert_allclose(ends[1], half_m, atol=0.02)
    assert (corpus.table["x_m"] >= corpus.lanes["x0_m"][corpus.table["lane"]]).all()
    assert (corpus.table["x_m"] <= corpus.lanes["x1_m"][corpus.table["lane"]]).all()


def test_every_mine_is_in_the_table_of_targets_found_or_not(corpus: Corpus) -> None:
    words = opened("tiny").words("category")[:17]
    mines = np.isin(words, ["anti-personnel", "fragmentation", "anti-tank"])
    assert corpus.targets["lane"].tolist() == np.flatnonzero(mines).tolist()
    for one in corpus.targets:
        mine = (corpus.table["lane"] == one["lane"]) & (corpus.table["category"] == one["category"])
        assert bool(one["found"]) == bool(mine.any())


def test_evidence_is_read_in_any_order(corpus: Corpus) -> None:
    which = [3, 0, len(corpus) - 1]
    whole, some = corpus.read(slice(None)), corpus.read(which)
    assert np.array_equal(whole.take(np.array(which)).radar, some.radar)
    assert np.isfinite(whole.radar).all()
    assert whole.radar_known.any(axis=1).all()
    assert whole.detector_known.any()
    assert np.array_equal(whole.category, corpus.table["category"])
    known = np.concatenate([corpus.of_split(one) for one in ("train", "validation", "test")])
    assert sorted(known.tolist()) == np.flatnonzero(corpus.table["category"] >= 0).tolist()


def test_whole_traces_are_those_of_the_dataset() -> None:
    """The direct wave is before the ground, and from there on it is the dataset's radargram."""
    dataset = opened("tiny")
    passage = next(scene_passages(SETTINGS, 0, 0))
    (block,) = passage.radar
    first = int(dataset.labels[0]["first_sample"])
    told, whole = dataset.read("radar", slice(0, 1))[0], block.data[:, first:]
    assert np.allclose(whole[:, SEAM:], told[:, SEAM:], atol=8.0)  # halves of large counts
    direct = dataset.provenance(0)["sample"]["radar"]["crosstalk_counts"]
    assert float(np.abs(block.data).max()) == pytest.approx(direct, rel=0.1)
    assert int(np.abs(block.data[0]).argmax()) < first


def test_copies_of_training_lanes_differ_and_test_lanes_have_none() -> None:
    twice = replace(SETTINGS, copies=Copies(count=2))
    train, again = (list(islice(scene_passages(twice, 0, 0), 3)) for _ in range(2))
    assert [one.origin.copy for one in train] == [0, 1, 0]
    for one, same in zip(train, again, strict=True):
        assert np.array_equal(one.radar[0].data, same.radar[0].data)
    first, copy = train[0].radar[0], train[1].radar[0]
    cut = copy.data.shape[1]
    assert np.corrcoef(first.data[:, :cut].ravel(), copy.data.ravel())[0, 1] < 0.99
    assert [one.origin.copy for one in scene_passages(twice, 0, 4)] == [0]


def test_real_ground_is_mixed_under_copies() -> None:
    quiet = Copies(count=2, noise=(0.0, 0.0), background_lanes=1.0)
    real = (Background(str(detectkit_sim_data.path("demo_line.h5"))),)
    bare, mixed = (
        list(islice(scene_passages(replace(SETTINGS, copies=quiet, background=one), 0, 0), 2))
        for one in ((), real)
    )
    assert np.array_equal(bare[0].radar[0].data, mixed[0].radar[0].data)
    assert float((bare[1].radar[0].data - mixed[1].radar[0].data).std()) > 1.0


def test_a_build_that_was_stopped_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    def stop_after(first: int) -> Callable[[int], None]:
        done: list[int] = []

        def stopped(count: int) -> None:
            done.append(count)
            if sum(done) >= first:
                raise KeyboardInterrupt

        return stopped

    with pytest.raises(KeyboardInterrupt):
        build_corpus(TWO_SCENES, tmp_path / "a.zarr", progress=stop_after(1))
    with pytest.raises(FormatError, match="was stopped"):
        open_corpus(tmp_path / "a.zarr")
    told: list[int] = []
    build_corpus(TWO_SCENES, tmp_path / "a.zarr", progress=told.append)
    assert told == [1, 1], "one scene was there"
    whole = open_corpus(build_corpus(TWO_SCENES, tmp_path / "b.zarr"))
    assert open_corpus(tmp_path / "a.zarr").digest == whole.digest


def test_a_finished_corpus_is_left_alone_and_another_is_refused(corpus: Corpus) -> None:
    told: list[int] = []
    build_corpus(SETTINGS, corpus.path, progress=told.append)
    assert told == [5]
    with pytest.raises(UsageError, match="other settings"):
        build_corpus(replace(SETTINGS, seed=2), corpus.path)


def test_a_corpus_that_is_given_must_be_of_the_settings_asked_for(corpus: Corpus) -> None:
    elsewhere = replace(SETTINGS.dataset[0], path="another/place/tiny")
    corpus.require(replace(SETTINGS, name="another", dataset=(elsewhere,)))
    with pytest.raises(UsageError, match=r"other settings than the recipe's .*\(seed, labels\)"):
        corpus.require(replace(SETTINGS, seed=2, labels=Labels(threshold=4.0)))


def test_a_corpus_of_other_data_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    place = tmp_path / "c.zarr"
    shutil.copytree(corpus.path, place)
    (place / "sources.json").write_text(json.dumps({"0 tiny": "another"}), encoding="utf-8")
    with pytest.raises(UsageError, match="other data"):
        build_corpus(SETTINGS, place)


def test_one_site_in_two_splits_fails_the_build(tmp_path: Path) -> None:
    both = (DatasetSource("tiny", most_lanes=1), DatasetSource("tiny", "test", most_lanes=1))
    with pytest.raises(LeakageError, match="in train and in test"):
        build_corpus(replace(SETTINGS, dataset=both), tmp_path / "c.zarr")


def test_a_flight_under_two_names_fails_the_build(tmp_path: Path) -> None:
    path = str(detectkit_sim_data.path("flights/at_hill.h5"))
    flights = FlightSource(path, site="a"), FlightSource(path, split="test", site="b")
    settings = CorpusSettings("a", flight=flights)
    with pytest.raises(LeakageError, match="raw radargram"):
        build_corpus(settings, tmp_path / "c.zarr")


@pytest.mark.slow
def test_workers_change_no_bit(corpus: Corpus, tmp_path: Path) -> None:
    two = open_corpus(build_corpus(SETTINGS, tmp_path / "c.zarr", workers=2))
    assert two.digest == corpus.digest
