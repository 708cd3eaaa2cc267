"""Traces of a zGPR; all fixtures synthetic, built from the vendor partner's reader."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.drivers import Frame, Note
from detectkit_drivers.zgpr.instrument import Zgpr

# The example stream of the protocol notes: 512 samples stacked 512 times.
DOCUMENTED = b"$trace +1024 1_1 512_512 \r\n"


def rows_of(items: list[Frame | Note]) -> np.ndarray:
    return np.concatenate([one.values for one in items if isinstance(one, Frame)])


def trace(values: np.ndarray, *, part: str = "1_1", samples: int | None = None) -> bytes:
    payload = np.asarray(values).astype("<i2").tobytes()
    head = f"$trace +{len(payload)} {part} {samples or len(values)}_8 \r\n"
    return head.encode() + payload


def test_the_documented_announcement_is_followed_by_so_many_little_endian_samples():
    decoder = Zgpr(window_s=100e-9, antenna_hz=500e6, delay=0).decoder()
    values = np.arange(-256, 256) * 100
    (frame,) = decoder.feed(DOCUMENTED + values.astype("<i2").tobytes())
    assert isinstance(frame, Frame)
    np.testing.assert_array_equal(frame.values, values[np.newaxis])
    assert frame.values.dtype == np.int16
    assert frame.coords["stacks"].tolist() == [512]
    assert frame.layout.sample_interval_s == pytest.approx(100e-9 / 512)
    assert frame.layout.sensor.antenna_hz == 500e6
    assert frame.layout.sensor.full_scale == (-32768.0, 32767.0)


def test_marks_inside_the_samples_do_not_begin_a_trace():
    values = np.frombuffer(b"$tra$tune$$\r\n$iam zGPR x\r\n$trace 1", "<i2")
    decoder = Zgpr(samples=len(values)).decoder()
    items = decoder.feed(3 * trace(values))
    np.testing.assert_array_equal(rows_of(items), np.stack(3 * [values]))
    assert decoder.tally.damaged == 0


def test_a_run_of_traces_is_one_frame():
    decoder = Zgpr(samples=32).decoder()
    items = decoder.feed(100 * trace(np.arange(32)))
    assert [len(one) for one in items] == [100]
    assert decoder.tally.messages == decoder.tally.rows == 100


def test_the_frames_of_unchanged_settings_share_one_layout():
    decoder = Zgpr(samples=32).decoder()
    first, second = (decoder.feed(trace(np.arange(32)))[0] for _ in range(2))
    assert first.layout is second.layout


def test_another_number_of_samples_is_followed_and_said():
    decoder = Zgpr(samples=64, window_s=64e-9).decoder()
    note, frame = decoder.feed(trace(np.arange(32)))
    assert note == Note("the zGPR sends 32 samples a trace, 64 were asked for", "warning")
    assert frame.layout.samples == 32
    assert frame.layout.sample_interval_s == pytest.approx(2e-9)


def test_parts_are_put_together_in_order():
    decoder = Zgpr(samples=32).decoder()
    values = np.arange(32)
    data = trace(values[:20], part="1_2", samples=32) + trace(values[20:], part="2_2", samples=32)
    np.testing.assert_array_equal(rows_of(decoder.feed(data)), values[np.newaxis])


def test_a_missing_part_gives_no_trace_and_the_next_trace_is_whole():
    decoder = Zgpr(samples=32).decoder()
    values = np.arange(32)
    first, last = (
        trace(part, part=name, samples=32)
        for part, name in ((values[:20], "1_2"), (values[20:], "2_2"))
    )
    np.testing.assert_array_equal(rows_of(decoder.feed(last + first + first + last)), [values])
    assert decoder.tally.damaged == 1


def test_a_shortened_trace_is_refused_and_the_next_one_kept():
    decoder = Zgpr(samples=32).decoder()
    values = np.arange(1000, 1032)
    whole = trace(values)
    items = decoder.feed(whole + whole[:-20] + whole + whole)
    np.testing.assert_array_equal(rows_of(items), np.stack(3 * [values]))
    assert decoder.tally.damaged == 1


def test_an_announcement_that_contradicts_itself_is_refused():
    decoder = Zgpr(samples=32).decoder()
    decoder.feed(b"$trace +999 1_1 32_8 \r\n" + bytes(64))
    assert (decoder.tally.rows, decoder.tally.damaged) == (0, 1)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_lost_bytes_cost_two_traces_at_most(keeps: list[int]):
    decoder = Zgpr(samples=32).decoder()
    whole = trace(np.arange(2000, 2032))
    data = b"".join(whole[:-keep] + whole + whole + whole for keep in keeps)
    items = decoder.feed(data)
    right = (rows_of(items) == np.arange(2000, 2032)).all(axis=1).sum()
    assert right >= 2 * len(keeps)


def test_answers_become_notes_and_silent_lines_are_ignored():
    decoder = Zgpr().decoder()
    items = decoder.feed(b"$iam zGPR 1.0\r\n$antenna LF\n\r\n#2 done\r\n")
    assert items == [Note("$iam zGPR 1.0"), Note("$antenna LF"), Note("#2 done")]
    assert (decoder.tally.messages, decoder.tally.ignored) == (4, 1)
