"""Fly a mission: the instruments, the recorder, the processing and the watch over them."""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from detectkit.core import DetectkitError, Indication
from detectkit.io.journal import JournalError, Recorder
from detectkit.live.alarms import Alarm, Alarms
from detectkit.live.announcing import Announcer
from detectkit.live.connection import Connection
from detectkit.live.flown import Flown, write_live
from detectkit.live.health import Health, Monitor
from detectkit.live.intake import Intake, TakeoffWatch, WorkQueue
from detectkit.live.status import JsonLines, status_line
from detectkit.live.view import Shown, Strip
from detectkit.live.workable import check_workable, shortage
from detectkit.live.worker import Worker
from detectkit.mission import FlightFolder, Flow, Mission, Processing
from detectkit.mission.folder import EVENTS, STATUS, now
from detectkit.mission.volumes import VolumePlace

LOOK_S = 1.0
OVER_S = 0.1
"""So soon the end of a simulated flight is seen, before its silence looks like a fault."""
CLOSE_S = 20.0
"""Longest wait for the instruments to stop; what they said is recorded already."""
VOLUME_S = 600.0
"""Longest wait for a volume to be written; it can be made again from the journal."""

Show = Callable[[Shown], None]


@dataclass(slots=True)
class Fly:
    """A mission in flight.

    Parameters
    ----------
    folder
        Where everything goes; new.
    addresses
        Where each instrument is reached.
    show
        Called once a second with what the operator is to see.
    duration_s
        When to end by itself; None: when stopped.
    over
        Ends the mission when it is set, from any thread.
    """

    folder: FlightFolder
    addresses: Mapping[str, str]
    show: Show | None = None
    duration_s: float | None = None
    over: threading.Event | None = None
    work: WorkQueue = field(default_factory=WorkQueue)
    recorder: Recorder = field(init=False)
    intake: Intake = field(init=False)
    worker: Worker = field(init=False)
    connections: dict[str, Connection] = field(init=False)
    monitor: Monitor = field(init=False)
    alarms: Alarms = field(init=False)
    _strip: Strip = field(default_factory=Strip)
    _events: JsonLines = field(init=False)
    _status: JsonLines = field(init=False)
    _said: list[Alarm] = field(default_factory=list)
    _announcer: Announcer = field(init=False)
    _finish: anyio.Event = field(default_factory=anyio.Event)

    def __post_init__(self) -> None:
        mission = self.folder.mission
        self._events = JsonLines(self.folder.path / EVENTS)
        self._status = JsonLines(self.folder.path / STATUS)
        self.recorder = Recorder(
            self.folder.path,
            sync_s=mission.record.sync_s,
            minimum_free_bytes=mission.record.minimum_free_bytes,
        )
        self.intake = Intake(
            self.recorder,
            self.work,
            watch=_watch(mission),
            before_s=mission.record.before_s,
            said=self._event,
        )
        flow = Flow(mission, host_ns=self.folder.host_ns, utc_ns=self.folder.utc_ns)
        place = VolumePlace(self.folder.path, self.folder.path.name, self.folder.simulated)
        processing = Processing(mission, recording=self.folder.path.name, volumes=place)
        self.worker = Worker(
            self.work, flow, processing, lambda: self.recorder.durable_seq, self._strip.push
        )
        self.connections = {mount.id: self._connection(mount.id) for mount in mission.mounts}
        self.monitor = Monitor(self.recorder, self.intake, self.worker, self.connections)
        self.alarms = Alarms(mission.alarms)
        self._announcer = Announcer(self.connections)

    def close_files(self) -> None:
        """Close the files of status and events."""
        for file in (self._status, self._events):
            file.close()

    def stop(self) -> None:
        """End the mission; call it from the event loop."""
        self._finish.set()

    async def run(self) -> Flown:
        """Fly until stopped, or for `duration_s`; everything recorded is then on the disk."""
        try:
            self.recorder.start()
        except DetectkitError:
            self.close_files()
            raise
        for name, one in self.connections.items():
            # A link may hang in the system while it opens; such a thread ends with the program.
            threading.Thread(target=one.run, name=name, daemon=True).start()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, self._work)
            tasks.start_soon(self._signals)
            try:
                with anyio.move_on_after(self.duration_s):
                    await self._watch_over()
            finally:  # whatever happened: the instruments stop, all that came is on disk
                with anyio.CancelScope(shield=True):
                    await self._end()
            tasks.cancel_scope.cancel()
        return self._result()

    def _work(self) -> None:
        """Process; a fault of the processing, foreseen or not, never ends the recording."""
        try:
            self.worker.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, the recording goes on
            self.work.give_up()
            self.worker.fault = self.worker.fault or f"the processing failed: {error!r}"
            self.worker.done = True
            self._event({"source": "", "event": "fault", "why": traceback.format_exc()})

    async def _watch_over(self) -> None:
        """Look once a second until the mission is to end."""
        while True:
            with anyio.move_on_after(LOOK_S):
                await self._wait_for_the_end()
            if self._finish.is_set():
                return
            await anyio.to_thread.run_sync(self._look_safely)

    async def _wait_for_the_end(self) -> None:
        while not self._finish.is_set():
            if self.over is not None and self.over.is_set():
                self._finish.set()
                return
            with anyio.move_on_after(OVER_S):
                await self._finish.wait()

    async def _end(self) -> None:
        for one in self.connections.values():
            one.stop()
        with anyio.move_on_after(CLOSE_S):
            while any(one.state != "stopped" for one in self.connections.values()):
                await anyio.sleep(0.02)
        await anyio.to_thread.run_sync(self._close)

    async def _signals(self) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                self._finish.set()

    def _close(self) -> None:
        """Finish in order: recorder, processing, the last look."""
        self.intake.begin()
        self.intake.event("", "end")
        self.recorder.close()
        self.work.close()
        longest_s = VOLUME_S if self.worker.processing.volumes else CLOSE_S
        until = time.monotonic() + longest_s
        while not (self.work.finished and self.worker.done) and time.monotonic() < until:
            time.sleep(0.01)

    def _result(self) -> Flown:
        health = self.monitor.look()
        worker, failure = self.worker, self.intake.failure
        hearing = worker.processing.hearing if worker.done else []
        told = {"hearing": [one.to_dict() for one in hearing]} if hearing else {}
        self._status.write(status_line(health, [], flags=self._flags(ended=True) | told))
        flown = Flown(
            self.folder,
            worker.processing.indications,
            dict(worker.processing.digests),
            not (self.work.overflowed or worker.fault or failure),
            worker.fault or failure,
            health,
            self._said,
            worker.track,
            worker.processing.sought,
            hearing,
        )
        if worker.weighing_fault:
            why = f"finds were not weighed in flight: {worker.weighing_fault}"
            self._event({"source": "", "event": "fault", "why": why})
        for name, volume in worker.processing.volumes.items():
            if volume.fault:
                self._event({"source": name, "event": "fault", "why": f"volume: {volume.fault}"})
        try:
            write_live(flown, worker)
        except OSError as error:  # a full disk; the journal has everything to replay
            self._event({"source": "", "event": "fault", "why": f"live result: {error}"})
        self.close_files()
        return flown

    def _connection(self, name: str) -> Connection:
        mount = next(one for one in self.folder.mission.mounts if one.id == name)
        tally = self.worker.flow.tallies[name]

        def messages() -> int | None:
            return None if self.worker.lag_s > 0.5 else tally.messages

        address = self.addresses.get(name) or mount.connect
        instrument = mount.instrument()
        return Connection(name, instrument, address or instrument.address, self.intake, messages)

    def _look_safely(self) -> None:
        try:
            self._look()
        except Exception as error:  # noqa: BLE001 - a fault of the display never ends a recording
            self._event({"source": "", "event": "fault", "why": repr(error)})

    def _look(self) -> Health:
        """Take stock: alarms, the status line, announcements, the operator's screen."""
        health = self.monitor.look()
        begun, ended = self.alarms.update(health)
        for one in begun:
            self._said.append(one)
            self._event({"source": one.subject, "event": "alarm", "condition": one.condition,
                         "action": one.action, "text": one.text})  # fmt: skip
        for one in ended:
            self._event({"source": one.subject, "event": "alarm over", "condition": one.condition})
        with self.worker.lock:
            found = list(self.worker.processing.indications)
            words = list(self.worker.flow.said)
            self.worker.flow.said.clear()
        for said in words:
            self._event({"source": said.source, "event": "said",
                         "severity": said.note.severity, "text": said.note.text})  # fmt: skip
        self._announcer.tell(begun, ended, found)
        active = self.alarms.active
        self._status.write(status_line(health, active, flags=self._flags(ended=False)))
        if self.show is not None:
            self.show(self._shown(health, active, found))
        return health

    def _flags(self, *, ended: bool) -> dict[str, Any]:
        return {
            "ended": ended,
            "simulated": bool(self.folder.simulated),
            "pipeline_latency": self._latency(),
        }

    def _latency(self) -> dict[str, float]:
        with self.worker.lock:
            found = self.worker.processing.latencies
        traces, metres = max(found.values(), default=(0, 0.0))
        return {"traces": traces, "metres": metres}

    def _shown(self, health: Health, active: list[Alarm], found: list[Indication]) -> Shown:
        self.monitor.display_dropped = self._strip.dropped
        return Shown(
            self.folder.mission.name,
            health,
            active,
            list(self.alarms.past),
            found,
            strip=self._strip.text(),
            behind_m=self._latency()["metres"],
            behind_s=health.latency["p99_s"],
            simulated=bool(self.folder.simulated),
        )

    def _event(self, fields: dict[str, Any]) -> None:
        self._events.write({"time_ns": time.time_ns(), **fields})


