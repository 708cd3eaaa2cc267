"""Reading a scenario: what is wrong is named, with what is allowed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import ShapeError, UsageError
from detectkit.sim import FlightSimulator, Scenario

TEXT = """
name = "text"
seed = 1

[site]
longitude_deg = 47.0
latitude_deg = 40.0
start_time = 2025-06-11T07:30:00Z

[flight]
lanes = 2
lane_length_m = 5
lane_spacing_m = 0.4
height_m = 0.95
"""
BODY = """
[[object]]
name = "a"
object_class = "target"
kind = "surrogate"
along_m = 1
across_m = 0
depth_m = 0.1
radius_m = 0.05
"""
INSTRUMENT = """
[[instrument]]
id = "gpr"
driver = "zgpr"
measures = "radar"
rate_hz = 100
serve = "tcp-listen://127.0.0.1:0"
"""


def test_what_is_not_said_has_its_default_and_numbers_may_be_whole() -> None:
    scenario = Scenario.from_toml(TEXT + BODY + INSTRUMENT)
    assert scenario.flight.lane_length_m == 5.0
    assert scenario.site.start_time == datetime(2025, 6, 11, 7, 30, tzinfo=UTC)
    assert scenario.objects[0].metal == "none"
    assert scenario.text.endswith(INSTRUMENT)


def test_instruments_keep_their_free_settings_and_faults() -> None:
    extra = "[instrument.settings]\nsamples = 384\n[instrument.faults]\nflip_bits = 1e-5\n"
    one = Scenario.from_toml(TEXT + INSTRUMENT + extra).instrument("gpr")
    assert (one.driver, one.rate_hz, one.serve) == ("zgpr", 100.0, "tcp-listen://127.0.0.1:0")
    assert dict(one.settings) == {"samples": 384}
    assert dict(one.faults) == {"flip_bits": 1e-5}


def test_episodes_channels_and_silences_are_tables_of_their_sections() -> None:
    text = """
[receiver]
horizontal_error_m = 0.02
[[receiver.episode]]
start_s = 3
duration_s = 1
quality = 5
[[altimeter.silence]]
start_s = 4
duration_s = 2
[[detector.channel]]
name = "q"
frequency_hz = 8000
"""
    scenario = Scenario.from_toml(TEXT + text)
    assert scenario.receiver.episodes[0].quality == 5
    assert scenario.receiver.horizontal_error_m == 0.02
    assert scenario.altimeter.silences[0].duration_s == 2.0
    assert [one.name for one in scenario.detector.channels] == ["q"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "not TOML"),
        (TEXT.replace("seed = 1", ""), "'seed' must be given; needed are: name, seed, site"),
        (TEXT.replace("seed = 1", "seed = -1"), "seed = -1: expected an integer of 0 or more"),
        (TEXT.replace('"text"', "3"), "name = 3: expected text"),
        (TEXT + "[weather]\n", "no table or setting 'weather'; allowed: name, seed, site, flight"),
        (TEXT + "[radar]\ncenter_hz = 1e9\n", r"\[radar\]: no setting 'center_hz'.*centre_hz"),
        (TEXT + "[radar]\nsamples = 1.5\n", "samples = 1.5: expected int"),
        (TEXT + "[radar]\nsample_interval_s = 1e-9\n", "give at most 1.67e-10"),
        (TEXT + "[radar]\nreach_m = 0\n", "reach_m = 0.0 of Radar; give a number above 0"),
        (TEXT + "[radar]\nlever_arm_m = [0, 0, 0.9]\n", "under the ground when the vehicle stands"),
        (TEXT + "[soil]\npermittivity = 0.5\n", "give 1 or more"),
        (TEXT + "[wind]\ngust_band_hz = [2.0, 0.1]\n", "the smaller first"),
        (TEXT + "[receiver]\nepisodes = []\n", r"write each of 'episodes' as a table \[\[rec"),
        (TEXT + "[[receiver.episode]]\nstart_s = 1\n", r"\[\[episode\]\] 1: 'duration_s' must be"),
        (TEXT + BODY + BODY, "object names must be unique; 'a'"),
        (TEXT + BODY + "metal = 'rich'\n", "a radius above 0 goes with 'minimum' or 'rich'"),
        (TEXT + BODY + "permittivity = 0.3\n", "1 or more, or 0 for metal"),
        (TEXT + BODY + "shape = 'cube'\n", "expected 'disc' or 'sphere'"),
        (TEXT + "[object]\nname = 'a'\n", r"array of tables, \[\[object\]\]"),
        (TEXT + INSTRUMENT + INSTRUMENT, "instrument ids must be unique; 'gpr'"),
        (TEXT + INSTRUMENT.replace('"radar"', '"sonar"'), "expected 'radar' or 'detector'"),
        (TEXT + INSTRUMENT + "settings = 3\n", r"\[instrument.settings\]: 3 is not a table"),
        (TEXT.replace("latitude_deg = 40.0", "latitude_deg = 95.0"), "is not a place"),
        (TEXT.replace("07:30:00Z", "07:30:00"), "has no zone"),
    ],
)
def test_a_fault_is_named_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Scenario.from_toml(text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no scenario at"):
        Scenario.read(tmp_path / "none.toml")


def test_errors_begin_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "flight.toml"
    path.write_text(TEXT + "[radar]\nno = 1\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"^flight.toml, \[radar\]"):
        Scenario.read(path)


def test_an_instrument_that_is_not_there_is_refused_with_the_list() -> None:
    simulator = FlightSimulator(Scenario.from_toml(TEXT + INSTRUMENT))
    assert simulator.rows("gpr", np.array([1.0])).shape == (1, 512)
    with pytest.raises(UsageError, match="no instrument 'coil'; it has: gpr"):
        simulator.rows("coil", np.array([1.0]))


def test_times_are_a_list() -> None:
    simulator = FlightSimulator(Scenario.from_toml(TEXT))
    with pytest.raises(ShapeError, match="1-D"):
        simulator.radar(np.zeros((2, 2)))
