"""From a run and its truth to figures: the ground, the places, the systems, the words."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import detectkit_sim_data
from detectkit.core import FormatError, UsageError
from detectkit.detect.scoring.evaluation import EvaluationSettings, evaluate
from detectkit.detect.scoring.placing import GroundSettings, placed
from detectkit.detect.scoring.run import read_run
from detectkit.detect.scoring.strata import depth_band, strata, worst
from detectkit.detect.scoring.truth import Known, Truth, read_truth

from .made_runs import NAN, TRUTH, indication, known, run, track

GROUND = GroundSettings()
SETTINGS = EvaluationSettings()


def test_the_ground_is_what_lies_beside_the_tracks() -> None:
    ground = placed(run(), TRUTH, ground=GROUND).fields[0].surveyed
    nothing = np.zeros(0)
    areas = ground.areas_m2(nothing, nothing, nothing)
    # two strips of half a metre that touch: 1 m by 6 m, and half circles at the ends
    assert areas.sum() == pytest.approx(6.0 + 2 * math.pi * 0.25**2, rel=0.03)
    assert areas[0] == pytest.approx(areas[1], rel=0.1)
    assert list(ground.lanes) == ["lane 0", "lane 1"]


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param({"longitude_deg": np.nan}, id="without a position"),
        pytest.param({"height_m": 3.0}, id="too high"),
        pytest.param({"error_m": 1.5}, id="nobody knows where"),
    ],
)
def test_rows_that_tell_nothing_survey_nothing(spoiled: dict[str, float]) -> None:
    good = track("lane 0", 0.0)
    ((name, value),) = spoiled.items()
    column = np.where(np.arange(len(good.height_m)) >= 60, value, getattr(good, name))
    half = replace(good, **{name: column})
    ground = placed(run(tracks=(half,)), TRUTH, ground=GROUND).fields[0].surveyed
    at = np.array([2.9, 3.3, 5.0])
    assert ground.lane_of(np.zeros(3), at)[1].tolist() == [True, False, False]
    if name != "longitude_deg":
        all_bad = replace(good, **{name: np.full_like(good.height_m, value)})
        with pytest.raises(UsageError, match="nothing was surveyed"):
            placed(run(tracks=(all_bad,)), TRUTH, ground=GROUND)


def test_a_place_along_a_line_is_the_same_place_on_the_map() -> None:
    row = Known("ap_mine", 0.05, 0.05, "hole", line="lane 1", along_track_m=2.0, offset_m=0.1)
    one = placed(run(), Truth("dug.csv", "dug", (row,)), ground=GROUND).fields[0].targets[0]
    there = placed(run(), Truth("t", "dug", (known(0.6, 2.0, "ap_mine", "a"),)), ground=GROUND)
    same = there.fields[0].targets[0]
    assert (one.x_m, one.y_m) == pytest.approx((same.x_m, same.y_m), abs=1e-3)
    assert one.words["height"] == "0.5 to 0.6 m"
    far = Truth("dug.csv", "dug", (replace(row, along_track_m=9.0),))
    with pytest.raises(UsageError, match="not 9 m"):
        placed(run(), far, ground=GROUND)
    with pytest.raises(UsageError, match="the run has lane 0, lane 1"):
        placed(run(), Truth("d", "dug", (replace(row, line="lane 7"),)), ground=GROUND)


def test_every_system_of_a_fused_run_is_judged() -> None:
    found = evaluate(run(), TRUTH, settings=SETTINGS)
    said = {}
    for one in found.systems:
        judged = found.of(one.name, 0.25)
        assert judged is not None
        point = judged.curve.at_threshold(-math.inf)
        said[one.name] = (point.pd.hits, point.pd.of, point.far.count)
    assert said == {
        "response": (2, 4, 2),
        "radar alone": (2, 4, 1),
        "detector alone": (1, 4, 1),
        "discrimination": (2, 4, 2),
    }
    assert found.head.system.name == "discrimination"
    covered = found.head.covered.at_threshold(-math.inf).pd
    assert (covered.hits, covered.of) == (2, 3)
    at_half = found.head.curve.at_threshold(0.5)
    assert (at_half.pd.hits, at_half.far.count) == (2, 0)  # fusion ranks the can behind
    response = found.of("response", 0.25)
    assert response is not None
    assert response.curve.at_far(0.0).pd.hits == 0
    assert len(found.head.scored.doubles) == 1
    assert found.calibration is not None
    assert found.calibration.there.of == 5
    assert found.exactness.hits == 2
    assert found.exactness.place_rmse_m == pytest.approx(0.1, abs=0.01)
    assert found.exactness.depth_bias_m == pytest.approx((0.02 - 0.1) / 2, abs=0.001)
    assert found.worst is not None
    assert found.worst.point.pd.of <= 4


def test_the_worst_part_is_found_and_has_enough_targets() -> None:
    found = evaluate(run(), TRUTH, settings=SETTINGS)
    parts = {(one.by, one.name): one.point.pd for one in found.strata}
    assert (parts["category", "ap_mine"].hits, parts["category", "ap_mine"].of) == (1, 3)
    assert (parts["depth", "0.20 to 0.30 m"].hits, parts["depth", "0.20 to 0.30 m"].of) == (1, 1)
    assert worst(list(found.strata)) == found.worst
    fields = [replace(one, words={"soil": "loam"}) for one in found.head.scored.fields]
    by_soil = strata(replace(found.head.scored, fields=tuple(fields)), threshold=0.5)
    soil = next(one for one in by_soil if one.by == "soil")
    assert soil.own_ground
    assert soil.point == found.head.curve.at_threshold(0.5)
    assert depth_band(0.05) == "0.05 to 0.10 m"


def test_where_nobody_dug_nothing_is_said() -> None:
    dug = Truth(
        "dug.csv",
        "dug",
        (known(0.05, 1.0, "ap_mine", "hole 1"), known(0.5, 2.0, "nothing_found", "hole 2")),
    )
    found = evaluate(run(), dug, settings=SETTINGS)
    point = found.head.curve.at_threshold(-math.inf)
    assert (point.pd.hits, point.pd.of, point.far.count) == (1, 1, 1)
    assert len(found.head.undug) == 3
    everywhere = evaluate(run(), dug, settings=EvaluationSettings(undug="false"))
    assert everywhere.head.curve.at_threshold(-math.inf).far.count == 4
    assert everywhere.head.undug == ()


def test_another_run_is_judged_on_the_same_ground() -> None:
    other = run(
        name="old",
        tracks=(track("other", 9.0),),
        indications=(indication(0.05, 1.1, score=4.0), indication(0.5, 2.0, score=9.0)),
    )
    found = evaluate(run(), TRUTH, settings=SETTINGS, against=other)
    compared = {system.name: one for system, one in found.compared}
    assert compared["against old"].groups == 2
    assert compared["against old"].area_difference.value > 0.0


def test_without_positions_each_line_is_a_rectangle() -> None:
    def nowhere(line: str) -> object:
        one = track(line, 0.0)
        return replace(one, longitude_deg=one.longitude_deg * NAN)

    rows = (
        Known("ap_mine", 0.05, 0.05, "a", line="b", along_track_m=2.0),
        Known("ap_mine", 0.05, 0.05, "beside", line="b", along_track_m=4.0, offset_m=0.4),
    )
    alarm = indication(0.0, 2.1, score=3.0, longitude_deg=None, latitude_deg=None)
    lines = run(
        tracks=(nowhere("a"), nowhere("b")),
        indications=(replace(alarm, line="b"), replace(alarm, along_track_m=None)),
    )
    found = evaluate(lines, Truth("seeded.csv", "dug", rows), settings=SETTINGS)
    point = found.head.curve.at_threshold(-math.inf)
    assert (point.pd.hits, point.pd.of, point.far.count) == (1, 2, 0)
    assert found.unplaced == 1
    assert found.head.scored.area_m2 == pytest.approx(2 * 3.0 - math.pi * 0.09 - 0.06, abs=0.08)
    with pytest.raises(UsageError, match="needs line and along_track_m"):
        placed(lines, Truth("t", "dug", (known(0, 0, "ap_mine", "x", line="b"),)), ground=GROUND)


def test_the_truth_of_a_simulated_flight_is_read() -> None:
    truth = read_truth(detectkit_sim_data.path("flights/at_hill.truth.csv"))
    assert truth.kind == "simulated"
    by_name = {one.name: one for one in truth.rows}
    assert by_name["at-1"].category == "av_mine"
    assert by_name["at-1"].radius_m == 0.16
    assert by_name["stone-4"].category == "other_clutter"
    assert by_name["scrap-1"].category == "metal_clutter"
    assert by_name["at-1"].words == {"metal": "rich", "body": "TM-62M"}
    demo = read_truth(detectkit_sim_data.path("demo_line.truth.csv"))
    assert [one.category for one in demo.rows[:4]] == [
        "ap_mine", "other_clutter", "ap_mine", "metal_clutter",
    ]  # fmt: skip


def test_a_table_of_digging_is_read_with_everything_else_that_it_tells(tmp_path: Path) -> None:
    table = tmp_path / "dug.csv"
    table.write_text(
        "lon,lat,found_category,depth_m,soil,name\n46.9,40.0,av_mine,0.1,clay,\n"
        "46.9,40.1,nothing_found,,clay,hole\n",
        encoding="utf-8-sig",
    )
    first, second = read_truth(table).rows
    assert (first.longitude_deg, first.radius_m, first.name) == (46.9, 0.15, "row 2")
    assert first.words == {"soil": "clay"}
    assert (second.category, second.depth_m, second.name) == ("nothing_found", None, "hole")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "neither a column 'class'"),
        ("lon,lat,found_category\n1,2,bomb\n", "row 2: found_category 'bomb'"),
        ("line,found_category\nx,ap_mine\n", "has no place"),
        ("lon,lat,found_category\n1,x,ap_mine\n", "latitude_deg 'x' is no number"),
        ("lon,lat,found_category,radius_m\n1,2,ap_mine,-1\n", "is negative"),
        ("lon,lat,class\n1,2,house\n", "neither target nor clutter"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=said):
        read_truth(table)


def test_what_a_run_left_is_read(tmp_path: Path) -> None:
    flight = detectkit_sim_data.path("flights/ap_row.h5")
    found = read_run(flight)
    assert (found.name, found.indications) == ("ap_row", ())
    assert {one.line for one in found.tracks} >= {"ap_row-003", "ap_row-005"}
    with pytest.raises(FormatError, match=r"has no flight\.h5"):
        read_run(tmp_path)
    with pytest.raises(FormatError, match=r"neither flight\.h5 nor indications\.csv"):
        read_run(tmp_path, ground=flight)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match="swath_m"):
        GroundSettings(swath_m=0.0)
    with pytest.raises(UsageError, match="no halo"):
        EvaluationSettings(halos_m=())
    apart = run(tracks=(track("a", 0.0, length_m=1.0), track("b", 400.0, length_m=400.0)))
    with pytest.raises(UsageError, match="too many cells"):
        placed(apart, TRUTH, ground=GROUND)
