"""LightWare SF11/C: lines as the manual prints them, the 130 m sentinel, questions and answers."""

from __future__ import annotations

import contextlib
import math
from typing import ClassVar

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.drivers import Frame, Item, Link, Measured
from detectkit.drivers.bench import Bench, serve_for, steady
from detectkit.testing.conversation import Conversation
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.sf11.decoder import IN_RANGE, NO_TARGET, TOO_FAR, TOO_NEAR
from detectkit_drivers.sf11.instrument import Sf11, Sf11Session


def rows(items: list[Item]) -> list[list[float]]:
    return [one.values[0].tolist() for one in items if isinstance(one, Frame)]


def decode(wire: bytes) -> list[list[float]]:
    return rows(Sf11().decoder().feed(wire))


class TestSf11(DriverSuite):
    instrument = Sf11(ask="never")
    sample = b"?LD 98.67\r\n?LD!98.67\r\n98.67\r\n130.00\r\n1.05\r\n"  # vendor-printed forms
    rows: ClassVar = {
        "distance": [[98.67, 0], [98.67, 0], [98.67, 0], [math.nan, NO_TARGET], [1.05, 0]]
    }
    checksummed = False

    def measured(self) -> Measured:
        return evenly([[1.0], [2.5], [math.nan], [10.0], [98.67]], rate_hz=20.0)

    def decoded(self, measured: Measured) -> dict[str, np.ndarray]:
        flag = np.where(np.isnan(measured.values), NO_TARGET, IN_RANGE)
        return {"distance": np.hstack([measured.values, flag])}


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        (b"130.00", NO_TARGET),
        (b"129.99", TOO_FAR),
        (b"120.01", TOO_FAR),
        (b"120.00", IN_RANGE),
        (b"0.20", IN_RANGE),
        (b"0.19", TOO_NEAR),
    ],
)
def test_sentinel_and_range_are_told_apart(line: bytes, flag: float) -> None:
    (row,) = decode(line + b"\r\n")
    assert row[1] == flag
    assert math.isnan(row[0]) == (flag != IN_RANGE)


def test_other_answers_are_ignored_and_torn_lines_are_not_distances() -> None:
    decoder = Sf11().decoder()
    wire = b"?SU,10\r\n8.6\r\n98.67 98.68\r\n\xff1.05\r\n" + b"2.50\r\n"
    assert rows(decoder.feed(wire)) == [[2.5, IN_RANGE]]
    assert (decoder.tally.ignored, decoder.tally.damaged) == (3, 1)


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


def test_it_asks_at_the_rate_and_not_at_every_poll() -> None:
    wire = Wire()
    session = Sf11(rate_hz=5.0).session()
    for milliseconds in range(0, 1000, 50):
        session.poll(Link(wire), milliseconds * 1_000_000)
    assert 5 <= len(wire.sent) <= 7
    assert set(wire.sent) == {b"?LD\r\n"}


def test_an_instrument_that_talks_is_not_asked() -> None:
    assert not isinstance(Sf11(ask="never").session(), Sf11Session)


@pytest.mark.parametrize("ask", ["?LD", "d"])
def test_questions_are_answered_over_a_wire(ask: str) -> None:
    instrument = Sf11(ask=ask)  # type: ignore[arg-type]
    twin = instrument.twin()
    source = steady(lambda numbers: np.full((len(numbers), 1), 4.25), 50.0)
    with Bench(twin, source, serve=serve_for(instrument.address)) as bench:
        host = Conversation(instrument, bench.address)
        with contextlib.closing(host):
            host.open()
            host.read_until(lambda: [4.25, IN_RANGE] in rows(host.items))
        assert {row[1] for row in rows(host.items)} <= {IN_RANGE, NO_TARGET}


def test_half_a_question_waits_and_junk_is_forgotten() -> None:
    twin = Sf11().twin()
    twin.speak(evenly([[2.0]], rate_hz=1.0))
    assert twin.receive(b"xx?L") == []
    assert twin.receive(b"D\r\n?LD\r\nd") == [b"?LD 2.00\r\n", b"?LD 2.00\r\n", b"2.00\r\n"]


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, 21.0])
def test_a_rate_it_cannot_do_is_refused(rate_hz: float) -> None:
    with pytest.raises(UsageError, match="20 times a second"):
        Sf11(rate_hz=rate_hz)
