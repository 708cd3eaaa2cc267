"""The recorder: one order, nothing dropped, and the truth about what is on disk."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from detectkit.core import UsageError
from detectkit.io.journal import JournalError, Record, Recorder, scan

from .journals import UTC_NS, payload, read, record, records

PATIENCE_S = 30.0


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.002)


def put(recorder: Recorder, one: Record) -> Record:
    return recorder.put(
        one.source, one.kind, one.data, arrival_ns=one.arrival_ns, utc_ns=one.utc_ns
    )


class Disk:
    """A disk whose sync can be held up, or made to fail."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.syncing = threading.Event()
        self.failure: OSError | None = None
        self.syncs = 0
        self._fsync = os.fsync

    def fsync(self, handle: int) -> None:
        self.syncs += 1
        self.syncing.set()
        assert self.free.wait(PATIENCE_S)
        if self.failure is not None:
            raise self.failure
        self._fsync(handle)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    return disk


def test_what_is_put_is_recorded_in_its_order(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder:
        assert recorder.state == "recording"
        assert [put(recorder, one) for one in records(100)] == records(100)
    assert (recorder.state, recorder.reason) == ("closed", "")
    assert recorder.durable_seq == 99
    assert recorder.queue_fill == 0.0
    assert read(tmp_path) == (records(100), [])
    assert recorder.written_bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_records_become_durable_without_closing(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, sync_s=0.05)
    recorder.start()
    assert recorder.durable_seq == -1
    put(recorder, record(0))
    eventually(lambda: recorder.durable_seq == 0)
    assert read(tmp_path)[0] == records(1)
    assert recorder.longest_sync_s > 0.0
    recorder.close()


def test_nothing_new_means_no_sync(tmp_path: Path, disk: Disk) -> None:
    recorder = Recorder(tmp_path, sync_s=0.005)
    recorder.start()
    put(recorder, record(0))
    eventually(lambda: recorder.durable_seq == 0)
    before = disk.syncs
    time.sleep(0.05)
    assert disk.syncs == before
    recorder.close()


def test_a_full_queue_blocks_and_counts(tmp_path: Path, disk: Disk) -> None:
    """While the disk hangs the queue fills; put then waits, drops nothing, and goes on."""
    recorder = Recorder(tmp_path, sync_s=0.005, queue_bytes=20_000)
    recorder.start()
    disk.syncing.clear()
    disk.free.clear()
    put(recorder, record(0))
    assert disk.syncing.wait(PATIENCE_S)

    def fill() -> None:
        for one in records(200)[1:]:
            put(recorder, one)

    feeder = threading.Thread(target=fill)
    feeder.start()
    eventually(lambda: recorder.queue_fill > 0.9)
    feeder.join(0.1)
    assert feeder.is_alive()
    assert recorder.durable_seq == -1
    disk.free.set()
    feeder.join(PATIENCE_S)
    recorder.close()
    assert recorder.blocked_s >= 0.1
    assert read(tmp_path) == (records(200), [])


def test_putting_does_not_wait_for_a_slow_disk(tmp_path: Path, disk: Disk) -> None:
    recorder = Recorder(tmp_path, sync_s=0.005)
    recorder.start()
    disk.syncing.clear()
    disk.free.clear()
    put(recorder, record(0))
    assert disk.syncing.wait(PATIENCE_S)
    for one in records(1000)[1:]:
        put(recorder, one)
    assert recorder.blocked_s == 0.0
    disk.free.set()
    recorder.close()
    assert read(tmp_path) == (records(1000), [])
    assert recorder.longest_sync_s > 0.0


def test_a_record_larger_than_the_queue_is_taken(tmp_path: Path) -> None:
    large = record(0, size=100_000)
    with Recorder(tmp_path, queue_bytes=1000, sync_s=0.02) as recorder:
        put(recorder, large)
        put(recorder, record(1))
    assert read(tmp_path) == ([large, record(1)], [])


def test_many_threads_share_one_order_that_the_hook_sees(tmp_path: Path) -> None:
    seen: list[Record] = []
    recorder = Recorder(tmp_path, queue_bytes=50_000, sync_s=0.02)
    recorder.start()

    def feed(name: str) -> None:
        for number in range(300):
            recorder.put(
                name, "in", f"{name} {number}".encode() + payload(number, 300),
                arrival_ns=number, utc_ns=UTC_NS, then=seen.append,
            )  # fmt: skip

    threads = [threading.Thread(target=feed, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    recorder.close()
    found, damages = read(tmp_path)
    assert damages == []
    assert found == seen
    assert [one.seq for one in found] == list(range(1200))
    for name in "abcd":
        assert [one.arrival_ns for one in found if one.source == name] == list(range(300))


def test_bytes_are_kept_as_they_were_when_put(tmp_path: Path) -> None:
    buffer = bytearray(b"before")
    with Recorder(tmp_path) as recorder:
        recorder.put("gpr", "in", buffer, arrival_ns=0, utc_ns=0)  # type: ignore[arg-type]
        buffer[:] = b"behind"
    assert [one.data for one in read(tmp_path)[0]] == [b"before"]


def test_segments_roll_while_recording(tmp_path: Path) -> None:
    with Recorder(tmp_path, segment_bytes=10_000) as recorder:
        for one in records(200):
            put(recorder, one)
    assert len(scan(tmp_path).segments) > 3
    assert read(tmp_path) == (records(200), [])
    assert recorder.durable_seq == 199


def test_a_failed_sync_stops_and_says_why(tmp_path: Path, disk: Disk) -> None:
    """What was synced before stays acknowledged; the rest is counted as lost, never retried."""
    reasons: list[str] = []
    recorder = Recorder(tmp_path, sync_s=0.01, on_stop=reasons.append)
    recorder.start()
    for one in records(10):
        put(recorder, one)
    eventually(lambda: recorder.durable_seq == 9)
    disk.failure = OSError(errno.EIO, "I/O")
    before = disk.syncs
    put(recorder, record(10))
    eventually(lambda: recorder.state == "stopped")
    recorder.close()
    assert disk.syncs == before + 1
    assert recorder.durable_seq == 9
    assert recorder.state == "stopped"
    (reason,) = reasons
    assert reason == recorder.reason
    assert "Input/output error" in reason
    assert "records up to 9 are on disk; later records lost: 1" in reason
    with pytest.raises(JournalError, match="Input/output error"):
        put(recorder, record(11))
    assert read(tmp_path)[0][:10] == records(10)


def test_threads_that_wait_for_room_are_told_of_the_stop(tmp_path: Path, disk: Disk) -> None:
    recorder = Recorder(tmp_path, sync_s=0.01, queue_bytes=10_000)
    recorder.start()
    disk.syncing.clear()
    disk.free.clear()
    put(recorder, record(0))
    assert disk.syncing.wait(PATIENCE_S)
    refused: list[str] = []

    def fill() -> None:
        try:
            for one in records(500)[1:]:
                put(recorder, one)
        except JournalError as error:
            refused.append(str(error))

    feeders = [threading.Thread(target=fill) for _ in range(2)]
    for feeder in feeders:
        feeder.start()
    eventually(lambda: recorder.queue_fill > 0.9)
    disk.failure = OSError(errno.EIO, "I/O")
    disk.free.set()
    for feeder in feeders:
        feeder.join(PATIENCE_S)
    assert len(refused) == 2
    assert "nothing is recorded" in refused[0]
    recorder.close()


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_recording_stops_in_time_when_the_disk_fills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that was put is on disk, and the last file is complete."""
    free = [10**9]

    def usage(folder: Any) -> Usage:
        return Usage(10**9, 0, free[0])

    monkeypatch.setattr("shutil.disk_usage", usage)
    reasons: list[str] = []
    recorder = Recorder(tmp_path, sync_s=0.01, minimum_free_bytes=10**8, on_stop=reasons.append)
    recorder.start()
    for one in records(50):
        put(recorder, one)
    free[0] = 10**7
    eventually(lambda: bool(reasons))
    assert recorder.state == "stopped"
    assert reasons == [recorder.reason]
    assert "10 MB are free" in recorder.reason
    assert recorder.durable_seq == 49
    assert read(tmp_path) == (records(50), [])
    with pytest.raises(JournalError, match="are free on the disk"):
        put(recorder, record(50))
    recorder.close()


def test_a_full_disk_refuses_the_start_and_leaves_nothing(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "new", minimum_free_bytes=10**18)
    with pytest.raises(JournalError, match="are free on the disk"):
        recorder.start()
    assert list(tmp_path.iterdir()) == []


def test_a_fault_in_the_thread_does_not_leave_putters_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even an error that nobody foresaw ends in a stop that is told."""

    def fail(writer: object, one: Record) -> None:
        raise ZeroDivisionError

    def swallow(told: object) -> None:
        """Keep the thread's last words out of the tests' output."""

    monkeypatch.setattr(threading, "excepthook", swallow)
    recorder = Recorder(tmp_path, sync_s=0.01)
    recorder.start()
    monkeypatch.setattr("detectkit.io.journal.writer.JournalWriter.append", fail)
    put(recorder, record(0))
    eventually(lambda: recorder.state == "stopped")
    assert "fault of the program" in recorder.reason
    recorder.close()


def test_a_recorder_may_be_closed_from_on_stop(tmp_path: Path, disk: Disk) -> None:
    done: list[str] = []

    def stop(reason: str) -> None:
        recorder.close()
        done.append(reason)

    recorder = Recorder(tmp_path, sync_s=0.01, on_stop=stop)
    recorder.start()
    disk.failure = OSError(errno.ENOSPC, "full")
    put(recorder, record(0))
    eventually(lambda: bool(done))
    recorder.close()


def test_a_failure_while_closing_is_told(tmp_path: Path, disk: Disk) -> None:
    reasons: list[str] = []
    recorder = Recorder(tmp_path, sync_s=60.0, on_stop=reasons.append)
    recorder.start()
    put(recorder, record(0))
    disk.failure = OSError(errno.ENOSPC, "full")
    recorder.close()
    assert recorder.state == "stopped"
    assert "nothing is on disk; later records lost: 1" in reasons[0]


def test_before_the_start_and_after_the_end_nothing_is_taken(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    with pytest.raises(JournalError, match="not started"):
        put(recorder, record(0))
    recorder.start()
    with pytest.raises(UsageError, match="started once"):
        recorder.start()
    recorder.close()
    recorder.close()
    with pytest.raises(JournalError, match="it is closed"):
        put(recorder, record(0))


def test_a_program_that_ends_without_closing_loses_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from detectkit.io.journal import Recorder\n"
        "recorder = Recorder(Path(sys.argv[1]), sync_s=60.0); recorder.start()\n"
        "recorder.put('gpr', 'in', b'bytes', arrival_ns=0, utc_ns=0)\n"
        "raise SystemExit('a fault of the program')"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.strip() == "a fault of the program"
    assert scan(tmp_path).complete
    assert scan(tmp_path).records == 1


def test_a_refused_record_takes_no_number(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder:
        with pytest.raises(UsageError, match="kind"):
            recorder.put("gpr", "stuff", b"", arrival_ns=0, utc_ns=0)  # type: ignore[arg-type]
        put(recorder, record(0))
    assert read(tmp_path) == (records(1), [])


@pytest.mark.parametrize(
    "setting", [{"sync_s": 0.0}, {"queue_bytes": 0}, {"minimum_free_bytes": -1}]
)
def test_settings_are_checked(tmp_path: Path, setting: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="queue_bytes"):
        Recorder(tmp_path, **setting)
