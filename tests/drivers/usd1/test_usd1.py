"""Ainstein US-D1: both frames (synthetic, from ArduPilot's and INAV's reading of them)."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.drivers import Frame, Item, Measured
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.usd1.decoder import IN_RANGE, NO_TARGET, TOO_FAR, TOO_NEAR
from detectkit_drivers.usd1.instrument import UsD1
from detectkit_drivers.usd1.virtual import six_bytes, three_bytes

METRES = [[1.0], [2.5], [math.nan], [10.0], [1.25]]


def rows(items: list[Item]) -> list[list[float]]:
    return [one.values[0].tolist() for one in items if isinstance(one, Frame)]


def decoded(measured: Measured, signal_to_noise: float) -> dict[str, np.ndarray]:
    distance = measured.values[:, 0]
    flag = np.where(np.isnan(distance), NO_TARGET, IN_RANGE)
    return {"distance": np.column_stack([distance, flag, np.full(len(flag), signal_to_noise)])}


class TestUsD1(DriverSuite):
    instrument = UsD1(rate_hz=200.0)
    sample = bytes.fromhex("FE027B00C845 FE027C00C846 FE022C01FE2D")
    rows: ClassVar = {"distance": [[1.23, 0, 200], [1.24, 0, 200], [3.0, 0, 254]]}
    tolerance: ClassVar = {"distance": 1e-9}

    def measured(self) -> Measured:
        return evenly(METRES, rate_hz=200.0)

    def decoded(self, measured: Measured) -> dict[str, np.ndarray]:
        return decoded(measured, 200.0)


OLD = UsD1(frame="three-byte", rate_hz=200.0)
OLD_WIRE = bytes.fromhex("482800 481901 480002 484848")


def test_the_old_frame_is_read_in_steps_of_2_5_cm_once_the_next_begins() -> None:
    decoder = OLD.decoder()
    assert [row[:2] for row in rows(decoder.feed(OLD_WIRE))] == [[1.0, 0], [3.825, 0], [6.4, 0]]
    assert decoder.tally.good_bytes == 9
    ((distance_m, flag, _),) = rows(decoder.feed(b"H"))
    assert math.isnan(distance_m)
    assert flag == TOO_FAR


@given(st.lists(st.binary(max_size=9) | st.just(OLD_WIRE), max_size=8), st.integers(0, 50))
def test_the_old_frame_may_be_cut_and_damaged_anywhere(parts: list[bytes], cut: int) -> None:
    wire = b"".join(parts)
    whole, pieces = OLD.decoder(), OLD.decoder()
    found = rows(pieces.feed(wire[:cut])) + rows(pieces.feed(wire[cut:]))
    np.testing.assert_array_equal(found, rows(whole.feed(wire)))
    assert pieces.tally == whole.tally
    counted = whole.tally.good_bytes + whole.tally.dropped_bytes
    assert len(wire) - counted <= 3


def test_the_old_twin_is_understood_but_for_its_last_frame() -> None:
    measured = evenly(METRES, rate_hz=200.0)
    found = rows(OLD.decoder().feed(b"".join(OLD.twin().speak(measured))))
    np.testing.assert_allclose(found, decoded(measured, np.nan)["distance"][:-1], atol=1e-9)


def test_the_frame_of_the_reference_is_1_23_m() -> None:
    assert rows(UsD1().decoder().feed(bytes.fromhex("FE027B00C845"))) == [[1.23, IN_RANGE, 200.0]]


@pytest.mark.parametrize(
    ("distance_m", "flag"),
    [(math.nan, NO_TARGET), (0.49, TOO_NEAR), (0.5, IN_RANGE), (50.0, IN_RANGE), (50.01, TOO_FAR)],
)
def test_a_distance_outside_the_range_is_nan_with_its_reason(
    distance_m: float, flag: float
) -> None:
    (row,) = rows(UsD1().decoder().feed(six_bytes(distance_m)))
    assert row[1] == flag
    assert math.isnan(row[0]) == (flag != IN_RANGE)


def test_a_start_byte_inside_a_frame_disturbs_nothing() -> None:
    wire = six_bytes(0xFEFE / 100)
    assert UsD1(longest_m=1000.0).decoder().feed(wire + wire)[1:]
    assert rows(UsD1(longest_m=1000.0).decoder().feed(wire)) == [[652.78, IN_RANGE, 200.0]]


def test_the_old_frame_wants_the_next_one_right_behind() -> None:
    decoder = UsD1(frame="three-byte").decoder()
    wire = three_bytes(2.0) + b"\x00" + three_bytes(3.0) * 2
    assert [row[0] for row in rows(decoder.feed(wire))] == [3.0]
    assert decoder.tally.damaged == 1
