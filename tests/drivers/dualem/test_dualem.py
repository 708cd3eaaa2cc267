"""DUALEM: sentences built from public programs that read it (synthetic)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from detectkit.core import ShapeError, UsageError
from detectkit.drivers import Frame, Item, Link, Measured
from detectkit.drivers.bench import Bench, serve_for, steady
from detectkit.testing.conversation import Conversation
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.dualem.instrument import Dualem
from detectkit_drivers.dualem.virtual import sentence, time_of_day

ROWS = [[12.5, -0.25, 8.75, 1.5], [12.25, 0.0, 8.5, 1.25], [11.0, 0.5, 8.0, 1.0]]


def rows(items: list[Item], stream: str = "array_1") -> list[Frame]:
    return [one for one in items if isinstance(one, Frame) and one.layout.stream == stream]


class TestDualem(DriverSuite):
    instrument = Dualem(rate_hz=100.0, status_every_s=0.1)
    sample = b"".join(
        sentence(f"PDLM1,101530.{n}00,{','.join(map(str, row))}") for n, row in enumerate(ROWS)
    )
    rows: ClassVar = {"array_1": ROWS}

    def measured(self) -> Measured:
        return evenly(ROWS * 2, rate_hz=100.0)


def test_the_checksum_is_that_of_nmea() -> None:
    assert sentence("GPGLL,5057.970,N,00146.110,E,142451,A").endswith(b"*27\r\n")


def test_an_array_has_its_own_stream_and_clock() -> None:
    wire = sentence("PDLMH,235959.90,1,2,3,4") + sentence("PDLM2,235959.90,5,6,7,8")
    items = Dualem().decoder().feed(wire + sentence("PDLMH,000000.00,1,2,3,4"))
    before, after = rows(items, "array_H")
    assert before.device_ns is not None
    assert after.device_ns is not None
    assert int(after.device_ns[0] - before.device_ns[0]) == 100_000_000
    assert rows(items, "array_2")[0].values.tolist() == [[5, 6, 7, 8]]


@pytest.mark.parametrize("time", ["", "7", "101530", "996161.5", "noon"])
def test_a_time_in_another_form_is_no_stamp(time: str) -> None:
    (got,) = rows(Dualem().decoder().feed(sentence(f"PDLM1,{time},1,2,3,4")))
    assert got.device_ns is None
    assert (got.layout.device_clock, got.layout.irregular) == ("", True)


def test_an_empty_field_is_nan() -> None:
    (got,) = rows(Dualem().decoder().feed(sentence("PDLM1,,1,,3.,+4.5")))
    np.testing.assert_array_equal(got.values, [[1, np.nan, 3, 4.5]])


@pytest.mark.parametrize("fields", ["1,2,3", "1,2,3,4,5", "1,2,3,nan", "1,2,3,1_0", "1,2,3,x"])
def test_a_sentence_with_other_fields_is_refused(fields: str) -> None:
    decoder = Dualem().decoder()
    assert decoder.feed(sentence(f"PDLM1,,{fields}")) == []
    assert decoder.tally.damaged == 1


def test_the_status_and_foreign_sentences() -> None:
    decoder = Dualem().decoder()
    items = decoder.feed(sentence("PDLMA,12.4,21.5,-0.3,1.2") + sentence("GPZDA,1"))
    (status,) = rows(items, "status")
    assert status.values.tolist() == [[12.4, 21.5, -0.3, 1.2]]
    assert status.layout.columns == ("voltage_v", "temperature_degc", "pitch_deg", "roll_deg")
    assert decoder.tally.ignored == 1


def test_a_foreign_checksum_is_refused_unless_told() -> None:
    wire = b"$PDLM1,,1,2,3,4*00\r\n"
    assert Dualem().decoder().feed(wire) == []
    assert len(rows(Dualem(checksum="ignored").decoder().feed(wire))) == 1


def test_a_sentence_without_its_end_costs_only_itself() -> None:
    wire = sentence("PDLM1,,1,2,3,4")
    decoder = Dualem().decoder()
    assert len(rows(decoder.feed(wire[:-6] + wire))) == 1
    assert decoder.tally.damaged == 1


class Wire:
    """A transport that keeps what is sent."""

    name = "a wire"

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def open(self) -> None: ...

    def close(self) -> None: ...

    def read(self, timeout_s: float) -> bytes:  # noqa: ARG002 - part of the contract
        return b""

    def write(self, data: bytes) -> None:
        self.sent.append(data)


def test_the_status_is_asked_for_now_and_then() -> None:
    wire = Wire()
    session = Dualem(status_every_s=0.5).session()
    for milliseconds in range(0, 2000, 50):
        session.poll(Link(wire), milliseconds * 1_000_000)
    assert wire.sent == [b"%"] * 4


def test_the_status_comes_over_a_wire() -> None:
    instrument = Dualem(rate_hz=100.0, status_every_s=0.1)
    source = steady(lambda numbers: np.ones((len(numbers), 4)), 100.0)
    with Bench(instrument.twin(), source, serve=serve_for(instrument.address)) as bench:
        host = Conversation(instrument, bench.address)
        try:
            host.open()
            host.read_until(lambda: len(rows(host.items, "status")) >= 2)
        finally:
            host.close()
    assert rows(host.items)


def test_a_missing_value_is_an_empty_field_of_the_twin() -> None:
    measured = evenly([[np.nan, 1.0, 2.0, -3.0]], rate_hz=10.0)
    (got,) = rows(Dualem().decoder().feed(b"".join(Dualem().twin().speak(measured))))
    np.testing.assert_array_equal(got.values, measured.values)


def test_the_twin_tells_the_time_of_day() -> None:
    assert time_of_day(86_399_999_999_999) == "235959.999"
    with pytest.raises(ShapeError):
        Dualem().twin().speak(evenly([[1.0]], rate_hz=10.0))


def test_a_status_without_pause_is_refused() -> None:
    with pytest.raises(UsageError, match="status_every_s"):
        Dualem(status_every_s=0.0)
