"""A simulated mission over pseudo-terminals, TCP and UDP, as an operator starts it."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from fields import Field
from flights import MISSION

from detectkit.io import open_recording


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole simulated flight."""
    field = Field(tmp_path_factory.mktemp("fly"))
    mission = field.write()
    flight = field.path / "flight"
    field.run("fly", mission, "--simulate", "--seed", "3", "-o", flight)
    return flight


def test_live_and_replay_give_identical_bits(flown: Path, field: Field) -> None:
    told = json.loads(field.run("replay", flown, "--json"))
    assert told["same_as_live"] is True
    assert told["traces"]["gpr"] > 100


def test_every_stream_is_recorded_and_finalized(flown: Path) -> None:
    rows: dict[str, int] = {}
    for stream in open_recording(flown / "flight.h5").streams:
        rows[stream.header.sensor.id] = rows.get(stream.header.sensor.id, 0) + stream.traces
    spoken = json.loads((flown / "simulated.json").read_text())["spoken"]
    for name, rate_hz in (("gpr", 80), ("coil", 50)):
        lost = spoken[name]["rows_lost"]  # spoken before the link was open, on a slow machine
        assert rows[name] + lost == pytest.approx(rate_hz * 13.3, rel=0.15), name
        assert rows[name] > 0.5 * rate_hz * 13.3, name
    assert {"altimeter.distance", "gnss.position", "autopilot.attitude"} <= rows.keys()


def test_the_status_tells_rows_each_second(flown: Path, field: Field) -> None:
    status = field.status(flown)
    times_s = [one["elapsed_s"] for one in status]
    assert median(late - early for early, late in pairwise(times_s)) < 2.0  # 1.0 on a quiet machine
    last = status[-1]["streams"]["gpr"]
    assert last["received"] == last["decoded"] == last["durable"] > 500
    assert last["dropped"] == 0
    durable = [one["streams"].get("gpr", {"durable": 0})["durable"] for one in status]
    assert durable == sorted(durable)
    assert all(
        one["durable"] <= one["decoded"] <= one["received"]
        for line in status
        for one in line["streams"].values()
    )
    assert status[-1]["simulated"] is True


def test_the_words_of_the_instruments_are_kept(flown: Path, field: Field) -> None:
    said = [one for one in field.events(flown) if one["event"] == "said"]
    assert any("zGPR" in one["text"] for one in said if one["source"] == "gpr")


def test_products_lie_beside_the_recording(flown: Path) -> None:
    for name in ("indications.csv", "map.png", "journal-000.mcap", "flight.json", "refly.plan"):
        assert (flown / name).stat().st_size > 100


def test_the_inspection_of_folder_and_file_agree(flown: Path, field: Field) -> None:
    folder = json.loads(field.run("inspect", flown, "--json"))
    file = json.loads(field.run("inspect", flown / "flight.h5", "--json", code=None))
    counts: dict[str, int] = {}
    for one in file["streams"]:
        counts[one["sensor"]] = counts.get(one["sensor"], 0) + one["traces"]
    assert counts == {one["sensor"]: one["traces"] for one in folder["streams"]}
    assert folder["simulated"]


def test_a_second_flight_never_replaces_the_first(flown: Path, field: Field) -> None:
    mission = field.write()
    before = (flown / "journal-000.mcap").stat().st_size
    field.run("fly", mission, "--simulate", "-o", flown, code=2)
    assert (flown / "journal-000.mcap").stat().st_size == before


def test_the_check_before_take_off_names_all_faults_at_once(field: Field) -> None:
    deaf = MISSION.replace('driver = "coil"', 'driver = "coil"\nconnect = "serial:/dev/none"')
    mission = field.write(mission=deaf.replace('driver = "zgpr"', 'driver = "zgpr"'))
    done = subprocess.run(
        field.command("fly", mission, "--check"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    for name in ("gpr", "coil", "altimeter", "gnss", "autopilot"):
        assert f"{name}:" in done.stderr


def test_the_check_is_content_with_what_works(field: Field) -> None:
    """A machine with much else to do may be late for a check of seconds; not three times."""
    mission = field.write()
    said = [""]
    while "ready to fly" not in said[-1]:
        assert len(said) <= 3, said
        said.append(field.run("fly", mission, "--simulate", "--check", code=None))
