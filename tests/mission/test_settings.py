"""A mission's TOML: what it says, and all that is wrong with it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectkit.core import UsageError
from detectkit.mission import Mission

GOOD = """
name = "field"
[[instrument]]
id = "gpr"
driver = "zgpr"
connect = "tcp://10.0.0.1:23"
lever_arm_m = [0.1, 0, 0.4]
[instrument.settings]
samples = 256
[alarms]
stalled = "stop"
"""


def test_a_mission_says_what_flies_and_how_it_is_mounted() -> None:
    mission = Mission.from_toml(GOOD)
    (mount,) = mission.mounts
    assert (mission.name, mount.id, mount.connect) == ("field", "gpr", "tcp://10.0.0.1:23")
    assert mount.lever_arm_m == (0.1, 0.0, 0.4)
    assert mount.instrument().samples == 256  # type: ignore[attr-defined]
    assert mission.alarms.stalled == "stop"
    assert mission.alarms.rate_low == "warn"


def test_all_faults_are_named_at_once() -> None:
    text = GOOD + (
        '[[instrument]]\nid = "gpr"\ndriver = "nra24"\n'
        '[[instrument]]\nid = "x"\ndriver = "zgprs"\n'
        '[[instrument]]\nid = "y"\ndriver = "zgpr"\n[instrument.settings]\nsamples = 3\n'
        "[records]\nbegin = 1\n"
    )
    with pytest.raises(UsageError) as caught:
        Mission.from_toml(text)
    told = str(caught.value)
    assert "4 faults" in told
    for part in ("two instruments are called 'gpr'", "zgprs", "samples", "'records'"):
        assert part in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no [[instrument]]"),
        ("name = ", "not valid TOML"),
        (GOOD + 'stall = "stop"', "no setting 'stall'"),
        (GOOD + 'no_position = "scream"', "'nothing' or 'warn' or 'pause' or 'stop'"),
        ('pipeline = "none.toml"\n' + GOOD, "none.toml: cannot be read"),
        ('[[instrument]]\nid = "a b"\ndriver = "zgpr"', "use letters, digits"),
    ],
)
def test_a_fault_says_what_is_allowed(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        Mission.from_toml(text)
    assert told in str(caught.value)


def test_the_pipeline_lies_beside_the_mission(tmp_path: Path) -> None:
    (tmp_path / "dc.toml").write_text('step = [{use = "dc"}]')
    (tmp_path / "mission.toml").write_text('pipeline = "dc.toml"\n' + GOOD)
    assert "dc" in Mission.read(tmp_path / "mission.toml").pipeline_toml


def test_a_missing_mission_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml: the mission cannot be read"):
        Mission.read(tmp_path / "nowhere.toml")
