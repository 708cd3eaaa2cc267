"""A soil by what it is made of, and the tables that turn its moisture into Debye media."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.constants import epsilon_0

from detectkit.sim.soil.debye import (
    DebyeFit,
    DebyeTable,
    band,
    debye_table,
    fit_debye,
    shared_relaxation,
)
from detectkit.sim.soil.dielectric import PARTICLES_KG_PER_M3, dobson, mironov, topp
from detectkit.sim.soil.water import Complex, Values, water

Model = Literal["mironov", "dobson", "topp"]

SAP_S_PER_M = 1.27
"""Conductivity of the water in leaves (Ulaby and El-Rayes 1987, IEEE TGRS 25(5) 550)."""

LUSHEST = 0.04
"""Highest share of water in a layer of grass that its table reaches to."""


@dataclass(frozen=True, slots=True)
class Texture:
    """What a soil is made of, all but its water.

    Parameters
    ----------
    model
        ``"mironov"``, ``"dobson"`` (with Peplinski's branch) or ``"topp"`` (no loss of its own).
    sand, clay
        Shares of the dry mass.
    bulk_density_kg_per_m3
        Of the dry soil; pores are what grains of 2660 kg/m³ leave.
    temperature_c
        Only Dobson's model asks for it.
    conductivity_s_per_m
        Of salts, added to what the model says.
    """

    model: Model = "mironov"
    sand: float = 0.4
    clay: float = 0.2
    bulk_density_kg_per_m3: float = 1400.0
    temperature_c: float = 20.0
    conductivity_s_per_m: float = 0.0

    @property
    def porosity(self) -> float:
        """Share of the volume that water can fill."""
        return 1.0 - self.bulk_density_kg_per_m3 / PARTICLES_KG_PER_M3

    def permittivity(self, freq_hz: Values, moisture: Values | float) -> Complex:
        """Return ε' - jε'' by the model; frequency and moisture broadcast."""
        freq, wet = np.asarray(freq_hz, np.float64), np.asarray(moisture, np.float64)
        salts = -1j * self.conductivity_s_per_m / (2.0 * np.pi * freq * epsilon_0)
        if self.model == "mironov":
            return np.asarray(mironov(freq, wet, clay=self.clay) + salts)
        if self.model == "topp":
            return np.asarray(topp(wet) + salts)
        values = dobson(
            freq,
            wet,
            sand=self.sand,
            clay=self.clay,
            bulk_density_kg_per_m3=self.bulk_density_kg_per_m3,
            temperature_c=self.temperature_c,
        )
        return np.asarray(values + salts)


@lru_cache(maxsize=64)
def relaxation_of(textures: tuple[Texture, ...]) -> float:
    """Return the relaxation time in s that suits all these soils at all their moistures best."""
    freq = band()
    media = [
        one.permittivity(freq, share * one.porosity)
        for one in textures
        for share in (0.1, 0.3, 0.5, 0.7)
    ]
    return shared_relaxation(freq, np.array(media))


@lru_cache(maxsize=64)
def soil_table(texture: Texture, relaxation_s: float) -> DebyeTable:
    """Return the Debye media of a soil from dry to saturated."""
    return debye_table(texture.permittivity, highest=texture.porosity, relaxation_s=relaxation_s)


@lru_cache(maxsize=64)
def grass_table(temperature_c: float, relaxation_s: float) -> DebyeTable:
    """Return the Debye media of grass: sap of a share of the volume, in air.

    The refractive indices add up by volume (CRIM), as for leaves in all directions; the dry matter,
    a fifth of fresh grass, is left out. Assumed: we found no measurement of standing grass.
    """

    def grass(freq_hz: Values, share: float) -> Complex:
        sap = water(freq_hz, temperature_c=temperature_c, conductivity_s_per_m=SAP_S_PER_M)
        return np.asarray((1.0 + share * (np.sqrt(sap) - 1.0)) ** 2)

    return debye_table(grass, highest=LUSHEST, relaxation_s=relaxation_s, rows=17)


@lru_cache(maxsize=64)
def water_fit(temperature_c: float, conductivity_s_per_m: float, relaxation_s: float) -> DebyeFit:
    """Return the Debye medium of open water with a given relaxation time."""
    values = water(band(), temperature_c=temperature_c, conductivity_s_per_m=conductivity_s_per_m)
    return fit_debye(band(), values, relaxation_s=relaxation_s)
