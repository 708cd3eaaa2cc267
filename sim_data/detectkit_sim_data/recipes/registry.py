"""Write the registry: name and sha256 of every data file of the package.

Run ``python -m detectkit_sim_data.recipes.registry`` after a data file was added, changed or
removed.
"""

from __future__ import annotations

from pathlib import Path

from detectkit_sim_data import sha256_of

PACKAGE = Path(__file__).resolve().parent.parent
CODE = {".py", ".pyc"}
REGISTRY = "registry.txt"


def write_registry(folder: Path) -> None:
    """Write ``registry.txt`` into `folder`, with everything in it that is no code."""
    found = sorted(
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and file.suffix not in CODE and file.name != REGISTRY
    )
    lines = [f"{name} {sha256_of(folder / name)}" for name in found]
    text = "\n".join(["# name sha256; made by the recipes, do not edit", *lines, ""])
    (folder / REGISTRY).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_registry(PACKAGE)
