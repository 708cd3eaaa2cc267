"""The laws of every driver, on radar frames; synthetic, built from the specification."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from detectkit.drivers import Measured
from detectkit.testing.drivers import DriverSuite
from detectkit_drivers.x4.conversion import to_baseband, to_radio_frequency
from detectkit_drivers.x4.framing import frame
from detectkit_drivers.x4.instrument import X4

ROWS = np.random.default_rng(4).normal(size=(5, 64)).astype(np.float32)
STAMPS = 20_000_000 * np.arange(1, 6)
MEASURED = Measured(device_ns=STAMPS, values=ROWS, utc_ns=STAMPS)


def sample_of(instrument: X4) -> bytes:
    return frame(b"\x10") + b"".join(instrument.twin().speak(MEASURED))


class OfX4(DriverSuite):
    checksummed = False  # bulk frames carry none

    def measured(self) -> Measured:
        return MEASURED


class TestRadioFrequency(OfX4):
    instrument = X4(frames_per_second=10.0)
    sample = sample_of(instrument)
    rows: ClassVar = {"traces": ROWS}


class TestBaseband(OfX4):
    instrument = X4(frames_per_second=10.0, output="iq")
    sample = sample_of(instrument)
    rows: ClassVar = {"traces": np.stack([to_radio_frequency(to_baseband(row)) for row in ROWS])}
    tolerance: ClassVar = {"traces": 1e-5}

    def decoded(self, measured: Measured) -> dict[str, list[np.ndarray]]:
        return {"traces": [to_radio_frequency(to_baseband(row)) for row in measured.values]}
