"""A small recipe that a sketch makes in a moment."""

from __future__ import annotations

from pathlib import Path

from detectkit.synthesis.dataset import Recipe

TEXT = (Path(__file__).parents[1] / "data" / "dataset.toml").read_text(encoding="utf-8")


def recipe(changes: dict[str, str] | None = None) -> Recipe:
    """Return the recipe with pieces of its text replaced."""
    text = TEXT
    for old, new in (changes or {}).items():
        assert old in text, old
        text = text.replace(old, new)
    return Recipe.from_toml(text, where="trial.toml")
