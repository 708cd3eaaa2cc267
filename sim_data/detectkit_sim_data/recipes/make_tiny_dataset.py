"""Make the tiny dataset that ships: ``python -m detectkit_sim_data.recipes.make_tiny_dataset``.

Less than a minute on two processors; then run ``python -m detectkit_sim_data.recipes.registry``.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

from detectkit.synthesis.dataset import Processes, make_dataset
from detectkit.synthesis.dataset.shipped import find_recipe

NAME = "tiny.zarr.zip"
WRITTEN = (1980, 1, 1, 0, 0, 0)
"""Date of all entries: equal bits make equal files."""


def make(folder: Path, *, workers: int = 2) -> Path:
    """Make the dataset and pack it into one file in `folder`; return that file."""
    with tempfile.TemporaryDirectory() as scratch:
        made = make_dataset(
            Path(scratch) / "tiny.zarr", find_recipe("tiny"), workers=Processes(workers)
        )
        pack(made.dataset.path, folder / NAME)
    return folder / NAME


def pack(dataset: Path, target: Path) -> None:
    """Pack a dataset into a zip file that reads the same; what it holds is compressed already."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for one in sorted(dataset.rglob("*")):
            if one.is_file():
                entry = zipfile.ZipInfo(one.relative_to(dataset).as_posix(), WRITTEN)
                packed.writestr(entry, one.read_bytes())


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "datasets"
    sys.stdout.write(f"{make(place)}\n")
