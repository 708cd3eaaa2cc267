"""Laws of a twin: it speaks what its decoder understands, and survives its host."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectkit.drivers import ControlledTwin, Item, Measured
from detectkit.testing.driver_facts import DriverFacts, examples, part_of
from detectkit.testing.driver_rows import by_stream


class TwinLaws(DriverFacts):
    """What every twin keeps to."""

    def test_the_decoder_understands_the_twin(self) -> None:
        """Rows spoken are rows decoded: values, counters one apart, stamps as measured."""
        measured = self.measured()
        assert len(measured) >= 4, "give at least four rows"
        decoder = self.decoder()
        items = decoder.feed(b"".join(self.twin().speak(measured)))
        self.check_rows(items, self.decoded(measured))
        assert decoder.tally.dropped_bytes == decoder.tally.damaged == 0
        self._check_counters_and_stamps(items, measured, gap=0)

    def test_rows_in_blocks_or_one_by_one_are_the_same(self) -> None:
        """How many rows the twin is given at once changes no byte."""
        measured, at_once, one_by_one = self.measured(), self.twin(), self.twin()
        whole = b"".join(at_once.speak(measured))
        parts = [part_of(measured, row, row + 1) for row in range(len(measured))]
        assert b"".join(m for part in parts for m in one_by_one.speak(part)) == whole

    def test_skipped_rows_are_a_gap_of_the_counter(self) -> None:
        """Rows that the twin measures and loses show in the counter."""
        measured, twin, decoder = self.measured(), self.twin(), self.decoder()
        half = len(measured) // 2
        items = decoder.feed(b"".join(twin.speak(part_of(measured, 0, half))))
        twin.skip(3)
        items += decoder.feed(b"".join(twin.speak(part_of(measured, half, len(measured)))))
        self._check_counters_and_stamps(items, measured, gap=3)

    def test_a_rebooted_twin_is_understood(self) -> None:
        """After a reboot the same decoder gives right rows again."""
        measured, twin, decoder = self.measured(), self.twin(), self.decoder()
        decoder.feed(b"".join(twin.speak(measured)))
        twin.reboot()
        self.check_rows(decoder.feed(b"".join(twin.speak(measured))), self.decoded(measured))

    @examples
    @given(chunks=st.lists(st.binary(max_size=80), max_size=6))
    def test_the_twin_hears_anything(self, chunks: list[bytes]) -> None:
        """No bytes of the host break the twin."""
        twin = self.twin()
        for chunk in chunks:
            assert all(isinstance(one, bytes) for one in twin.receive(chunk))
            if isinstance(twin, ControlledTwin):
                assert all(isinstance(one, bytes) for one in twin.command(chunk))

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
            if rows.counter is not None:
                found, wanted = np.diff(rows.counter), steps
                if modulus is not None:
                    found, wanted = found % modulus, wanted % modulus
                np.testing.assert_array_equal(found, wanted, err_msg=name)
            if rows.device_ns is not None:
                late_ns = np.diff(rows.device_ns) - np.diff(measured.device_ns)
                assert np.abs(late_ns).max() <= self.stamp_tolerance_s * 1e9, name
