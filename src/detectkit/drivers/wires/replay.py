"""Replay: a file of raw bytes, read as if it came over a wire."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import BinaryIO

from detectkit.drivers.errors import LinkError
from detectkit.drivers.wires.address import Address

CHUNK = 65536


class Replay:
    """``replay:FILE?rate=bytes_per_s``: without a rate as fast as it is read.

    The end of the file is a LinkError; what is written is not heard.
    """

    def __init__(self, address: Address) -> None:
        address.only("rate")
        self.name = address.text
        self._path = Path(address.path)
        self._bytes_per_s = address.number("rate", 0.0)
        self._closed = threading.Event()
        self._in_use = threading.Lock()
        self._file: BinaryIO | None = None
        self._start = 0.0
        self._given = 0

    def open(self) -> None:
        """Open the file at its beginning."""
        self.close()
        try:
            opened = self._path.open("rb")
        except OSError as error:
            msg = f"{self.name} cannot be opened ({error.strerror}); give an existing file"
            raise LinkError(msg) from error
        with self._in_use:
            self._file, self._start, self._given = opened, time.monotonic(), 0
            self._closed.clear()

    def read(self, timeout_s: float) -> bytes:
        """Return what is due by now; b"" after `timeout_s`, LinkError at the end."""
        with self._in_use:
            if self._file is None or self._closed.wait(self._pause_s(timeout_s)):
                msg = f"{self.name} is closed"
                raise LinkError(msg)
            due = self._due()
            if due == 0:
                return b""
            data = self._file.read(min(due, CHUNK))
            self._given += len(data)
            if not data:
                msg = f"{self.name}: end of the recording"
                raise LinkError(msg)
            return data

    def write(self, data: bytes) -> None:
        """Do nothing: a recording hears nobody."""

    def close(self) -> None:
        """Close the file; a read in another thread ends with a LinkError."""
        self._closed.set()
        with self._in_use:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _due(self) -> int:
        if self._bytes_per_s == 0.0:
            return CHUNK
        return int((time.monotonic() - self._start) * self._bytes_per_s) - self._given

    def _pause_s(self, timeout_s: float) -> float:
        """Return how long until a byte is due, at most `timeout_s`."""
        if self._bytes_per_s == 0.0:
            return 0.0
        next_byte_s = self._start + (self._given + 1) / self._bytes_per_s
        return min(max(next_byte_s - time.monotonic(), 0.0), max(timeout_s, 0.0))
