"""The two ways in which an X4 module frames its messages; little-endian.

Normal: ``7D``, data, XOR of all bytes before it, ``7E``; behind the start, ``7F`` goes before each
byte that is 7D, 7E or 7F and not a flag; the XOR is of the bytes without these.
Bulk: ``7C 7C 7C 7C``, u32 length of the data, one reserved byte, data; no checksum.
Source: Novelda XTAN-11 "XeThru Module Communication Protocol", revision C (2018), chapter 3.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import reduce
from operator import xor
from typing import Literal, NamedTuple

START, END, ESCAPE = 0x7D, 0x7E, 0x7F
BULK_START = b"\x7c\x7c\x7c\x7c"
BULK_HEAD = struct.Struct("<4sIB")
FLOATS_HEAD = struct.Struct("<BBIII")  # two codes, content, frame counter, number of floats
FLOATS_CODES = b"\xa0\x12"

LONGEST_NORMAL = 1024
LONGEST_BULK = 16384

Verdict = Literal["good", "damaged", "skip", "wait"]

_BODY = re.compile(rb"(?:[^\x7d-\x7f]|\x7f[\x7d-\x7f])*", re.DOTALL)
_ESCAPED = re.compile(rb"\x7f([\x7d-\x7f])", re.DOTALL)
_FLAGS = re.compile(rb"[\x7d-\x7f]", re.DOTALL)
_STARTS = re.compile(rb"[\x7c\x7d]", re.DOTALL)


class Cut(NamedTuple):
    """What the bytes begin with, how many of them, and the data where they are good."""

    verdict: Verdict
    used: int = 0
    data: bytes = b""


WAIT = Cut("wait")


def frame(data: bytes) -> bytes:
    """Return the normal frame around data.

    Examples
    --------
    >>> frame(bytes.fromhex("20 13")).hex(" ")  # stop
    '7d 20 13 4e 7e'
    """
    checked = data + bytes([reduce(xor, data, START)])
    return bytes([START]) + _FLAGS.sub(b"\x7f" + rb"\g<0>", checked) + bytes([END])


def bulk_frame(data: bytes) -> bytes:
    """Return the bulk frame around data."""
    return BULK_HEAD.pack(BULK_START, len(data), 0) + data


def cut(held: bytes, at: int) -> Cut:
    """Tell what ``held[at:]`` begins with."""
    if held[at] == START:
        return _cut_normal(held, at)
    if held.startswith(BULK_START[: len(held) - at], at):
        return _cut_bulk(held, at)
    found = _STARTS.search(held, at + 1)
    return Cut("skip", (found.start() if found else len(held)) - at)


def frames_in(held: bytes) -> Iterator[bytes]:
    """Yield the data of the good frames in bytes, whatever lies between and behind them."""
    at = 0
    while at < len(held):
        found = cut(held, at)
        if found.verdict == "good":
            yield found.data
        at += max(found.used, 1)


def _cut_normal(held: bytes, at: int) -> Cut:
    body = _BODY.match(held, at + 1, at + 1 + LONGEST_NORMAL)
    end = body.end() if body else at + 1
    if end - at > LONGEST_NORMAL - 1:
        return Cut("damaged", 1)
    if end == len(held) or (held[end] == ESCAPE and end + 1 == len(held)):
        return WAIT
    if held[end] != END:
        return Cut("damaged", 1)
    data = _ESCAPED.sub(rb"\1", held[at + 1 : end])
    if len(data) < 2 or reduce(xor, data, START) != 0:
        return Cut("damaged", 1)
    return Cut("good", end + 1 - at, data[:-1])


def _cut_bulk(held: bytes, at: int) -> Cut:
    """Cut a bulk frame; without a checksum, its two lengths and its floats must fit."""
    if len(held) - at < BULK_HEAD.size:
        return WAIT
    length = BULK_HEAD.unpack_from(held, at)[1]
    begin, end = at + BULK_HEAD.size, at + BULK_HEAD.size + length
    if not 0 < length <= LONGEST_BULK or not _lengths_agree(held, begin, length):
        return Cut("damaged", 1)
    other = _another_start(held, begin, end)
    if other >= 0:
        return Cut("damaged", other - at)
    return Cut("good", end - at, held[begin:end]) if len(held) >= end else WAIT


def _another_start(held: bytes, begin: int, end: int) -> int:
    """Return where another bulk frame starts inside this one, which then lost bytes; else -1.

    No radar gives floats with these bytes: the highest 7C alone stands for more than 1e36.
    """
    other = held.find(BULK_START, begin, end)
    if other >= 0 or len(held) < end or not held.startswith(FLOATS_CODES, begin):
        return other
    tail = held[end - 3 : end]
    at_edge = len(tail) - len(tail.rstrip(BULK_START))
    return end - at_edge if at_edge else -1


def _lengths_agree(held: bytes, begin: int, length: int) -> bool:
    if len(held) < begin + FLOATS_HEAD.size or not held.startswith(FLOATS_CODES, begin):
        return True
    return length == FLOATS_HEAD.size + 4 * int(FLOATS_HEAD.unpack_from(held, begin)[4])
