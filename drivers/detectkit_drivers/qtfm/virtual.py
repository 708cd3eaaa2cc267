"""The QTFM's twin, of both generations."""

from __future__ import annotations

import math
from collections.abc import Sequence

from detectkit.drivers import Measured, Twin
from detectkit_drivers.qtfm.decoder import COUNTS_PER_NT
from detectkit_drivers.qtfm.instrument import Qtfm

SIGNAL_STRENGTH = 900
SCALAR_SENSITIVITY, VECTOR_SENSITIVITY = 250, 120
AXES = "XYZ"


def first_line(total_nt: float, counter: int) -> bytes:
    """Return a line of the first generation."""
    return f"!{round(total_nt * COUNTS_PER_NT)}@{SIGNAL_STRENGTH}^{counter}\r\n".encode()


def second_line(values: Sequence[float], counter: int, stamp: int) -> bytes:
    """Return a line of the second generation; with x, y and z one of them is told in turn."""
    axis = counter % len(AXES)
    vector = f"{AXES[axis]}{values[1 + axis]:.3f}" if len(values) > len(AXES) else ""
    sensitivity = f"s{SCALAR_SENSITIVITY}v{VECTOR_SENSITIVITY}"
    return f"!{values[0]:.3f}{vector}@{counter}>{stamp}{sensitivity}\r\n".encode()


class QtfmTwin(Twin):
    """Speaks rows of (rows, 1 or 4) nT: the total field, and x, y, z if given."""

    def __init__(self, settings: Qtfm) -> None:
        self.rate_hz = settings.rate_hz
        self._is_first = settings.generation == 1
        self._modulus = settings.counter_modulus or 2**32
        self._step_ns = round(settings.timestamp_s * 1e9)
        self._counter = 0

    def speak(self, measured: Measured) -> list[bytes]:
        """Return a line for each row that holds a field."""
        lines = []
        stamps = (measured.device_ns // self._step_ns).tolist()
        for values, stamp in zip(measured.values.tolist(), stamps, strict=True):
            counter = self._counter
            self.skip(1)
            if math.isfinite(values[0]):
                first = self._is_first
                line = first_line(values[0], counter) if first else b""
                lines.append(line or second_line(values, counter, stamp))
        return lines

    def skip(self, rows: int) -> None:
        """Count rows that are lost."""
        self._counter = (self._counter + rows) % self._modulus

    def reboot(self) -> None:
        """Count from zero."""
        self._counter = 0
