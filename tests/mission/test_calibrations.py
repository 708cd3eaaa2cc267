"""A mission's calibrations fly with it, are applied live, and come back out of the flight."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flights import MISSION, Spoken, write_flight

from detectkit.calibration.library import find
from detectkit.calibration.record import MountCalibration
from detectkit.calibration.record_file import read_record, record_toml
from detectkit.core import UsageError
from detectkit.io import open_recording
from detectkit.mission import FlightFolder, Mission, finalize
from detectkit.mission.calibrations import remarks
from detectkit.mission.replay import Replay

NAMED = MISSION.replace('driver = "zgpr"', 'driver = "zgpr"\ncalibration = "radar.toml"', 1)


@pytest.fixture
def calibrated(tmp_path: Path, spoken: Spoken) -> FlightFolder:
    """A flight whose radar was calibrated with its settings."""
    plain = Replay(write_flight(tmp_path / "plain", spoken.records))
    axis = next(one.spec for one in plain.blocks() if one.sensor.id == "gpr")
    shipped = read_record(find(Path("demo-radar")))
    assert shipped.radar is not None
    radar = replace(
        shipped.radar,
        samples=axis.samples,
        sample_interval_s=axis.sample_interval_s or 0.0,
        crosstalk=shipped.radar.crosstalk[: axis.samples],
    )
    text = record_toml(replace(shipped, radar=radar, made_utc=shipped.made_utc))
    (tmp_path / "radar.toml").write_text(text, encoding="utf-8")
    mission = Mission.from_toml(NAMED, folder=tmp_path)
    old = FlightFolder.open(tmp_path / "plain")
    folder = FlightFolder.create(
        tmp_path / "flight", mission, host_ns=old.host_ns, utc_ns=old.utc_ns
    )
    for one in (tmp_path / "plain").glob("journal-*"):
        (folder.path / one.name).write_bytes(one.read_bytes())
    return folder


def test_it_is_applied_and_comes_back_out_of_the_flight(calibrated: FlightFolder) -> None:
    again = FlightFolder.open(calibrated.path)
    assert again.mission.calibrations == calibrated.mission.calibrations
    replay = Replay(again)
    blocks = [out for block in replay.blocks() for out in replay.processing.push(block)] + list(
        replay.processing.finish()
    )
    names = [step.name for step in replay.processing.pipelines["gpr"].steps]
    assert names[:3] == ["calibrated", "subtract-trace", "time-zero-known"]
    assert {one.sensor.calibration for one in blocks} != {""}
    assert all(np.isfinite(one.data).all() for one in blocks)
    assert replay.processing.calibrations.told() == {"gpr": []}
    made = finalize(again)
    text = open_recording(made.path).attachments["calibration/gpr.toml"]
    assert text == calibrated.mission.calibrations["gpr"]


def test_a_measured_lever_arm_counts_where_the_mission_gives_none(tmp_path: Path) -> None:
    arm = (0.31, -0.04, 0.52)
    shipped = read_record(find(Path("demo-radar")))
    mount = MountCalibration(arm, (0.01, 0.01, 0.02), lag_s=0.12)
    text = record_toml(replace(shipped, mount=mount))
    (tmp_path / "radar.toml").write_text(text, encoding="utf-8")
    radar = next(one for one in Mission.from_toml(NAMED, folder=tmp_path).mounts if one.calibration)
    given = next(one for one in Mission.from_toml(MISSION).mounts if one.id == radar.id)
    assert radar.lag_s == (0.12 if "lag_s" not in MISSION else given.lag_s)
    bare = NAMED.replace("lever_arm_m", "# lever_arm_m")
    radar = next(one for one in Mission.from_toml(bare, folder=tmp_path).mounts if one.calibration)
    assert radar.lever_arm_m == arm
    told = bare.replace('calibration = "radar.toml"', 'calibration = "radar.toml"\nlag_s = 0.0')
    radar = next(one for one in Mission.from_toml(told, folder=tmp_path).mounts if one.calibration)
    assert (radar.lever_arm_m, radar.lag_s) == (arm, 0.0)


def test_a_calibration_that_cannot_be_read_is_a_fault_of_the_mission(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"instrument 'gpr': .*radar\.toml"):
        Mission.from_toml(NAMED, folder=tmp_path)
    (tmp_path / "radar.toml").write_text("schema = 1\ninstrument = 3", encoding="utf-8")
    with pytest.raises(UsageError, match="instrument 'gpr'"):
        Mission.from_toml(NAMED, folder=tmp_path)


def test_an_expired_one_is_told_before_take_off() -> None:
    record = read_record(find(Path("demo-radar")))
    texts = {"gpr": record_toml(record)}
    assert remarks(["gpr"], texts, record.made_utc) == []
    (warned,) = remarks(["gpr"], texts, record.expires_utc)
    assert warned.severity == "warning"
    assert "expired on 2125-05-18" in str(warned)
    (noted,) = remarks(["gpr"], {}, record.made_utc)
    assert noted.severity == "note"
