"""The folder of a journal: names of its segments, its lock, and making names durable."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from detectkit.io.journal.record import JournalError

NAME = re.compile(r"journal-(\d{3,9})\.mcap(?:\.torn(?:-\d+)?)?")


def segment_path(folder: Path, number: int) -> Path:
    """Return where segment `number` lies."""
    return folder / f"journal-{number:03d}.mcap"


def segments(folder: Path) -> list[Path]:
    """Return the segments in order.

    Where a recovery was cut off between its two renames, a segment has only its ``.torn``
    original; that one is taken, the newest of several.
    """
    if not folder.is_dir():
        msg = f"{folder}: no such folder; name the folder that holds journal-000.mcap"
        raise JournalError(msg)
    chosen: dict[int, Path] = {}
    for path in sorted(folder.iterdir(), key=_age):
        if NAME.fullmatch(path.name):
            chosen[segment_number(path)] = path
    return [chosen[number] for number in sorted(chosen)]


def segment_number(path: Path) -> int:
    """Return the number in the name of a segment or of a recovery's original."""
    match = NAME.fullmatch(path.name)
    if match is None:
        msg = f"{path}: not the name of a segment, journal-000.mcap"
        raise JournalError(msg)
    return int(match.group(1))


def free_torn_path(place: Path) -> Path:
    """Return a name for a broken original that is not taken."""
    names = (f"{place.name}.torn{f'-{number}' if number > 1 else ''}" for number in count(1))
    return next(path for name in names if not (path := place.with_name(name)).exists())


def _age(path: Path) -> tuple[bool, int, str]:
    """Order originals of recoveries by age; the segment itself comes last."""
    return path.suffix == ".mcap", len(path.name), path.name


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a recorder and a recovery from working in one folder at once.

    The lock is advisory (flock) and goes with its process, however that ends. Where the system
    or the file system has none, there is no protection.
    """
    handle = lock(folder)
    try:
        yield
    finally:
        unlock(handle)


def lock(folder: Path) -> int | None:
    """Take the folder's lock; JournalError when another holds it."""
    try:
        import fcntl
    except ImportError:
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        msg = f"{folder}: a recorder or a recovery is at work there; wait until it has ended"
        raise JournalError(msg) from error
    except OSError:  # a file system without locks
        os.close(handle)
        return None
    return handle


def unlock(handle: int | None) -> None:
    """Give the folder's lock back."""
    if handle is not None:
        os.close(handle)
