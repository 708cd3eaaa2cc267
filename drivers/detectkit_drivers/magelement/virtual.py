"""The MagElement's twin: blocks of 40 samples and a heartbeat a second."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError
from detectkit.drivers import Measured, Twin
from detectkit_drivers.magelement.decoder import (
    BLOCK,
    FIDUCIAL,
    FIRST_VALID,
    HEADER,
    HEARTBEAT,
    INDEX,
    NT_PER_COUNT,
    PPS,
    PPS_LOCKED,
    SAMPLE,
    SAMPLE_NS,
    SAMPLES,
    SECOND_VALID,
    STATUS_RECORD,
)
from detectkit_drivers.magelement.instrument import MagElement

SERIAL = b"TWIN0001"
SECOND_NS = 1_000_000_000


def block(first: int, values: npt.NDArray[np.float64], pps: npt.NDArray[np.bool_]) -> bytes:
    """Return the record of 40 samples of two sensors in nT (40, 2), NaN for an invalid one."""
    samples = np.zeros(SAMPLES, SAMPLE)
    valid = np.isfinite(values)
    samples["frame_id"] = (first + np.arange(SAMPLES)) & FIDUCIAL
    samples["frame_id"] |= np.where(valid[:, 0], FIRST_VALID, 0).astype(np.uint16)
    samples["frame_id"] |= np.where(valid[:, 1], SECOND_VALID, 0).astype(np.uint16)
    samples["system_status"] = np.where(pps, PPS | PPS_LOCKED, PPS_LOCKED)
    counts = np.rint(np.where(valid, values, 0.0) / NT_PER_COUNT)
    samples["first"], samples["second"] = np.clip(counts, 0, 2**32 - 1).astype(np.uint32).T
    return HEADER.pack(*BLOCK) + INDEX.pack(first) + samples.tobytes()


def heartbeat(index: int, *, first_pps: int, last_pps: int) -> bytes:
    """Return the status record."""
    record = np.zeros(1, STATUS_RECORD)
    record["index"], record["sample_period_ms"], record["pps_status"] = index, 1, 1
    record["counter_at_first_pps"], record["counter_at_last_pps"] = first_pps, last_pps
    record["serial"] = np.void(SERIAL)
    return HEADER.pack(*HEARTBEAT) + record.tobytes()


class MagElementTwin(Twin):
    """Speaks rows of (rows, 1 or 2) nT at 1000 Hz; with one column the second sensor is absent."""

    rate_hz: float = 1e9 / SAMPLE_NS

    def __init__(self) -> None:
        self._index = 0
        self._values: npt.NDArray[np.float64] = np.empty((0, 2))
        self._pps: npt.NDArray[np.bool_] = np.empty(0, np.bool_)
        self._second: int | None = None
        self._marks = (0, 0)

    def speak(self, measured: Measured) -> list[bytes]:
        """Return the blocks that the rows complete."""
        self._collect(measured)
        messages = []
        while len(self._values) >= SAMPLES:
            messages.append(block(self._index, self._values[:SAMPLES], self._pps[:SAMPLES]))
            self._mark(self._pps[:SAMPLES])
            self._index += SAMPLES
            self._values, self._pps = self._values[SAMPLES:], self._pps[SAMPLES:]
            if self._index % (SECOND_NS // SAMPLE_NS) < SAMPLES:
                marks = {"first_pps": self._marks[0], "last_pps": self._marks[1]}
                messages.append(heartbeat(self._index, **marks))
        return messages

    def skip(self, rows: int) -> None:
        """Count rows that are lost, those of the unfinished block too."""
        self._index += len(self._values) + rows
        self._values, self._pps = self._values[:0], self._pps[:0]

    def reboot(self) -> None:
        """Count from zero."""
        self._index, self._second, self._marks = 0, None, (0, 0)
        self._values, self._pps = self._values[:0], self._pps[:0]

    def _collect(self, measured: Measured) -> None:
        if measured.values.shape[1] not in {1, 2}:
            msg = f"the twin measures one or two fields in nT; got {measured.values.shape}"
            raise ShapeError(msg)
        fields: npt.NDArray[Any] = np.full((len(measured), 2), np.nan)
        fields[:, : measured.values.shape[1]] = measured.values
        seconds = measured.utc_ns // SECOND_NS
        before = np.empty_like(seconds)
        before[1:] = seconds[:-1]
        before[:1] = seconds[:1] if self._second is None else self._second
        self._second = int(seconds[-1]) if len(seconds) else self._second
        self._values = np.concatenate([self._values, fields])
        self._pps = np.concatenate([self._pps, seconds != before])

    def _mark(self, pps: npt.NDArray[np.bool_]) -> None:
        for offset in np.flatnonzero(pps).tolist():
            mark = self._index + offset
            self._marks = (self._marks[0] or mark, mark)


def twin_of(settings: MagElement) -> MagElementTwin:
    """Return the twin of an instrument with these settings."""
    del settings  # it has none
    return MagElementTwin()
