"""The coil frame: what a damaged, cut, restarted or changed stream gives (frames are synthetic)."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import ShapeError, UsageError
from detectkit.drivers import Frame, Measured, Note, Tally
from detectkit_drivers.coil.decoder import (
    BALANCING,
    OVERLOAD,
    PATIENCE_ROWS,
    CoilDecoder,
    checksum,
)
from detectkit_drivers.coil.instrument import Coil
from detectkit_drivers.coil.virtual import description_frame, frame, samples_frame


def rows(items: list[Frame | Note]) -> list[Frame]:
    return [one for one in items if isinstance(one, Frame)]


def counts(frames: list[Frame]) -> list[int]:
    return [int(one.counter[0]) for one in frames if one.counter is not None]


def ints(sequence: int, *values: int, microseconds: int = 0) -> bytes:
    return samples_frame(sequence, microseconds, np.array(values, np.int32))


def described(*names: str, unit: str = "mV", scale: float = 1.0) -> bytes:
    return description_frame(names, unit=unit, scale=scale, rate_hz=50.0, firmware="pulse 2")


def told(channels: int) -> CoilDecoder:
    """Return a decoder that has heard the description, with its tally at zero."""
    decoder = CoilDecoder()
    decoder.feed(described(*(f"c{number}" for number in range(channels))))
    decoder.tally = Tally()
    return decoder


def test_the_checksum_is_the_one_that_the_page_names() -> None:
    assert checksum(b"123456789") == 0x29B1


def test_a_frame_lies_on_the_wire_as_the_page_says() -> None:
    """Built by hand from docs/drivers/coil.md, not by our encoder."""
    payload = bytes.fromhex("01000000 40420f00 feffffff 00000080")
    head = bytes([0x11, 0x02, 2, 16, 0])
    body = head + bytes([0xFF ^ 0x11 ^ 0x02 ^ 2 ^ 16]) + payload
    wire = b"\xc0\x11" + body + checksum(body).to_bytes(2, "little")
    (got,) = rows(told(2).feed(wire))
    assert got.values.tolist() == [[-2, -(2**31)]]
    assert got.values.dtype == np.int32
    assert got.counter is not None
    assert got.device_ns is not None
    assert got.counter.tolist() == [1]
    assert got.device_ns.tolist() == [1_000_000_000]
    assert got.coords["overload"].tolist() == [1]
    assert got.coords["balancing"].tolist() == [0]


def test_the_example_of_the_page_is_what_we_send() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "drivers" / "coil.md"
    (example,) = re.findall(r"^(C0 11 .*)$", page.read_text(), re.MULTILINE)
    assert bytes.fromhex(example) == ints(1, -2, microseconds=1_000_000)


def test_rows_wait_for_their_description() -> None:
    decoder = CoilDecoder(rate_hz=100.0)
    assert decoder.feed(ints(0, 5, 6)) == []
    items = decoder.feed(described("near", "far", scale=0.01) + ints(1, 7, 8))
    before, after = rows(items)
    assert before.layout is after.layout
    assert after.layout.columns == ("near_mV", "far_mV")
    assert after.layout.sensor.unit == "mV"
    assert after.layout.sensor.instrument == "pulse 2"
    assert after.layout.rate_hz == 50.0
    np.testing.assert_array_equal(before.values, [[5 * 0.01, 6 * 0.01]])
    assert counts([before, after]) == [0, 1]
    assert [one.text for one in items if isinstance(one, Note)] == [
        "firmware 'pulse 2': 2 channels in mV"
    ]


def test_rows_that_nobody_describes_are_given_as_counts_with_a_warning() -> None:
    decoder = CoilDecoder(rate_hz=100.0)
    wire = [ints(number, 5, -6) for number in range(PATIENCE_ROWS + 1)]
    assert decoder.feed(b"".join(wire[: PATIENCE_ROWS - 1])) == []
    items = decoder.feed(b"".join(wire[PATIENCE_ROWS - 1 :]))
    got = rows(items)
    assert counts(got) == [*range(PATIENCE_ROWS + 1)]
    assert got[0].layout.columns == ("channel_1_count", "channel_2_count")
    assert got[0].layout.sensor.unit == "count"
    assert got[-1].values.tolist() == [[5, -6]]
    assert [one.severity for one in items if isinstance(one, Note)] == ["warning"]
    (named,) = rows(decoder.feed(described("a", "b") + ints(600, 1, 1)))
    assert named.layout.columns == ("a_mV", "b_mV")


def test_a_repeated_description_changes_nothing() -> None:
    decoder = CoilDecoder()
    decoder.feed(described("near"))
    (first,) = rows(decoder.feed(ints(0, 1)))
    assert decoder.feed(described("near")) == []
    (second,) = rows(decoder.feed(ints(1, 1)))
    assert first.layout is second.layout


def test_another_number_of_channels_is_not_given_old_names_or_scale() -> None:
    decoder = CoilDecoder()
    decoder.feed(described("near", scale=0.5))
    assert decoder.feed(ints(0, 3, 4)) == []
    (two,) = rows(decoder.feed(described("near", "far", unit="V")))
    assert two.layout.columns == ("near_V", "far_V")
    assert two.values.tolist() == [[3, 4]]
    (one,) = rows(decoder.feed(ints(1, 3) + described("near", scale=0.5)))
    assert one.values.tolist() == [[1.5]]


def test_names_are_made_fit_for_columns_and_unique() -> None:
    decoder = CoilDecoder()
    decoder.feed(described("gate 1", "gate 1", "", unit="mS/m"))
    (got,) = rows(decoder.feed(ints(0, 1, 2, 3)))
    assert got.layout.columns == ("gate_1_mS_per_m", "channel_2_mS_per_m", "channel_3_mS_per_m")


@pytest.mark.parametrize("channels", [1, 64])
def test_any_number_of_channels_passes_bit_exact(channels: int) -> None:
    values = np.random.default_rng(1).normal(size=channels).astype(np.float32)
    values[0] = np.nan
    (got,) = rows(told(channels).feed(samples_frame(9, 1, values)))
    assert got.values.dtype == np.float32
    assert got.values.tobytes() == values.tobytes()


def test_the_clock_is_unwrapped_after_71_minutes() -> None:
    decoder = told(1)
    wire = ints(1, 0, microseconds=2**32 - 1000) + ints(2, 0, microseconds=9000)
    stamps = [one.device_ns for one in rows(decoder.feed(wire))]
    assert stamps[0] is not None
    assert stamps[1] is not None
    assert int(stamps[1][0] - stamps[0][0]) == 10_000_000


def test_a_reboot_sets_the_clock_back_as_it_was_sent() -> None:
    decoder = told(1)
    wire = ints(500, 0, microseconds=2**32 - 1000) + ints(0, 0, microseconds=9000)
    stamp = rows(decoder.feed(wire))[1].device_ns
    assert stamp is not None
    assert stamp.tolist() == [9_000_000]


@pytest.mark.parametrize("overload", [0, 1])
@pytest.mark.parametrize("balancing", [0, 1])
def test_flags_of_the_instrument_are_coordinates(overload: int, balancing: int) -> None:
    flags = overload * OVERLOAD | balancing * BALANCING | 0x80
    (got,) = rows(told(1).feed(samples_frame(0, 0, np.zeros(1, np.float32), flags=flags)))
    assert {name: one.tolist() for name, one in got.coords.items()} == {
        "overload": [overload],
        "balancing": [balancing],
    }


def test_every_single_damaged_byte_is_refused_and_the_next_frame_found() -> None:
    wire = ints(7, 1, 2, 3)
    for position in range(len(wire)):
        broken = bytearray(wire)
        broken[position] ^= 0x10
        decoder = told(3)
        got = rows(decoder.feed(bytes(broken) + ints(8, 4, 5, 6)))
        assert [one.values.tolist() for one in got] == [[[4, 5, 6]]], position
        assert decoder.tally.dropped_bytes == len(wire)


def test_a_sync_word_inside_the_values_disturbs_nothing() -> None:
    value = int.from_bytes(b"\xc0\x11\x11\x00", "little")
    got = rows(told(2).feed(ints(0, value, value) + ints(1, value, value)))
    assert [one.values.tolist() for one in got] == [[[value, value]]] * 2


def test_kinds_of_later_versions_are_passed_over_and_counted() -> None:
    decoder = told(1)
    got = rows(decoder.feed(frame(0x2F, 0, 0, b"future") + ints(0, 1)))
    assert len(got) == 1
    assert (decoder.tally.messages, decoder.tally.ignored, decoder.tally.damaged) == (2, 1, 0)


@pytest.mark.parametrize(
    "wire",
    [
        frame(0x11, 0, 2, bytes(12)),  # one channel's worth, two announced
        frame(0x11, 0, 0, bytes(8)),
        frame(0x11, 0, 65, bytes(8 + 4 * 65)),
        frame(0x12, 0, 2, bytes(8) + b"fw\0mV\0one\0"),  # a name too few
        frame(0x12, 0, 1, bytes(8) + b"fw\0mV\0one\0"),  # scale 0
        frame(0x12, 0, 1, bytes(8) + b"fw\0mV\0one"),  # no 0 at the end
        frame(0x12, 0, 1, bytes(8) + b"fw\0\xff\0one\0"),  # not UTF-8
        frame(0x12, 0, 1, b""),
        frame(0x11, 0, 1, bytes(1025)),
    ],
)
def test_a_frame_that_contradicts_itself_is_refused(wire: bytes) -> None:
    decoder = told(1)
    assert rows(decoder.feed(wire + ints(0, 1)))[0].values.tolist() == [[1]]
    assert decoder.tally.damaged >= 1
    assert decoder.tally.messages == 1


STREAM = b"".join(
    [b"noise\xc0", described("a", "b"), ints(1, 1, 2), b"\xc0\x11junk", ints(2, 3, 4), b"\xc0"]
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=6))
def test_cutting_the_bytes_anywhere_changes_no_row_and_no_count(cuts: list[int]) -> None:
    whole = CoilDecoder()
    expected = [one.values.tolist() for one in rows(whole.feed(STREAM))]
    parts = CoilDecoder()
    edges = [0, *sorted(cuts), len(STREAM)]
    items = [
        item for start, stop in itertools.pairwise(edges) for item in parts.feed(STREAM[start:stop])
    ]
    assert [one.values.tolist() for one in rows(items)] == expected == [[[1, 2]], [[3, 4]]]
    assert parts.tally == whole.tally


@given(st.lists(st.binary(max_size=80) | st.just(STREAM) | st.just(b"\xc0\x11\x11"), max_size=8))
def test_no_input_raises_and_every_byte_is_counted(parts: list[bytes]) -> None:
    decoder = CoilDecoder()
    for part in parts:
        decoder.feed(part)
        assert decoder.held_bytes <= decoder.longest
    tally = decoder.tally
    fed = sum(map(len, parts))
    assert tally.good_bytes + tally.dropped_bytes + decoder.held_bytes == fed


class TestTwin:
    def measured(self, rows: int, channels: int) -> Measured:
        stamps = np.arange(rows, dtype=np.int64) * 10_000_000
        values = np.random.default_rng(2).normal(scale=100.0, size=(rows, channels))
        return Measured(stamps, values, stamps)

    @pytest.mark.parametrize("value_type", ["float32", "int32"])
    def test_what_it_speaks_is_what_was_measured(self, value_type: str) -> None:
        coil = Coil(value_type=value_type, scale=0.25, channels=3)  # type: ignore[arg-type]
        measured = self.measured(250, 3)
        decoder = coil.decoder()
        got = rows([one for wire in coil.twin().speak(measured) for one in decoder.feed(wire)])
        values = np.concatenate([one.values for one in got])
        np.testing.assert_allclose(values, measured.values, atol=0.126, rtol=1e-6)
        assert counts(got) == [*range(250)]
        assert got[-1].layout.columns[0] == "channel_1_mV"

    def test_lost_rows_are_seen_in_the_counter_and_a_reboot_starts_anew(self) -> None:
        coil = Coil(channels=1)
        twin, decoder = coil.twin(), coil.decoder()

        def counters() -> list[int]:
            wire = b"".join(twin.speak(self.measured(2, 1)))
            return [
                int(one.counter[0]) for one in rows(decoder.feed(wire)) if one.counter is not None
            ]

        first = counters()
        twin.skip(3)
        second = counters()
        twin.reboot()
        assert (first, second, counters()) == ([0, 1], [5, 6], [0, 1])

    def test_a_wrong_number_of_channels_says_what_to_set(self) -> None:
        with pytest.raises(ShapeError, match="set `channels`"):
            Coil(channels=2).twin().speak(self.measured(1, 3))


@pytest.mark.parametrize("settings", [{"channels": 0}, {"channels": 65}, {"scale": 0.0}])
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Coil(**settings)  # type: ignore[arg-type]
