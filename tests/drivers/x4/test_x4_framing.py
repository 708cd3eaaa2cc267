from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit_drivers.x4.framing import bulk_frame, cut, frame, frames_in
from detectkit_drivers.x4.messages import PONG_READY, ping, set_mode, set_parameter, word_of

# Printed by the vendor (Novelda XTAN-11 revision C, chapters 3 and 5).
VENDOR_FRAMES = {
    "reset": "7D 22 5F 7E",
    "acknowledged": "7D 10 6D 7E",
    "run": "7D 20 01 5C 7E",
    "stop": "7D 20 13 4E 7E",
    "manual": "7D 20 12 4F 7E",
    "20 frames/s": "7D 50 10 10 00 00 00 00 00 A0 41 CC 7E",
    "0 frames/s": "7D 50 10 10 00 00 00 00 00 00 00 2D 7E",
    "20 pulses per step, as one byte": "7D 50 10 11 00 00 00 14 38 7E",
    "pins on": "7D 50 10 19 00 00 00 01 25 7E",
    "pin 6 is an output": "7D 40 10 06 00 00 00 01 00 00 00 02 00 00 00 28 7E",
    "pin 6 high": "7D 40 20 06 00 00 00 01 00 00 00 1A 7E",
    "pin 6 low": "7D 40 20 06 00 00 00 00 00 00 00 1B 7E",
    "respiration profile": "7D 21 AD 57 4E 06 EE 7E",
}


@pytest.mark.parametrize("text", VENDOR_FRAMES.values(), ids=VENDOR_FRAMES)
def test_checksums_printed_by_the_vendor_hold(text: str) -> None:
    wire = bytes.fromhex(text)
    found = cut(wire, 0)
    assert (found.verdict, found.used, found.data) == ("good", len(wire), wire[1:-2])
    assert frame(found.data) == wire


def test_commands_have_the_bytes_that_the_vendor_prints() -> None:
    built = {
        "run": set_mode("run"),
        "stop": set_mode("stop"),
        "manual": set_mode("manual"),
        "20 frames/s": set_parameter("frames_per_second", 20.0),
        "0 frames/s": set_parameter("frames_per_second", 0.0),
    }
    for name, data in built.items():
        assert frame(data) == bytes.fromhex(VENDOR_FRAMES[name])


def test_ping_and_pong_have_the_values_of_the_specification() -> None:
    """Synthetic, built from the specification and recomputed."""
    assert frame(ping()) == bytes.fromhex("7D01AEEAAAEE7C7E")
    pong = next(frames_in(bytes.fromhex("7D01EAAEEEAA7C7E")), b"")
    assert word_of(pong) == PONG_READY == 0xAAEEAEEA


def test_escapes_are_taken_out_as_in_the_vendors_example() -> None:
    """The example 7D 10 7F 7E 04 FF 7E is about escapes only: its last byte is no XOR."""
    found = cut(bytes.fromhex("7D 10 7F 7E 04 17 7E"), 0)
    assert found.data == bytes.fromhex("10 7E 04")
    assert cut(bytes.fromhex("7D 10 7F 7E 04 FF 7E"), 0).verdict == "damaged"


def test_a_bulk_frame_is_cut_by_its_length_as_in_the_vendors_example() -> None:
    found = cut(bytes.fromhex("7C7C7C7C 03000000 00 010203"), 0)
    assert (found.verdict, found.used, found.data) == ("good", 12, b"\x01\x02\x03")


@given(st.binary(min_size=1, max_size=100))
def test_any_data_survives_both_framings(data: bytes) -> None:
    assert cut(frame(data), 0).data == data
    if b"\x7c\x7c\x7c\x7c" not in data and data[:2] != b"\xa0\x12":
        assert cut(bulk_frame(data), 0).data == data


@pytest.mark.parametrize("text", VENDOR_FRAMES.values(), ids=VENDOR_FRAMES)
def test_no_flipped_bit_gives_a_frame_with_other_data(text: str) -> None:
    wire = bytes.fromhex(text)
    for at in range(len(wire)):
        for bit in range(8):
            broken = bytearray(wire)
            broken[at] ^= 1 << bit
            assert list(frames_in(bytes(broken))) == []


def test_a_cut_off_bulk_frame_does_not_eat_the_next() -> None:
    data = struct.pack("<BBIII", 0xA0, 0x12, 0, 7, 4) + struct.pack("<4f", 1, 2, 3, 4)
    whole = bulk_frame(data)
    for lost in range(1, 16):
        assert data in list(frames_in(whole[:-lost] + whole + b"\0" * 40))


def test_an_endless_normal_frame_is_given_up() -> None:
    held = b"\x7d" + b"\0" * 2000 + frame(b"\x10")
    assert list(frames_in(held)) == [b"\x10"]
    assert cut(held, 0).verdict == "damaged"
