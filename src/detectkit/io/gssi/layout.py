"""Where the traces of a .DZT file lie and what its words are, from header and user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from detectkit.core import FormatError, UsageError
from detectkit.io.gssi.header import (
    LEAST_SAMPLES,
    MOST_CHANNELS,
    TAGS,
    WORD_BITS,
    DztHeader,
)
from detectkit.io.gssi.traces import MARK_WORDS
from detectkit.io.overrides import Overrides
from detectkit.io.records import RecordFile
from detectkit.io.remarks import Remarks

STRUCTURAL: Mapping[str, str] = MappingProxyType(
    {
        "data_offset": "byte at which the traces begin",
        "samples": "words per trace, header words included",
        "bits": "bits per word: 8, 16 or 32",
        "channels": "interleaved channels",
        "byte_order": "of the words: little or big",
        "coding": "of the words: offset-binary or signed",
        "header_words": "leading words of a trace that are not signal: 0 or 2",
        "mark_word": "value of the second word that means a mark",
    }
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The geometry of the file."""

    path: Path
    offset: int
    samples: int
    bits: int
    channels: int
    big_endian: bool
    offset_binary: bool
    blank: int
    mark_words: tuple[int, ...]

    def channel(self, index: int) -> RecordFile:
        """Return the records of one channel, 0-based."""
        order = ">" if self.big_endian else "<"
        word = np.dtype(f"{order}u{self.bits // 8}")
        record = np.dtype([("words", word, (self.samples,))])
        return RecordFile(self.path, self.offset, record, self.channels, index)

    @property
    def full_scale(self) -> tuple[float, float]:
        """Lowest and highest sample, offset removed."""
        half = float(1 << (self.bits - 1))
        return -half, half - 1.0


def read_layout(path: Path, head: DztHeader, overrides: Overrides, remarks: Remarks) -> Layout:
    """Settle the layout: the user's word first, then the header's, then the least.

    Raises
    ------
    FormatError
        A figure is impossible and nothing tells the right one, or no trace can be there.
    UsageError
        The user's own figure is impossible.
    """
    _remark_on_the_instrument(head, remarks)
    channels = _channels(head, overrides, remarks)
    bits = _one_of("bits", overrides.integer("bits", head.bits), WORD_BITS, path, 6)
    samples = overrides.integer("samples", head.samples)
    blank = _one_of("header_words", overrides.integer("header_words", 2), (0, 2), path, None)
    if samples < LEAST_SAMPLES:
        msg = (
            f"{path.name} at byte 4: expected at least {LEAST_SAMPLES} samples per trace, "
            f"found {samples}; give the right number with --set samples=512"
        )
        raise FormatError(msg)
    natural = "signed" if bits == 32 else "offset-binary"
    coding = overrides.choice("coding", ("offset-binary", "signed"), natural)
    mark = overrides.integer("mark_word", None)
    return Layout(
        path=path,
        offset=_offset(path, head, overrides, channels, remarks),
        samples=samples,
        bits=bits,
        channels=channels,
        big_endian=overrides.choice("byte_order", ("little", "big"), "little") == "big",
        offset_binary=coding == "offset-binary",
        blank=blank,
        mark_words=MARK_WORDS[bits] if mark is None else (mark,),
    )


def _remark_on_the_instrument(head: DztHeader, remarks: Remarks) -> None:
    if head.tag not in TAGS:
        text = (
            f"unknown header tag 0x{head.tag:04X}; read as the other GSSI headers are, traces "
            f"from byte {head.data_offset(head.channels):,} on"
        )
        remarks.assumed(text, offset=0, setting="data_offset")
    if head.instrument == "GSSI":
        text = (
            f"the header ({TAGS.get(head.tag, 'unknown')}, system code {head.system}) does not "
            "plainly tell the model; taken as a GSSI radar of unknown model"
        )
        remarks.assumed(text, offset=113, setting="instrument")


def _channels(head: DztHeader, overrides: Overrides, remarks: Remarks) -> int:
    channels = overrides.integer("channels", None)
    if channels is None and not 1 <= head.channels <= MOST_CHANNELS:
        text = f"{head.channels} channels are not possible (1 to {MOST_CHANNELS} are); taken as 1"
        remarks.assumed(text, offset=52, setting="channels")
        return 1
    channels = head.channels if channels is None else channels
    if not 1 <= channels <= MOST_CHANNELS:
        msg = f"--set channels={channels}: use 1 to {MOST_CHANNELS}"
        raise UsageError(msg)
    return channels


def _offset(
    path: Path, head: DztHeader, overrides: Overrides, channels: int, remarks: Remarks
) -> int:
    offset = overrides.integer("data_offset", head.data_offset(channels))
    size = path.stat().st_size
    if offset > size:
        msg = (
            f"{path.name} at byte 2: the traces should begin at byte {offset:,}, but the file "
            f"ends at byte {size:,}; it is cut, or give the place with --set data_offset=1024"
        )
        raise FormatError(msg)
    if head.data_field == 0 and "data_offset" not in overrides:
        text = f"the header gives no place for the traces; taken from byte {offset:,} on"
        remarks.assumed(text, offset=2, setting="data_offset")
    return offset


def _one_of(name: str, value: int, allowed: tuple[int, ...], path: Path, byte: int | None) -> int:
    if value not in allowed:
        options = ", ".join(map(str, allowed))
        place = path.name if byte is None else f"{path.name} at byte {byte}"
        msg = (
            f"{place}: expected {name} to be one of {options}, found {value}; "
            f"give the right one with --set {name}={allowed[-1]}"
        )
        raise FormatError(msg)
    return value
