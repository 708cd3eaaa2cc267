"""The laws of every driver, on NIC-500 streams; synthetic, built from the SDK's documentation."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from detectkit.drivers import Measured
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.nic500.instrument import Nic500

ROWS = np.random.default_rng(5).normal(0.0, 20.0, (5, 70)).astype(np.float32)
MEASURED = evenly(ROWS, rate_hz=200.0)


class TestNic500(DriverSuite):
    instrument = Nic500(points=70, period_s=0.005)
    sample = b"".join(instrument.twin().speak(MEASURED))
    rows: ClassVar = {"traces": ROWS}
    checksummed = False

    def measured(self) -> Measured:
        return MEASURED
