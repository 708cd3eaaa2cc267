from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.drivers import Frame, Measured, Note
from detectkit_drivers.x4.conversion import (
    CARRIER_HZ,
    SAMPLING_HZ,
    to_baseband,
    to_radio_frequency,
)
from detectkit_drivers.x4.framing import BULK_HEAD, FLOATS_HEAD, bulk_frame, frame
from detectkit_drivers.x4.instrument import X4

RNG = np.random.default_rng(4)
ROWS = RNG.normal(size=(5, 467)).astype(np.float32)


def pulse(samples: int, at: float, *, bandwidth_hz: float = 0.9e9) -> np.ndarray:
    time_s = (np.arange(samples) - at) / SAMPLING_HZ
    shape = np.exp(-((time_s * bandwidth_hz * np.pi / 2.0) ** 2))
    return shape * np.cos(2.0 * np.pi * CARRIER_HZ * time_s + 0.3)


def frames(items: list) -> list[Frame]:
    return [one for one in items if isinstance(one, Frame)]


def test_radio_frequency_frames_come_back_value_by_value(measured) -> None:
    instrument = X4()
    decoder = instrument.decoder()
    got = frames(decoder.feed(b"".join(instrument.twin().speak(measured(ROWS)))))
    values = np.concatenate([one.values for one in got])
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, ROWS)
    assert [int(one.counter[0]) for one in got] == [0, 1, 2, 3, 4]
    assert len({id(one.layout) for one in got}) == 1


def test_delays_follow_from_frame_area_and_sampling(measured) -> None:
    instrument = X4(frame_start_m=0.3, frame_end_m=3.3)
    layout = frames(instrument.decoder().feed(instrument.twin().speak(measured(ROWS))[0]))[0].layout
    assert layout.first_twt_s == pytest.approx(2.0e-9, rel=1e-2)
    assert layout.sample_interval_s == pytest.approx(42.87e-12, rel=1e-3)
    assert layout.samples == 467
    assert layout.counter_modulus == 2**32
    assert layout.sensor.antenna_hz == 7.29e9


def test_the_counter_shows_frames_that_were_lost_and_wraps(measured) -> None:
    instrument = X4()
    twin, decoder = instrument.twin(), instrument.decoder()
    twin.skip(2**32 - 2)
    got = frames(decoder.feed(b"".join(twin.speak(measured(ROWS[:3])))))
    twin.skip(10)
    got += frames(decoder.feed(b"".join(twin.speak(measured(ROWS[:1])))))
    assert [int(one.counter[0]) for one in got] == [2**32 - 2, 2**32 - 1, 0, 11]


def test_a_pulse_sent_as_baseband_comes_back_as_radio_frequency(measured) -> None:
    instrument = X4(output="iq")
    rows = np.stack([pulse(1504, at) for at in (400.0, 707.5, 1000.25)])
    wire = b"".join(instrument.twin().speak(measured(rows)))
    got = frames(instrument.decoder().feed(wire))
    assert BULK_HEAD.size + FLOATS_HEAD.size + 4 * 376 == len(wire) // 3  # 188 complex samples
    values = np.concatenate([one.values for one in got])
    np.testing.assert_allclose(values, rows, atol=2e-3)
    assert got[0].layout.sample_interval_s == 1.0 / SAMPLING_HZ


def test_baseband_of_a_tone_at_the_carrier_is_a_constant() -> None:
    tone = np.cos(2.0 * np.pi * CARRIER_HZ / SAMPLING_HZ * np.arange(512) + 0.7)
    np.testing.assert_allclose(to_baseband(tone), 0.5 * np.exp(0.7j), atol=1e-12)
    np.testing.assert_allclose(to_radio_frequency(to_baseband(tone)), tone, atol=1e-6)


