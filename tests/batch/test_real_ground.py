"""The default detection on real ground: no mine lies in it, so all it indicates is false or other.

Figures with intervals: `benchmarks/real_ground.py`. The bars of a real wall: `test_wall.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from detectkit.batch.job import Job, plan
from detectkit.core import Indication
from detectkit.detect.detector import Detector
from detectkit.detect.scoring.intervals import garwood
from detectkit.pipeline import run


def indicated(job: Job) -> tuple[list[Indication], float]:
    """Return what is indicated, strongest first, and the length of the lines in m."""
    found: list[Indication] = []
    length_m = 0.0
    for line in job.lines:
        assert line.detection is not None
        detector = Detector(line.detection, line.name)
        for block in run(line.pipeline.steps, [line.stream.rows(0, line.stream.traces)]):
            length_m += len(block) * (block.trace_spacing_m or 0.0)
            found += [one.indication for one in detector.push(block)]
        found += [one.indication for one in detector.finish()]
    return sorted(found, key=lambda one: -one.score), length_m


@pytest.mark.parametrize(
    ("name", "most_per_m"),
    [
        ("gssi/FILE____032.DZT", 1.3),
        ("mala/DAT_0097.rd3", 0.7),
        ("grid3d/FILE____012.DZT", 1.3),
        ("sensoft/frenke/LINE00.DT1", 0.3),
    ],
)
def test_on_ground_without_mines_little_is_indicated(
    shared_data: Path, name: str, most_per_m: float
) -> None:
    """More than a search can live with: the score is a first look, which others judge."""
    found, length_m = indicated(plan([shared_data / name]))
    low, high = (float(one) / length_m for one in garwood(len(found)))
    print(f"\n{name}: {len(found)} in {length_m:.0f} m, {low:.2f} to {high:.2f} per m")
    assert len(found) / length_m <= most_per_m


def test_the_tops_of_the_large_hyperbolas_stand_out(shared_data: Path) -> None:
    """testdata.dzt: two hyperbolas that cross, tops about 1.1 m deep at traces 1010 and 1140."""
    path = shared_data / "gssi" / "testdata.dzt"
    found, _ = indicated(plan([path], mark_spacing_m=1.0, band_m=(0.1, 1.5)))
    strongest = found[:3]
    assert all(940 <= one.trace <= 1210 for one in strongest)
    elsewhere = [one.score for one in found if not 940 <= one.trace <= 1210]
    assert strongest[2].score > 1.5 * max(elsewhere)
    for top in (1010, 1140):
        near = min(strongest, key=lambda one, top=top: abs(one.trace - top))  # type: ignore[misc]
        assert near.trace == pytest.approx(top, abs=25)
        assert near.depth_m == pytest.approx(1.1, abs=0.1)
