"""How messages lie in the bytes of each wire: bare over UDP, with a prefix over USB and serial.

Serial (UART): ``A5 A5``, u16 length, message, CRC-16/XMODEM of the message (polynomial 0x1021,
initial value 0), big-endian. USB: the same without the CRC. UDP: the message is the datagram.
Source: Time Domain 320-0298E and its companion note 320-0287E.
"""

from __future__ import annotations

import re
import struct
from binascii import crc_hqx
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from detectkit_drivers.p4xx.messages import (
    FROM_RADAR,
    HEAD,
    SCAN_HEAD,
    SCAN_INFO,
    ScanHead,
    status_of,
)

Framing = Literal["udp", "serial", "usb"]
Verdict = Literal["good", "damaged", "skip", "wait"]

MARK = b"\xa5\xa5"
PREFIX = struct.Struct(">2sH")
CHECKSUM = struct.Struct(">H")
KIND = struct.Struct(">H")
LARGEST_STATUS = 0xFF
LARGEST_STRANGE = 256  # bytes of a message of a type that is not known here


class Cut(NamedTuple):
    """What the bytes begin with, how many of them, and the message where it is good."""

    verdict: Verdict
    used: int = 0
    message: bytes = b""


WAIT = Cut("wait")


def wrap(message: bytes, framing: Framing) -> bytes:
    """Return the bytes on the wire."""
    if framing == "udp":
        return message
    prefixed = PREFIX.pack(MARK, len(message)) + message
    return prefixed if framing == "usb" else prefixed + CHECKSUM.pack(crc_hqx(message, 0))


def cut(held: bytes, at: int, framing: Framing, sizes: Mapping[int, int]) -> Cut:
    """Tell what ``held[at:]`` begins with; `sizes` are the types of message and their bytes."""
    if framing == "udp":
        return _cut_bare(held, at, sizes)
    return _cut_prefixed(held, at, framing, sizes)


def messages_in(held: bytes, framing: Framing, sizes: Mapping[int, int]) -> Iterator[bytes]:
    """Yield the good messages in bytes, whatever lies between them and behind the last."""
    at = 0
    while at < len(held):
        found = cut(held, at, framing, sizes)
        if found.verdict == "good":
            yield found.message
        at += max(found.used, 1)


def _cut_prefixed(held: bytes, at: int, framing: Framing, sizes: Mapping[int, int]) -> Cut:
    if not held.startswith(MARK[: len(held) - at], at):
        found = held.find(MARK[:1], at + 1)
        return Cut("skip", (found if found > 0 else len(held)) - at)
    if len(held) - at < PREFIX.size + HEAD.size:
        return WAIT
    length = PREFIX.unpack_from(held, at)[1]
    kind = HEAD.unpack_from(held, at + PREFIX.size)[0]
    if not HEAD.size <= length <= max(sizes.get(kind, 0), LARGEST_STRANGE):
        return Cut("damaged", 1)
    end = at + PREFIX.size + length
    whole = end + (CHECKSUM.size if framing == "serial" else 0)
    if len(held) < whole:
        return WAIT
    message = held[at + PREFIX.size : end]
    if framing == "serial":
        is_good = crc_hqx(message, 0) == CHECKSUM.unpack_from(held, end)[0]
    else:
        is_good = sizes.get(kind) == length and _is_plausible(message)
    return Cut("good", whole - at, message) if is_good else Cut("damaged", 1)


def _cut_bare(held: bytes, at: int, sizes: Mapping[int, int]) -> Cut:
    if len(held) - at < KIND.size:
        return WAIT
    kind = KIND.unpack_from(held, at)[0]
    if kind not in sizes:  # told by two bytes: to wait for more would count by how they come
        return Cut("skip", _next_type(held, at + 1, sizes) - at)
    if kind == SCAN_INFO and len(held) - at >= SCAN_HEAD.size and not scan_head(held, at):
        return Cut("damaged", 1)
    if len(held) - at < sizes[kind]:
        return WAIT
    message = held[at : at + sizes[kind]]
    return Cut("good", len(message), message) if _is_plausible(message) else Cut("damaged", 1)


def scan_head(held: bytes, at: int = 0) -> ScanHead | None:
    """Return the fields before the samples, None where they do not fit each other."""
    head = ScanHead._make(SCAN_HEAD.unpack_from(held, at))
    return head if head.is_plausible else None


def _is_plausible(message: bytes) -> bool:
    """Tell whether the fields can be so: there is no checksum over UDP and USB."""
    kind = HEAD.unpack_from(message)[0]
    if kind == SCAN_INFO:
        return scan_head(message) is not None
    if kind in FROM_RADAR and len(message) > HEAD.size:
        return status_of(message) <= LARGEST_STATUS
    return True


def _next_type(held: bytes, at: int, sizes: Mapping[int, int]) -> int:
    """Return where the next type of message may begin, the last byte where there is none."""
    kinds = b"|".join(re.escape(KIND.pack(kind)) for kind in sizes)
    found = re.compile(kinds, re.DOTALL).search(held, at)
    return found.start() if found else max(len(held) - 1, at)
