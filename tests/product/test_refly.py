"""Files with targets to fly to again: what a ground station will read in them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from detectkit.core import Indication, UsageError
from detectkit.product.refly import write_plan, write_waypoints

FIRST = Indication(
    line="7",
    trace=120,
    first_trace=110,
    last_trace=130,
    along_track_m=1.2,
    longitude_deg=14.3000000775,
    latitude_deg=50.1000017133,
    twt_s=3e-9,
    depth_m=0.12,
    depth_error_m=0.03,
    velocity_m_per_s=1e8,
    velocity_source="given",
    score=7.5,
    rank=1,
)
SECOND = replace(FIRST, rank=2, longitude_deg=-14.30001, latitude_deg=-0.00000012)
PLACELESS = replace(FIRST, rank=3, longitude_deg=None, latitude_deg=None)
BROKEN = replace(FIRST, rank=4, latitude_deg=float("nan"))
CENTIMETRE_DEG = 1e-7


class TestPlan:
    def test_each_target_is_a_stop_over_the_terrain(self, tmp_path: Path) -> None:
        path = tmp_path / "refly.plan"
        assert write_plan([FIRST, PLACELESS, SECOND, BROKEN], path, height_m=1.5, hold_s=8.0) == 2
        plan = json.loads(path.read_text(encoding="utf-8"))
        assert (plan["fileType"], plan["version"], plan["mission"]["version"]) == ("Plan", 1, 2)
        items = plan["mission"]["items"]
        assert [(one["command"], one["frame"], one["AltitudeMode"]) for one in items] == [
            (16, 10, 4)
        ] * 2
        assert [one["doJumpId"] for one in items] == [1, 2]
        assert items[0]["params"] == [8.0, 0, 0, None, 50.1000017133, 14.3000000775, 1.5]
        assert items[0]["Altitude"] == 1.5
        assert items[1]["params"][4:6] == [-1.2e-07, -14.30001]

    def test_nothing_is_written_without_a_position(self, tmp_path: Path) -> None:
        path = tmp_path / "refly.plan"
        assert write_plan([PLACELESS], path) == 0
        assert not path.exists()

    @pytest.mark.parametrize(
        ("height_m", "hold_s", "says"),
        [(0.0, 5.0, "height_m"), (float("nan"), 5.0, "height_m"), (2.0, -1.0, "hold_s")],
    )
    def test_a_height_or_time_without_sense_is_refused(
        self, tmp_path: Path, height_m: float, hold_s: float, says: str
    ) -> None:
        for write in (write_plan, write_waypoints):
            with pytest.raises(UsageError, match=f"{says}=.* must"):
                write([FIRST], tmp_path / "a", height_m=height_m, hold_s=hold_s)
        assert list(tmp_path.iterdir()) == []


class TestWaypoints:
    def test_the_lines_are_those_of_version_110(self, tmp_path: Path) -> None:
        path = tmp_path / "refly.waypoints"
        assert write_waypoints([FIRST, SECOND], path, height_m=1.5, hold_s=8.0) == 2
        head, *lines = path.read_text(encoding="ascii").splitlines()
        assert head == "QGC WPL 110"
        rows = [line.split("\t") for line in lines]
        assert [len(row) for row in rows] == [12] * 3
        assert [row[:4] for row in rows] == [
            ["0", "1", "0", "16"],
            ["1", "0", "10", "16"],
            ["2", "0", "10", "16"],
        ]
        assert [float(row[4]) for row in rows] == [0.0, 8.0, 8.0]
        assert [float(row[10]) for row in rows] == [0.0, 1.5, 1.5]

    def test_no_digit_of_a_centimetre_is_lost(self, tmp_path: Path) -> None:
        path = tmp_path / "refly.waypoints"
        write_waypoints([FIRST, SECOND], path)
        for line, one in zip(path.read_text().splitlines()[2:], (FIRST, SECOND), strict=True):
            latitude, longitude = line.split("\t")[8:10]
            assert min(len(text.split(".")[1]) for text in (latitude, longitude)) >= 8
            assert float(latitude) == pytest.approx(one.latitude_deg, abs=CENTIMETRE_DEG / 100)
            assert float(longitude) == pytest.approx(one.longitude_deg, abs=CENTIMETRE_DEG / 100)

    def test_the_drone_is_never_told_to_land_on_a_target(self, tmp_path: Path) -> None:
        write_plan([FIRST, SECOND], tmp_path / "a.plan")
        write_waypoints([FIRST, SECOND], tmp_path / "a.waypoints")
        items = json.loads((tmp_path / "a.plan").read_text())["mission"]["items"]
        lines = (tmp_path / "a.waypoints").read_text().splitlines()[1:]
        commands = {one["command"] for one in items} | {int(line.split("\t")[3]) for line in lines}
        assert commands == {16}
