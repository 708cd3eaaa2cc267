"""A disk that fills: recording stops, says so, and what was acknowledged is there."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from detectkit.io.journal import JournalError, Recorder, recover

from .journals import read, record

LIMITED = """
import itertools, resource, sys
from pathlib import Path
from detectkit.io.journal import JournalError, Recorder
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
reasons = []
recorder = Recorder(Path(sys.argv[1]), sync_s=0.01, on_stop=reasons.append)
recorder.start()
try:
    for seq in itertools.count():
        recorder.put("gpr", "in", seq.to_bytes(4, "little") * 500, arrival_ns=seq, utc_ns=seq)
except JournalError as error:
    recorder.close()
    print(error)
print(reasons[0])
print(recorder.state, recorder.durable_seq)
"""


def fill(recorder: Recorder) -> None:
    recorder.start()
    with pytest.raises(JournalError, match="nothing is recorded"):
        put_without_end(recorder)
    recorder.close()


def put_without_end(recorder: Recorder) -> None:
    for seq in range(100_000):
        one = record(seq, size=2048)
        recorder.put(one.source, one.kind, one.data, arrival_ns=one.arrival_ns, utc_ns=one.utc_ns)


def check(folder: Path, recorder: Recorder) -> None:
    found, damages = read(folder)
    assert len(found) > recorder.durable_seq
    assert found == [record(seq, size=2048) for seq in range(len(found))]
    assert [one.kind for one in damages] == ["torn"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return the root of a disk of 1 MiB, where the test may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "detectkit-test", str(place)]
    if not shutil.which("mount") or subprocess.run(command, check=False).returncode:
        pytest.skip("mounting a small tmpfs is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_runs_full_stops_the_recorder(small_disk: Path) -> None:
    reasons: list[str] = []
    folder = small_disk / "journal"
    recorder = Recorder(folder, sync_s=0.005, minimum_free_bytes=0, on_stop=reasons.append)
    fill(recorder)
    assert recorder.state == "stopped"
    assert "No space left on device" in reasons[0]
    assert recorder.durable_seq > 100
    check(folder, recorder)
    with pytest.raises(JournalError, match="no record is lost by it: make room"):
        recover(folder)
    check(folder, recorder)
    assert not list(folder.glob(".*"))
    count = len(read(folder)[0])
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert recover(folder).complete
    assert len(read(folder)[0]) == count


def test_the_space_that_must_stay_free_is_kept(small_disk: Path) -> None:
    """Recording ends before the disk is full, with the file complete."""
    recorder = Recorder(small_disk / "journal", sync_s=0.001, minimum_free_bytes=1 << 19,
                        queue_bytes=20_000)  # fmt: skip
    fill(recorder)
    assert "are free on the disk" in recorder.reason
    found, damages = read(small_disk / "journal")
    assert damages == []
    assert len(found) == recorder.durable_seq + 1 > 100


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit of file size")
def test_a_write_that_the_system_cuts_short_stops_the_recorder(tmp_path: Path) -> None:
    """Without root: a process whose files cannot grow beyond 300 kB."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    refused, reason, end = done.stdout.splitlines()
    assert "nothing is recorded" in refused
    assert "File too large" in reason
    state, durable = end.split()
    assert state == "stopped"
    found, (damage,) = read(tmp_path)
    assert len(found) > int(durable) > 50
    assert [one.data[:4] for one in found] == [n.to_bytes(4, "little") for n in range(len(found))]
    assert damage.kind == "torn"


class FullFile:
    """A file on a disk with room for so many bytes."""

    def __init__(self, file: BinaryIO, room: list[int]) -> None:
        self._file, self._room = file, room
        self.fileno, self.close = file.fileno, file.close

    def write(self, data: bytes) -> int:
        if not self._room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._file.write(data[: self._room[0]])
        self._room[0] -= written
        return written


@pytest.mark.parametrize("room", [1000, 5000, 9999, 10_200, 20_300, 35_000, 40_001])
def test_wherever_the_room_ends_what_was_acknowledged_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """In a chunk, in an index, in a summary, in the start of the next file."""
    left, plain = [room], Path.open

    def opened(path: Path, mode: str = "r", *rest: Any, **settings: Any) -> Any:
        file = plain(path, mode, *rest, **settings)
        return FullFile(file, left) if "x" in mode else file

    monkeypatch.setattr(Path, "open", opened)
    recorder = Recorder(tmp_path, sync_s=0.001, segment_bytes=10_000, queue_bytes=3000)
    fill(recorder)
    monkeypatch.undo()
    found, _ = read(tmp_path)
    assert len(found) > recorder.durable_seq
    assert found == [record(seq, size=2048) for seq in range(len(found))]
    assert recover(tmp_path).complete
    assert read(tmp_path) == (found, [])


def test_a_journal_that_cannot_be_begun_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Path.open

    def opened(path: Path, mode: str = "r", *rest: Any, **settings: Any) -> Any:
        file = plain(path, mode, *rest, **settings)
        return FullFile(file, [10]) if "x" in mode else file

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(JournalError, match="cannot begin a journal"):
        Recorder(tmp_path).start()
