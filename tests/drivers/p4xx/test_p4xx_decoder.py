from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectkit.drivers import Frame, Note
from detectkit_drivers.p4xx.instrument import P4xx

RNG = np.random.default_rng(440)
SCANS = RNG.integers(-(2**31), 2**31, (6, 480), np.int64)


def frames(items: list) -> list[Frame]:
    return [one for one in items if isinstance(one, Frame)]


def decoded(instrument: P4xx, messages: list[bytes]) -> tuple[np.ndarray, object]:
    decoder = instrument.decoder()
    got = frames([one for message in messages for one in decoder.feed(message)])
    values = np.concatenate([one.values for one in got]) if got else np.zeros((0, 0))
    return values, decoder


@pytest.mark.parametrize("framing", ["udp", "serial", "usb"])
@pytest.mark.parametrize("points", [1, 350, 351, 480, 1400])
def test_scans_of_any_length_come_back_value_by_value(framing, points, measured) -> None:
    instrument = P4xx(framing=framing)
    scans = RNG.integers(-(2**31), 2**31, (3, points), np.int64)
    messages = instrument.twin().speak(measured(scans))
    assert len(messages) == 3 * -(-points // 350)
    values, decoder = decoded(instrument, messages)
    assert values.dtype == np.int32
    np.testing.assert_array_equal(values, scans)
    assert decoder.tally.damaged == 0
    assert decoder.tally.good_bytes == sum(map(len, messages))


def test_delays_follow_from_start_and_step(measured) -> None:
    instrument = P4xx(start_ps=-2_000, framing="udp")
    layout = frames(instrument.decoder().feed(b"".join(instrument.twin().speak(measured(SCANS)))))[
        0
    ].layout
    assert layout.first_twt_s == pytest.approx(-2e-9)
    assert layout.sample_interval_s == pytest.approx(61.035e-12, rel=1e-5)
    assert layout.samples == 480
    assert layout.sensor.kind == "gpr"
    assert layout.device_clock == "boot"
    assert layout.rate_hz == 100.0


def test_a_new_configuration_makes_a_new_layout(measured) -> None:
    instrument = P4xx(framing="udp")
    twin, decoder = instrument.twin(), instrument.decoder()
    first = frames(decoder.feed(b"".join(twin.speak(measured(SCANS)))))
    assert len({id(one.layout) for one in first}) == 1
    other = P4xx(start_ps=20_000, framing="udp").twin()
    second = frames(decoder.feed(b"".join(other.speak(measured(SCANS)))))
    assert second[0].layout.first_twt_s != first[0].layout.first_twt_s


def test_a_lost_datagram_loses_its_scan_and_is_counted(measured) -> None:
    instrument = P4xx(framing="udp")
    messages = instrument.twin().speak(measured(SCANS))
    del messages[2]  # the first half of the second scan
    values, decoder = decoded(instrument, messages)
    np.testing.assert_array_equal(values, SCANS[[0, 2, 3, 4, 5]])
    assert decoder.tally.damaged == 1
    assert decoder.tally.rows == 5


def test_messages_of_a_scan_may_come_in_any_order(measured) -> None:
    instrument = P4xx(framing="udp")
    messages = instrument.twin().speak(measured(SCANS))
    messages = [message for pair in range(0, 12, 2) for message in messages[pair : pair + 2][::-1]]
    values, decoder = decoded(instrument, messages)
    np.testing.assert_array_equal(values, SCANS)
    assert decoder.tally.damaged == 0


def test_neighbouring_scans_may_interleave(measured) -> None:
    instrument = P4xx(framing="udp")
    messages = instrument.twin().speak(measured(SCANS[:2]))
    values, decoder = decoded(instrument, [messages[n] for n in (0, 2, 1, 3)])
    np.testing.assert_array_equal(values, SCANS[:2])
    assert decoder.tally.damaged == 0


def test_what_comes_too_late_is_dropped_and_never_mixed(measured) -> None:
    instrument = P4xx(framing="udp")
    messages = instrument.twin().speak(measured(SCANS[:3]))
    values, decoder = decoded(instrument, [messages[n] for n in (0, 2, 3, 1, 4, 5)])
    np.testing.assert_array_equal(values, SCANS[1:3])
    assert decoder.tally.damaged == 1


def test_a_doubled_datagram_gives_no_second_row(measured) -> None:
    instrument = P4xx(framing="udp")
    messages = instrument.twin().speak(measured(SCANS[:2]))
    values, decoder = decoded(instrument, [messages[n] for n in (0, 1, 1, 2, 3)])
    np.testing.assert_array_equal(values, SCANS[:2])
    assert decoder.tally.damaged == 1


def test_scans_of_one_stamp_are_never_mixed(measured) -> None:
    instrument = P4xx(framing="udp")
    messages = instrument.twin().speak(measured(SCANS[:3], step_ms=0))
    values, _ = decoded(instrument, [messages[n] for n in (0, 2, 3, 4, 5)])
    wholes = {row.tobytes() for row in SCANS[:3].astype(np.int32)}
    assert all(row.tobytes() in wholes for row in values)


def test_memory_of_unfinished_scans_is_bounded(measured) -> None:
    instrument = P4xx(framing="udp")
    messages = instrument.twin().speak(measured(np.zeros((200, 480))))[::2]
    decoder = instrument.decoder()
    for message in messages:
        assert decoder.feed(message) == []
    assert len(decoder._assembly._open) <= 4
    assert len(decoder._assembly._done) <= 4
    decoder.reset()
    assert decoder.tally.damaged == 200


def test_time_since_boot_goes_on_when_its_counter_wraps(measured) -> None:
    instrument = P4xx(framing="udp")
    around = measured(SCANS, first_ms=2**32 - 25)
    decoder = instrument.decoder()
    got = frames(decoder.feed(b"".join(instrument.twin().speak(around))))
    stamps = np.concatenate([one.device_ns for one in got])
    np.testing.assert_array_equal(np.diff(stamps), 10_000_000)


def test_a_reboot_is_passed_on_as_the_clock_jumping_back(measured) -> None:
    instrument = P4xx(framing="udp")
    decoder, twin = instrument.decoder(), instrument.twin()
    before = frames(decoder.feed(b"".join(twin.speak(measured(SCANS, first_ms=600_000)))))
    twin.reboot()
    after = frames(decoder.feed(b"".join(twin.speak(measured(SCANS, first_ms=2_000)))))
    assert after[0].device_ns[0] == 2_000_000_000 < before[0].device_ns[0]


def test_scans_are_counted_only_where_the_setting_says_so(measured) -> None:
    plain = P4xx(framing="udp")
    assert (
        frames(plain.decoder().feed(b"".join(plain.twin().speak(measured(SCANS)))))[0].counter
        is None
    )
    counted = P4xx(framing="udp", scan_counter="message_id")
    twin = counted.twin()
    twin.skip(65_534)
    got = frames(counted.decoder().feed(b"".join(twin.speak(measured(SCANS)))))
    assert [int(one.counter[0]) for one in got] == [65534, 65535, 0, 1, 2, 3]
    assert got[0].layout.counter_modulus == 65536


def test_auto_finds_udp_and_serial_but_checks_the_checksum_of_serial(measured) -> None:
    auto = P4xx()
    for framing in ("udp", "serial"):
        messages = P4xx(framing=framing).twin().speak(measured(SCANS))
        values, _ = decoded(auto, messages)
        np.testing.assert_array_equal(values, SCANS)
    broken = bytearray(messages[3])
    broken[100] ^= 1
    values, decoder = decoded(auto, [*messages[:3], bytes(broken), *messages[4:]])
    np.testing.assert_array_equal(values, SCANS[[0, 2, 3, 4, 5]])
    assert decoder.tally.damaged >= 2  # the message, and the scan it belonged to


def test_what_we_send_tells_the_framing() -> None:
    decoder = P4xx().decoder()
    decoder.sent(b"\xa5\xa5 no request")
    decoder.sent(bytes.fromhex("a5a500041002000165e6"))
    assert decoder.feed(bytes.fromhex("1103000900000000")) == []
    assert decoder.tally.messages == 0  # bare bytes are no message on a serial port


def test_a_refused_request_becomes_a_note() -> None:
    decoder = P4xx(framing="udp").decoder()
    notes = decoder.feed(bytes.fromhex("1101000900000003"))
    assert notes == [
        Note("request 9 refused: a value that it does not support", severity="warning")
    ]


def test_filtered_scans_are_passed_over(measured) -> None:
    instrument = P4xx(framing="udp")
    filtered = []
    for message in instrument.twin().speak(measured(SCANS)):
        changed = bytearray(message)
        changed[38] = 2  # motion filtered beside the raw one
        filtered.append(bytes(changed))
    values, decoder = decoded(instrument, filtered)
    assert values.size == 0
    assert decoder.tally.ignored == len(filtered)


@settings(max_examples=60, deadline=None)
@given(
    noise=st.lists(st.one_of(st.binary(max_size=80), st.sampled_from([0, 1, 2, 3])), max_size=8),
    cuts=st.lists(st.integers(1, 2000), max_size=6),
    framing=st.sampled_from(["auto", "udp", "serial", "usb"]),
)
@example(noise=[b"\x00", b"\x00\x00\x00\x00"], cuts=[4], framing="udp")
def test_no_bytes_raise_and_every_byte_is_counted_once(noise, cuts, framing) -> None:
    instrument = P4xx(framing=framing)
    twin = P4xx(framing="serial" if framing == "auto" else framing).twin()
    from detectkit.drivers import Measured

    stamp = np.array([10**9], np.int64)
    messages = twin.speak(Measured(stamp, np.arange(480)[np.newaxis], stamp))
    stream = b"".join(
        messages[one % len(messages)] if isinstance(one, int) else one for one in noise
    )
    whole, cut = instrument.decoder(), instrument.decoder()
    at, pieces = 0, []
    for size in cuts:
        pieces.append(stream[at : at + size])
        at += size
    pieces.append(stream[at:])
    expected = whole.feed(stream)
    got = [one for piece in pieces for one in cut.feed(piece)]
    assert [rows(one) for one in got] == [rows(one) for one in expected]
    for decoder in (whole, cut):
        tally = decoder.tally
        assert tally.good_bytes + tally.dropped_bytes + decoder.held_bytes == len(stream)
    assert whole.tally == cut.tally


def rows(one: Frame | Note) -> object:
    return one if isinstance(one, Note) else one.values.tobytes()
