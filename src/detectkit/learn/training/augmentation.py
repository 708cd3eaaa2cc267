"""Examples as they might have been: on the way back, a little beside, with errors, with less.

Every change keeps what lay there. Which sensors are hidden, and how often, follows the advice for
fused detectors: a network must not need both, and must not take a detector's silence for proof.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detectkit.detect.evidence import GRID, SCALARS, PatchGrid
from detectkit.learn.examples import Examples
from detectkit.learn.hiding import without_detector, without_radar
from detectkit.learn.training.recipe import Augmentation

Generator = np.random.Generator
_DEPTH = SCALARS.index("gpr_depth_m")
PROCESSED, FOCUSED = 0, 1


def augmented(
    examples: Examples, settings: Augmentation, generator: Generator, grid: PatchGrid = GRID
) -> Examples:
    """Return changed copies of examples; the numbers drawn depend on their count alone.

    Parameters
    ----------
    examples
        Not changed.
    settings
        What may happen, and how far.
    generator
        Where the chance comes from.
    grid
        Of the patches.
    """
    moved = _moved_along(_reversed(examples, settings, generator), settings, generator, grid)
    deeper = _moved_in_depth(moved, settings, generator, grid)
    noisy = _louder(deeper, settings, generator)
    return _hidden(_thinned(noisy, settings, generator), settings, generator)


def _reversed(examples: Examples, settings: Augmentation, generator: Generator) -> Examples:
    back = generator.random(len(examples)) < settings.reversed_share
    columns = np.arange(examples.radar.shape[-1])
    return _columns(examples, np.where(back[:, None], columns[::-1], columns))


def _moved_along(
    examples: Examples, settings: Augmentation, generator: Generator, grid: PatchGrid
) -> Examples:
    most = round(settings.shift_m / grid.spacing_m)
    shift = generator.integers(-most, most, size=len(examples), endpoint=True)
    return _columns(examples, np.arange(grid.columns) + shift[:, None])


def _columns(examples: Examples, source: npt.NDArray[np.int64]) -> Examples:
    """Return examples with columns taken from `source`, (examples, columns); outside: not known."""
    inside = (source >= 0) & (source < examples.radar.shape[-1])
    taken = np.clip(source, 0, examples.radar.shape[-1] - 1)
    radar_known = np.take_along_axis(examples.radar_known, taken, axis=1) & inside
    detector_known = np.take_along_axis(examples.detector_known, taken, axis=1) & inside
    radar = np.take_along_axis(examples.radar, taken[:, None, None, :], axis=3)
    detector = np.take_along_axis(examples.detector, taken[:, None, :], axis=2)
    return replace(
        examples,
        radar=radar * radar_known[:, None, None, :],
        radar_known=radar_known,
        detector=detector * detector_known[:, None, :],
        detector_known=detector_known,
    )


def _moved_in_depth(
    examples: Examples, settings: Augmentation, generator: Generator, grid: PatchGrid
) -> Examples:
    """Shift and stretch the pictures; below the ground alone is anything stretched."""
    count = len(examples)
    shift = settings.depth_shift_m * generator.uniform(-1.0, 1.0, count)
    stretch = 1.0 + settings.depth_stretch * generator.uniform(-1.0, 1.0, count)
    moved = grid.depth_m[None, :] - shift[:, None]
    before = np.where(moved > 0.0, moved / stretch[:, None], moved)
    place = np.clip((before - grid.top_m) / grid.row_m, 0.0, grid.rows - 1.0)
    above = np.minimum(place.astype(np.int64), grid.rows - 2)
    share = (place - above).astype(np.float32)[:, None, :, None]
    upper = np.take_along_axis(examples.radar, above[:, None, :, None], axis=2)
    lower = np.take_along_axis(examples.radar, above[:, None, :, None] + 1, axis=2)
    scalars = examples.scalars.copy()
    scalars[:, _DEPTH] = (scalars[:, _DEPTH] * stretch + shift).astype(np.float32)
    return replace(examples, radar=upper + share * (lower - upper), scalars=scalars)


def _louder(examples: Examples, settings: Augmentation, generator: Generator) -> Examples:
    """Change the gain of every picture and add noise, in levels of the clutter."""
    count = len(examples)
    gain = np.exp(settings.gain * generator.standard_normal((count, 2, 1, 1)))
    level = settings.noise * generator.random((count, 1, 1, 1))
    noise = generator.standard_normal(examples.radar.shape, np.float32) * level.astype(np.float32)
    radar = examples.radar * gain.astype(np.float32)
    radar[:, PROCESSED] += noise[:, PROCESSED]
    radar[:, FOCUSED] = np.hypot(radar[:, FOCUSED], noise[:, FOCUSED])
    strips = np.exp(settings.gain * generator.standard_normal((count, 1, 1)))
    detector = examples.detector.copy()
    detector[:, :2] *= strips.astype(np.float32)
    return replace(
        examples, radar=radar * examples.radar_known[:, None, None, :], detector=detector
    )


def _thinned(examples: Examples, settings: Augmentation, generator: Generator) -> Examples:
    """Take columns away from each sensor by itself."""
    count, columns = examples.radar_known.shape
    share = settings.dropped_columns * generator.random((count, 2, 1))
    kept = generator.random((count, 2, columns)) >= share
    return replace(
        examples,
        radar=examples.radar * kept[:, 0, None, None, :],
        radar_known=examples.radar_known & kept[:, 0],
        detector=examples.detector * kept[:, 1, None, :],
        detector_known=examples.detector_known & kept[:, 1],
    )


def _hidden(examples: Examples, settings: Augmentation, generator: Generator) -> Examples:
    """Hide one sensor or the other where both are there, and some scalars."""
    count = len(examples)
    drawn = generator.random(count)
    both = examples.radar_known.any(axis=1) & examples.detector_known.any(axis=1)
    no_detector = both & (drawn < settings.hidden_detector)
    no_radar = both & (drawn >= 1.0 - settings.hidden_radar)
    seen = without_radar(without_detector(examples, no_detector), no_radar)
    lost = generator.random(seen.scalars.shape) < settings.hidden_scalars
    return replace(seen, scalars=np.where(lost, np.float32(np.nan), seen.scalars))
