"""Laws of a decoder: bytes in, rows out, nothing lost from sight."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.drivers import Frame, Item
from detectkit.testing.driver_facts import DriverFacts, examples
from detectkit.testing.driver_rows import (
    assert_same_items,
    is_ordered_part,
    keys_of,
    messages_of,
    tails_match,
)

_cuts = st.lists(st.floats(0.0, 1.0), max_size=12)
_damages = st.lists(
    st.tuples(st.floats(0.0, 1.0), st.sampled_from(["drop", "flip", "insert", "repeat"])),
    min_size=1,
    max_size=12,
)


_garbage = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=60),
        st.tuples(st.floats(0.0, 1.0), st.integers(1, 30)),
    ),
    min_size=1,
    max_size=5,
)
"""Random bytes, and pieces of the sample: (where in it, how many bytes)."""


class DecoderLaws(DriverFacts):
    """What every decoder keeps to."""

    def test_the_sample_is_understood_whole(self) -> None:
        """All bytes of the sample are good, and give the rows that were said."""
        decoder = self.decoder()
        items = decoder.feed(type(self).sample)
        self.check_rows(items, type(self).rows)
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

    @examples
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

    @examples
    @given(chunks=st.lists(st.binary(max_size=600), max_size=8))
    def test_any_bytes_are_counted_once_and_bounded(self, chunks: list[bytes]) -> None:
        """Any input gives no error; good, dropped and held bytes add up to those fed."""
        self._feed_counting(chunks)

    @examples
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
        """Garbage, also such that begins like messages, is passed at 20 kB a CPU second at least.

        A decoder that looks at all held bytes again for each new one does not pass.
        """
        rng = np.random.default_rng(11)
        head = self.sample[: max(1, min(8, len(self.sample) // 4))]
        for data in (b"".join(head + rng.bytes(9) for _ in range(3000)), rng.bytes(40_000)):
            pieces = [data[at : at + 64] for at in range(0, len(data), 64)]
            good = self._feed_counting(pieces, cpu_s=len(data) / 20_000)
            assert good < len(data) / 20 or not self.checksummed, "garbage counts as good"

    @examples
    @given(parts=_garbage, place=st.integers(0, 1000))
    def test_finds_its_way_after_garbage(
        self, parts: list[bytes | tuple[float, int]], place: int
    ) -> None:
        """Garbage before or between messages costs `resync_messages` at most."""
        garbage = b"".join(
            part if isinstance(part, bytes) else self._piece(*part) for part in parts
        )
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

    @examples
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
        self.check_rows(decoder.feed(self.sample), self.rows)

    @examples
    @given(sent=st.binary(max_size=100))
    def test_what_we_send_breaks_nothing(self, sent: bytes) -> None:
        """Any bytes may be sent; they are not counted as received."""
        decoder = self.decoder()
        decoder.sent(sent)
        self.check_rows(decoder.feed(self.sample), self.rows)
        assert decoder.tally.good_bytes == len(self.sample)
        assert decoder.tally.dropped_bytes == 0

    def _check_flip(self, at: int, bit: int) -> None:
        data = bytearray(self.sample)
        data[at] ^= 1 << bit
        sent = keys_of(self.decoder().feed(self.sample))
        for name, keys in keys_of(self.decoder().feed(bytes(data))).items():
            assert is_ordered_part(keys, sent.get(name, [])), (
                f"bit {bit} of byte {at} was turned, and a row of {name!r} came that was not sent"
            )

    def _piece(self, place: float, size: int) -> bytes:
        at = int(place * len(self.sample))
        return self.sample[at : at + size]

    def _feed_counting(self, chunks: Sequence[bytes], *, cpu_s: float = 60.0) -> int:
        """Feed, check the counts after each piece, and return how many bytes were good."""
        decoder, fed = self.decoder(), 0
        longest = self.longest(decoder)
        until = time.process_time() + cpu_s
        for chunk in chunks:
            decoder.feed(chunk)
            fed += len(chunk)
            tally, held = decoder.tally, self.held_bytes(decoder)
            assert tally.good_bytes + tally.dropped_bytes + held == fed
            assert held <= longest + len(chunk)
            assert time.process_time() < until, f"the decoder took {cpu_s:g} s for {fed} bytes"
        decoder.reset()
        assert decoder.tally.good_bytes + decoder.tally.dropped_bytes == fed
        return decoder.tally.good_bytes

    def _rows_from(self, start: int, more: int) -> dict[str, list[bytes]]:
        """Return the rows of the sample from byte `start` on, and of `more` whole samples."""
        whole = keys_of(self.decoder().feed(self.sample))
        before = keys_of(self.decoder().feed(self.sample[:start]))
        return {
            name: keys[len(before.get(name, [])) :] + keys * more for name, keys in whole.items()
        }

    def _needs_a_checksum(self) -> None:
        if not self.checksummed:
            pytest.skip("the protocol has no checksum")


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
