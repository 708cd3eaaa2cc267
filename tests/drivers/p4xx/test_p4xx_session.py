from __future__ import annotations

import pytest

from detectkit.core import UsageError
from detectkit.drivers import InstrumentError, LinkTimeoutError, build_instrument, instrument_class
from detectkit_drivers.p4xx import instrument as module
from detectkit_drivers.p4xx.framing import wrap
from detectkit_drivers.p4xx.instrument import P4xx
from detectkit_drivers.p4xx.messages import Configuration


@pytest.mark.parametrize(
    ("address", "framing"),
    [("udp://192.168.1.100:21210", "udp"), ("serial:/dev/ttyUSB0?baud=115200", "serial")],
)
def test_the_conversation_uses_the_framing_of_the_address(address, framing, desk) -> None:
    instrument = P4xx(pulse_integration_index=12, code_channel=4)
    twin = instrument.twin()
    bench = desk(twin, address)
    session = instrument.session()
    session.prepare(bench.link)
    assert not twin.running
    session.start(bench.link)
    assert twin.running
    assert twin._configuration == instrument.configuration(node=100)
    assert all(one.startswith(b"\xa5\xa5") == (framing == "serial") for one in bench.wire.written)
    assert session.health()["temperature_degC"] == 31.0
    session.stop(bench.link)
    assert not twin.running


def test_answers_are_found_between_scans_of_a_radar_that_still_runs(desk, measured) -> None:
    instrument = P4xx()
    twin = instrument.twin()
    bench = desk(twin, "udp://10.0.0.1:21210")
    bench.wire.arrived += twin.speak(measured([[1] * 480] * 3))
    instrument.session().prepare(bench.link)
    assert bench.wire.arrived == []


def test_a_refusal_says_what_was_refused(desk, monkeypatch) -> None:
    instrument = P4xx()
    twin = instrument.twin()
    monkeypatch.setattr(twin, "_confirmation", lambda _: bytes.fromhex("00000003"))
    with pytest.raises(InstrumentError, match="does not support"):
        instrument.session().prepare(desk(twin, "udp://10.0.0.1:21210").link)


def test_a_configuration_read_back_different_is_an_error(desk, monkeypatch) -> None:
    instrument = P4xx()
    twin = instrument.twin()
    other = Configuration(pulse_integration_index=6)
    monkeypatch.setattr(Configuration, "from_bytes", lambda _: other)
    with pytest.raises(InstrumentError, match="did not take the configuration"):
        instrument.session().prepare(desk(twin, "udp://10.0.0.1:21210").link)


def test_a_radar_that_is_silent_times_out(desk, monkeypatch) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.02)
    instrument = P4xx()
    twin = instrument.twin()
    monkeypatch.setattr(twin, "receive", lambda _: [])
    with pytest.raises(LinkTimeoutError, match="request 1"):
        instrument.session().prepare(desk(twin, "udp://10.0.0.1:21210").link)


def test_a_radar_without_a_status_that_we_know_is_flown_all_the_same(desk, monkeypatch) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.02)
    instrument = P4xx()
    twin = instrument.twin()
    honest = twin.receive
    old = bytes.fromhex("f101") + bytes(30)
    monkeypatch.setattr(
        twin, "receive", lambda data: [old] if data.startswith(b"\xf0\x01") else honest(data)
    )
    session = instrument.session()
    session.prepare(desk(twin, "udp://10.0.0.1:21210").link)
    assert session.health() == {}


def test_the_twin_takes_requests_cut_anywhere() -> None:
    twin = P4xx(framing="serial").twin()
    wire = wrap(bytes.fromhex("f0010007"), "serial")
    answers = [one for at in range(len(wire)) for one in twin.receive(wire[at : at + 1])]
    assert len(answers) == 1
    assert len(answers[0]) == 4 + 64 + 2


def test_a_reboot_request_stops_the_scans() -> None:
    twin = P4xx(framing="udp").twin()
    twin.receive(bytes.fromhex("10030002ffff000000000000"))
    assert twin.running
    assert twin.receive(bytes.fromhex("f0020003")) == [bytes.fromhex("f1020003")]
    assert not twin.running


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("start_ps", -500_000),
        ("stop_ps", 10_000),
        ("stop_ps", 499_999),
        ("pulse_integration_index", 5),
        ("pulse_integration_index", 16),
        ("transmit_gain", 64),
        ("code_channel", 11),
        ("interval_us", -1),
    ],
)
def test_settings_out_of_range_are_refused_with_the_range(setting, value) -> None:
    with pytest.raises(UsageError, match=f"{setting} = {value} is out of range"):
        P4xx(**{setting: value})


@pytest.mark.parametrize(
    "change", [{"interval_us": 2_000_000}, {"pulse_integration_index": 15, "stop_ps": 499_998}]
)
def test_scans_so_slow_that_they_count_as_stalled_are_refused(change) -> None:
    with pytest.raises(UsageError, match=r"1\.5 s at most"):
        P4xx(**change)


def test_scans_that_their_stamps_could_not_tell_apart_are_refused() -> None:
    assert P4xx().points == 480
    assert P4xx().scan_time_us == 10_000.0
    assert P4xx(interval_us=0).scan_time_us == pytest.approx(8192.0)
    with pytest.raises(UsageError, match="interval_us = 1000 or more"):
        P4xx(pulse_integration_index=6, interval_us=0)
    P4xx(pulse_integration_index=6, interval_us=1000)
    P4xx(pulse_integration_index=6, interval_us=0, stop_ps=25_000)  # one message


def test_it_is_registered_and_builds_from_toml() -> None:
    assert instrument_class("p4xx") is P4xx
    built = build_instrument("p4xx", {"antenna_mode": 3, "framing": "usb"}, where="test")
    assert built == P4xx(antenna_mode=3, framing="usb")
