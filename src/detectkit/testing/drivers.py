"""DriverSuite: the laws that every driver obeys, for plug-in authors to inherit.

Needs ``pip install detectkit[test]``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from detectkit.drivers import (
    ControlledTwin,
    Decoder,
    Frame,
    Instrument,
    InstrumentError,
    Item,
    LinkError,
    Measured,
    Twin,
)
from detectkit.drivers.bench import Bench, Faults, serve_for, steady
from detectkit.drivers.bench.sources import START_UTC_NS
from detectkit.testing.conversation import Conversation
from detectkit.testing.driver_rows import (
    Tolerance,
    assert_same_items,
    assert_values,
    by_stream,
    is_ordered_part,
    keys_of,
    messages_of,
    tails_match,
    wrong_rows,
)

_examples = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)
_cuts = st.lists(st.floats(0.0, 1.0), max_size=12)
_damages = st.lists(
    st.tuples(st.floats(0.0, 1.0), st.sampled_from(["drop", "flip", "insert", "repeat"])),
    min_size=1,
    max_size=12,
)


class DriverSuite:
    """Laws of a driver: decoder, session and twin. Inherit and fill in.

    Attributes
    ----------
    instrument
        The instrument with settings that suit a test: a fast rate.
    sample
        Bytes as the instrument sends them: at least three whole messages and nothing else.
    rows
        What they decode to: rows by name of the stream, shape (rows, columns).
    checksummed
        Whether a turned bit is always noticed.
    tolerance
        Largest difference of a value, by name of the stream: a number, or one for each column;
        0 for streams that are not named.
    stamp_tolerance_s
        Largest difference between the stamps of the twin's rows and the decoded ones.
    resync_messages
        Messages that may be lost after garbage; more than 1 where several messages make a row.
    serve
        What the bench serves; empty: the other end of the instrument's default address.

    Notes
    -----
    In a plug-in's tests::

        class TestSonar(DriverSuite):
            instrument = Sonar(rate_hz=100.0)
            sample = bytes.fromhex("...")
            rows = {"altitude": [[1.25], [1.26], [1.27]]}

            def measured(self):
                return evenly([[1.0], [2.5], [10.0]], rate_hz=100.0)
    """

    instrument: ClassVar[Instrument]
    sample: ClassVar[bytes]
    rows: ClassVar[Mapping[str, npt.ArrayLike]]
    checksummed: ClassVar[bool] = True
    tolerance: ClassVar[Mapping[str, Tolerance]] = {}
    stamp_tolerance_s: ClassVar[float] = 1.1e-3
    resync_messages: ClassVar[int] = 1
    serve: ClassVar[str] = ""

    def measured(self) -> Measured:
        """Return a few rows, four at least, that the twin's instrument might measure."""
        raise NotImplementedError

    def decoded(self, measured: Measured) -> Mapping[str, npt.ArrayLike]:
        """Return what the decoder makes of rows that the twin spoke; by default the same values."""
        return dict.fromkeys(self.rows, measured.values)

    def decoder(self) -> Decoder:
        """Return a new decoder; override to tell it what it must know before the sample."""
        return type(self).instrument.decoder()

    def twin(self) -> Twin:
        """Return a new twin; override to bring it into the state in which it streams."""
        return type(self).instrument.twin()

    def held_bytes(self, decoder: Any) -> int:
        """Return how many bytes a decoder holds; override for one that is no StreamDecoder."""
        return int(decoder.held_bytes)

    def longest(self, decoder: Any) -> int:
        """Return the length of the longest message."""
        return int(decoder.longest)

    # -- the instrument ------------------------------------------------------------------------

    def test_is_described(self) -> None:
        """Name, title, kind and default address are given, and a page can be made of them."""
        kind = type(type(self).instrument)
        assert kind.name == kind.name.lower()
        assert kind.name.strip()
        assert kind.title.strip()
        assert kind.kind != "unknown"
        assert kind.__doc__
        assert serve_for(kind.address)
        assert kind() == kind(), "every setting needs a default"

    # -- the decoder ---------------------------------------------------------------------------

    def test_the_sample_is_understood_whole(self) -> None:
        """All bytes of the sample are good, and give the rows that were said."""
        decoder = self.decoder()
        items = decoder.feed(type(self).sample)
        self._check_rows(items, type(self).rows)
        tally = decoder.tally
        assert tally.good_bytes == len(self.sample)
        assert (tally.dropped_bytes, tally.damaged, self.held_bytes(decoder)) == (0, 0, 0)
        assert tally.rows == sum(len(one) for one in items if isinstance(one, Frame))
        assert tally.messages >= 3, "give a sample of at least three messages"

    def test_byte_by_byte_gives_the_same(self) -> None:
        """Single bytes give the same rows as all at once."""
        whole = self.decoder().feed(self.sample)
        decoder = self.decoder()
        found: list[Item] = []
        for at in range(len(self.sample)):
            found += decoder.feed(self.sample[at : at + 1])
        assert_same_items(found, whole)

    @_examples
    @given(places=_cuts, garbage=st.binary(max_size=40))
    def test_cutting_the_bytes_changes_no_frame(self, places: list[float], garbage: bytes) -> None:
        """Pieces of any size give the same rows and the same tally, damage between or not."""
        data = self.sample + garbage + self.sample
        at_once, in_pieces = self.decoder(), self.decoder()
        whole = at_once.feed(data)
        found: list[Item] = []
        for piece in _pieces(data, places):
            found += in_pieces.feed(piece)
        assert_same_items(found, whole)
        assert in_pieces.tally == at_once.tally

    @_examples
    @given(chunks=st.lists(st.binary(max_size=600), max_size=8))
    def test_any_bytes_are_counted_once_and_bounded(self, chunks: list[bytes]) -> None:
        """Any input gives no error; good, dropped and held bytes add up to those fed."""
        self._feed_counting(chunks)

    @_examples
    @given(damages=_damages, places=_cuts)
    def test_damaged_messages_are_counted_once_and_bounded(
        self, damages: list[tuple[float, str]], places: list[float]
    ) -> None:
        """Bytes lost, turned, put in between or repeated give no error and are counted once."""
        data = self.sample
        for place, kind in damages:
            data = _damaged(data, place, kind)
        self._feed_counting(_pieces(data, places))

    def test_a_flood_of_garbage_takes_little_time(self) -> None:
        """Garbage, also such that begins like messages, is passed at 50 kB a CPU second at least.

        A decoder that looks at all held bytes again for each new one does not pass.
        """
        rng = np.random.default_rng(11)
        head = self.sample[: max(1, min(8, len(self.sample) // 4))]
        for data in (rng.bytes(100_000), b"".join(head + rng.bytes(9) for _ in range(5000))):
            began = time.process_time()
            self._feed_counting([data[at : at + 64] for at in range(0, len(data), 64)])
            assert time.process_time() - began < len(data) / 50_000.0

    @_examples
    @given(garbage=st.binary(min_size=1, max_size=200), place=st.integers(0, 1000))
    def test_finds_its_way_after_garbage(self, garbage: bytes, place: int) -> None:
        """Garbage before or between messages costs `resync_messages` at most."""
        ends, _ = messages_of(self.decoder(), self.sample)
        starts = [0, *ends[: max(1, len(ends) - self.resync_messages - 1)]]
        at = starts[place % len(starts)]
        rest = [end for end in ends if end > at]
        resumed = rest[min(self.resync_messages, len(rest)) - 1]
        decoder = self.decoder()
        found = decoder.feed(self.sample[:at] + garbage + self.sample[at:])
        more = 0
        while not tails_match(keys_of(found), self._rows_from(resumed, more)):
            # The garbage looked like the head of a long message: it takes that much to tell.
            assert self.held_bytes(decoder), "messages were lost"
            assert more * len(self.sample) <= self.longest(decoder), "the decoder waits for ever"
            found += decoder.feed(self.sample)
            more += 1

    @_examples
    @given(place=st.floats(0.0, 1.0), bit=st.integers(0, 7))
    def test_a_turned_bit_gives_no_row_that_was_not_sent(self, place: float, bit: int) -> None:
        """What is given out after a bit flip was sent, in this order."""
        self._needs_a_checksum()
        self._check_flip(min(int(place * len(self.sample)), len(self.sample) - 1), bit)

    def test_each_bit_may_be_turned(self) -> None:
        """Each bit of the first messages in turn: no row that was not sent."""
        self._needs_a_checksum()
        for at in range(min(len(self.sample), 160)):
            for bit in range(8):
                self._check_flip(at, bit)

    def test_reset_drops_the_unfinished(self) -> None:
        """After a reset the held bytes count as dropped, and the next message is understood."""
        ends, _ = messages_of(self.decoder(), self.sample)
        decoder = self.decoder()
        cut = ends[0] + (ends[1] - ends[0]) // 2
        decoder.feed(self.sample[:cut])
        decoder.reset()
        assert self.held_bytes(decoder) == 0
        assert decoder.tally.good_bytes + decoder.tally.dropped_bytes == cut
        assert decoder.tally.dropped_bytes == cut - ends[0]
        self._check_rows(decoder.feed(self.sample), self.rows)

    @_examples
    @given(sent=st.binary(max_size=100))
    def test_what_we_send_breaks_nothing(self, sent: bytes) -> None:
        """Any bytes may be sent; they are not counted as received."""
        decoder = self.decoder()
        decoder.sent(sent)
        self._check_rows(decoder.feed(self.sample), self.rows)
        assert decoder.tally.good_bytes == len(self.sample)

    # -- the twin ------------------------------------------------------------------------------

    def test_the_decoder_understands_the_twin(self) -> None:
        """Rows spoken are rows decoded: values, counters one apart, stamps as measured."""
        measured = self.measured()
        assert len(measured) >= 4, "give at least four rows"
        decoder = self.decoder()
        items = decoder.feed(b"".join(self.twin().speak(measured)))
        self._check_rows(items, self.decoded(measured))
        assert decoder.tally.dropped_bytes == decoder.tally.damaged == 0
        self._check_counters_and_stamps(items, measured, gap=0)

    def test_rows_in_blocks_or_one_by_one_are_the_same(self) -> None:
        """How many rows the twin is given at once changes no byte."""
        measured, at_once, one_by_one = self.measured(), self.twin(), self.twin()
        whole = b"".join(at_once.speak(measured))
        parts = [_part(measured, row, row + 1) for row in range(len(measured))]
        assert b"".join(m for part in parts for m in one_by_one.speak(part)) == whole

    def test_skipped_rows_are_a_gap_of_the_counter(self) -> None:
        """Rows that the twin measures and loses show in the counter."""
        measured, twin, decoder = self.measured(), self.twin(), self.decoder()
        half = len(measured) // 2
        items = decoder.feed(b"".join(twin.speak(_part(measured, 0, half))))
        twin.skip(3)
        items += decoder.feed(b"".join(twin.speak(_part(measured, half, len(measured)))))
        self._check_counters_and_stamps(items, measured, gap=3)

    def test_a_rebooted_twin_is_understood(self) -> None:
        """After a reboot the same decoder gives right rows again."""
        measured, twin, decoder = self.measured(), self.twin(), self.decoder()
        decoder.feed(b"".join(twin.speak(measured)))
        twin.reboot()
        self._check_rows(decoder.feed(b"".join(twin.speak(measured))), self.decoded(measured))

    @_examples
    @given(chunks=st.lists(st.binary(max_size=80), max_size=6))
    def test_the_twin_hears_anything(self, chunks: list[bytes]) -> None:
        """No bytes of the host break the twin."""
        twin = self.twin()
        for chunk in chunks:
            assert all(isinstance(one, bytes) for one in twin.receive(chunk))
            if isinstance(twin, ControlledTwin):
                assert all(isinstance(one, bytes) for one in twin.command(chunk))

    # -- over a wire ---------------------------------------------------------------------------

    def test_streams_over_a_wire(self) -> None:
        """Connect, prepare, start: right rows come in; stop ends it."""
        with self.bench() as bench, Conversation(self.instrument, bench.address) as host:
            host.read_until(lambda: self._enough(host.items))
            self._check_allowed(host.items)
            host.stop()
            assert bench.counts.rows_spoken > 0

    def test_streams_again_after_the_cable_was_out(self) -> None:
        """Unplugged, the link breaks or falls silent; plugged in, a new session streams."""
        with self.bench() as bench, Conversation(self.instrument, bench.address) as host:
            host.read_until(lambda: self._enough(host.items))
            bench.unplug()
            host.read_until_broken(silence_s=0.5)
            host.close()
            bench.plug()
            host.forget()
            host.open()
            host.read_until(lambda: self._enough(host.items))
            self._check_allowed(host.items)

    def test_streams_again_after_a_reboot(self) -> None:
        """The instrument starts anew while it streams; a new session streams."""
        with self.bench() as bench, Conversation(self.instrument, bench.address) as host:
            host.read_until(lambda: self._enough(host.items))
            bench.reboot()
            host.close()
            host.forget()
            host.open()
            host.read_until(lambda: self._enough(host.items))
            self._check_allowed(host.items)

    def test_damage_on_the_wire_is_overcome_and_counted(self) -> None:
        """While bytes get lost and bits turn, no error; after that right rows, and a tally."""
        with self.bench() as bench, Conversation(self.instrument, bench.address) as host:
            host.read_until(lambda: self._enough(host.items))
            self._let_damage_pass(bench, host)
            host.forget()
            host.read_until(lambda: self._enough(host.items, 3 + 2 * self.resync_messages))
            self._check_allowed(host.items, last=3)
            tally = host.decoder.tally
            if self.checksummed:
                assert tally.damaged + tally.dropped_bytes > 0
            counted = tally.good_bytes + tally.dropped_bytes + self.held_bytes(host.decoder)
            assert counted == host.heard_bytes

    def bench(self) -> Bench:
        """Return a bench with a twin that measures the rows of `measured` over and over."""
        twin, example = type(self).instrument.twin(), self.measured()
        return Bench(
            twin,
            steady(lambda rows: example.values[rows % len(example)], lambda: twin.rate_hz),
            serve=self.serve or serve_for(self.instrument.address),
        )

    # -- how ----------------------------------------------------------------------------------

    def _let_damage_pass(self, bench: Bench, host: Conversation) -> None:
        """Damage every second message or so until six bytes were hit, or 5 s have passed."""
        before = bench.counts.to_dict()
        ends, _ = messages_of(self.decoder(), self.sample)
        each = min(0.25, 0.25 * len(ends) / len(self.sample))
        bench.set_faults(Faults(drop_bytes=each, flip_bits=each))
        until = time.monotonic() + 5.0
        broken = False
        while _hits(bench) - before["bytes_dropped"] - before["bytes_flipped"] < 6:
            try:
                host.read()
            except (LinkError, InstrumentError):
                broken = True
                break
            if time.monotonic() > until and _hits(bench):
                break
        bench.set_faults(Faults())
        if broken:
            host.close()
            host.open()

    def _check_rows(self, items: Sequence[Item], rows: Mapping[str, npt.ArrayLike]) -> None:
        found = by_stream(items)
        assert set(found) == set(rows), f"streams {sorted(found)} instead of {sorted(rows)}"
        for name, expected in rows.items():
            assert_values(found[name].values, expected, self._tolerance(name), name)

    def _check_allowed(self, items: Sequence[Item], *, last: int = 0) -> None:
        found = by_stream(items)
        for name, allowed in self.decoded(self.measured()).items():
            wrong = wrong_rows(found[name].values[-last:], allowed, self._tolerance(name))
            assert wrong.size == 0, f"stream {name!r} has rows that nobody measured: {wrong[:3]}"

    def _check_counters_and_stamps(
        self, items: Sequence[Item], measured: Measured, *, gap: int
    ) -> None:
        half = len(measured) // 2
        steps = np.ones(len(measured) - 1, dtype=np.int64)
        steps[half - 1] += gap
        for name, rows in by_stream(items).items():
            if len(rows.values) != len(measured):
                continue  # a stream of its own rate
            modulus = rows.frames[0].layout.counter_modulus
            if rows.counter is not None and modulus is not None:
                found = np.diff(rows.counter) % modulus
                np.testing.assert_array_equal(found, steps % modulus, err_msg=name)
            if rows.device_ns is not None:
                late_ns = np.diff(rows.device_ns) - np.diff(measured.device_ns)
                assert np.abs(late_ns).max() <= self.stamp_tolerance_s * 1e9, name

    def _check_flip(self, at: int, bit: int) -> None:
        data = bytearray(self.sample)
        data[at] ^= 1 << bit
        sent = keys_of(self.decoder().feed(self.sample))
        for name, keys in keys_of(self.decoder().feed(bytes(data))).items():
            assert is_ordered_part(keys, sent.get(name, [])), (
                f"bit {bit} of byte {at} was turned, and a row of {name!r} came that was not sent"
            )

    def _feed_counting(self, chunks: Sequence[bytes]) -> None:
        decoder, fed = self.decoder(), 0
        longest = self.longest(decoder)
        for chunk in chunks:
            decoder.feed(chunk)
            fed += len(chunk)
            tally, held = decoder.tally, self.held_bytes(decoder)
            assert tally.good_bytes + tally.dropped_bytes + held == fed
            assert held <= longest + len(chunk)
        decoder.reset()
        assert decoder.tally.good_bytes + decoder.tally.dropped_bytes == fed

    def _rows_from(self, start: int, more: int) -> dict[str, list[bytes]]:
        """Return the rows of the sample from byte `start` on, and of `more` whole samples."""
        whole = keys_of(self.decoder().feed(self.sample))
        before = keys_of(self.decoder().feed(self.sample[:start]))
        return {
            name: keys[len(before.get(name, [])) :] + keys * more for name, keys in whole.items()
        }

    def _enough(self, items: Sequence[Item], rows: int = 3) -> bool:
        found = by_stream(items)
        wanted = self.decoded(self.measured())
        return all(name in found and len(found[name].values) >= rows for name in wanted)

    def _tolerance(self, name: str) -> Tolerance:
        return type(self).tolerance.get(name, 0.0)

    def _needs_a_checksum(self) -> None:
        if not self.checksummed:
            pytest.skip("the protocol has no checksum")


def evenly(values: npt.ArrayLike, *, rate_hz: float, start_s: float = 1.0) -> Measured:
    """Return rows measured one after the other, the first at `start_s` after switching on."""
    table = np.asarray(values)
    times_ns = np.rint((start_s + np.arange(len(table)) / rate_hz) * 1e9).astype(np.int64)
    return Measured(times_ns, table, START_UTC_NS + times_ns)


def _hits(bench: Bench) -> int:
    return bench.counts.bytes_dropped + bench.counts.bytes_flipped


def _part(measured: Measured, start: int, stop: int) -> Measured:
    part = slice(start, stop)
    return Measured(measured.device_ns[part], measured.values[part], measured.utc_ns[part])


def _pieces(data: bytes, places: Sequence[float]) -> list[bytes]:
    cuts = sorted(int(place * len(data)) for place in places)
    return [data[a:b] for a, b in pairwise([0, *cuts, len(data)])]


def _damaged(data: bytes, place: float, kind: str) -> bytes:
    at = min(int(place * len(data)), max(len(data) - 1, 0))
    if kind == "drop":
        return data[:at] + data[at + 1 :]
    if kind == "flip":
        return data[:at] + bytes(byte ^ 0x10 for byte in data[at : at + 1]) + data[at + 1 :]
    if kind == "insert":
        return data[:at] + b"\xa5" + data[at:]
    return data[:at] + data[max(0, at - 7) : at] + data[at:]
