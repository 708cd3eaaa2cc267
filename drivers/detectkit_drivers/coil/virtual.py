"""The coil's twin, and the encoder of its frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError
from detectkit.drivers import Measured, Twin
from detectkit_drivers.coil.decoder import (
    CRC_BYTES,
    DESCRIPTION,
    FLOAT_VALUES,
    HEADER,
    SAMPLES,
    SCALES,
    STAMP,
    SYNC,
    checksum,
    header_check,
)
from detectkit_drivers.coil.instrument import Coil

FIRMWARE = "coil twin 1"
DESCRIBE_EVERY_NS = 1_000_000_000


def frame(kind: int, flags: int, channels: int, payload: bytes) -> bytes:
    """Return a whole frame."""
    head = HEADER.pack(SYNC, kind, flags, channels, len(payload), 0)
    body = head[2:-1] + bytes([header_check(head)]) + payload
    return SYNC + body + checksum(body).to_bytes(CRC_BYTES, "little")


def samples_frame(
    sequence: int, microseconds: int, values: npt.NDArray[Any], *, flags: int = 0
) -> bytes:
    """Return the frame of one row, float32 or int32 by the type of `values` (channels,)."""
    is_float = values.dtype.kind == "f"
    wire = values.astype("<f4" if is_float else "<i4").tobytes()
    payload = STAMP.pack(sequence % 2**32, microseconds % 2**32) + wire
    return frame(SAMPLES, flags | (FLOAT_VALUES if is_float else 0), len(values), payload)


def description_frame(
    names: Sequence[str], *, unit: str, scale: float, rate_hz: float, firmware: str
) -> bytes:
    """Return the frame that describes the channels."""
    texts = "".join(f"{text}\0" for text in (firmware, unit, *names))
    payload = SCALES.pack(scale, rate_hz) + texts.encode()
    return frame(DESCRIPTION, 0, len(names), payload)


class CoilTwin(Twin):
    """Speaks rows of (rows, channels) values in the unit of the settings."""

    def __init__(self, settings: Coil) -> None:
        self.rate_hz = settings.rate_hz
        self._settings = settings
        self._sequence = 0
        self._described_ns: int | None = None
        self._description = description_frame(
            [f"channel_{number}" for number in range(1, settings.channels + 1)],
            unit=settings.unit,
            scale=settings.scale,
            rate_hz=settings.rate_hz,
            firmware=FIRMWARE,
        )

    def speak(self, measured: Measured) -> list[bytes]:
        """Return a frame for each row, and a description once a second."""
        if measured.values.shape[1] != self._settings.channels:
            msg = (
                f"the twin has {self._settings.channels} channels; got values of shape "
                f"{measured.values.shape}: set `channels`"
            )
            raise ShapeError(msg)
        messages: list[bytes] = []
        for row, stamp in zip(
            self._on_the_wire(measured.values), measured.device_ns.tolist(), strict=True
        ):
            if self._described_ns is None or stamp >= self._described_ns + DESCRIBE_EVERY_NS:
                messages.append(self._description)
                self._described_ns = stamp
            messages.append(samples_frame(self._sequence, stamp // 1000, row))
            self._sequence += 1
        return messages

    def skip(self, rows: int) -> None:
        """Count rows that are lost."""
        self._sequence += rows

    def reboot(self) -> None:
        """Count from zero again and describe anew."""
        self._sequence = 0
        self._described_ns = None

    def _on_the_wire(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        counts: npt.NDArray[np.float64] = np.asarray(values, np.float64) / self._settings.scale
        if self._settings.value_type == "float32":
            return counts.astype(np.float32)
        limits = np.iinfo(np.int32)
        whole: npt.NDArray[np.float64] = np.nan_to_num(np.rint(counts))
        return np.clip(whole, limits.min, limits.max).astype(np.int32)