def _watch(mission: Mission) -> TakeoffWatch | None:
    if mission.record.begin == "always":
        return None
    return TakeoffWatch({mount.id: mount.instrument().decoder() for mount in mission.mounts
                         if mount.instrument().kind == "autopilot"})  # fmt: skip


def fly(
    path: Path,
    mission: Mission,
    *,
    addresses: Mapping[str, str] | None = None,
    simulated: str = "",
    duration_s: float | None = None,
    show: Show | None = None,
    over: threading.Event | None = None,
) -> Flown:
    """Make a flight's folder and fly.

    Parameters
    ----------
    path
        The folder, which holds no flight yet.
    mission
        What flies.
    addresses
        Addresses that replace the mission's, by instrument.
    simulated
        Name of the scenario, kept with the flight.
    duration_s
        When to end by itself.
    show
        Called once a second with what the operator is to see.
    over
        Ends the mission when set.

    Raises
    ------
    UsageError, PipelineError
        The mission cannot work; nothing was made.
    JournalError
        There is no room for it; nothing was made.
    """
    check_workable(mission)
    if full := shortage(mission, path):
        raise JournalError(full)
    host_ns, utc_ns = now()
    folder = FlightFolder.create(path, mission, host_ns=host_ns, utc_ns=utc_ns, simulated=simulated)

    async def run() -> Flown:
        one = Fly(folder, addresses or {}, show=show, duration_s=duration_s, over=over)
        return await one.run()

    return anyio.run(run)
