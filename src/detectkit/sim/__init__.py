"""Simulated flights: a scenario in, rows for virtual instruments out.

The radar is simulated by rays (``model = "ray"``, a preview: travel times are right, amplitudes are
plausible) or full-wave in the lanes' vertical planes (``model = "full-wave"``). Good for tests of
the software, for training and for demonstrations, never for a statement of detection performance.
"""

from __future__ import annotations

from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.sim.fullwave.settings import FullWave
from detectkit.sim.ground import BuriedObject, Soil, Terrain, Vegetation
from detectkit.sim.instruments import (
    Altimeter,
    Channel,
    Detector,
    Episode,
    Magnetometer,
    Radar,
    Receiver,
    Silence,
    VirtualInstrument,
)
from detectkit.sim.plan import Flight, Site, Wind
from detectkit.sim.scenario import Scenario
from detectkit.sim.simulator import FlightSimulator
from detectkit.sim.truth import TrueLane, TrueObject, Truth

__all__ = [
    "PLATFORM_COLUMNS",
    "Altimeter",
    "BuriedObject",
    "Channel",
    "Detector",
    "Episode",
    "Flight",
    "FlightSimulator",
    "FullWave",
    "Magnetometer",
    "Radar",
    "Receiver",
    "Scenario",
    "Silence",
    "Site",
    "Soil",
    "Terrain",
    "TrueLane",
    "TrueObject",
    "Truth",
    "Vegetation",
    "VirtualInstrument",
    "Wind",
]
