"""Validity: under which circumstances a model was made, and what lies outside of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.detect.evidence import SCALARS

Float32s = npt.NDArray[np.float32]

CIRCUMSTANCES = ("wavelength_m", "permittivity", "antenna_separation_m", "height_m",
                 "height_spread_m", "detector_height_m")  # fmt: skip
"""Scalars that say how it was measured, not what: beyond their ranges a model does not know."""
MARGIN_OF_SPAN, MARGIN_OF_SIZE = 0.05, 0.05
"""A range reaches beyond what was seen by this share of its span, and of its larger end."""


@dataclass(frozen=True, slots=True)
class Validity:
    """What a model was made on.

    Parameters
    ----------
    ranges
        Lowest and highest value of each circumstance.
    known
        Scalars that were ever known; the others are hidden from the network, which never learned
        what they mean.
    """

    ranges: Mapping[str, tuple[float, float]]
    known: tuple[str, ...]

    def outside(self, scalars: npt.ArrayLike) -> tuple[tuple[str, float], ...]:
        """Return the circumstances beyond the range, with their values; one not known is not.

        Examples
        --------
        >>> made_on = Validity({"height_m": (0.3, 0.9)}, SCALARS)
        >>> at = np.full(len(SCALARS), np.nan)
        >>> at[SCALARS.index("height_m")] = 3.0
        >>> made_on.outside(at)
        (('height_m', 3.0),)
        """
        values = np.asarray(scalars)
        found = []
        for name, (low, high) in self.ranges.items():
            value = float(values[SCALARS.index(name)])
            if value < low or value > high:
                found.append((name, value))
        return tuple(found)

    def shown(self, scalars: Float32s) -> Float32s:
        """Return (…, scalars) without those that were never known."""
        hidden = np.array([name not in self.known for name in SCALARS])
        return np.where(hidden, np.float32(np.nan), scalars)

    def to_table(self) -> dict[str, Any]:
        """Return it as values of JSON."""
        return {
            "ranges": {name: list(one) for name, one in self.ranges.items()},
            "known": list(self.known),
        }

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Validity:
        """Read it back.

        Raises
        ------
        ValueError
            A name is none of `SCALARS`, or a range is none.
        """
        ranges = {name: (float(low), float(high)) for name, (low, high) in table["ranges"].items()}
        odd = [name for name in (*ranges, *table["known"]) if name not in SCALARS]
        odd += [name for name, (low, high) in ranges.items() if not low <= high]
        if odd:
            msg = f"{odd[0]!r} is no scalar of the evidence, or has no range"
            raise ValueError(msg)
        return cls(ranges, tuple(table["known"]))


def validity_of(scalars: Float32s) -> Validity:
    """Return what examples were made under, (examples, scalars), with a little to each side."""
    known = [name for at, name in enumerate(SCALARS) if np.isfinite(scalars[:, at]).any()]
    ranges = {}
    for name in CIRCUMSTANCES:
        values = scalars[:, SCALARS.index(name)].astype(np.float64)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = float(values.min()), float(values.max())
            margin = MARGIN_OF_SPAN * (high - low) + MARGIN_OF_SIZE * max(abs(low), abs(high))
            ranges[name] = (_round(low - margin), _round(high + margin))
    return Validity(ranges, tuple(known))


def _round(value: float) -> float:
    return float(f"{value:.4g}")
