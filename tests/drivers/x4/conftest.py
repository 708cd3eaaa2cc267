from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.drivers import Link, Measured, Twin


class TwinTransport:
    """A wire with a twin at its other end and no delay."""

    name = "serial:/dev/ttyACM0"

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.written: list[bytes] = []
        self.arrived: list[bytes] = []

    def open(self) -> None: ...

    def close(self) -> None: ...

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.arrived += self.twin.receive(data)

    def read(self, timeout_s: float) -> bytes:
        assert timeout_s > 0.0
        return self.arrived.pop(0) if self.arrived else b""


class Desk:
    """A link to a twin; `wire` shows what passed."""

    def __init__(self, twin: Twin) -> None:
        self.wire = TwinTransport(twin)
        self.link = Link(self.wire)


@pytest.fixture
def desk():
    return Desk


@pytest.fixture
def measured():
    def build(values: npt.ArrayLike) -> Measured:
        rows = np.atleast_2d(np.asarray(values))
        stamps = 20_000_000 * np.arange(len(rows), dtype=np.int64)
        return Measured(device_ns=stamps, values=rows, utc_ns=stamps)

    return build
