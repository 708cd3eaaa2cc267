"""u-blox UBX: a captured NAV-PVT, fix qualities, the configuration and its answers."""

from __future__ import annotations

import datetime as dt
import math
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyubx2 import SET, UBXReader

from detectkit.core import ShapeError, UsageError
from detectkit.drivers import (
    PLATFORM_COLUMNS,
    Frame,
    InstrumentError,
    Item,
    Link,
    LinkTimeoutError,
    Measured,
    Note,
)
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.ublox.decoder import POSITION_COLUMNS, UbloxDecoder, checksum
from detectkit_drivers.ublox.instrument import Ublox, configuration
from detectkit_drivers.ublox.virtual import message, navigation

# Captured: a receiver's NAV-PVT, from the tests of pyubx2 (3D fix with corrections, hAcc 1491 mm).
CAPTURED = bytes.fromhex(
    "b56201075c0008b56221e5070c040b223b371a0000003c7bfaff0303ea1ad928aafedceedb1f30640100cda60000"
    "d305000011080000f9ffffff040000000900000008000000000000000301000080a8120165000000ee134f2f0000"
    "000000000000a744"
)
UTC_NS = 1_790_000_000_123_456_789
PLACE = {"longitude_deg": 14.3, "latitude_deg": 50.1, "up_m": 290.5, "fix_quality": 4.0}
ERRORS = {"horizontal_error_m": 0.014, "vertical_error_m": 0.02}
VELOCITY = {"velocity_east_m_per_s": 1.0, "velocity_north_m_per_s": -0.5}


def platform(**values: float) -> list[float]:
    return [{**PLACE, **ERRORS, **VELOCITY, **values}.get(name, 0.0) for name in PLATFORM_COLUMNS]


def rows(items: list[Item]) -> list[Frame]:
    return [one for one in items if isinstance(one, Frame)]


def decode(wire: bytes) -> list[Frame]:
    return rows(UbloxDecoder().feed(wire))


def column(frame: Frame, name: str) -> float:
    return float(frame.values[0, POSITION_COLUMNS.index(name)])


def patched(at: int, *values: int) -> bytes:
    """Return the captured message with bytes of its payload replaced and its checksum right."""
    payload = bytearray(CAPTURED[6:-2])
    payload[at : at + len(values)] = bytes(values)
    return message((0x01, 0x07), bytes(payload))


class TestUblox(DriverSuite):
    instrument = Ublox(rate_hz=50.0)
    sample = CAPTURED * 3
    rows: ClassVar = {
        "position": [[-2.2402855, 53.4507228, 91.184, 2, 1.491, 2.065, 0.004, -0.007, -0.009, 26]]
        * 3
    }
    tolerance: ClassVar = {"position": [6e-8, 6e-8, 6e-4, 0, 6e-4, 6e-4, 6e-4, 6e-4, 6e-4, 0]}

    def measured(self) -> Measured:
        return evenly([platform(longitude_deg=14.0 + n / 7) for n in range(6)], rate_hz=50.0)

    def decoded(self, measured: Measured) -> dict[str, np.ndarray]:
        picked = [PLATFORM_COLUMNS.index(name) for name in POSITION_COLUMNS[:-1]]
        table = measured.values[:, picked]
        return {"position": np.column_stack([table, np.full(len(table), 18.0)])}


def test_the_captured_message_tells_utc_and_time_of_week() -> None:
    (got,) = decode(CAPTURED)
    whole = dt.datetime(2021, 12, 4, 11, 34, 59, tzinfo=dt.UTC).timestamp()
    assert got.coords["time_ns"].tolist() == [int(whole) * 1_000_000_000 - 361_668]
    assert got.device_ns is not None
    assert got.device_ns.tolist() == [0x2162B508 * 1_000_000]


