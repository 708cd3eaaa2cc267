"""QuSpin QTFM: lines built from the maker's description of both generations (synthetic)."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.drivers import Frame, Item, Measured, Note
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.qtfm.instrument import Qtfm

NAN = math.nan


def rows(items: list[Item]) -> list[Frame]:
    return [one for one in items if isinstance(one, Frame)]


class TestSecondGeneration(DriverSuite):
    instrument = Qtfm(counter_modulus=65536)
    sample = (
        b"!50123.456Y-20.5@100>1000s250v120\r\n!50123.457Z31.25@101>1005s250v120\r\n"
        b"!50123.458X7@102>1010s250v120\r\n!50123.459Y-20.5@103>1015s250v120\r\n"
    )
    rows: ClassVar = {
        "field": [
            [50123.456, NAN, -20.5, NAN, 250, 120],
            [50123.457, NAN, NAN, 31.25, 250, 120],
            [50123.458, 7, NAN, NAN, 250, 120],
            [50123.459, NAN, -20.5, NAN, 250, 120],
        ]
    }
    tolerance: ClassVar = {"field": 5e-4}
    checksummed = False

    def measured(self) -> Measured:
        return evenly(50000.0 + np.arange(6.0)[:, None] / 8.0, rate_hz=200.0)

    def decoded(self, measured: Measured) -> dict[str, list[list[float]]]:
        totals = measured.values[:, 0].tolist()
        return {"field": [[total, NAN, NAN, NAN, 250, 120] for total in totals]}


class TestFirstGeneration(DriverSuite):
    instrument = Qtfm(generation=1, counter_modulus=65536)
    sample = b"!300467107@900^7\r\n!300467108@901^8\r\n!300467109@902^9\r\n!300467109@902^10\r\n"
    rows: ClassVar = {"field": [[50000, 900], [50000, 901], [50000, 902], [50000, 902]]}
    tolerance: ClassVar = {"field": 5e-4}
    checksummed = False

    def measured(self) -> Measured:
        return evenly(50000.0 + np.arange(6.0)[:, None] / 8.0, rate_hz=200.0)

    def decoded(self, measured: Measured) -> dict[str, list[list[float]]]:
        return {"field": [[total, 900] for total in measured.values[:, 0].tolist()]}


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (b"!50000.5", [50000.5, NAN, NAN, NAN, NAN, NAN]),
        (b"!50000.5@3", [50000.5, NAN, NAN, NAN, NAN, NAN]),
        (b"!Z-12", [NAN, NAN, NAN, -12, NAN, NAN]),
        (b"!-1s5", [-1, NAN, NAN, NAN, 5, NAN]),
        (b"!50000v7.5", [50000, NAN, NAN, NAN, NAN, 7.5]),
    ],
)
def test_fields_of_the_second_generation_may_be_off(line: bytes, values: list[float]) -> None:
    (got,) = rows(Qtfm().decoder().feed(line + b"\r\n"))
    np.testing.assert_array_equal(got.values, [values])


@pytest.mark.parametrize("line", [b"!", b"!@5", b"!1.2.3", b"!5W3", b"!s5", b"!nan", b"!1e5"])
def test_a_torn_line_is_no_field(line: bytes) -> None:
    decoder = Qtfm().decoder()
    assert rows(decoder.feed(line + b"\r\n!7\r\n"))[0].values[0, 0] == 7
    assert decoder.tally.damaged == 1


@pytest.mark.parametrize(
    ("line", "strength"), [(b"!300467107", NAN), (b"!300467107@900", 900), (b"!300467107@9^1", 9)]
)
def test_fast_modes_of_the_first_generation_say_less(line: bytes, strength: float) -> None:
    (got,) = rows(Qtfm(generation=1).decoder().feed(line + b"\r\n"))
    np.testing.assert_allclose(got.values, [[50000.0, strength]], atol=1e-4)


def test_stamps_and_counters_are_given_only_where_they_are_understood() -> None:
    (plain,) = rows(Qtfm().decoder().feed(b"!5@3\r\n"))
    assert (plain.counter, plain.device_ns, plain.layout.device_clock) == (None, None, "")
    assert plain.layout.counter_modulus is None
    (full,) = rows(Qtfm(counter_modulus=500).decoder().feed(b"!5@3>17\r\n"))
    assert full.counter is not None
    assert full.device_ns is not None
    assert (full.counter.tolist(), full.device_ns.tolist()) == ([3], [17_000_000])
    assert (full.layout.counter_modulus, full.layout.device_clock) == (500, "boot")


def test_the_instruments_words_are_notes_and_reserved_lines_ignored() -> None:
    decoder = Qtfm().decoder()
    items = decoder.feed(b"#  Laser locked\r\n(reserved\r\n\xff\xfe\r\n!5\r\n")
    assert items[0] == Note("Laser locked")
    assert len(rows(items)) == 1
    assert (decoder.tally.ignored, decoder.tally.damaged) == (1, 1)


def test_a_lost_line_end_costs_one_line() -> None:
    got = rows(Qtfm().decoder().feed(b"!50000!50001\r\n!50002\r\n"))
    assert [one.values[0, 0] for one in got] == [50001, 50002]


class TestTwin:
    def test_vectors_are_told_in_turn(self) -> None:
        measured = evenly([[50000.0, 1.0, 2.0, 3.0]] * 3, rate_hz=200.0)
        got = rows(Qtfm().decoder().feed(b"".join(Qtfm().twin().speak(measured))))
        vectors = np.concatenate([one.values[:, 1:4] for one in got])
        np.testing.assert_array_equal(vectors, np.where(np.eye(3), [[1.0, 2.0, 3.0]], NAN))

    def test_a_row_without_a_field_is_counted_and_not_spoken(self) -> None:
        measured = evenly([[NAN], [50000.0]], rate_hz=200.0)
        instrument = Qtfm(counter_modulus=10)
        (got,) = rows(instrument.decoder().feed(b"".join(instrument.twin().speak(measured))))
        assert got.counter is not None
        assert got.counter.tolist() == [1]


@pytest.mark.parametrize("timestamp_s", [0.0, 0.2])
def test_an_impossible_timestamp_step_is_refused(timestamp_s: float) -> None:
    with pytest.raises(UsageError, match="timestamp_s"):
        Qtfm(timestamp_s=timestamp_s)
