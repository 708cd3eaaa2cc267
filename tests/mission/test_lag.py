"""The time lag of a recorded sensor, from a line flown to and fro."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import Block, Sensor, UsageError
from detectkit.geo import LocalFrame
from detectkit.geo.time_lag import NoLagError
from detectkit.io import open_recording
from detectkit.io.flight import FlightWriter
from detectkit.mission.lag import lag_of

SPEED_M_PER_S, LENGTH_M, RATE_HZ = 1.0, 8.0, 50.0
OBJECTS_M = (2.1, 3.7, 6.2)


def to_and_fro(path: Path, *, lag_s: float, passes: int = 6, channels: bool = True) -> Path:
    """Write a flight whose sensor's rows are stamped `lag_s` too late."""
    rng = np.random.default_rng(3)
    frame = LocalFrame(47.0, 40.0)
    rows = int(LENGTH_M / SPEED_M_PER_S * RATE_HZ)
    with FlightWriter(path) as flight:
        stream = flight.stream("coil")
        for number in range(passes):
            stamped_s = np.arange(rows) / RATE_HZ
            forward = number % 2 == 0
            north, told = (
                time_s * SPEED_M_PER_S if forward else LENGTH_M - time_s * SPEED_M_PER_S
                for time_s in (stamped_s - lag_s, stamped_s)
            )
            response = sum(np.exp(-(((north - one) / 0.3) ** 2)) for one in OBJECTS_M)
            data = np.outer(response, [5.0, 2.0]) + rng.normal(0.0, 0.1, (rows, 2))
            east = rng.normal(0.0, 0.02, rows)
            lon, lat, _ = frame.to_geographic(east, told + rng.normal(0.0, 0.005, rows))
            time_ns = np.round((stamped_s + 20.0 * number) * 1e9).astype(np.int64)
            stream.append(
                Block(
                    data.astype(np.float32),
                    dims=("trace", "channel"),
                    coords={
                        "time_ns": ("trace", time_ns),
                        "longitude_deg": ("trace", lon),
                        "latitude_deg": ("trace", lat),
                    },
                    sensor=Sensor(id="coil", kind="metal_detector"),
                    line=f"pass-{number}",
                    first_trace=number * rows,
                    quantity="response",
                )
            )
    return path


@pytest.mark.parametrize("lag_s", [0.0, 0.12, -0.08])
def test_the_lag_is_found_within_its_error(lag_s: float, tmp_path: Path) -> None:
    found = lag_of(open_recording(to_and_fro(tmp_path / "flight.h5", lag_s=lag_s)), "coil")
    assert found.lag_s == pytest.approx(lag_s, abs=max(3.0 * found.error_s, 0.005))
    assert found.error_s < 0.02


def test_one_direction_alone_tells_nothing(tmp_path: Path) -> None:
    recording = open_recording(to_and_fro(tmp_path / "flight.h5", lag_s=0.1, passes=1))
    with pytest.raises(NoLagError, match="fly one line to and fro"):
        lag_of(recording, "coil")


def test_a_sensor_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    recording = open_recording(to_and_fro(tmp_path / "flight.h5", lag_s=0.1, passes=1))
    with pytest.raises(UsageError, match="no sensor 'gpr'; it has: coil"):
        lag_of(recording, "gpr")


def test_the_command_prints_what_goes_into_the_mission(tmp_path: Path) -> None:
    file = to_and_fro(tmp_path / "flight.h5", lag_s=0.12)
    command = [
        str(Path(sys.executable).with_name("detectkit")),
        "lag",
        str(file),
        "--sensor",
        "coil",
    ]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "lag_s = 0.1" in words
    told = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True).stdout
    assert json.loads(told)["lag_s"] == pytest.approx(0.12, abs=0.02)
