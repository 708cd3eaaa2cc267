"""The tiny full-wave flights that ship: small, labelled, true, and remade by their recipe."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import detectkit_sim_data
from detectkit.io import Recording, open_recording
from detectkit.sim import FlightSimulator, Scenario
from detectkit_sim_data.recipes.make_flights import FLIGHTS, make

LARGEST_BYTES = 1_000_000
TARGETS = {"ap_row": {"PMN-2", "PMN"}, "at_hill": {"TM-62M", "TM-62P3", "PMN-2"},
           "empty_clutter": set()}  # fmt: skip


def scenario(name: str) -> Scenario:
    return Scenario.read(detectkit_sim_data.path(f"flights/{name}.toml"))


@pytest.fixture(params=FLIGHTS)
def shipped(request: pytest.FixtureRequest) -> tuple[str, Recording]:
    return request.param, open_recording(detectkit_sim_data.path(f"flights/{request.param}.h5"))


def test_it_is_small_and_says_what_it_is(shipped: tuple[str, Recording]) -> None:
    name, recording = shipped
    assert recording.path.stat().st_size < LARGEST_BYTES
    told = json.loads(recording.attachments["simulation.json"])
    assert (told["simulated"], told["model"]) == (True, "full-wave")
    assert recording.attachments["source/scenario"] == scenario(name).text
    assert any("simulated full-wave" in str(one) for one in recording.notices)
    radar = [one for one in recording.streams if one.header.sensor.kind == "gpr"]
    assert len(radar) == 2
    for stream in radar:
        for block in stream.blocks():
            assert 1_000 < np.abs(block.data).max() < 32_767


def test_its_truth_is_what_the_scenario_buries(shipped: tuple[str, Recording]) -> None:
    name, recording = shipped
    text = detectkit_sim_data.path(f"flights/{name}.truth.csv").read_text(encoding="utf-8")
    assert recording.attachments["truth.csv"] == text
    rows = list(csv.DictReader(text.splitlines()))
    assert {one["body"] for one in rows if one["class"] == "target"} == TARGETS[name]
    truth = FlightSimulator(scenario(name)).truth.objects
    assert {one["name"] for one in rows} == {one.name for one in truth}


@pytest.mark.slow
def test_its_recipe_makes_it_again(shipped: tuple[str, Recording], tmp_path: Path) -> None:
    name, recording = shipped
    again = open_recording(make(name, tmp_path, threads=2))
    for stream, before in zip(again.streams, recording.streams, strict=True):
        for new, old in zip(stream.blocks(), before.blocks(), strict=True):
            away = np.abs(new.data.astype(np.float64) - old.data)
            assert np.nanmax(away, initial=0.0) <= 2.0 + 1e-6 * np.nanmax(np.abs(old.data))
    assert again.attachments["truth.csv"] == recording.attachments["truth.csv"]
