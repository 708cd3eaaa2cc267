"""The 1024-byte header block of a GSSI .DZT file, and what may be made of its fields.

Field names and places are those of GSSI's published header description (SIR-3000 manual,
addendum A); what the fields really hold was checked on nine files of five kinds.
"""

from __future__ import annotations

import math
import struct
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from detectkit.io.gssi.antennas import SYSTEMS

BLOCK_BYTES = 1024
WORD_BITS = (8, 16, 32)
MOST_CHANNELS = 16
LEAST_SAMPLES = 3
RANGE_NS = (1e-2, 1e6)
SCANS_PER_M = (1e-3, 1e5)

TAGS = {
    0x00FF: "GSSI, old header",
    0x0700: "SIR-3000",
    0x07FF: "SIR-4000",
    0x0001: "written by another program",
}
CONVERTER_TAG = 0x0001

_LAYOUT = struct.Struct("<HHHHhfffffHII6HHfff32s14sBB12sH")


@dataclass(frozen=True, slots=True)
class DztHeader:
    """The fields of one header block, by GSSI's names where they have one."""

    tag: int
    data_field: int
    samples: int
    bits: int
    zero: int
    scans_per_s: float
    scans_per_m: float
    m_per_mark: float
    position_ns: float
    range_ns: float
    passes: int
    created: str | None
    modified: str | None
    channels: int
    permittivity: float
    top_m: float
    depth_m: float
    antenna: str
    system: int
    name: str

    @classmethod
    def parse(cls, block: bytes) -> DztHeader:
        """Read the first 128 bytes of a header block; any 128 bytes give a header."""
        fields = _LAYOUT.unpack_from(block)
        return cls(
            tag=fields[0],
            data_field=fields[1],
            samples=fields[2],
            bits=fields[3],
            zero=fields[4],
            scans_per_s=fields[5],
            scans_per_m=fields[6],
            m_per_mark=fields[7],
            position_ns=fields[8],
            range_ns=fields[9],
            passes=fields[10],
            created=packed_date(fields[11]),
            modified=packed_date(fields[12]),
            channels=fields[19],
            permittivity=fields[20],
            top_m=fields[21],
            depth_m=fields[22],
            antenna=_text(fields[24]),
            system=fields[26] >> 3,
            name=_text(fields[27]),
        )

    @property
    def instrument(self) -> str:
        """Maker and model, as far as tag and system code tell."""
        model = SYSTEMS.get(self.system)
        known = model is not None and self.tag != CONVERTER_TAG
        return f"GSSI {model}" if known else "GSSI"

    @property
    def interval_s(self) -> float | None:
        """Sample interval in s, None where the range is no range.

        GSSI's own files: range / samples. The converter (tag 0x0001) writes the range as
        (samples - 1) intervals.
        """
        if not RANGE_NS[0] <= self.range_ns <= RANGE_NS[1]:
            return None
        steps = self.samples - (self.tag == CONVERTER_TAG)
        return self.range_ns * 1e-9 / steps if steps > 0 else None

    @property
    def spacing_m(self) -> float | None:
        """Distance between traces in m; None in time mode and where the field is damaged."""
        low, high = SCANS_PER_M
        return 1.0 / self.scans_per_m if low <= self.scans_per_m <= high else None

    @property
    def ground_permittivity(self) -> float | None:
        """Relative permittivity that the operator set, None where it cannot be one."""
        return self.permittivity if 1.0 <= self.permittivity <= 100.0 else None

    @property
    def plausible(self) -> bool:
        """Whether every figure that matters is one that an instrument would write."""
        rates = (self.scans_per_s, self.scans_per_m, self.m_per_mark)
        return (
            self.shape_plausible
            and self.interval_s is not None
            and all(0.0 <= rate <= 1e5 for rate in rates)
            and 0.0 <= self.permittivity <= 100.0
            and abs(self.position_ns) <= RANGE_NS[1]
        )

    @property
    def shape_plausible(self) -> bool:
        """Whether word length, trace length and channels are possible."""
        return (
            self.bits in WORD_BITS
            and self.samples >= LEAST_SAMPLES
            and 1 <= self.channels <= MOST_CHANNELS
        )

    def data_offset(self, channels: int) -> int:
        """Return the byte at which the traces begin.

        The field counts blocks of 1024 bytes when it is below 1024 (SIR-4000: 128, so
        131,072 bytes), otherwise bytes per channel. 0 means nothing: one block per channel.
        """
        if self.data_field == 0:
            return BLOCK_BYTES * channels
        if self.data_field < BLOCK_BYTES:
            return BLOCK_BYTES * self.data_field
        return self.data_field * channels

    def raw(self) -> dict[str, Any]:
        """Return the fields as plain values; numbers that JSON lacks as text."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def packed_date(bits: int) -> str | None:
    """Return GSSI's packed date as ISO text, None where it is none.

    From the lowest bit: seconds / 2 (5 bits), minute (6), hour (5), day (5), month (4),
    year - 1980 (7).

    Examples
    --------
    >>> packed_date(0x4A750497)
    '2017-03-21T00:36:46'
    """
    try:
        return datetime(
            1980 + (bits >> 25),
            (bits >> 21) & 15,
            (bits >> 16) & 31,
            (bits >> 11) & 31,
            (bits >> 5) & 63,
            2 * (bits & 31),
        ).isoformat()
    except ValueError:
        return None


def _text(field: bytes) -> str:
    kept = field.split(b"\0")[0].decode("latin-1")
    return "".join(letter for letter in kept if letter.isprintable()).strip()


def _plain(value: object) -> object:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
