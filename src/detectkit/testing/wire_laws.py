"""Laws of a conversation: instrument and twin over a real wire, with its accidents."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

from detectkit.drivers import InstrumentError, Item, LinkError
from detectkit.drivers.bench import Bench, Faults, serve_for, steady
from detectkit.testing.conversation import Conversation
from detectkit.testing.driver_facts import DriverFacts
from detectkit.testing.driver_rows import by_stream, messages_of, wrong_rows


class WireLaws(DriverFacts):
    """What every driver and its twin keep to, over the wire of the default address."""

    def test_streams_over_a_wire(self) -> None:
        """Connect, prepare, start: right rows come in; stop ends it."""
        with self.bench() as bench, self.converse(bench) as host:
            self._await_rows(host)
            host.stop()

    def test_streams_again_after_the_cable_was_out(self) -> None:
        """Unplugged, the link breaks or falls silent; plugged in, a new session streams."""
        with self.bench() as bench, self.converse(bench) as host:
            self._await_rows(host)
            bench.unplug()
            host.read_until_broken(silence_s=0.5)
            host.close()
            bench.plug()
            host.open(within_s=self.patience_s)
            self._await_rows(host)

    def test_streams_again_after_a_reboot(self) -> None:
        """The instrument starts anew while it streams; a new session streams."""
        with self.bench() as bench, self.converse(bench) as host:
            self._await_rows(host)
            bench.reboot()
            host.close()
            host.open(within_s=self.patience_s)
            self._await_rows(host)

    def test_damage_on_the_wire_is_overcome_and_counted(self) -> None:
        """While bytes get lost and bits turn, no error; after that right rows, and a tally."""
        with self.bench() as bench, self.converse(bench) as host:
            self._await_rows(host)
            self._let_damage_pass(bench, host)
            self._await_rows(host, 3 + 2 * self.resync_messages, last=3)
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

    @contextlib.contextmanager
    def converse(self, bench: Bench) -> Iterator[Conversation]:
        """Open a conversation with what stands on the bench."""
        host = Conversation(self.instrument, bench.address)
        try:
            host.open(within_s=self.patience_s)
            yield host
        finally:
            host.close()

    def _await_rows(self, host: Conversation, rows: int = 3, *, last: int = 0) -> None:
        """Read some new rows of each stream; check that the `last` of them, or all, are right."""
        host.forget()
        host.read_until(lambda: self._enough(host.items, rows), within_s=self.patience_s)
        self._check_allowed(host.items, last=last)

    def _let_damage_pass(self, bench: Bench, host: Conversation) -> None:
        """Damage every second message or so until six bytes were hit, or after 5 s two."""
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
            if time.monotonic() > until and _hits(bench) > 1:
                break
        bench.set_faults(Faults())
        if broken:
            host.close()
            host.open(within_s=self.patience_s)

    def _check_allowed(self, items: Sequence[Item], *, last: int = 0) -> None:
        found = by_stream(items)
        for name, allowed in self.decoded(self.measured()).items():
            wrong = wrong_rows(found[name].values[-last:], allowed, self.tolerance_of(name))
            assert wrong.size == 0, f"stream {name!r} has rows that nobody measured: {wrong[:3]}"

    def _enough(self, items: Sequence[Item], rows: int = 3) -> bool:
        found = by_stream(items)
        wanted = self.decoded(self.measured())
        return all(name in found and len(found[name].values) >= rows for name in wanted)


def _hits(bench: Bench) -> int:
    return bench.counts.bytes_dropped + bench.counts.bytes_flipped
