"""A corpus is decided by a text that can be read, and what cannot be is refused in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detectkit.core import UsageError
from detectkit.learn.corpus.settings import (
    Background,
    Copies,
    CorpusSettings,
    DatasetSource,
    FlightSource,
    Labels,
)

WHOLE = CorpusSettings(
    "all of it",
    seed=3,
    dataset=(DatasetSource("tiny"), DatasetSource("other.zarr", "test", 12)),
    flight=(FlightSource("a.h5", "dug.csv", "validation", "field", 9.0, "meadow", "moist"),),
    background=(Background("quiet.dzt"),),
    copies=Copies(3, noise=(0.5, 1.0)),
    labels=Labels(threshold=3.0),
)


def test_settings_survive_their_text() -> None:
    assert CorpusSettings.from_toml(WHOLE.to_toml()) == WHOLE


def test_the_fingerprint_tells_what_decides_and_not_where_it_lies() -> None:
    moved = replace(WHOLE, name="b", dataset=(DatasetSource("x/tiny"), *WHOLE.dataset[1:]))
    assert moved.fingerprint == WHOLE.fingerprint
    assert replace(WHOLE, seed=4).fingerprint != WHOLE.fingerprint


def test_paths_in_a_file_are_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a.h5").touch()
    (tmp_path / "corpus.toml").write_text(WHOLE.to_toml(), encoding="utf-8")
    read = CorpusSettings.read(tmp_path / "corpus.toml")
    assert read.flight[0].path == str(tmp_path / "a.h5")
    assert read.dataset[0].path == "tiny"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "a"', "dataset"),
        ("name = ", "TOML"),
        ('name = "a"\n[[dataset]]\npath = "tiny"\nlanes = 3', "most_lanes"),
        ('name = "a"\n[[dataset]]\npath = "tiny"\nsplit = "half"', "validation"),
        ('name = "a"\n[[dataset]]\npath = "tiny"\n[copies]\nnoise = [2.0, 1.0]', "noise"),
        ('name = "a"\n[[dataset]]\npath = "tiny"\n[labels]\nhalo_m = -1.0', "labels"),
        ('name = "a"\nalike = 0.2\n[[dataset]]\npath = "tiny"', "alike"),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        CorpusSettings.from_toml(text)


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        CorpusSettings.read(tmp_path / "none.toml")
