"""What the branch makes of real coil maps and of the simulated flights that ship."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from detectkit.detect.found import Found
from detectkit.detect.metal import MetalBranch, MetalSettings
from detectkit.geo import LocalFrame
from detectkit.io import open_recording

LISTENS_WITHIN_M = 0.3


@pytest.mark.parametrize("name", ["Mine01", "Metal01"])
def test_the_object_of_a_real_coil_map_is_found_in_its_middle(shared_data: Path, name: str) -> None:
    folder = shared_data / "metal_detector" / name
    if not folder.is_dir():
        pytest.skip(f"the real coil map {name} is not on this machine")
    stream = open_recording(folder / "coilLch0.csv").streams[0]
    branch = MetalBranch(MetalSettings(soil_error=0.0))  # level above a bench: no soil moves
    found = [*branch.push(stream.rows(0, stream.header.traces)), *branch.finish()]
    strongest = max(found, key=lambda one: one.indication.score)
    told = {each.name: each.value for each in strongest.indication.evidence}
    rows, columns = (int(stream.header.raw[one]) for one in ("rows", "columns"))
    cell_m = float(stream.header.raw["cell_m"])
    away = math.hypot(
        told["easting_m"] - 0.5 * columns * cell_m, told["northing_m"] - 0.5 * rows * cell_m
    )
    assert away < 0.25
    assert strongest.indication.score > 100.0


def flown(project_root: Path, name: str) -> tuple[list[Found], list[dict[str, str]]]:
    """Return the alarms of a simulated flight, and what lies there."""
    folder = project_root / "sim_data" / "detectkit_sim_data" / "flights"
    branch = MetalBranch()
    found: list[Found] = []
    for stream in open_recording(folder / f"{name}.h5").streams:
        if stream.header.sensor.kind == "metal_detector":
            found += branch.push(stream.rows(0, stream.header.traces))
    found += branch.finish()
    with (folder / f"{name}.truth.csv").open() as lines:
        return found, list(csv.DictReader(lines))


def nearest_m(found: list[Found], body: dict[str, str]) -> float:
    """Return the distance from a body to the nearest alarm, in m."""
    frame = LocalFrame(float(body["longitude_deg"]), float(body["latitude_deg"]))
    placed = [one.indication for one in found if one.indication.longitude_deg is not None]
    east, north, _ = frame.to_local(
        np.array([one.longitude_deg for one in placed], np.float64),
        np.array([one.latitude_deg for one in placed], np.float64),
    )
    return float(np.hypot(east, north).min(initial=math.inf))


@pytest.mark.parametrize("name", ["ap_row", "at_hill", "empty_clutter"])
def test_simulated_metal_that_can_be_heard_is(project_root: Path, name: str) -> None:
    found, truth = flown(project_root, name)
    heard = [body for body in truth if float(body["metal_over_soil_best_channel"]) > 10.0]
    for body in heard:
        assert nearest_m(found, body) < LISTENS_WITHIN_M, body["name"]
    far = [one for one in found if all(nearest_m([one], body) > 0.75 for body in heard)]
    assert len(far) <= 1


def test_minimum_metal_on_the_hill_is_not_heard(project_root: Path) -> None:
    found, truth = flown(project_root, "at_hill")
    silent = [one for one in truth if one["name"] in {"at-2", "ap-1", "scrap-1"}]
    assert all(one["metal"] == "minimum" for one in silent)
    assert [one["name"] for one in silent if nearest_m(found, one) < LISTENS_WITHIN_M] == []
