"""Features of a patch for linear baselines: histograms of gradients, and parts alone."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from detectkit.detect.evidence import GRID
from detectkit.detect.rule import features_of
from detectkit.learn.examples import Examples

Values = npt.NDArray[np.float64]
CELLS, ANGLES = 6, 8
"""Cells to each side, orientations per cell."""
SURFACE_M = 0.03
"""What is nearer to the ground's surface is the surface."""


def gradients(examples: Examples) -> Values:
    """Return histograms of gradients of the processed image, (examples, features).

    Cells of 8 x 8, orientations without sign, each cell's histogram weighted by the magnitude, the
    whole of unit length (Dalal and Triggs, 2005; on radargrams Torrione et al., TGRS 52, 2014).
    """
    found = [_histogram(one) for one in examples.radar[:, 0]]
    return np.array(found).reshape(len(examples), CELLS * CELLS * ANGLES)


def _histogram(image: npt.NDArray[np.float32]) -> Values:
    across = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3)
    size = np.hypot(across, down)
    angle = (np.arctan2(down, across) % np.pi) / np.pi * ANGLES
    rows, columns = image.shape
    row = np.repeat(np.arange(rows) * CELLS // rows, columns)
    column = np.tile(np.arange(columns) * CELLS // columns, rows)
    bins = (row * CELLS + column) * ANGLES + np.minimum(angle.ravel().astype(np.int64), ANGLES - 1)
    histogram = np.bincount(bins, size.ravel(), minlength=CELLS * CELLS * ANGLES)
    return np.asarray(histogram / max(float(np.linalg.norm(histogram)), 1e-9))


def energies(examples: Examples, *, part: str) -> Values:
    """Return logarithms of the energy by depth of a part of the processed image.

    Parameters
    ----------
    part
        ``"all"``; ``"air"``: above the ground; ``"surface"``: within 3 cm of it.
    """
    depth = GRID.depth_m
    rows = {
        "all": np.isfinite(depth),
        "air": depth < -SURFACE_M,
        "surface": np.abs(depth) <= SURFACE_M,
    }[part]
    image = examples.radar[:, 0][:, rows].astype(np.float64)
    middle = np.abs(GRID.along_m) <= 0.15
    near = (image[:, :, middle] ** 2).mean(axis=2)
    return np.asarray(np.log1p(np.concatenate([near, (image**2).mean(axis=2)], axis=1)))


def picture_statistics(examples: Examples) -> Values:
    """Return what a picture is like rather than what is in it, (examples, features).

    Energies by depth and the mean power spectrum along the depth, as logarithms: another wavelet,
    soil, height or solver shows here.
    """
    image = examples.radar[:, 0].astype(np.float64)
    power = (np.abs(np.fft.rfft(image, axis=1)) ** 2).mean(axis=2)
    return np.concatenate([energies(examples, part="all"), np.log1p(power)], axis=1)


def rule_features(examples: Examples) -> Values:
    """Return what `detectkit.detect.rule` looks at, (examples, features)."""
    return np.array([features_of(one) for one in examples.patches()])
