"""An autopilot's clock, which counts from boot, against UTC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.io.positions.log import Integers

OUTLIER_NS = 100_000_000
LEAST_SPAN_NS = 30_000_000_000
FASTEST_DRIFT = 1e-3
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class BootClock:
    """UTC of a boot time: ``boot + offset + drift * (boot - middle)``.

    Parameters
    ----------
    offset_ns
        UTC less boot time at `middle_ns`.
    drift
        Seconds gained per second.
    middle_ns
        Boot time in the middle of the pairs.
    spread_ns
        Scatter of the pairs about it, one standard deviation (by the median deviation).
    """

    offset_ns: int
    drift: float
    middle_ns: int
    spread_ns: float

    @classmethod
    def of(cls, boot_ns: Integers, utc_ns: Integers) -> BootClock | None:
        """Fit pairs of one boot by a line without outliers; None without pairs.

        The line is Theil and Sen's on at most 400 pairs (Sen 1968, JASA 63), so that pairs whose
        message waited somewhere, or that are damaged, do not bend it.
        """
        if not boot_ns.size:
            return None
        offsets = utc_ns - boot_ns
        base = int(np.median(offsets))
        apart = (offsets - base).astype(np.float64)
        near = np.abs(apart) <= OUTLIER_NS + FASTEST_DRIFT * float(np.ptp(boot_ns))
        boot, apart = boot_ns[near], apart[near]
        if not boot.size:
            return cls(base, 0.0, int(boot_ns[0]), float("nan"))
        middle = int(np.median(boot))
        drift = _slope((boot - middle).astype(np.float64), apart)
        residual = apart - drift * (boot - middle)
        shift = float(np.median(residual))
        spread = MAD_TO_SIGMA * float(np.median(np.abs(residual - shift)))
        return cls(base + round(shift), drift, middle, spread)

    def to_utc(self, boot_ns: Integers) -> Integers:
        """Return UTC in ns of boot times."""
        gained = np.rint(self.drift * (boot_ns - self.middle_ns)).astype(np.int64)
        utc: Integers = boot_ns + self.offset_ns + gained
        return utc


def _slope(time: npt.NDArray[np.float64], value: npt.NDArray[np.float64]) -> float:
    if time.size < 2 or float(np.ptp(time)) < LEAST_SPAN_NS:
        return 0.0
    some = np.unique(np.linspace(0, time.size - 1, 400).astype(np.intp))
    t, v = time[some], value[some]
    first, second = np.triu_indices(t.size, 1)
    apart = t[second] - t[first]
    use = np.abs(apart) > 0.25 * np.ptp(t)
    slopes = (v[second] - v[first])[use] / apart[use]
    slope = float(np.median(slopes)) if slopes.size else 0.0
    return slope if abs(slope) <= FASTEST_DRIFT else 0.0
