"""Recovery completes what is broken, keeps every original, and can be cut off anywhere."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader

from detectkit.io.journal import JournalError, JournalWriter, recover, scan
from detectkit.io.journal.segment import SegmentWriter

from .journals import chunks, read, records, write

COUNT = 150


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    assert len(write(folder, records(COUNT), segment_bytes=22_000, chunk_bytes=2000)) == 3
    return folder


@pytest.fixture
def torn(sound: Path, tmp_path: Path) -> Path:
    """Return a journal whose last segment lost its second half."""
    folder = Path(shutil.copytree(sound, tmp_path / "torn"))
    last = folder / "journal-002.mcap"
    os.truncate(last, last.stat().st_size // 2)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_torn_segment_is_completed_and_its_original_kept(torn: Path) -> None:
    original = (torn / "journal-002.mcap").read_bytes()
    found, _ = read(torn)
    report = recover(torn)
    assert report.complete
    assert [path.name for path in report.rewritten] == ["journal-002.mcap"]
    assert (torn / "journal-002.mcap.torn").read_bytes() == original
    assert read(torn) == (found, [])
    with (torn / "journal-002.mcap").open("rb") as file:
        seen = [message.sequence for _, _, message in make_reader(file).iter_messages()]
    assert seen == [one.seq for one in found][-len(seen) :]


def test_recovering_again_changes_nothing(torn: Path) -> None:
    recover(torn)
    before = contents(torn)
    report = recover(torn)
    assert report.rewritten == ()
    assert contents(torn) == before


def test_a_sound_journal_is_not_touched(sound: Path) -> None:
    before = contents(sound)
    assert recover(sound).rewritten == ()
    assert contents(sound) == before


def test_a_damaged_chunk_leaves_a_gap_in_a_sound_file(sound: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sound, tmp_path / "copy"))
    path = folder / "journal-001.mcap"
    begin, _ = list(chunks(path))[2]
    data = bytearray(path.read_bytes())
    data[begin + 200] ^= 1
    path.write_bytes(data)
    found, _ = read(folder)
    assert len(found) < COUNT
    report = recover(folder)
    assert all(one.complete for one in report.segments)
    assert len(report.gaps) == 1
    assert read(folder) == (found, [])


def test_a_second_damage_keeps_the_first_original(torn: Path) -> None:
    recover(torn)
    place = torn / "journal-002.mcap"
    os.truncate(place, place.stat().st_size - 1)
    recover(torn)
    names = sorted(path.name for path in torn.glob("*.torn*"))
    assert names == ["journal-002.mcap.torn", "journal-002.mcap.torn-2"]
    assert scan(torn).complete


def test_an_empty_segment_is_completed(sound: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sound, tmp_path / "copy"))
    (folder / "journal-003.mcap").write_bytes(b"")
    assert recover(folder).complete
    assert (folder / "journal-003.mcap.torn").read_bytes() == b""
    assert read(folder) == (records(COUNT), [])


def test_a_journal_of_one_empty_file_is_completed(tmp_path: Path) -> None:
    (tmp_path / "journal-000.mcap").write_bytes(b"")
    report = recover(tmp_path)
    assert report.complete
    assert report.records == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_recovered_with_all_that_can_be_read(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    shutil.copytree(sound, folder, dirs_exist_ok=True)
    for path in sorted(folder.glob("*.mcap")):
        size = path.stat().st_size
        if data.draw(st.booleans()):
            place = data.draw(st.integers(0, size))
            new = data.draw(st.binary(max_size=50))
            whole = path.read_bytes()
            path.write_bytes(whole[:place] + new + whole[place + data.draw(st.integers(0, 50)) :])
        if data.draw(st.booleans()):
            os.truncate(path, data.draw(st.integers(0, size)))
    damaged = contents(folder)
    found, _ = read(folder)
    report = recover(folder)
    assert all(one.complete for one in report.segments)
    assert read(folder) == (found, [])
    after = contents(folder)
    for path in report.rewritten:
        assert after[f"{path.name}.torn"] == damaged[path.name]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_recovery_that_is_cut_off_can_be_repeated(
    torn: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The power goes before the first rename, between the two, or after the second."""
    found, _ = read(torn)
    calls, plain = [0], Path.rename

    class PowerCutError(Exception):
        pass

    def rename(path: Path, target: Path) -> Path:
        calls[0] += 1
        if calls[0] == step:
            raise PowerCutError
        return plain(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    if step < 3:
        with pytest.raises(PowerCutError):
            recover(torn)
    else:
        recover(torn)
    monkeypatch.undo()
    assert read(torn)[0] == found
    assert recover(torn).complete
    assert read(torn) == (found, [])
    assert (torn / "journal-002.mcap.torn").is_file()
    assert not list(torn.glob(".*"))


def test_a_journal_that_is_being_recorded_is_left_alone(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with JournalWriter(tmp_path) as journal:
        for one in records(20):
            journal.append(one)
        journal.sync()
        before = contents(tmp_path)
        with pytest.raises(JournalError, match="at work there"):
            recover(tmp_path)
        assert contents(tmp_path) == before
    assert recover(tmp_path).complete


def test_a_file_that_reads_back_wrong_does_not_replace_anything(
    torn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(torn)
    plain = SegmentWriter.finish

    def finish(writer: SegmentWriter) -> None:
        plain(writer)
        os.truncate(writer.path, writer.size - 100)

    monkeypatch.setattr(SegmentWriter, "finish", finish)
    with pytest.raises(JournalError, match="cannot be read back"):
        recover(torn)
    assert contents(torn) == before


def test_a_folder_without_a_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no journal there"):
        recover(tmp_path)
    with pytest.raises(JournalError, match="no such folder"):
        recover(tmp_path / "absent")
