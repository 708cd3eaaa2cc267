"""What is heard over a scene: the answer of the physics, full-wave or sketched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One row per sample of the scene.

    Parameters
    ----------
    radar
        Counts as recorded, float32 (samples, traces, delays).
    echo
        The body's part of them, likewise; 0 where there is no body.
    detector
        In nV, float32 (samples, traces, channels).
    """

    radar: Floats
    echo: Floats
    detector: Floats