@pytest.mark.parametrize(
    ("fix_type", "flags", "quality"),
    [
        (3, 0x01, 1),
        (2, 0x01, 1),
        (4, 0x01, 1),
        (3, 0x03, 2),
        (3, 0x43, 5),
        (3, 0x83, 4),
        (1, 0x01, 6),
        (3, 0x00, 0),
        (0, 0x01, 0),
        (5, 0x01, 0),
    ],
)
def test_the_fix_is_told_as_nmea_counts_it(fix_type: int, flags: int, quality: int) -> None:
    (got,) = decode(patched(20, fix_type, flags))
    assert column(got, "fix_quality") == quality
    for name in ("longitude_deg", "latitude_deg", "up_m", "horizontal_error_m"):
        assert math.isnan(column(got, name)) == (quality == 0)


def test_a_position_that_the_receiver_calls_invalid_is_nan() -> None:
    (got,) = decode(patched(78, 0x01))
    assert math.isnan(column(got, "latitude_deg"))


@pytest.mark.parametrize("changed", [patched(11, 0x36), patched(11, 0x35), patched(6, 13)])
def test_without_a_valid_date_and_time_there_is_no_utc(changed: bytes) -> None:
    (got,) = decode(changed)
    assert "time_ns" not in got.coords


def test_a_leap_second_is_the_second_after_59() -> None:
    before, leap = decode(patched(10, 59) + patched(10, 60))
    assert (leap.coords["time_ns"] - before.coords["time_ns"]).tolist() == [1_000_000_000]


def test_the_time_of_week_goes_on_over_the_weekend() -> None:
    last = (7 * 86_400_000 - 100).to_bytes(4, "little")
    first, second = decode(patched(0, *last) + patched(0, 0, 0, 0, 0))
    assert first.device_ns is not None
    assert second.device_ns is not None
    assert int(second.device_ns[0] - first.device_ns[0]) == 100_000_000


def test_other_messages_and_nmea_between_are_ignored() -> None:
    decoder = UbloxDecoder()
    nmea = b"$GNGGA,133753.000,5651.737132,N,02406.816782,E,2,12,0.79,8.366,M,23.853,M,,*7E\r\n"
    wire = message((0x01, 0x35), bytes(20)) + nmea + CAPTURED + nmea + CAPTURED
    assert len(rows(decoder.feed(wire))) == 2
    assert (decoder.tally.ignored, decoder.tally.dropped_bytes) == (3, 0)


def test_the_receivers_words_are_notes() -> None:
    items = UbloxDecoder().feed(message((0x04, 0x00), b"antenna short") + message((0x04, 4), b"ok"))
    assert items == [Note("antenna short", "warning"), Note("ok")]


def test_a_damaged_length_is_seen_at_once() -> None:
    plain = patched(0, 1, 2, 3, 4)  # the captured time of week holds a sync word
    broken = bytearray(plain)
    broken[5] = 0x0F
    assert len(decode(bytes(broken) + plain)) == 1


def test_a_sync_word_inside_a_damaged_message_costs_time_and_no_message() -> None:
    broken = bytearray(CAPTURED)
    broken[5] = 0x0F  # then the payload's own B5 62 announces 3079 bytes
    decoder = UbloxDecoder()
    assert rows(decoder.feed(bytes(broken) + CAPTURED * 29)) == []
    assert len(rows(decoder.feed(CAPTURED * 2))) == 31


@given(st.binary(min_size=92, max_size=92))
def test_no_payload_under_a_right_checksum_raises(payload: bytes) -> None:
    decoder = UbloxDecoder()
    decoder.feed(message((0x01, 0x07), payload))
    assert decoder.tally.messages + (decoder.tally.damaged > 0) == 1


def test_our_checksum_is_that_of_the_captured_message() -> None:
    assert checksum(CAPTURED[2:-2]) == CAPTURED[-2:]


