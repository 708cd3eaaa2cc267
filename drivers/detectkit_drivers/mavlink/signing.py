"""Signing of MAVLink 2 frames: who may speak. It hides nothing; texts stay readable.

Written from mavlink.io/en/guide/message_signing.html: 13 bytes follow the checksum, namely a link
number, 48 bits of time in 10 µs since 2015, and the first 48 bits of SHA-256 over the key, the
frame and those two.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path

from detectkit.core import UsageError

KEY_BYTES = 32
TICKS_PER_S = 100_000
EPOCH_2015_S = 1_420_070_400
STALE_TICKS = 60 * TICKS_PER_S
SIGNED_V2 = 0x01
MOST_STREAMS = 64
SAVE_EVERY_TICKS = 10 * TICKS_PER_S


def read_key(path: str) -> bytes:
    """Return the key in a file: 32 bytes, or 64 hexadecimal digits.

    Raises
    ------
    UsageError
        The file cannot be read or holds something else.
    """
    try:
        content = Path(path).expanduser().read_bytes()
    except OSError as error:
        msg = f"signing_key {path!r} cannot be read ({error.strerror}); give a file with the key"
        raise UsageError(msg) from error
    if len(content) == KEY_BYTES:
        return content
    try:
        key = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        msg = (
            f"signing_key {path!r} holds {len(content)} bytes; it must hold {KEY_BYTES} bytes or "
            f"{2 * KEY_BYTES} hexadecimal digits, the key that the autopilot was set up with"
        )
        raise UsageError(msg)
    return key


def now_ticks() -> int:
    """Return the time of this machine in ticks of 10 µs since 2015."""
    return int((time.time() - EPOCH_2015_S) * TICKS_PER_S)


class Guard:
    """Tells which frames bear a valid, fresh signature. Pure: it reads no clock.

    A sender's stamps must rise. Of a sender heard for the first time, the stamp may lie at most
    60 s behind the newest known one, our own included: those come through `own`.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._newest = 0
        self._streams: dict[tuple[int, int, int], int] = {}

    @property
    def newest(self) -> int:
        """The newest stamp that was accepted, in ticks."""
        return self._newest

    def own(self, frame: bytes) -> None:
        """Learn the time from a frame that we signed."""
        if is_signed(frame):
            self._newest = max(self._newest, stamp_of(frame))

    def accepts(self, frame: bytes) -> bool:
        """Tell whether a frame with a right checksum is signed with the key, and fresh."""
        if not is_signed(frame):
            return False
        if not hmac.compare_digest(frame[-6:], signature(self._key, frame[:-6])):
            return False
        stamp, stream = stamp_of(frame), (frame[-13], frame[5], frame[6])
        last = self._streams.get(stream)
        if last is None:
            is_fresh = stamp + STALE_TICKS >= self._newest and len(self._streams) < MOST_STREAMS
        else:
            is_fresh = stamp > last
        if is_fresh:
            self._streams[stream] = stamp
            self._newest = max(self._newest, stamp)
        return is_fresh


class StampClock:
    """Gives rising stamps for our frames, over restarts and wrong clocks too.

    The time is kept in a file beside the key, up to 10 s ahead, so that a stamp is never used
    twice: a machine without a battery for its clock starts in the past. No path: nothing is kept.
    """

    def __init__(self, path: Path | None, *, now: Callable[[], int] = now_ticks) -> None:
        self._path = path
        self._now = now
        self._last = 0 if path is None else _saved(path)
        self._saved_until = 0

    def next(self, *, at_least: int = 0) -> int:
        """Return the next stamp, above all before and not below `at_least`."""
        self._last = max(self._last + 1, self._now(), at_least)
        if self._path is not None and self._last >= self._saved_until:
            self._saved_until = self._last + SAVE_EVERY_TICKS
            _save(self._path, self._saved_until)
        return self._last


def stamp_file(key_path: str) -> Path:
    """Return where the last stamp of a key is kept."""
    path = Path(key_path).expanduser()
    return path.with_name(path.name + ".timestamp")


def is_signed(frame: bytes) -> bool:
    """Tell whether a frame carries a signature."""
    return frame[0] == 0xFD and bool(frame[2] & SIGNED_V2)


def stamp_of(frame: bytes) -> int:
    """Return the stamp of a signed frame in ticks."""
    return int.from_bytes(frame[-12:-6], "little")


def signature(key: bytes, signed_part: bytes) -> bytes:
    """Return the 6 bytes that end a frame whose other bytes are `signed_part`."""
    return hashlib.sha256(key + signed_part).digest()[:6]


def _save(path: Path, stamp: int) -> None:
    """Replace the file in one go, so that a crash leaves the old or the new stamp."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(f"{stamp}\n", encoding="ascii")
    fresh.replace(path)


def _saved(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
