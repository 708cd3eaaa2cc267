"""The laws of every driver, on the Noggin's serial line; synthetic, from an open ROS driver."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from detectkit.drivers import Measured, Twin
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.noggin.instrument import Noggin
from detectkit_drivers.noggin.virtual import NogginTwin

ROWS = np.random.default_rng(3).integers(-32768, 32768, (6, 40))


class AskedTwin(NogginTwin):
    """A twin that was set up and asked for many traces, after each reboot again."""

    def reboot(self) -> None:
        super().reboot()
        self.receive(b"\r\r\rXON\r" + 100 * b"T\r")


class TestNoggin(DriverSuite):
    instrument = Noggin(points=40, rate_hz=50.0, pause_s=0.02)
    sample = b"".join(b"T01" + row.astype(">i2").tobytes() + b"\r\n>" for row in ROWS)
    rows: ClassVar = {"traces": ROWS}
    checksummed = False

    def measured(self) -> Measured:
        return evenly(ROWS, rate_hz=50.0)

    def twin(self) -> Twin:
        return AskedTwin(rate_hz=100.0)
