"""Examples: evidence with what lay there, as arrays that a trainer takes in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.indication import CATEGORIES, TARGETS
from detectkit.detect.evidence import EvidencePatch

Float32s = npt.NDArray[np.float32]
Booleans = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Patches of evidence, stacked, with the truth.

    Parameters
    ----------
    radar, radar_known, detector, detector_known, scalars
        As in `EvidencePatch`, with the example in front.
    category
        (examples,), int8: number in `CATEGORIES`; -1: not known.
    depth_m
        (examples,), float32: of the body's top; NaN: no body, or not known.
    """

    radar: Float32s
    radar_known: Booleans
    detector: Float32s
    detector_known: Booleans
    scalars: Float32s
    category: Bytes
    depth_m: Float32s

    def __len__(self) -> int:
        return len(self.category)

    @property
    def is_target(self) -> Booleans:
        """Whether a target lay there, (examples,)."""
        return np.asarray((self.category >= 0) & (self.category < len(TARGETS)))

    def take(self, which: slice | npt.NDArray[Any]) -> Examples:
        """Return some of them."""
        return Examples(*(getattr(self, one.name)[which] for one in fields(self)))

    def patches(self) -> list[EvidencePatch]:
        """Return the evidence, one by one."""
        names = [one.name for one in fields(EvidencePatch)]
        return [
            EvidencePatch(*(getattr(self, name)[number] for name in names))
            for number in range(len(self))
        ]


def examples_of(
    patches: Sequence[EvidencePatch],
    category: Sequence[str] | None = None,
    depth_m: Sequence[float] | None = None,
) -> Examples:
    """Stack patches; `category` in words of `CATEGORIES`, None where nobody knows."""
    count = len(patches)
    names = [one.name for one in fields(EvidencePatch)]
    radar, radar_known, detector, detector_known, scalars = (
        np.stack([getattr(one, name) for one in patches]) for name in names
    )
    codes = [-1] * count if category is None else [CATEGORIES.index(one) for one in category]
    depths = [np.nan] * count if depth_m is None else depth_m
    return Examples(
        radar,
        radar_known,
        detector,
        detector_known,
        scalars,
        np.array(codes, np.int8),
        np.array(depths, np.float32),
    )
