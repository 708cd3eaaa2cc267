"""A vertical section through air and ground on a grid: what the full-wave solver computes in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError, UsageError

Grid = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Material:
    """What a body is made of: one Debye pole and a conductivity.

    ``ε(ω) = permittivity + debye_strength / (1 + j ω τ) - j conductivity / (ω ε₀)`` with the
    relaxation time τ of the section it lies in.

    Parameters
    ----------
    permittivity
        Relative, at infinite frequency.
    conductivity_s_per_m
        Static. Metal: `METAL`.
    debye_strength
        Static less infinite relative permittivity of the pole.
    """

    permittivity: float = 1.0
    conductivity_s_per_m: float = 0.0
    debye_strength: float = 0.0

    def __post_init__(self) -> None:
        if self.permittivity < 1.0 or self.conductivity_s_per_m < 0.0 or self.debye_strength < 0.0:
            msg = (
                f"material: permittivity = {self.permittivity}, conductivity_s_per_m = "
                f"{self.conductivity_s_per_m}, debye_strength = {self.debye_strength}; "
                "give 1 or more, and 0 or more for both others"
            )
            raise UsageError(msg)


AIR = Material()
METAL = Material(conductivity_s_per_m=1e7)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A filled outline in the section's plane.

    Parameters
    ----------
    outline
        Corners of a simple polygon, float64 (corners, 2): along, up in m.
    material
        What is inside.
    """

    outline: npt.NDArray[np.float64]
    material: Material


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Air and ground in a vertical plane, on square cells; constant across it (2-D).

    Arrays are float32 (columns, rows): column `i` lies at ``first_along_m + i * spacing_m``, row
    `j` at ``first_up_m - j * spacing_m``; both name the cell's centre, where the electric field
    across the plane is. Rows go down.

    Parameters
    ----------
    spacing_m
        Side of a cell.
    first_along_m, first_up_m
        Centre of the first column's and first row's cell in m.
    permittivity
        Relative, at infinite frequency.
    conductivity_s_per_m
        Static.
    debye_strength
        Relative permittivity of the one Debye pole.
    relaxation_s
        Relaxation time of that pole, one for the whole section.
    """

    spacing_m: float
    first_along_m: float
    first_up_m: float
    permittivity: Grid
    conductivity_s_per_m: Grid
    debye_strength: Grid
    relaxation_s: float = 1e-10

    def __post_init__(self) -> None:
        shapes = {
            one.shape for one in (self.permittivity, self.conductivity_s_per_m, self.debye_strength)
        }
        if len(shapes) != 1 or self.permittivity.ndim != 2:
            msg = f"section: the three grids must be alike and 2-D; got shapes {sorted(shapes)}"
            raise ShapeError(msg)
        if self.spacing_m <= 0.0 or self.relaxation_s <= 0.0:
            msg = (
                f"section: spacing_m = {self.spacing_m}, relaxation_s = {self.relaxation_s}; "
                "give more than 0"
            )
            raise UsageError(msg)

    @property
    def along_m(self) -> npt.NDArray[np.float64]:
        """Centres of the columns in m, (columns,)."""
        return np.asarray(
            self.first_along_m + self.spacing_m * np.arange(self.permittivity.shape[0]), np.float64
        )

    @property
    def up_m(self) -> npt.NDArray[np.float64]:
        """Centres of the rows in m, falling, (rows,)."""
        return np.asarray(
            self.first_up_m - self.spacing_m * np.arange(self.permittivity.shape[1]), np.float64
        )
