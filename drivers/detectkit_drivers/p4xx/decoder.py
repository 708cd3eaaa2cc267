"""Bytes of a P4xx radar in monostatic mode to traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectkit.core import Sensor
from detectkit.drivers import WAIT, Frame, Layout, Note, StreamDecoder, Taken, damaged, good, skip
from detectkit_drivers.p4xx.assembly import Assembly, Key, Samples, key_of
from detectkit_drivers.p4xx.framing import MARK, Cut, Framing, cut, scan_head
from detectkit_drivers.p4xx.messages import (
    BIN_S,
    CONTROL_CONFIRM,
    FROM_RADAR,
    PICOSECOND,
    SCAN_BYTES,
    SCAN_HEAD,
    SCAN_INFO,
    SET_CONFIG_CONFIRM,
    STATUS_WORDS,
    TO_RADAR,
    ScanHead,
    kind_and_number,
    status_of,
)

if TYPE_CHECKING:
    from detectkit_drivers.p4xx.instrument import P4xx

WRAP_MS = 1 << 32
NANOSECONDS_IN_MS = 1_000_000


class P4xxDecoder(StreamDecoder):
    """Messages of the radar to one row for each whole scan.

    Over UDP there is no checksum: a message counts as good when its fields fit each other. A scan
    that lacks a message is dropped and counted as damaged. With ``framing = "auto"`` the bytes
    tell: what we sent decides, else what comes first.
    """

    longest = SCAN_BYTES + 6

    def __init__(self, settings: P4xx) -> None:
        super().__init__()
        self._settings = settings
        self._framing: Framing | None = settings.fixed_framing
        self._assembly = Assembly()
        self._layouts: dict[Key, Layout] = {}
        self._last_ms: int | None = None
        self._turns = 0

    def sent(self, data: bytes) -> None:
        """Learn the framing from a request that we send."""
        framing: Framing = "serial" if data.startswith(MARK) else "udp"
        if self._framing is None and data and cut(data, 0, framing, TO_RADAR).used == len(data):
            self._framing = framing

    def reset(self) -> None:
        """Forget unfinished scans and the radar's clock."""
        super().reset()
        self.tally.damaged += self._assembly.reset()
        self._last_ms, self._turns = None, 0
        self._framing = self._settings.fixed_framing

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one message."""
        found = self._cut(held, at)
        if found.verdict == "wait":
            return WAIT
        if found.verdict == "skip":
            return skip(found.used)
        if found.verdict == "damaged":
            return damaged(found.used)
        return self._understood(found.used, found.message)

    def _cut(self, held: bytes, at: int) -> Cut:
        if self._framing is not None:
            return cut(held, at, self._framing, FROM_RADAR)
        # Not said and nothing sent: the first bytes decide. Later ones may not, for a damaged
        # message with a checksum holds a bare one that would pass.
        framing: Framing = "serial" if held.startswith(MARK[:1], at) else "udp"
        found = cut(held, at, framing, FROM_RADAR)
        if found.verdict != "wait":
            self._framing = framing if found.verdict == "good" else "serial"
        return found if found.verdict in {"wait", "good"} else Cut("skip", 1)

    def _understood(self, used: int, message: bytes) -> Taken:
        kind, number = kind_and_number(message)
        if FROM_RADAR.get(kind) != len(message):
            return good(used, ignored=True)  # of another application, its checksum is right
        if kind == SCAN_INFO:
            return self._scan(used, message)
        status = status_of(message) if kind in {SET_CONFIG_CONFIRM, CONTROL_CONFIRM} else 0
        if status:
            words = STATUS_WORDS.get(status, f"status {status}")
            return good(used, Note(f"request {number} refused: {words}", "warning"))
        return good(used, ignored=True)

    def _scan(self, used: int, message: bytes) -> Taken:
        head = scan_head(message)
        if head is None:
            return damaged(used)
        if not head.is_raw:
            return good(used, ignored=True)
        samples = np.frombuffer(message, ">i4", head.points_here, SCAN_HEAD.size)
        whole, refused = self._assembly.take(head, samples.astype(np.int32))
        self.tally.damaged += refused
        return good(used) if whole is None else good(used, self._frame(head, whole))

    def _frame(self, head: ScanHead, samples: Samples) -> Frame:
        counts = self._settings.counts_scans
        return Frame(
            self._layout(head),
            samples[np.newaxis],
            counter=np.array([head.number], np.int64) if counts else None,
            device_ns=np.array([self._boot_ns(head.boot_ms)], np.int64),
        )

    def _boot_ns(self, boot_ms: int) -> int:
        """Return the time since boot in ns; the counter of ms wraps after 49.7 days."""
        if self._last_ms is not None and self._last_ms - boot_ms > WRAP_MS // 2:
            self._turns += 1
        self._last_ms = boot_ms
        return (self._turns * WRAP_MS + boot_ms) * NANOSECONDS_IN_MS

    def _layout(self, head: ScanHead) -> Layout:
        key = key_of(head)._replace(number=0, boot_ms=0)
        if key not in self._layouts:
            self._layouts = {key: layout_of(head, self._settings)}
        return self._layouts[key]


def layout_of(head: ScanHead, settings: P4xx) -> Layout:
    """Return what the samples of a scan mean: delay from `start_ps`, steps of 1.907 ps bins."""
    interval_us = settings.interval_us
    return Layout(
        stream="traces",
        sensor=Sensor(
            id=settings.name,
            kind=settings.kind,
            instrument=settings.title,
            serial=f"node {head.node}",
            antenna_hz=settings.antenna_hz,
        ),
        samples=head.points,
        sample_interval_s=head.step_bins * BIN_S,
        first_twt_s=head.start_ps * PICOSECOND,
        counter_modulus=1 << 16 if settings.counts_scans else None,
        device_clock="boot",
        rate_hz=1e6 / interval_us if interval_us else None,
    )
