"""The process of the virtual instruments: its faults in words, its end with the mission."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from flights import SCENARIO

from detectkit.core import UsageError
from detectkit.live.simulated import SimulatedInstruments


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "short.toml"
    path.write_text(SCENARIO)
    return path


def test_a_wrong_scenario_is_said_in_words(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(SCENARIO.replace('name = "short"', "name ="))
    with (
        pytest.raises(UsageError, match=r"wrong\.toml: not TOML") as caught,
        SimulatedInstruments(wrong),
    ):
        pass
    assert "Traceback" not in str(caught.value)


def test_the_instruments_live_through_the_terminals_interrupt_and_end_with_the_block(
    scenario: Path,
) -> None:
    with SimulatedInstruments(scenario) as simulated:
        process = simulated._process
        assert process is not None
        assert set(simulated.addresses) == {"gpr", "coil", "altimeter", "gnss", "autopilot"}
        assert os.getpgid(process.pid) != os.getpgid(0)
        assert process.poll() is None
    assert process.returncode == 0
    assert set(simulated.spoken) == set(simulated.addresses)


def test_instruments_that_break_off_are_said(scenario: Path) -> None:
    def break_off() -> None:
        with SimulatedInstruments(scenario) as simulated:
            assert simulated._process is not None
            simulated._process.send_signal(signal.SIGKILL)
            assert simulated.over.wait(20.0)
            time.sleep(0.05)

    with pytest.raises(UsageError, match="broke off"):
        break_off()
