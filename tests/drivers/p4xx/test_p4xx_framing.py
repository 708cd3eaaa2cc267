from __future__ import annotations

import pytest

from detectkit_drivers.p4xx.framing import cut, messages_in, wrap
from detectkit_drivers.p4xx.messages import (
    FOREVER,
    FROM_RADAR,
    GET_CONFIG,
    SCAN_BYTES,
    SCAN_HEAD,
    STATUS_BODY,
    Configuration,
    control,
    health_of,
    request,
)

# Printed by the vendor (Time Domain 320-0287E): an RCM request and its reply on the serial port.
VENDOR_FRAMES = (
    bytes.fromhex("A5A5 0004 0002 0001 7E41"),
    bytes.fromhex(
        "A5A5 0020 0102 0001 00000012 0007 00 00 00000000 00000000 0000 00 00 000893CC 000000003515"
    ),
)


@pytest.mark.parametrize("frame", VENDOR_FRAMES)
def test_checksums_printed_by_the_vendor_hold(frame: bytes) -> None:
    found = cut(frame, 0, "serial", FROM_RADAR)
    assert (found.verdict, found.used, found.message) == ("good", len(frame), frame[4:-2])
    assert wrap(frame[4:-2], "serial") == frame


@pytest.mark.parametrize("frame", VENDOR_FRAMES)
@pytest.mark.parametrize("bit", [0, 3, 7])
def test_no_flipped_bit_passes_the_checksum(frame: bytes, bit: int) -> None:
    for at in range(len(frame)):
        broken = bytearray(frame)
        broken[at] ^= 1 << bit
        assert list(messages_in(bytes(broken), "serial", FROM_RADAR)) == []


def test_requests_have_the_bytes_of_the_specification() -> None:
    """Synthetic, built from the specification and recomputed."""
    get = request(GET_CONFIG, 1)
    assert wrap(get, "udp") == bytes.fromhex("10020001")
    assert wrap(get, "usb") == bytes.fromhex("a5a5000410020001")
    assert wrap(get, "serial") == bytes.fromhex("a5a500041002000165e6")
    start = control(2, scans=FOREVER)
    assert wrap(start, "udp") == bytes.fromhex("10030002ffff000000000000")
    framed = wrap(start, "serial")
    assert framed[:4].hex() == "a5a5000c"
    assert framed[-2:].hex() == "b8f3"
    assert control(3, scans=0, interval_us=0) == bytes.fromhex("100300030000000000000000")


def test_messages_have_the_sizes_of_the_specification() -> None:
    assert len(Configuration().to_bytes()) + 4 == 36
    assert SCAN_HEAD.size == 52
    assert SCAN_BYTES == 1452
    assert STATUS_BODY.size + 4 == 64


def test_a_configuration_survives_the_wire() -> None:
    sent = Configuration(101, -2_000, 60_000, 32, 15, 3, 20, 7, 1)
    assert Configuration.from_bytes(sent.to_bytes()) == sent


def test_temperature_is_told_in_quarters_of_a_degree() -> None:
    body = STATUS_BODY.pack(
        2, 1, 37, 0, 0, 0, 0, 0, 0, 0, 0x1234, 0, 0, 0, 0, -10, b"P440 1.2\0", 0
    )
    health = health_of(b"\xf1\x01\x00\x01" + body)
    assert health["temperature_degC"] == -2.5
    assert health["firmware"] == "2.1.37"
    assert health["package"] == "P440 1.2"
    assert health["serial"] == "00001234"


@pytest.mark.parametrize("framing", ["udp", "serial", "usb"])
def test_a_message_is_found_between_strange_bytes(framing: str) -> None:
    confirm = bytes.fromhex("1103 0009 00000000")
    held = b"\xa5\xa5\x00" + wrap(confirm, framing) + b"\x11" + wrap(confirm, framing) + b"\0" * 80
    assert list(messages_in(held, framing, FROM_RADAR)) == [confirm, confirm]
