"""Nanoradar NRA24: frames captured from instruments, silence without a target, damage."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest

from detectkit.drivers import Frame, Item, Measured
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.nra24.decoder import HEARTBEAT, IN_RANGE, NO_TARGET, TOO_FAR, TOO_NEAR
from detectkit_drivers.nra24.instrument import Nra24
from detectkit_drivers.nra24.virtual import frame, target

# Captured: what an NRA24 sent, as printed in two independent public programs.
CAPTURED = bytes.fromhex(
    "AAAA0C0701B8054E2D02BEF95555"
    "AAAA0C0701D8054E2D02BE195555"
    "AAAA0C070144054E2D02BE855555"
    "AAAA0C070170054E2D02BEB15555"
    "AAAA0C07018C054E2D02BECD5555"
    "AAAA0C0701CC054E2D02BE0D5555"
    "AAAA0C070130054E2D02BE715555"
)
CAPTURED_CROSS_SECTIONS = [42.0, 58.0, -16.0, 6.0, 20.0, 52.0, -26.0]
# Captured from another instrument of the family: heartbeat and target count, checksum 0.
CAPTURED_HEARTBEAT = bytes.fromhex("AAAA0A0601130000000000005555")
CAPTURED_COUNT = bytes.fromhex("AAAA0B0702000000000000005555")
BEAT = frame(HEARTBEAT, bytes(7))


def distances(items: list[Item]) -> list[float]:
    return [float(one.values[0, 0]) for one in items if isinstance(one, Frame)]


def flags(items: list[Item]) -> list[float]:
    return [float(one.values[0, 1]) for one in items if isinstance(one, Frame)]


class TestNra24(DriverSuite):
    instrument = Nra24(rate_hz=100.0)
    sample = CAPTURED
    rows: ClassVar = {"distance": [[13.58, IN_RANGE, one] for one in CAPTURED_CROSS_SECTIONS]}
    tolerance: ClassVar = {"distance": 1e-9}

    def measured(self) -> Measured:
        return evenly([[1.0], [2.5], [math.nan], [10.0], [0.5]], rate_hz=100.0)

    def decoded(self, measured: Measured) -> dict[str, list[list[float]]]:
        return {"distance": [row(one) for one in measured.values[:, 0].tolist()]}


def row(distance_m: float) -> list[float]:
    if math.isnan(distance_m):
        return [math.nan, NO_TARGET, math.nan]
    return [distance_m, IN_RANGE, 42.0]


def test_the_captured_frame_of_the_reference_is_13_58_m() -> None:
    assert distances(Nra24().decoder().feed(CAPTURED[:14])) == [13.58]


def test_no_target_is_a_row_of_nan_and_disconnected_is_no_row() -> None:
    decoder = Nra24().decoder()
    assert distances(decoder.feed(target(2.0) + BEAT)) == [2.0]
    items = decoder.feed(BEAT + BEAT)
    assert np.isnan(distances(items)).tolist() == [True, True]
    assert flags(items) == [NO_TARGET, NO_TARGET]
    assert decoder.feed(b"") == []


def test_heartbeats_between_targets_give_no_row() -> None:
    items = Nra24().decoder().feed(target(2.0) + BEAT + target(3.0) + BEAT)
    assert distances(items) == [2.0, 3.0]


def test_a_captured_heartbeat_with_checksum_zero_is_taken() -> None:
    decoder = Nra24().decoder()
    items = decoder.feed(CAPTURED_HEARTBEAT + CAPTURED_COUNT + CAPTURED_HEARTBEAT)
    assert flags(items) == [NO_TARGET]
    assert decoder.tally.dropped_bytes == 0
    assert decoder.tally.ignored == 1


def test_a_damaged_target_is_not_taken_for_no_target() -> None:
    broken = bytearray(target(2.0))
    broken[7] ^= 1
    items = Nra24().decoder().feed(BEAT + bytes(broken) + BEAT)
    assert items == []


@pytest.mark.parametrize(
    ("distance_m", "flag"),
    [(0.05, TOO_NEAR), (0.1, IN_RANGE), (200.0, IN_RANGE), (200.01, TOO_FAR)],
)
def test_a_distance_outside_the_range_is_nan_with_its_reason(
    distance_m: float, flag: float
) -> None:
    items = Nra24().decoder().feed(target(distance_m))
    assert flags(items) == [flag]
    assert math.isnan(distances(items)[0]) == (flag != IN_RANGE)
