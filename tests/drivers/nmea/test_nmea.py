"""NMEA 0183: a captured pair of sentences, joined epochs, dates and midnight."""

from __future__ import annotations

import datetime as dt
import math
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import ShapeError
from detectkit.drivers import PLATFORM_COLUMNS, Frame, Item, Measured, Note
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.nmea.decoder import NmeaDecoder
from detectkit_drivers.nmea.instrument import Nmea
from detectkit_drivers.nmea.virtual import angle, epoch, sentence

# Captured: a MagArrow's receiver, from a recording of GeoHammer's tests.
CAPTURED_GGA = b"$GNGGA,133753.000,5651.737132,N,02406.816782,E,2,12,0.79,8.366,M,23.853,M,,*7E\r\n"
CAPTURED_RMC = b"$GNRMC,133753.000,A,5651.737132,N,02406.816782,E,0.29,252.26,280920,,,D*78\r\n"

UTC_NS = 1_790_000_000_000_000_000
PLACE = {"longitude_deg": 14.3, "latitude_deg": 50.1, "up_m": 290.0, "fix_quality": 4.0}
ERRORS = {"horizontal_error_m": 0.02, "vertical_error_m": 0.03}


def platform(**values: float) -> list[float]:
    return [{**PLACE, **ERRORS, **values}.get(name, 0.0) for name in PLATFORM_COLUMNS]


def rows(items: list[Item]) -> list[Frame]:
    return [one for one in items if isinstance(one, Frame)]


def decode(*parts: bytes) -> list[Frame]:
    return rows(NmeaDecoder().feed(b"".join(parts)))


def gga(time: str, quality: int = 1) -> bytes:
    return sentence(f"GPGGA,{time},5000.0,N,01400.0,E,{quality},8,1.0,100.0,M,40.0,M,,")


def rmc(time: str, date: str, status: str = "A") -> bytes:
    return sentence(f"GPRMC,{time},{status},5000.0,N,01400.0,E,0.0,0.0,{date},,,A")


def epochs(count: int) -> list[bytes]:
    wire = [epoch(platform(up_m=290.0 + n), UTC_NS + n * 200_000_000) for n in range(count)]
    return [b"".join(one) for one in wire]


class TestNmea(DriverSuite):
    instrument = Nmea(rate_hz=50.0)
    sample = b"".join(epochs(7))
    rows: ClassVar = {
        "position": [[14.3, 50.1, 290.0 + n, 4, 0.02, 0.03, 18] for n in range(7)],
    }
    tolerance: ClassVar = {"position": [1e-9, 1e-9, 1e-4, 0, 2e-5, 2e-5, 0]}
    resync_messages = 6  # three sentences make a row
    checksummed = False  # it is; but a row whose GST was damaged comes without its errors

    def measured(self) -> Measured:
        return evenly([platform(longitude_deg=14.0 + n / 7) for n in range(6)], rate_hz=50.0)

    def decoded(self, measured: Measured) -> dict[str, np.ndarray]:
        names = ["longitude_deg", "latitude_deg", "up_m", "fix_quality", *ERRORS]
        table = measured.values[:, [PLATFORM_COLUMNS.index(one) for one in names]]
        return {"position": np.column_stack([table, np.full(len(table), 18.0)])}


def test_the_captured_pair_is_one_row_with_its_utc() -> None:
    following = gga("133753.100")
    (got,) = decode(CAPTURED_GGA, CAPTURED_RMC, following)
    assert got.values[0, :4].tolist() == [24.1136130333, 56.8622855333, 8.366 + 23.853, 2]
    assert np.isnan(got.values[0, 4:6]).all()
    assert got.values[0, 6] == 12
    expected = dt.datetime(2020, 9, 28, 13, 37, 53, tzinfo=dt.UTC).timestamp()
    assert got.coords["time_ns"].tolist() == [int(expected) * 1_000_000_000]
    assert got.device_ns is not None
    assert got.device_ns.tolist() == [(13 * 3600 + 37 * 60 + 53) * 1_000_000_000]


def test_without_a_date_there_is_no_utc() -> None:
    first, second = decode(gga("120000.00"), gga("120000.20"), gga("120000.40"))[:2]
    assert "time_ns" not in first.coords
    assert second.layout.device_clock == "utc time of day"


@pytest.mark.parametrize(
    "dated",
    [
        rmc("120000.00", "060180"),  # the day on which GPS began: the receiver does not know
        rmc("120000.00", "280926", status="V"),
        sentence("GPZDA,120000.00,,,,00,00"),
        sentence("GPZDA,120000.00,31,02,2026,00,00"),
        sentence("GPZDA,120000.00,28"),
    ],
)
def test_a_date_that_the_receiver_does_not_know_is_not_believed(dated: bytes) -> None:
    (got,) = decode(gga("120000.00"), dated, sentence("GPZDA,120001.00,28,09,2026,00,00"))
    assert "time_ns" not in got.coords


def test_a_date_is_carried_over_midnight_without_a_new_one() -> None:
    wire = [rmc("235959.80", "280926"), gga("235959.80"), gga("000000.00"), gga("000000.20")]
    first, second = decode(*wire)
    for got in (first, second):
        assert got.device_ns is not None
    steps = second.coords["time_ns"] - first.coords["time_ns"]
    assert steps.tolist() == [200_000_000]
    assert second.device_ns is not None
    assert first.device_ns is not None
    assert (second.device_ns - first.device_ns).tolist() == [200_000_000]


