"""Patterns of a minefield: what lies where, reproducible, and never on top of each other."""

from __future__ import annotations

import itertools
import math
import tomllib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detectkit_sim_data
from detectkit.core import UsageError
from detectkit.sim.bodies import PlacedBody, centre, load_library
from detectkit.sim.layout import (
    Belt,
    Layout,
    Row,
    Scatter,
    Single,
    Surface,
    Trench,
    draw_layout,
    layout_of,
    layouts_of,
    plugs_of,
)

LIBRARY = load_library()
ALONG, ACROSS = (0.0, 12.0), (-1.0, 3.0)

TOML = [
    {"pattern": "row", "bodies": ["PMN-2", "PMN"], "weights": [3.0, 1.0], "from_m": [1.0, 0.2]},
    {
        "pattern": "belt",
        "bodies": ["TM-62M"],
        "from_m": [0.5, 1.0],
        "rows": 2,
        "row_spacing_m": 1.5,
    },
    {"pattern": "trench", "bodies": ["splinter", "nail"], "from_m": [2.0, -0.5], "per_m2": 4.0},
    {"pattern": "scatter", "bodies": ["pebble", "root"], "per_m2": 0.5},
    {"pattern": "surface", "bodies": ["can", "cartridge case"], "per_m2": 0.2},
    {"pattern": "single", "bodies": ["TM-62P3"], "at_m": [11.0, 2.5], "depth_m": [1.0, 1.0]},
]


def drawn(*layouts: Layout, seed: int = 7) -> tuple[PlacedBody, ...]:
    return draw_layout(layouts, LIBRARY, seed=seed, along_m=ALONG, across_m=ACROSS)


def test_a_field_of_all_patterns_is_the_same_for_the_same_seed() -> None:
    layouts = layouts_of(TOML)
    one = drawn(*layouts)
    assert one == drawn(*layouts)
    assert one != drawn(*layouts, seed=8)
    names = [body.name for body in one]
    assert len(set(names)) == len(names)
    assert (names[0], names[-1]) == ("row-1", "single-1")


def test_one_more_pattern_moves_nothing_before_it() -> None:
    layouts = layouts_of(TOML)
    whole = drawn(*layouts)
    assert whole[: len(drawn(*layouts[:3]))] == drawn(*layouts[:3])


@settings(max_examples=25)
@given(st.integers(0, 2**40))
def test_bodies_keep_apart_and_stay_in_the_area(seed: int) -> None:
    layouts = (
        Row(bodies=("PMN-2",), from_m=(0.5, 0.0), jitter_m=0.3, depth_m=(0.05, 0.05)),
        Scatter(bodies=("lid", "pebble"), per_m2=1.0, apart_m=0.1, depth_m=(0.05, 0.05)),
    )
    there = drawn(*layouts, seed=seed)
    for one in there:
        assert ALONG[0] <= one.along_m <= ALONG[1]
        assert ACROSS[0] <= one.across_m <= ACROSS[1]
    for one, other in itertools.combinations(there, 2):
        away = math.hypot(one.along_m - other.along_m, one.across_m - other.across_m)
        edges = 0.5 * (one.body.parts[0].size_m[1] + other.body.parts[0].size_m[1])
        assert away >= edges + 0.05


@settings(max_examples=12)
@given(st.integers(0, 2**40))
def test_long_bodies_lie_beside_each_other_or_one_over_the_other(seed: int) -> None:
    layout = Scatter(bodies=("root",), per_m2=0.25, apart_m=0.02, depth_m=(0.05, 0.4))
    for one, other in itertools.combinations(drawn(layout, seed=seed), 2):
        first, second = axis_of(one), axis_of(other)
        away = np.linalg.norm(first[:, np.newaxis] - second, axis=2).min()
        radii = 0.5 * (one.body.parts[0].size_m[2] + other.body.parts[0].size_m[2])
        assert away >= radii + 0.01


