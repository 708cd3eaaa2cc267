"""The same work by other programs, in the same run, each in the memory layout it wants.

Only work that is equal is compared; what still differs is said in each docstring, with the
relative difference of the results away from the line's ends (root mean square). The others
get (delay, trace) in C order; making and copying their input is outside of the clock.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.signal.background import subtract_mean_trace, subtract_sliding_mean
from detectkit.signal.bandpass import bandpass

MEAN, SLIDING, BAND = "Mean background", "Sliding mean background, 101 traces", "Band-pass"
NOT_INSTALLED = "the other programs are not installed; see benchmarks/README.md"
INTERVAL_S, LOW_HZ, HIGH_HZ = 1e-10, 4e8, 2e9

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.filterwarnings("ignore"),  # those of the other programs are not ours to mend
    pytest.mark.parametrize("traces", [1_000, 10_000, 100_000]),
]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep what the others print out of the results."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


@pytest.fixture
def impdar(speed: Any) -> Any:
    """Return a function that makes an ImpDAR radargram of the line, fresh for each round."""
    module = pytest.importorskip("impdar.lib.RadarData", reason=NOT_INSTALLED)
    flags = pytest.importorskip("impdar.lib.RadarFlags", reason=NOT_INSTALLED)

    def make() -> Any:
        radargram = module.RadarData(None)
        radargram.data = np.ascontiguousarray(speed.line.T)
        radargram.snum, radargram.tnum = radargram.data.shape
        radargram.dt = INTERVAL_S
        radargram.travel_time = np.arange(radargram.snum) * INTERVAL_S * 1e6
        radargram.trig = np.zeros(radargram.tnum)
        radargram.flags = flags.RadarFlags()
        return radargram

    return make


@pytest.fixture
def readgssi(speed: Any) -> Any:
    """Return readgssi's filters and a function that gives the line as it wants it."""
    filtering = pytest.importorskip("readgssi.filtering", reason=NOT_INSTALLED)

    def make() -> npt.NDArray[np.float32]:
        return np.ascontiguousarray(speed.line.T)

    return filtering, make


def test_mean_detectkit(speed: Any) -> None:
    """In place, as the others do it."""
    speed.measure(
        lambda line: subtract_mean_trace(line, out=line),
        work=MEAN,
        prepare=lambda: (speed.line.copy(),),
    )


def test_mean_impdar(speed: Any, impdar: Any, traces: int) -> None:
    """`horizontalfilt` over all traces; tapers the mean with delay a little: 0.4 %."""
    speed.measure(
        lambda one: one.horizontalfilt(0, traces),
        work=MEAN,
        program="ImpDAR `horizontalfilt`",
        prepare=lambda: (impdar(),),
    )


def test_mean_readgssi(speed: Any, readgssi: Any) -> None:
    """`bgr` over the full line, in place: equal to rounding."""
    filtering, make = readgssi
    speed.measure(
        lambda one: filtering.bgr(one, {}, win=0),
        work=MEAN,
        program="readgssi `bgr`",
        prepare=lambda: (make(),),
    )


def test_sliding_detectkit(speed: Any) -> None:
    speed.measure(
        lambda: subtract_sliding_mean(speed.line, before=50, after=50, out=speed.out),
        work=SLIDING,
    )


def test_sliding_impdar(speed: Any, impdar: Any) -> None:
    """`winavg_hfilt`; the window ends one trace earlier than ours: 1.3 %."""
    speed.measure(
        lambda one: one.winavg_hfilt(101),
        work=SLIDING,
        program="ImpDAR `winavg_hfilt`",
        prepare=lambda: (impdar(),),
        rounds=1 if len(speed.line) > 10_000 else None,
    )


def test_sliding_readgssi(speed: Any, readgssi: Any) -> None:
    """`bgr` with a window, after the full mean; at the ends zeros count: equal in between."""
    filtering, make = readgssi
    speed.measure(
        lambda one: filtering.bgr(one, {}, win=101),
        work=SLIDING,
        program="readgssi `bgr` (full mean first)",
        prepare=lambda: (make(),),
    )


def test_band_detectkit(speed: Any) -> None:
    speed.measure(
        lambda: bandpass(
            speed.line, sample_interval_s=INTERVAL_S, low_hz=LOW_HZ, high_hz=HIGH_HZ, out=speed.out
        ),
        work=BAND,
    )


def test_band_impdar(speed: Any, impdar: Any) -> None:
    """`vertical_band_pass`, Butterworth of order 4 there and back in the time domain: 9 %."""
    speed.measure(
        lambda one: one.vertical_band_pass(LOW_HZ / 1e6, HIGH_HZ / 1e6, order=4),
        work=BAND,
        program="ImpDAR `vertical_band_pass`",
        prepare=lambda: (impdar(),),
    )


def test_band_readgssi(speed: Any, readgssi: Any) -> None:
    """`triangular`, the band-pass of its command line: 25 taps there and back: 19 %."""
    filtering, make = readgssi
    header = {"samp_freq": 1.0 / INTERVAL_S}
    speed.measure(
        lambda one: filtering.triangular(one, header, LOW_HZ / 1e6, HIGH_HZ / 1e6),
        work=BAND,
        program="readgssi `triangular` (25 taps)",
        prepare=lambda: (make(),),
    )