def test_an_epoch_is_given_out_as_soon_as_it_is_known_to_be_whole() -> None:
    decoder = NmeaDecoder()
    first, second, _ = epochs(3)
    assert rows(decoder.feed(first)) == []
    assert len(rows(decoder.feed(second))) == 2


def test_a_lost_sentence_delays_its_row_and_takes_its_part_only() -> None:
    parts = epochs(4)
    lines = parts[2].splitlines(keepends=True)
    got = decode(parts[0], parts[1], lines[0], lines[2], parts[3])
    assert [one.values[0, 2] for one in got] == pytest.approx([290.0, 291.0, 292.0, 293.0])
    assert [math.isnan(one.values[0, 4]) for one in got] == [False, False, True, False]


def test_a_rate_of_its_own_is_learned_and_forgotten() -> None:
    """ZDA once, then never again: rows wait for it three epochs, then no longer."""
    decoder = NmeaDecoder()
    decoder.feed(gga("120000.00") + sentence("GPZDA,120000.00,28,09,2026,00,00"))
    counts = [len(rows(decoder.feed(gga(f"12000{n}.00")))) for n in range(1, 7)]
    assert counts == [1, 1, 1, 2, 1, 1]


def test_no_fix_is_a_row_of_nan_with_quality_zero() -> None:
    wire = b"".join(epoch(platform(fix_quality=0.0), UTC_NS)) + gga("120000.00")
    (got,) = decode(wire)
    assert np.isnan(got.values[0, :3]).all()
    assert got.values[0, 3] == 0.0


def test_a_receiver_that_knows_no_time_still_shows_that_it_lives() -> None:
    (got,) = decode(sentence("GPGGA,,,,,,0,00,99.99,,,,,,"))
    assert got.values[0, 3] == 0.0
    assert got.device_ns is None
    assert got.layout.irregular


def test_a_missing_geoid_height_is_taken_from_the_settings_or_said_once() -> None:
    bare = [
        sentence(f"GPGGA,12000{n}.00,5000.0,N,01400.0,E,1,8,1.0,100.0,M,,M,,") for n in (0, 1, 2)
    ]
    items = NmeaDecoder().feed(b"".join(bare))
    assert np.isnan(rows(items)[0].values[0, 2])
    assert [one.severity for one in items if isinstance(one, Note)] == ["warning"]
    told = rows(NmeaDecoder(separation_m=44.0).feed(b"".join(bare)))
    assert told[0].values[0, 2] == 144.0


def test_other_sentences_are_ignored_and_truncated_ones_break_nothing() -> None:
    decoder = NmeaDecoder()
    wire = [
        sentence("GPGSV,1,1,00"),
        sentence("PUBX,00,GGA"),
        sentence("GPGGA"),
        sentence("GPGGA,120000.00"),
        sentence("GPRMC,120000.00"),
        sentence("GPGGA,120000.00,x,N,y,E,z,a,b,c,M,d,M,,"),
        gga("120001.00"),
        gga("120002.00"),
    ]
    got = rows(decoder.feed(b"".join(wire)))
    assert decoder.tally.ignored == 2
    assert got[-1].values[0, :2].tolist() == [14.0, 50.0]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GNGGA", "GNGST", "GNRMC", "GNZDA", "PGGA", "GPGGA"]),
            st.lists(
                st.sampled_from(["", "120000.00", "5000.0", "N", "-1", "4", "280926", "A", "1e9"])
                | st.text("0123456789.-NEWSAV", max_size=8),
                max_size=16,
            ),
        ),
        max_size=8,
    )
)
def test_no_fields_under_a_right_checksum_raise(said: list[tuple[str, list[str]]]) -> None:
    decoder = NmeaDecoder()
    for name, fields in said:
        decoder.feed(sentence(",".join([name, *fields])))
    assert decoder.tally.messages + decoder.tally.damaged == len(said)
    for one in rows(decoder.feed(b"")):
        assert one.values.shape == (1, 7)


def test_each_turned_bit_gives_no_position_that_was_not_sent() -> None:
    first, second, third = epochs(3)
    wire = first + second + third
    sent = {tuple(one.values[0, :4]) for one in decode(wire)}
    for at in range(len(first), len(first + second)):
        for bit in range(8):
            broken = bytearray(wire)
            broken[at] ^= 1 << bit
            assert {tuple(one.values[0, :4]) for one in decode(bytes(broken))} <= sent, (at, bit)


class TestTwin:
    @pytest.mark.parametrize("degrees", [0.0, -179.999999999, 180.0, 59.99999999999, -0.5, 7.25])
    def test_an_angle_comes_back(self, degrees: float) -> None:
        text, sign = angle(degrees, 3, "EW").split(",")
        back = int(text[:3]) + float(text[3:]) / 60.0
        assert math.isclose((-1.0 if sign == "W" else 1.0) * back, degrees, abs_tol=1e-9)
        assert float(text[3:]) < 60.0

    def test_unknown_errors_stay_unknown(self) -> None:
        row = platform(horizontal_error_m=math.nan, vertical_error_m=math.nan)
        (got,) = decode(*epoch(row, UTC_NS), gga("000000.00"))
        assert np.isnan(got.values[0, 4:6]).all()

    def test_other_columns_are_refused(self) -> None:
        with pytest.raises(ShapeError, match="PLATFORM_COLUMNS"):
            Nmea().twin().speak(evenly([[1.0]], rate_hz=5.0))
