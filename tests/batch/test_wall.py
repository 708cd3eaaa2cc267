"""The main job on real recordings: bars in a wall of reinforced concrete.

The bars were picked by eye as the tops of the hyperbolas in the raw radargrams: nine in each
line, 0.16 to 0.29 m apart. ``pytest tests/batch/test_wall.py -s`` prints the figures.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from detectkit.batch.job import plan
from detectkit.batch.process import RunResult, process
from detectkit.core import Indication

BARS_M = {
    "LID10001": (0.05, 0.26, 0.42, 0.595, 0.78, 1.06, 1.27, 1.45, 1.65),
    "LID10002": (0.03, 0.245, 0.41, 0.585, 0.775, 1.05, 1.25, 1.45, 1.64),
    "LID10003": (0.045, 0.26, 0.435, 0.605, 0.78, 1.06, 1.27, 1.46, 1.655),
}
TOLERANCE_M = 0.03
VELOCITY_M_PER_S = 0.135e9


@pytest.fixture(scope="module")
def wall(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    files = [shared_data / "ids" / f"{line}.dt" for line in BARS_M]
    job = plan(files, velocity_m_per_s=VELOCITY_M_PER_S)
    return process(job, tmp_path_factory.mktemp("wall"))


def matched(result: RunResult) -> tuple[dict[tuple[str, float], Indication], list[Indication]]:
    """Return the strongest indication at each bar, and all that lie at none."""
    at_bar: dict[tuple[str, float], Indication] = {}
    elsewhere: list[Indication] = []
    for one in result.indications:
        place = one.along_track_m or 0.0
        bar = min(BARS_M[one.line], key=lambda at, place=place: abs(at - place))
        if abs(bar - place) <= TOLERANCE_M and (one.line, bar) not in at_bar:
            at_bar[one.line, bar] = one
        else:
            elsewhere.append(one)
    return at_bar, elsewhere


def test_the_bars_are_found_and_little_else(wall: RunResult) -> None:
    at_bar, elsewhere = matched(wall)
    bars = sum(map(len, BARS_M.values()))
    length_m = wall.traces * 0.004
    print(
        f"\nfound {len(at_bar)} of {bars} bars, missed {bars - len(at_bar)}; "
        f"{len(elsewhere)} elsewhere in {length_m:.2f} m = {len(elsewhere) / length_m:.2f} per m"
    )
    for one in elsewhere:
        print(f"  elsewhere: {one.line} {one.along_track_m:.2f} m, {one.depth_m:.3f} m deep")
    assert len(at_bar) == bars
    assert len(elsewhere) <= 3


def test_the_bars_lie_as_deep_as_they_do(wall: RunResult) -> None:
    """4 to 6 cm of cover; a cell of time is 1.3 cm here."""
    at_bar, _ = matched(wall)
    depths = sorted(one.depth_m for one in at_bar.values())
    print(
        f"\ndepths {depths[0]:.3f} to {depths[-1]:.3f} m, median {depths[len(depths) // 2]:.3f} m"
    )
    assert 0.04 < depths[len(depths) // 2] < 0.065
    assert depths[0] > 0.025
    assert depths[-1] < 0.08


def test_what_is_elsewhere_lies_on_the_dipping_reflector(wall: RunResult) -> None:
    """LID10003 has one from 0.8 to 1.4 m: a real thing in the wall, though no bar."""
    _, elsewhere = matched(wall)
    for one in elsewhere:
        assert one.line == "LID10003"
        assert 0.8 < (one.along_track_m or 0.0) < 1.45
