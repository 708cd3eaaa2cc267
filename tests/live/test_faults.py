"""What goes wrong in the field: it is survived without a restart, counted and said."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fields import WITHIN_S, Field
from flights import MISSION, SCENARIO


def faulty(**faults: str) -> str:
    """Return the scenario with faults for some instruments."""
    text = SCENARIO
    for name, table in faults.items():
        head, mark, tail = text.partition(f'id = "{name}"')
        serve, end, rest = tail.partition("serve = ")
        line, newline, rest = rest.partition("\n")
        settings = ""
        if rest.startswith("[instrument.settings]"):
            section, _, rest = rest.partition("[[instrument]]")
            settings, rest = section, "[[instrument]]" + rest
        text = (
            f"{head}{mark}{serve}{end}{line}{newline}{settings}[instrument.faults]\n{table}\n{rest}"
        )
    return text


def test_cables_out_reboots_and_damage_are_survived_counted_and_visible(field: Field) -> None:
    scenario = faulty(
        gpr="unplug = [4.0, 1.5]",
        coil="unplug = [5.0, 1.5]",
        altimeter="flip_bits = 0.004",
        gnss="drop_bytes = 0.002",
        autopilot="reboot_at_s = 6.0",
    )
    mission = field.write(scenario=scenario)
    flight = field.path / "flight"
    field.run("fly", mission, "--simulate", "--seed", "1", "-o", flight, code=None)
    status, events = field.status(flight), field.events(flight)
    broken = {one["source"] for one in events if one["event"] == "broken"}
    assert {"gpr", "coil"} <= broken
    for name in ("gpr", "coil"):
        assert status[-1]["instruments"][name]["openings"] >= 2
        before = [
            line["streams"][name]["decoded"]
            for line in status
            if line["instruments"][name]["openings"] == 1 and name in line["streams"]
        ]
        assert status[-1]["streams"][name]["decoded"] > max(before) + 100
    assert status[-1]["instruments"]["altimeter"]["dropped_bytes"] > 0
    assert status[-1]["streams"]["altimeter.distance"]["decoded"] > 300
    assert status[-1]["streams"]["autopilot.attitude"]["decoded"] > 200
    assert json.loads(field.run("replay", flight, "--json", code=None))["same_as_live"] is True
    assert any(one["event"] == "alarm" for one in events)


def test_recording_begins_at_take_off_with_what_came_before(field: Field) -> None:
    mission = field.write(
        mission=MISSION.replace("[record]", '[record]\nbegin = "takeoff"\nbefore_s = 0.5')
    )
    flight = field.path / "flight"
    field.run("fly", mission, "--simulate", "--duration", "8", "-o", flight)
    status = field.status(flight)
    assert any(line["waiting"] for line in status)
    assert status[-1]["streams"]["gpr"]["durable"] > 0
    told = json.loads(field.run("replay", flight, "--json"))
    assert told["same_as_live"] is True


def kill_at_random(field: Field, flight: Path, mission: Path, seed: int) -> dict[str, int]:
    """Fly, kill -9 at a random moment; return the rows acknowledged before."""
    process = subprocess.Popen(
        field.command("fly", mission, "--simulate", "-o", flight),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + WITHIN_S
    while not _durable(field, flight).get("gpr") and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(random.Random(seed).uniform(0.0, 2.5))
    acknowledged = _durable(field, flight)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return acknowledged


def _durable(field: Field, flight: Path) -> dict[str, int]:
    status = field.status(flight)
    return {n: one["durable"] for n, one in status[-1]["streams"].items()} if status else {}


@pytest.mark.parametrize("seed", [1])
def test_every_acknowledged_row_survives_a_kill(field: Field, seed: int) -> None:
    mission, flight = field.write(), field.path / "flight"
    acknowledged = kill_at_random(field, flight, mission, seed)
    assert acknowledged["gpr"] > 0
    field.run("recover", flight, code=None)
    summary = json.loads(field.run("inspect", flight, "--json", code=None))
    found = {one["sensor"]: one["traces"] for one in summary["streams"]}
    short = {
        n: (rows, found.get(n, 0)) for n, rows in acknowledged.items() if found.get(n, 0) < rows
    }
    assert short == {}
    assert summary["finalized"]
