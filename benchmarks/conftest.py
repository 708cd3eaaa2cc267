"""What all benchmarks share: one thread, CPU time, the line they run on, and the table at the end.

Times are CPU time (`time.process_time`), so that a busy machine disturbs little. Beside every
kernel the machine's copy is measured (`np.copyto` of the same line into a used buffer), and the
table gives each time as a multiple of it: that number compares across machines.
"""

from __future__ import annotations

import os
import sys

if "numpy" not in sys.modules:  # else the environment must have said so already
    for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(_name, "1")
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

Traces = npt.NDArray[np.float32]

SAMPLES = 512
SAMPLE_INTERVAL_S = 1e-10
TRACE_SPACING_M = 0.02
VELOCITY_M_PER_S = 1e8
TABLE_START, TABLE_END = "<!-- speed: start -->", "<!-- speed: end -->"


@dataclass(frozen=True)
class Result:
    """One measurement: what, by which program, on how many traces, in ns per sample."""

    work: str
    program: str
    traces: int
    ns: float
    copy_ns: float


RESULTS = pytest.StashKey[list[Result]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--table",
        type=Path,
        help=f"also write the tables into this page, between {TABLE_START} and {TABLE_END}",
    )
    parser.addoption(
        "--most-traces",
        type=int,
        default=100_000,
        help="leave out longer lines (default: %(default)s)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RESULTS] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    most = config.getoption("--most-traces")
    for item in items:
        item.add_marker(pytest.mark.benchmark(timer=time.process_time))
        size = getattr(item, "callspec", None) and item.callspec.params.get("traces", 0)
        if size and size > most:
            item.add_marker(pytest.mark.skip(reason=f"longer than --most-traces={most}"))


def radargram(traces: int, *, seed: int = 0) -> Traces:
    """Return direct wave with drift, wow, a diffractor every 2 m and 5 % noise, float32."""
    rng = np.random.default_rng(seed)
    line = 0.05 * rng.standard_normal((traces, SAMPLES), dtype=np.float32)
    sample = np.arange(SAMPLES, dtype=np.float32)
    for start in range(0, traces, 1000):
        row = np.arange(start, min(start + 1000, traces), dtype=np.float32)[:, np.newaxis]
        line[start : start + 1000] += ricker(sample - 40.0 - 3.0 * np.sin(row / 400.0))
        line[start : start + 1000] += 0.3 * np.cos(sample / 200.0 + row / 900.0)
    for apex in range(50, traces, 100):
        depth_m = rng.uniform(0.3, 1.2)
        row = np.arange(max(0, apex - 75), min(traces, apex + 76))
        slant_m = np.hypot(depth_m, TRACE_SPACING_M * (row - apex))
        delay = 2.0 * slant_m / VELOCITY_M_PER_S / SAMPLE_INTERVAL_S
        line[row] += 0.2 * ricker(sample - 40.0 - np.float32(delay)[:, np.newaxis])
    return line


def ricker(sample: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return a 1 GHz Ricker wavelet."""
    phase = (np.float32(np.pi * 1e9 * SAMPLE_INTERVAL_S) * sample) ** 2
    return np.asarray((1.0 - 2.0 * phase) * np.exp(-phase), dtype=np.float32)


@pytest.fixture(scope="session")
def lines() -> Callable[[int], Traces]:
    """Return a function that gives the line of so many traces, made once."""
    made: dict[int, Traces] = {}

    def line(traces: int) -> Traces:
        if traces not in made:
            made[traces] = radargram(traces)
            made[traces].flags.writeable = False
        return made[traces]

    return line


class Speed:
    """Measures calls on one line and notes the results for the table."""

    def __init__(self, benchmark: Any, results: list[Result], line: Traces) -> None:
        self._benchmark = benchmark
        self._results = results
        self.line = line
        self.out = np.zeros_like(line)

    def measure(
        self,
        call: Callable[..., object],
        *,
        work: str,
        program: str = "detectkit",
        prepare: Callable[[], tuple[Any, ...]] = tuple,
        rounds: int | None = None,
    ) -> None:
        """Time `call(*prepare())`, the preparation outside of the clock, and the copy beside it."""
        copies = [*self._copies()]
        rounds = rounds or {1_000: 15, 10_000: 5}.get(len(self.line), 3)
        self._benchmark.group = f"{work}, {len(self.line)} traces"
        self._benchmark.pedantic(
            call,
            setup=lambda: (prepare(), {}),
            rounds=rounds,
            warmup_rounds=0 if rounds == 1 else 1,
        )
        copies += self._copies()
        if self._benchmark.stats is None:
            return
        ns = 1e9 / self.line.size
        seconds = self._benchmark.stats.stats.median
        result = Result(work, program, len(self.line), seconds * ns, float(np.median(copies)) * ns)
        self._results.append(result)
        self._benchmark.extra_info.update(
            ns_per_sample=result.ns, copy_ns_per_sample=result.copy_ns, traces=result.traces
        )

    def _copies(self) -> Iterator[float]:
        np.copyto(self.out, self.line)
        for _ in range(5):
            start = time.process_time()
            np.copyto(self.out, self.line)
            yield time.process_time() - start


@pytest.fixture
def speed(
    benchmark: Any, request: pytest.FixtureRequest, lines: Callable[[int], Traces], traces: int
) -> Speed:
    return Speed(benchmark, request.config.stash[RESULTS], lines(traces))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    results = config.stash[RESULTS]
    if not results:
        return
    text = tables(results)
    terminalreporter.write_line("")
    terminalreporter.write_line(text)
    path = config.getoption("--table")
    if path is not None:
        before, _, rest = path.read_text(encoding="utf-8").partition(TABLE_START)
        _, _, after = rest.partition(TABLE_END)
        page = f"{before}{TABLE_START}\n\n{text}\n\n{TABLE_END}{after}"
        path.write_text(page, encoding="utf-8")


def tables(results: list[Result]) -> str:
    """Return the tables as Markdown: our kernels, then side by side with other programs."""
    compared = {one.work for one in results if one.program != "detectkit"}
    own = [one for one in results if one.program == "detectkit" and one.work not in compared]
    shared = [one for one in results if one.work in compared]
    parts = [machine()]
    if own:
        parts.append(table(own, columns="CPU time in ns per sample (multiple of the copy)"))
    for work in dict.fromkeys(one.work for one in shared):
        parts.append(f"**{work}**")
        parts.append(table([one for one in shared if one.work == work], columns="ns per sample"))
    return "\n\n".join(parts)


def table(results: list[Result], *, columns: str) -> str:
    """Return one table: a row per kernel or program, a column per length of line."""
    sizes = sorted({one.traces for one in results})
    names = {(one.work, one.program): None for one in results}
    compared = len({one.program for one in results}) > 1
    best = {one.traces: one.ns for one in results if one.program == "detectkit"}
    lines = [
        f"| {columns} | " + " | ".join(f"{size:,} traces" for size in sizes) + " |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    for work, program in names:
        cells = []
        for size in sizes:
            found = [r for r in results if (r.work, r.program, r.traces) == (work, program, size)]
            if not found:
                cells.append("–")
            elif compared:
                cells.append(f"{found[0].ns:.2f} ({found[0].ns / best[size]:.1f}×)")
            else:
                cells.append(f"{found[0].ns:.2f} ({found[0].ns / found[0].copy_ns:.1f}×)")
        lines.append(f"| {program if compared else work} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> str:
    """Return what the numbers were measured on."""
    import numba
    import scipy

    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        named = [
            line for line in info.read_text(encoding="utf-8").splitlines() if "model name" in line
        ]
        model = named[0].partition(":")[2].strip() if named else model
    return (
        f"Measured on {model}, one thread, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, SciPy {scipy.__version__}, numba {numba.__version__}; "
        f"{SAMPLES} samples per trace, float32."
    )