def axis_of(placed: PlacedBody) -> np.ndarray:
    """Return points every centimetre on a capsule's axis: along, across, up."""
    length, _, width = placed.body.parts[0].size_m
    steps = np.arange(0.5 * (width - length), 0.5 * (length - width), 0.01)
    turn = math.radians(placed.turn_deg)
    lean, towards = math.radians(placed.tilt_deg), math.radians(placed.tilt_direction_deg)
    downhill = -math.sin(lean) * math.cos(turn - towards)
    up = centre(placed, ground_up_m=0.0)[1] + steps * downhill
    along = placed.along_m + steps * math.cos(turn)
    return np.column_stack([along, placed.across_m + steps * math.sin(turn), up])


def test_a_row_goes_where_it_heads_at_its_spacing() -> None:
    row = Row(bodies=("VS-50",), from_m=(6.0, -1.0), heading_deg=90.0, spacing_m=0.8, jitter_m=0.0)
    there = drawn(row)
    assert [one.across_m for one in there] == pytest.approx([-1.0, -0.2, 0.6, 1.4, 2.2, 3.0])
    assert [one.along_m for one in there] == pytest.approx([6.0] * 6)
    three = Row(bodies=("VS-50",), from_m=(6.0, 0.0), count=3, jitter_m=0.0)
    assert [one.along_m for one in drawn(three)] == pytest.approx([6.0, 7.0, 8.0])


def test_the_rows_of_a_belt_are_staggered() -> None:
    belt = Belt(
        bodies=("TM-62M",), from_m=(0.5, -0.5), spacing_m=4.0, row_spacing_m=2.0, jitter_m=0
    )
    first, second = (
        [one.along_m for one in drawn(belt) if one.across_m == pytest.approx(across)]
        for across in (-0.5, 1.5)
    )
    assert first == pytest.approx([0.5, 4.5, 8.5])
    assert second == pytest.approx([2.5, 6.5, 10.5])


def test_weights_depths_and_leans_are_drawn_as_told() -> None:
    scatter = Scatter(
        bodies=("PMA-2", "pebble"), weights=(3.0, 1.0), per_m2=4.0, apart_m=0.0,
        depth_m=(0.02, 0.3), tilt_deg=(0.0, 30.0), water=(0.2, 0.4), disturbed_m=0.1,
    )  # fmt: skip
    there = drawn(scatter)
    assert len(there) == round(4.0 * 12.0 * 4.0)
    share = np.mean([one.body.name == "PMA-2" for one in there])
    assert share == pytest.approx(0.75, abs=0.1)
    for name, low, high in (("depth_m", 0.02, 0.3), ("tilt_deg", 0, 30), ("water", 0.2, 0.4)):
        values = np.array([getattr(one, name) for one in there])
        assert low <= values.min()
        assert values.max() <= high
        assert values.mean() == pytest.approx(0.5 * (low + high), rel=0.15)
    assert {one.disturbed_m for one in there} == {0.1}
    assert len({one.body for one in there}) > 100, "each has sizes of its own"


def test_nominal_bodies_are_all_alike() -> None:
    row = Row(bodies=("PMN-E",), from_m=(0.5, 0.0), sizes="nominal")
    assert {one.body for one in drawn(row)} == {LIBRARY["PMN-E"]}


def test_what_lies_on_the_ground_stands_out_of_it() -> None:
    surface = Surface(bodies=("can",), per_m2=0.5, sunk=(0.0, 0.5))
    for one in drawn(surface):
        assert -one.body.thickness_m <= one.depth_m <= -0.5 * one.body.thickness_m


def test_a_trench_is_a_strip_of_all_depths() -> None:
    trench = Trench(
        bodies=("splinter",), from_m=(2.0, 1.0), length_m=6.0, width_m=0.8, per_m2=8.0, apart_m=0.0
    )
    there = drawn(trench)
    assert len(there) == round(8.0 * 6.0 * 0.8)
    assert all(2.0 <= one.along_m <= 8.0 and 0.6 <= one.across_m <= 1.4 for one in there)
    assert max(one.depth_m for one in there) > 0.6


def test_what_is_there_already_is_kept_away_from_and_not_returned() -> None:
    (first,) = drawn(Single(bodies=("TM-62M",), at_m=(5.0, 1.0)))
    again = Single(bodies=("PMN",), at_m=(5.1, 1.0))
    with pytest.raises(UsageError, match="'single': 0 of 1 fitted"):
        draw_layout([again], LIBRARY, seed=1, along_m=ALONG, across_m=ACROSS, placed=[first])
    aside = Single(bodies=("PMN",), at_m=(7.0, 1.0))
    (one,) = draw_layout([aside], LIBRARY, seed=1, along_m=ALONG, across_m=ACROSS, placed=[first])
    assert one.body.name == "PMN"


