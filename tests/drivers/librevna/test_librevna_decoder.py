from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.drivers import Frame, Measured, Note
from detectkit_drivers.librevna.decoder import transform_of
from detectkit_drivers.librevna.instrument import LibreVna
from detectkit_drivers.librevna.points import Point, read_point, write_point

SMALL = LibreVna(points=16, samples=64)
RNG = np.random.default_rng(9)
SWEEPS = RNG.normal(size=(5, 16)) + 1j * RNG.normal(size=(5, 16))
TRANSFORM, _ = transform_of(SMALL.grid, SMALL)
ROWS = np.stack([TRANSFORM.trace(sweep) for sweep in SWEEPS])

# The example of the streaming server's form (synthetic: its fields as documented, two ports).
DOCUMENTED = (
    b'{"Z0":50.0,"dBm":-10.0,"frequency":500000000.0,"measurements":{"S11_imag":0.01,'
    b'"S11_real":0.4,"S21_imag":-0.25,"S21_real":0.5},"pointNum":0}'
)


def lines(sweep: int = 0, grid=SMALL.grid) -> list[bytes]:
    return [
        write_point(
            Point(n, grid.start_hz + n * grid.step_hz, complex(SWEEPS[sweep][n])),
            "S21",
            level_dbm=-10.0,
        )
        for n in range(16)
    ]


def frames(items: list) -> list[Frame]:
    return [one for one in items if isinstance(one, Frame)]


def notes(items: list) -> list[str]:
    return [one.text for one in items if isinstance(one, Note)]


def test_a_point_is_read_in_the_documented_form() -> None:
    assert read_point(DOCUMENTED, "S21") == Point(0, 5e8, 0.5 - 0.25j)
    assert read_point(DOCUMENTED, "S11") == Point(0, 5e8, 0.4 + 0.01j)
    assert read_point(DOCUMENTED, "S12") is None


@pytest.mark.parametrize(
    "change",
    [
        {"pointNum": -1},
        {"pointNum": 1.5},
        {"pointNum": True},
        {"pointNum": None},
        {"frequency": "5e8"},
        {"frequency": None},
        {"measurements": None},
        {"measurements": [1, 2]},
        {"measurements": {"S21_real": 1.0}},
        {"measurements": {"S21_real": float("nan"), "S21_imag": 0.0}},
        {"measurements": {"S21_real": 0.0, "S21_imag": float("inf")}},
        {"measurements": {"S21_real": 0.0, "S21_imag": None}},
        {"measurements": {"S21_real": 10**400, "S21_imag": 0.0}},
        {"measurements": {"S21_real": True, "S21_imag": 0.0}},
    ],
)
def test_what_is_no_point_of_finite_numbers_is_refused_and_counted(change) -> None:
    line = json.dumps(json.loads(DOCUMENTED) | change).encode()
    assert read_point(line, "S21") is None
    decoder = SMALL.decoder()
    assert decoder.feed(line + b"\n") == []
    assert decoder.tally.damaged == 1
    assert decoder.tally.dropped_bytes == len(line) + 1


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"7", b"null", b"[" * 3000, b'{"a":' * 600, b"\xff\xfe", b"1" * 4000]
)
def test_strange_lines_are_refused(line: bytes) -> None:
    assert read_point(line, "S21") is None


def test_sweeps_become_traces() -> None:
    decoder = SMALL.decoder()
    got = frames(decoder.feed(b"".join(lines(0) + lines(1) + lines(2))))
    np.testing.assert_allclose(np.concatenate([one.values for one in got]), ROWS[:3], atol=1e-6)
    layout = got[0].layout
    assert len({id(one.layout) for one in got}) == 1
    assert layout.samples == 64
    assert layout.sample_interval_s == pytest.approx(1.0 / (64 * 2.5e9 / 15))
    assert layout.first_twt_s == 0.0
    assert layout.sensor.antenna_hz == 1.75e9
    assert decoder.tally.rows == 3


def test_the_last_point_gives_the_row_at_once() -> None:
    decoder = SMALL.decoder()
    *others, last = lines()
    assert decoder.feed(b"".join(others)) == []
    assert len(frames(decoder.feed(last))) == 1


def test_a_sweep_that_was_under_way_at_the_start_is_passed_over() -> None:
    decoder = SMALL.decoder()
    got = frames(decoder.feed(b"".join(lines(0)[5:] + lines(1))))
    np.testing.assert_allclose(got[0].values, ROWS[1:2], atol=1e-6)
    assert decoder.tally.damaged == 0


