"""The bench runs a twin in real time on every wire, with its faults."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.drivers import ControlledTwin, LinkError, Measured, Source, Transport, Twin
from detectkit.drivers.bench import Bench, Faults, serve_for, steady
from detectkit.drivers.bench import bench as bench_module
from detectkit.drivers.wires import open_transport

WAIT_S = 30.0
SERVED = [
    "pty:",
    "tcp-listen://127.0.0.1:0",
    "tcp://127.0.0.1:0",
    "udp-listen://127.0.0.1:0",
    "udp://127.0.0.1:0",
]
ROW = struct.Struct("<IQ")


class Ticker(Twin):
    """Says counter and device time of each row; answers what it hears in brackets."""

    def __init__(self, rate_hz: float = 200.0) -> None:
        self.rate_hz = rate_hz
        self.counter = 0
        self.skips: list[int] = []
        self.boots = 0

    def receive(self, data: bytes) -> list[bytes]:
        return [b"<" + data + b">"]

    def speak(self, measured: Measured) -> list[bytes]:
        first, self.counter = self.counter, self.counter + len(measured)
        return [ROW.pack(first + k, int(ns)) for k, ns in enumerate(measured.device_ns)]

    def skip(self, rows: int) -> None:
        self.skips.append(rows)
        self.counter += rows

    def reboot(self) -> None:
        self.boots += 1
        self.counter = 0


def rows_of(twin: Twin, values: int = 1) -> Source:
    return steady(lambda rows: np.zeros((len(rows), values)), lambda: twin.rate_hz)


class Host:
    """Reads rows; `first` is said at each opening, since a UDP server waits for it."""

    def __init__(self, address: str) -> None:
        self.transport: Transport = open_transport(address)
        self.data = b""
        self.open()

    def open(self) -> None:
        self.transport.open()
        if self.transport.name.startswith("udp:"):
            self.transport.write(b"?")

    def until(self, enough: Callable[[], bool]) -> None:
        until = time.monotonic() + WAIT_S
        while not enough():
            assert time.monotonic() < until, f"{len(self.data)} bytes came"
            self.data += self.transport.read(0.02)

    def rows(self) -> list[tuple[int, ...]]:
        data = self.data.replace(b"<?>", b"")
        return [ROW.unpack_from(data, at) for at in range(0, len(data) - ROW.size + 1, ROW.size)]

    def until_broken(self) -> None:
        until = time.monotonic() + WAIT_S
        try:
            while time.monotonic() < until:
                self.transport.read(0.02)
        except LinkError:
            return
        pytest.fail("the link did not break")


@pytest.fixture(params=SERVED)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[Bench, Host]]:
    twin = Ticker()
    twin.running = False  # what it says before the host is there is nobody's
    with Bench(twin, rows_of(twin), serve=request.param) as bench:
        host = Host(bench.address)
        twin.running = True
        yield bench, host
        host.transport.close()


def test_rows_arrive_in_order_at_their_rate(served: tuple[Bench, Host]) -> None:
    _, host = served
    host.until(lambda: len(host.data) > 40 * ROW.size)
    counters, times = np.array(host.rows()).T
    assert np.all(np.diff(counters) == 1)
    assert np.all(np.abs(np.diff(times.astype(np.int64)) - 5_000_000) <= 1)


def test_the_twin_answers_at_once(served: tuple[Bench, Host]) -> None:
    bench, host = served
    host.until(lambda: len(host.data) > ROW.size)
    host.transport.write(b"who are you")
    host.until(lambda: b"<who are you>" in host.data)
    assert bench.counts.bytes_heard >= len(b"who are you")


def test_every_spoken_byte_is_delivered_or_counted(served: tuple[Bench, Host]) -> None:
    bench, host = served
    host.until(lambda: len(host.data) > 20 * ROW.size)
    bench.twin.running = False
    time.sleep(0.05)
    counts = bench.counts
    host.until(lambda: len(host.data) == counts.bytes_spoken - counts.bytes_lost)
    assert len(host.data.replace(b"<?>", b"")) <= counts.rows_spoken * ROW.size


def test_unplugged_and_plugged_in_again_it_streams_at_the_same_address(
    served: tuple[Bench, Host],
) -> None:
    bench, host = served
    host.until(lambda: len(host.data) > 5 * ROW.size)
    address = bench.address
    bench.unplug()
    if not address.startswith("udp"):
        host.until_broken()
    host.transport.close()
    bench.plug()
    assert bench.address == address
    reopen(host)
    host.data = b""
    host.until(lambda: len(host.data) > 5 * ROW.size)


def reopen(host: Host) -> None:
    until = time.monotonic() + WAIT_S
    while True:
        try:
            host.open()
            return
        except LinkError:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_reboot_sets_counter_and_clock_back(served: tuple[Bench, Host]) -> None:
    bench, host = served
    host.until(lambda: len(host.data) > 20 * ROW.size)
    bench.reboot()
    assert isinstance(bench.twin, Ticker)
    assert bench.twin.boots == 1
    host.transport.close()
    host.data = b""
    reopen(host)
    host.until(lambda: len(host.data) > 5 * ROW.size)
    counter, device_ns = host.rows()[0]
    # The clock began anew with the counter: both count 5 ms a row since then.
    assert device_ns == pytest.approx(counter * 5_000_000, abs=100_000_000)


def test_skipped_rows_are_gaps_and_counted() -> None:
    twin = Ticker(1000.0)
    with Bench(twin, rows_of(twin), faults=Faults(skip_rows=0.2), seed=4) as bench:
        host = Host(bench.address)
        host.until(lambda: len(host.data) > 300 * ROW.size)
        host.transport.close()
    counters = np.array(host.rows())[:, 0]
    gaps = int(np.sum(np.diff(counters) - 1))
    assert 0.1 < gaps / np.ptp(counters) < 0.3
    assert sum(twin.skips) == bench.counts.rows_skipped >= gaps


def test_a_clock_that_runs_fast_does_so_by_its_ppm() -> None:
    twin = Ticker(1000.0)
    with Bench(twin, rows_of(twin), faults=Faults(clock_ppm=1000.0)) as bench:
        host = Host(bench.address)
        host.until(lambda: len(host.data) > 200 * ROW.size)
        host.transport.close()
    counters, times = np.array(host.rows(), dtype=np.int64).T
    assert np.ptp(times) / np.ptp(counters) == pytest.approx(1_001_000, abs=1.0)


def test_bursts_come_together() -> None:
    twin = Ticker(1000.0)
    with Bench(twin, rows_of(twin), serve=SERVED[1], faults=Faults(burst_s=0.1)) as bench:
        host = Host(bench.address)
        arrivals: list[int] = []
        while sum(arrivals) < 400 * ROW.size:
            data = host.transport.read(WAIT_S)
            assert data
            arrivals.append(len(data))
        host.transport.close()
    assert len(arrivals) <= 12
    assert max(arrivals) >= 90 * ROW.size


def test_a_stall_is_silence_and_a_gap() -> None:
    twin = Ticker(500.0)
    with Bench(twin, rows_of(twin), serve=SERVED[1], faults=Faults(stall=(0.2, 0.3))) as bench:
        host = Host(bench.address)
        host.until(lambda: bench.counts.rows_skipped > 0)
        host.transport.write(b"hello")
        until = time.monotonic() + WAIT_S
        host.until(lambda: host.rows()[-1][1] > 550_000_000 or time.monotonic() > until)
        host.transport.close()
    counters, times = np.array(host.rows(), dtype=np.int64).T
    assert b"<hello>" not in host.data
    assert np.diff(counters).max() == pytest.approx(150, abs=60)
    assert np.diff(times).max() == pytest.approx(300_000_000, abs=120_000_000)


def test_unplugging_and_rebooting_can_be_ordered_in_advance() -> None:
    twin = Ticker()
    faults = Faults(unplug=(0.2, 0.2), reboot_at_s=0.6)
    with Bench(twin, rows_of(twin), faults=faults) as bench:
        host = Host(bench.address)
        host.until_broken()
        host.transport.close()
        reopen(host)
        until = time.monotonic() + WAIT_S
        while twin.boots == 0:
            assert time.monotonic() < until
            time.sleep(0.01)
        host.transport.close()


def test_damage_hits_the_bytes_as_counted_and_can_be_switched() -> None:
    twin = Ticker(1000.0)
    with Bench(twin, rows_of(twin), faults=Faults(drop_bytes=0.05, flip_bits=0.05)) as bench:
        host = Host(bench.address)
        host.until(lambda: bench.counts.bytes_dropped > 100 and bench.counts.bytes_flipped > 100)
        bench.set_faults(Faults())
        before = bench.counts.to_dict()
        host.until(lambda: bench.counts.rows_spoken > before["rows_spoken"] + 50)
        assert bench.counts.bytes_dropped == before["bytes_dropped"]
        assert bench.counts.bytes_flipped == before["bytes_flipped"]
        host.transport.close()


class TestAHostThatDoesNotRead:
    def test_of_a_serial_port_loses_bytes_and_the_bench_goes_on(self) -> None:
        twin = Big(rate_hz=200.0)
        with Bench(twin, rows_of(twin)) as bench:
            host = Host(bench.address)
            wait_for(lambda: bench.counts.bytes_lost > 100_000)
            spoken = bench.counts.rows_spoken
            wait_for(lambda: bench.counts.rows_spoken > spoken + 10)
            assert twin.skips == []
            host.transport.close()

    def test_of_a_tcp_port_makes_the_instrument_lose_rows(self) -> None:
        twin = Big(rate_hz=400.0)
        with Bench(twin, rows_of(twin), serve=SERVED[1]) as bench:
            host = Host(bench.address)
            wait_for(lambda: bench.counts.rows_lost > 20)
            assert bench.counts.bytes_lost == 0
            twin.running = False
            host.until(lambda: len(host.data) == bench.counts.bytes_spoken)
            assert sum(twin.skips) == bench.counts.rows_lost
            host.transport.close()


class Big(Ticker):
    """Says 64 kB a row."""

    def speak(self, measured: Measured) -> list[bytes]:
        return [bytes(65_536)] * len(measured)


def wait_for(enough: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while not enough():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_rows_that_the_machine_cannot_keep_up_with_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench_module, "LONGEST_LAG_NS", 100_000_000)

    class Slow(Ticker):
        def speak(self, measured: Measured) -> list[bytes]:
            if self.counter == 0:
                time.sleep(0.5)
            return super().speak(measured)

    twin = Slow()
    with Bench(twin, rows_of(twin)) as bench:
        wait_for(lambda: bench.counts.rows_lost > 0)
        wait_for(lambda: bench.counts.rows_spoken > 20)
    assert bench.counts.late_ticks > 0
    assert bench.counts.latest_s > 0.3
    assert sum(twin.skips) == bench.counts.rows_lost


class Commanded(ControlledTwin, Ticker):
    running = False

    def command(self, data: bytes) -> list[bytes]:
        self.running = data == b"start"
        return [b"data on %d" % self.data_port]


def test_a_controlled_twin_has_a_command_port_and_a_data_port() -> None:
    twin = Commanded()
    with Bench(twin, rows_of(twin), serve=SERVED[1]) as bench:
        address, _, data_port = bench.address.partition("?data=")
        commands = Host(address)
        commands.transport.write(b"start")
        commands.until(lambda: commands.data == b"data on " + data_port.encode())
        rows = Host(f"tcp://127.0.0.1:{data_port}")
        rows.until(lambda: len(rows.data) > 5 * ROW.size)
        rows.transport.close()
        commands.transport.close()
        again = Host(address)
        again.transport.write(b"stop")
        again.until(lambda: bool(again.data))
        again.transport.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_twin_that_breaks_closes_its_port_and_says_so() -> None:
    class Broken(Ticker):
        def receive(self, data: bytes) -> list[bytes]:
            raise ValueError(data)

    twin = Broken()
    with Bench(twin, rows_of(twin), serve=SERVED[1]) as bench:
        host = Host(bench.address)
        host.transport.write(b"x")
        host.until_broken()
        host.transport.close()
        with pytest.raises(LinkError, match="ended by an error"):
            bench.reboot()


@pytest.mark.parametrize("serve", ["", "pty", "tcp-listen://127.0.0.1", "http://x:1", "udp://x:y"])
def test_what_cannot_be_served_is_refused_with_a_list(serve: str) -> None:
    with pytest.raises(UsageError, match="'pty:', or tcp-listen, tcp, udp-listen, udp"):
        Bench(Ticker(), rows_of(Ticker()), serve=serve)


def test_a_bench_that_does_not_run_takes_no_orders() -> None:
    bench = Bench(Ticker(), rows_of(Ticker()))
    with pytest.raises(UsageError, match="start it first"):
        bench.unplug()
    bench.close()
    with bench, pytest.raises(UsageError, match="runs already"):
        bench.start()


def test_a_recording_has_no_other_end() -> None:
    with pytest.raises(UsageError, match="cannot stand behind 'replay'"):
        serve_for("replay:file.bin")
