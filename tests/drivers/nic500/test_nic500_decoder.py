"""The data socket of a NIC-500; all fixtures synthetic, built from the SDK's documentation."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from detectkit.drivers import Frame
from detectkit_drivers.nic500.decoder import Nic500Decoder
from detectkit_drivers.nic500.instrument import Nic500

# What the SDK's example collects, printed there as a struct.
SETTINGS = Nic500(points=200, interval_ps=100, stacks=4, period_s=1.0)
# Numbers in the documentation when a trigger comes while trace 5 is acquired.
DOCUMENTED_NUMBERS = [1, 2, 4, 4, 5, 7, 8]


def record(number: int, values: np.ndarray, *, header_bytes: int = 20, nsec: int = 5) -> bytes:
    head = struct.pack("<LLLLHH", 1_700_000_000, nsec, number, 0, 4, header_bytes)
    return head + bytes(header_bytes - 20) + np.asarray(values, "<f4").tobytes()


def values_of(number: int) -> np.ndarray:
    return np.linspace(-30.0, 30.0, 200, dtype=np.float32) + number


def frames(decoder: Nic500Decoder, data: bytes) -> list[Frame]:
    return [one for one in decoder.feed(data) if isinstance(one, Frame)]


def test_the_documented_gap_and_repetition_are_passed_on():
    data = b"".join(record(number, values_of(number)) for number in DOCUMENTED_NUMBERS)
    (frame,) = frames(SETTINGS.decoder(), data)
    assert frame.counter is not None
    assert frame.counter.tolist() == DOCUMENTED_NUMBERS
    np.testing.assert_array_equal(frame.values, [values_of(n) for n in DOCUMENTED_NUMBERS])
    assert frame.coords["stacks"].tolist() == 7 * [4]


def test_the_stamp_is_seconds_and_nanoseconds_without_rounding():
    (frame,) = frames(SETTINGS.decoder(), record(1, values_of(1), nsec=999_999_999))
    assert frame.device_ns is not None
    assert frame.device_ns.tolist() == [1_700_000_000_999_999_999]
    assert frame.device_ns.dtype == np.int64
    assert frame.layout.device_clock == "nic500"


def test_time_counts_from_the_first_break():
    layout = frames(Nic500(antenna_hz=1e9).decoder(), record(1, values_of(1)))[0].layout
    assert layout.sample_interval_s == pytest.approx(100e-12)
    assert layout.first_twt_s == pytest.approx(-2e-9)
    assert layout.rate_hz == pytest.approx(50.0)
    assert (layout.sensor.antenna_hz, layout.sensor.unit) == (1e9, "mV")


def test_a_pulse_trigger_has_no_nominal_rate():
    assert (
        frames(Nic500(trigger="Pulse").decoder(), record(1, values_of(1)))[0].layout.rate_hz is None
    )


def test_longer_headers_of_later_versions_are_skipped():
    data = record(1, values_of(1), header_bytes=32) + record(2, values_of(2), header_bytes=32)
    rows = np.concatenate([one.values for one in frames(SETTINGS.decoder(), data)])
    np.testing.assert_array_equal(rows, [values_of(1), values_of(2)])


def test_the_header_may_change_its_length_between_traces():
    data = record(1, values_of(1)) + record(2, values_of(2), header_bytes=24)
    rows = np.concatenate([one.values for one in frames(SETTINGS.decoder(), data)])
    np.testing.assert_array_equal(rows, [values_of(1), values_of(2)])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e12])
def test_a_sample_that_is_no_voltage_costs_its_trace_only(wrong: float):
    values = values_of(2)
    values[17] = wrong
    decoder = SETTINGS.decoder()
    data = record(1, values_of(1)) + record(2, values) + record(3, values_of(3))
    rows = np.concatenate([one.values for one in frames(decoder, data)])
    np.testing.assert_array_equal(rows, [values_of(1), values_of(3)])
    assert decoder.tally.damaged == 1


@pytest.mark.parametrize("lost", [1, 4, 20, 21, 400])
def test_lost_bytes_cost_two_traces_at_most(lost: int):
    decoder = SETTINGS.decoder()
    data = b"".join(record(number, values_of(number)) for number in range(1, 7))
    size = len(data) // 6
    rows = frames(decoder, data[: size + 100] + data[size + 100 + lost :])
    counters = np.concatenate([one.counter for one in rows if one.counter is not None])
    assert set(counters.tolist()) >= {1, 4, 5, 6}


def test_many_traces_come_in_few_frames():
    data = b"".join(record(number, values_of(number)) for number in range(1, 257))
    decoder = SETTINGS.decoder()
    assert [len(one) for one in frames(decoder, data)] == [128, 128]
    assert decoder.tally.messages == 256
