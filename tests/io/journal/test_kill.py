"""kill -9 at random moments under load: every acknowledged record comes back as it was put."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mcap.reader import make_reader

from detectkit.io.journal import recover, scan

from .journals import read, record
from .recording_process import RECORD_BYTES

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = "tests.io.journal.recording_process"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")


def killed_after(folder: Path, seconds: float) -> int:
    """Record into `folder`, kill so long after the first acknowledged record; return the last."""
    command = [sys.executable, "-m", PROGRAM, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 0:
            pass
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        told = process.stdout.read().split("\n")[:-1]  # the last one may be half a number
    return max(map(int, told), default=0)


def check(folder: Path, acknowledged: int) -> None:
    found, damages = read(folder)
    assert len(found) > acknowledged
    assert found == [record(seq, size=RECORD_BYTES) for seq in range(len(found))]
    *before, last = scan(folder).segments
    assert all(one.complete for one in before)
    between_two_files = last.complete
    assert [one.kind for one in damages] == ([] if between_two_files else ["torn"])
    after = recover(folder)
    assert after.complete
    assert after.rewritten == (() if between_two_files else (last.path,))
    assert read(folder) == (found, [])
    with last.path.open("rb") as file:
        assert sum(1 for _ in make_reader(file, validate_crcs=True).iter_messages()) == last.records


@pytest.mark.parametrize("seed", range(5))
def test_acknowledged_records_survive_a_kill(tmp_path: Path, seed: int) -> None:
    check(tmp_path, killed_after(tmp_path, random.Random(seed).uniform(0.0, 0.5)))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_acknowledged_records_survive_fifty_kills(tmp_path: Path) -> None:
    chance = random.Random(50)
    for run in range(50):
        folder = tmp_path / str(run)
        check(folder, killed_after(folder, chance.uniform(0.0, 1.5)))
