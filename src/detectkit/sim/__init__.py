"""Simulated flights by a ray/Born model: a scenario in, rows for virtual instruments out.

Nothing here is full-wave. Travel times are right, amplitudes are plausible; good for tests of the
software and for demonstrations, never for a statement of detection performance.
"""

from __future__ import annotations

from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.sim.ground import BuriedObject, Soil, Terrain
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
    "VirtualInstrument",
    "Wind",
]
