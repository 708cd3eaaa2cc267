"""In flight each find is weighed once the ground around it was recorded; it changes no result."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import Block, Sensor
from detectkit.detect.fusion import Branch
from detectkit.detect.metal import MetalBranch
from detectkit.detect.rule import load_rule
from detectkit.live.intake import WorkQueue
from detectkit.live.worker import Worker
from detectkit.mission import FlightFolder, Flow, Processing, Replay
from detectkit.mission.weighing import JUMPED_NS, MOST, SETTLED_NS, Weighing


@pytest.fixture(scope="module")
def heard() -> Branch:
    """A detector's track with the alarm that it gave."""
    along = np.arange(0.0, 12.0, 0.05)
    rows = np.random.default_rng(1).normal(0.0, 5.0, (along.size, 3))
    rows[:, 1:] += 400.0 / (1.0 + ((along - 6.0) / 0.2) ** 2)[:, None] ** 3
    coil = Sensor(id="coil", kind="metal_detector")
    block = Block(rows, ("trace", "channel"), {"along_track_m": ("trace", along)}, coil)
    coils = MetalBranch()
    founds = [*coils.push(block), *coils.finish()]
    assert len(founds) == 1
    return Branch(coils.track, founds)


def test_a_find_is_weighed_once_its_surroundings_are_processed(heard: Branch) -> None:
    weighing, rule = Weighing(), load_rule()
    weighing.expect(7, heard.founds[0], 1_000_000_000)
    early, due = SETTLED_NS, 1_000_000_000 + SETTLED_NS
    assert not weighing.due(early)
    assert weighing.weigh([heard], rule, early) == []
    [(number, one)] = weighing.weigh([heard], rule, due)
    assert number == 7
    assert one.probability is not None
    assert one.assessed_by == rule.label
    known = heard.founds[0].indication
    assert (one.along_track_m, one.score, one.rank) == (
        known.along_track_m,
        known.score,
        known.rank,
    )
    assert not weighing.due(due)
    assert len(heard.founds) == 1


def test_few_are_weighed_at_a_time_none_is_left_out(heard: Branch) -> None:
    weighing, rule = Weighing(), load_rule()
    for number in range(MOST + 2):
        weighing.expect(number, heard.founds[0], 0)
    rounds = [weighing.weigh([heard], rule, SETTLED_NS) for _ in range(3)]
    assert [len(one) for one in rounds] == [MOST, 2, 0]
    assert [number for one in rounds for number, _ in one] == list(range(MOST + 2))


def test_a_clock_that_jumps_back_keeps_no_find_waiting(heard: Branch) -> None:
    weighing = Weighing()
    weighing.expect(0, heard.founds[0], 10 * JUMPED_NS)
    assert weighing.due(JUMPED_NS)


def test_weighing_in_flight_changes_nothing_of_what_comes_of_the_flight(flight: Path) -> None:
    replay = Replay(FlightFolder.open(flight))
    for block in replay.blocks():
        deque(replay.processing.push(block), maxlen=0)
        replay.processing.weigh()
    deque(replay.processing.finish(), maxlen=0)
    plain = Replay(FlightFolder.open(flight)).run()
    assert replay.processing.indications == plain.indications
    assert dict(replay.processing.digests) == plain.digests


class Broken(Processing):
    """A processing whose model fails."""

    def weigh(self) -> None:
        """Fail as a network may."""
        msg = "out of memory"
        raise RuntimeError(msg)


def test_a_model_that_fails_stops_the_weighing_and_nothing_else(flight: Path) -> None:
    folder = FlightFolder.open(flight)
    work = WorkQueue()
    flow = Flow(folder.mission, host_ns=folder.host_ns, utc_ns=folder.utc_ns)
    worker = Worker(work, flow, Broken(folder.mission, recording="x"), lambda: 0)
    work.close()
    worker.run()
    assert worker.done
    assert not worker.fault
    worker.weighing_fault = ""
    worker._weigh()
    assert "out of memory" in worker.weighing_fault
