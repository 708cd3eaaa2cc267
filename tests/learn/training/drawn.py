"""A stand-in for a corpus: examples drawn by a formula, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.indication import CATEGORIES
from detectkit.detect.evidence import GRID, SCALARS
from detectkit.learn.examples import Examples

DTYPE = [
    ("split", "i1"), ("site", "i4"), ("lane", "i4"), ("category", "i1"), ("depth_m", "f4"),
    ("origin", "i1"),
]  # fmt: skip
SHARES = (0.5, 0.7)
QUIET = """
name = "quick"
seed = 3
[network]
width = 4
blocks = 1
scalar_width = 8
embedding = 16
[optimiser]
epochs = 4
batch = 32
patience = 8
rate = 0.01
[negatives]
after_epochs = 2
"""


def drawn_examples(count: int, *, seed: int = 0, radar_level: float = 4.0) -> Examples:
    """Bodies are an echo at their depth; metal is a bump of the detector; mines here have both."""
    rng = np.random.default_rng(seed)
    category = rng.integers(0, len(CATEGORIES), count).astype(np.int8)
    buried = category < 4
    depth = np.where(buried, rng.uniform(0.03, 0.3, count), np.nan).astype(np.float32)
    radar = rng.standard_normal((count, 2, GRID.rows, GRID.columns), np.float32)
    radar[:, 1] = np.abs(radar[:, 1])
    rows = (GRID.depth_m[None, :] - depth[:, None]) / 0.03
    width = np.where(category < 2, 0.25, 0.08)[:, None]
    echo = np.exp(-(rows**2))[:, :, None] * np.exp(-((GRID.along_m / width) ** 2))[:, None, :]
    radar += radar_level * np.where(buried[:, None, None], echo, 0.0)[:, None].astype(np.float32)
    detector = rng.standard_normal((count, 3, GRID.columns), np.float32)
    metal = (category == 1) | (category == 2)
    bump = np.exp(-((GRID.along_m / 0.2) ** 2)).astype(np.float32)
    detector[:, 0] += np.where(metal[:, None], 8.0 * bump, 0.0).astype(np.float32)
    scalars = rng.standard_normal((count, len(SCALARS))).astype(np.float32)
    scalars[rng.random(scalars.shape) < 0.1] = np.nan
    known = np.ones((count, GRID.columns), np.bool_)
    return Examples(radar, known, detector, known.copy(), scalars, category, depth)


@dataclass(frozen=True, slots=True)
class DrawnCorpus:
    """The members that training asks of a corpus."""

    examples: Examples
    table: npt.NDArray[Any]
    fingerprint: str = "drawn"

    def __len__(self) -> int:
        return len(self.table)

    def read(self, which: npt.NDArray[np.int64]) -> Examples:
        return self.examples.take(which)


def drawn_corpus(count: int, *, seed: int = 0, shuffled: bool = False) -> DrawnCorpus:
    examples = drawn_examples(count, seed=seed)
    if shuffled:
        order = np.random.default_rng(seed + 1).permutation(count)
        examples = Examples(
            examples.radar, examples.radar_known, examples.detector, examples.detector_known,
            examples.scalars, examples.category[order], examples.depth_m[order],
        )  # fmt: skip
    table = np.zeros(count, DTYPE)
    table["site"] = np.arange(count) // 4
    place = np.arange(count) / count
    table["split"] = (place >= SHARES[0]).astype(int) + (place >= SHARES[1])
    # whole sites: 4 examples each
    first = (table["site"] * 4).astype(int)
    table["split"] = table["split"][first]
    table["lane"] = table["site"]
    table["category"], table["depth_m"] = examples.category, examples.depth_m
    return DrawnCorpus(examples, table)
