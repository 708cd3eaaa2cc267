"""DriverSuite passes a good driver on every wire, and fails each broken one."""

from __future__ import annotations

from typing import ClassVar

from detectkit.drivers import Measured
from detectkit.testing.drivers import DriverSuite, evenly

from .beacon import Beacon, Talker, frame

VALUES = ((48_000.5, -1.25), (48_001.0, 0.0), (47_999.25, 2.5), (48_010.0, 1e-3))


class BeaconLaws(DriverSuite):
    instrument = Beacon()
    sample = b"".join(frame(7 + k, 1000 + 10 * k, VALUES[k]) for k in range(4))
    rows: ClassVar = {"field": VALUES}
    tolerance: ClassVar = {"field": 1e-2}

    def measured(self) -> Measured:
        return evenly(VALUES, rate_hz=100.0)


class TestOverAPseudoTerminal(BeaconLaws):
    pass


class TestOverTcp(BeaconLaws):
    serve = "tcp-listen://127.0.0.1:0"


class TestCalledByTheInstrument(BeaconLaws):
    serve = "tcp://127.0.0.1:0"


class TestOverUdp(BeaconLaws):
    serve = "udp-listen://127.0.0.1:0"


class TestHeardOverUdp(BeaconLaws):
    instrument = Talker()
