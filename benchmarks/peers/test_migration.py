"""Migration by other programs, in the same run, each in the memory layout it wants.

Equal work: same line, velocity and spacing, the whole line from its file's array to an image of
the same size. What differs is said in each docstring; what the images are worth is measured by
``python benchmarks/diffractor_table.py``. The others get (delay, trace) float64 in C order; making
and copying their input is outside of the clock. Lines on which a program would take more than a
minute, predicted from shorter ones, are skipped with that as the reason.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectkit.core import Block, Sensor
from detectkit.imaging.layers import Layers
from detectkit.imaging.phase_shift import PhaseShift
from detectkit.imaging.regular_line import RegularLine, along
from detectkit.imaging.stolt import Stolt
from detectkit.pipeline import run
from detectkit.pipeline.steps.migration_kirchhoff import KirchhoffMigration

STOLT, SHIFT = "Stolt migration", "Phase-shift migration"
KIRCHHOFF = "Kirchhoff migration"
NOT_INSTALLED = "the other programs are not installed; see benchmarks/README.md"
VELOCITY_M_PER_S, SPACING_M, INTERVAL_S, SAMPLES = 1e8, 0.02, 1e-10, 512
LINE = RegularLine(SAMPLES, INTERVAL_S, 0.0, SPACING_M)
LONGEST_S = 60.0
IMPDAR_S = {  # seconds, measured on 1,000 traces (Kirchhoff: 200), and how they grow with the line
    "stolt": (1.7, 1_000, 1.3),
    "phsh": (2.0, 1_000, 1.0),
    "kirch": (25.0, 200, 2.0),
}

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.filterwarnings("ignore"),  # those of the other programs are not ours to mend
]
lengths = pytest.mark.parametrize("traces", [1_000, 10_000, 100_000])
short_lengths = pytest.mark.parametrize("traces", [100, 200, 1_000, 10_000, 100_000])


@pytest.fixture
def impdar(speed: Any) -> Callable[[], Any]:
    """Return a function that makes an ImpDAR radargram of the line, fresh for each round."""
    module = pytest.importorskip("impdar.lib.RadarData", reason=NOT_INSTALLED)
    flags = pytest.importorskip("impdar.lib.RadarFlags", reason=NOT_INSTALLED)

    def make() -> Any:
        radargram = module.RadarData(None)
        radargram.data = np.ascontiguousarray(speed.line.T, np.float64)
        radargram.snum, radargram.tnum = radargram.data.shape
        radargram.dt = INTERVAL_S
        radargram.travel_time = np.arange(radargram.snum) * INTERVAL_S * 1e6
        radargram.trig = np.zeros(radargram.tnum)
        radargram.trace_num = np.arange(radargram.tnum)
        radargram.dist = np.arange(radargram.tnum) * SPACING_M / 1e3
        radargram.trace_int = np.full(radargram.tnum, SPACING_M)
        radargram.flags = flags.RadarFlags()
        radargram.flags.interp = [True, SPACING_M]
        return radargram

    return make


def by_impdar(speed: Any, impdar: Callable[[], Any], method: str, *, work: str) -> None:
    """Measure one call, or skip it where it would take too long."""
    seconds, measured_on, power = IMPDAR_S[method]
    predicted_s = seconds * (len(speed.line) / measured_on) ** power
    if predicted_s > LONGEST_S:
        pytest.skip(f"predicted {predicted_s:,.0f} s, more than {LONGEST_S:.0f} s")

    def call(radargram: Any) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            radargram.migrate(method, vel=VELOCITY_M_PER_S)

    speed.measure(
        call, work=work, program=f"ImpDAR `{method}`", prepare=lambda: (impdar(),), rounds=1
    )


@lengths
def test_stolt_detectkit(speed: Any) -> None:
    """In windows of four times the reach of events, as the step does it."""
    method = Stolt(LINE, velocity_m_per_s=VELOCITY_M_PER_S)
    speed.measure(
        lambda: along(speed.line, method.windows, method.migrate, out=speed.out), work=STOLT
    )


@lengths
def test_stolt_detectkit_long_windows(speed: Any) -> None:
    """In windows of 1,536 traces: less work is thrown away, more waits."""
    method = Stolt(LINE, velocity_m_per_s=VELOCITY_M_PER_S, window_traces=1536)
    speed.measure(
        lambda: along(speed.line, method.windows, method.migrate, out=speed.out),
        work=STOLT,
        program="detectkit, windows of 1,536",
    )


@lengths
def test_stolt_impdar(speed: Any, impdar: Callable[[], Any]) -> None:
    """`migrate('stolt')`: no padding, what wraps round stays in the image."""
    by_impdar(speed, impdar, "stolt", work=STOLT)


@lengths
def test_phase_shift_detectkit(speed: Any) -> None:
    """One layer, in windows of four times the reach of events, as the step does it."""
    method = PhaseShift(LINE, layers=Layers((VELOCITY_M_PER_S,)))
    speed.measure(
        lambda: along(speed.line, method.windows, method.migrate, out=speed.out), work=SHIFT
    )


@lengths
def test_phase_shift_impdar(speed: Any, impdar: Callable[[], Any]) -> None:
    """`migrate('phsh')` with one velocity."""
    by_impdar(speed, impdar, "phsh", work=SHIFT)


@short_lengths
def test_kirchhoff_detectkit(speed: Any) -> None:
    """The step through the runner: up to 45 degrees, at most 128 traces to each side."""
    step = KirchhoffMigration(
        velocity_m_per_s=VELOCITY_M_PER_S, band_m=(0.0, 2.56), half_angle_deg=45.0
    )
    time_s = np.arange(SAMPLES) * INTERVAL_S
    blocks = [
        Block(
            speed.line[start : start + 1024],
            coords={"twt_s": ("delay", time_s)},
            sensor=Sensor(antenna_hz=1e9),
            line="line",
            first_trace=start,
            trace_spacing_m=SPACING_M,
        )
        for start in range(0, len(speed.line), 1024)
    ]

    def call() -> None:
        for _ in run([step], blocks):
            pass

    speed.measure(call, work=KIRCHHOFF, rounds=1 if len(speed.line) > 10_000 else None)


@short_lengths
def test_kirchhoff_impdar(speed: Any, impdar: Callable[[], Any]) -> None:
    """`migrate('kirch')`, compiled, over the whole line: its time grows with the square."""
    by_impdar(speed, impdar, "kirch", work=KIRCHHOFF)


@pytest.fixture
def added_mb() -> Callable[[Callable[[], object]], float]:
    """Return a function that gives the memory a call adds at its peak, in MB (Linux)."""
    reset, status = Path("/proc/self/clear_refs"), Path("/proc/self/status")

    def kilobytes(name: str) -> int:
        lines = status.read_text(encoding="utf-8").splitlines()
        return int(next(one for one in lines if one.startswith(name)).split()[1])

    def measure(call: Callable[[], object]) -> float:
        ctypes.CDLL(None).malloc_trim(0)  # what was freed must not hide what is taken
        reset.write_text("5", encoding="utf-8")
        before = kilobytes("VmRSS")
        call()
        return (kilobytes("VmHWM") - before) / 1e3

    if not reset.exists():
        pytest.skip("the peak of memory is read from /proc")
    return measure


@lengths
@pytest.mark.parametrize("name", ["stolt", "phase shift"])
def test_memory_is_bounded(
    speed: Any, added_mb: Callable[..., float], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Print what a migration adds to the line and the buffer for its result."""
    method: Stolt | PhaseShift = (
        Stolt(LINE, velocity_m_per_s=VELOCITY_M_PER_S)
        if name == "stolt"
        else PhaseShift(LINE, layers=Layers((VELOCITY_M_PER_S,)))
    )
    along(speed.line[:600], method.windows, method.migrate)  # compile, first use
    added = added_mb(lambda: along(speed.line, method.windows, method.migrate, out=speed.out))
    with capsys.disabled():
        print(f"\n{name}, {len(speed.line):,} traces: adds {added:.0f} MB at its peak")