@pytest.mark.parametrize("lost", [0, 1, 7, 15])
def test_a_sweep_that_lacks_a_point_is_dropped_and_counted(lost: int) -> None:
    broken = lines(1)
    del broken[lost]
    decoder = SMALL.decoder()
    got = frames(decoder.feed(b"".join(lines(0) + broken + lines(2) + lines(3))))
    np.testing.assert_allclose(
        np.concatenate([one.values for one in got]), ROWS[[0, 2, 3]], atol=1e-6
    )
    assert decoder.tally.damaged == (lost > 0)  # without its first point it never began


def test_points_of_two_sweeps_are_never_mixed() -> None:
    decoder = SMALL.decoder()
    got = frames(decoder.feed(b"".join(lines(0)[:8] + lines(1)[9:] + lines(2))))
    np.testing.assert_allclose(np.concatenate([one.values for one in got]), ROWS[2:3], atol=1e-6)


def test_reset_drops_the_unfinished_sweep() -> None:
    decoder = SMALL.decoder()
    decoder.feed(b"".join(lines(0)[:8]))
    decoder.reset()
    assert frames(decoder.feed(b"".join(lines(0)[8:]))) == []
    assert decoder.tally.damaged == 1


def test_sweeps_of_another_length_are_told_once() -> None:
    more, fewer = (
        LibreVna(points=15, samples=64).decoder(),
        LibreVna(points=17, samples=64).decoder(),
    )
    stream = b"".join(lines(0) * 3)
    assert notes(more.feed(stream)) == ["sweeps have more than the 15 points of the settings"]
    items = fewer.feed(stream)
    assert notes(items) == ["a sweep ended after point 15; the settings say 17 points"]
    assert frames(items) == []
    assert fewer.tally.damaged == 2


def test_other_frequencies_make_another_layout() -> None:
    other = LibreVna(points=16, samples=64, start_hz=1.0e9).grid
    got = frames(SMALL.decoder().feed(b"".join(lines(0) + lines(0, other))))
    assert got[1].layout.sample_interval_s > got[0].layout.sample_interval_s
    assert got[1].layout.sensor.antenna_hz == 2.0e9


def test_a_logarithmic_sweep_is_refused() -> None:
    points = [
        write_point(Point(n, 5e8 * 1.1**n, 1.0 + 0.0j), "S21", level_dbm=0.0) for n in range(16)
    ]
    decoder = SMALL.decoder()
    assert notes(decoder.feed(b"".join(points))) == [
        "the frequencies of a sweep are not evenly spaced; use a linear sweep"
    ]
    assert decoder.tally.damaged == 1


def test_frequencies_too_high_for_the_samples_are_refused() -> None:
    high = LibreVna(points=16, samples=512, start_hz=5e9, stop_hz=6e9).grid
    decoder = SMALL.decoder()
    assert notes(decoder.feed(b"".join(lines(0, high)))) == [
        "the sweep needs samples = 181 or more, not 64"
    ]
    assert decoder.tally.damaged == 1


@settings(max_examples=80, deadline=None)
@given(
    parts=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.integers(0, 15),
            st.just("sweep"),
            st.just(b"\n"),
            st.binary(max_size=3).map(lambda data: data * 2000),
        ),
        max_size=8,
    ),
    cuts=st.lists(st.integers(1, 700), max_size=8),
)
def test_no_bytes_raise_and_every_byte_is_counted_once(parts, cuts) -> None:
    words = {"sweep": b"".join(lines())}
    stream = b"".join(
        lines()[one] if isinstance(one, int) else words.get(one, one) for one in parts
    )
    whole, pieces = SMALL.decoder(), SMALL.decoder()
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


def test_the_twin_sends_sweeps_that_make_the_rows() -> None:
    stamps = np.arange(5, dtype=np.int64) * 10**7
    instrument = LibreVna(window="hann")
    transform, _ = transform_of(instrument.grid, instrument)
    sweeps = RNG.normal(size=(5, 201)) + 1j * RNG.normal(size=(5, 201))
    wanted = np.stack([1000.0 * transform.trace(sweep) for sweep in sweeps])
    twin = instrument.twin()
    messages = twin.speak(Measured(stamps, wanted, stamps))
    assert len(messages) == 5 * 201
    got = frames(instrument.decoder().feed(b"".join(messages)))
    np.testing.assert_allclose(
        np.concatenate([one.values for one in got]), wanted, atol=2e-6 * np.abs(wanted).max()
    )
