"""A stand-in for a corpus: lanes of many sites with targets and candidates, drawn by a formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.indication import CATEGORIES
from detectkit.detect.evidence import GRID, IMAGES, SCALARS, STRIPS
from detectkit.learn.corpus import CorpusSettings
from detectkit.learn.corpus.settings import SPLITS, DatasetSource, Split
from detectkit.learn.corpus.tables import EXAMPLES, LANES, TARGETS, type_of
from detectkit.learn.examples import Examples

NOTHING = CATEGORIES.index("none")
LENGTH_M = 8.0
HEIGHTS_M = (0.3, 0.5, 0.7)


def hyperbola(depth_m: float, *, width_m: float = 0.03) -> npt.NDArray[np.float32]:
    """Return an echo's picture, (rows, columns); the antenna hears it within 0.15 m."""
    along, depth = np.meshgrid(GRID.along_m, GRID.depth_m)
    off = (depth - np.hypot(depth_m, along)) / width_m
    heard = np.exp(-((along / 0.07) ** 2))
    return np.asarray(heard * (1.0 - off**2) * np.exp(-0.5 * off**2), np.float32)


def drawn_examples(
    target: npt.NDArray[np.bool_], *, seed: int, echo: float = 6.0, width_m: float = 0.03
) -> Examples:
    """Return clutter, with an echo under the middle and a quiet detector where a target lies."""
    rng, count = np.random.default_rng(seed), len(target)
    radar = rng.normal(size=(count, len(IMAGES), GRID.rows, GRID.columns)).astype(np.float32)
    for row in np.flatnonzero(target):
        radar[row] += echo * hyperbola(float(rng.uniform(0.1, 0.4)), width_m=width_m)
    scalars = np.full((count, len(SCALARS)), np.nan, np.float32)
    scalars[:, SCALARS.index("gpr_score")] = rng.normal(4.0, 1.0, count) + 3.0 * target
    scalars[:, SCALARS.index("detector_snr")] = np.abs(rng.normal(1.0, 0.5, count))
    scalars[:, SCALARS.index("height_m")] = 0.5
    return Examples(
        radar,
        np.ones((count, GRID.columns), np.bool_),
        rng.normal(size=(count, len(STRIPS), GRID.columns)).astype(np.float32),
        np.ones((count, GRID.columns), np.bool_),
        scalars,
        np.where(target, 0, NOTHING).astype(np.int8),
        np.where(target, 0.2, np.nan).astype(np.float32),
    )


@dataclass(frozen=True)
class DrawnLanes:
    """The members that judging and finishing ask of a corpus."""

    table: npt.NDArray[Any]
    lanes: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    examples: Examples
    settings: CorpusSettings = CorpusSettings("drawn", dataset=(DatasetSource("drawn.zarr"),))
    digest: str = "0" * 64
    kind: str = "any | way"

    def of_split(self, split: Split) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self.table["split"] == SPLITS.index(split))

    def read(self, which: npt.NDArray[np.int64]) -> Examples:
        return self.examples.take(which)


def drawn_lanes(*, seed: int = 0, body: str = "PMN-2") -> DrawnLanes:
    """Return 2 sites to train on, 10 for thresholds and 6 to test on, of two lanes each.

    In a lane lie two targets, found by the radar within 0.1 m; two more candidates are none.
    """
    rng = np.random.default_rng(seed)
    examples, lanes, targets = [], [], []
    for split, sites in enumerate((2, 10, 6)):
        for number in range(sites):
            site = 100 * split + number
            height = HEIGHTS_M[number % len(HEIGHTS_M)]
            for _ in range(2):
                lane = len(lanes)
                lanes.append(
                    (split, site, 0, 0, 0.0, 0.0, LENGTH_M, 0.0, LENGTH_M, 0.6, height, 6.0, 6.0,
                     f"site {site}", f"scene {site}", "field", "loam")
                )  # fmt: skip
                for middle in (1.5, 5.5):
                    targets.append((lane, middle, 0.0, 0.06, 0, 0.08, True, body))
                    for x, category in ((middle + rng.uniform(-0.1, 0.1), 0), (middle + 1.5, 4)):
                        depth = 0.08 if category == 0 else np.nan
                        examples.append(
                            (
                                split,
                                site,
                                lane,
                                0,
                                0,
                                x,
                                0.0,
                                category,
                                depth,
                                5.0,
                                1.0,
                                True,
                                False,
                            )
                        )
    table = np.array(examples, type_of(EXAMPLES))
    return DrawnLanes(
        table,
        np.array(lanes, type_of(LANES)),
        np.array(targets, type_of(TARGETS)),
        drawn_examples(table["category"] == 0, seed=seed),
    )
