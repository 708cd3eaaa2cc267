from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.drivers import Link, Measured, Twin


class TwinTransport:
    """A wire with a twin at its other end and no delay."""

    def __init__(self, twin: Twin, name: str) -> None:
        self.name = name
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

    def __init__(self, twin: Twin, name: str) -> None:
        self.wire = TwinTransport(twin, name)
        self.link = Link(self.wire)


@pytest.fixture
def desk():
    return Desk


@pytest.fixture
def measured():
    def build(values: npt.ArrayLike, *, first_ms: int = 1000, step_ms: int = 10) -> Measured:
        rows = np.atleast_2d(np.asarray(values))
        device_ns = (first_ms + step_ms * np.arange(len(rows), dtype=np.int64)) * 1_000_000
        return Measured(device_ns=device_ns, values=rows, utc_ns=device_ns)

    return build
