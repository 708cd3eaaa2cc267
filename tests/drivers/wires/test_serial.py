"""Serial ports, on pseudo-terminals: what a hang-up is, who has the port, and its stable name."""

from __future__ import annotations

import builtins
import fcntl
import os
import termios
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detectkit.core import MissingDependencyError
from detectkit.drivers import LinkError, Transport
from detectkit.drivers.wires import open_transport, serial, wire

WAIT_S = 20.0


class Pair:
    """A pseudo-terminal whose master the test holds, and a link to the other end."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.plug()

    def plug(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.device = os.ttyname(slave)
        os.close(slave)
        self.link.symlink_to(self.device)

    def unplug(self) -> None:
        self.link.unlink()
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        if self.master >= 0:
            self.unplug()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path / "port")
    yield made
    made.close()


@pytest.fixture
def port(pair: Pair) -> Iterator[Transport]:
    transport = open_transport(f"serial:{pair.link}?baud=57600")
    transport.open()
    yield transport
    transport.close()


def read_all(transport: Transport, size: int) -> bytes:
    until, data = time.monotonic() + WAIT_S, b""
    while len(data) < size:
        assert time.monotonic() < until, data
        data += transport.read(0.2)
    return data


def test_bytes_pass_unchanged_both_ways(pair: Pair, port: Transport) -> None:
    every = bytes(range(256))
    os.write(pair.master, every)
    assert read_all(port, 256) == every
    port.write(every)
    assert os.read(pair.master, 1000) == every


def test_what_has_arrived_comes_at_once(pair: Pair, port: Transport) -> None:
    os.write(pair.master, b"ten bytes!")
    began = time.monotonic()
    assert port.read(WAIT_S) == b"ten bytes!"
    assert time.monotonic() - began < WAIT_S / 2


def test_a_quiet_port_gives_no_bytes_after_the_time_limit(port: Transport) -> None:
    began = time.monotonic()
    assert port.read(0.05) == b""
    assert time.monotonic() - began >= 0.045


def test_the_settings_reach_the_port(pair: Pair) -> None:
    port = open_transport(f"serial:{pair.link}?baud=9600&stopbits=2&rtscts=1")
    port.open()
    flags = termios.tcgetattr(pair.master)
    assert flags[4] == flags[5] == termios.B9600
    assert flags[2] & termios.CSTOPB
    assert flags[2] & termios.CRTSCTS
    port.close()


def test_a_cable_that_is_pulled_breaks_reading_and_writing(pair: Pair, port: Transport) -> None:
    pair.unplug()
    with pytest.raises(LinkError, match="hung up"):
        port.read(WAIT_S)
    with pytest.raises(LinkError, match="hung up"):
        port.write(b"x")


def test_a_cable_that_is_pulled_ends_a_read_that_waits(pair: Pair, port: Transport) -> None:
    errors = read_in_background(port, pair.unplug)
    assert "hung up" in errors[0]


@pytest.mark.parametrize("attempt", range(5))
def test_closing_from_another_thread_ends_a_read(port: Transport, attempt: int) -> None:
    errors = read_in_background(port, port.close)
    assert "is closed" in errors[0], attempt


def read_in_background(port: Transport, act: Any) -> list[str]:
    """Read in a thread, `act` meanwhile, and return what the read raised."""
    errors: list[str] = []

    def read() -> None:
        try:
            port.read(WAIT_S)
        except LinkError as error:
            errors.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.02)
    began = time.monotonic()
    act()
    reader.join(WAIT_S)
    assert time.monotonic() - began < WAIT_S / 2
    return errors


def test_plugged_in_again_it_opens_under_the_same_address(pair: Pair, port: Transport) -> None:
    pair.unplug()
    port.close()
    with pytest.raises(LinkError, match="is not there"):
        port.open()
    pair.plug()
    port.open()
    os.write(pair.master, b"back")
    assert read_all(port, 4) == b"back"


def test_a_device_is_reopened_by_its_stable_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An adapter that comes back under another number is found by /dev/serial/by-id."""
    monkeypatch.setattr(serial, "BY_ID", tmp_path)
    monkeypatch.setattr(serial, "_noted", {})
    adapter = Pair(tmp_path / "usb-Maker_Adapter_A1-if00-port0")
    port = open_transport(f"serial:{adapter.device}")
    port.open()
    first = adapter.device
    adapter.unplug()
    with pytest.raises(LinkError):
        port.read(WAIT_S)
    port.close()
    with pytest.raises(LinkError, match=r"looked for .*usb-Maker_Adapter"):
        open_transport(f"serial:{first}").open()
    squatter = os.openpty()
    adapter.plug()
    again = open_transport(f"serial:{first}")
    again.open()
    os.write(adapter.master, b"same adapter")
    assert read_all(again, 12) == b"same adapter"
    again.close()
    adapter.close()
    for descriptor in squatter:
        os.close(descriptor)


def test_a_second_program_is_kept_out_and_told(pair: Pair, port: Transport) -> None:
    other = open_transport(f"serial:{pair.link}")
    with pytest.raises(LinkError, match="is in use by another program"):
        other.open()
    port.close()
    other.open()
    other.close()


def test_the_port_is_locked_against_programs_that_do_not_look(pair: Pair, port: Transport) -> None:
    tiocgexcl = 0x80045440  # ask whether TIOCEXCL is set; Linux only
    state = bytearray(4)
    try:
        fcntl.ioctl(pair.master, tiocgexcl, state)
    except OSError:
        pytest.skip("this system does not tell whether a port is exclusive")
    assert isinstance(port, serial.Serial)
    fcntl.ioctl(port._descriptor(), tiocgexcl, state)
    assert state[0] == 1


@pytest.mark.parametrize(
    "refusal", [termios.error(22, "Invalid argument"), ValueError("Invalid baud rate: 7")]
)
def test_settings_that_a_port_refuses_are_named(
    refusal: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing:
        @staticmethod
        def Serial(*_: Any, **__: Any) -> None:
            raise refusal

    monkeypatch.setattr(serial, "_pyserial", lambda: Refusing)
    port = open_transport("serial:/dev/ttyS0?parity=E")
    with pytest.raises(LinkError, match=r"refuses its settings .*'parity': 'E'.*nvalid"):
        port.open()


def test_a_host_that_does_not_read_ends_the_write(
    port: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "WRITE_S", 0.1)
    with pytest.raises(LinkError, match=r"took no byte for 0\.1 s"):
        port.write(bytes(1_000_000))


def test_without_pyserial_the_extra_is_named(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "serial":
            raise ImportError(name)
        return real(name, *rest)

    port = open_transport(f"serial:{pair.link}")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match=r"pip install detectkit\[live\]"):
        port.open()
    with pytest.raises(LinkError, match="is closed"):
        port.read(0.0)


def test_no_descriptor_is_left_open(pair: Pair) -> None:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("this system does not list descriptors")
    port = open_transport(f"serial:{pair.link}")
    port.open()
    port.close()
    before = len(list(folder.iterdir()))
    for _ in range(5):
        port.open()
        port.close()
    assert len(list(folder.iterdir())) == before
