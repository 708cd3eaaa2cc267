"""Where models lie: those that ship, by name, and any folder."""

from __future__ import annotations

import difflib
from importlib.resources import files
from pathlib import Path

from detectkit.core import UsageError
from detectkit.learn.model.manifest import FILE

PACKAGE = "detectkit_models"
DEFAULT = "minimum-metal"
"""The model that is meant where none is named."""


def shipped_models() -> dict[str, Path]:
    """Return the folders of the models that ship, by name."""
    place = Path(str(files(PACKAGE)))
    return {one.parent.name: one.parent for one in sorted(place.glob(f"*/{FILE}"))}


def model_folder(name_or_path: str | Path) -> Path:
    """Return the folder of a model.

    Raises
    ------
    UsageError
        No folder with a manifest, and no model of that name ships.
    """
    folder = Path(name_or_path)
    if (folder / FILE).is_file():
        return folder
    shipped = shipped_models()
    name = str(name_or_path)
    if name in shipped:
        return shipped[name]
    near = difflib.get_close_matches(name, shipped, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    known = ", ".join(shipped) or "none"
    msg = f"no model {name!r}: no folder with a {FILE}, and of those that ship ({known}) none{hint}"
    raise UsageError(msg)
