"""What the shipped model's autoencoder makes of real recordings, which it never saw the like of.

Figures with intervals: `benchmarks/real_ground.py`; the pipeline's own score: `test_wall.py` and
`test_real_ground.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from detectkit.batch.job import plan
from detectkit.batch.line_anomaly import Strangeness, strangeness
from detectkit.batch.process import process
from detectkit.cli.app import app
from detectkit.detect.scoring.intervals import garwood
from detectkit.learn.model.shipped import DEFAULT

from .test_wall import BARS_M, TOLERANCE_M, VELOCITY_M_PER_S

LOW, THRESHOLD = 1.5, 2.0


def places(found: Strangeness, threshold: float) -> list[tuple[str, float, float]]:
    """Return line, place and score of what stands out, strongest first."""
    every = [
        (line.job.name, float(one.along_m[at]), float(one.score[at]))
        for line in found.lines
        for one in line.stretches
        for at in one.peaks(threshold=threshold, apart_m=line.apart_m)
    ]
    return sorted(every, key=lambda one: -one[2])


def test_the_bars_of_the_wall_are_drawn_badly_and_nothing_else(shared_data: Path) -> None:
    files = [shared_data / "ids" / f"{line}.dt" for line in BARS_M]
    found = places(strangeness(plan(files, velocity_m_per_s=VELOCITY_M_PER_S), DEFAULT), LOW)
    bars = {(line, bar) for line, those in BARS_M.items() for bar in those}
    nearest = [
        min((abs(at - bar), (name, bar)) for name, bar in bars if name == line)
        for line, at, _ in found
    ]
    at_bar = {bar for away, bar in nearest if away <= TOLERANCE_M}
    elsewhere = sum(away > TOLERANCE_M for away, _ in nearest)
    print(f"\n{len(at_bar)} of {len(bars)} bars, {elsewhere} elsewhere")
    assert len(at_bar) >= 22
    assert elsewhere <= 2


def test_the_large_hyperbolas_are_the_strangest_of_their_line(shared_data: Path) -> None:
    """Tops at 5.1 and 6.0 m of testdata.dzt; what is searched reaches down to 1.5 m."""
    job = plan([shared_data / "gssi" / "testdata.dzt"], mark_spacing_m=1.0, band_m=(0.1, 1.5))
    found = places(strangeness(job, DEFAULT), 1.0)
    print("\n" + "; ".join(f"{at:.2f} m: {score:.1f}" for _, at, score in found))
    assert 4.8 < found[0][1] < 6.3


def test_real_ground_without_mines_is_seldom_strange(shared_data: Path) -> None:
    found = strangeness(plan([shared_data / "sensoft" / "frenke" / "LINE00.DT1"]), DEFAULT)
    length_m = sum(one.length_m for line in found.lines for one in line.stretches)
    low, high = (float(one) / length_m for one in garwood(len(places(found, THRESHOLD))))
    print(f"\n{low:.2f} to {high:.2f} per m of {length_m:.0f} m")
    assert high < 0.3
    assert "another kind of pipeline" in found.remarks[0]


@pytest.mark.slow
def test_a_runs_lines_are_drawn_and_listed(shared_data: Path, tmp_path: Path) -> None:
    job = plan([shared_data / "ids" / "LID10001.dt"], velocity_m_per_s=VELOCITY_M_PER_S)
    process(job, tmp_path)
    answer = CliRunner().invoke(app, ["anomaly", str(tmp_path), "--json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    scores = [one["score"] for one in told["lines"][0]["places"]]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= told["threshold"]
    assert np.isclose(told["lines"][0]["length_m"], 1.8, atol=0.05)
    assert (tmp_path / "LID10001.anomaly.png").is_file()
