"""The virtual autopilot: the oddities of the real one, and rows that come through unchanged."""

from __future__ import annotations

import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit_drivers.mavlink.decoder import MavlinkDecoder
from detectkit_drivers.mavlink.instrument import Mavlink
from detectkit_drivers.mavlink.virtual import MavlinkTwin

from .writers import Clock, Peer, S, column, frames, heard, named, platform


def asked(twin: MavlinkTwin, *idents: int, hz: float = 50.0) -> list[int]:
    """Ask for messages; return the results of the answers."""
    own = Peer(1, 191)
    requests = [
        dialect.MAVLink_command_long_message(1, 1, 511, 0, ident, 1e6 / hz, 0, 0, 0, 0, 0)
        for ident in idents
    ]
    answers = heard(b"".join(twin.receive(own.pack(*requests))))
    return [one.result for one in named(answers, "COMMAND_ACK")]


class TestTwin:
    def test_sends_only_heartbeats_and_time_requests_until_asked(self) -> None:
        spoken = heard(b"".join(MavlinkTwin(Mavlink()).speak(platform(100))))
        assert {one.get_type() for one in spoken} == {"HEARTBEAT", "TIMESYNC"}

    def test_denies_what_it_does_not_have_and_what_is_too_fast(self) -> None:
        twin = MavlinkTwin(Mavlink())
        assert asked(twin, 30, 127, 9000) == [0, 2, 2]
        assert asked(twin, 30, hz=1000.0) == [2]

    def test_sends_at_the_rate_asked_in_whole_milliseconds(self) -> None:
        twin = MavlinkTwin(Mavlink())
        asked(twin, 33, hz=10.0)
        spoken = heard(b"".join(twin.speak(platform(500))))
        assert len(named(spoken, "GLOBAL_POSITION_INT")) == 100

    def test_time_and_position_are_zero_after_boot(self) -> None:
        twin = MavlinkTwin(Mavlink(), utc_after_s=2.0, origin_after_s=1.0)
        asked(twin, 2, 33)
        spoken = heard(b"".join(twin.speak(platform(200, start_s=0.0))))
        zero = [one.time_unix_usec == 0 for one in named(spoken, "SYSTEM_TIME")]
        assert (sum(zero), len(zero)) == (100, 200)
        places = named(spoken, "GLOBAL_POSITION_INT")
        assert sum(one.lat == one.lon == 0 for one in places) == 50

    def test_ranges_are_cut_to_centimetres_but_not_the_rangefinder(self) -> None:
        twin = MavlinkTwin(Mavlink())
        asked(twin, 132, 173)
        items = MavlinkDecoder(vehicle=1).feed(b"".join(twin.speak(platform(1, height_m=0.9987))))
        assert column(items, "range", "distance_m") == [pytest.approx(0.99)]
        assert column(items, "rangefinder", "distance_m") == [pytest.approx(0.9987)]

    @pytest.mark.parametrize("height_m", [np.nan, 0.02, 70.0])
    def test_no_ground_in_sight_is_nan(self, height_m: float) -> None:
        twin = MavlinkTwin(Mavlink())
        asked(twin, 132)
        items = MavlinkDecoder(vehicle=1).feed(b"".join(twin.speak(platform(1, height_m=height_m))))
        assert np.isnan(column(items, "range", "distance_m")).all()

    def test_a_position_comes_through_to_its_last_digit(self) -> None:
        twin = MavlinkTwin(Mavlink())
        asked(twin, 24, 33, 32)
        truth = platform(3, longitude_deg=np.array([14.3000001, 14.3000002, 14.3000003]))
        items = MavlinkDecoder(vehicle=1).feed(b"".join(twin.speak(truth)))
        for stream in ("gps", "position"):
            np.testing.assert_allclose(
                column(items, stream, "longitude_deg"), truth.values[:, 0], rtol=0, atol=1e-9
            )
            assert column(items, stream, "up_m") == [250.1] * 3
        assert column(items, "gps", "fix_quality") == [4.0] * 3
        assert column(items, "gps", "horizontal_error_m") == [0.014] * 3
        east = column(items, "local", "local_east_m")
        np.testing.assert_allclose(east, [0.0, 0.00714, 0.01428], atol=2e-4)

    @pytest.mark.parametrize("quality", [0, 1, 2, 4, 5])
    def test_a_fix_quality_comes_through(self, quality: int) -> None:
        twin = MavlinkTwin(Mavlink())
        asked(twin, 24, 30)
        rows = platform(2, fix_quality=quality)
        items = MavlinkDecoder(vehicle=1).feed(b"".join(twin.speak(rows)))
        assert column(items, "gps", "fix_quality")[-1] == quality

    def test_waypoints_and_arming_come_through(self) -> None:
        twin = MavlinkTwin(Mavlink())
        asked(twin, 42)
        rows = platform(60, waypoint=np.repeat([1, 2, 3], 20), armed=np.repeat([0, 1, 1], 20))
        items = MavlinkDecoder(vehicle=1).feed(b"".join(twin.speak(rows)))
        assert sorted(set(column(items, "mission", "waypoint"))) == [1.0, 2.0, 3.0]
        assert column(items, "reached", "waypoint_reached") == [1.0, 2.0]
        assert column(items, "state", "armed") == [0.0, 1.0]

    def test_answers_with_its_time_since_boot(self) -> None:
        clock = Clock()
        twin = MavlinkTwin(Mavlink(), clock=clock)
        request = Peer(1, 191).pack(dialect.MAVLink_timesync_message(0, 77))
        assert twin.receive(request) == []
        twin.speak(platform(1, start_s=5.0))
        clock.wait(0.25)
        (answer,) = heard(b"".join(twin.receive(request)))
        assert (answer.ts1, answer.tc1) == (77, round(5.25 * S))

    def test_a_reboot_forgets_rates_and_time(self) -> None:
        twin = MavlinkTwin(Mavlink())
        asked(twin, 30)
        twin.speak(platform(5, start_s=100.0))
        twin.reboot()
        items = MavlinkDecoder(vehicle=1).feed(b"".join(twin.speak(platform(50, start_s=0.0))))
        assert frames(items, "attitude") == []
        assert len(frames(items, "state")) == 1
