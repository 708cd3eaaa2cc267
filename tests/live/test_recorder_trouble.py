"""The disk fails in flight: it is said loudly, and what was recorded is finalized."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from flights import MISSION, simulator

from detectkit.io import open_recording
from detectkit.io.journal import Recorder, recover
from detectkit.live.flown import Flown
from detectkit.live.fly import fly
from detectkit.live.landing import land
from detectkit.live.twins import benches
from detectkit.live.view import Shown
from detectkit.mission import Mission, finalize

QUIET = MISSION.replace("[record]", '[alarms]\nstalled = "nothing"\n[record]')


@dataclass
class Seen:
    """Keeps the screens, and does something at the first that has rows of the coil."""

    screens: list[Shown]
    act: object = None

    def __call__(self, shown: Shown) -> None:
        self.screens.append(shown)
        if self.act is not None and "coil" in (
            name for name, one in shown.health.streams.items() if one.durable
        ):
            act, self.act = self.act, None
            act()


@pytest.fixture
def addresses() -> Iterator[dict[str, str]]:
    """Virtual coil and receiver; the other instruments of the mission are left out."""
    with ExitStack() as stack:
        made = benches(simulator(), seed=0)
        yield {name: stack.enter_context(made[name]).address for name in ("coil", "gnss")}


def two_instruments() -> Mission:
    """Return a mission with the instruments that are there."""
    head, *tables = QUIET.split("[[instrument]]")
    last, *rest = tables[-1].split("[position]")
    sections = "[position]" + "".join(rest)
    kept = [one for one in [*tables[:-1], last] if '"coil"' in one or '"gnss"' in one]
    return Mission.from_toml("[[instrument]]".join([head, *kept]) + sections)


def flown_until_stopped(path: Path, addresses: dict[str, str], act) -> tuple[Flown, list[Shown]]:
    """Fly until nothing is recorded any more."""
    over, screens = threading.Event(), []
    seen = Seen(screens, act)

    def show(shown: Shown) -> None:
        seen(shown)
        if not shown.health.recording:
            over.set()

    flown = fly(path, two_instruments(), addresses=addresses, show=show, over=over, duration_s=60.0)
    return flown, screens


def test_a_disk_that_is_nearly_full_stops_the_recording_loudly_and_in_order(
    tmp_path: Path, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill() -> None:
        monkeypatch.setattr(Recorder, "_shortage", lambda self: f"{self.folder}: 1 MB free")

    path = tmp_path / "flight"
    flown, screens = flown_until_stopped(path, addresses, fill)
    last = screens[-1]
    alarm = next(one for one in last.alarms if one.condition == "recorder_stopped")
    assert str(alarm).startswith("LAND: NOT RECORDING:")
    assert "1 MB free" in str(alarm)
    assert not flown.complete
    durable = flown.health.streams["coil"].durable
    finalized, _ = land(flown)
    assert finalized.rows["coil"] >= durable > 0
    assert json.loads((path / "live.json").read_text())["complete"] is False


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB in memory; needs root."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_full_loses_nothing_of_what_it_took(
    small_disk: Path, addresses: dict[str, str]
) -> None:
    def fill() -> None:
        with (small_disk / "other").open("wb", buffering=0) as other, suppress(OSError):
            while other.write(bytes(4096)):
                pass

    path = small_disk / "flight"
    flown, screens = flown_until_stopped(path, addresses, fill)
    conditions = {one.condition for one in screens[-1].alarms}
    assert "recorder_stopped" in conditions
    assert not flown.complete
    durable = flown.health.streams["coil"].durable
    (small_disk / "other").unlink()
    recover(path)
    finalized = finalize(flown.folder)
    assert finalized.rows["coil"] >= durable > 0
    streams = open_recording(finalized.path).streams
    assert sum(one.traces for one in streams if one.header.sensor.id == "coil") >= durable


def test_a_queue_that_fills_is_told_before_it_is_full(
    tmp_path: Path, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recorder, "queue_fill", property(lambda _: 0.75))
    over = threading.Event()
    screens: list[Shown] = []

    def show(shown: Shown) -> None:
        screens.append(shown)
        over.set()

    fly(tmp_path / "f", two_instruments(), addresses=addresses, show=show, over=over)
    told = [str(one) for one in screens[-1].alarms]
    assert "the disk is slow: the queue is 75 % full" in told


def test_a_fault_of_the_processing_never_ends_the_recording(
    tmp_path: Path, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from detectkit.mission import Flow

    over = threading.Event()
    screens: list[Shown] = []
    push = Flow.push

    def broken(self, record):
        if record.source == "coil" and record.seq > 40:
            msg = "a fault of the program"
            raise ZeroDivisionError(msg)
        yield from push(self, record)

    def show(shown: Shown) -> None:
        screens.append(shown)
        if len(screens) == 4:
            over.set()

    with monkeypatch.context() as patch:
        patch.setattr(Flow, "push", broken)
        path = tmp_path / "f"
        flown = fly(path, two_instruments(), addresses=addresses, show=show, over=over)
    assert screens[-1].health.recording
    told = [str(one) for one in screens[-1].alarms]
    assert any("no live result, recording goes on: the processing failed" in one for one in told)
    assert not flown.complete
    assert finalize(flown.folder).rows["coil"] > 100
