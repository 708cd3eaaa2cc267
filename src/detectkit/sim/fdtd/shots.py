"""What the full-wave solver is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError, UsageError

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Shots:
    """Where the transmitter is, and its receivers, in the section's plane.

    Parameters
    ----------
    sources
        Line sources, float64 (shots, 2): along, up in m; need not lie on the grid.
    receivers
        Float64 (shots, receivers, 2), likewise.
    """

    sources: Values
    receivers: Values

    def __post_init__(self) -> None:
        sources, receivers = self.sources.shape, self.receivers.shape
        if len(sources) != 2 or sources[1] != 2 or len(receivers) != 3:
            msg = f"shots: sources {sources}, receivers {receivers}; give (n, 2) and (n, m, 2)"
            raise ShapeError(msg)
        if receivers[0] != sources[0] or receivers[2] != 2:
            msg = f"shots: receivers {receivers} do not go with sources {sources}"
            raise ShapeError(msg)

    def __len__(self) -> int:
        return int(self.sources.shape[0])


@dataclass(frozen=True, slots=True)
class Pulse:
    """The wide-band current that drives every run; narrower wavelets are cut from it afterwards.

    A differentiated Gaussian: no direct current, energy from about `centre_hz` / 8 to 2.5 times
    `centre_hz`.

    Parameters
    ----------
    centre_hz
        Where its spectrum is highest.
    """

    centre_hz: float = 1.2e9

    def __post_init__(self) -> None:
        if self.centre_hz <= 0.0:
            msg = f"pulse: centre_hz = {self.centre_hz}; give more than 0"
            raise UsageError(msg)

    @property
    def peak_s(self) -> float:
        """Time of the zero crossing in the middle; at time 0 the pulse is still nothing."""
        return 6.0 / (2.0 * np.pi * self.centre_hz)

    def at(self, time_s: Values) -> Values:
        """Return the current in A; its highest value is 1."""
        turns = 2.0 * np.pi * self.centre_hz * (time_s - self.peak_s)
        return np.asarray(-turns * np.exp(0.5 - 0.5 * turns**2))

    def spectrum(self, freq_hz: Values) -> npt.NDArray[np.complex128]:
        """Return ``∫ at(t) exp(-j 2π f t) dt`` in A s, in closed form."""
        width = 1.0 / (2.0 * np.pi * self.centre_hz)
        ratio = freq_hz / self.centre_hz
        size = width * np.sqrt(2.0 * np.pi) * ratio * np.exp(0.5 - 0.5 * ratio**2)
        return np.asarray(1j * size * np.exp(-2j * np.pi * freq_hz * self.peak_s))


@dataclass(frozen=True, slots=True)
class Solver:
    """How the full-wave solver runs.

    Every shot is computed in a window of the section around its source: what lies farther away
    is not heard within the time window anyway, or is cut off.

    Parameters
    ----------
    window_s
        Length of the record, from the start of the pulse.
    half_width_m
        Along the section, to both sides of the middle between source and receivers.
    above_m, below_m
        Over and under the source. The absorbing layer lies outside of all of them.
    absorbing_cells
        Thickness of the absorbing layer (CPML).
    pulse
        See `Pulse`.
    """

    window_s: float
    half_width_m: float = 0.7
    above_m: float = 0.05
    below_m: float = 1.0
    absorbing_cells: int = 12
    pulse: Pulse = Pulse()

    def __post_init__(self) -> None:
        lengths = (self.window_s, self.half_width_m, self.above_m, self.below_m)
        if min(lengths) <= 0.0:
            msg = (
                "solver: window_s, half_width_m, above_m, below_m = "
                f"{lengths}; give more than 0 for each"
            )
            raise UsageError(msg)
        if self.absorbing_cells < 4:
            msg = f"solver: absorbing_cells = {self.absorbing_cells}; give 4 or more, 12 is usual"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Electric field across the plane at the receivers, driven by the wide-band pulse.

    Parameters
    ----------
    field
        In V/m, float32 (shots, receivers, samples). Of a line source of 1 A at most (2-D), or,
        after `detectkit.sim.spreading`, of a short dipole of 1 A m at most (3-D).
    interval_s
        Between samples; sample `k` is `k * interval_s` after the start of the pulse.
    pulse
        What drove it.
    """

    field: npt.NDArray[np.float32]
    interval_s: float
    pulse: Pulse
