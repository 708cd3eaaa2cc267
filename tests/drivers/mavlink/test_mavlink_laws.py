"""MAVLink: the laws of every driver, and frames of random content with right checksums."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from itertools import pairwise
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.drivers import Decoder, Frame, Measured
from detectkit.testing.conversation import Conversation
from detectkit.testing.drivers import DriverSuite
from detectkit_drivers.mavlink.decoder import MavlinkDecoder
from detectkit_drivers.mavlink.instrument import Mavlink
from detectkit_drivers.mavlink.virtual import MavlinkTwin

from .writers import Peer, attitude, distance, frames, gps, heartbeat, platform, position

EXTRAS = {ident: kind.crc_extra for ident, kind in dialect.mavlink_map.items()}
MOST_NOTES = 8


def frame(ident: int, payload: bytes, sequence: int, sender: tuple[int, int]) -> bytes:
    """Return a frame of any content with a right checksum."""
    head = bytes([len(payload), 0, 0, sequence, *sender]) + ident.to_bytes(3, "little")
    checksum = dialect.x25crc(head + payload + bytes([EXTRAS.get(ident, 0)])).crc
    return b"\xfd" + head + payload + checksum.to_bytes(2, "little")


contents = st.tuples(
    st.one_of(st.sampled_from(sorted(EXTRAS)), st.integers(0, 1 << 18)),
    st.binary(min_size=1, max_size=255),
    st.integers(0, 255),
    st.sampled_from([(1, 1), (1, 191), (1, 154), (255, 190), (3, 1)]),
)


class TestRandomContent:
    @settings(max_examples=300)
    @given(messages=st.lists(contents, max_size=20), places=st.lists(st.floats(0, 1), max_size=6))
    def test_never_raises_and_cutting_changes_nothing(
        self, messages: list[tuple[int, bytes, int, tuple[int, int]]], places: list[float]
    ) -> None:
        data = b"".join(frame(*one) for one in messages)
        whole, pieces = MavlinkDecoder(vehicle=1), MavlinkDecoder(vehicle=1)
        items = whole.feed(data)
        cuts = [0, *sorted(int(place * len(data)) for place in places), len(data)]
        found = [one for a, b in pairwise(cuts) for one in pieces.feed(data[a:b])]
        assert [type(one) for one in found] == [type(one) for one in items]
        assert pieces.tally == whole.tally
        assert whole.tally.good_bytes + whole.tally.dropped_bytes + whole.held_bytes == len(data)

    @settings(max_examples=300)
    @given(payload=st.binary(min_size=1, max_size=255), ident=st.sampled_from(sorted(EXTRAS)))
    def test_a_right_checksum_of_a_known_message_is_understood(
        self, payload: bytes, ident: int
    ) -> None:
        decoder = MavlinkDecoder(vehicle=1)
        for one in decoder.feed(frame(ident, payload, 0, (1, 1))):
            if isinstance(one, Frame):
                assert one.values.dtype == np.float64
        assert decoder.tally.messages == 1

    @given(messages=st.lists(contents, max_size=20))
    def test_the_session_and_the_twin_hear_anything(
        self, messages: list[tuple[int, bytes, int, tuple[int, int]]]
    ) -> None:
        data = b"".join(frame(*one) for one in messages)
        assert all(isinstance(one, bytes) for one in Mavlink().twin().receive(data))
        decoder = MavlinkDecoder()
        decoder.sent(data)
        assert decoder.tally.messages == 0

    def test_memory_stays_bounded_over_names_senders_and_texts(self) -> None:
        decoder = MavlinkDecoder(vehicle=1)
        for number in range(3000):
            name = f"n{number}".encode()
            peer = Peer(number % 250 + 1, number % 254 + 1)
            decoder.feed(peer.pack(dialect.MAVLink_named_value_float_message(0, name, 1.0)))
            decoder.feed(frame(253, b"\x06" + b"x" * 50 + number.to_bytes(2, "little"), 0, (1, 1)))
            decoder.sent(Peer(1, 191).pack(dialect.MAVLink_timesync_message(0, number + 1)))
        assert len(decoder.losses.senders) <= 64
        assert len(decoder._outstanding) <= 256
        assert len(decoder._texts._pending) <= MOST_NOTES
        assert decoder.held_bytes == 0


def asked(*idents: int) -> bytes:
    return Peer(1, 191).pack(
        *[
            dialect.MAVLink_command_long_message(1, 1, 511, 0, ident, 20_000, 0, 0, 0, 0, 0)
            for ident in idents
        ]
    )


class TestMavlink(DriverSuite):
    """Numbers lie 100 apart, so that the sample may be fed again without being a repetition."""

    instrument = Mavlink(vehicle=1)
    sample = Peer(step=100).pack(
        heartbeat(armed=True),
        attitude(1000, 0.5),
        position(1000),
        distance(1000, 101),
        gps(0, fix=1),
    )
    rows: ClassVar[Mapping[str, npt.ArrayLike]] = {
        "state": [[1.0, 3.0, 4.0]],
        "attitude": [[0.5, 0.0, 0.0, 0.0, 0.0, 0.0]],
        "position": [[14.3, 50.1, 250.1, 1.017, -0.5, 1.0, -0.25, np.pi / 2]],
        "range": [[1.01, 1.0, 100.0]],
        "gps": [[*[np.nan] * 4, 0.0, np.nan, np.nan, 1.21, 2.0, 10.0, np.nan]],
    }
    tolerance: ClassVar[Mapping[str, float]] = dict.fromkeys(rows, 1e-6)

    def measured(self) -> Measured:
        rolls = np.array([0.0, 0.01, -0.02, 0.03, 0.05])
        return platform(5, roll_rad=rolls, pitch_rad=-rolls, yaw_rad=1.0)

    def decoded(self, measured: Measured) -> Mapping[str, npt.ArrayLike]:
        still = np.zeros((len(measured), 3))
        return {"attitude": np.hstack([measured.values[:, 7:10], still])}

    def twin(self) -> MavlinkTwin:
        """Return a twin that was asked for attitudes and has just sent its heartbeat."""
        twin = MavlinkTwin(self.instrument)
        twin.speak(platform(1, start_s=2.9))
        twin.receive(asked(30))
        return twin

    def decoder(self) -> Decoder:
        return self.instrument.decoder()

    def test_a_rebooted_twin_is_understood(self) -> None:
        """A reboot forgets the rates: after it they must be asked for again."""
        twin, decoder = self.twin(), self.decoder()
        decoder.feed(b"".join(twin.speak(self.measured())))
        twin.reboot()
        silent = decoder.feed(b"".join(twin.speak(self.measured())))
        assert frames(silent, "attitude") == []
        twin.receive(asked(30))
        items = decoder.feed(b"".join(twin.speak(platform(5, start_s=3.2))))
        assert len(frames(items, "attitude")) == 5

    def test_the_session_asks_again_when_the_autopilot_rebooted_under_it(self) -> None:
        """The link stays open, the rates are lost; nobody opens it anew."""
        with self.bench() as bench, closing(Conversation(self.instrument, bench.address)) as host:
            host.open()
            host.read_until(lambda: len(frames(host.items, "timesync")) >= 2)
            bench.reboot()
            host.forget()
            host.read_until(lambda: len(frames(host.items, "timesync")) >= 2)
            host.forget()
            host.read_until(lambda: len(frames(host.items, "attitude")) >= 3)
