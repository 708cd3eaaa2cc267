"""From the journal to flight.h5: verified, in one step, twice the same."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest
from flights import Spoken, write_flight

from detectkit.core import FormatError, UsageError
from detectkit.io import open_recording
from detectkit.mission import FlightFolder, Mission, finalize, is_flight_folder, summarize


@pytest.fixture
def folder(spoken: Spoken, tmp_path: Path) -> FlightFolder:
    return write_flight(tmp_path / "flight", spoken.records[:1200])


def test_every_decoded_row_stands_in_the_recording(folder: FlightFolder) -> None:
    done = finalize(folder)
    stored: dict[str, int] = {}
    for stream in open_recording(done.path).streams:
        name = stream.header.sensor.id
        stored[name] = stored.get(name, 0) + stream.traces
    assert stored == done.rows
    assert stored["gpr"] > 400


def test_doing_it_twice_changes_nothing(folder: FlightFolder) -> None:
    first = finalize(folder)
    before = first.path.read_bytes()
    second = finalize(folder)
    assert (first.made, second.made) == (True, False)
    assert second.rows == first.rows
    assert second.path.read_bytes() == before


def test_a_journal_that_grew_is_finalized_anew(
    folder: FlightFolder, spoken: Spoken, tmp_path: Path
) -> None:
    short = finalize(folder)
    longer = write_flight(tmp_path / "longer", spoken.records[:1600])
    longer.flight.write_bytes(short.path.read_bytes())
    assert finalize(longer).rows["gpr"] > short.rows["gpr"]


def test_an_interrupted_attempt_leaves_nothing(
    folder: FlightFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(import_module("detectkit.mission.finalize"), "_describe", broken)
    with pytest.raises(OSError, match="No space left"):
        finalize(folder)
    assert [one.name for one in folder.path.iterdir() if "flight.h5" in one.name] == []


def test_what_is_simulated_says_so(folder: FlightFolder) -> None:
    done = finalize(folder)
    assert any("simulated" in str(one) for one in done.notices)
    assert open_recording(done.path).attachments["simulated"] == "short"


def test_a_torn_journal_is_finalized_with_a_warning(folder: FlightFolder) -> None:
    whole = finalize(folder).rows["gpr"]
    (segment,) = folder.path.glob("journal-*.mcap")
    segment.write_bytes(segment.read_bytes()[: -segment.stat().st_size // 3])
    done = finalize(folder)
    assert 0 < done.rows["gpr"] < whole
    assert any(one.severity == "warning" for one in done.notices)


def test_the_summary_counts_what_is_there(folder: FlightFolder, spoken: Spoken) -> None:
    summary = summarize(folder)
    json.dumps(summary)
    streams = {one["sensor"]: one for one in summary["streams"]}
    assert streams["gpr"]["traces"] > 400
    assert streams["gpr"]["rate_hz"] == pytest.approx(80.0, rel=0.02)
    assert streams["gpr"]["gaps"] == 0
    assert summary["journal"]["damage"] == []


def test_a_gap_is_listed_with_its_place(spoken: Spoken, tmp_path: Path) -> None:
    lost = [r for r in spoken.records[:1200] if not (r.source == "coil" and 500 < r.seq < 700)]
    summary = summarize(write_flight(tmp_path / "gap", tuple(lost)))
    (coil,) = (one for one in summary["streams"] if one["sensor"] == "coil")
    assert coil["missing_traces"] > 20
    assert coil["first_gaps"] == [
        {"before_row": coil["first_gaps"][0]["before_row"], "missing": coil["missing_traces"]}
    ]


def test_a_flight_is_never_replaced(folder: FlightFolder) -> None:
    assert is_flight_folder(folder.path)
    with pytest.raises(UsageError, match="holds a flight already"):
        FlightFolder.create(folder.path, folder.mission, host_ns=0, utc_ns=0)


def test_the_header_gives_the_mission_back(folder: FlightFolder) -> None:
    again = FlightFolder.open(folder.path)
    assert again == folder
    assert again.mission == Mission.from_toml(folder.mission.text)


@pytest.mark.parametrize("damage", ["", "{", '{"format": "other", "version": 1}', "[]"])
def test_a_damaged_header_is_told(folder: FlightFolder, damage: str) -> None:
    (folder.path / "flight.json").write_text(damage)
    with pytest.raises(FormatError, match=r"flight\.json"):
        FlightFolder.open(folder.path)


def test_another_folder_is_no_flight(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is no flight's folder"):
        FlightFolder.open(tmp_path)
