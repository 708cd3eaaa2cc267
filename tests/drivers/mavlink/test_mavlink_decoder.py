"""MAVLink decoder: what each message becomes, and the traps of real autopilots. Synthetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.drivers import Frame
from detectkit_drivers.mavlink.decoder import MavlinkDecoder

from .writers import (
    Peer,
    S,
    attitude,
    column,
    distance,
    frames,
    gps,
    heartbeat,
    notes,
    position,
    text,
)


def decoder() -> MavlinkDecoder:
    return MavlinkDecoder(vehicle=1)


class TestVehicle:
    def test_the_first_autopilot_heard_is_the_vehicle(self) -> None:
        one = MavlinkDecoder()
        ground, gimbal = Peer(255, 190), Peer(7, 154)
        one.feed(ground.pack(heartbeat(kind=6, autopilot=8)) + gimbal.pack(heartbeat(autopilot=8)))
        assert one.vehicle == 0
        items = one.feed(Peer(7).pack(heartbeat(armed=True), attitude(5)))
        assert one.vehicle == 7
        assert column(items, "state", "armed") == [1.0]
        assert len(frames(items, "attitude")) == 1

    def test_before_a_vehicle_is_known_nothing_is_given_out(self) -> None:
        one = MavlinkDecoder()
        assert one.feed(Peer(7).pack(attitude(5))) == []
        assert (one.tally.messages, one.tally.ignored) == (1, 1)

    def test_other_systems_and_components_are_ignored_and_counted(self) -> None:
        one = decoder()
        assert one.feed(Peer(2, 1).pack(attitude(5)) + Peer(1, 154).pack(attitude(5))) == []
        assert one.tally.ignored == 2

    def test_the_vehicle_stays_the_same_when_the_link_is_opened_anew(self) -> None:
        one = MavlinkDecoder()
        one.feed(Peer(7).pack(heartbeat()))
        one.reset()
        assert len(one.feed(Peer(7).pack(attitude(5)))) == 1


class TestFraming:
    def test_version_1_is_read_too(self) -> None:
        items = decoder().feed(Peer().pack(attitude(1234, roll=0.25), version_1=True))
        assert column(items, "attitude", "roll_rad") == [0.25]

    def test_unknown_messages_are_dropped_because_no_checksum_can_be_checked(self) -> None:
        one = decoder()
        frame = bytearray(Peer().pack(attitude(1)))
        frame[7:10] = (65566).to_bytes(3, "little")
        assert one.feed(bytes(frame)) == []
        assert (one.unknown, one.tally.messages) == (1, 0)
        assert one.tally.dropped_bytes == len(frame)

    def test_a_flag_that_is_not_known_makes_no_message(self) -> None:
        frame = bytearray(Peer().pack(attitude(1)))
        frame[2] = 0x02
        assert decoder().feed(bytes(frame)) == []

    def test_an_extension_of_a_later_dialect_is_passed_over(self) -> None:
        frame = bytearray(Peer().pack(position(1)))
        payload = bytes(frame[10:-2]).ljust(28, b"\0") + b"\x07\x08\x09"
        head = bytes([0xFD, len(payload), *frame[2:10]])
        checksum = dialect.x25crc(head[1:] + payload + bytes([104])).crc
        items = decoder().feed(head + payload + checksum.to_bytes(2, "little"))
        assert column(items, "position", "latitude_deg") == [50.1]

    def test_damaged_messages_are_counted_once(self) -> None:
        one, peer = decoder(), Peer()
        data = bytearray(peer.pack(*[attitude(ms, roll=0.5) for ms in range(0, 100, 20)]))
        size = len(data) // 5
        data[size + 14] ^= 0x40
        items = one.feed(bytes(data))
        assert len(frames(items, "attitude")) == 4
        assert one.tally.damaged == 1

    def test_a_repeated_datagram_gives_one_row_and_is_counted(self) -> None:
        one, peer = decoder(), Peer()
        first, second = peer.pack(attitude(1)), peer.pack(attitude(2))
        assert len(one.feed(first + second + first + second)) == 2
        window = one.losses.senders[1, 1]
        assert (window.received, window.lost, window.repeated) == (2, 0, 2)


class TestPosition:
    def test_units_and_directions(self) -> None:
        (frame,) = frames(decoder().feed(Peer().pack(position(4321))), "position")
        row = dict(zip(frame.layout.columns, frame.values[0].tolist(), strict=True))
        assert row == pytest.approx(
            {
                "longitude_deg": 14.3,
                "latitude_deg": 50.1,
                "up_m": 250.1,
                "height_above_home_m": 1.017,
                "velocity_east_m_per_s": -0.5,
                "velocity_north_m_per_s": 1.0,
                "velocity_up_m_per_s": -0.25,
                "heading_rad": math.pi / 2,
            }
        )
        assert frame.device_ns is not None
        assert frame.device_ns.tolist() == [4321 * 1_000_000]
        assert frame.layout.device_clock == "boot"

    def test_zero_zero_is_no_position(self) -> None:
        assert decoder().feed(Peer().pack(position(1, lat=0, lon=0))) == []


class TestReceiver:
    @pytest.mark.parametrize(
        ("fix", "quality"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 5), (6, 4), (9, 0)]
    )
    def test_fix_types_become_nmea_qualities(self, fix: int, quality: int) -> None:
        items = decoder().feed(Peer().pack(attitude(40), gps(50_000, fix=fix)))
        assert column(items, "gps", "fix_quality") == [quality]

    def test_without_a_fix_there_is_no_position_however_plausible_it_looks(self) -> None:
        items = decoder().feed(Peer().pack(attitude(40), gps(0, fix=1)))
        assert np.isnan(column(items, "gps", "latitude_deg")).all()
        (frame,) = frames(items, "gps")
        assert frame.device_ns is not None
        assert frame.device_ns.tolist() == [40_000_000]

    def test_the_extension_tells_ellipsoid_and_errors(self) -> None:
        message = gps(50_000, alt_ellipsoid=294_600, h_acc=14, v_acc=21, yaw=36000)
        items = decoder().feed(Peer().pack(message))
        assert column(items, "gps", "up_m") == [pytest.approx(294.6)]
        assert column(items, "gps", "altitude_above_sea_m") == [pytest.approx(250.1)]
        assert column(items, "gps", "horizontal_error_m") == [pytest.approx(0.014)]
        assert column(items, "gps", "vertical_error_m") == [pytest.approx(0.021)]
        assert column(items, "gps", "antenna_yaw_rad") == [pytest.approx(2 * math.pi)]

    def test_without_the_extension_height_and_errors_are_unknown(self) -> None:
        items = decoder().feed(Peer().pack(gps(50_000), version_1=True))
        for name in ("up_m", "horizontal_error_m", "vertical_error_m", "antenna_yaw_rad"):
            assert np.isnan(column(items, "gps", name)).all()

    def test_the_stamp_of_the_fix_counts_from_boot(self) -> None:
        (frame,) = frames(decoder().feed(Peer().pack(gps(16_763_000))), "gps")
        assert frame.device_ns is not None
        assert frame.device_ns.tolist() == [16_763_000_000]

    def test_a_stamp_of_utc_is_told_as_utc(self) -> None:
        usec = 1_767_225_600_000_000
        (frame,) = frames(decoder().feed(Peer().pack(gps(usec))), "gps")
        assert frame.device_ns is None
        assert frame.layout.device_clock == ""
        assert frame.coords["time_ns"].tolist() == [usec * 1000]

    def test_the_same_fix_sent_again_is_one_row(self) -> None:
        items = decoder().feed(Peer().pack(gps(200_000), gps(200_000), gps(400_000)))
        assert len(frames(items, "gps")) == 2

    def test_two_receivers_are_two_streams(self) -> None:
        second = dialect.MAVLink_gps2_raw_message(
            200_000, 5, 501000000, 143000000, 250_100, 121, 200, 0, 0, 10, 0, 0
        )
        items = decoder().feed(Peer().pack(gps(200_000), second))
        assert column(items, "gps", "fix_quality") == [4.0]
        assert column(items, "gps2", "fix_quality") == [5.0]


class TestRange:
    def test_a_range_in_centimetres(self) -> None:
        items = decoder().feed(Peer().pack(distance(1, 101)))
        assert column(items, "range", "distance_m") == [pytest.approx(1.01)]
        assert column(items, "range", "in_range") == [1.0]

    @pytest.mark.parametrize(("cm", "quality"), [(0, 100), (5, 100), (5001, 100), (101, 1)])
    def test_no_target_is_nan(self, cm: int, quality: int) -> None:
        items = decoder().feed(Peer().pack(distance(1, cm, quality=quality)))
        assert np.isnan(column(items, "range", "distance_m")).all()

    def test_a_sensor_that_looks_ahead_is_no_altimeter(self) -> None:
        assert decoder().feed(Peer().pack(distance(1, 101, orientation=0))) == []

    def test_the_rangefinder_is_a_stream_of_its_own_with_its_millimetres(self) -> None:
        message = dialect.MAVLink_rangefinder_message(0.9953, 0.0)
        items = decoder().feed(Peer().pack(distance(1, 99), message))
        assert column(items, "rangefinder", "distance_m") == [pytest.approx(0.9953)]
        assert column(items, "range", "distance_m") == [pytest.approx(0.99)]
        (frame,) = frames(items, "rangefinder")
        assert frame.layout.sensor.kind == "altimeter"
        assert (frame.device_ns, frame.layout.device_clock) == (None, "")

    @pytest.mark.parametrize(("metres", "inside"), [(0.05, False), (1.5, True), (130.0, False)])
    def test_a_rangefinder_beyond_the_limits_that_the_other_message_tells_is_nan(
        self, metres: float, inside: bool
    ) -> None:
        one, peer = decoder(), Peer()
        message = dialect.MAVLink_rangefinder_message(metres, 0.0)
        before = one.feed(peer.pack(message))
        assert column(before, "rangefinder", "distance_m") == [pytest.approx(metres)]
        assert np.isnan(column(before, "rangefinder", "in_range")).all()
        after = one.feed(peer.pack(distance(1, 100), distance(1, 100, orientation=0), message))
        assert column(after, "rangefinder", "in_range") == [float(inside)]
        assert np.isfinite(column(after, "rangefinder", "distance_m")).all() == inside

    def test_terrain_that_is_switched_off_says_nothing(self) -> None:
        off = dialect.MAVLink_terrain_report_message(501, 143, 0, 0.0, 250.0, 0, 0)
        on = dialect.MAVLink_terrain_report_message(501, 143, 100, 249.0, 1.1, 0, 8)
        items = decoder().feed(Peer().pack(off, on))
        assert column(items, "terrain", "height_above_terrain_m") == [pytest.approx(1.1)]


class TestClock:
    def test_utc_is_told_only_once_it_is_known(self) -> None:
        usec = 1_767_225_600_000_000
        unknown = dialect.MAVLink_system_time_message(0, 100)
        known = dialect.MAVLink_system_time_message(usec, 600)
        first, second = frames(decoder().feed(Peer().pack(unknown, known)), "clock")
        assert "time_ns" not in first.coords
        assert second.coords["time_ns"].tolist() == [usec * 1000]
        assert [one.device_ns.tolist() for one in (first, second) if one.device_ns is not None] == [
            [100_000_000],
            [600_000_000],
        ]

    def test_a_time_since_boot_that_the_sender_left_empty_is_no_stamp(self) -> None:
        utc = dialect.MAVLink_system_time_message(1_767_225_600_000_000, 0)
        items = decoder().feed(Peer().pack(attitude(5000), utc, distance(0, 101), attitude(5020)))
        assert frames(items, "clock") == []
        (frame,) = frames(items, "range")
        assert (frame.device_ns, frame.layout.device_clock) == (None, "")
        stamps = [one.device_ns for one in frames(items, "attitude")]
        assert [int(one[0]) for one in stamps if one is not None] == [5 * S, 5 * S + 20_000_000]

    def test_milliseconds_run_over_after_49_days(self) -> None:
        last = (1 << 32) - 10
        late = attitude(last + 5)
        data = Peer().pack(attitude(last), attitude(10), late, gps(last * 1000), attitude(30))
        stamps = [
            int(one.device_ns[0]) // 1_000_000
            for one in decoder().feed(data)
            if hasattr(one, "device_ns") and one.device_ns is not None
        ]
        assert stamps == [last, (1 << 32) + 10, last + 5, last, (1 << 32) + 30]

    def test_a_reboot_is_passed_on_as_it_is(self) -> None:
        items = decoder().feed(Peer().pack(attitude(900_000), attitude(2_000)))
        stamps = [
            int(one.device_ns[0]) for one in frames(items, "attitude") if one.device_ns is not None
        ]
        assert stamps == [900 * S, 2 * S]

    def test_only_answers_to_our_own_requests_count(self) -> None:
        one, own = decoder(), Peer(1, 191)
        one.sent(own.pack(dialect.MAVLink_timesync_message(0, 5 * S)))
        answer = dialect.MAVLink_timesync_message(7 * S + 123, 5 * S)
        foreign = dialect.MAVLink_timesync_message(7 * S, 4 * S)
        items = one.feed(Peer().pack(foreign, answer, answer))
        (frame,) = frames(items, "timesync")
        assert frame.coords["host_ns"].tolist() == [5 * S]
        assert frame.coords["device_ns"].tolist() == [7 * S + 123]
        assert frame.layout.irregular
        assert one.foreign_timesync == 2

    def test_a_request_of_the_autopilot_is_no_answer(self) -> None:
        one = decoder()
        assert one.feed(Peer().pack(dialect.MAVLink_timesync_message(0, 5 * S))) == []
        assert one.foreign_timesync == 0


class TestRates:
    def test_stamped_streams_name_the_rate_asked_for_and_the_others_none(self) -> None:
        one = MavlinkDecoder(vehicle=1, rates_hz={30: 50.0, 173: 20.0})
        rangefinder = dialect.MAVLink_rangefinder_message(1.0, 0.0)
        attitudes, ranges = one.feed(Peer().pack(attitude(5), rangefinder))
        assert isinstance(attitudes, Frame)
        assert isinstance(ranges, Frame)
        assert (attitudes.layout.rate_hz, ranges.layout.rate_hz) == (50.0, None)

    def test_frames_of_one_stream_share_one_layout(self) -> None:
        first, second = frames(decoder().feed(Peer().pack(attitude(5), attitude(6))), "attitude")
        assert first.layout is second.layout


class TestMission:
    def test_waypoints(self) -> None:
        current = dialect.MAVLink_mission_current_message(4)
        reached = dialect.MAVLink_mission_item_reached_message(3)
        items = decoder().feed(Peer().pack(current, reached))
        assert column(items, "mission", "waypoint") == [4.0]
        assert column(items, "reached", "waypoint_reached") == [3.0]
        assert frames(items, "reached")[0].layout.irregular

    def test_a_refused_rate_is_said_once_and_by_name(self) -> None:
        one, own, peer = decoder(), Peer(1, 191), Peer()
        asked = dialect.MAVLink_command_long_message(1, 1, 511, 0, 127, 1e6, 0, 0, 0, 0, 0)
        one.sent(own.pack(asked))
        denied = dialect.MAVLink_command_ack_message(511, 2, target_system=1, target_component=191)
        foreign = dialect.MAVLink_command_ack_message(511, 2, target_system=255, target_component=9)
        assert notes(one.feed(peer.pack(foreign))) == []
        (note,) = notes(one.feed(peer.pack(denied, denied)))
        assert note.text == "the autopilot does not send GPS_RTK: denied"
        assert note.severity == "note"


class TestTexts:
    def test_severities(self) -> None:
        texts = [text(b"one", level=3), text(b"two", level=4), text(b"three", level=6)]
        found = notes(decoder().feed(Peer().pack(*texts)))
        assert [(one.text, one.severity) for one in found] == [
            ("one", "alarm"),
            ("two", "warning"),
            ("three", "note"),
        ]

    def test_chunks_are_joined_in_order(self) -> None:
        parts = [b"a" * 50, b"b" * 50, b"end"]
        order = [1, 0, 2]
        data = Peer().pack(*[text(parts[at], ident=9, chunk=at) for at in order])
        (note,) = notes(decoder().feed(data))
        assert note.text == "a" * 50 + "b" * 50 + "end"

    def test_a_lost_chunk_shows_as_a_gap(self) -> None:
        data = Peer().pack(text(b"a" * 50, ident=9), text(b"end", ident=9, chunk=2))
        (note,) = notes(decoder().feed(data))
        assert note.text == "a" * 50 + " […] end"

    def test_unfinished_texts_are_bounded_and_come_out_at_last(self) -> None:
        data = Peer().pack(*[text(b"x" * 50, ident=at) for at in range(1, 200)])
        assert len(notes(decoder().feed(data))) == 199 - 8

    def test_other_components_of_the_vehicle_may_speak(self) -> None:
        one = decoder()
        assert len(notes(one.feed(Peer(1, 154).pack(text(b"gimbal"))))) == 1
        assert notes(one.feed(Peer(1, 191).pack(text(b"our own words")))) == []
        assert notes(one.feed(Peer(2, 1).pack(text(b"another drone")))) == []
