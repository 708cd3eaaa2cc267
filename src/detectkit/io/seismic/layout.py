"""The file header of SEG-Y: text, binary header, byte order, where traces start, their length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detectkit.core import FormatError
from detectkit.io.overrides import Overrides
from detectkit.io.records import RecordFile
from detectkit.io.remarks import Remarks
from detectkit.io.seismic.trace_header import (
    BYTE_ORDERS,
    HEADER_BYTES,
    ByteOrder,
    header_type,
    record_type,
)

TEXT_BYTES, BINARY_BYTES = 3200, 400
FILE_HEADER_BYTES = TEXT_BYTES + BINARY_BYTES
SAMPLE_TYPES: dict[int, str] = {
    1: "u4",  # IBM float, converted when read
    2: "i4",
    3: "i2",
    5: "f4",
    6: "f8",
    8: "i1",
    10: "u4",
    11: "u2",
    16: "u1",
}
IBM_FLOAT = 1
_INTERVAL, _SAMPLES, _FORMAT, _MEASURE = 16, 20, 24, 54
_ORDER_MARK, _EXTENDED_TEXTS = 96, 304
_ORDER_MARKS: dict[bytes, ByteOrder] = {b"\1\2\3\4": "big", b"\4\3\2\1": "little"}
_MOST_TEXTS = 100


@dataclass(frozen=True, slots=True)
class BinaryHeader:
    """The 400-byte binary header, read in one byte order."""

    order: ByteOrder
    content: bytes

    def word(self, offset: int) -> int:
        """Return the unsigned 16-bit number at an offset from the start of this header."""
        return int.from_bytes(self.content[offset : offset + 2], self.order)

    @property
    def interval(self) -> int:
        """Sample interval as written."""
        return self.word(_INTERVAL)

    @property
    def samples(self) -> int:
        """Samples per trace as written."""
        return self.word(_SAMPLES)

    @property
    def sample_format(self) -> int:
        """Code of the sample format."""
        return self.word(_FORMAT)

    @property
    def feet(self) -> bool:
        """True where lengths are in feet."""
        return self.word(_MEASURE) == 2

    @property
    def texts(self) -> int:
        """Number of extended text headers of 3200 bytes."""
        told = self.word(_EXTENDED_TEXTS)
        return told if told <= _MOST_TEXTS else 0


@dataclass(frozen=True, slots=True)
class Layout:
    """The chosen records of a SEG-Y file."""

    binary: BinaryHeader
    records: RecordFile
    samples: int
    sample_format: int


def byte_order_of(content: bytes) -> ByteOrder:
    """Return the byte order of a binary header: by its mark, else by its format code, else big."""
    marked = _ORDER_MARKS.get(content[_ORDER_MARK : _ORDER_MARK + 4])
    if marked is not None:
        return marked
    code = content[_FORMAT : _FORMAT + 2]
    little = 1 <= int.from_bytes(code, "little") <= 16
    big = 1 <= int.from_bytes(code, "big") <= 16
    return "little" if little and not big else "big"


def text_of(head: bytes) -> str:
    """Return the text header, from EBCDIC where most of its blanks are, else UTF-8."""
    text = head[:TEXT_BYTES]
    if text.count(b"\x40") > text.count(b"\x20"):
        return text.decode("cp037")
    return text.decode("utf-8", errors="replace")


def is_text(head: bytes) -> bool:
    """Tell whether nearly all characters of the text header can be printed."""
    text = text_of(head)
    shown = sum(one.isprintable() or one in "\r\n\t\0\x85" for one in text)
    letters = sum(one.isalnum() or one == " " for one in text)
    return bool(text) and shown >= 0.95 * len(text) and letters >= 0.3 * len(text)


def choose_layout(path: Path, overrides: Overrides, remarks: Remarks) -> Layout:
    """Choose byte order, sample format, start of the traces and samples per trace.

    Raises
    ------
    FormatError
        The file is shorter than its headers, its sample format is not one that can be read,
        or no source tells samples of which one trace fits the file.
    """
    size = path.stat().st_size
    with path.open("rb") as handle:
        content = handle.read(FILE_HEADER_BYTES)[TEXT_BYTES:]
    if len(content) < BINARY_BYTES:
        msg = f"{path.name} at byte {size:,}: expected {FILE_HEADER_BYTES} header bytes, found end"
        raise FormatError(msg)
    told = overrides.choice("byte_order", BYTE_ORDERS, None)
    order: ByteOrder = byte_order_of(content)
    if told is not None:
        order = "little" if told == "little" else "big"
    binary = BinaryHeader(order, content)
    sample_format = _sample_format(path, binary, overrides)
    width = np.dtype(SAMPLE_TYPES[sample_format]).itemsize
    offset, samples = _best(path, binary, size, width, overrides)
    if samples != binary.samples:
        text = f"{samples} samples per trace fit the file, the binary header tells {binary.samples}"
        remarks.warning(text, offset=TEXT_BYTES + _SAMPLES, setting="samples")
    records = RecordFile(path, offset, record_type(order, SAMPLE_TYPES[sample_format], samples))
    if records.tail_bytes:
        text = f"{records.tail_bytes} bytes after the last whole trace: the file was cut"
        remarks.warning(text, offset=records.tail_offset)
    return Layout(binary, records, samples, sample_format)


def _sample_format(path: Path, binary: BinaryHeader, overrides: Overrides) -> int:
    code = overrides.integer("sample_format", binary.sample_format)
    if code not in SAMPLE_TYPES:
        codes = ", ".join(str(one) for one in SAMPLE_TYPES)
        msg = (
            f"{path.name} at byte {TEXT_BYTES + _FORMAT}: expected a sample format of {codes}, "
            f"found {code} ({binary.order}-endian); give sample_format or byte_order"
        )
        raise FormatError(msg)
    return code


def _best(
    path: Path, binary: BinaryHeader, size: int, width: int, overrides: Overrides
) -> tuple[int, int]:
    """Return the start of the traces and samples per trace that fill the file best."""
    choices = list(_choices(path, binary, size, width, overrides))
    if not choices:
        msg = (
            f"{path.name} at byte {TEXT_BYTES + _SAMPLES}: expected samples per trace of which "
            f"one trace fits {size:,} bytes, found {binary.samples} ({binary.order}-endian); give "
            "samples, data_offset or byte_order"
        )
        raise FormatError(msg)
    for offset, samples in choices:
        if (size - offset) % (HEADER_BYTES + samples * width) == 0:
            return offset, samples
    return choices[0]


def _choices(
    path: Path, binary: BinaryHeader, size: int, width: int, overrides: Overrides
) -> Iterator[tuple[int, int]]:
    given = overrides.integer("samples", None)
    start = overrides.integer("data_offset", None)
    offsets = [FILE_HEADER_BYTES + TEXT_BYTES * binary.texts, FILE_HEADER_BYTES]
    for offset in dict.fromkeys(offsets) if start is None else [start]:
        told = [binary.samples, samples_at(path, offset, binary.order)]
        for samples in dict.fromkeys(told) if given is None else [given]:
            if samples > 0 and offset + HEADER_BYTES + samples * width <= size:
                yield offset, samples


def samples_at(path: Path, offset: int, order: ByteOrder) -> int:
    """Return the samples per trace that the trace header at an offset tells, 0 for none."""
    with path.open("rb") as handle:
        handle.seek(offset)
        head = handle.read(HEADER_BYTES)
    if len(head) < HEADER_BYTES:
        return 0
    return int(np.frombuffer(head, header_type(order), count=1)["samples"][0])
