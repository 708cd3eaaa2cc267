"""What a scenario says of the ground under a full-wave radar, flat enough for a TOML table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.constants import epsilon_0

from detectkit.core import UsageError
from detectkit.core.settings import settings_of
from detectkit.sim.soil import LUSHEST, MagneticSoil, Model, Texture

Ranges = dict[str, tuple[float, float]]

EFFECTIVE_M = 0.3
"""Depth over which `Subsurface.at` averages."""

_SOIL: Ranges = {
    "sand": (0.0, 1.0),
    "clay": (0.0, 1.0),
    "bulk_density_kg_per_m3": (800.0, 2200.0),
    "conductivity_s_per_m": (0.0, 1.0),
    "moisture": (0.0, 0.6),
    "moisture_std": (0.0, 0.1),
}
_LAYER: Ranges = {"depth_m": (0.02, 3.0), "relief_m": (0.0, 0.5), "relief_length_m": (0.05, 20.0)}
_GROUND: Ranges = {
    "temperature_c": (0.0, 40.0),
    "level_m": (0.01, 2.0),
    "down_m": (0.01, 2.0),
    "hurst": (0.05, 1.0),
    "dry_m": (0.0, 2.0),
    "roughness_m": (0.0, 0.1),
    "roughness_length_m": (0.03, 2.0),
    "grass_m": (0.0, 1.0),
    "grass_water": (0.0, 0.5 * LUSHEST),
    "puddle_share": (0.0, 0.5),
    "puddle_depth_m": (0.005, 0.3),
    "puddle_length_m": (0.1, 10.0),
    "puddle_conductivity_s_per_m": (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Layer:
    """Another soil from a depth on down, as far as the next layer.

    Parameters
    ----------
    depth_m
        Of its top under the mean ground, 0.02 to 3.
    relief_m, relief_length_m
        Root mean square and correlation length of how its top goes up and down.
    sand, clay, bulk_density_kg_per_m3, conductivity_s_per_m, moisture, moisture_std
        As of `Subsurface`.
    """

    depth_m: float
    relief_m: float = 0.02
    relief_length_m: float = 0.6
    sand: float = 0.4
    clay: float = 0.2
    bulk_density_kg_per_m3: float = 1500.0
    conductivity_s_per_m: float = 0.0
    moisture: float = 0.2
    moisture_std: float = 0.02

    def __post_init__(self) -> None:
        _require_soil(self)
        _require_ranges(self, _LAYER)


@dataclass(frozen=True, slots=True)
class Subsurface:
    """The ground: what it is made of, how wet, how uneven, and what grows and stands on it.

    Parameters
    ----------
    model
        Of the permittivity: ``"mironov"``, ``"dobson"`` or ``"topp"``, see `detectkit.sim.soil`.
    sand, clay
        Shares of the dry mass of the upper soil, together 1 at most.
    bulk_density_kg_per_m3
        Of the dry soil, 800 to 2200.
    temperature_c
        Of water, sap and soil, 0 to 40.
    conductivity_s_per_m
        Of salts, added to what the model says of the soil, 0 to 1.
    moisture, moisture_std
        Mean share of the volume that is water, below the dry top, and standard deviation of its
        random field. The field is cut off at dry and at full pores.
    level_m, down_m
        Correlation lengths of that field along the ground and into it.
    hurst
        Its exponent: 0.5 exponential, small ragged, 1 smooth.
    surface_moisture, dry_m
        Moisture at the surface, and the depth over which it goes over into `moisture`. None: the
        same from the top.
    layers
        Up to three, from the top down (TOML: ``[[subsurface.layer]]``).
    roughness_m, roughness_length_m
        Root mean square and correlation length of clods and ruts, which the flight does not follow.
    grass_m, grass_water
        Mean height of grass and the share of water in its volume, 0 to 0.02. 0.003 is a meadow
        (fresh grass of 4 t/ha and 15 cm has 0.002).
    puddle_share, puddle_depth_m, puddle_length_m, puddle_conductivity_s_per_m
        Share of the area under water, depth in the middle, size and salt. Level ground only: the
        water follows the mean ground.
    susceptibility, viscosity_ratio
        Magnetic, for detectors, see `detectkit.sim.soil.MagneticSoil`.

    Raises
    ------
    UsageError
        A value out of its range; names it and the range.

    Examples
    --------
    >>> from detectkit.sim.scene import Subsurface
    >>> permittivity, conductivity = Subsurface(moisture=0.2).at(1e9)
    >>> round(permittivity, 1), round(1e3 * conductivity)
    (10.0, 64)
    >>> Subsurface(sand=0.9, clay=0.3)
    Traceback (most recent call last):
    ...
    detectkit.core.errors.UsageError: Subsurface: sand + clay = 1.2; give 1 at most
    """

    model: Model = "mironov"
    sand: float = 0.4
    clay: float = 0.2
    bulk_density_kg_per_m3: float = 1400.0
    temperature_c: float = 20.0
    conductivity_s_per_m: float = 0.0
    moisture: float = 0.18
    moisture_std: float = 0.02
    level_m: float = 0.12
    down_m: float = 0.06
    hurst: float = 0.5
    surface_moisture: float | None = None
    dry_m: float = 0.12
    layers: tuple[Layer, ...] = ()
    roughness_m: float = 0.008
    roughness_length_m: float = 0.1
    grass_m: float = 0.0
    grass_water: float = 0.003
    puddle_share: float = 0.0
    puddle_depth_m: float = 0.03
    puddle_length_m: float = 0.8
    puddle_conductivity_s_per_m: float = 0.03
    susceptibility: float = 2e-4
    viscosity_ratio: float = 0.02

    def __post_init__(self) -> None:
        _require_soil(self)
        _require_ranges(self, _GROUND)
        self.magnetic()
        if self.surface_moisture is not None and not 0.0 <= self.surface_moisture <= 0.6:
            msg = f"Subsurface: surface_moisture = {self.surface_moisture}; give 0 to 0.6"
            raise UsageError(msg)
        depths = [one.depth_m for one in self.layers]
        if len(depths) > 3 or depths != sorted(set(depths)):
            msg = f"Subsurface: layers at depth_m = {depths}; give up to 3, from the top down"
            raise UsageError(msg)

    def to_table(self) -> dict[str, Any]:
        """Return what `subsurface_of` reads."""
        table = settings_of(self)
        layers = [settings_of(one) for one in table.pop("layers")]
        return table | ({"layer": layers} if layers else {})

    def magnetic(self) -> MagneticSoil:
        """Return the soil as a detector meets it."""
        return MagneticSoil(self.susceptibility, self.viscosity_ratio)

    def soils(self) -> tuple[Subsurface | Layer, ...]:
        """Return the upper soil and the layers, from the top down."""
        return (self, *self.layers)

    def textures(self) -> tuple[Texture, ...]:
        """Return the upper soil and those of the layers, from the top down."""
        return tuple(
            Texture(
                self.model,
                one.sand,
                one.clay,
                one.bulk_density_kg_per_m3,
                self.temperature_c,
                one.conductivity_s_per_m,
            )
            for one in self.soils()
        )

    def at(self, freq_hz: float) -> tuple[float, float]:
        """Return relative permittivity and conductivity in S/m that stand for the upper 30 cm.

        Its refractive index is the mean over the depth, so the travel time through it is right;
        the conductivity holds all loss at that frequency.
        """
        depth = (np.arange(60) + 0.5) * EFFECTIVE_M / 60
        inside = np.searchsorted([one.depth_m for one in self.layers], depth, side="right")
        index = np.zeros(len(depth), dtype=np.complex128)
        for number, texture in enumerate(self.textures()):
            here = inside == number
            wet = np.minimum(self.mean_moisture(number, depth[here]), texture.porosity)
            index[here] = np.sqrt(texture.permittivity(np.array(freq_hz), wet))
        mean = complex(np.mean(index)) ** 2
        return mean.real, -mean.imag * 2.0 * math.pi * freq_hz * epsilon_0

    def mean_moisture(self, number: int, depth_m: Any) -> Any:
        """Return the mean moisture at depths under the surface, in the upper soil or a layer.

        Parameters
        ----------
        number
            0 for the upper soil, 1 for the first layer.
        depth_m
            Any shape.
        """
        deep = self.soils()[number].moisture
        if self.surface_moisture is None or self.dry_m == 0.0:
            return np.full_like(depth_m, deep)
        part = np.clip(depth_m / self.dry_m, 0.0, 1.0)
        return self.surface_moisture + (deep - self.surface_moisture) * part**2 * (3.0 - 2.0 * part)


def _require_soil(one: Any) -> None:
    _require_ranges(one, _SOIL)
    if one.sand + one.clay > 1.0 + 1e-9:
        msg = f"{type(one).__name__}: sand + clay = {one.sand + one.clay:g}; give 1 at most"
        raise UsageError(msg)
    pores = 1.0 - one.bulk_density_kg_per_m3 / 2660.0
    if one.moisture > pores:
        msg = (
            f"{type(one).__name__}: moisture = {one.moisture}; a soil of bulk_density_kg_per_m3 = "
            f"{one.bulk_density_kg_per_m3} has pores for 0 to {pores:.2f}"
        )
        raise UsageError(msg)


def _require_ranges(one: Any, ranges: Ranges) -> None:
    for name, (low, high) in ranges.items():
        value = getattr(one, name)
        if not low <= value <= high:
            msg = f"{type(one).__name__}: {name} = {value}; give {low:g} to {high:g}"
            raise UsageError(msg)
