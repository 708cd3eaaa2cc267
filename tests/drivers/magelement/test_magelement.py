"""Geometrics MagElement: records built from the maker's published structures (synthetic)."""

from __future__ import annotations

import struct
from typing import ClassVar

import numpy as np
import pytest

from detectkit.core import ShapeError
from detectkit.drivers import Frame, Item, Measured, Note
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.magelement.decoder import (
    FILTERED_RECORD,
    SAMPLE,
    STATUS_RECORD,
    MagElementDecoder,
)
from detectkit_drivers.magelement.instrument import MagElement
from detectkit_drivers.magelement.virtual import block, heartbeat

NO_PPS = np.zeros(40, np.bool_)


def fields(rows: int) -> np.ndarray:
    """Return two fields that fall on whole counts of 0.05 pT."""
    return 48000.0 + np.arange(2.0 * rows).reshape(rows, 2) / 20.0


def frames(items: list[Item], stream: str = "field") -> list[Frame]:
    return [one for one in items if isinstance(one, Frame) and one.layout.stream == stream]


class TestMagElement(DriverSuite):
    instrument = MagElement()
    sample = b"".join(block(40 * n, fields(160)[40 * n : 40 * n + 40], NO_PPS) for n in range(4))
    rows: ClassVar = {"field": fields(160)}
    tolerance: ClassVar = {"field": 2.6e-5}
    stamp_tolerance_s = 3.1e-3  # the stamps are the counter, which skips with the rows
    checksummed = False

    def measured(self) -> Measured:
        return evenly(fields(160), rate_hz=1000.0)


def by_hand(first: int, *, frame_id: int = 0xC000, system: int = 0, status: int = 0) -> bytes:
    """Return a block written out with struct, independent of our dtype."""
    samples = [
        struct.pack(
            "<HHIHHI8H",
            *(frame_id | ((first + n) % 2048), system, 1_000_000_000 + n, status, 0),
            *(900_000_000, *range(8)),
        )
        for n in range(40)
    ]
    return struct.pack("<IIQ", 0x1001F, 1296, first) + b"".join(samples)


def test_the_structures_have_the_sizes_that_the_maker_states() -> None:
    assert SAMPLE.itemsize == 32
    assert 16 + 40 * SAMPLE.itemsize == 1296
    assert 16 + FILTERED_RECORD.itemsize + 16 == 88
    assert 8 + STATUS_RECORD.itemsize == 108


def test_a_block_is_forty_rows_with_their_index_as_counter_and_clock() -> None:
    (got,) = MagElementDecoder().feed(by_hand(2040))
    assert isinstance(got, Frame)
    np.testing.assert_allclose(got.values[:, 0], 50000.0 + 5e-5 * np.arange(40), rtol=1e-12)
    np.testing.assert_allclose(got.values[:, 1], 45000.0)
    assert got.counter is not None
    assert got.device_ns is not None
    assert got.counter.tolist() == [*range(2040, 2080)]
    assert got.device_ns.tolist() == [n * 1_000_000 for n in range(2040, 2080)]
    assert got.layout.rate_hz == 1000.0


@pytest.mark.parametrize(
    ("frame_id", "status", "missing"),
    [(0xC000, 0, []), (0x8000, 0, [0]), (0x4000, 0, [1]), (0, 0, [0, 1]), (0xC000, 1, [0])],
)
def test_an_invalid_or_dead_zone_field_is_nan(
    frame_id: int, status: int, missing: list[int]
) -> None:
    (got,) = frames(MagElementDecoder().feed(by_hand(0, frame_id=frame_id, status=status)))
    absent = np.isnan(got.values).all(axis=0)
    assert np.flatnonzero(absent).tolist() == missing
    assert not np.isnan(got.values[:, ~absent]).any()


def test_the_pulse_per_second_marks_its_row() -> None:
    pps = NO_PPS.copy()
    pps[17] = True
    (got,) = frames(MagElementDecoder().feed(block(0, fields(40), pps)))
    assert np.flatnonzero(got.coords["pps"]).tolist() == [17]
    assert got.coords["pps_locked"].all()
    (dark,) = frames(MagElementDecoder().feed(by_hand(0)))
    assert not dark.coords["pps"].any()
    assert not dark.coords["pps_locked"].any()


@pytest.mark.parametrize(
    ("system", "pps", "locked"),
    [(0x8000, 1, 0), (0x4000, 0, 1), (0x3FFF, 0, 0)],
)
def test_only_their_own_bits_tell_pulse_and_lock(system: int, pps: int, locked: int) -> None:
    (got,) = frames(MagElementDecoder().feed(by_hand(0, system=system)))
    assert set(got.coords["pps"].tolist()) == {pps}
    assert set(got.coords["pps_locked"].tolist()) == {locked}


