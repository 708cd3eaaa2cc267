"""The records of an IDS .dt file: a 4-byte tag each, headers first, then one per trace.

The layout was read off files, not off a vendor's document; see the reader for what is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError
from detectkit.io.records import Columns, RecordFile

TAG_BYTES = 4
TRACE_TAG = b"R"
MAX_HEADER_RECORDS = 4096
BLANK_SAMPLES = 2
_TAG = re.compile(rb"^[A-Z]{1,3}[0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class DtHeader:
    """The header records of a .dt file.

    Parameters
    ----------
    record_bytes
        Length of every record, headers and traces alike.
    first_trace
        Number of records before the first trace, counted, not assumed.
    records
        Tag → body of the first record of that tag.
    """

    record_bytes: int
    first_trace: int
    records: Mapping[str, bytes]

    def text(self, tag: str) -> str:
        """Return a record's body as text, empty where there is no such record."""
        return self.records.get(tag, b"").replace(b"\0", b" ").decode("latin-1").strip()


def record_bytes(head: bytes) -> int:
    """Return the record length that the first record tells, 0 where it is none."""
    if len(head) < 6 or head[:1] != b"V":
        return 0
    length = int.from_bytes(head[4:6], "little")
    whole = length >= 2 * TAG_BYTES and (length - TAG_BYTES) % 2 == 0
    return length if whole else 0


def tag_of(record: bytes) -> str:
    r"""Return the letters of a record's tag.

    Examples
    --------
    >>> tag_of(b"AC1\x00"), tag_of(b"H\x15\x04\x00")
    ('AC1', 'H')
    """
    found = _TAG.match(record[:TAG_BYTES])
    return "" if found is None else found.group().decode("ascii")


def read_header(path: Path) -> DtHeader:
    """Read the records before the first trace.

    Raises
    ------
    FormatError
        The first record is not a version record, or no trace record follows.
    """
    with path.open("rb") as handle:
        head = handle.read(6)
        length = record_bytes(head)
        if length == 0:
            msg = (
                f"{path.name} at byte 0: expected a record 'V' with its length at byte 4, "
                f"found {head.hex(' ') or 'nothing'}"
            )
            raise FormatError(msg)
        handle.seek(0)
        records: dict[str, bytes] = {}
        for index in range(MAX_HEADER_RECORDS):
            record = handle.read(length)
            if len(record) < length:
                break
            if record[:1] == TRACE_TAG and tag_of(record) == "R":
                return DtHeader(length, index, records)
            records.setdefault(tag_of(record), record[TAG_BYTES:])
    msg = (
        f"{path.name} at byte {index * length:,}: expected a whole trace record 'R' of {length} "
        f"bytes, found the end of the file or {MAX_HEADER_RECORDS} headers"
    )
    raise FormatError(msg)


def trace_type(length: int) -> np.dtype[Any]:
    """Return the dtype of one trace record."""
    samples = (length - TAG_BYTES) // 2
    return np.dtype([("tag", f"V{TAG_BYTES}"), ("samples", "<i2", (samples,))])


@dataclass(frozen=True, slots=True)
class DtTraces:
    """Traces of one channel; the two words that are not signal become coordinates."""

    records: RecordFile

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], Columns]:
        """Return samples, sample 2 repeated in samples 0 and 1, and those two words."""
        rows = self.records.read(start, stop)
        words = rows["samples"].astype(np.int16)
        data = words.copy()
        if data.shape[1] > BLANK_SAMPLES:
            data[:, :BLANK_SAMPLES] = words[:, BLANK_SAMPLES : BLANK_SAMPLES + 1]
        tags = np.ascontiguousarray(rows["tag"]).view(np.uint8).reshape(-1, TAG_BYTES)
        columns = {
            "header_word_0": words[:, 0],
            "header_word_1": words[:, min(1, words.shape[1] - 1)],
            "damaged_tag": (tags[:, 0] != TRACE_TAG[0]).astype(np.uint8),
        }
        return data, columns
