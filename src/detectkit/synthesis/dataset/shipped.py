"""The recipes that ship, by name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from detectkit.core import UsageError
from detectkit.synthesis.dataset.recipe import Recipe

PACKAGE = "detectkit_sim_data"
FOLDER = "datasets"


def shipped_recipes() -> dict[str, Path]:
    """Return name → file of every recipe that ships."""
    folder = Path(str(files(PACKAGE))) / FOLDER
    return {one.stem: one for one in sorted(folder.glob("*.toml"))}


def find_recipe(named: str | Path) -> Recipe:
    """Return a recipe: a TOML file, or one that ships by its name.

    Raises
    ------
    UsageError
        Neither; lists those that ship.

    Examples
    --------
    >>> find_recipe("default").sample_count
    1008
    """
    shipped = shipped_recipes()
    if str(named) in shipped:
        return Recipe.read(shipped[str(named)])
    if not Path(named).is_file():
        msg = f"no recipe {str(named)!r}; give a TOML file, or one that ships: {', '.join(shipped)}"
        raise UsageError(msg)
    return Recipe.read(named)
