"""DriverSuite fails drivers that are broken in the ways drivers are broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from detectkit.drivers import (
    WAIT,
    Decoder,
    Frame,
    Item,
    Link,
    Measured,
    Session,
    Taken,
    Twin,
    damaged,
    good,
    skip,
)
from detectkit.testing.drivers import DriverSuite, evenly

from .beacon import SIZE, SYNC, Beacon, BeaconDecoder, BeaconSession, BeaconTwin, frame

VALUES = ((48_000.5, -1.25), (48_001.0, 0.0), (47_999.25, 2.5), (48_010.0, 1e-3))
SAMPLE = b"".join(frame(7 + k, 1000 + 10 * k, VALUES[k]) for k in range(4))


@dataclass(frozen=True, slots=True)
class Broken(Beacon):
    """A beacon whose parts can be exchanged."""

    make_decoder: Callable[[], Decoder] = BeaconDecoder
    make_session: Callable[[], Session] = BeaconSession
    make_twin: Callable[[float], Twin] = BeaconTwin

    def decoder(self) -> Decoder:
        return self.make_decoder()

    def session(self) -> Session:
        return self.make_session()

    def twin(self) -> Twin:
        return self.make_twin(self.rate_hz)


def suite_of(broken: Broken) -> DriverSuite:
    class Laws(DriverSuite):
        instrument = broken
        sample = SAMPLE
        rows: ClassVar = {"field": VALUES}
        tolerance: ClassVar = {"field": 1e-2}
        patience_s = 1.0

        def measured(self) -> Measured:
            return evenly(VALUES, rate_hz=100.0)

    return Laws()


class IgnoresTheChecksum(BeaconDecoder):
    def intact(self, message: bytes) -> bool:
        return len(message) == SIZE


class JumpsOverDamage(BeaconDecoder):
    """Gives up a whole message where one byte is wrong."""

    def take(self, held: bytes, at: int) -> Taken:
        taken = super().take(held, at)
        return damaged(3 * SIZE) if taken.verdict == "damaged" else taken


class ForgetsBetweenFeeds(BeaconDecoder):
    def feed(self, data: bytes) -> list[Item]:
        items = super().feed(data)
        self.reset()
        return items


class Raises(BeaconDecoder):
    def take(self, held: bytes, at: int) -> Taken:
        if held[at] == 0xFF:
            msg = "unexpected"
            raise TypeError(msg)
        return super().take(held, at)


class HoardsGarbage(BeaconDecoder):
    """Waits for a start byte and keeps all that came before it."""

    longest: ClassVar[int] = SIZE

    def feed(self, data: bytes) -> list[Item]:
        if SYNC[0] not in self._held + data:
            self._held += data
            return []
        return super().feed(data)


class CountsTwice(BeaconDecoder):
    def take(self, held: bytes, at: int) -> Taken:
        taken = super().take(held, at)
        self.tally.dropped_bytes += taken.verdict == "damaged"
        return taken


class LooksAtAllAgain(BeaconDecoder):
    """Waits for ever where a message seems to begin, and looks at every byte again each time."""

    longest: ClassVar[int] = 1 << 20

    def take(self, held: bytes, at: int) -> Taken:
        for _ in range(10):
            if any(byte > 0xFF for byte in held[at:]):
                return skip(1)
        taken = super().take(held, at)
        return WAIT if taken.verdict == "damaged" else taken


class KeepsTheUnfinished(BeaconDecoder):
    def reset(self) -> None:
        pass


class SwapsColumns(BeaconDecoder):
    def row(self, message: bytes) -> Frame:
        right = super().row(message)
        return replace(right, values=right.values[:, ::-1])


class LosesTheCounter(BeaconDecoder):
    """Counts by itself, and so hides what was lost."""

    count = 0

    def row(self, message: bytes) -> Frame:
        self.count += 1
        return replace(super().row(message), counter=np.array([self.count]))


class StampsInSeconds(BeaconDecoder):
    def row(self, message: bytes) -> Frame:
        right = super().row(message)
        assert right.device_ns is not None
        return replace(right, device_ns=right.device_ns // 1_000_000_000)


class HearsItself(BeaconDecoder):
    def sent(self, data: bytes) -> None:
        self.feed(data)


class CallsAllGood(BeaconDecoder):
    def take(self, held: bytes, at: int) -> Taken:
        taken = super().take(held, at)
        return good(1) if taken.verdict == "skip" else taken


class ChangesItsLanguage(BeaconTwin):
    """Speaks another language after a reboot."""

    def reboot(self) -> None:
        super().reboot()
        self.boots = getattr(self, "boots", 0) + 1

    def speak(self, measured: Measured) -> list[bytes]:
        return [bytes(reversed(one)) if self.boots > 1 else one for one in super().speak(measured)]


class BreaksOnAnyByte(BeaconTwin):
    def receive(self, data: bytes) -> list[bytes]:
        data.decode("ascii")
        return super().receive(data)


class ForgetsSkipped(BeaconTwin):
    def skip(self, rows: int) -> None:
        pass


class CountsBlocks(BeaconTwin):
    def speak(self, measured: Measured) -> list[bytes]:
        messages = super().speak(measured)
        return [*messages, b"<S>"]


class Deaf(BeaconTwin):
    """Answers, and does not start."""

    def receive(self, data: bytes) -> list[bytes]:
        answers = super().receive(data)
        self.running = False
        return answers


class SpeaksWrong(BeaconTwin):
    """Says something else than it measures as soon as it is commanded."""

    wrong = 0.0

    def receive(self, data: bytes) -> list[bytes]:
        self.wrong = 100.0
        return super().receive(data)

    def speak(self, measured: Measured) -> list[bytes]:
        return super().speak(replace(measured, values=measured.values + self.wrong))


class StartsOnce(BeaconSession):
    started = False

    def start(self, link: Link) -> None:
        if not StartsOnce.started:
            StartsOnce.started = True
            super().start(link)


DECODERS = [
    (IgnoresTheChecksum, "test_each_bit_may_be_turned"),
    (JumpsOverDamage, "test_finds_its_way_after_garbage"),
    (ForgetsBetweenFeeds, "test_byte_by_byte_gives_the_same"),
    (ForgetsBetweenFeeds, "test_cutting_the_bytes_changes_no_frame"),
    (Raises, "test_any_bytes_are_counted_once_and_bounded"),
    (HoardsGarbage, "test_any_bytes_are_counted_once_and_bounded"),
    (CountsTwice, "test_damaged_messages_are_counted_once_and_bounded"),
    (LooksAtAllAgain, "test_a_flood_of_garbage_takes_little_time"),
    (KeepsTheUnfinished, "test_reset_drops_the_unfinished"),
    (SwapsColumns, "test_the_sample_is_understood_whole"),
    (LosesTheCounter, "test_skipped_rows_are_a_gap_of_the_counter"),
    (StampsInSeconds, "test_the_decoder_understands_the_twin"),
    (HearsItself, "test_what_we_send_breaks_nothing"),
    (CallsAllGood, "test_a_flood_of_garbage_takes_little_time"),
]


def name_of(part: object) -> str:
    return getattr(part, "__name__", str(part))


@pytest.mark.parametrize(("decoder", "law"), DECODERS, ids=name_of)
def test_a_broken_decoder_fails(decoder: Callable[[], Decoder], law: str) -> None:
    with pytest.raises((AssertionError, TypeError)):
        getattr(suite_of(Broken(make_decoder=decoder)), law)()
    getattr(suite_of(Broken()), law)()


TWINS = [
    (BreaksOnAnyByte, "test_the_twin_hears_anything"),
    (ForgetsSkipped, "test_skipped_rows_are_a_gap_of_the_counter"),
    (CountsBlocks, "test_rows_in_blocks_or_one_by_one_are_the_same"),
    (ChangesItsLanguage, "test_a_rebooted_twin_is_understood"),
    (Deaf, "test_streams_over_a_wire"),
    (SpeaksWrong, "test_streams_over_a_wire"),
]


@pytest.mark.parametrize(("twin", "law"), TWINS, ids=name_of)
def test_a_broken_twin_fails(twin: Callable[[float], Twin], law: str) -> None:
    with pytest.raises((AssertionError, UnicodeDecodeError)):
        getattr(suite_of(Broken(make_twin=twin)), law)()
    getattr(suite_of(Broken()), law)()


def test_a_session_that_starts_only_once_fails() -> None:
    StartsOnce.started = False
    with pytest.raises(AssertionError, match="in vain"):
        suite_of(Broken(make_session=StartsOnce)).test_streams_again_after_a_reboot()
