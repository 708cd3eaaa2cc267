"""What can be told on the ground: a mission that cannot work, and faults before take-off."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from fields import Field
from flights import MISSION
from healths import health, instrument, stream

from detectkit.core import PipelineError, UsageError
from detectkit.io.journal import JournalError
from detectkit.live.fly import fly
from detectkit.live.preflight import _links
from detectkit.live.workable import check_workable, shortage
from detectkit.mission import Mission

WHOLE_LINE = '[[step]]\nuse = "dewow"\n[[step]]\nuse = "svd-background"\n'
GROUND_ONLY = 'name = "x"\n[[instrument]]\nid = "gpr"\ndriver = "zgpr"\n'


def with_pipeline(text: str) -> Mission:
    return Mission.from_toml(MISSION, pipeline=text)


def test_a_step_that_needs_the_whole_line_is_refused_by_name_before_anything_is_made(
    tmp_path: Path,
) -> None:
    with pytest.raises(PipelineError, match="step 2 'svd-background' needs the whole line"):
        fly(tmp_path / "flight", with_pipeline(WHOLE_LINE))
    assert not (tmp_path / "flight").exists()


def test_a_recording_that_begins_at_take_off_needs_an_autopilot() -> None:
    mission = Mission.from_toml(GROUND_ONLY + '[record]\nbegin = "takeoff"\n')
    with pytest.raises(UsageError, match="no autopilot"):
        check_workable(mission)


@pytest.mark.parametrize("text", [MISSION, GROUND_ONLY])
def test_a_mission_that_can_work_is_not_refused(text: str) -> None:
    check_workable(Mission.from_toml(text))


def test_the_command_refuses_what_cannot_work_as_wrong_use(field: Field) -> None:
    (field.path / "line.toml").write_text(WHOLE_LINE)
    mission = field.write(mission='pipeline = "line.toml"\n' + MISSION)
    command = field.command("fly", mission, "--simulate", "--check")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "needs the whole line" in done.stderr


def test_required_instruments_that_do_not_measure_are_named() -> None:
    text = 'name = "x"\n' + "".join(
        f'[[instrument]]\nid = "{name}"\ndriver = "coil"\nrequired = {required}\n'
        for name, required in (("a", "true"), ("b", "true"), ("c", "true"), ("d", "false"))
    )
    instruments = {
        "a": instrument(),
        "b": instrument(state="broken", fault="no such port"),
        "c": instrument(bytes_in=80),
        "d": instrument(bytes_in=0),
    }
    at = health(elapsed_s=6.0, streams={"a.x": stream()}, instruments=instruments)
    assert _links(at, Mission.from_toml(text)) == [
        "b: no such port",
        "c: no measurement in 6 s, 80 bytes came",
    ]


def test_a_disk_without_room_is_told_before_anything_is_made(tmp_path: Path) -> None:
    mission = Mission.from_toml(GROUND_ONLY + "[record]\nminimum_free_bytes = 1000000000000000\n")
    with pytest.raises(JournalError, match=r"1000000000 MB are to stay free; make room"):
        fly(tmp_path / "flight", mission)
    assert not (tmp_path / "flight").exists()
    assert shortage(Mission.from_toml(GROUND_ONLY), tmp_path / "not" / "there") == ""
