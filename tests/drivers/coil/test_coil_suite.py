"""The laws of every driver, for the coil frame (the sample is synthetic)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from detectkit.drivers import Measured
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.coil.instrument import Coil
from detectkit_drivers.coil.virtual import description_frame, samples_frame


def description(channels: int) -> bytes:
    names = [f"channel_{number}" for number in range(1, channels + 1)]
    return description_frame(names, unit="mV", scale=0.5, rate_hz=200.0, firmware="a")


def frames(dtype: type, *rows: tuple[float, ...]) -> bytes:
    wire = [samples_frame(n, 10_000 * n, np.array(row, dtype)) for n, row in enumerate(rows)]
    return b"".join(wire)


class TestFloats(DriverSuite):
    instrument = Coil(channels=3, rate_hz=200.0)
    sample = description(3) + frames(
        np.float32, (1.5, -2.0, 3.0), (1.25, 0.0, 0.5), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0)
    )
    rows: ClassVar = {
        "response": [[0.75, -1.0, 1.5], [0.625, 0.0, 0.25], [2.0, 2.5, 3.0], [3.5, 4.0, 4.5]]
    }

    def measured(self) -> Measured:
        return evenly(np.arange(15.0).reshape(5, 3) / 4.0, rate_hz=200.0)


class TestWholeCounts(DriverSuite):
    instrument = Coil(channels=2, rate_hz=200.0, value_type="int32", scale=0.5)
    sample = description(2) + frames(np.int32, (1, -2), (3, 4), (2**31 - 1, -(2**31)), (0, 0))
    rows: ClassVar = {
        "response": [[0.5, -1.0], [1.5, 2.0], [(2**31 - 1) / 2, -(2.0**30)], [0.0, 0.0]]
    }

    def measured(self) -> Measured:
        return evenly([[1.5, -2.0], [0.0, 4.0], [1e6, -1e6], [0.5, 0.0]], rate_hz=200.0)
