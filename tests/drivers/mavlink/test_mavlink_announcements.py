"""What the mission announces, as a ground station hears it. Time is pretended."""

from __future__ import annotations

import math

import pytest

from detectkit.drivers import Announcement
from detectkit_drivers.mavlink.instrument import Mavlink

from .flight import Flight, begun
from .writers import Peer, heard, heartbeat


@pytest.fixture
def flight() -> Flight:
    return begun()


class TestAnnouncements:
    def test_a_long_text_goes_out_in_numbered_chunks(self, flight: Flight) -> None:
        words = "indication 3: detector and radar agree, 0.12 m deep, lane 4, look at the map"
        flight.session.announce(flight.link, Announcement(words, "alarm"))
        flight.fly(1.0)
        first, second = flight.sent("STATUSTEXT")
        assert first.text + second.text == words
        assert (first.severity, first.chunk_seq, second.chunk_seq) == (2, 0, 1)
        assert first.id == second.id != 0

    @pytest.mark.parametrize("length", [50, 100, 150])
    def test_every_length_comes_through_our_own_decoder(self, length: int) -> None:
        flight = Flight()
        flight.begin()
        words = ("0123456789" * 20)[:length]
        flight.session.announce(flight.link, Announcement(words))
        flight.fly(2.0)
        other = Mavlink(vehicle=1, component=192).decoder()
        said = [getattr(one, "text", "") for one in other.feed(flight.link.sent)]
        assert words in said

    def test_values_have_short_names_and_the_newest_wins(self, flight: Flight) -> None:
        flight.session.announce(flight.link, Announcement(values={"score": 7.5}))
        flight.session.announce(
            flight.link, Announcement(values={"score": 8.5, "a_long_name": 1e300})
        )
        flight.fly(1.0)
        values = {one.name: one.value for one in flight.sent("NAMED_VALUE_FLOAT")}
        assert values == {"score": 8.5, "a_long_nam": math.inf}

    def test_a_payload_waits_for_a_ground_station_and_is_addressed_to_it(
        self, flight: Flight
    ) -> None:
        flight.session.announce(flight.link, Announcement(payload=bytes(range(100))))
        flight.fly(1.0)
        assert flight.sent("TUNNEL") == []
        flight.session.received(flight.link, Peer(255, 190).pack(heartbeat(kind=6, autopilot=8)))
        flight.fly(1.0)
        (tunnel,) = flight.sent("TUNNEL")
        assert (tunnel.target_system, tunnel.target_component) == (255, 190)
        assert tunnel.payload_type >= 32768
        assert bytes(tunnel.payload[: tunnel.payload_length]) == bytes(range(100))

    def test_a_flood_is_paced_bounded_and_counted_and_alarms_go_first(self, flight: Flight) -> None:
        for number in range(200):
            flight.session.announce(flight.link, Announcement(f"note {number}"))
        flight.session.announce(flight.link, Announcement("look here", "alarm"))
        flight.fly(1.0)
        said = flight.sent("STATUSTEXT")
        assert len(said) <= 16
        assert said[0].text == "look here"
        assert float(flight.session.health()["announcements_dropped"]) >= 130

    def test_a_payload_that_is_too_long_is_counted_not_cut(self, flight: Flight) -> None:
        flight.session.announce(flight.link, Announcement(payload=bytes(129)))
        assert flight.session.health()["announcements_dropped"] == 1.0

    def test_only_what_steers_nothing_is_ever_sent(self, flight: Flight) -> None:
        flight.session.received(flight.link, Peer(255, 190).pack(heartbeat(kind=6, autopilot=8)))
        everything = Announcement("words", "warning", {"score": 1.0}, b"payload")
        flight.session.announce(flight.link, everything)
        flight.fly(15.0)
        assert {one.get_type() for one in heard(flight.link.sent)} == {
            "HEARTBEAT",
            "COMMAND_LONG",
            "TIMESYNC",
            "STATUSTEXT",
            "NAMED_VALUE_FLOAT",
            "TUNNEL",
        }