@pytest.mark.parametrize("samples", [1504, 1497, 9])
def test_samples_that_are_no_multiple_of_eight_are_filled_up(samples: int) -> None:
    assert to_baseband(np.ones(samples)).size == -(-samples // 8)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e31])
def test_what_is_no_sample_is_refused_with_its_frame(value, measured) -> None:
    instrument = X4()
    rows = ROWS.copy()
    rows[2, 7] = value
    decoder = instrument.decoder()
    got = frames(decoder.feed(b"".join(instrument.twin().speak(measured(rows)))))
    np.testing.assert_array_equal(np.concatenate([one.values for one in got]), ROWS[[0, 1, 3, 4]])
    assert decoder.tally.damaged == 1


@pytest.mark.parametrize("lost", [1, 2, 3, 4, 5, 100, 1000])
def test_lost_bytes_cost_one_frame(lost, measured) -> None:
    instrument = X4()
    messages = instrument.twin().speak(measured(ROWS))
    messages[1] = messages[1][: len(messages[1]) - lost]
    decoder = instrument.decoder()
    got = frames(decoder.feed(b"".join(messages)))
    np.testing.assert_array_equal(np.concatenate([one.values for one in got]), ROWS[[0, 2, 3, 4]])
    assert decoder.tally.damaged >= 1


def test_a_changed_length_costs_one_frame(measured) -> None:
    instrument = X4()
    for at in (4, 5, 19, 20):  # both lengths
        messages = instrument.twin().speak(measured(ROWS))
        broken = bytearray(messages[1])
        broken[at] ^= 0x08
        stream = b"".join([messages[0], bytes(broken), *messages[2:]])
        got = frames(instrument.decoder().feed(stream))
        values = np.concatenate([one.values for one in got])
        np.testing.assert_array_equal(values, ROWS[[0, 2, 3, 4]])


def test_answers_between_frames_are_ignored_and_troubles_noted(measured) -> None:
    instrument = X4()
    messages = instrument.twin().speak(measured(ROWS[:2]))
    decoder = instrument.decoder()
    between = (
        frame(b"\x10") + frame(bytes.fromhex("20 01000000")) + frame(bytes.fromhex("30 10000000"))
    )
    items = decoder.feed(messages[0] + between + messages[1])
    assert [one for one in items if isinstance(one, Note)] == [
        Note("command refused: not recognised", "warning"),
        Note("module is starting"),
    ]
    assert len(frames(items)) == 2
    assert decoder.tally.ignored == 1


def test_floats_in_a_normal_frame_are_taken_too() -> None:
    data = FLOATS_HEAD.pack(0xA0, 0x12, 0, 3, 2) + np.array([1.0, -2.0], "<f4").tobytes()
    got = frames(X4().decoder().feed(frame(data)))
    np.testing.assert_array_equal(got[0].values, [[1.0, -2.0]])


def test_an_odd_number_of_floats_is_no_baseband() -> None:
    data = FLOATS_HEAD.pack(0xA0, 0x12, 0, 3, 3) + np.zeros(3, "<f4").tobytes()
    decoder = X4(output="iq").decoder()
    assert decoder.feed(bulk_frame(data)) == []
    assert decoder.tally.damaged == 1


@settings(max_examples=80, deadline=None)
@given(
    parts=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(["bulk", "ack"]),
            st.binary(max_size=20).map(lambda data: b"\x7c\x7c\x7c\x7c" + data),
            st.binary(max_size=20).map(lambda data: b"\x7d" + data),
        ),
        max_size=8,
    ),
    cuts=st.lists(st.integers(1, 300), max_size=8),
)
def test_no_bytes_raise_and_every_byte_is_counted_once(parts, cuts) -> None:
    instrument = X4()
    stamp = np.zeros(1, np.int64)
    words = {
        "bulk": instrument.twin().speak(Measured(stamp, ROWS[:1, :50], stamp))[0],
        "ack": frame(b"\x10"),
    }
    stream = b"".join(words[one] if isinstance(one, str) else one for one in parts)
    whole, pieces = instrument.decoder(), instrument.decoder()
    expected = whole.feed(stream)
    got, at = [], 0
    for size in [*cuts, len(stream)]:
        got += pieces.feed(stream[at : at + size])
        at += size
    assert [rows(one) for one in got] == [rows(one) for one in expected]
    assert whole.tally == pieces.tally
    tally = whole.tally
    assert tally.good_bytes + tally.dropped_bytes + whole.held_bytes == len(stream)


def rows(one: Frame | Note) -> object:
    return one if isinstance(one, Note) else one.values.tobytes()
