"""The conversation: rates asked for and checked, time, reboots. Time is pretended."""

from __future__ import annotations

import math

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.drivers import LinkTimeoutError
from detectkit_drivers.mavlink.instrument import Mavlink
from detectkit_drivers.mavlink.rates import CATALOGUE, Rates, Wanted

from .flight import Flight, begun, session_of
from .writers import Clock, FakeLink, Peer, S, heard, heartbeat, named


@pytest.fixture
def flight() -> Flight:
    return begun()


class TestPrepare:
    def test_our_heartbeat_goes_first_and_as_the_vehicles_companion(self) -> None:
        flight = Flight(settings=Mavlink(vehicle=4))
        flight.begin()
        first = heard(flight.link.sent)[0]
        assert first.get_type() == "HEARTBEAT"
        assert (first.get_srcSystem(), first.get_srcComponent()) == (4, 191)
        assert (first.type, first.autopilot, first.system_status) == (18, 8, 4)

    def test_we_join_the_system_of_the_autopilot_heard(self) -> None:
        clock = Clock()
        session, link = session_of(Mavlink(), clock), FakeLink()
        link.waiting = Peer(255, 190).pack(heartbeat(kind=6, autopilot=8)) + Peer(9).pack(
            heartbeat()
        )
        session.prepare(link)  # type: ignore[arg-type]
        clock.wait(1.0)
        session.poll(link, clock.now_ns)  # type: ignore[arg-type]
        assert heard(link.sent)[-1].get_srcSystem() == 9
        assert session.health()["vehicle"] == "9/1"
        assert session.ground_station == (255, 190)

    def test_nobody_there_says_who_was_heard_and_what_to_look_at(self) -> None:
        clock = Clock()
        session, link = session_of(Mavlink(), clock), FakeLink()
        link.waiting = Peer(255, 190).pack(heartbeat(kind=6, autopilot=8))
        read = link.read

        def passing(timeout_s: float) -> bytes:
            clock.wait(timeout_s)
            return read(timeout_s)

        link.read = passing  # type: ignore[method-assign]
        with pytest.raises(LinkTimeoutError, match=r"heard 255/190.*SERIALn_PROTOCOL"):
            session.prepare(link)  # type: ignore[arg-type]
        assert 5 <= len(named(heard(link.sent), "HEARTBEAT")) <= 7


class TestHealth:
    def test_what_is_not_measured_yet_is_left_out(self) -> None:
        health = session_of(Mavlink(), Clock()).health()
        assert health["vehicle"] == "none"
        assert all(math.isfinite(one) for one in health.values() if not isinstance(one, str))

    def test_frames_lost_on_the_way_are_a_share(self, flight: Flight) -> None:
        peer = Peer(1, 1)
        peer.packer.seq = 0
        flight.session._losses.reset()
        kept = [peer.pack(heartbeat()) for number in range(1000)]
        flight.session.received(
            flight.link, b"".join(one for at, one in enumerate(kept) if at % 10)
        )
        assert flight.session.health()["lost_share"] == pytest.approx(0.1, abs=0.01)


