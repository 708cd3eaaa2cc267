"""Leakage: what must not be in two splits, and fails the build where it is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from detectkit.core import DetectkitError
from detectkit.learn.corpus.settings import SPLITS

Floats = npt.NDArray[np.float32]
COARSE = 3
"""Rows and columns that are averaged before all patches are compared with all."""
TOGETHER = 512


class LeakageError(DetectkitError, ValueError):
    """The same ground, or the same patch, is in two splits: figures on it would flatter."""


def check_grounds(grounds: Iterable[tuple[str, int]]) -> None:
    """Refuse ground that is in two splits.

    Parameters
    ----------
    grounds
        Words that tell equal ground, and the number of its split.

    Raises
    ------
    LeakageError
        Names the ground and both splits.

    Examples
    --------
    >>> check_grounds([("site 1", 0), ("site 1", 0), ("site 2", 2)])
    """
    split_of: dict[str, int] = {}
    for ground, split in grounds:
        other = split_of.setdefault(ground, split)
        if other != split:
            msg = (
                f"{ground} is in {SPLITS[other]} and in {SPLITS[split]}: a model would be judged "
                "on ground that it was trained on; put each site into one split"
            )
            raise LeakageError(msg)


def check_alike(radar: Floats, split: npt.NDArray[np.int8], *, alike: float) -> None:
    """Refuse patches of different splits that are the same, or nearly.

    Parameters
    ----------
    radar
        (examples, images, rows, columns).
    split
        (examples,).
    alike
        Correlation of the processed images above which they are the same.

    Raises
    ------
    LeakageError
        Names the two examples.
    """
    fine, coarse = _unit(radar[:, 0]), _unit(_coarse(radar[:, 0]))
    for first in range(len(SPLITS)):
        ours = np.flatnonzero(split == first)
        others = np.flatnonzero(split > first)
        for start in range(0, len(ours), TOGETHER):
            some = ours[start : start + TOGETHER]
            near = np.argwhere(coarse[some] @ coarse[others].T > alike - 0.02)
            for row, column in near:
                one, two = int(some[row]), int(others[column])
                found = float(fine[one] @ fine[two])
                if found > alike:
                    msg = (
                        f"examples {one} ({SPLITS[split[one]]}) and {two} ({SPLITS[split[two]]}) "
                        f"are the same patch (correlation {found:.4f} > {alike}): one source is "
                        "in two splits"
                    )
                    raise LeakageError(msg)


def _coarse(images: Floats) -> Floats:
    count, rows, columns = images.shape
    cut = images[:, : rows // COARSE * COARSE, : columns // COARSE * COARSE]
    shape = (count, rows // COARSE, COARSE, columns // COARSE, COARSE)
    return np.asarray(cut.reshape(shape).mean(axis=(2, 4)), np.float32)


def _unit(images: Floats) -> Floats:
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat = flat - flat.mean(axis=1, keepdims=True)
    size = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(np.divide(flat, size, out=np.zeros_like(flat), where=size > 0.0))
