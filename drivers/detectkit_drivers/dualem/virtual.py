"""The DUALEM's twin."""

from __future__ import annotations

import math

from detectkit.core import ShapeError
from detectkit.drivers import Measured, Twin
from detectkit_drivers.dualem.decoder import ARRAY_COLUMNS, DAY_NS, exclusive_or
from detectkit_drivers.dualem.instrument import ASK_STATUS, Dualem

STATUS = "PDLMA,12.4,21.5,-0.3,1.2"


def sentence(body: str) -> bytes:
    """Return a whole sentence."""
    return f"${body}*{exclusive_or(body.encode()):02X}\r\n".encode()


def time_of_day(utc_ns: int) -> str:
    """Return ``hhmmss.sss``."""
    milliseconds = utc_ns % DAY_NS // 1_000_000
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}{minutes:02d}{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"


class DualemTwin(Twin):
    """Speaks rows of (rows, 4): conductivity in mS/m and in-phase in ppt, HCP then PRP."""

    def __init__(self, settings: Dualem) -> None:
        self.rate_hz = settings.rate_hz
        self._array = settings.array

    def receive(self, data: bytes) -> list[bytes]:
        """Answer each ``%`` with the status."""
        return [sentence(STATUS)] * data.count(ASK_STATUS)

    def speak(self, measured: Measured) -> list[bytes]:
        """Return a sentence for each row."""
        if measured.values.shape[1] != len(ARRAY_COLUMNS):
            msg = f"the twin measures {', '.join(ARRAY_COLUMNS)}; got {measured.values.shape}"
            raise ShapeError(msg)
        rows = zip(measured.values.tolist(), measured.utc_ns.tolist(), strict=True)
        return [
            sentence(f"PDLM{self._array},{time_of_day(utc_ns)},{','.join(map(_field, row))}")
            for row, utc_ns in rows
        ]


def _field(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.2f}"
