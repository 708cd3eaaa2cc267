"""What is left in a gate after a current was cut off.

The current rises at the pulse's begin, is steady, and falls in a straight ramp that ends at time
0; the rise has the ramp's shape too. The mean voltage between two times is worked out in closed
form for a pole and for viscous soil.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gate:
    """A span of time after the ramp's end, and the pulse before it; all in s.

    Examples
    --------
    >>> short = Gate(10e-6, 10.001e-6, ramp_s=0.0, pulse_s=1.0)
    >>> bool(abs(short.of_poles(np.array([1e5]))[0] / (1e5 * np.exp(-1.0)) - 1.0) < 1e-3)
    True
    """

    start_s: float
    stop_s: float
    ramp_s: float
    pulse_s: float

    def of_poles(self, rate_per_s: Values) -> Values:
        """Return the mean of ``-dL/dt`` over the gate for ``L = exp(-k t)``, in 1/s, (poles,)."""
        length = self.stop_s - self.start_s
        left = np.exp(-rate_per_s * self.start_s) * -np.expm1(-rate_per_s * length) / length
        if self.ramp_s > 0.0:
            turns = rate_per_s * self.ramp_s
            left = left * -np.expm1(-turns) / turns
        return np.asarray(left * -np.expm1(-rate_per_s * self.pulse_s))

    def of_viscosity(self) -> float:
        """Return the mean of ``1 / t`` over the gate, less that of the pulse's begin, in 1/s."""
        return self._inverse(0.0) - self._inverse(self.pulse_s)

    def _inverse(self, later_s: float) -> float:
        start, stop = self.start_s + later_s, self.stop_s + later_s
        length = stop - start
        if self.ramp_s == 0.0:
            return math.log(stop / start) / length
        ramp = self.ramp_s
        area = _area(stop + ramp) - _area(stop) - _area(start + ramp) + _area(start)
        return area / (ramp * length)


def _area(time_s: float) -> float:
    """Return the second integral of 1 / t."""
    return time_s * math.log(time_s) - time_s if time_s > 0.0 else 0.0
