"""Grounds from tables, and some to begin with: of the right size, not measured anywhere."""

from __future__ import annotations

from typing import Any

from detectkit.core import UsageError
from detectkit.core.settings import build, settings_of
from detectkit.sim.scene.subsurface import Layer, Subsurface

# Textures: middle of the class in the USDA triangle. Densities and moistures: usual for the class
# (assumed). Dry top over moist soil within 10 to 20 cm, and soils that are benign for detectors:
# Bechtel et al. 2019, Remote Sensing 11(10) 1232, for the Donbas. Roughness of 2 to 30 mm over 3 to
# 30 cm, moisture that varies by 0.01 to 0.05 over 2 to 20 cm: ranges of Giannakis et al. 2016,
# doi 10.1109/JSTARS.2015.2468597. Magnetic values: assumed within the classes of sim.soil.magnetic.
PRESETS: dict[str, Subsurface] = {
    "dry sand": Subsurface(
        sand=0.92,
        clay=0.03,
        bulk_density_kg_per_m3=1550.0,
        moisture=0.06,
        moisture_std=0.012,
        surface_moisture=0.02,
        dry_m=0.15,
        roughness_m=0.006,
        roughness_length_m=0.15,
        susceptibility=5e-5,
        viscosity_ratio=0.01,
    ),
    "moist loam": Subsurface(
        sand=0.40,
        clay=0.20,
        bulk_density_kg_per_m3=1350.0,
        moisture=0.20,
        moisture_std=0.025,
        surface_moisture=0.10,
        dry_m=0.15,
        layers=(
            # what the plough does not turn: denser, a little wetter
            Layer(0.28, relief_m=0.015, bulk_density_kg_per_m3=1550.0, moisture=0.24),
        ),
        roughness_m=0.012,
        roughness_length_m=0.10,
        susceptibility=2e-4,
    ),
    "wet clay": Subsurface(
        sand=0.20,
        clay=0.50,
        bulk_density_kg_per_m3=1250.0,
        moisture=0.36,
        moisture_std=0.03,
        surface_moisture=0.30,
        dry_m=0.08,
        roughness_m=0.010,
        roughness_length_m=0.15,
        puddle_share=0.04,
        susceptibility=4e-4,
    ),
    "stony hill": Subsurface(
        sand=0.55,
        clay=0.12,
        bulk_density_kg_per_m3=1550.0,
        moisture=0.13,
        moisture_std=0.03,
        level_m=0.08,
        down_m=0.06,
        surface_moisture=0.08,
        layers=(
            # weathered rock: hardly any pores left
            Layer(
                0.35,
                relief_m=0.08,
                relief_length_m=0.8,
                sand=0.7,
                clay=0.08,
                bulk_density_kg_per_m3=2000.0,
                moisture=0.08,
                moisture_std=0.02,
            ),
        ),
        roughness_m=0.015,
        roughness_length_m=0.15,
        grass_m=0.12,
        grass_water=0.003,
        susceptibility=1e-3,
        viscosity_ratio=0.02,
    ),
    "mountain gravel": Subsurface(
        sand=0.80,
        clay=0.04,
        bulk_density_kg_per_m3=1850.0,
        moisture=0.07,
        moisture_std=0.025,
        level_m=0.06,
        down_m=0.04,
        hurst=0.3,
        surface_moisture=0.03,
        dry_m=0.10,
        layers=(
            # finer and wetter under what frost has sorted
            Layer(
                0.30,
                relief_m=0.05,
                sand=0.6,
                clay=0.12,
                bulk_density_kg_per_m3=1800.0,
                moisture=0.14,
                moisture_std=0.03,
            ),
        ),
        roughness_m=0.020,
        roughness_length_m=0.12,
        susceptibility=5e-3,
        viscosity_ratio=0.03,
    ),
}


def preset(name: str) -> Subsurface:
    """Return a ground by name.

    Raises
    ------
    UsageError
        No such preset; lists those there are.

    Examples
    --------
    >>> round(preset("dry sand").at(1e9)[0], 1)
    4.1
    """
    if name not in PRESETS:
        msg = f"no preset {name!r} of the ground; there are: {', '.join(PRESETS)}"
        raise UsageError(msg)
    return PRESETS[name]


def subsurface_of(table: dict[str, Any], *, where: str = "subsurface") -> Subsurface:
    """Return the ground of a TOML table; ``preset = "moist loam"`` is what the others change.

    Raises
    ------
    UsageError
        Unknown preset or setting, a value that is not allowed; begins with `where`.

    Examples
    --------
    >>> subsurface_of({"preset": "dry sand", "moisture": 0.1}).moisture
    0.1
    """
    plain = {name: value for name, value in table.items() if name not in {"preset", "layer"}}
    if "layers" in plain:
        msg = f"{where}: write each of 'layers' as a table [[{where}.layer]]"
        raise UsageError(msg)
    if "preset" in table:
        plain = {**settings_of(preset(str(table["preset"]))), **plain}
    if "layer" in table:
        plain["layers"] = tuple(
            build(Layer, one, where=f"{where}, [[layer]] {number}")
            for number, one in enumerate(table["layer"], start=1)
        )
    return build(Subsurface, plain, where=where)
