"""Live is a replay of a log still being written: cutting and pace change no bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flights import Spoken, write_flight

from detectkit.core import Block, concat
from detectkit.io import open_recording
from detectkit.mission import FlightFolder, Processing, Replay, Replayed, finalize

RADAR_HZ = 80.0


@pytest.fixture(scope="module")
def reference(flight: Path) -> Replayed:
    return Replay(FlightFolder.open(flight)).run()


def test_every_row_that_was_spoken_is_decoded(spoken: Spoken, reference: Replayed) -> None:
    for name in ("gpr", "coil"):
        assert reference.rows[name] == spoken.rows[name]
    assert reference.rows["altimeter.distance"] == spoken.rows["altimeter"]


def test_the_traces_are_located_and_the_object_is_indicated(
    spoken: Spoken, reference: Replayed
) -> None:
    from detectkit.geo import LocalFrame

    truth = spoken.simulator.truth.objects[0]
    lane = spoken.simulator.truth.lanes[0]
    # Before and behind the lane the vehicle climbs and lands over one place: no survey.
    first, last = (round((one + 0.3) * RADAR_HZ) for one in (lane.start_s, lane.end_s - 0.6))
    best = next(one for one in reference.indications if first < one.trace < last)
    frame = LocalFrame(truth.longitude_deg, truth.latitude_deg)
    assert best.longitude_deg is not None
    assert best.latitude_deg is not None
    east, north, _ = frame.to_local(np.array([best.longitude_deg]), np.array([best.latitude_deg]))
    assert float(np.hypot(east, north)[0]) < truth.radius_m + 0.05
    assert best.depth_m == pytest.approx(truth.depth_m, abs=3 * best.depth_error_m)


def test_an_indication_carries_the_error_of_its_place_and_how_high_it_was_flown(
    reference: Replayed,
) -> None:
    for one in reference.indications:
        told = {evidence.name: evidence.value for evidence in one.evidence}
        assert 0.0 < told["horizontal_error_m"] < 0.5
        assert 0.1 < told["height_m"] < 0.8


def test_what_the_detector_can_have_heard_is_told(reference: Replayed) -> None:
    [hearing] = reference.hearing
    assert hearing.sensor == "coil"
    assert "silence says nothing" in hearing.text or "steel" in hearing.text


@pytest.mark.parametrize(("gathered", "piece_bytes"), [(1, 7), (8, 100), (300, None)])
def test_three_chunkings_give_identical_bits(
    flight: Path, reference: Replayed, gathered: int, piece_bytes: int | None
) -> None:
    again = Replay(FlightFolder.open(flight), gathered=gathered, piece_bytes=piece_bytes).run()
    assert again.digests == reference.digests
    assert again.indications == reference.indications
    assert again.hearing == reference.hearing


@pytest.mark.parametrize("speed", [40.0, 15.0])
def test_two_replay_speeds_give_identical_bits(
    flight: Path, reference: Replayed, speed: float
) -> None:
    again = Replay(FlightFolder.open(flight), speed=speed).run()
    assert again.digests == reference.digests
    assert again.indications == reference.indications


def test_another_order_of_arrival_is_another_flight(
    spoken: Spoken, reference: Replayed, tmp_path: Path
) -> None:
    """The digest must be able to differ, or the tests above could not fail."""
    fewer = spoken.records[: len(spoken.records) // 2]
    other = Replay(write_flight(tmp_path / "cut", fewer)).run()
    assert other.digests != reference.digests


def test_the_finished_recording_gives_the_same_traces(flight: Path, reference: Replayed) -> None:
    """What is reprocessed next day from flight.h5 is what was processed in flight."""
    folder = FlightFolder.open(flight)
    finalize(folder)
    replay = Replay(folder)
    flown = [one for block in replay.blocks() for one in replay.processing.push(block)]
    flown += replay.processing.finish()
    processing = Processing(folder.mission, recording=folder.path.name)
    stored = [
        one
        for stream in open_recording(folder.flight).streams
        if stream.header.sensor.kind in {"gpr", "metal_detector"}
        for block in stream.blocks(97)
        for one in processing.push(block)
    ]
    stored += processing.finish()
    assert processing.indications == reference.indications
    for one, other in zip(_lines(flown), _lines(stored), strict=True):
        assert np.array_equal(one.data, other.data)
        for name in ("host_ns", "time_ns", "longitude_deg", "latitude_deg", "height_m"):
            assert np.array_equal(one.coord(name), other.coord(name), equal_nan=True)


def _lines(blocks: list[Block]) -> list[Block]:
    from detectkit.testing.steps import joined

    return [concat([one]) for one in joined(blocks)]
