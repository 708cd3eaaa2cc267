"""From the two dimensions of the full-wave solver to the three of the field.

The solver's source is an endless line across its plane and every body an endless cylinder. A
dipole's wave also spreads across the plane, and a mine ends to both sides. Both are put right
afterwards, trace by trace, by what ray theory says of the direction across: exact for a plane
mirror some wavelengths away, an approximation for everything else. What remains wrong is stated in
the explanation "Two and three dimensions".
"""

from __future__ import annotations

from detectkit.sim.spreading.compact import Outline, as_compact
from detectkit.sim.spreading.dipole import as_dipole

__all__ = ["Outline", "as_compact", "as_dipole"]
