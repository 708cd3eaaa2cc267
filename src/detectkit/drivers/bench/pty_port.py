"""A serial port: a pseudo-terminal behind a link that stays the same."""

from __future__ import annotations

import os
import shutil
import tempfile
import tty
from pathlib import Path

from detectkit.drivers.bench.port import StreamPort


class PtyPort(StreamPort):
    """``pty:``: bytes are lost while no host has it open, and when the host does not read.

    The host opens the link; unplugging removes it and hangs up, plugging in makes a new
    pseudo-terminal under the same link, as udev does. A pseudo-terminal knows no baud rate.
    """

    buffer_bytes = 1 << 18

    def __init__(self) -> None:
        super().__init__()
        self._link: Path | None = None
        self._master: int | None = None
        self._host_there = False

    def plug(self) -> None:
        """Make a pseudo-terminal and its link."""
        if self._master is not None:
            return
        if self._link is None:
            self._link = Path(tempfile.mkdtemp(prefix="detectkit-bench-")) / "port"
            self.address = f"serial:{self._link}"
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self._link.symlink_to(os.ttyname(slave))
        os.close(slave)

    def unplug(self) -> None:
        """Take the link away and hang up."""
        if self._master is None or self._link is None:
            return
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        self._master, self._host_there = None, False
        self._lose()

    def reboot(self) -> None:
        """Lose what was not yet handed over."""
        self._lose()

    def close(self) -> None:
        """Unplug for good."""
        self.unplug()
        if self._link is not None:
            shutil.rmtree(self._link.parent, ignore_errors=True)

    def receive(self) -> list[bytes]:
        """Look whether a host has the port open, and return what came from it."""
        self._host_there = self._master is not None
        return super().receive()

    def _descriptor(self) -> int | None:
        return self._master if self._host_there else None

    def _read(self) -> bytes:
        return os.read(self._opened(), 65536)

    def _write(self, data: memoryview) -> int:
        return os.write(self._opened(), data)

    def _hung_up(self) -> None:
        # Reading the master fails while nobody has the other end open; the next tick looks again.
        self._host_there = False

    def _opened(self) -> int:
        if self._master is None:
            msg = "the pseudo-terminal is unplugged"
            raise OSError(msg)
        return self._master
