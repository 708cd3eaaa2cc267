"""Training sets: many small radargrams with and without a body, and all that decided each."""

from __future__ import annotations

from detectkit.synthesis.dataset.build import Made, make_dataset
from detectkit.synthesis.dataset.heard import Heard
from detectkit.synthesis.dataset.labels import CATEGORIES, CODES, NUMBERS
from detectkit.synthesis.dataset.layout import DatasetWriteError
from detectkit.synthesis.dataset.reader import Dataset, open_dataset
from detectkit.synthesis.dataset.recipe import Recipe
from detectkit.synthesis.dataset.scene import Scene, scene_of, site_of
from detectkit.synthesis.dataset.settings import SPLITS
from detectkit.synthesis.dataset.workers import Dask, Here, Processes, WorkerError, Workers

__all__ = [
    "CATEGORIES",
    "CODES",
    "NUMBERS",
    "SPLITS",
    "Dask",
    "Dataset",
    "DatasetWriteError",
    "Heard",
    "Here",
    "Made",
    "Processes",
    "Recipe",
    "Scene",
    "WorkerError",
    "Workers",
    "make_dataset",
    "open_dataset",
    "scene_of",
    "site_of",
]
