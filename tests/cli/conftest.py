"""The command as a function: what it answers, what it says, how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import detectkit_sim_data
from detectkit.cli import main


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def detectkit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Return the command; it runs in this process, as the installed script does."""

    def run(*words: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["detectkit", *map(str, words)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        return Outcome(code, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def demo_line() -> Path:
    return detectkit_sim_data.path("demo_line.h5")


@pytest.fixture
def cut_short(tmp_path: Path) -> Path:
    """Return a MALA recording whose last trace is not whole: read with a warning."""
    words = {
        "SAMPLES": 64,
        "FREQUENCY": 10_000.0,
        "ANTENNAS": "800 MHz",
        "ANTENNA SEPARATION": 0.14,
        "DISTANCE FLAG": 1,
        "DISTANCE INTERVAL": 0.02,
        "TIMEWINDOW": 6.4,
        "LAST TRACE": 80,
    }
    text = "".join(f"{name}:{value}\r\n" for name, value in words.items())
    (tmp_path / "cut.rad").write_text(text, encoding="ascii")
    data = np.random.default_rng(4).integers(-900, 900, (80, 64)).astype("<i2")
    (tmp_path / "cut.rd3").write_bytes(data.tobytes()[:-50])
    return tmp_path / "cut.rd3"
