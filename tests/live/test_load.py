"""The load of the issue: 800 traces/s of 512 samples, 1 kHz, and twice 100 Hz, at full rate.

Ten minutes of it and the kills are scripts, `benchmarks/live_load.py` and `live_kill.py`; with
DETECTKIT_SOAK=1 they run here too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from fields import Field

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SECONDS = 6


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of some seconds at full load."""
    field = Field(tmp_path_factory.mktemp("load"))
    mission = Path(str(files("detectkit_sim_data"))) / "missions" / "load.toml"
    flight = field.path / "flight"
    field.run("fly", mission, "--simulate", "--duration", str(SECONDS), "--seed", "2", "-o", flight)
    return flight


def last(field: Field, flight: Path) -> dict[str, Any]:
    return field.status(flight)[-1]


@pytest.mark.slow
def test_nothing_is_lost_at_full_load(loaded: Path, field: Field) -> None:
    end = last(field, loaded)
    for name, one in end["streams"].items():
        assert one["dropped"] == 0, name
        assert one["received"] == one["decoded"] == one["durable"], name
    spoken = json.loads((loaded / "simulated.json").read_text())["spoken"]
    for name in ("gpr", "magnetometer", "coil"):
        sent = spoken[name]["bytes_spoken"] - spoken[name]["bytes_lost"]
        after_the_end = sent - end["instruments"][name]["bytes_in"]
        assert 0 <= after_the_end <= 0.1 * sent, name
    assert end["streams"]["gpr"]["decoded"] + spoken["gpr"]["rows_lost"] > 400 * SECONDS


@pytest.mark.slow
def test_latency_is_told_from_the_arrival_of_the_bytes(loaded: Path, field: Field) -> None:
    """The figures of a quiet machine are the benchmark's; here they must be there and agree."""
    end = last(field, loaded)
    latency = end["latency"]
    assert 0.0 < latency["located_p50_s"] <= latency["p50_s"] <= latency["p99_s"]
    assert latency["p99_s"] <= latency["longest_s"]
    assert end["pipeline_latency"]["metres"] > 0.0


@pytest.mark.slow
def test_live_equals_replay_at_full_load(loaded: Path, field: Field) -> None:
    told = json.loads(field.run("replay", loaded, "--json"))
    assert told["same_as_live"] is True
    assert told["traces"]["gpr"] > 0


@pytest.mark.slow
@pytest.mark.skipif("DETECTKIT_SOAK" not in os.environ, reason="minutes; set DETECTKIT_SOAK=1")
@pytest.mark.parametrize(
    "arguments",
    [("live_load.py", "--minutes", "10"), ("live_kill.py", "--runs", "50")],
    ids=["load", "kill"],
)
def test_the_long_runs_hold(arguments: tuple[str, ...], tmp_path: Path) -> None:
    script, *rest = arguments
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *rest],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
