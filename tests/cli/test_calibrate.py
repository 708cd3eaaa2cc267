"""A few recordings on the ground become a record, which a run then uses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectkit.calibration.library import find
from detectkit.calibration.record_file import read_record, write_record
from detectkit.core import Block, Sensor
from detectkit.geo import LocalFrame
from detectkit.io.flight.writer import FlightWriter
from detectkit_sim_data.recipes.make_calibration_shots import VirtualRadar

from .conftest import Command

HEIGHTS_M = (0.45, 0.7, 1.0)


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, virtual = tmp_path_factory.mktemp("shots"), VirtualRadar.of_demo()
    blocks = {"air": virtual.air(traces=300), "pass": virtual.target_pass(0.6, start_s=90.0)}
    blocks |= {f"{h}": virtual.shot(h, start_s=60.0, traces=50) for h in HEIGHTS_M}
    blocks["survey"] = virtual.shot(0.5, start_s=120.0, traces=64)
    for name, block in blocks.items():
        with FlightWriter(folder / f"{name}.h5") as flight:
            flight.stream("gpr").append(block)
            flight.attach("attachments/simulated", "demo")
    return folder


@pytest.fixture(scope="module")
def made(shots: Path) -> list[str | Path]:
    plates = [word for h in HEIGHTS_M for word in ("--plate", f"{h}={shots / f'{h}.h5'}")]
    return ["calibrate", "radar", "--air", shots / "air.h5", *plates]


def test_recordings_become_a_record_and_a_picture_in_the_users_folder(
    detectkit: Command,
    made: list[str | Path],
    shots: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DETECTKIT_CALIBRATION", str(tmp_path / "mine"))
    facts = json.loads(detectkit(*made, "--target", f"0.6={shots / 'pass.h5'}", "--json").out)
    radar = facts["radar"]
    assert radar["time_zero_s"] == pytest.approx(1.5e-9, abs=radar["time_zero_error_s"])
    assert radar["pattern_db"][0] == 0.0
    assert facts["simulated"] == "demo"
    record, picture = (Path(one) for one in facts["files"])
    assert picture.read_bytes()[:4] == b"\x89PNG"
    shown = detectkit("calibrate", "show", record.stem).out
    assert "time zero 1." in shown
    assert "no instrument was measured" in shown
    assert json.loads(detectkit("calibrate", "show", record, "--json").out)["id"] == facts["id"]
    assert "demo-radar.toml" in detectkit("calibrate", "list").out
    assert len(json.loads(detectkit("calibrate", "list", "--json").out)) == 2


def test_a_run_uses_it_and_says_where_it_does_not_fit(
    detectkit: Command, shots: Path, tmp_path: Path
) -> None:
    record = tmp_path / "old.toml"
    write_record(replace(read_record(find(Path("demo-radar"))), valid_days=1e-5), record)
    out = tmp_path / "out"
    done = detectkit("process", shots / "survey.h5", "--calibration", record, "-o", out)
    assert "had expired" in done.err
    text = _pipeline(out)
    assert 'use = "calibrated"' in text
    assert 'use = "time-zero-threshold"' not in text
    again = detectkit("process", "--repeat", out / "run.toml", "-o", tmp_path / "again")
    assert "had expired" in again.err
    detectkit("process", shots / "survey.h5", "--calibration", "none", "-o", tmp_path / "plain")
    assert "calibrated" not in _pipeline(tmp_path / "plain")


def test_what_is_given_wrongly_is_refused(
    detectkit: Command, made: list[str | Path], shots: Path, tmp_path: Path
) -> None:
    assert "HEIGHT=FILE" in detectkit(*made, "--plate", "low.h5").err
    given = ["--pipeline", tmp_path / "p.toml", "--calibration", "demo-radar"]
    (tmp_path / "p.toml").write_text("", encoding="utf-8")
    assert "leave --calibration out" in detectkit("process", shots / "air.h5", *given).err


def test_a_flight_tells_its_calibrations(detectkit: Command, tmp_path: Path) -> None:
    text = find(Path("demo-radar")).read_text(encoding="utf-8")
    block = VirtualRadar.of_demo().shot(0.5, start_s=120.0, traces=64)
    with FlightWriter(tmp_path / "flight.h5") as flight:
        flight.stream("gpr").append(block)
        flight.attach("calibration/gpr.toml", text)
    told = json.loads(detectkit("inspect", tmp_path / "flight.h5", "--json").out)
    assert [one["faults"] for one in told["calibrations"]] == [[]]
    assert "calibration gpr" in detectkit("inspect", tmp_path / "flight.h5").out
    detectkit("process", tmp_path / "flight.h5", "-o", tmp_path / "out")
    assert 'use = "calibrated"' in _pipeline(tmp_path / "out")


def _pipeline(folder: Path) -> str:
    (path,) = (folder / "pipelines").glob("*.toml")
    return path.read_text(encoding="utf-8")


def test_a_detector_over_soil_becomes_a_record(detectkit: Command, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    time_s = np.arange(0.0, 60.0, 0.05)
    height_m = 0.4 - 0.2 * np.cos(time_s)
    soil = np.outer(height_m**-3.0, [0.8, -0.6]) + np.array([5.0, -2.0])
    coords: dict[str, tuple[str, np.ndarray]] = {
        "time_ns": ("trace", 1_750_000_000_000_000_000 + np.rint(1e9 * time_s).astype(np.int64)),
        "height_m": ("trace", height_m),
    }
    block = Block(
        (soil + rng.normal(0.0, 0.1, soil.shape)).astype(np.float32),
        dims=("trace", "channel"),
        coords=coords,
        sensor=Sensor(id="md", kind="metal_detector", instrument="Coil", serial="3", unit="nV"),
        quantity="response",
    )
    with FlightWriter(tmp_path / "soil.h5") as flight:
        flight.stream("md").append(block)
    given = ["--soil", tmp_path / "soil.h5", "--channel", "I", "--channel", "Q", "-o", tmp_path]
    facts = json.loads(detectkit("calibrate", "detector", *given, "--json").out)
    record, picture = (Path(one) for one in facts["files"])
    assert record.name.startswith("coil-3-2025-06-15-")
    assert picture.exists()
    told = read_record(record).detector
    assert told is not None
    assert [one.ground_balance for one in told.channels] == pytest.approx([0.8, -0.6], abs=1e-3)
    assert "ground balance 0.8" in detectkit("calibrate", "show", record).out
    refused = detectkit("calibrate", "detector", "--soil", tmp_path / "soil.h5", "--sensor", "x")
    assert "choose with --sensor" in refused.err


def test_passes_over_a_mark_become_arm_and_lag(detectkit: Command, tmp_path: Path) -> None:
    frame, lag_s, forward_m = LocalFrame(47.0, 40.0), 0.2, 0.1
    rng = np.random.default_rng(3)
    with FlightWriter(tmp_path / "flight.h5") as flight:
        stream = flight.stream("md")
        for number, speed in enumerate((0.5, -0.5, 2.0, -2.0)):
            time_s = np.arange(-3.0 / abs(speed), 3.0 / abs(speed), 0.01)
            north = speed * time_s
            yaw = 0.0 if speed > 0.0 else np.pi
            seen = north - speed * lag_s + np.copysign(forward_m, speed)
            longitude, latitude, _ = frame.to_geographic(0.0 * north, north)
            columns = {
                "time_ns": np.rint(1e9 * (time_s + 1e9 + 100 * number)).astype(np.int64),
                "longitude_deg": longitude,
                "latitude_deg": latitude,
                "yaw_rad": np.full(time_s.size, yaw),
            }
            answer = 100.0 * np.exp(-((seen / 0.2) ** 2)) + rng.normal(0.0, 0.2, time_s.size)
            block = Block(
                np.column_stack([answer, answer]).astype(np.float32),
                dims=("trace", "channel"),
                coords={name: ("trace", one) for name, one in columns.items()},
                sensor=Sensor(id="md", kind="metal_detector", instrument="Coil"),
                line=f"pass-{number}",
                quantity="response",
            )
            stream.append(block)
    given = ["--sensor", "md", "--mark", "47.0", "40.0", "-o", tmp_path]
    facts = json.loads(detectkit("calibrate", "arms", tmp_path / "flight.h5", *given, "--json").out)
    mount = facts["mount"]
    assert abs(mount["lag_s"] - lag_s) < 3.0 * mount["lag_error_s"]
    assert abs(mount["lever_arm_m"][0] - forward_m) < 3.0 * mount["lever_arm_error_m"][0]
    assert facts["not_told"] == ["right", "down"]
    assert "lever arm forward" in detectkit("calibrate", "show", facts["files"][0]).out
    few = detectkit(
        "calibrate", "arms", tmp_path / "flight.h5", "--mark", "47.1", "40.0", *given[:2]
    )
    assert "at least 2 are needed" in few.err
