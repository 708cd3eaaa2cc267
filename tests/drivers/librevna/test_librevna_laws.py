"""The laws of every driver, on short sweeps; synthetic, built from the documentation."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from detectkit.drivers import Measured
from detectkit.testing.drivers import DriverSuite
from detectkit_drivers.librevna.decoder import transform_of
from detectkit_drivers.librevna.instrument import LibreVna

POINTS = 8
# The start is one step; slow enough that damage on its way has passed before rows are judged.
SETTINGS = LibreVna(points=POINTS, samples=32, stop_hz=4.0e9, bandwidth_hz=4e3)
RNG = np.random.default_rng(5)
TRANSFORM, _ = transform_of(SETTINGS.grid, SETTINGS)
SWEEPS = RNG.normal(size=(5, POINTS)) + 1j * RNG.normal(size=(5, POINTS))
ROWS = np.stack([TRANSFORM.trace(sweep) for sweep in SWEEPS])
STAMPS = 10_000_000 * np.arange(1, 6)
MEASURED = Measured(device_ns=STAMPS, values=ROWS, utc_ns=STAMPS)


class TestLibreVna(DriverSuite):
    instrument = SETTINGS
    sample = b"".join(SETTINGS.twin().speak(MEASURED))
    rows: ClassVar = {"traces": ROWS}
    checksummed = False
    tolerance: ClassVar = {"traces": 1e-5}
    resync_messages = POINTS + 1

    def measured(self) -> Measured:
        return MEASURED