class TestConfiguration:
    def test_it_is_what_the_library_reads_back(self) -> None:
        told = UBXReader.parse(configuration(10.0, "UART1"), msgmode=SET)
        assert told.identity == "CFG-VALSET"
        assert (told.CFG_RATE_MEAS, told.CFG_MSGOUT_UBX_NAV_PVT_UART1) == (100, 1)

    def test_the_twin_streams_once_it_is_asked_and_at_that_rate(self) -> None:
        twin = Ublox(rate_hz=1.0).twin()
        assert not twin.running
        wire = configuration(25.0, "USB")
        assert twin.receive(b"\xb5junk" + wire[:9]) == []
        assert twin.receive(wire[9:]) == [message((0x05, 0x01), b"\x06\x8a")]
        assert (twin.running, twin.rate_hz) == (True, 25.0)
        twin.reboot()
        assert (twin.running, twin.rate_hz) == (False, 1.0)

    def test_a_refusal_says_what_to_do(self) -> None:
        wire = Answering([message((0x05, 0x00), b"\x06\x8a")])
        with pytest.raises(InstrumentError, match="lower rate_hz"):
            Ublox().session().prepare(Link(wire))

    def test_an_answer_among_other_messages_in_pieces_is_found(self) -> None:
        answer = CAPTURED + message((0x05, 0x01), b"\x06\x8a") + CAPTURED[:30]
        wire = Answering([answer[:105], answer[105:]])
        session = Ublox().session()
        session.prepare(Link(wire))
        assert wire.sent == [configuration(10.0, "USB")]
        assert session.health() == {"asked_rate_hz": 10.0}

    def test_silence_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("detectkit_drivers.ublox.instrument.ANSWER_S", 0.05)
        with pytest.raises(LinkTimeoutError, match="CFG-VALSET"):
            Ublox().session().prepare(Link(Answering([])))

    def test_a_receiver_that_is_not_to_be_configured_is_sent_nothing(self) -> None:
        wire = Answering([])
        instrument = Ublox(configure="never")
        instrument.session().prepare(Link(wire))
        assert wire.sent == []
        assert instrument.twin().running


class Answering:
    """A transport that answers with what it was given."""

    name = "a receiver"

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.sent: list[bytes] = []

    def open(self) -> None: ...

    def close(self) -> None: ...

    def read(self, timeout_s: float) -> bytes:  # noqa: ARG002 - part of the contract
        return self.answers.pop(0) if self.answers else b""

    def write(self, data: bytes) -> None:
        self.sent.append(data)


class TestTwin:
    @pytest.mark.parametrize("quality", [0.0, 1.0, 2.0, 4.0, 5.0, 6.0])
    def test_each_fix_quality_comes_back(self, quality: float) -> None:
        (got,) = decode(navigation(platform(fix_quality=quality), UTC_NS))
        assert column(got, "fix_quality") == quality
        assert got.coords["time_ns"].tolist() == [UTC_NS]

    def test_the_time_of_week_is_that_of_gps(self) -> None:
        (got,) = decode(navigation(platform(), UTC_NS))
        gps_epoch_s = 315_964_800
        milliseconds = UTC_NS // 1_000_000 - 1000 * (gps_epoch_s - 18)
        assert got.device_ns is not None
        assert got.device_ns.tolist() == [milliseconds % 604_800_000 * 1_000_000]

    def test_no_fix_known_is_no_fix(self) -> None:
        lost = platform(fix_quality=math.nan, up_m=math.nan)
        (got,) = decode(navigation(lost, UTC_NS))
        assert column(got, "fix_quality") == 0.0

    def test_other_columns_are_refused(self) -> None:
        with pytest.raises(ShapeError, match="PLATFORM_COLUMNS"):
            Ublox().twin().speak(evenly([[1.0]], rate_hz=5.0))


@pytest.mark.parametrize("rate_hz", [0.0, 60.0])
def test_an_impossible_rate_is_refused(rate_hz: float) -> None:
    with pytest.raises(UsageError, match="rate_hz"):
        Ublox(rate_hz=rate_hz)
