"""Interrupts: one lands, a second one leaves a whole journal and says what is left to do."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fields import WITHIN_S, Field

from detectkit.io import open_recording

MISSING = """
name = "missing"
[[instrument]]
id = "gpr"
driver = "zgpr"
connect = "tcp://127.0.0.1:1"
[[instrument]]
id = "coil"
driver = "coil"
connect = "serial:/dev/none"
[record]
minimum_free_bytes = 0
"""


def started(field: Field, flight: Path) -> subprocess.Popen[str]:
    """Start a flight; return once its radar's rows are on the disk."""
    process = subprocess.Popen(
        field.command("fly", field.write(), "--simulate", "-o", flight),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        status = field.status(flight)
        if status and status[-1]["streams"].get("gpr", {"durable": 0})["durable"]:
            return process
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"no row in time: {process.communicate()[1][-2000:]}")


def test_an_interrupt_lands(field: Field) -> None:
    flight = field.path / "flight"
    process = started(field, flight)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, err
    assert "No indication does not mean" in out
    assert field.events(flight)[-1]["event"] == "end"
    assert open_recording(flight / "flight.h5").streams
    assert json.loads((flight / "live.json").read_text())["complete"] is True


def test_a_second_interrupt_leaves_a_whole_journal_and_says_how_to_finish(field: Field) -> None:
    flight = field.path / "flight"
    process = started(field, flight)
    process.send_signal(signal.SIGTERM)
    until = time.monotonic() + WITHIN_S
    while not (flight / "live.json").exists() and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 4, err
    assert f"`detectkit finalize {flight}`" in " ".join(err.split())
    assert not (flight / "flight.h5").exists()
    told = json.loads(field.run("replay", flight, "--json"))
    assert told["same_as_live"] is True
    field.run("finalize", flight, code=None)
    assert open_recording(flight / "flight.h5").streams


def test_a_flight_whose_instruments_never_come_ends_in_time_and_says_so(field: Field) -> None:
    mission, flight = field.write(mission=MISSING), field.path / "flight"
    began = time.monotonic()
    done = subprocess.run(
        field.command("fly", mission, "--duration", "2", "-o", flight),
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert time.monotonic() - began < 40.0
    assert done.returncode == 4, done.stderr
    assert "warning: gpr: no measurement ever came" in done.stderr
    assert "warning: coil: no measurement ever came" in done.stderr
    assert field.status(flight)[-1]["elapsed_s"] == pytest.approx(2.0, abs=3.0)
