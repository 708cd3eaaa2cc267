"""What a scenario says of ground, bodies, ways and grass, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.sim import Altimeter, FlightSimulator, Radar, Scenario, Terrain, Vegetation
from detectkit.sim.bodies import load_library
from detectkit.sim.scene import Subsurface, ground_section, preset

Make = Callable[..., FlightSimulator]

HEAD = """
name = "field"
seed = 5
[site]
longitude_deg = 47.0
latitude_deg = 40.0
heading_deg = 25.0
start_time = 2025-06-11T07:30:00Z
"""
LANES = """
[flight]
lanes = 2
lane_length_m = 4
lane_spacing_m = 0.5
height_m = 0.95
"""
GROUND = """
[subsurface]
preset = "moist loam"
"""
BODY = """
[[object]]
name = "mine"
body = "PMN-2"
along_m = 1.0
across_m = 0.2
depth_m = 0.06
"""
LAYOUT = """
[[layout]]
pattern = "scatter"
name = "stone"
bodies = ["stone", "pebble"]
per_m2 = 3.0
depth_m = [0.05, 0.3]
"""
HEIGHT = PLATFORM_COLUMNS.index("height_m")


def test_the_soil_of_the_preview_is_that_of_the_subsurface() -> None:
    scenario = Scenario.from_toml(HEAD + LANES + GROUND)
    permittivity, conductivity = preset("moist loam").at(Radar().centre_hz)
    assert scenario.soil.permittivity == permittivity
    assert scenario.soil.conductivity_s_per_m == conductivity
    assert scenario.soil.susceptibility == preset("moist loam").susceptibility
    said = Scenario.from_toml(HEAD + LANES + GROUND + "[soil]\npermittivity = 9\n")
    assert said.soil.permittivity == 9.0
    assert said.soil.conductivity_s_per_m == conductivity


def test_a_body_of_the_library_fills_what_is_not_said() -> None:
    (mine,) = Scenario.from_toml(HEAD + LANES + BODY).objects
    body = load_library()["PMN-2"]
    assert (mine.radius_m, mine.thickness_m) == (body.outer_radius_m, body.thickness_m)
    assert (mine.metal, mine.object_class) == ("minimum", "target")
    assert mine.kind.endswith("(simulated)")


def test_what_is_said_of_a_body_wins() -> None:
    extra = "radius_m = 0.09\nmetal_radius_m = 0.01\nkind = 'my own'\ntilt_deg = 8\n"
    flown = FlightSimulator(Scenario.from_toml(HEAD + LANES + BODY + extra))
    (placed,) = flown.buried.bodies
    assert placed.body.outer_radius_m == pytest.approx(0.09)
    assert [one.radius_m for one in placed.body.metal] == [0.01]
    (told,) = flown.truth.objects
    assert (told.kind, told.body, told.tilt_deg) == ("my own", "PMN-2", 8.0)


def test_an_unsaid_body_is_the_library_s_own() -> None:
    flown = FlightSimulator(Scenario.from_toml(HEAD + LANES + BODY))
    assert flown.buried.bodies[0].body == load_library()["PMN-2"]


def test_layouts_are_drawn_by_the_seed_that_flies() -> None:
    scenario = Scenario.from_toml(HEAD + LANES + BODY + LAYOUT)
    one, again, other = (FlightSimulator(scenario, seed=seed) for seed in (None, 5, 6))
    assert one.truth.objects == again.truth.objects
    assert one.truth.objects[0].name == other.truth.objects[0].name == "mine"
    assert one.truth.objects[1:] != other.truth.objects[1:]
    assert len(one.truth.objects) == 1 + 6
    for stone in one.truth.objects[1:]:
        assert 0.0 <= stone.along_m <= 4.0
        assert 0.0 <= stone.across_m <= 0.5
        assert stone.object_class == "clutter"


def test_the_preview_hears_bodies_and_the_detector_their_metal() -> None:
    with_mine = FlightSimulator(Scenario.from_toml(HEAD + LANES + BODY.replace("PMN-2", "TM-62M")))
    without = FlightSimulator(Scenario.from_toml(HEAD + LANES))
    lane = with_mine.lanes[0]
    time_s = np.array([lane.start_s + 1.0])
    for measures in ("radar", "detector", "magnetometer"):
        heard, bare = (getattr(one, measures)(time_s) for one in (with_mine, without))
        assert np.abs(heard - bare).max() > 0.0, measures


def test_clods_are_the_same_for_the_altimeter_and_for_the_section() -> None:
    scenario = Scenario.from_toml(
        HEAD + LANES + GROUND.replace('loam"', 'loam"\nroughness_m = 0.03')
    )
    flown = FlightSimulator(scenario)
    ground = replace(Subsurface(roughness_m=0.03), roughness_length_m=0.10)
    assert scenario.subsurface is not None
    assert scenario.subsurface.roughness_length_m == ground.roughness_length_m
    section = ground_section(
        scenario.subsurface, along_m=(0.0, 1.0), across_m=0.3, bottom_m=-0.2, top_m=0.2,
        spacing_m=0.01, seed=5,
    )  # fmt: skip
    air = (section.permittivity < 1.5).sum(axis=1) * 0.01
    top_m = section.up_m[0] + 0.005 - air
    surface, geography = flown._trajectory.surface, flown._trajectory.geography
    rough = surface.rough_m(*geography.local(section.along_m, np.full(len(air), 0.3)))
    np.testing.assert_allclose(top_m, rough, atol=0.011)


def test_grass_stops_a_share_of_the_altimeter_s_rows(simulator: Make) -> None:
    level = Altimeter(noise_m=0.0)
    flat = {"terrain": Terrain(), "altimeter": level}
    grassy = simulator(**flat, vegetation=Vegetation(grass_m=0.2, hit_share=0.3))
    bare = simulator(**flat)
    time_s = grassy.lanes[0].start_s + np.arange(0.0, 5.0, 0.01)
    short = (bare.altimeter(time_s) - grassy.altimeter(time_s))[:, 0]
    hit = short > 1e-6
    assert hit.mean() == pytest.approx(0.3, abs=0.06)
    assert 0.1 < short[hit].mean() < 0.3
    assert np.all(short[~hit] == 0.0)


def test_vegetation_is_the_grass_of_the_subsurface() -> None:
    text = HEAD + LANES + GROUND + "[vegetation]\ngrass_m = 0.2\ngrass_water = 0.004\n"
    ground = Scenario.from_toml(text).subsurface
    assert ground is not None
    assert (ground.grass_m, ground.grass_water) == (0.2, 0.004)


WAYPOINTS = """
[flight]
height_m = 0.95
speed_m_per_s = 1.0
waypoints = [[0, 0], [3, 0.1], [5, 0.1], [5, 3, 1.2], [2, 3, 1.2, 0.5]]
"""
STILL = """
[wind]
horizontal_m = 0
vertical_m = 0
height_error_m = 0
tilt_deg = 0
yaw_deg = 0
"""


def test_waypoints_are_flown_in_straight_lanes() -> None:
    flown = FlightSimulator(Scenario.from_toml(HEAD + WAYPOINTS + STILL))
    assert [(one.from_m, one.to_m) for one in flown.lanes] == [
        ((0.0, 0.0), (5.0, 0.1)), ((5.0, 0.1), (5.0, 3.0)), ((5.0, 3.0), (2.0, 3.0)),
    ]  # fmt: skip
    last = flown.lanes[2]
    assert last.end_s - last.start_s == pytest.approx(3.0 / 0.5)
    middle = np.array([0.5 * (last.start_s + last.end_s)])
    (row,) = flown.platform(middle)
    assert row[HEIGHT] == pytest.approx(1.2, abs=1e-6)
    assert row[PLATFORM_COLUMNS.index("waypoint")] == last.waypoint
    along, across = flown._trajectory.geography.lanes(*flown._trajectory.motion(middle).place.T[:2])
    assert (float(along[0]), float(across[0])) == pytest.approx((3.5, 3.0), abs=1e-3)
    yaw = np.degrees(row[PLATFORM_COLUMNS.index("yaw_rad")]) % 360.0
    assert yaw == pytest.approx((25.0 + 180.0) % 360.0, abs=0.5)


def test_waypoints_may_stand_in_a_file_beside_the_scenario(tmp_path: Path) -> None:
    rows = "along_m,across_m,speed_m_per_s\n0,0,0\n3,0.1,0\n5,0.1,0.7\n"
    (tmp_path / "track.csv").write_text(rows, encoding="utf-8")
    text = HEAD + '[flight]\nheight_m = 1\ntrack_file = "track.csv"\n'
    path = tmp_path / "field.toml"
    path.write_text(text, encoding="utf-8")
    assert Scenario.read(path).flight.waypoints == (
        (0.0, 0.0, 0.0, 0.0), (3.0, 0.1, 0.0, 0.0), (5.0, 0.1, 0.0, 0.7),
    )  # fmt: skip
    with pytest.raises(UsageError, match="was not read; its place is beside the scenario"):
        FlightSimulator(Scenario.from_toml(text))
    (tmp_path / "track.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"track.csv: columns x, y; give along_m, across_m"):
        Scenario.read(path)
    (tmp_path / "track.csv").write_text("along_m,across_m\n1,2\n3,far\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"track\.csv, line 3: '3,far': give 2 numbers"):
        Scenario.read(path)
    (tmp_path / "track.csv").unlink()
    with pytest.raises(UsageError, match="no track_file at"):
        Scenario.read(path)


def test_the_settings_on_the_page_are_settings(project_root: Path) -> None:
    page = (project_root / "docs/how-to/simulate-a-flight.md").read_text(encoding="utf-8")
    _, _, rest = page.partition('```toml title="field.toml"\n')
    flown = FlightSimulator(Scenario.from_toml(HEAD + rest.partition("```")[0]))
    assert len(flown.lanes) == 3
    assert {one.body for one in flown.truth.objects} == {"PMN-2", "VS-50"}


def test_lanes_may_be_flown_at_speeds_of_their_own(simulator: Make) -> None:
    flown = simulator(flight={"lane_speeds_m_per_s": (1.0, 0.5)})
    lasted = [one.end_s - one.start_s for one in flown.lanes]
    assert lasted == pytest.approx([5.0, 10.0])


def test_a_flight_without_a_fix_is_reported_as_such(simulator: Make) -> None:
    scenario = Scenario.from_toml(
        HEAD + LANES + "[[receiver.episode]]\nstart_s = 0\nduration_s = 1000\nquality = 0\n"
    )
    flown = FlightSimulator(scenario)
    rows = flown.reported(np.arange(0.0, flown.duration_s, 0.5))
    assert np.all(rows[:, PLATFORM_COLUMNS.index("fix_quality")] == 0.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LANES + BODY.replace("PMN-2", "PMN-9"), r"\[\[object\]\] 1: no body 'PMN-9' in the libr"),
        (LANES + BODY + "water = 2\n", "water = 2.0; give at most 90 and 1"),
        (LANES + LAYOUT.replace("scatter", "spiral"), r"\[\[layout\]\] 1: pattern = 'spiral'; all"),
        (LANES + LAYOUT + BODY.replace("mine", "stone-1"), "'stone-1' names an object and one of"),
        (LANES + "[vegetation]\nhit_share = 1.5\n", "hit_share = 1.5 of Vegetation; give 0 to 1"),
        (LANES + "[full_wave]\nreach_m = 0\n", "reach_m = 0.0 of FullWave; give a number above 0"),
        (LANES + "[subsurface]\npreset = 'cheese'\n", "no preset 'cheese' of the ground"),
        (WAYPOINTS + "lanes = 2\n", "give waypoints alone"),
        (WAYPOINTS.replace("[3, 0.1]", "[0, 0.01]"), "waypoints 1 and 2 are at one place"),
        (WAYPOINTS.replace("[3, 0.1]", "[3]"), r"waypoint 2 is \[3.0\]; give along, across"),
        (WAYPOINTS.replace("1.2]", "0.3]"), "over standing_height_m = 0.6"),
        ("[flight]\nheight_m = 1\n", "lanes = 0 of Flight; give 1 or more"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        FlightSimulator(Scenario.from_toml(HEAD + text))
