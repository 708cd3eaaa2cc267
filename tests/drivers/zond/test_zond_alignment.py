"""A stream without marks finds its cut again; all fixtures synthetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.drivers import Frame, Note
from detectkit_drivers.zond.instrument import Zond

SETTINGS = Zond(layout="lite", byte_order="little")
GREETING = b"\x00\x7f\x00\x7fZLITE_0"
SIZE = 1088


def stream(rows: np.ndarray) -> bytes:
    service = np.full((len(rows), 32), 0x1234)
    return np.hstack([rows, service]).astype("<i2").tobytes()


def decoded(items) -> np.ndarray:
    return np.concatenate([one.values for one in items if isinstance(one, Frame)])


def right(found: np.ndarray, rows: np.ndarray) -> int:
    """Return how many of the decoded traces are among those measured."""
    return len({row.tobytes() for row in found} & {row.tobytes() for row in rows})


@pytest.mark.parametrize("lost", [1, 2, 3, 7, 64, 545, 1087, 1089, 5001])
def test_lost_bytes_are_noticed_told_and_cost_two_traces_more(radar_rows, lost: int):
    rows = radar_rows(60, 512)
    decoder = SETTINGS.decoder()
    data, at = stream(rows), 40 * SIZE + 600
    items = decoder.feed(GREETING + data[:at] + data[at + lost :])
    found = decoded(items)
    assert right(found, rows) >= 60 - (lost + SIZE - 1) // SIZE - 2
    np.testing.assert_array_equal(found[-10:], rows[-10:])
    (note,) = [one for one in items if isinstance(one, Note) and one.severity == "warning"]
    assert "bytes of the Zond's stream were lost" in note.text
    assert decoder.tally.damaged == 1
    assert decoder.tally.dropped_bytes > 0


@pytest.mark.parametrize("at_trace", [1, 2, 5, 20])
def test_a_loss_soon_after_the_start_is_noticed_too(radar_rows, at_trace: int):
    rows = radar_rows(40, 512)
    data, at = stream(rows), at_trace * SIZE + 900
    found = decoded(SETTINGS.decoder().feed(GREETING + data[:at] + data[at + 1 :]))
    np.testing.assert_array_equal(found[-10:], rows[-10:])


@pytest.mark.parametrize("lost", [2, 6, 14])
def test_a_short_shift_is_noticed_only_where_traces_hardly_change(radar_rows, lost: int):
    """The ground moves reflections by some samples as well: it must not move the cut."""
    for noise, is_noticed in ((5.0, True), (1500.0, False)):
        decoder = SETTINGS.decoder()
        data, at = stream(radar_rows(60, 512, noise=noise)), 40 * SIZE + 600
        decoder.feed(GREETING + data[:at] + data[at + lost :])
        assert (decoder.tally.damaged == 1) == is_noticed


def test_one_disturbed_trace_is_given_out_and_moves_nothing(radar_rows):
    rows = radar_rows(60, 512)
    rows[45] = np.random.default_rng(3).integers(-30000, 30000, 512)
    decoder = SETTINGS.decoder()
    np.testing.assert_array_equal(decoded(decoder.feed(GREETING + stream(rows))), rows)
    assert decoder.tally.damaged == 0


def test_other_ground_moves_nothing(radar_rows):
    rows = np.vstack([radar_rows(50, 512), radar_rows(50, 512)[:, ::-1] // 2])
    decoder = SETTINGS.decoder()
    np.testing.assert_array_equal(decoded(decoder.feed(GREETING + stream(rows))), rows)
    assert decoder.tally.damaged == 0


def test_noise_that_is_never_alike_moves_nothing():
    rows = np.random.default_rng(5).integers(-32768, 32768, (100, 512)).astype(np.int16)
    decoder = SETTINGS.decoder()
    np.testing.assert_array_equal(decoded(decoder.feed(GREETING + stream(rows))), rows)
    assert decoder.tally.damaged == 0


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 59 * SIZE), st.integers(1, 40)), max_size=4))
def test_where_the_bytes_are_cut_changes_no_row_after_losses(losses: list[tuple[int, int]]):
    delay = np.arange(512) / 512.0
    wave = 20000.0 * np.exp(-(((delay - 0.2) / 0.05) ** 2)) * np.sin(80.0 * delay)
    rows = wave + np.random.default_rng(1).normal(0.0, 30.0, (60, 512))
    data = stream(np.rint(rows).astype(np.int16))
    for at, count in sorted(losses, reverse=True):
        data = data[:at] + data[at + count :]
    whole, pieces = SETTINGS.decoder(), SETTINGS.decoder()
    expected = whole.feed(GREETING + data)
    found = pieces.feed(GREETING)
    for at in range(0, len(data), 777):
        found += pieces.feed(data[at : at + 777])
    np.testing.assert_array_equal(decoded(found), decoded(expected))
    assert whole.tally == pieces.tally
