"""A model survives its files to the bit; what is damaged, foreign or mixed up is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import FormatError, UsageError
from detectkit.learn.model import shipped
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.card import card_of
from detectkit.learn.model.files import load_model, save_model
from detectkit.learn.model.making import (
    MakingSettings,
    Sites,
    depth_error_factor,
    make_model,
    measured,
    require_apart,
)
from detectkit.learn.model.manifest import Manifest, Metric
from detectkit.learn.model.model import Model
from detectkit.learn.model.validity import Validity, validity_of

from .conftest import with_scalar


@pytest.fixture(scope="module")
def folder(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models") / "spots"
    save_model(model, place)
    return place


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    place = tmp_path / "spots"
    place.mkdir()
    for one in folder.iterdir():
        (place / one.name).write_bytes(one.read_bytes())
    return place


def test_numbers_and_text_only_no_code(folder: Path) -> None:
    names = sorted(one.name for one in folder.iterdir())
    assert names == ["CARD.md", "manifest.json", "weights.safetensors"]


def test_it_says_the_same_to_the_bit_after_its_files(
    model: Model, folder: Path, test_sites: Sites
) -> None:
    patches = test_sites.examples.patches()[:6]
    before, after = (NetworkAssessor(one).assess(patches) for one in (model, load_model(folder)))
    assert repr(before) == repr(after)


def test_saving_twice_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = save_model(load_model(folder), tmp_path / "again")
    for one in folder.iterdir():
        assert (tmp_path / "again" / one.name).read_bytes() == one.read_bytes()
    assert again.manifest.label == load_model(folder).manifest.label


def test_the_label_vouches_for_weights_and_manifest(model: Model) -> None:
    label = model.manifest.label
    assert label.startswith("spots ")
    assert len(label.split()[1]) == 12
    changed = replace(model.manifest, weights_sha256="f" * 64)
    assert changed.label != label
    assert replace(model.manifest, novelty_threshold=0.5).label != label


def test_a_changed_weight_is_refused(copied: Path) -> None:
    weights = copied / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(FormatError, match="take both files from one model"):
        load_model(copied)


def test_weights_of_another_shape_are_refused(copied: Path) -> None:
    path = copied / "manifest.json"
    table = json.loads(path.read_text("utf-8"))
    table["network"]["width"] = 5
    path.write_text(json.dumps(table), "utf-8")
    with pytest.raises(FormatError, match="does not fit its manifest"):
        load_model(copied)


def test_missing_weights_are_told(copied: Path) -> None:
    (copied / "weights.safetensors").unlink()
    with pytest.raises(FormatError, match="missing"):
        load_model(copied)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("format", "other", "detectkit-model"),
        ("layout", 7, "layout 7"),
        ("evidence", {"images": ["one"]}, "images are"),
        ("calibration", {}, "missing"),
        ("network", {"widht": 3}, "widht"),
        ("validity", {"ranges": {"colour": [0, 1]}, "known": []}, "colour"),
    ],
)
def test_a_manifest_that_is_none_is_refused(
    model: Model, name: str, value: object, says: str
) -> None:
    table = json.loads(model.manifest.to_json())
    with pytest.raises(FormatError, match=says):
        Manifest.from_json(json.dumps({**table, name: value}), where="m.json")


def test_what_no_json_is_names_the_file() -> None:
    with pytest.raises(FormatError, match=r"m\.json"):
        Manifest.from_json("{", where="m.json")


def test_the_card_tells_limits_figures_and_data(model: Model, test_sites: Sites) -> None:
    card = card_of(measured(model, test_sites, on="drawn, test sites").manifest)
    for words in ("# spots", "It knows drawn pictures only.", "`height_m` from 0.", "unknown",
                  "| expected calibration error |", "| drawn | simulated | train | 4 |",
                  "sites that it was not trained on", 'name = "spots"'):  # fmt: skip
        assert words in card


class TestMaking:
    def test_a_site_in_two_parts_is_refused(self, train: Sites, validation: Sites) -> None:
        with pytest.raises(UsageError, match="site 3 is in two parts"):
            require_apart(train, validation, Sites(train.examples, train.site.clip(3, 3)))

    def test_making_refuses_it_too(self, model: Model, train: Sites) -> None:
        with pytest.raises(UsageError, match="split by site"):
            make_model(model.network, model.manifest.facts, train, train)

    def test_figures_have_intervals_and_numbers(self, model: Model, test_sites: Sites) -> None:
        figures = {one.name: one for one in measured(model, test_sites, on="x").manifest.metrics}
        area = figures["area under the curve"]
        assert area.low <= area.value <= area.high
        assert area.value > 0.9
        assert area.count == len(test_sites.examples)

    def test_without_an_autoencoder_nothing_is_told_of_anomalies(
        self, model: Model, train: Sites, validation: Sites, test_sites: Sites
    ) -> None:
        plain = make_model(
            model.network, model.manifest.facts, train, validation,
            MakingSettings(autoencoder=None),
        )  # fmt: skip
        (said,) = NetworkAssessor(plain).assess(test_sites.examples.patches()[:1])
        assert np.isnan(said.anomaly)
        assert 0.0 <= said.novelty <= 1.0

    def test_two_thirds_of_depths_lie_within_one_deviation(self) -> None:
        random = np.random.default_rng(0)
        told = random.uniform(0.01, 0.03, 4000)
        off = 2.0 * told * random.normal(size=4000)
        assert depth_error_factor(off, told) == pytest.approx(2.0, rel=0.05)
        assert depth_error_factor(np.full(50, np.nan), told[:50]) == 1.0


class TestValidity:
    def test_ranges_hold_what_was_seen_and_little_more(self, train: Sites) -> None:
        made = validity_of(train.examples.scalars)
        assert all(made.outside(one) == () for one in train.examples.scalars)
        low, high = made.ranges["height_m"]
        assert 0.3 < low < 0.45
        assert 0.55 < high < 0.7
        assert "antenna_separation_m" not in made.ranges
        assert Validity.from_table(json.loads(json.dumps(made.to_table()))) == made

    def test_not_known_is_not_outside(self, train: Sites) -> None:
        made = validity_of(train.examples.scalars)
        unknown = with_scalar(train, "height_m", np.nan).examples.scalars[0]
        assert made.outside(unknown) == ()


class TestNames:
    def test_a_name_that_ships(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shipped, "files", lambda _: folder.parent)
        assert list(shipped.shipped_models()) == ["spots"]
        assert load_model("spots").manifest.facts.name == "spots"
        with pytest.raises(UsageError, match="did you mean spots"):
            shipped.model_folder("sopts")

    def test_a_folder_without_manifest(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"no folder with a manifest\.json"):
            shipped.model_folder(tmp_path)


def test_metrics_survive_their_file(model: Model) -> None:
    figure = Metric("area", 0.9, 0.8, 1.0, 12, "test")
    written = replace(model.manifest, metrics=(figure,))
    assert Manifest.from_json(written.to_json()).metrics == (figure,)
    assert Manifest.from_json(written.to_json()).to_json() == written.to_json()