class TestRates:
    def test_all_messages_are_asked_for_one_after_the_other(self, flight: Flight) -> None:
        flight.fly(2.0)
        asked = flight.sent("COMMAND_LONG")
        assert {round(one.param1) for one in asked} == {one.ident for one in CATALOGUE}
        assert {(one.command, one.target_system, one.target_component) for one in asked} == {
            (511, 1, 1)
        }
        by_ident = {round(one.param1): one.param2 for one in asked}
        assert (by_ident[30], by_ident[33]) == (20_000, 50_000)
        assert all(one.param3 == 0 for one in asked)

    def test_achieved_rates_are_measured(self, flight: Flight) -> None:
        flight.fly(6.0)
        health = flight.session.health()
        assert health["attitude_hz"] == pytest.approx(50.0, rel=0.05)
        assert health["position_hz"] == pytest.approx(20.0, rel=0.1)
        assert health["lost_share"] == 0.0

    def test_what_is_denied_is_said_and_not_asked_again(self, flight: Flight) -> None:
        flight.fly(30.0)
        assert flight.session.health()["rtk_refused"] == "denied"
        asked = [one for one in flight.sent("COMMAND_LONG") if round(one.param1) == 127]
        assert len(asked) == 1

    def test_a_reboot_is_noticed_by_the_clock_and_everything_is_asked_anew(
        self, flight: Flight
    ) -> None:
        flight.clock.wait(60.0)
        flight.fly(2.0)
        flight.reboot()
        flight.fly(2.0)
        assert flight.session.reboots == 1
        flight.fly(4.0)
        assert flight.session.health()["attitude_hz"] == pytest.approx(50.0, rel=0.05)

    def test_a_time_since_boot_that_the_sender_left_empty_is_no_reboot(
        self, flight: Flight
    ) -> None:
        flight.fly(2.0)
        empty = dialect.MAVLink_system_time_message(0, 0)
        flight.session.received(flight.link, Peer(1, 1, step=50).pack(empty, empty))
        flight.fly(1.0)
        assert flight.session.reboots == 0

    def test_silence_alone_asks_again(self) -> None:
        rates = Rates([Wanted(30, "attitude", 50.0)])
        rates.ask_all(0)
        assert rates.due(0) is not None
        rates.acknowledged(0)
        for tick in range(200):
            rates.heard(30, tick * S // 50)
        assert rates.due(4 * S) is None
        assert rates.due(7 * S + 1) is not None

    def test_what_never_comes_is_asked_for_ever_more_seldom(self) -> None:
        rates = Rates([Wanted(136, "terrain", 1.0)])
        rates.ask_all(0)
        for second in range(600):
            if rates.due(second * S) is not None:
                rates.acknowledged(0)
        assert 8 <= rates.requests <= 16

    def test_an_unanswered_question_is_asked_again_but_not_for_ever(self) -> None:
        rates = Rates([Wanted(30, "attitude", 50.0), Wanted(33, "position", 20.0)])
        rates.ask_all(0)
        asked = [one.ident for ms in range(0, 2900, 100) if (one := rates.due(ms * S // 1000))]
        assert asked == [30, 33, 30]

    def test_a_rejection_for_now_is_tried_again(self) -> None:
        rates = Rates([Wanted(30, "attitude", 50.0)])
        rates.ask_all(0)
        for _ in range(3):
            assert rates.due(0) is not None
            rates.acknowledged(1)
        assert rates.due(0) is not None
        assert rates.refused() == {}

    def test_an_answer_to_another_client_is_none_to_us(self, flight: Flight) -> None:
        flight.fly(2.0)
        flight.session._rates.ask_all(flight.clock.now_ns)
        assert flight.session._rates.due(flight.clock.now_ns) is not None
        foreign = dialect.MAVLink_command_ack_message(511, 2, target_system=255, target_component=9)
        flight.session.received(flight.link, Peer(1, 1).pack(foreign))
        assert flight.session._rates.refused() == {}


class TestTime:
    def test_requests_go_out_at_the_rate_set(self) -> None:
        flight = Flight(settings=Mavlink(timesync_hz=10.0))
        flight.begin()
        flight.fly(5.0)
        requests = [one for one in flight.sent("TIMESYNC") if one.tc1 == 0]
        assert len(requests) == pytest.approx(50, abs=2)
        assert len({one.ts1 for one in requests}) == len(requests)
        assert flight.session.health()["round_trip_s"] == pytest.approx(0.02, abs=0.021)

    def test_requests_of_the_autopilot_are_answered(self, flight: Flight) -> None:
        flight.fly(11.0)
        assert flight.twin.time_answers >= 1

    def test_a_flood_of_requests_is_answered_20_times_a_second(self, flight: Flight) -> None:
        flight.clock.wait(2.0)
        peer = Peer(3, 1)
        before = len(flight.sent("TIMESYNC"))
        flood = [dialect.MAVLink_timesync_message(0, at + 1) for at in range(500)]
        flight.session.received(flight.link, peer.pack(*flood))
        assert len(flight.sent("TIMESYNC")) - before == 20

    def test_foreign_answers_change_nothing(self, flight: Flight) -> None:
        flight.fly(1.0)
        foreign = dialect.MAVLink_timesync_message(99 * S, 12345)
        flight.session.received(flight.link, Peer(1, 1, step=50).pack(foreign))
        assert flight.session.reboots == 0