def test_too_many_are_refused_with_how_many_fitted() -> None:
    crowd = Scatter(bodies=("TM-62M",), name="crowd", per_m2=8.0, apart_m=0.2)
    with pytest.raises(UsageError, match=r"'crowd': \d+ of 384 fitted into along_m = \["):
        drawn(crowd)


def test_soil_is_disturbed_over_what_was_dug_in_and_only_where_the_plane_meets_it() -> None:
    dug = Single(bodies=("PMN",), at_m=(2.0, 0.0), depth_m=(0.1, 0.1), disturbed_m=0.1)
    there = drawn(dug, Single(bodies=("stone",), at_m=(4.0, 0.0)))
    (plug,) = plugs_of(there, across_m=0.0)
    assert (plug.along_m, plug.depth_m) == pytest.approx((2.0, 0.1 + there[0].body.thickness_m))
    assert plug.radius_m == pytest.approx(there[0].body.outer_radius_m + 0.1)
    assert plugs_of(there, across_m=0.1)[0].radius_m < plug.radius_m
    assert plugs_of(there, across_m=0.2) == ()


SOME = {"pattern": "scatter", "bodies": ["PMN"], "per_m2": 1}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"pattern": "heap"}, "pattern = 'heap'; allowed: row, belt, scatter"),
        ({"bodies": ["PMN"]}, "pattern = None"),
        ({"pattern": "row", "bodies": ["PMN"]}, "'from_m' must be given"),
        ({"pattern": "row", "bodies": [], "from_m": [0, 0]}, "name at least one body"),
        ({"pattern": "row", "bodies": ["PMN"], "from_m": [0, 0], "spacing_m": 0}, "spacing_m = 0"),
        ({**SOME, "weights": [1, 2]}, "one above 0"),
        ({**SOME, "depth_m": [0.2, 0.1]}, "smaller"),
        ({**SOME, "tilt_deg": [0, 120]}, "tilt_deg"),
        (
            {"pattern": "trench", "bodies": ["PMN"], "from_m": [0, 0], "deep": 1},
            "no setting 'deep'",
        ),
    ],
)
def test_a_mistake_in_a_table_is_named(table: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        layout_of(table)


def test_a_row_from_outside_and_a_body_that_is_not_in_the_library_are_refused() -> None:
    with pytest.raises(UsageError, match=r"from_m = \[20\.0, 0\.0\] is outside"):
        drawn(Row(bodies=("PMN",), from_m=(20.0, 0.0)))
    with pytest.raises(UsageError, match="no body 'PMN-9'"):
        drawn(Row(bodies=("PMN-9",), from_m=(2.0, 0.0)))


TEACHING = {
    "ap_line": {"anti-personnel"},
    "at_belt": {"anti-tank"},
    "deep_at": {"anti-tank"},
    "empty_farmland": set(),
    "mixed_field": {"anti-personnel", "anti-tank"},
    "mountain_slope": {"anti-personnel", "fragmentation"},
    "scrap_trench": {"anti-personnel", "fragmentation"},
}


@pytest.mark.parametrize(("name", "categories"), TEACHING.items())
def test_a_teaching_case_holds_what_it_is_for(name: str, categories: set[str]) -> None:
    text = detectkit_sim_data.path(f"scenarios/{name}.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    assert document["name"] == name
    assert text.startswith("#")
    assert "# Teaches: " in text
    flight = document["flight"]
    area = {
        "along_m": (0.0, flight["lane_length_m"]),
        "across_m": (0.0, (flight["lanes"] - 1) * flight["lane_spacing_m"]),
    }
    layouts = layouts_of(document["layout"], where=name)
    there = draw_layout(layouts, LIBRARY, seed=document["seed"], **area)
    assert {one.body.category for one in there} - {"clutter"} == categories
    assert sum(one.body.category == "clutter" for one in there) >= 10
    if name == "deep_at":
        assert sum(one.depth_m > 0.9 for one in there) == 2
