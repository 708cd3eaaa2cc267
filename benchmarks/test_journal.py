"""Speed of the journal: writing, reading, and a recorder at the load of a mission.

The first two are CPU time, as everywhere here. `test_load` runs ten seconds in real time and tells
what the recorder's process needs and what the disk takes; `test_sync` times the disk alone.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from detectkit.io.journal import JournalWriter, Record, Recorder, read_records, recover

RECORD_BYTES = 2048
COUNT = 20_000
LOAD_S = 10.0
STREAMS = (
    ("gpr", 800, 2048),
    ("magnetometer", 1000, 40),
    ("autopilot", 100, 60),
    ("coil", 100, 60),
)


def trace_records() -> list[Record]:
    data = os.urandom(RECORD_BYTES)
    return [Record(seq, "gpr", "in", 1_250_000 * seq, seq, data) for seq in range(COUNT)]


def told(benchmark: Any, capsys: pytest.CaptureFixture[str], what: str) -> None:
    """Print records and bytes a second of the median round."""
    if benchmark.stats is None:
        return
    rate = COUNT / benchmark.stats.stats.median
    benchmark.extra_info.update(records_per_s=rate, mb_per_s=rate * RECORD_BYTES / 1e6)
    with capsys.disabled():
        print(f"\n{what}: {rate:,.0f} records/s, {rate * RECORD_BYTES / 1e6:.0f} MB/s of CPU time")


def write(folder: Path, records: list[Record]) -> None:
    with JournalWriter(folder) as journal:
        for number, record in enumerate(records):
            journal.append(record)
            if number % 800 == 799:  # once a second at 800 traces a second
                journal.sync()


def test_write(benchmark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = trace_records()

    def fresh() -> tuple[tuple[Path, list[Record]], dict[str, Any]]:
        shutil.rmtree(tmp_path / "journal", ignore_errors=True)
        return (tmp_path / "journal", records), {}

    benchmark.pedantic(write, setup=fresh, rounds=5, warmup_rounds=1)
    told(benchmark, capsys, "journal: write, synced every 800 records of 2 kB")


def test_read(benchmark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, trace_records())
    count = benchmark.pedantic(
        lambda: sum(1 for _ in read_records(tmp_path)), rounds=5, warmup_rounds=1
    )
    assert count == COUNT
    told(benchmark, capsys, "journal: read and check")


def test_recover(benchmark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "whole", trace_records())

    def torn() -> tuple[tuple[Path], dict[str, Any]]:
        shutil.rmtree(tmp_path / "torn", ignore_errors=True)
        path = Path(shutil.copytree(tmp_path / "whole", tmp_path / "torn")) / "journal-000.mcap"
        os.truncate(path, path.stat().st_size - 100)
        return (tmp_path / "torn",), {}

    report = benchmark.pedantic(recover, setup=torn, rounds=3)
    assert report.records == COUNT
    told(benchmark, capsys, "journal: recover a torn segment")


def test_sync(benchmark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Wall time of a sync each half second at 1.8 MB/s: 900 kB a time."""
    if benchmark.disabled:
        pytest.skip("real time; only with --benchmark-enable")
    data = os.urandom(RECORD_BYTES)
    times = []
    with JournalWriter(tmp_path) as journal:
        for number in range(100):
            for seq in range(440 * number, 440 * (number + 1)):
                journal.append(Record(seq, "gpr", "in", seq, seq, data))
            start = time.perf_counter()
            journal.sync()
            times.append(1e3 * (time.perf_counter() - start))
            time.sleep(0.05)
    benchmark.pedantic(lambda: None)
    times.sort()
    with capsys.disabled():
        print(
            f"\njournal: sync of 900 kB: median {statistics.median(times):.1f} ms, "
            f"90 % below {times[89]:.1f} ms, longest {times[-1]:.1f} ms"
        )


@pytest.mark.timeout(120)
def test_load(benchmark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """800 radar + 1000 magnetometer + 100 pose + 100 detector records a second."""
    if benchmark.disabled:
        pytest.skip("ten seconds; only with --benchmark-enable")
    with Recorder(tmp_path) as recorder:
        start_cpu, fill = time.process_time(), benchmark.pedantic(feed, args=(recorder,), rounds=1)
        cpu = time.process_time() - start_cpu
    assert recorder.durable_seq + 1 == sum(1 for _ in read_records(tmp_path))
    with capsys.disabled():
        print(
            f"\njournal: {recorder.durable_seq + 1} records in {LOAD_S:g} s: {cpu / LOAD_S:.1%} of "
            f"a core with the feeding, longest sync {1e3 * recorder.longest_sync_s:.0f} ms, "
            f"queue at most {fill:.2%} full, blocked {recorder.blocked_s:g} s, "
            f"{recorder.written_bytes / 1e6:.1f} MB"
        )


def feed(recorder: Recorder) -> float:
    """Put the records as they are due, in real time; return the fullest the queue was."""
    payloads = {name: os.urandom(size) for name, _, size in STREAMS}
    sent = dict.fromkeys(payloads, 0)
    start, fill = time.monotonic(), 0.0
    while (passed := time.monotonic() - start) < LOAD_S:
        for name, rate, _ in STREAMS:
            for _ in range(int(passed * rate) - sent[name]):
                now = time.monotonic_ns()
                recorder.put(name, "in", payloads[name], arrival_ns=now, utc_ns=time.time_ns())
                sent[name] += 1
        fill = max(fill, recorder.queue_fill)
        time.sleep(0.005)
    return fill
