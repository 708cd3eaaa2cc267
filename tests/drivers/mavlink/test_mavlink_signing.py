"""Signing: ours against pymavlink's, replays, stamps over restarts."""

from __future__ import annotations

from pathlib import Path

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.core import UsageError
from detectkit_drivers.mavlink.decoder import MavlinkDecoder
from detectkit_drivers.mavlink.instrument import Mavlink
from detectkit_drivers.mavlink.messages_out import Signer, Voice
from detectkit_drivers.mavlink.signing import (
    TICKS_PER_S,
    Guard,
    StampClock,
    now_ticks,
    read_key,
    stamp_file,
    stamp_of,
)

from .writers import Peer, attitude, frames, heartbeat

KEY = bytes(range(32))


def signing_peer(key: bytes = KEY, *, stamp: int | None = None) -> Peer:
    peer = Peer()
    peer.packer.signing.secret_key = key
    peer.packer.signing.sign_outgoing = True
    peer.packer.signing.timestamp = now_ticks() if stamp is None else stamp
    return peer


def decoder() -> MavlinkDecoder:
    return MavlinkDecoder(vehicle=1, guard=Guard(KEY))


class TestGuard:
    def test_frames_signed_by_pymavlink_are_accepted(self) -> None:
        one = decoder()
        assert len(frames(one.feed(signing_peer().pack(attitude(1), attitude(2))), "attitude")) == 2
        assert one.unsigned == 0

    def test_unsigned_frames_are_refused_and_counted(self) -> None:
        one = decoder()
        assert one.feed(Peer().pack(attitude(1))) == []
        assert (one.unsigned, one.tally.damaged) == (1, 1)

    def test_another_key_is_refused(self) -> None:
        assert decoder().feed(signing_peer(bytes(32)).pack(attitude(1))) == []

    def test_a_replayed_frame_is_refused(self) -> None:
        one, frame = decoder(), signing_peer().pack(attitude(1))
        assert len(one.feed(frame)) == 1
        assert one.feed(frame) == []
        assert one.unsigned == 1

    def test_a_changed_frame_with_a_repaired_checksum_is_refused(self) -> None:
        frame = bytearray(signing_peer().pack(attitude(1, roll=0.5)))
        frame[14] ^= 1
        checksum = dialect.x25crc(bytes(frame[1:-15]) + bytes([39])).crc
        frame[-15:-13] = checksum.to_bytes(2, "little")
        one = decoder()
        assert one.feed(bytes(frame)) == []
        assert one.unsigned == 1

    @pytest.mark.parametrize(("behind_s", "rows"), [(50, 1), (70, 0)])
    def test_a_new_sender_may_lie_a_minute_behind_us(self, behind_s: int, rows: int) -> None:
        one, now = decoder(), now_ticks()
        own = Voice(1, 191, signer=Signer(KEY, StampClock(None, now=lambda: now), 5), guard=None)
        one.sent(own.packed(heartbeat()))
        old = signing_peer(stamp=now - behind_s * TICKS_PER_S)
        assert len(one.feed(old.pack(attitude(1)))) == rows

    def test_without_a_key_signed_frames_are_read_unverified(self) -> None:
        one = MavlinkDecoder(vehicle=1)
        assert len(one.feed(signing_peer(bytes(32)).pack(attitude(1)))) == 1


class TestOurSignature:
    def test_pymavlink_accepts_it(self) -> None:
        receiver = dialect.MAVLink(None)
        receiver.robust_parsing = True
        receiver.signing.secret_key = KEY
        receiver.signing.timestamp = now_ticks()
        voice = Voice(1, 191, signer=Signer(KEY, StampClock(None), 7), guard=None)
        data = b"".join(voice.packed(heartbeat()) for _ in range(5))
        messages = receiver.parse_buffer(bytearray(data))
        assert [one.get_type() for one in messages] == ["HEARTBEAT"] * 5
        assert all(one.get_signed() for one in messages)
        assert data[-13] == 7

    def test_a_peer_that_is_ahead_pulls_our_stamps_along(self) -> None:
        guard, future = Guard(KEY), now_ticks() + 3600 * TICKS_PER_S
        voice = Voice(1, 191, signer=Signer(KEY, StampClock(None), 7), guard=guard)
        assert guard.accepts(signing_peer(stamp=future).pack(heartbeat()))
        assert stamp_of(voice.packed(heartbeat())) >= future


class TestStamps:
    def test_rise_over_a_restart_even_when_the_clock_of_the_machine_fell_back(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "key.timestamp"
        first = StampClock(path, now=lambda: 10_000_000)
        last = max(first.next() for _ in range(5000))
        second = StampClock(path, now=lambda: 5)
        assert second.next() > last

    def test_rise_within_one_tick(self) -> None:
        clock = StampClock(None, now=lambda: 77)
        assert [clock.next() for _ in range(3)] == [77, 78, 79]

    def test_a_broken_file_starts_with_the_time_of_the_machine(self, tmp_path: Path) -> None:
        path = tmp_path / "key.timestamp"
        path.write_text("no number", encoding="ascii")
        assert StampClock(path, now=lambda: 77).next() == 77


class TestKey:
    def test_bytes_or_hexadecimal_digits(self, tmp_path: Path) -> None:
        raw, digits = tmp_path / "raw", tmp_path / "hex"
        raw.write_bytes(KEY)
        digits.write_text(KEY.hex() + "\n", encoding="ascii")
        assert read_key(str(raw)) == read_key(str(digits)) == KEY

    def test_anything_else_says_what_is_wanted(self, tmp_path: Path) -> None:
        (tmp_path / "short").write_bytes(b"secret")
        with pytest.raises(UsageError, match="holds 6 bytes; it must hold 32"):
            read_key(str(tmp_path / "short"))
        with pytest.raises(UsageError, match="cannot be read"):
            read_key(str(tmp_path / "none"))

    def test_a_signed_session_and_twin_understand_each_other(self, tmp_path: Path) -> None:
        path = tmp_path / "key"
        path.write_bytes(KEY)
        settings = Mavlink(signing_key=str(path))
        twin, session = settings.twin(), settings.session()
        sent: list[bytes] = []

        class Wire:
            name = "wire"

            def send(self, data: bytes) -> None:
                sent.append(data)

        session.poll(Wire(), 10**18)  # type: ignore[arg-type]
        assert len(sent) == 1
        twin.receive(sent[0] + Peer(1, 191).pack(heartbeat()))
        assert len(twin.heard) == 1  # type: ignore[attr-defined]
        assert stamp_file(str(path)).exists()


class TestSettings:
    @pytest.mark.parametrize(
        ("setting", "value"),
        [("timesync_hz", 0.5), ("tunnel_type", 200), ("attitude_hz", 0.0), ("component", 1)],
    )
    def test_what_makes_no_sense_is_refused(self, setting: str, value: float) -> None:
        with pytest.raises(UsageError, match=f"{setting} = .* must lie from"):
            Mavlink(**{setting: value})  # type: ignore[arg-type]