def test_the_heartbeat_is_a_status_row_and_says_changes_once() -> None:
    decoder = MagElementDecoder()
    items = decoder.feed(heartbeat(5000, first_pps=417, last_pps=4417) * 2)
    status = frames(items, "status")
    columns = status[0].layout.columns
    assert len(status) == 2
    assert status[0].values[0, columns.index("counter_at_last_pps")] == 4417
    assert status[0].values[0, columns.index("counter_at_first_pps")] == 417
    assert status[0].values[0, columns.index("sample_period_ms")] == 1
    (note,) = [one for one in items if isinstance(one, Note)]
    assert note.text.startswith("MagElement TWIN0001: pulse-per-second status 1")
    assert note.severity == "note"
    faulty = bytearray(heartbeat(6000, first_pps=417, last_pps=4417))
    faulty[76:80] = (0x10).to_bytes(4, "little")
    faulty[20:28] = b"\x01\x02\x03\x04\x05\x06\x07\x08"
    (warning,) = [one for one in decoder.feed(bytes(faulty)) if isinstance(one, Note)]
    assert (warning.severity, "0x00000010" in warning.text) == ("warning", True)
    assert "0102030405060708" in warning.text


def test_a_filtered_record_is_read_and_an_invalid_one_is_nan() -> None:
    body = struct.pack("<QdfI10f16x", 77, 48123.5, 0.5, 1, *range(10))
    invalid = struct.pack("<QdfI10f16x", 78, 48123.5, 0.5, 0, *range(10))
    head = struct.pack("<II", 0x10022, 88)
    first, second = frames(MagElementDecoder().feed(head + body + head + invalid), "filtered")
    assert first.values.tolist() == [[48123.5, 0.5, *range(10)]]
    assert first.layout.columns[-1] == "temperature"
    assert first.coords["trace_counter"].tolist() == [77]
    assert np.isnan(second.values[0, 0])


def test_records_of_later_versions_are_passed_over_by_their_size() -> None:
    decoder = MagElementDecoder()
    newer = struct.pack("<II", 0x1001F, 2576) + bytes(2568)  # known type, other size
    other = struct.pack("<II", 0x10099, 12) + bytes(4)
    items = decoder.feed(newer + by_hand(0) + other + by_hand(40))
    assert [int(one.counter[0]) for one in frames(items) if one.counter is not None] == [0, 40]
    assert (decoder.tally.ignored, decoder.tally.dropped_bytes) == (2, 0)


@pytest.mark.parametrize(
    ("lost", "left"),
    [
        (0, [0, 80, 120]),
        (3, [0, 80, 120]),
        (8, [0, 80, 120]),
        (200, [0, 80, 120]),
        (1263, [0, 80, 120]),
        (1290, [0, 40, 120]),  # behind the last field: its rows are right, the next header is not
    ],
)
def test_a_lost_byte_costs_one_block_and_no_row_is_made_up(lost: int, left: list[int]) -> None:
    decoder = MagElementDecoder()
    wire = by_hand(0) + by_hand(40)[:lost] + by_hand(40)[lost + 1 :] + by_hand(80) + by_hand(120)
    got = frames(decoder.feed(wire))
    starts = [int(one.counter[0]) for one in got if one.counter is not None]
    assert starts == left
    assert decoder.tally.dropped_bytes == 1295
    np.testing.assert_allclose(np.concatenate([one.values for one in got])[:, 1], 45000.0)


def test_an_instrument_that_does_not_count_fiducials_is_read_all_the_same() -> None:
    wire = bytearray(by_hand(0))
    wire[16::32] = bytes(len(wire[16::32]))
    assert len(frames(MagElementDecoder().feed(bytes(wire) * 2))) == 2


class TestTwin:
    def test_a_heartbeat_tells_the_rows_of_the_pulses(self) -> None:
        measured = evenly(fields(2600), rate_hz=1000.0, start_s=0.5)
        items = MagElementDecoder().feed(b"".join(MagElement().twin().speak(measured)))
        marks = np.concatenate([one.coords["pps"] for one in frames(items)])
        assert np.flatnonzero(marks).tolist() == [500, 1500, 2500]
        status = frames(items, "status")
        columns = status[-1].layout.columns
        assert len(status) == 2
        assert status[-1].values[0, columns.index("counter_at_first_pps")] == 500
        assert status[-1].values[0, columns.index("counter_at_last_pps")] == 1500

    def test_one_field_leaves_the_second_sensor_absent(self) -> None:
        measured = evenly(fields(40)[:, :1], rate_hz=1000.0)
        (got,) = frames(MagElementDecoder().feed(b"".join(MagElement().twin().speak(measured))))
        np.testing.assert_allclose(got.values[:, 0], fields(40)[:, 0], atol=2.6e-5)
        assert np.isnan(got.values[:, 1]).all()

    def test_three_fields_are_refused(self) -> None:
        with pytest.raises(ShapeError, match="one or two"):
            MagElement().twin().speak(evenly([[1.0, 2.0, 3.0]], rate_hz=1000.0))
