from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.drivers import (
    InstrumentError,
    Link,
    LinkError,
    build_instrument,
    instrument_class,
)
from detectkit.drivers.bench import Bench, steady
from detectkit_drivers.librevna.instrument import LibreVna
from detectkit_drivers.librevna.scpi import Scpi
from detectkit_drivers.librevna.stream import control_address

SMALL = LibreVna(points=16, samples=64)
SERVE = "tcp-listen://127.0.0.1:0"


@contextmanager
def served(instrument: LibreVna = SMALL):
    twin = instrument.twin()
    silence = np.zeros((1, instrument.samples))
    source = steady(lambda rows: np.repeat(silence, len(rows), axis=0), lambda: twin.rate_hz)
    with Bench(twin, source, serve=SERVE) as bench:
        yield twin, bench.address


@contextmanager
def opened(instrument: LibreVna, address: str):
    transport = instrument.connect(address)
    transport.open()
    try:
        yield Link(transport)
    finally:
        transport.close()


def test_the_session_sets_the_sweep_and_starts_it() -> None:
    instrument = LibreVna(
        points=21, samples=128, start_hz=1e9, stop_hz=2e9, level_dbm=-20.0, bandwidth_hz=10e3
    )
    with served(SMALL) as (twin, address), opened(instrument, address) as link:
        session = instrument.session()
        session.prepare(link)
        assert not twin.running
        assert twin._values == {
            "DEV:MODE": "VNA",
            "VNA:SWEEP": "FREQUENCY",
            "VNA:SWEEPTYPE": "LIN",
            "VNA:STIM:LVL": "-20",
            "VNA:ACQ:IFBW": "10000",
            "VNA:ACQ:AVG": "1",
            "VNA:ACQ:POINTS": "21",
            "VNA:FREQ:START": "1000000000",
            "VNA:FREQ:STOP": "2000000000",
        }
        assert session.health()["device"] == "206039903350"
        session.start(link)
        assert twin.running
        session.stop(link)
        assert not twin.running


def test_a_stream_that_is_off_is_switched_on_and_found() -> None:
    with served() as (twin, address):
        twin._enabled = "false"
        with opened(SMALL, control_address(address)):
            assert twin._enabled == "true"


def test_a_calibrated_stream_without_calibration_is_an_error() -> None:
    with served() as (twin, address), opened(SMALL, address) as link:
        twin._calibration = "None"
        with pytest.raises(InstrumentError, match="no calibration is active"):
            SMALL.session().prepare(link)
        raw = LibreVna(points=16, samples=64, stream="raw")
        raw.session().prepare(link)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"*IDN?": "OTHER,1"}, "no LibreVNA-GUI but 'OTHER,1'"),
        ({"DEV:CONN?": "Not connected"}, "no device"),
        ({"VNA:ACQ:POINTS?": "12"}, "gave 12"),
        ({"VNA:FREQ:START?": "soon"}, "gave soon"),
        ({"VNA:CAL:LOAD?": "FALSE"}, "cannot load the calibration 'field.cal'"),
    ],
)
def test_what_the_gui_says_otherwise_is_an_error(answers, words, monkeypatch) -> None:
    instrument = LibreVna(points=16, samples=64, calibration_file="field.cal")
    with served() as (twin, address), opened(instrument, address) as link:
        honest = twin._answer
        monkeypatch.setattr(
            twin, "_answer", lambda name, rest: answers.get(name) or honest(name, rest)
        )
        with pytest.raises(InstrumentError, match=words):
            instrument.session().prepare(link)


def test_a_command_that_is_not_taken_is_named() -> None:
    with served() as (_, address), Scpi(control_address(address)) as scpi:
        scpi.tell(":DEV:MODE VNA")
        with pytest.raises(InstrumentError, match=":VNA:NONSENSE 1"):
            scpi.tell(":VNA:NONSENSE 1")
        scpi.tell(":DEV:MODE VNA")  # the status was read, and with it reset
        with pytest.raises(InstrumentError, match="POINTS"):
            scpi.tell(":VNA:ACQ:POINTS many")
        with pytest.raises(InstrumentError, match=r":DEV:PREF\? Nothing\.port"):
            scpi.ask(":DEV:PREF? Nothing.port")  # which is answered by no line
        with pytest.raises(InstrumentError, match="one line was expected"):
            scpi.ask(":DEV:MODE VNA")


def test_commands_come_in_pieces_and_in_either_case() -> None:
    twin = SMALL.twin()
    assert twin.command(b":vna:acq:po") == []
    assert twin.command(b"ints?\n*idn?\n") == [
        b"16\n",
        b"LibreVNA,LibreVNA-GUI,dummy_serial,1.6.4\n",
    ]


def test_without_the_gui_the_link_does_not_open() -> None:
    with served() as (_, address):
        pass
    with pytest.raises(LinkError):
        SMALL.connect(address).open()
    with pytest.raises(LinkError, match="not open"):
        SMALL.connect(address).read(0.1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start_hz": 3.0e9}, "smaller one first"),
        ({"stop_hz": 6.1e9}, "100e3 to 6e9"),
        ({"points": 1}, "points = 1"),
        ({"bandwidth_hz": 60e3}, "bandwidth_hz = 60000"),
        ({"bandwidth_hz": 100.0}, "takes about 10.1 s"),
        ({"level_dbm": 3.0}, "level_dbm = 3"),
        ({"kaiser_beta": -1.0}, "kaiser_beta = -1"),
        ({"samples": 480}, "give 481 or more"),
        ({"calibration_file": "a b.cal"}, "calibration_file"),
    ],
)
def test_settings_out_of_range_are_refused_with_what_is_allowed(change, words) -> None:
    with pytest.raises(UsageError, match=words):
        LibreVna(**change)


def test_it_is_registered_and_builds_from_toml() -> None:
    assert instrument_class("librevna") is LibreVna
    assert build_instrument("librevna", {"stream": "raw"}, where="t") == LibreVna(stream="raw")
