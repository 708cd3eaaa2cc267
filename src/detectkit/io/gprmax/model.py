"""What a gprMax output file says of its model: cells, steps, antennas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_LARGEST = 1e9
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Model:
    """Attributes of an output file as plain values.

    Parameters
    ----------
    attributes
        The root attributes.
    source_m, receivers_m
        Position of the first source and of each receiver by name, where stored.
    """

    attributes: Mapping[str, Any]
    source_m: Vector | None
    receivers_m: Mapping[str, Vector]

    @property
    def version(self) -> str:
        """Version of gprMax that wrote it, empty when not told."""
        return str(self.attributes.get("gprMax", ""))

    @property
    def interval_s(self) -> float | None:
        """Time step in s, None where it is not a positive number."""
        step = vector(self.attributes.get("dt"), 1)
        return None if step is None or step[0] <= 0.0 else float(step[0])

    @property
    def source_step_m(self) -> float | None:
        """Distance between the source's places in neighbouring models in m."""
        return self._step("srcsteps")

    @property
    def receiver_step_m(self) -> float | None:
        """Distance between the receivers' places in neighbouring models in m."""
        return self._step("rxsteps")

    def separation_m(self, receiver: str) -> float | None:
        """Return the distance of a receiver from the first source in m."""
        place = self.receivers_m.get(receiver)
        if place is None or self.source_m is None:
            return None
        return float(np.linalg.norm(place - self.source_m))

    def _step(self, name: str) -> float | None:
        """Return the length of a step in m: whole numbers count cells, others are metres."""
        step = vector(self.attributes.get(name), 3)
        if step is None:
            return None
        if np.all(step == np.floor(step)) and np.any(step):
            cell = self._cell()
            if cell is None:
                return None
            step = step * cell
        return float(np.linalg.norm(step))

    def _cell(self) -> Vector | None:
        cell = vector(self.attributes.get("dx_dy_dz"), 3)
        return vector(self.attributes.get("dx, dy, dz"), 3) if cell is None else cell


def vector(value: object, size: int) -> Vector | None:
    """Return an attribute as `size` numbers of a size that a model has, else None."""
    try:
        numbers = np.asarray(value, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        return None
    plausible = numbers.size == size and bool(np.all(np.abs(numbers) <= _LARGEST))
    return numbers if plausible else None
