"""The recorded simulator survey: its records in order, with the clocks of both ends."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest


@dataclass(frozen=True)
class Survey:
    """Eight lanes of ArduCopter SITL (captured), as its payload received them.

    `messages` are (arrival on the payload's monotonic clock in ns, message); `pairs` the payload's
    TIMESYNC exchanges: device, sent, received in ns, rows in order.
    """

    messages: list[tuple[int, Any]]
    pairs: npt.NDArray[np.int64]

    def of(self, kind: str) -> list[tuple[int, Any]]:
        return [(at, one) for at, one in self.messages if one.get_type() == kind]


@pytest.fixture(scope="session")
def survey(shared_data: Path) -> Survey:
    folder = shared_data / "mavlink" / "sitl_survey"
    if not folder.is_dir():
        pytest.skip("the recorded survey (mavlink/sitl_survey) is not on this machine")
    pytest.importorskip("pymavlink", reason="pymavlink decodes the recorded survey")
    table = np.loadtxt(
        folder / "survey_1m_timesync.csv",
        delimiter=",",
        skiprows=1,
        dtype=np.int64,
        usecols=(0, 1, 2),
    )
    pairs = table[:, [2, 1, 0]]
    stamped = tlog((folder / "survey_1m_payload_serial1.tlog").read_bytes())
    received = {one.ts1: at for at, one in stamped if one.get_type() == "TIMESYNC" and one.tc1}
    apart = [received[sent] - at for _, sent, at in pairs.tolist() if sent in received]
    utc_less_monotonic = int(np.median(apart))
    return Survey([(at - utc_less_monotonic, one) for at, one in stamped], pairs)


def tlog(data: bytes) -> list[tuple[int, Any]]:
    """Return UTC in ns and message of each record: 8 bytes of big-endian µs, then the frame."""
    from pymavlink.dialects.v20 import ardupilotmega

    link = ardupilotmega.MAVLink(None)
    found, at = [], 0
    while at + 20 <= len(data):
        (us,) = struct.unpack_from(">Q", data, at)
        signed = data[at + 8] == 0xFD and data[at + 10] & 1
        size = data[at + 9] + (12 + 13 * signed if data[at + 8] == 0xFD else 8)
        frame = bytearray(data[at + 8 : at + 8 + size])
        if len(frame) == size:
            found.append((us * 1000, link.decode(frame)))
        at += 8 + size
    return found
