"""Decoder of the NIC-500's data socket: a header of 20 bytes or more, then float32 samples in mV.

The header is ``<LLLLHH``: seconds and nanoseconds of the trigger, trace number, status (not used),
stacks, size of the header. There is no start mark and no checksum: a header must look like one,
and samples must be voltages.
"""

from __future__ import annotations

import re
import struct
from functools import cache

import numpy as np
import numpy.typing as npt

from detectkit.core import Sensor
from detectkit.drivers import WAIT, Frame, Layout, StreamDecoder, Taken, damaged, good, skip

HEADER = struct.Struct("<LLLLHH")
HEADER_BYTES = HEADER.size
LONGEST_HEADER = 252
LONGEST_TRACE = 30000
STACKS = (1, 2, 4, 6, *(2**power for power in range(3, 16)))
LARGEST_MV = 1e6
RUN = 128
"""Records looked at in one go: they fit the processor's cache."""

# What can begin a header: nanoseconds below 2**30, one of the stacks, a size of 20 to 252.
CANDIDATE = re.compile(
    rb"(?=.{7}[\x00-\x3b].{8}"
    rb"(?:[\x01\x02\x04\x06\x08\x10\x20\x40\x80]\x00|\x00[\x01\x02\x04\x08\x10\x20\x40\x80])"
    rb"[\x14-\xfc]\x00)",
    re.DOTALL,
)


class Nic500Decoder(StreamDecoder):
    """Turns the bytes of the data socket into traces, runs of them at once.

    Trace numbers are passed on as they are sent: a trigger during a trace leaves a gap, and the
    maker's own example repeats a number (1, 2, 4, 4, 5, 7, 8).

    Parameters
    ----------
    layout
        What the traces mean; `nic500_layout` makes it.
    """

    longest = LONGEST_HEADER + 4 * LONGEST_TRACE

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout
        self._lost = False

    def reset(self) -> None:
        """Forget the unfinished trace: a new connection begins with a header."""
        super().reset()
        self._lost = False

    def take(self, held: bytes, at: int) -> Taken:
        """Tell what begins at `at`; a run of sound records is taken at once."""
        searched = self._search(held, at) if self._lost else None
        if searched is not None:
            return searched
        if len(held) - at < HEADER_BYTES:
            return WAIT
        _, nanoseconds, _, _, stacks, header_bytes = HEADER.unpack_from(held, at)
        if not (nanoseconds < 1_000_000_000 and stacks in STACKS and is_header_size(header_bytes)):
            return self._damage()
        record = _record(header_bytes, self._layout.samples)
        count = min((len(held) - at) // record.itemsize, RUN)
        if count == 0:
            return WAIT
        records = np.frombuffer(held, record, count, at)
        sound = _sound_headers(records, header_bytes) & _are_voltages(records["values"])
        count = count if sound.all() else int(sound.argmin())
        return self._frame(records[:count]) if count else self._damage()

    def _search(self, held: bytes, at: int) -> Taken | None:
        """Look for what may be a header; None where one begins at `at`."""
        found = CANDIDATE.search(held, at)
        if found is None:
            useless = len(held) - at - (HEADER_BYTES - 1)
            return skip(useless) if useless > 0 else WAIT
        return skip(found.start() - at) if found.start() > at else None

    def _damage(self) -> Taken:
        """Search from the next byte; damage is counted once until a sound record is found."""
        verdict = skip(1) if self._lost else damaged(1)
        self._lost = True
        return verdict

    def _frame(self, records: npt.NDArray[np.void]) -> Taken:
        self._lost = False
        self.tally.messages += len(records) - 1
        seconds = records["seconds"].astype(np.int64)
        frame = Frame(
            self._layout,
            np.ascontiguousarray(records["values"], dtype=np.float32),
            counter=records["number"].astype(np.int64),
            device_ns=seconds * 1_000_000_000 + records["nanoseconds"],
            coords={"stacks": records["stacks"].astype(np.int32)},
        )
        return good(records.nbytes, frame)


def nic500_layout(
    *,
    points: int,
    interval_ps: int,
    first_break_point: int,
    antenna_hz: float | None,
    rate_hz: float | None,
) -> Layout:
    """Return what the traces mean with these settings; two-way time counts from first break."""
    interval_s = interval_ps * 1e-12
    sensor = Sensor(
        id="nic500",
        instrument="Sensors & Software NIC-500",
        antenna_hz=antenna_hz,
        unit="mV",
    )
    return Layout(
        stream="traces",
        sensor=sensor,
        samples=points,
        sample_interval_s=interval_s,
        first_twt_s=-first_break_point * interval_s,
        counter_modulus=2**32,
        device_clock="nic500",
        rate_hz=rate_hz,
    )


def is_header_size(size: int) -> bool:
    """Tell whether a header may have this many bytes; later versions may have more than 20."""
    return HEADER_BYTES <= size <= LONGEST_HEADER and size % 2 == 0


def _sound_headers(records: npt.NDArray[np.void], header_bytes: int) -> npt.NDArray[np.bool_]:
    sound: npt.NDArray[np.bool_] = (
        (records["nanoseconds"] < 1_000_000_000)
        & (records["header_bytes"] == header_bytes)
        & np.isin(records["stacks"], STACKS)
    )
    return sound


def _are_voltages(values: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Tell which traces have no sample that is not a number or beyond a kilovolt."""
    largest = np.maximum(values.max(axis=1), -values.min(axis=1))
    return np.asarray(largest <= LARGEST_MV)  # nan compares as false


@cache
def _record(header_bytes: int, samples: int) -> np.dtype[np.void]:
    return np.dtype(
        {
            "names": (
                "seconds",
                "nanoseconds",
                "number",
                "status",
                "stacks",
                "header_bytes",
                "values",
            ),
            "formats": ("<u4", "<u4", "<u4", "<u4", "<u2", "<u2", ("<f4", (samples,))),
            "offsets": (0, 4, 8, 12, 16, 18, header_bytes),
            "itemsize": header_bytes + 4 * samples,
        }
    )
