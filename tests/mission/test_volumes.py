"""A flight's volume: asked for in the mission, the same to the bit however it is processed."""

from __future__ import annotations

from pathlib import Path

import pytest
from flights import MISSION, Spoken, write_flight

from detectkit.io.volume import open_volume
from detectkit.mission import FlightFolder, Mission, Replay
from detectkit.mission.settings import FlightImageSettings

IMAGE = """
[image]
write = true
spacing_m = 0.05
depth_spacing_m = 0.02
band_m = [0.0, 0.3]
radius_m = 0.5
tile = 16
"""


@pytest.fixture(scope="module")
def imaged_flight(spoken: Spoken, tmp_path_factory: pytest.TempPathFactory) -> FlightFolder:
    path = tmp_path_factory.mktemp("imaged") / "short"
    return write_flight(path, spoken.records, MISSION + IMAGE)


def replayed(folder: FlightFolder, into: Path, *, gathered: int = 32, piece: int | None = None):
    into.mkdir()
    return Replay(folder, gathered=gathered, piece_bytes=piece, volumes=into).run()


def test_three_chunkings_give_the_same_volume(imaged_flight: FlightFolder, tmp_path: Path) -> None:
    first = replayed(imaged_flight, tmp_path / "a")
    assert first.volumes["gpr"].fault == ""
    assert first.digests["gpr volume"] == open_volume(tmp_path / "a" / "gpr.zarr").digest()
    for number, (gathered, piece) in enumerate(((1, 200), (300, None))):
        again = replayed(imaged_flight, tmp_path / f"b{number}", gathered=gathered, piece=piece)
        assert again.digests == first.digests


def test_the_volume_says_that_it_is_simulated_and_what_made_it(
    imaged_flight: FlightFolder, tmp_path: Path
) -> None:
    replayed(imaged_flight, tmp_path / "a")
    volume = open_volume(tmp_path / "a" / "gpr.zarr")
    assert volume.attributes["simulated"] == "short"
    assert volume.attributes["velocity_m_per_s"] == 1.22e8
    assert volume.attributes["velocity_source"] == "given"
    assert volume.attributes["recordings"] == [{"file": "short"}]
    assert 0.1 < volume.attributes["usual_height_m"] < 1.0
    assert volume.grid.crs_wkt


def test_without_the_wish_or_a_folder_there_is_none(
    flight: Path, imaged_flight: FlightFolder, tmp_path: Path
) -> None:
    assert replayed(FlightFolder.open(flight), tmp_path / "a").volumes == {}
    assert list((tmp_path / "a").iterdir()) == []
    assert "gpr volume" not in Replay(imaged_flight).run().digests


def test_a_fault_of_the_volume_stops_nothing_else(
    imaged_flight: FlightFolder, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "gpr.zarr").write_text("somebody's notes")
    done = Replay(imaged_flight, volumes=tmp_path / "a").run()
    assert "is not replaced" in done.volumes["gpr"].fault
    assert done.traces["gpr"] > 0
    assert "gpr volume" not in done.digests


def test_the_mission_takes_the_section() -> None:
    mission = Mission.from_toml(MISSION + IMAGE)
    assert mission.image == FlightImageSettings(
        0.05, 0.02, (0.0, 0.3), 0.5, height_m=0.5, tile=16, write=True
    )
    assert Mission.from_toml(MISSION).image.write is False
