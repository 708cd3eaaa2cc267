"""What soil is to radar and to a metal detector: permittivity from moisture, magnetic lag."""

from __future__ import annotations

from detectkit.sim.soil.debye import (
    BAND_HZ,
    SECTION_S,
    DebyeFit,
    DebyeTable,
    band,
    debye_table,
    fit_debye,
    shared_relaxation,
)
from detectkit.sim.soil.dielectric import PARTICLES_KG_PER_M3, dobson, mironov, topp
from detectkit.sim.soil.magnetic import MAGNETIC_SOILS, MagneticSoil
from detectkit.sim.soil.texture import (
    LUSHEST,
    Model,
    Texture,
    grass_table,
    relaxation_of,
    soil_table,
    water_fit,
)
from detectkit.sim.soil.water import water, water_pole

__all__ = [
    "BAND_HZ",
    "LUSHEST",
    "MAGNETIC_SOILS",
    "PARTICLES_KG_PER_M3",
    "SECTION_S",
    "DebyeFit",
    "DebyeTable",
    "MagneticSoil",
    "Model",
    "Texture",
    "band",
    "debye_table",
    "dobson",
    "fit_debye",
    "grass_table",
    "mironov",
    "relaxation_of",
    "shared_relaxation",
    "soil_table",
    "topp",
    "water",
    "water_fit",
    "water_pole",
]
