"""What the disk holds when the power goes: only what was synced, names included.

The model: of each file only the bytes of its last fsync are there; a file whose folder was not
synced since it was made is not there at all.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from detectkit.io.journal import JournalWriter, recover

from .journals import read, record, records


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
