"""What is heard over a scene: the answer of the physics, full-wave or sketched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.sim.antenna import with_effects
from detectkit.sim.instruments import Radar

Floats = npt.NDArray[np.float32]
Pair = tuple[Floats, Floats]
QUIET: dict[str, Any] = {
    "crosstalk_counts": 0.0, "ringing_counts": 0.0, "wow_counts": 0.0, "offset_counts": 0.0,
    "noise_counts": 0.0, "rfi_counts": 0.0, "adc_bits": 0, "compression": 1.0,
}  # fmt: skip
"""What is added to an echo whether it is there or not, and what is done to the sum."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One row per sample of the scene.

    Parameters
    ----------
    radar
        Counts as recorded, float32 (samples, traces, delays).
    echo
        The body's part of them before the digitiser and its limits; 0 where there is no body.
    detector, detector_echo
        Likewise of the metal detector, in nV, float32 (samples, traces, channels).
    """

    radar: Floats
    echo: Floats
    detector: Floats
    detector_echo: Floats


def heard_of(radar: Sequence[Pair], detector: Sequence[Pair]) -> Heard:
    """Join what was heard in each sample: with the body, and the body's part of it."""
    parts = [np.stack(one) for both in (radar, detector) for one in zip(*both, strict=True)]
    return Heard(*parts)


def recorded(
    ground: npt.NDArray[np.floating[Any]],
    echo: npt.NDArray[np.floating[Any]],
    radar: Radar,
    *,
    time_s: npt.NDArray[np.float64],
    seed: int,
) -> Pair:
    """Return what a radar records of ground and body, and the body's part of it.

    The part has the same drift and jitter, but no noise and no digitiser, whose steps would be
    larger than many an echo.

    Parameters
    ----------
    ground, echo
        Counts without effects, (traces, samples).
    radar, time_s, seed
        See `detectkit.sim.antenna.with_effects`.
    """
    heard = with_effects(ground + echo, radar, time_s, seed=seed)
    if not echo.any():
        return heard, np.zeros_like(heard)
    return heard, with_effects(echo, replace(radar, **QUIET), time_s, seed=seed)
