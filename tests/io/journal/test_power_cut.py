"""What the disk holds when the power goes: only what was synced, names included.

The model: of each file only the bytes of its last fsync are there; a file whose folder was not
synced since it was made is not there at all.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from detectkit.io.journal import JournalWriter, recover

from .journals import read, record, records
from .recording_process import RECORD_BYTES
from .test_kill import PROGRAM, ROOT


class Disk:
    """Notes what each fsync makes durable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: set[str] = set()
        self._sizes: dict[int, int] = {}
        self._fsync = os.fsync

    def fsync(self, handle: int) -> None:
        self._fsync(handle)
        status = os.fstat(handle)
        if not stat.S_ISDIR(status.st_mode):
            self._sizes[status.st_ino] = status.st_size
        elif status.st_ino == self._folder.stat().st_ino:
            self._names = {path.name for path in self._folder.iterdir()}

    def after_power_cut(self, copy: Path) -> Path:
        copy.mkdir()
        for name in self._names:
            path = self._folder / name
            size = self._sizes.get(path.stat().st_ino, 0)
            (copy / name).write_bytes(path.read_bytes()[:size])
        return copy


@pytest.mark.skipif(os.name != "posix", reason="folders are synced on POSIX systems only")
def test_every_acknowledged_record_survives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut after every record and every sync, across several files."""
    folder = tmp_path / "journal"
    folder.mkdir()
    disk = Disk(folder)
    monkeypatch.setattr(os, "fsync", disk.fsync)
    files = set()
    with JournalWriter(folder, segment_bytes=8000, chunk_bytes=900) as journal:
        for seq in range(90):
            journal.append(record(seq))
            if seq % 7 == 3:
                journal.sync()
                assert journal.durable_seq == seq
            left = disk.after_power_cut(tmp_path / str(seq))
            files.add(len(list(left.iterdir())))
            found, _ = read(left)
            assert found == records(journal.durable_seq + 1)
            assert recover(left).complete
            assert read(left)[0] == found
    assert max(files) >= 3


def run(*command: object) -> int:
    return subprocess.run([*map(str, command)], check=False, capture_output=True).returncode


@pytest.fixture
def disk_image(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Return an ext4 file system in a file, and where it is mounted."""
    image, place = tmp_path / "disk", tmp_path / "mounted"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(96 << 20)
    if not shutil.which("mkfs.ext4") or run("mkfs.ext4", "-q", image):
        pytest.skip("there is no mkfs.ext4")
    if run("mount", "-o", "loop", image, place):
        pytest.skip("mounting a disk image is not permitted here")
    yield image, place
    run("umount", place)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.5, 1.2, 2.3])
def test_a_file_system_that_lost_its_power_has_every_acknowledged_record(
    disk_image: tuple[Path, Path], tmp_path: Path, seconds: float
) -> None:
    """The image is copied while the process stands still: what only the cache has is not in it."""
    image, place = disk_image
    told = tmp_path / "told"
    with told.open("w") as output, recording(place / "journal", output) as process:
        until = time.monotonic() + 60.0
        while not (acknowledged(told) >= 0 or time.monotonic() > until):
            time.sleep(0.01)
        time.sleep(seconds)
        process.send_signal(signal.SIGSTOP)
        last = acknowledged(told)
        shutil.copy(image, tmp_path / "copy")
        process.kill()
    (tmp_path / "again").mkdir()
    assert run("mount", "-o", "loop", tmp_path / "copy", tmp_path / "again") == 0
    try:
        found, _ = read(tmp_path / "again" / "journal")
        assert len(found) > last > 100
        assert found == [record(seq, size=RECORD_BYTES) for seq in range(len(found))]
        assert recover(tmp_path / "again" / "journal").complete
    finally:
        run("umount", tmp_path / "again")


def acknowledged(told: Path) -> int:
    return max((int(line) for line in told.read_text().split("\n")[:-1]), default=-1)


def recording(folder: Path, output: TextIO) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", PROGRAM, str(folder)]
    return subprocess.Popen(command, stdout=output, text=True, cwd=ROOT)
