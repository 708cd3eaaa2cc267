"""``detectkit velocity`` on real recordings, and its way into the depth of indications.

``pytest tests/batch/test_velocity.py -s`` prints the figures of docs/how-to/measure-velocity.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from detectkit.batch.job import KnownVelocity, plan
from detectkit.batch.velocity import measure_velocity
from detectkit.cli.app import app
from detectkit.core import FormatError, UsageError
from detectkit.product.velocity_pictures import draw_gather, draw_velocity
from detectkit.product.velocity_result import MeasuredVelocity, read_measured

WALL_M_PER_S = 0.135e9
SIMULATED_M_PER_S = 0.1133e9
"""Of the line that ships: permittivity 7."""


@pytest.fixture(scope="module")
def wall(shared_data: Path) -> MeasuredVelocity:
    return measure_velocity([shared_data / "ids" / f"LID1000{n}.dt" for n in (1, 2, 3)])


def test_the_wall_tells_its_velocity_by_its_bars(wall: MeasuredVelocity) -> None:
    mean = wall.recommended
    assert mean is not None
    low, high = mean.interval_m_per_s
    print(f"\n{mean.count} hyperbolas: {mean.velocity_m_per_s:.4g} ({low:.4g} to {high:.4g}) m/s")
    assert mean.method == "hyperbola"
    assert mean.velocity_m_per_s == pytest.approx(WALL_M_PER_S, rel=0.05)
    assert low <= WALL_M_PER_S <= high
    assert mean.count >= 5


def test_the_gather_tells_a_velocity_with_an_interval(shared_data: Path, tmp_path: Path) -> None:
    found = measure_velocity([shared_data / "sensoft" / "frenke" / "CMP.DT1"])
    one = found.gathers[0]
    assert one.air is not None
    assert one.ground is not None
    assert one.gather.offset_m[[0, -1]] == pytest.approx([1.0, 20.5], abs=0.01)
    assert one.air.velocity_m_per_s == pytest.approx(0.2998e9, rel=0.05)
    mean = found.recommended
    assert mean is not None
    low, high = mean.interval_m_per_s
    print(f"\nground wave {one.ground.velocity_m_per_s:.4g}, reflections {low:.4g} to {high:.4g}")
    assert 0.06e9 < low < one.ground.velocity_m_per_s < high < 0.12e9
    draw_gather(one, tmp_path / "cmp.png")
    assert (tmp_path / "cmp.png").stat().st_size > 10_000


def test_what_was_measured_reaches_the_depth_error(
    wall: MeasuredVelocity, shared_data: Path, tmp_path: Path
) -> None:
    answer = tmp_path / "velocity.json"
    answer.write_text(json.dumps(wall.to_dict()), encoding="utf-8")
    velocity, error = read_measured(answer)
    known = KnownVelocity(error, "measured")
    job = plan([shared_data / "ids" / "LID10001.dt"], velocity_m_per_s=velocity, known=known)
    detection = job.lines[0].detection
    assert detection is not None
    assert detection.settings.velocity_source == "measured"
    assert detection.settings.velocity_error == pytest.approx(error / velocity, rel=1e-3)
    draw_velocity(wall, tmp_path / "velocity.png")
    assert (tmp_path / "velocity.png").stat().st_size > 10_000


def test_a_velocity_that_was_not_measured_is_not_made_up(tmp_path: Path) -> None:
    answer = tmp_path / "velocity.json"
    answer.write_text(json.dumps(MeasuredVelocity().to_dict()), encoding="utf-8")
    with pytest.raises(FormatError, match="not measured"):
        read_measured(answer)
    answer.write_text("[]", encoding="utf-8")
    with pytest.raises(FormatError, match="cannot be read"):
        read_measured(answer)


def test_an_error_larger_than_the_velocity_is_refused(shared_data: Path) -> None:
    with pytest.raises(UsageError, match="velocity-error"):
        plan(
            [shared_data / "ids" / "LID10001.dt"],
            velocity_m_per_s=1e8,
            known=KnownVelocity(1e8),
        )


def test_the_command_prints_what_scripts_read() -> None:
    demo = Path(__file__).parents[2] / "sim_data" / "detectkit_sim_data" / "demo_line.h5"
    ran = CliRunner().invoke(app, ["velocity", str(demo), "--json"])
    assert ran.exit_code == 0, ran.output
    answer = json.loads(ran.stdout)
    assert answer["interval_level"] == 0.95
    one = answer["hyperbolas"][0]
    for name in ("along_track", "apex_time", "depth", "velocity"):
        unit = {"apex_time": "s", "velocity": "m_per_s"}.get(name, "m")
        low, high = one[f"{name}_interval_{unit}"]
        assert low < one[f"{name}_{unit}"] < high
    low, high = answer["recommended"]["interval_m_per_s"]
    assert low < SIMULATED_M_PER_S < high
