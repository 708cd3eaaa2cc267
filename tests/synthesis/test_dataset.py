"""A dataset: whole or gone on with, the same bits whoever makes it, read as it was written."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import FormatError, UsageError
from detectkit.synthesis.dataset import (
    CATEGORIES,
    Dataset,
    DatasetWriteError,
    Heard,
    Recipe,
    Scene,
    make_dataset,
    open_dataset,
)
from detectkit.synthesis.dataset.sketch import sketched
from detectkit.synthesis.dataset.statistics import statistics_of

from .recipes import recipe


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(tmp_path_factory.mktemp("made") / "trial.zarr", recipe()).dataset


class KilledError(Exception):
    """Stands for what stops a run."""


def stops_at(scene: int) -> Callable[[Recipe, Scene], Heard]:
    def physics(recipe: Recipe, one: Scene) -> Heard:
        if one.number == scene:
            raise KilledError
        return sketched(recipe, one)

    return physics


class TestReading:
    def test_every_array_has_one_row_per_sample(self, made: Dataset) -> None:
        assert len(made) == 24
        assert made.read("radar", slice(0, 5)).shape == (5, 16, 96)
        assert made.read("detector", [7, 2]).shape == (2, 16, len(made.channels))
        assert made.read("track", slice(0, 1)).shape == (1, 16, len(made.track_columns))
        assert made.labels.shape == (24,)
        np.testing.assert_array_equal(
            made.read("echo", [7, 2])[1], made.read("echo", slice(2, 3))[0]
        )

    def test_what_is_labelled_empty_holds_no_echo_and_else_one(self, made: Dataset) -> None:
        echo = np.abs(made.read("echo", slice(None))).max(axis=(1, 2))
        metal = np.abs(made.read("detector_echo", slice(None))).max(axis=(1, 2))
        empty = made.labels["category"] == CATEGORIES.index("empty")
        assert not echo[empty].any()
        assert not metal[empty].any()
        assert np.all(echo[~empty] > 1.0)
        assert np.isnan(made.labels["depth_m"][empty]).all()
        assert np.isfinite(made.labels["depth_m"][~empty]).all()
        assert (made.words("body")[empty] == "").all()
        rich = made.words("metal") == "rich"
        assert np.all(metal[rich] > 0.0)
        assert not metal[made.words("body") == "stone"].any()

    def test_twins_share_their_ground_and_differ_by_the_body(self, made: Dataset) -> None:
        """Each has its own radar, so that the ground is the same but not its counts."""
        labels = made.labels
        for scene in range(3):
            (rows,) = np.nonzero(labels["scene"] == scene)
            assert len(rows) == 3
            assert len(set(labels["site"][rows])) == 1
            assert len(set(labels["height_m"][rows])) == 1
            track = made.read("track", slice(rows[0], rows[-1] + 1))
            np.testing.assert_array_equal(track[0], track[2])
        background = made.background(slice(0, 1))
        np.testing.assert_allclose(
            background, made.read("radar", slice(0, 1)) - made.read("echo", slice(0, 1))
        )

    def test_no_site_scene_or_seed_is_in_two_splits(self, made: Dataset) -> None:
        assert {name: len(which) for name, which in made.splits.items()} == {
            "train": 12, "validation": 6, "test": 6,
        }  # fmt: skip
        for field in ("site", "scene"):
            inside = [set(made.labels[field][which].tolist()) for which in made.splits.values()]
            assert not set.intersection(*inside)
            assert sum(map(len, inside)) == len(set.union(*inside))
        seeds = [made.provenance(one)["site"]["seed"] for one in range(0, 24, 3)]
        assert len(set(seeds)) == 8

    def test_a_sample_says_how_it_came_about(self, made: Dataset) -> None:
        told = made.provenance(4)
        assert told["number"] == 1
        assert told["sample"]["burial"] == 1
        assert told["burials"][1]["name"] == made.words("body")[4]
        assert told["burials"][1]["depth_m"] == pytest.approx(made.labels["depth_m"][4])
        assert told["site"]["subsurface"]["moisture"] > 0.0
        assert set(told["versions"]) >= {"detectkit", "numpy", "numba"}
        assert told["fingerprint"] == recipe().fingerprint
        assert made.recipe == recipe()
        with pytest.raises(UsageError, match="0 to 23"):
            made.provenance(24)

    def test_it_calls_itself_simulated_and_a_sketch_a_sketch(self, made: Dataset) -> None:
        assert made.attributes["simulated"] is True
        assert made.is_sketch
        assert "simulated" in made.attributes["note"]

    def test_a_zip_of_it_reads_the_same(self, made: Dataset, tmp_path: Path) -> None:
        path = tmp_path / "trial.zarr.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for one in sorted(made.path.rglob("*")):
                if one.is_file():
                    packed.write(one, one.relative_to(made.path).as_posix())
        again = open_dataset(path)
        assert again.digest == made.digest
        np.testing.assert_array_equal(
            again.read("radar", slice(0, 24)), made.read("radar", slice(0, 24))
        )
        assert again.labels.tobytes() == made.labels.tobytes()

    def test_what_is_none_is_refused(self, made: Dataset, tmp_path: Path) -> None:
        (tmp_path / "empty.zarr").mkdir()
        (tmp_path / "junk.zip").write_bytes(b"junk")
        for name in ("empty.zarr", "junk.zip"):
            with pytest.raises(FormatError, match=name):
                open_dataset(tmp_path / name)
        with pytest.raises(UsageError, match="'colour'"):
            made.read("colour", slice(0, 1))  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="category, body"):
            made.words("colour")


class TestGoingOn:
    def test_after_a_kill_only_the_missing_is_made_and_the_bits_are_the_same(
        self, made: Dataset, tmp_path: Path
    ) -> None:
        path = tmp_path / "trial.zarr"
        with pytest.raises(KilledError):
            make_dataset(path, recipe(), physics=stops_at(5))
        with pytest.raises(FormatError, match="2 of 4 shards are there; go on with"):
            open_dataset(path)
        told: list[tuple[int, int]] = []
        again = make_dataset(path, recipe(), progress=lambda *one: told.append(one))
        assert again.groups == 2
        assert told == [(18, 24), (24, 24)]
        assert again.dataset.digest == made.digest
        assert make_dataset(path, recipe(), physics=stops_at(0)).groups == 0

    def test_a_shard_that_a_kill_left_half_is_made_again(
        self, made: Dataset, tmp_path: Path
    ) -> None:
        path = tmp_path / "trial.zarr"
        with pytest.raises(KilledError):
            make_dataset(path, recipe(), physics=stops_at(5))
        (path / "radar" / "c" / "2" / "0").mkdir(parents=True)
        (path / "radar" / "c" / "2" / "0" / "0").write_bytes(b"half of a shard")
        assert make_dataset(path, recipe()).dataset.digest == made.digest

    def test_a_shard_that_changed_on_disk_is_noticed_and_made_again(
        self, made: Dataset, tmp_path: Path
    ) -> None:
        path = tmp_path / "trial.zarr"
        shutil.copytree(made.path, path)
        words = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
        del words["attributes"]["complete"]
        (path / "zarr.json").write_text(json.dumps(words), encoding="utf-8")
        shutil.copy(path / "codes" / "c" / "0" / "0", path / "codes" / "c" / "3" / "0")
        with pytest.raises(FormatError, match="shard 3 on disk is not what was written"):
            make_dataset(path, recipe())
        again = make_dataset(path, recipe())
        assert (again.groups, again.dataset.digest) == (1, made.digest)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"seed = 7": "seed = 8"}, "seed = 7 there, 8 now"),
            ({"roughness_m = [0.005, 0.01]": ""}, r"roughness_m = \[0.005, 0.01\] there, not set"),
            ({"samples = 24": "samples = 30"}, "24 samples there, 30 now"),
        ],
    )
    def test_another_recipe_is_refused_with_what_differs(
        self, made: Dataset, changes: dict[str, str], says: str
    ) -> None:
        with pytest.raises(UsageError, match=says):
            make_dataset(made.path, recipe(changes))

    def test_a_name_that_is_taken_is_not_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "mine.zarr").mkdir()
        with pytest.raises(UsageError, match="is no dataset of detectkit"):
            make_dataset(tmp_path / "mine.zarr", recipe())
        with pytest.raises(UsageError, match="does not exist; make it first"):
            make_dataset(tmp_path / "none" / "a.zarr", recipe())

    def test_a_disk_that_takes_no_more_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("detectkit.synthesis.dataset.writer.digest_of", full)
        with pytest.raises(DatasetWriteError, match="run the same command again"):
            make_dataset(tmp_path / "trial.zarr", recipe())

    def test_the_same_patch_in_two_scenes_fails_the_build(self, tmp_path: Path) -> None:
        def one_for_all(recipe: Recipe, scene: Scene) -> Heard:
            heard = sketched(recipe, scene)
            radar = np.ones_like(heard.radar) * np.arange(3, dtype=np.float32)[:, None, None]
            return Heard(radar, heard.echo, heard.detector, heard.detector_echo)

        with pytest.raises(FormatError, match="samples 0 and 3 of two scenes are the same"):
            make_dataset(tmp_path / "trial.zarr", recipe(), physics=one_for_all)


def test_statistics_count_every_sample_once(made: Dataset) -> None:
    told = statistics_of(made)
    assert told["simulated"] is True
    assert json.loads(json.dumps(told)) == told
    for name, which in made.splits.items():
        split = told["splits"][name]
        assert split["samples"] == len(which) == sum(split["category"].values())
        bodies = int((made.labels["category"][which] > 0).sum())
        for counts in (split["body"].values(), split["histograms"]["depth_m"]["counts"]):
            assert sum(counts) == bodies
        assert len(split["largest_count"]) == 3
