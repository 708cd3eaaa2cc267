"""Bench: runs a twin in real time behind a port, in a thread of its own."""

from __future__ import annotations

import os
import queue
import selectors
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from types import TracebackType
from typing import Self

import numpy as np

from detectkit.core import UsageError
from detectkit.drivers.bench.counts import BenchCounts
from detectkit.drivers.bench.faults import Damage, Faults
from detectkit.drivers.bench.serving import make_port
from detectkit.drivers.bench.socket_ports import TcpListenPort, UdpListenPort
from detectkit.drivers.errors import LinkError
from detectkit.drivers.twin import ControlledTwin, Measured, Source, Twin

TICK_NS = 10_000_000
LATE_NS = 50_000_000
SLICE_NS = 50_000_000
"""Rows are asked for in pieces no longer than this."""
LONGEST_LAG_NS = 5_000_000_000
"""Rows that are due for longer are lost: the machine cannot keep up."""
NO_FAULTS = Faults()


class Bench:
    """Stands in for an instrument: a twin, what it measures, a wire, and the faults of both.

    Parameters
    ----------
    twin
        What speaks.
    source
        Gives the rows measured from one true time to another, in ns since `start`.
    serve
        ``"pty:"``, ``"tcp-listen://127.0.0.1:0"``, ``"tcp://host:port"``,
        ``"udp-listen://127.0.0.1:0"`` or ``"udp://host:port"``: what the instrument does, so the
        host does the opposite. Port 0 takes a free one.
    faults
        What goes wrong; `set_faults` changes it while the bench runs.
    seed
        The same seed does the same damage to the same bytes.

    Attributes
    ----------
    address
        Where the host finds the instrument; known after `start`.
    counts
        What happened so far.

    Examples
    --------
    ::

        with Bench(twin, steady(rows, 100.0), serve="pty:") as bench:
            transport = instrument.connect(bench.address)
    """

    def __init__(
        self,
        twin: Twin,
        source: Source,
        *,
        serve: str = "pty:",
        faults: Faults = NO_FAULTS,
        seed: int = 0,
    ) -> None:
        self.twin = twin
        self.counts = BenchCounts()
        self.address = ""
        self._source = source
        self._port = make_port(serve)
        self._command_port = TcpListenPort(("127.0.0.1", 0))
        self._faults = faults
        self._damage = Damage(seed)
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake_out, self._wake_in = -1, -1
        self._start_ns = 0
        self._told_ns = 0
        self._switched_on_ns = 0
        self._tick_ns = 0
        self._events: list[tuple[int, Callable[[], None]]] = []
        self._held: list[bytes] = []
        self._burst = 0

    def start(self, *, zero_ns: int | None = None) -> str:
        """Plug in and run; return the address for the host.

        Parameters
        ----------
        zero_ns
            Monotonic time at which the source's time is 0, not later than now; benches of one
            flight share it. None: now.
        """
        if self._thread is not None:
            msg = "the bench runs already; make one bench for each instrument"
            raise UsageError(msg)
        self._plug()
        self._wake_out, self._wake_in = os.pipe()
        self._start_ns = time.monotonic_ns() if zero_ns is None else zero_ns
        self._order(self._faults)
        self._thread = threading.Thread(target=self._run, name="bench", daemon=True)
        self._thread.start()
        return self.address

    def close(self) -> None:
        """Stop, and take the port away; harmless when it is stopped."""
        if self._thread is None:
            return
        self._stopping = True
        os.write(self._wake_in, b"\0")
        self._thread.join()
        self._thread = None
        os.close(self._wake_out)
        os.close(self._wake_in)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def unplug(self) -> None:
        """Take the cable out."""
        self._ask(self._unplug)

    def plug(self) -> None:
        """Put the cable in again, under the same address."""
        self._ask(self._plug)

    def reboot(self) -> None:
        """Start the instrument anew: its counters, settings and clock fall back."""
        self._ask(self._reboot)

    def set_faults(self, faults: Faults) -> None:
        """Replace the faults; times in them count from the start of the bench.

        Another `clock_ppm` makes the instrument's clock step, since it counts from switching on.
        """
        self._ask(lambda: self._order(faults))

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._port.close()
            self._command_port.close()

    def _turn(self) -> None:
        while not self._asked.empty():
            self._asked.get()()
        now_ns = self._now_ns()
        while self._events and self._events[0][0] <= now_ns:
            self._events.pop(0)[1]()
        self._hear(now_ns)
        if now_ns >= self._tick_ns:
            self._tick(now_ns)
        self._deliver(now_ns)
        self._wait()

    def _hear(self, now_ns: int) -> None:
        for data in self._port.receive():
            self.counts.bytes_heard += len(data)
            if not self._faults.stalled(now_ns * 1e-9):
                self._say(self.twin.receive(data))
        if isinstance(self.twin, ControlledTwin):
            for data in self._command_port.receive():
                self.counts.bytes_heard += len(data)
                if not self._faults.stalled(now_ns * 1e-9):
                    self._command_port.send(self.twin.command(data))

    def _tick(self, now_ns: int) -> None:
        late_ns = now_ns - self._tick_ns
        if late_ns > LATE_NS:
            self.counts.late_ticks += 1
            self.counts.latest_s = max(self.counts.latest_s, late_ns * 1e-9)
        while self._told_ns < now_ns:
            until_ns = min(self._told_ns + SLICE_NS, now_ns)
            self._measure(self._told_ns, until_ns, now_ns)
            self._told_ns = until_ns
            self._deliver(now_ns)
        self._tick_ns = now_ns - now_ns % TICK_NS + TICK_NS

    def _measure(self, from_ns: int, until_ns: int, now_ns: int) -> None:
        if not self.twin.running:
            return
        measured = self._source(from_ns, until_ns)
        if measured is None or len(measured) == 0:
            return
        if self._faults.stalled(from_ns * 1e-9):
            self.twin.skip(len(measured))
            self.counts.rows_skipped += len(measured)
        elif not self._port.takes_rows or now_ns - from_ns > LONGEST_LAG_NS:
            self.twin.skip(len(measured))
            self.counts.rows_lost += len(measured)
        else:
            self._speak(self._on_its_clock(measured))

    def _speak(self, measured: Measured) -> None:
        lost = self._damage.skipped(len(measured), self._faults.skip_rows)
        edges = [0, *(np.flatnonzero(np.diff(lost)) + 1).tolist(), len(measured)]
        for start, stop in pairwise(edges):
            if lost[start]:
                self.twin.skip(stop - start)
                self.counts.rows_skipped += stop - start
            else:
                self.counts.rows_spoken += stop - start
                self._say(self.twin.speak(_rows(measured, start, stop)))

    def _say(self, messages: Sequence[bytes]) -> None:
        for message in messages:
            self.counts.bytes_spoken += len(message)
            turned, flipped = self._damage.flips(message, self._faults.flip_bits)
            left, dropped = self._damage.drops(turned, self._faults.drop_bytes)
            self.counts.bytes_flipped += flipped
            self.counts.bytes_dropped += dropped
            if left:
                self._held.append(left)

    def _deliver(self, now_ns: int) -> None:
        self._command_port.flush()
        if self._faults.burst_s > 0.0:
            burst = int(now_ns // (self._faults.burst_s * 1e9))
            if burst == self._burst:
                return
            self._burst = burst
        if self._held:
            self._port.send(self._held)
            self._held = []
        self._port.flush()
        self.counts.bytes_lost = self._port.lost

    def _wait(self) -> None:
        """Sleep until the next tick, or until a port or another thread wants something."""
        wanted = {**self._port.interest(), **self._command_port.interest()}
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_out, selectors.EVENT_READ)
            for descriptor, events in wanted.items():
                selector.register(descriptor, events)
            ready = selector.select(max(self._tick_ns - self._now_ns(), 0) * 1e-9)
        if any(key.fd == self._wake_out for key, _ in ready):
            os.read(self._wake_out, 4096)

    def _on_its_clock(self, measured: Measured) -> Measured:
        since_ns = measured.device_ns - self._switched_on_ns
        fast_ns = np.rint(since_ns * (self._faults.clock_ppm * 1e-6)).astype(np.int64)
        return replace(measured, device_ns=since_ns + fast_ns)

    def _now_ns(self) -> int:
        return time.monotonic_ns() - self._start_ns

    def _order(self, faults: Faults) -> None:
        now_ns = self._now_ns()
        self._faults = faults
        events: list[tuple[float, Callable[[], None]]] = []
        if faults.unplug is not None:
            events += [(faults.unplug[0], self._unplug), (sum(faults.unplug), self._plug)]
        if faults.reboot_at_s is not None:
            events.append((faults.reboot_at_s, self._reboot))
        ordered = sorted(((int(at_s * 1e9), event) for at_s, event in events), key=lambda e: e[0])
        self._events = [one for one in ordered if one[0] >= now_ns - TICK_NS]

    def _plug(self) -> None:
        self._port.plug()
        self.address = self._port.address
        if isinstance(self.twin, ControlledTwin):
            self._command_port.plug()
            if isinstance(self._port, TcpListenPort | UdpListenPort):
                self.twin.data_port = self._port.port
            self.address = f"{self._command_port.address}?data={self.twin.data_port}"

    def _unplug(self) -> None:
        self._held = []
        self._port.unplug()
        self._command_port.unplug()

    def _reboot(self) -> None:
        self._held = []
        self._port.reboot()
        self._command_port.reboot()
        self.twin.reboot()
        self._switched_on_ns = self._told_ns

    def _ask(self, action: Callable[[], None]) -> None:
        """Let the bench's thread do something, and wait for it."""
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self._asked.put(act)
        thread = self._thread
        if thread is None:
            msg = "the bench does not run; start it first"
            raise UsageError(msg)
        os.write(self._wake_in, b"\0")
        while not done.wait(0.1):
            if not thread.is_alive():
                msg = f"the bench at {self.address} has ended by an error of its twin or source"
                raise LinkError(msg)


def _rows(measured: Measured, start: int, stop: int) -> Measured:
    part = slice(start, stop)
    return Measured(measured.device_ns[part], measured.values[part], measured.utc_ns[part])
