"""The intake: one order for journal and processing, and what comes before take-off."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from detectkit.io.journal import JournalError, Record, Recorder
from detectkit.live.intake import Intake, WorkQueue


@dataclass
class Pretended:
    """A recorder that keeps what it is given, until its disk is full."""

    records: list[Record] = field(default_factory=list)
    full_after: int = 1_000_000

    def put(self, source, kind, data, *, arrival_ns, utc_ns, then) -> Record:
        if len(self.records) >= self.full_after:
            msg = "nothing is recorded: the disk is full"
            raise JournalError(msg)
        record = Record(len(self.records), source, kind, arrival_ns, utc_ns, data)
        self.records.append(record)
        then(record)
        return record


class Armed:
    """Sees take-off in the word."""

    def sees(self, source: str, data: bytes) -> bool:
        return source == "autopilot" and data == b"armed"


def taken(work: WorkQueue) -> list[tuple[str, bytes]]:
    return [(one.source, one.data) for one in work.take(0.0)]


@pytest.mark.parametrize("threads", [8])
def test_processing_sees_all_records_in_the_order_of_the_journal(
    threads: int, tmp_path: Path
) -> None:
    work = WorkQueue()
    with Recorder(tmp_path, minimum_free_bytes=0) as recorder:
        intake = Intake(recorder, work)

        def talk(name: str) -> None:
            for number in range(200):
                intake.put(name, "in", b"%d" % number)

        talking = [threading.Thread(target=talk, args=(f"i{n}",)) for n in range(threads)]
        for one in talking:
            one.start()
        for one in talking:
            one.join()
    records = work.take(0.0)
    assert [one.seq for one in records] == list(range(200 * threads))
    for name in {one.source for one in records}:
        own = [int(one.data) for one in records if one.source == name]
        assert own == list(range(200))


def test_before_take_off_nothing_is_recorded_and_the_last_seconds_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder, work, clock = Pretended(), WorkQueue(), [0]
    monkeypatch.setattr("detectkit.live.intake.time.monotonic_ns", lambda: clock[0])
    intake = Intake(recorder, work, watch=Armed(), before_s=5.0)
    intake.event("gpr", "opened")
    for second in range(60):
        clock[0] = second * 1_000_000_000
        intake.put("gpr", "in", b"%d" % second)
    assert intake.waiting
    assert not intake.recording
    assert recorder.records == []
    intake.put("autopilot", "in", b"armed")
    assert intake.recording
    told = [(one.source, one.data) for one in recorder.records]
    assert told[0] == ("gpr", b'{"event": "opened"}')
    assert told[1:-2] == [("gpr", b"%d" % second) for second in range(54, 60)]
    assert told[-2:] == [("autopilot", b"armed"), ("", b'{"event": "recording"}')]
    assert taken(work) == told
    assert [one.arrival_ns for one in recorder.records] == sorted(
        one.arrival_ns for one in recorder.records
    )


def test_links_opened_long_before_take_off_are_told_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder, clock = Pretended(), [0]
    monkeypatch.setattr("detectkit.live.intake.time.monotonic_ns", lambda: clock[0])
    intake = Intake(recorder, WorkQueue(), watch=Armed(), before_s=1.0)
    for name in ("b", "a", "c"):
        clock[0] += 1
        intake.event(name, "opened")
    clock[0] = 100_000_000_000
    intake.put("a", "in", b"x")
    intake.begin()
    intake.begin()
    told = [one.source for one in recorder.records]
    assert told == ["b", "a", "c", "a", ""]


def test_a_mission_that_ends_before_take_off_keeps_the_last_seconds() -> None:
    recorder = Pretended()
    intake = Intake(recorder, WorkQueue(), watch=Armed())
    intake.put("gpr", "in", b"x")
    intake.begin()
    assert [one.data for one in recorder.records] == [b"x", b'{"event": "recording"}']


def test_a_recorder_that_stopped_is_said_and_the_operator_goes_on_seeing() -> None:
    work = WorkQueue()
    intake = Intake(Pretended(full_after=2), work)
    for number in range(4):
        intake.put("gpr", "in", b"%d" % number)
    assert not intake.recording
    assert intake.failure == "nothing is recorded: the disk is full"
    records = work.take(0.0)
    assert [one.seq for one in records] == [0, 1, 2, 3]


def test_events_are_recorded_and_said() -> None:
    said: list[dict] = []
    recorder = Pretended()
    Intake(recorder, WorkQueue(), said=said.append).event("gpr", "broken", why="cable")
    assert said == [{"source": "gpr", "event": "broken", "why": "cable"}]
    assert recorder.records[0].kind == "event"


def record(size: int) -> Record:
    return Record(0, "gpr", "in", 0, 0, bytes(size))


def test_a_queue_that_is_full_gives_the_picture_up_and_never_waits() -> None:
    work = WorkQueue(limit_bytes=100)
    work.put(record(90))
    assert not work.overflowed
    work.put(record(20))
    work.put(record(1))
    assert work.overflowed
    assert len(work.take(0.0)) == 1


def test_a_queue_given_up_holds_nothing() -> None:
    work = WorkQueue()
    work.put(record(90))
    work.give_up()
    work.put(record(90))
    work.close()
    assert work.overflowed
    assert work.finished
