from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest


def radar_rows(
    rows: int, samples: int, *, noise: float = 20.0, seed: int = 0
) -> npt.NDArray[np.int16]:
    """Return traces as a radar gives them: a direct wave, a reflection that drifts, noise."""
    delay = np.arange(samples) / samples
    direct = 20000.0 * np.exp(-(((delay - 0.15) / 0.04) ** 2)) * np.sin(90.0 * delay)
    below = 3000.0 * np.exp(-(((delay - 0.5) / 0.1) ** 2)) * np.sin(70.0 * delay)
    drift = 1.0 + 0.3 * np.sin(np.arange(rows) / 40.0)[:, np.newaxis]
    noisy = np.random.default_rng(seed).normal(0.0, noise, (rows, samples))
    return np.rint(direct + drift * below + noisy).astype(np.int16)


@pytest.fixture(name="radar_rows")
def _radar_rows():
    return radar_rows
