"""Tiny simulated recordings with their truth, the scenarios and the recipes that made them."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

from detectkit.core import UsageError

__all__ = ["names", "path", "registry", "sha256_of"]

_FOLDER = Path(str(files("detectkit_sim_data")))
_REGISTRY = "registry.txt"


def registry() -> dict[str, str]:
    """Return name → sha256 of every file that ships."""
    lines = (_FOLDER / _REGISTRY).read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {one[0]: one[1] for one in pairs}


def names() -> tuple[str, ...]:
    """Return the names of the files that ship.

    Examples
    --------
    >>> "demo_line.h5" in names()
    True
    """
    return tuple(registry())


def path(name: str) -> Path:
    """Return where a file that ships lies.

    Raises
    ------
    UsageError
        No such file; the message lists those there are.
    """
    found = _FOLDER / name
    if name not in registry() or not found.is_file():
        msg = f"simulated data {name!r} does not ship; there are: {', '.join(names())}"
        raise UsageError(msg)
    return found


def sha256_of(file: Path) -> str:
    """Return the sha256 of a file, as the registry writes it."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
