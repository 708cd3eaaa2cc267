"""A P4xx radar without its hardware: confirms requests and sends scans in messages of 350."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.drivers import Measured, Twin
from detectkit_drivers.p4xx.framing import Framing, cut, wrap
from detectkit_drivers.p4xx.instrument import P4xx
from detectkit_drivers.p4xx.messages import (
    BIN_S,
    CONFIGURATION_TAIL,
    CONFIRM_BODY,
    CONTROL,
    CONTROL_BODY,
    GET_CONFIG,
    HEAD,
    LATEST_PS,
    PICOSECOND,
    REBOOT,
    SCAN_HEAD,
    SCAN_INFO,
    SCAN_POINTS,
    SET_CONFIG,
    STATUS_BODY,
    TO_RADAR,
    Configuration,
    ScanHead,
    kind_and_number,
    request,
)

CONFIRMED = 0x0100  # added to the type of a request
INT32 = np.iinfo(np.int32)
MS_MODULUS = 1 << 32
NANOSECONDS_IN_MS = 1_000_000


class P4xxTwin(Twin):
    """Scans in counts as rows; the number of columns decides how many messages a scan takes.

    ``framing = "auto"`` answers in the framing that it is asked in.
    """

    def __init__(self, settings: P4xx) -> None:
        self._settings = settings
        self.rate_hz = 1e6 / settings.interval_us if settings.interval_us else 100.0
        self.reboot()

    def reboot(self) -> None:
        """Fall back to the state after switching on."""
        self.running = False
        self._framing: Framing = self._settings.fixed_framing or "udp"
        self._held = b""
        self._configuration = self._settings.configuration(node=100)
        self._request_number = 0
        self._scans = 0
        self._boot_ms = 0

    def skip(self, rows: int) -> None:
        """Count scans that are measured and lost."""
        self._scans += rows

    def receive(self, data: bytes) -> list[bytes]:
        """Take requests; return their confirmations."""
        held = self._held + data
        if self._settings.fixed_framing is None and held:
            self._framing = "serial" if held[:1] == b"\xa5" else "udp"
        answers: list[bytes] = []
        at = 0
        while at < len(held):
            found = cut(held, at, self._framing, TO_RADAR)
            if found.verdict == "wait":
                break
            if found.verdict == "good":
                answers += self._answer(found.message)
            at += found.used
        self._held = held[at:]
        return [wrap(one, self._framing) for one in answers]

    def speak(self, measured: Measured) -> list[bytes]:
        """Return the messages of the scans, scan by scan."""
        values = np.clip(np.rint(measured.values), INT32.min, INT32.max).astype(">i4")
        messages: list[bytes] = []
        for row, device_ns in zip(values, measured.device_ns, strict=True):
            messages += self._scan(row, int(device_ns))
        return messages

    def _answer(self, message: bytes) -> list[bytes]:
        kind, number = kind_and_number(message)
        if len(message) != TO_RADAR.get(kind):
            return []
        body = message[HEAD.size :]
        if kind == SET_CONFIG:
            self._configuration = Configuration.from_bytes(body)
        elif kind == CONTROL:
            scans, _, interval_us = CONTROL_BODY.unpack(body)
            self.running = scans > 0
            self._request_number = number
            self.rate_hz = 1e6 / interval_us if interval_us else self.rate_hz
        elif kind == REBOOT:
            self.reboot()
        return [request(kind + CONFIRMED, number, self._confirmation(kind))]

    def _confirmation(self, kind: int) -> bytes:
        if kind == GET_CONFIG:
            tail = CONFIGURATION_TAIL.pack(self._boot_ms, 0)
            return self._configuration.to_bytes() + tail
        if kind in {SET_CONFIG, CONTROL}:
            return CONFIRM_BODY.pack(0)
        if kind == REBOOT:
            return b""
        versions = (1, 2, 2, 0, 0, 0, 0, 0, 0, 0)
        return STATUS_BODY.pack(*versions, 0x440, 0, 0, 0, 0, 4 * 31, b"virtual", 0)

    def _scan(self, row: npt.NDArray[np.signedinteger], device_ns: int) -> list[bytes]:
        self._boot_ms = device_ns // NANOSECONDS_IN_MS % MS_MODULUS
        count = self._settings.counts_scans
        number = self._scans % 65536 if count else self._request_number
        self._scans += 1
        pieces = range(0, row.size, SCAN_POINTS)
        first = self._head(number, row.size, len(pieces))
        scan: list[bytes] = []
        for part, begin in enumerate(pieces):
            piece = row[begin : begin + SCAN_POINTS]
            head = first._replace(part=part, points_here=piece.size)
            body = piece.tobytes().ljust(4 * SCAN_POINTS, b"\0")
            scan.append(wrap(SCAN_HEAD.pack(*head) + body, self._framing))
        return scan

    def _head(self, number: int, points: int, messages: int) -> ScanHead:
        now = self._configuration
        span_ps = round(points * now.bins * BIN_S / PICOSECOND)
        return ScanHead(
            kind=SCAN_INFO,
            number=number,
            node=now.node,
            boot_ms=self._boot_ms,
            reserved_1=0,
            reserved_2=0,
            reserved_3=0,
            reserved_4=0,
            start_ps=now.start_ps,
            stop_ps=min(now.start_ps + span_ps, LATEST_PS),
            step_bins=now.bins,
            filtering=1,
            reserved_5=0,
            antenna=0,
            mode=1,
            points_here=0,
            points=points,
            part=0,
            messages=messages,
        )
