"""A flight with truth gives evidence of the same kind as a lane of a dataset."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

import detectkit_sim_data
from detectkit.core import FormatError
from detectkit.detect.kind import kind_of
from detectkit.learn.corpus import CorpusSettings, build_corpus, open_corpus
from detectkit.learn.corpus.dataset_lanes import scene_passages
from detectkit.learn.corpus.flight_lines import flight_passage
from detectkit.learn.corpus.processing import pipeline_of
from detectkit.learn.corpus.settings import DatasetSource, FlightSource, Labels

FLIGHT = str(detectkit_sim_data.path("flights/ap_row.h5"))
SETTINGS = CorpusSettings("a", flight=(FlightSource(FLIGHT),), labels=Labels(threshold=3.0))


def test_mines_of_a_simulated_flight_are_found_and_labelled(tmp_path: Path) -> None:
    corpus = open_corpus(build_corpus(SETTINGS, tmp_path / "c.zarr"))
    assert corpus.targets["name"].tolist() == ["ap-1", "ap-2", "ap-3"]
    assert corpus.targets["found"].all()
    assert corpus.table["by_radar"].any()
    assert corpus.table["by_detector"].any()
    assert len(corpus.lanes) == 2
    assert corpus.lanes["length_m"] == pytest.approx([2.6, 2.7], abs=0.2)
    assert corpus.lanes["height_m"] == pytest.approx([0.4, 0.4], abs=0.05)
    assert corpus.attributes["sources"].keys() == {"0 ap_row.h5"}


def test_a_lane_and_a_flight_go_through_pipelines_of_one_kind() -> None:
    lane = next(scene_passages(CorpusSettings("a", dataset=(DatasetSource("tiny"),)), 0, 0))
    flown = flight_passage(SETTINGS, 0)
    assert kind_of(pipeline_of(lane)) == kind_of(pipeline_of(flown))


def dug(folder: Path, rows: list[dict[str, str]]) -> str:
    """Write a table of what was dug up."""
    path = folder / "dug.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        table = csv.DictWriter(handle, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return str(path)


def test_of_dug_ground_only_the_holes_are_known(tmp_path: Path) -> None:
    with detectkit_sim_data.path("flights/ap_row.truth.csv").open(encoding="utf-8") as handle:
        first = next(csv.DictReader(handle))
    place = {"lon": first["longitude_deg"], "lat": first["latitude_deg"]}
    truth = dug(tmp_path, [{**place, "found_category": "nothing_found"}])
    settings = replace(SETTINGS, flight=(FlightSource(FLIGHT, truth),))
    corpus = open_corpus(build_corpus(settings, tmp_path / "c.zarr"))
    assert set(corpus.table["category"].tolist()) == {-1, 4}
    assert not len(corpus.targets)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"line": "1", "along_track_m": "2", "found_category": "ap_mine"}], "longitude"),
        ([{"lon": "1", "lat": "2", "found_category": "gold"}], "gold"),
    ],
)
def test_a_truth_that_cannot_be_used_is_refused(
    tmp_path: Path, rows: list[dict[str, str]], says: str
) -> None:
    settings = replace(SETTINGS, flight=(FlightSource(FLIGHT, dug(tmp_path, rows)),))
    with pytest.raises(FormatError, match=says):
        flight_passage(settings, 0)


def test_a_recording_without_places_is_refused(shared_data: Path) -> None:
    path = str(shared_data / "ids" / "LID10001.dt")
    truth = str(detectkit_sim_data.path("flights/ap_row.truth.csv"))
    settings = replace(SETTINGS, flight=(FlightSource(path, truth, permittivity=6.0),))
    with pytest.raises(FormatError, match="longitude"):
        flight_passage(settings, 0)
