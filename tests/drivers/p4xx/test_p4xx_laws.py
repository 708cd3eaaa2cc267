"""The laws of every driver, on scans of two messages; synthetic, built from the specification."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from detectkit.drivers import Measured
from detectkit.testing.drivers import DriverSuite
from detectkit_drivers.p4xx.instrument import P4xx

RNG = np.random.default_rng(410)
SCANS = RNG.integers(-(2**31), 2**31, (5, 480), np.int64)
STAMPS = 10_000_000 * np.arange(1, 6)
MEASURED = Measured(device_ns=STAMPS, values=SCANS, utc_ns=STAMPS)


def sample_of(instrument: P4xx) -> bytes:
    return b"".join(instrument.twin().speak(MEASURED))


class OfP4xx(DriverSuite):
    rows: ClassVar = {"traces": SCANS}
    resync_messages = 3

    def measured(self) -> Measured:
        return MEASURED


class TestOverUdp(OfP4xx):
    instrument = P4xx(framing="udp", scan_counter="message_id", interval_us=30_000)
    sample = sample_of(instrument)
    checksummed = False


class TestOverSerial(OfP4xx):
    """The framing is not said, but found."""

    instrument = P4xx()
    sample = sample_of(P4xx(framing="serial"))
    serve = "pty:"
