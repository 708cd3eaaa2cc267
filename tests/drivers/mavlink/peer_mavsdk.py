"""MAVSDK in a process of its own; tells what it found as lines of JSON.

Usage: ``peer_mavsdk.py ground-station PORT``, ``autopilot PORT`` or ``import PLAN WAYPOINTS``. The
first two end when their standard input does.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from typing import Any, TextIO

OUT: TextIO = sys.stdout
WATCHED = ("HEARTBEAT", "STATUSTEXT", "NAMED_VALUE_FLOAT", "TUNNEL", "GLOBAL_POSITION_INT")


def told_to() -> TextIO:
    """Return standard output for ourselves; what the library logs there goes to standard error."""
    ours = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return ours


def tell(**fields: Any) -> None:
    OUT.write(json.dumps(fields) + "\n")
    OUT.flush()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def ground_station(port: str) -> None:
    from mavsdk import ComponentType, Configuration, Mavsdk
    from mavsdk.plugins.mavlink_direct import MavlinkDirect

    sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    tell(event="listening", result=int(sdk.add_any_connection(f"udpin://127.0.0.1:{port}")))
    system = sdk.first_autopilot(20.0)
    if system is None:
        tell(event="nobody")
        return
    direct = MavlinkDirect(system)

    def heard(message: Any, _: Any) -> None:
        tell(
            event=message.message_name,
            system=message.system_id,
            component=message.component_id,
            fields=json.loads(message.fields_json),
        )

    for name in WATCHED:
        direct.subscribe_message(name, heard)
    tell(event="watching", system=system.get_system_id())
    sys.stdin.read()
    sdk.destroy()


def autopilot(port: str) -> None:
    from mavsdk import ComponentType, Configuration, Mavsdk
    from mavsdk.plugins import telemetry_server as telemetry

    sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.AUTOPILOT))
    sdk.add_any_connection(f"udpout://127.0.0.1:{port}")
    server = telemetry.TelemetryServer(sdk.server_component())
    place = telemetry.Position(50.1000017, 14.3000021, 251.0, 1.0)
    until = time.monotonic() + 20.0
    while time.monotonic() < until:
        server.publish_position(
            place, telemetry.VelocityNed(1.0, 0.5, -0.1), telemetry.Heading(90.0)
        )
        server.publish_unix_epoch_time(int(time.time() * 1e6))  # its time since boot is 0
        time.sleep(0.05)


def importing(plan: str, waypoints: str) -> None:
    from mavsdk import ComponentType, Configuration, Mavsdk
    from mavsdk.plugins.mission_raw import MissionRaw

    port = free_port()
    pilot = Mavsdk(Configuration.create_with_component_type(ComponentType.AUTOPILOT))
    ground = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    ground.add_any_connection(f"udpin://127.0.0.1:{port}")
    pilot.add_any_connection(f"udpout://127.0.0.1:{port}")
    mission = MissionRaw(ground.first_autopilot(10.0))
    for path, read in (
        (plan, mission.import_qgroundcontrol_mission),
        (waypoints, mission.import_mission_planner_mission),
    ):
        items = read(path).mission_items
        tell(event=path, items=[vars(one) for one in items])


if __name__ == "__main__":
    OUT = told_to()
    {"ground-station": ground_station, "autopilot": autopilot, "import": importing}[sys.argv[1]](
        *sys.argv[2:]
    )
