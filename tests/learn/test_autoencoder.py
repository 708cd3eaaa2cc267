"""An autoencoder that saw layers and clutter only: what it never saw stands out, in deviations."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.detect.evidence import GRID
from detectkit.learn.autoencoder import Anomaly, fit_autoencoder
from detectkit.learn.autoencoder_settings import AutoencoderSettings

SMALL = AutoencoderSettings(width=4, code=8, epochs=12, batch=16, rate=5e-3)


def ground(count: int, seed: int) -> np.ndarray:
    """Return patches of layers that dip a little, with clutter: (count, 2, rows, columns)."""
    random = np.random.default_rng(seed)
    depth = GRID.depth_m[:, None] + random.uniform(-0.3, 0.3, (count, 1, 1)) * GRID.along_m
    layers = np.sin(2 * np.pi * depth / 0.15 + random.uniform(0, 6.3, (count, 1, 1)))
    processed = 2.0 * layers + random.normal(0, 0.5, layers.shape)
    return np.stack([processed, np.abs(processed)], axis=1).astype(np.float32)


def with_echo(patches: np.ndarray) -> np.ndarray:
    """Return the patches with a hyperbola under the middle, and its focused spot."""
    slant = np.hypot(0.2, GRID.along_m)
    echo = 6.0 * np.exp(-(((GRID.depth_m[:, None] - slant) / 0.02) ** 2))
    spot = 8.0 * np.exp(-(((GRID.depth_m[:, None] - 0.2) / 0.03) ** 2 + (GRID.along_m / 0.05) ** 2))
    return patches + np.stack([echo, spot]).astype(np.float32)


def known(count: int) -> np.ndarray:
    return np.ones((count, GRID.columns), np.bool_)


@pytest.fixture(scope="module")
def anomaly() -> Anomaly:
    return fit_autoencoder(ground(160, 0), known(160), SMALL)


def scores(anomaly: Anomaly, patches: np.ndarray) -> np.ndarray:
    return np.array([anomaly.score(one, known(1)[0]) for one in patches])


def test_ground_as_it_saw_lies_around_zero_an_echo_far_above(anomaly: Anomaly) -> None:
    usual, odd = scores(anomaly, ground(60, 1)), scores(anomaly, with_echo(ground(60, 2)))
    assert abs(np.median(usual)) < 1.0
    assert np.median(odd) > np.quantile(usual, 0.95) + 2.0


def test_what_lies_at_the_rim_or_is_masked_does_not_count(anomaly: Anomaly) -> None:
    one = ground(1, 3)[0]
    rim, hidden = one.copy(), known(1)[0]
    hidden[GRID.columns // 2 :] = False
    rim[:, :, :8] += 50.0
    assert anomaly.score(rim, known(1)[0]) == anomaly.score(one, known(1)[0])
    filled = np.where(hidden, one, np.float32(1e6))
    assert anomaly.score(filled, hidden) == anomaly.score(one, hidden)
    assert np.isnan(anomaly.score(one, np.zeros(GRID.columns, np.bool_)))


def test_the_same_seed_makes_the_same_network_and_disturbs_no_other() -> None:
    import torch

    quick = AutoencoderSettings(width=2, code=2, epochs=1)
    torch.manual_seed(5)
    first = fit_autoencoder(ground(40, 0), known(40), quick)
    follows = torch.rand(3)
    second = fit_autoencoder(ground(40, 0), known(40), quick)
    assert scores(first, ground(3, 9)).tobytes() == scores(second, ground(3, 9)).tobytes()
    torch.manual_seed(5)
    assert (torch.rand(3) == follows).all()


def test_too_few_patches_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 32"):
        fit_autoencoder(ground(40, 0), np.zeros((40, GRID.columns), np.bool_))
