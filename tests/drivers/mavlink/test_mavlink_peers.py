"""MAVLink against real peers: MAVProxy between us and the autopilot, MAVSDK at both other ends."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from detectkit.core import Indication
from detectkit.drivers import Announcement
from detectkit.drivers.bench import Bench, steady
from detectkit.product.compact import decode, encode
from detectkit.product.refly import write_plan, write_waypoints
from detectkit.testing.conversation import Conversation
from detectkit_drivers.mavlink.instrument import Mavlink

from .peers import SCRIPT, Process, free_port, mavproxy, mavsdk, router
from .writers import column, frames, platform

pytestmark = pytest.mark.peers

PATIENCE_S = 40.0
ONE = Indication(
    line="7",
    trace=120,
    first_trace=110,
    last_trace=130,
    along_track_m=1.2,
    longitude_deg=14.3000000775,
    latitude_deg=50.1000017133,
    twt_s=3e-9,
    depth_m=0.12,
    depth_error_m=0.03,
    velocity_m_per_s=1e8,
    velocity_source="given",
    score=7.5,
    rank=1,
)
WORDS = "indication 1: detector and radar agree, 0.12 m deep, lane 7, score 7.5"


class Host(Conversation):
    """A conversation that can pass something on."""

    def announce(self, announcement: Announcement) -> None:
        link, session = self._opened()
        session.announce(link, announcement)


def hovering(instrument: Mavlink, serve: str) -> Bench:
    twin = instrument.twin()
    return Bench(twin, steady(lambda rows: platform(len(rows)).values, 50.0), serve=serve)


class TestMavproxy:
    def test_rates_time_and_positions_come_through_the_router(self, tmp_path: Path) -> None:
        instrument, port = Mavlink(timesync_hz=10.0), free_port()
        with hovering(instrument, "tcp-listen://127.0.0.1:0") as bench:
            command = [
                *mavproxy(),
                f"--master={bench.address.replace('tcp://', 'tcp:')}",
                f"--out=udp:127.0.0.1:{port}",
                "--daemon",
                "--mav20",
                f"--state-basedir={tmp_path}",
                "--default-modules=link,output",
                "--streamrate=-1",
            ]
            host = Conversation(instrument, f"udp-listen://127.0.0.1:{port}")
            with closing(Process(command, cwd=tmp_path)), closing(host):
                host.open(within_s=PATIENCE_S)
                host.read_until(
                    lambda: (
                        len(frames(host.items, "attitude")) >= 100
                        and len(frames(host.items, "timesync")) >= 10
                    ),
                    within_s=PATIENCE_S,
                )
            assert column(host.items, "position", "latitude_deg")[-1] == 50.1
            heard = {one.get_type() for one in bench.twin.heard}  # type: ignore[attr-defined]
            assert {"HEARTBEAT", "COMMAND_LONG", "TIMESYNC"} <= heard


class TestMavsdk:
    def test_a_ground_station_understands_all_that_we_say(self) -> None:
        python, port, instrument = mavsdk(), free_port(), Mavlink()
        with (
            router(port) as hub,
            hovering(instrument, f"udp://127.0.0.1:{hub}"),
            closing(Process([python, str(SCRIPT), "ground-station", str(port)])) as station,
        ):
            host = Host(instrument, f"udp://127.0.0.1:{hub}")
            with closing(host):
                host.open(within_s=PATIENCE_S)
                host.read_until(lambda: bool(station.events("watching")), within_s=PATIENCE_S)
                host.announce(Announcement(WORDS, "alarm", {"dk_score": 7.5}, encode(ONE)))
                host.read_until(
                    lambda: bool(
                        len(station.events("STATUSTEXT")) >= 2
                        and station.events("NAMED_VALUE_FLOAT")
                        and station.events("TUNNEL")
                        and [one for one in station.events("HEARTBEAT") if one["component"] == 191]
                    ),
                    within_s=PATIENCE_S,
                )
        texts = [one for one in station.events("STATUSTEXT") if one["component"] == 191]
        assert "".join(one["fields"]["text"] for one in texts) == WORDS
        assert {one["fields"]["severity"] for one in texts} == {2}
        (value,) = station.events("NAMED_VALUE_FLOAT")
        assert (value["fields"]["name"], value["fields"]["value"]) == ("dk_score", 7.5)
        (tunnel,) = station.events("TUNNEL")
        fields = tunnel["fields"]
        assert fields["target_system"] == 245
        packed = bytes(fields["payload"][: fields["payload_length"]])
        assert decode(packed).latitude_deg == pytest.approx(ONE.latitude_deg, abs=1e-9)
        ours = [one for one in station.events("HEARTBEAT") if one["component"] == 191]
        assert {(one["system"], one["fields"]["type"]) for one in ours} == {(1, 18)}

    def test_another_autopilot_is_heard_as_ours_is(self) -> None:
        python, port = mavsdk(), free_port()
        host = Conversation(Mavlink(), f"udp-listen://127.0.0.1:{port}")
        with closing(Process([python, str(SCRIPT), "autopilot", str(port)])), closing(host):
            host.open(within_s=PATIENCE_S)
            host.read_until(
                lambda: bool(
                    len(frames(host.items, "position")) >= 5
                    and len(frames(host.items, "state")) >= 2
                ),
                within_s=PATIENCE_S,
            )
        assert column(host.items, "position", "latitude_deg")[-1] == pytest.approx(
            50.1000017, abs=1e-7
        )
        assert column(host.items, "position", "velocity_north_m_per_s")[-1] == pytest.approx(1.0)
        assert column(host.items, "state", "armed")[-1] == 0.0

    def test_target_files_import_to_the_centimetre(self, tmp_path: Path) -> None:
        targets = [ONE, replace(ONE, rank=2, longitude_deg=14.30012345678)]
        plan, waypoints = tmp_path / "refly.plan", tmp_path / "refly.waypoints"
        write_plan(targets, plan, height_m=1.5, hold_s=8.0)
        write_waypoints(targets, waypoints, height_m=1.5, hold_s=8.0)
        command = [mavsdk(), str(SCRIPT), "import", str(plan), str(waypoints)]
        process = Process(command)
        try:
            assert process.process.wait(PATIENCE_S) == 0
        finally:
            process.close()
        (of_plan,) = process.events(str(plan))
        (of_waypoints,) = process.events(str(waypoints))
        home, *of_lines = of_waypoints["items"]
        assert home["frame"] == 0
        for items in (of_plan["items"], of_lines):
            assert [(one["command"], one["frame"], one["z"]) for one in items] == [
                (16, 10, 1.5)
            ] * 2
            assert [one["param1"] for one in items] == [8.0, 8.0]
            assert [one["x"] for one in items] == [501000017, 501000017]
            assert [one["y"] for one in items] == [143000001, 143001235]
