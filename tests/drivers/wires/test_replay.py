"""A recorded file is read like a wire, at any speed."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from detectkit.drivers import LinkError
from detectkit.drivers.wires import open_transport

WAIT_S = 20.0


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "recorded.bin"
    path.write_bytes(bytes(range(256)) * 1000)
    return path


def test_every_byte_comes_then_the_end_breaks_the_link(recorded: Path) -> None:
    wire = open_transport(f"replay:{recorded}")
    wire.open()
    wire.write(b"nobody hears this")
    data = b"".join(wire.read(1.0) for _ in range(4))
    assert data == recorded.read_bytes()
    with pytest.raises(LinkError, match="end of the recording"):
        wire.read(1.0)
    wire.close()
    wire.open()
    assert wire.read(1.0)[:2] == b"\0\1"
    wire.close()


def test_a_rate_is_kept_over_the_whole(recorded: Path) -> None:
    recorded.write_bytes(bytes(2000))
    wire = open_transport(f"replay:{recorded}?rate=10000")
    wire.open()
    began, size = time.monotonic(), 0
    while size < 2000:
        size += len(wire.read(0.05))
        # Never ahead of time; how far behind depends on the machine.
        assert size <= (time.monotonic() - began) * 10_000 + 2
    assert time.monotonic() - began >= 0.19
    wire.close()


def test_a_slow_rate_lets_a_read_end_without_bytes(recorded: Path) -> None:
    wire = open_transport(f"replay:{recorded}?rate=0.1")
    wire.open()
    began = time.monotonic()
    assert wire.read(0.05) == b""
    assert 0.045 <= time.monotonic() - began < WAIT_S / 2
    wire.close()


def test_closing_from_another_thread_ends_a_read(recorded: Path) -> None:
    wire = open_transport(f"replay:{recorded}?rate=0.01")
    wire.open()
    errors: list[LinkError] = []

    def read() -> None:
        try:
            wire.read(WAIT_S)
        except LinkError as error:
            errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    wire.close()
    reader.join(WAIT_S)
    assert "is closed" in str(errors[0])


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    wire = open_transport(f"replay:{tmp_path / 'missing.bin'}")
    with pytest.raises(LinkError, match="give an existing file"):
        wire.open()
    with pytest.raises(LinkError, match="is closed"):
        wire.read(0.0)
