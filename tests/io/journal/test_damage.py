"""Torn and damaged segments: what is read is right, what is lost is told, nothing is raised."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectkit.io.journal import Damage, JournalError, JournalWriter, Record, read_records, scan
from detectkit.io.journal.layout import CHUNK_HEAD
from detectkit.io.journal.walk import Segment

from .journals import chunks, read, record, records, write

COUNT = 240


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a journal of three segments, some eight chunks each."""
    folder = tmp_path_factory.mktemp("sound")
    assert len(write(folder, records(COUNT), segment_bytes=36_000, chunk_bytes=2500)) == 3
    return folder


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "copy"))


def put(path: Path, place: int, new: bytes, *, instead_of: int | None = None) -> None:
    """Put bytes into a file, in place of as many, or of `instead_of`."""
    data = path.read_bytes()
    end = place + (len(new) if instead_of is None else instead_of)
    path.write_bytes(data[:place] + new + data[end:])


def flip(path: Path, bit: int) -> None:
    put(path, bit // 8, bytes([path.read_bytes()[bit // 8] ^ (1 << bit % 8)]))


def assert_right(found: list[Record]) -> None:
    """Assert that every record is as it was put, in order, none twice."""
    numbers = [one.seq for one in found]
    assert numbers == sorted(set(numbers))
    assert found == [record(seq) for seq in numbers]


def per_chunk(path: Path) -> list[tuple[int, int, list[int]]]:
    """Return begin, end and record numbers of each chunk."""
    with path.open("rb", buffering=0) as file:
        pieces = [one for one in Segment(path, file).walk("") if not isinstance(one, Damage)]
    spans = list(chunks(path))
    assert len(spans) == len(pieces)
    return [
        (begin, end, [one.seq for one in piece.records])
        for (begin, end), piece in zip(spans, pieces, strict=True)
    ]


def test_truncation_at_every_byte_of_the_last_chunk_keeps_all_before(tmp_path: Path) -> None:
    (path,) = write(tmp_path, records(10), chunk_bytes=500)
    whole = path.read_bytes()
    *_, before, (_, end, numbers) = per_chunk(path)
    for size in range(before[1], len(whole)):
        path.write_bytes(whole[:size])
        found, (damage,) = read(tmp_path)
        assert found == records(10 if size >= end else numbers[0]), size
        assert damage.kind == "torn", size
        assert before[1] <= damage.offset
        assert damage.offset + damage.bytes == size


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_truncation_anywhere_keeps_whole_chunks(sound: Path, tmp_path: Path, data: Any) -> None:
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    last = max(tmp_path.glob("*.mcap"))
    whole = last.read_bytes()
    size = data.draw(st.integers(0, len(whole) - 1))
    spans = per_chunk(last)
    last.write_bytes(whole[:size])
    found, damages = read(tmp_path)
    lost = [seq for _, end, numbers in spans if end > size for seq in numbers]
    assert found == records(COUNT - len(lost))
    assert [one.kind for one in damages] == ["torn"]
    assert scan(tmp_path).segments[-1].torn_at == damages[0].offset


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_single_bit_of_a_file_may_flip(tmp_path: Path) -> None:
    taken = [record(seq, size=20) for seq in range(6)]
    (path,) = write(tmp_path, taken, chunk_bytes=500)
    spans = [(begin, end, set(numbers)) for begin, end, numbers in per_chunk(path)]
    for bit in range(8 * path.stat().st_size):
        flip(path, bit)
        found, damages = read(tmp_path)
        lost = {seq for begin, end, hit in spans if begin <= bit // 8 < end for seq in hit}
        numbers = {one.seq for one in found}
        assert found == [one for one in taken if one.seq in numbers], bit
        assert set(range(6)) - numbers <= lost, bit
        assert len(damages) == 1, bit
        flip(path, bit)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bits_lose_only_their_chunk_and_are_told(
    sound: Path, tmp_path: Path, data: Any
) -> None:
    """One bit costs at most one chunk; any flip is reported, wherever it is."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    path = data.draw(st.sampled_from(sorted(tmp_path.glob("*.mcap"))))
    spans = per_chunk(path)
    place = data.draw(st.integers(0, path.stat().st_size * 8 - 1))
    flip(path, place)
    found, damages = read(tmp_path)
    assert_right(found)
    hit = [set(numbers) for begin, end, numbers in spans if begin <= place // 8 < end]
    lost = set(range(COUNT)) - {one.seq for one in found}
    assert lost in (set(), *hit)
    assert len(damages) == 1
    assert damages[0].path == path
    if lost:
        assert damages[0].kind == "damaged"


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, 2), st.integers(0, 38_000), st.binary(max_size=300), st.integers(0, 300)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_damage_gives_right_records_and_never_raises(
    sound: Path, tmp_path: Path, edits: list[tuple[int, int, bytes, int]]
) -> None:
    """Bytes replaced, put in and taken out anywhere."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    paths = sorted(tmp_path.glob("*.mcap"))
    for number, place, put_in, taken_out in edits:
        put(paths[number], place, put_in, instead_of=taken_out)
    found, _ = read(tmp_path)
    assert_right(found)
    report = scan(tmp_path)
    assert report.records == len(found)


@settings(max_examples=100)
@given(data=st.binary(max_size=2000))
def test_any_file_of_that_name_is_read_without_raising(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "journal-000.mcap").write_bytes(data)
    found, damages = read(folder)
    assert found == []
    assert [one.kind for one in damages] == ["torn"]


def test_an_empty_file_is_torn_at_its_first_byte(copy: Path) -> None:
    """What a power cut leaves of a file that was never synced."""
    last = max(copy.glob("*.mcap"))
    first = per_chunk(last)[0][2][0]
    last.write_bytes(b"")
    found, damages = read(copy)
    assert found == records(first)
    assert [(one.offset, one.bytes, one.kind) for one in damages] == [(0, 0, "torn")]


def test_zeros_at_the_end_are_torn(copy: Path) -> None:
    """Some file systems extend a file before its bytes are there."""
    last = max(copy.glob("*.mcap"))
    begin, _, numbers = per_chunk(last)[-1]
    put(last, begin, bytes(last.stat().st_size - begin))
    found, damages = read(copy)
    assert found == records(numbers[0])
    assert damages[0].kind == "torn"


def test_a_damaged_length_does_not_hide_the_chunks_behind_it(copy: Path) -> None:
    """The length is changed so that it ends exactly where the next but one chunk begins."""
    path = min(copy.glob("*.mcap"))
    spans = per_chunk(path)
    begin, jump = spans[2][0], spans[4][0]
    length = (jump - begin - 9).to_bytes(8, "little")
    put(path, begin + 1, length)
    found, (damage,) = read(copy)
    assert {one.seq for one in found} == set(range(COUNT)) - set(spans[2][2])
    assert damage.kind == "damaged"
    assert damage.offset <= begin < damage.offset + damage.bytes
    assert scan(copy).gaps == ((spans[2][2][0], spans[2][2][-1]),)


def test_a_chunk_that_became_an_index_by_one_bit_is_told(copy: Path) -> None:
    path = min(copy.glob("*.mcap"))
    begin = per_chunk(path)[3][0]
    put(path, begin, b"\x07")
    _, (damage,) = read(copy)
    assert damage.kind == "damaged"


def test_damaged_indexes_lose_no_record(copy: Path) -> None:
    path = min(copy.glob("*.mcap"))
    end = per_chunk(path)[3][1]
    flip(path, 8 * (end + 20))
    found, (damage,) = read(copy)
    assert found == records(COUNT)
    assert damage.kind == "index"
    assert not scan(copy).complete


def test_damaged_starts_of_all_files_still_give_the_records(copy: Path) -> None:
    """Nothing but the chunks says which journal it is."""
    for path in copy.glob("*.mcap"):
        put(path, 0, bytes(60))
    found, damages = read(copy)
    assert found == records(COUNT)
    assert len(damages) == 3


def test_a_journal_inside_a_record_is_not_taken_for_this_one(sound: Path, tmp_path: Path) -> None:
    """A torn chunk whose payload is another journal's file: its chunks are sound, but not ours."""
    foreign = min(sound.glob("*.mcap")).read_bytes()
    carrier = Record(0, "x", "in", 0, 0, foreign)
    (path,) = write(tmp_path, [carrier])
    assert read(tmp_path) == ([carrier], [])
    (begin, _) = next(chunks(path))
    put(path, begin + CHUNK_HEAD.size + 5, b"?")
    found, (damage,) = read(tmp_path)
    assert found == []
    assert damage.kind == "damaged"


def test_a_segment_of_another_journal_is_left_out_and_told(copy: Path, tmp_path: Path) -> None:
    (other,) = write(tmp_path / "other", records(COUNT + 20))
    shutil.copy(other, copy / "journal-003.mcap")
    found, damages = read(copy)
    assert found == records(COUNT)
    assert {one.path.name for one in damages} == {"journal-003.mcap"}


def test_a_segment_that_is_there_twice_is_left_out_and_told(copy: Path) -> None:
    shutil.copy(copy / "journal-001.mcap", copy / "journal-003.mcap")
    found, damages = read(copy)
    assert found == records(COUNT)
    assert {one.kind for one in damages} == {"repeated"}
    assert "is left out" in str(damages[0])


def test_a_segment_that_cannot_be_opened_is_named(copy: Path) -> None:
    (copy / "journal-001.mcap").unlink()
    (copy / "journal-001.mcap").mkdir()
    with pytest.raises(JournalError, match=r"journal-001.mcap: cannot be opened"):
        read(copy)


def test_a_missing_segment_is_a_gap(copy: Path) -> None:
    (copy / "journal-001.mcap").unlink()
    report = scan(copy)
    ((first, last),) = report.gaps
    assert report.records == COUNT - (last - first + 1)
    assert_right(list(read_records(copy)))


def test_a_bad_sector_costs_its_chunk_only(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk raises EIO for one block; the rest of the file is read around it."""
    path = min(copy.glob("*.mcap"))
    bad = range(8192, 12_288)
    hit = {seq for begin, end, numbers in per_chunk(path) for seq in numbers
           if begin < bad.stop and end > bad.start}  # fmt: skip
    plain = Segment._read

    def failing(self: Segment, offset: int, length: int) -> bytes:
        if self.path == path and offset < bad.stop and offset + length > bad.start:
            raise OSError(errno.EIO, "Input/output error")
        return plain(self, offset, length)

    monkeypatch.setattr(Segment, "_read", failing)
    found, damages = read(copy)
    assert_right(found)
    assert {one.seq for one in found} == set(range(COUNT)) - hit
    assert [one.kind for one in damages] == ["damaged"]


def test_a_journal_that_is_being_written_can_be_read(tmp_path: Path) -> None:
    with JournalWriter(tmp_path) as journal:
        for one in records(30):
            journal.append(one)
        journal.sync()
        found, damages = read(tmp_path)
    assert found == records(30)
    assert [(one.kind, one.bytes) for one in damages] == [("torn", 0)]
