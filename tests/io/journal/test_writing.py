"""A journal gives back what was put into it, and every MCAP reader can read a finished one."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.stream_reader import StreamReader

from detectkit.core import FormatError, UsageError
from detectkit.io.journal import JournalError, JournalWriter, Record, read_records, scan
from detectkit.io.journal.layout import identity

from .journals import UTC_NS, payload, read, record, records, write

TIMES_NS = st.integers(0, 2**63 - 1)
SOURCES = st.text(max_size=12).filter(str.isprintable)
ANY_RECORD = st.builds(
    Record,
    seq=st.just(0),
    source=SOURCES,
    kind=st.sampled_from(["in", "out", "event", "clock"]),
    arrival_ns=TIMES_NS,
    utc_ns=TIMES_NS,
    data=st.binary(max_size=400),
)


@settings(max_examples=60)
@given(
    taken=st.lists(ANY_RECORD, max_size=20),
    chunk_bytes=st.sampled_from([1, 200, 65536]),
    segment_bytes=st.sampled_from([1, 900, 1 << 28]),
)
def test_what_is_written_is_read(taken: list[Record], chunk_bytes: int, segment_bytes: int) -> None:
    taken = [replace(one, seq=seq) for seq, one in enumerate(taken)]
    with TemporaryDirectory() as name:
        folder = Path(name) / "journal"
        write(folder, taken, chunk_bytes=chunk_bytes, segment_bytes=segment_bytes)
        assert read(folder) == (taken, [])
        assert scan(folder).complete


def test_the_indexed_reader_of_mcap_reads_a_finished_segment(tmp_path: Path) -> None:
    (path,) = write(tmp_path, records(600), chunk_bytes=8192)
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        assert summary is not None
        assert summary.statistics is not None
        assert summary.statistics.message_count == 600
        assert summary.statistics.message_start_time == UTC_NS
        assert summary.statistics.message_end_time == UTC_NS + 599
        assert summary.statistics.chunk_count == len(summary.chunk_indexes) > 10
        assert {one.topic for one in summary.channels.values()} == {
            "gpr/in", "gpr/out", "magnetometer/in", "/event", "/clock",
        }  # fmt: skip
        seen = [
            (message.sequence, channel.topic, message.publish_time, message.log_time, message.data)
            for _, channel, message in reader.iter_messages()
        ]
    assert seen == [
        (one.seq, f"{one.source}/{one.kind}", one.arrival_ns, one.utc_ns, one.data)
        for one in records(600)
    ]


def test_the_indexed_reader_of_mcap_finds_one_topic_and_a_span(tmp_path: Path) -> None:
    (path,) = write(tmp_path, records(600), chunk_bytes=8192)
    span: dict[str, Any] = {"starting_at": UTC_NS + 100, "ending_before": UTC_NS + 200}
    with path.open("rb") as file:
        found = [m.sequence for _, _, m in make_reader(file).iter_messages(["gpr/out"], **span)]
    assert found == [seq for seq in range(100, 200) if seq % 6 == 3]


def test_all_checksums_and_indexes_are_as_mcap_computes_them(tmp_path: Path) -> None:
    """StreamReader checks each chunk and the data; the indexes must point at their messages."""
    (path,) = write(tmp_path, records(300), chunk_bytes=4096)
    data = path.read_bytes()
    with path.open("rb") as file:
        seen = list(StreamReader(file, validate_crcs=True).records)
    assert sum(type(one).__name__ == "Message" for one in seen) == 300
    starts = iter(
        one.chunk_start_offset + 9 + 40 for one in seen if type(one).__name__ == "ChunkIndex"
    )
    start = next(starts)
    last_channel, checked = 0, 0
    for one in seen:
        if type(one).__name__ != "MessageIndex":
            continue
        if one.records[0][1] < last_channel:  # the first index of the next chunk
            start = next(starts)
        last_channel = one.records[0][1]
        for time_ns, offset in one.records:
            message = data[start + offset :]
            assert message[0] == 5
            assert int.from_bytes(message[9:11], "little") == one.channel_id
            assert int.from_bytes(message[15:23], "little") == time_ns
            checked += 1
    assert checked == 300


def test_chunks_keep_to_their_size_but_for_a_larger_record(tmp_path: Path) -> None:
    taken = [record(0, size=100), record(1, size=200_000), record(2, size=100)]
    (path,) = write(tmp_path, taken, chunk_bytes=1000)
    with path.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    sizes = [one.uncompressed_size for one in summary.chunk_indexes]
    assert [size < 1000 for size in sizes] == [True, False, True]
    assert read(tmp_path) == (taken, [])


def test_a_chunk_is_never_larger_than_its_bound(tmp_path: Path) -> None:
    (path,) = write(tmp_path, records(800), chunk_bytes=2000)
    with path.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    assert max(one.uncompressed_size for one in summary.chunk_indexes) <= 2000


def test_segments_roll_by_size(tmp_path: Path) -> None:
    paths = write(tmp_path, records(400), segment_bytes=20_000, chunk_bytes=2000)
    assert [path.name for path in paths[:2]] == ["journal-000.mcap", "journal-001.mcap"]
    assert len(paths) > 4
    assert all(path.stat().st_size < 20_000 + 6000 for path in paths)
    assert read(tmp_path) == (records(400), [])


def test_segments_roll_by_arrival_time(tmp_path: Path) -> None:
    """Records come every millisecond: 400 of them in segments of 100 ms."""
    paths = write(tmp_path, records(400), segment_s=0.1)
    assert len(paths) == 4
    assert [one.records for one in scan(tmp_path).segments] == [100, 100, 100, 100]


def test_more_than_a_thousand_segments_keep_their_order(tmp_path: Path) -> None:
    paths = write(tmp_path, records(60), segment_bytes=4000, chunk_bytes=500)
    for number, path in reversed(list(enumerate(paths))):
        path.rename(tmp_path / f"journal-{996 + number:03d}.mcap")
    assert (tmp_path / "journal-1001.mcap").is_file()
    assert read(tmp_path) == (records(60), [])


def test_durable_seq_follows_sync_only(tmp_path: Path) -> None:
    journal = JournalWriter(tmp_path, chunk_bytes=500)
    for one in records(50):
        journal.append(one)
    assert journal.durable_seq == -1
    journal.sync()
    assert journal.durable_seq == 49
    assert read(tmp_path)[0] == records(50)
    journal.append(record(50))
    assert journal.durable_seq == 49
    journal.close()
    assert journal.durable_seq == 50
    assert journal.written_bytes == (tmp_path / "journal-000.mcap").stat().st_size


def test_the_report_counts_per_source_and_kind(tmp_path: Path) -> None:
    write(tmp_path, records(60), segment_bytes=4000)
    report = scan(tmp_path)
    assert report.records == 60
    assert report.last_seq == 59
    gpr = report.channels[0]
    mine = [one for one in records(60) if (one.source, one.kind) == ("gpr", "in")]
    assert (gpr.source, gpr.kind, gpr.records) == ("gpr", "in", 20)
    assert gpr.bytes == sum(len(one.data) for one in mine)
    assert (gpr.first_arrival_ns, gpr.last_arrival_ns) == (
        mine[0].arrival_ns, mine[-1].arrival_ns,
    )  # fmt: skip


def test_missing_numbers_are_gaps(tmp_path: Path) -> None:
    write(tmp_path, [record(2), record(3), record(7)])
    report = scan(tmp_path)
    assert report.gaps == ((0, 1), (4, 6))
    assert not report.complete
    assert all(one.complete for one in report.segments)


def test_a_folder_with_a_journal_is_not_written_again(tmp_path: Path) -> None:
    write(tmp_path, records(3))
    with pytest.raises(JournalError, match="holds a journal already"):
        JournalWriter(tmp_path)
    assert read(tmp_path) == (records(3), [])


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_one_folder_has_one_recorder(tmp_path: Path) -> None:
    with JournalWriter(tmp_path), pytest.raises(JournalError, match="at work there"):
        JournalWriter(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match=r"file.*choose another folder"):
        JournalWriter(tmp_path / "file" / "journal")


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    journal = JournalWriter(tmp_path)
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="it is closed"):
        journal.append(record(0))


def test_numbers_must_rise(tmp_path: Path) -> None:
    with JournalWriter(tmp_path) as journal:
        journal.append(record(3))
        with pytest.raises(UsageError, match="must rise"):
            journal.append(record(3))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", -1),
        ("seq", 2**32),
        ("kind", "stuff"),
        ("utc_ns", -1),
        ("arrival_ns", 2**63),
        ("source", "a\nb"),
        ("source", "\ud800"),
        ("source", "x" * 201),
        ("data", bytes((64 << 20) + 1)),
    ],
)
def test_a_record_that_no_journal_can_hold_is_refused(field: str, value: object) -> None:
    with pytest.raises(UsageError):
        replace(record(0), **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", ["segment_bytes", "segment_s", "chunk_bytes"])
def test_sizes_must_be_positive(tmp_path: Path, setting: str) -> None:
    with pytest.raises(UsageError, match=setting):
        write(tmp_path, [], **{setting: 0})


def test_the_last_number_a_journal_can_hold(tmp_path: Path) -> None:
    write(tmp_path, [record(2**32 - 1)])
    assert read(tmp_path) == ([record(2**32 - 1)], [])


def test_a_folder_without_a_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no journal there"):
        list(read_records(tmp_path))
    with pytest.raises(JournalError, match="no such folder"):
        list(read_records(tmp_path / "absent"))


def test_a_later_layout_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectkit.io.journal.layout.LAYOUT_VERSION", "2")
    assert b"2" in identity("x", 0)
    write(tmp_path, records(2))
    monkeypatch.undo()
    with pytest.raises(FormatError, match="layout 2"):
        list(read_records(tmp_path))


def test_memory_stays_bounded_while_writing_and_reading(tmp_path: Path) -> None:
    data = payload(0, 2048)
    tracemalloc.start()
    with JournalWriter(tmp_path) as journal:
        for seq in range(12_000):  # 25 MB
            journal.append(Record(seq, "gpr", "in", seq, seq, data))
    assert sum(1 for _ in read_records(tmp_path)) == 12_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


def test_the_journal_needs_no_package_but_the_base() -> None:
    code = (
        "import sys, detectkit.io.journal; "
        "print({'mcap', 'lz4', 'zstandard', 'h5py', 'numba'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
