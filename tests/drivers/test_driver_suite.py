"""DriverSuite passes a good driver on every wire, and fails each broken one."""

from __future__ import annotations

from typing import ClassVar

from detectkit.drivers import Measured
from detectkit.testing.driver_facts import DriverFacts
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit.testing.wire_laws import WireLaws

from .beacon import Beacon, Talker, frame

VALUES = ((48_000.5, -1.25), (48_001.0, 0.0), (47_999.25, 2.5), (48_010.0, 1e-3))


class BeaconFacts(DriverFacts):
    instrument = Beacon()
    sample = b"".join(frame(7 + k, 1000 + 10 * k, VALUES[k]) for k in range(4))
    rows: ClassVar = {"field": VALUES}
    tolerance: ClassVar = {"field": 1e-2}

    def measured(self) -> Measured:
        return evenly(VALUES, rate_hz=100.0)


class TestBeacon(BeaconFacts, DriverSuite):
    """All laws, over the pseudo-terminal of its default address."""


class TestOverTcp(BeaconFacts, WireLaws):
    serve = "tcp-listen://127.0.0.1:0"


class TestCalledByTheInstrument(BeaconFacts, WireLaws):
    serve = "tcp://127.0.0.1:0"


class TestOverUdp(BeaconFacts, WireLaws):
    serve = "udp-listen://127.0.0.1:0"


class TestHeardOverUdp(BeaconFacts, WireLaws):
    instrument = Talker()
