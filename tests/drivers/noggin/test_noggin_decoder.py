"""The Noggin's serial line; all fixtures synthetic, built from an open ROS driver."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.drivers import Frame, Note
from detectkit_drivers.noggin.instrument import Noggin

SETTINGS = Noggin(points=201, point_offset=-4, sample_interval_s=1e-10, antenna_hz=1e9)
VALUES = np.arange(-100, 101) * 300


def reply(values: np.ndarray) -> bytes:
    return b"T01" + np.asarray(values).astype(">i2").tobytes() + b"\x01\x02\x03"


def test_a_reply_is_six_bytes_more_than_its_big_endian_samples():
    data = reply(VALUES)
    assert len(data) == 2 * 201 + 6
    (frame,) = SETTINGS.decoder().feed(data)
    assert isinstance(frame, Frame)
    np.testing.assert_array_equal(frame.values, VALUES[np.newaxis])
    assert frame.values.dtype == np.int16
    assert frame.values.dtype.isnative


def test_time_counts_from_the_direct_wave():
    layout = SETTINGS.decoder().feed(reply(VALUES))[0].layout
    assert layout.first_twt_s == pytest.approx(-4e-10)
    assert layout.sample_interval_s == pytest.approx(1e-10)
    assert layout.sensor.antenna_hz == 1e9


def test_answers_to_the_setup_become_notes():
    data = b"\r\n>\r\nTPU 1000\r\n>OK\r\n>" + reply(VALUES)
    items = SETTINGS.decoder().feed(data)
    assert [one for one in items if isinstance(one, Note)] == [Note("TPU 1000"), Note("OK")]
    assert sum(len(one) for one in items if isinstance(one, Frame)) == 1


def test_a_prompt_before_a_reply_does_not_hide_it():
    items = SETTINGS.decoder().feed(reply(VALUES) + b"> " + reply(VALUES + 1))
    assert [len(one) for one in items if isinstance(one, Frame)] == [1, 1]


def test_traces_one_after_the_other_are_one_frame():
    decoder = SETTINGS.decoder()
    assert [len(one) for one in decoder.feed(50 * reply(VALUES))] == [50]
    assert decoder.tally.messages == 50


def test_the_next_request_ends_a_reply_that_lost_bytes():
    decoder = SETTINGS.decoder()
    assert decoder.feed(reply(VALUES)[:-7]) == []
    decoder.sent(b"T\r")
    (frame,) = decoder.feed(reply(VALUES + 1))
    np.testing.assert_array_equal(frame.values, VALUES[np.newaxis] + 1)
    assert (decoder.tally.rows, decoder.tally.damaged) == (1, 1)


def test_without_the_requests_lost_bytes_cost_two_traces_at_most():
    decoder = SETTINGS.decoder()
    items = decoder.feed(reply(VALUES)[:-7] + 3 * reply(VALUES))
    right = [row for one in items for row in one.values if (row == VALUES).all()]
    assert len(right) == 2
