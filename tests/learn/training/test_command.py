"""`detectkit train`: a corpus that is there, and figures for programs; the training is stood in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

import detectkit.learn.corpus
import detectkit.learn.finish
import detectkit.learn.training.run
from detectkit.cli.app import app
from detectkit.core import UsageError
from detectkit.learn.corpus import CorpusSettings

RECIPE = """
name = "mine"
[corpus]
name = "some"
[[corpus.dataset]]
path = "nowhere/tiny"
"""
FIGURES = {"corpus": "12ab", "lanes": {"lanes": 3}}


@dataclass
class Held:
    """A corpus that notes which settings were asked of it."""

    kind: str = "dc"
    asked: list[CorpusSettings] = field(default_factory=list)

    def require(self, settings: CorpusSettings) -> None:
        self.asked.append(settings)
        if settings.seed != 1:
            msg = "made from other settings"
            raise UsageError(msg)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    one = Held()
    monkeypatch.setattr(detectkit.learn.corpus, "open_corpus", lambda _: one)
    monkeypatch.setattr(detectkit.learn.training.run, "run_training", lambda *_, **__: None)
    made = SimpleNamespace(facts=FIGURES)
    monkeypatch.setattr(detectkit.learn.finish, "finish", lambda *_: made)
    return one


def train(folder: Path, recipe: str, *words: str) -> Result:
    path = folder / "mine.toml"
    path.write_text(recipe, encoding="utf-8")
    return CliRunner().invoke(app, ["train", str(path), "-o", str(folder / "x"), *words])


def test_figures_go_to_standard_output_as_one_object(held: Held, tmp_path: Path) -> None:
    answer = train(tmp_path, RECIPE, "--corpus", "a.zarr", "--json")
    told = json.loads(answer.stdout)
    files = told.pop("files")
    assert told == FIGURES
    assert files["model"] == str(tmp_path / "x" / "model")
    assert set(files) == {"model", "rule", "report", "curves"}
    assert [one.dataset[0].path for one in held.asked] == ["nowhere/tiny"]


def test_a_corpus_of_another_recipe_is_refused(held: Held, tmp_path: Path) -> None:
    other = RECIPE.replace('name = "some"', 'name = "some"\nseed = 2')
    answer = train(tmp_path, other, "--corpus", "a.zarr", "--json")
    assert isinstance(answer.exception, UsageError)
    assert answer.stdout == ""


def test_a_recipe_without_a_corpus_takes_any(held: Held, tmp_path: Path) -> None:
    assert train(tmp_path, 'name = "mine"', "--corpus", "a.zarr", "--json").exit_code == 0
    assert held.asked == []
    answer = train(tmp_path, 'name = "mine"')
    assert "--corpus" in str(answer.exception)


def test_the_other_devices_of_a_training_say_nothing(
    held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert train(tmp_path, RECIPE, "--corpus", "a.zarr", "--json").stdout == ""
