"""Lines for scripts, on a disk that may be full."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from healths import health, stream

from detectkit.live.alarms import Alarm
from detectkit.live.status import JsonLines, status_line


def test_lines_can_be_read_while_they_are_written(tmp_path: Path) -> None:
    lines = JsonLines(tmp_path / "status.jsonl")
    lines.write({"a": float("nan"), "b": [1.5, (2, float("inf"))], "c": {"d": True}})
    text = (tmp_path / "status.jsonl").read_text()
    assert json.loads(text) == {"a": None, "b": [1.5, [2, None]], "c": {"d": True}}
    lines.close()
    lines.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full")
def test_a_full_disk_stops_the_lines_not_the_mission() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    lines = JsonLines(Path("/dev/full"))
    for _ in range(3):
        lines.write({"event": "x"})
    lines.close()
    assert "No space left" in lines.fault
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_status_tells_each_stream_its_own_alarms_and_those_of_its_instrument() -> None:
    streams = {"gpr": stream(), "autopilot.gps": stream(), "autopilot.attitude": stream()}
    alarms = [
        Alarm("stalled", "autopilot", "silent", "pause"),
        Alarm("no_position", "autopilot.gps", "none", "warn"),
    ]
    line = status_line(health(streams=streams), alarms, flags={"ended": False})
    assert line["health"] == "pause"
    assert line["streams"]["gpr"]["health"] == ["ok"]
    assert line["streams"]["autopilot.gps"]["health"] == ["stalled", "no_position"]
    assert line["streams"]["autopilot.attitude"]["health"] == ["stalled"]
    assert line["time"].startswith("2026-09-21T")
    assert line["ended"] is False


def test_the_status_of_a_flight_without_alarms_is_ok() -> None:
    assert status_line(health(), [], flags={})["health"] == "ok"
