"""The laws of every driver, on zGPR streams; synthetic, built from the vendor partner's reader."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from detectkit.drivers import Measured
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.zgpr.instrument import Zgpr

ROWS = np.random.default_rng(7).integers(-32768, 32768, (5, 16))
HEAD = b"$trace +32 1_1 16_512 \r\n"


class TestZgpr(DriverSuite):
    instrument = Zgpr(samples=16, pause_s=0.0, rate_hz=200.0)
    sample = b"$iam zGPR 1.2\r\n$antenna LF 100\n$ok #1\r\n" + b"".join(
        HEAD + row.astype("<i2").tobytes() for row in ROWS
    )
    rows: ClassVar = {"traces": ROWS}
    checksummed = False

    def measured(self) -> Measured:
        return evenly(ROWS, rate_hz=200.0)
