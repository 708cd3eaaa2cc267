"""Soil as the solver can compute it: one Debye pole and a conductivity, fitted over a band."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.constants import epsilon_0
from scipy.optimize import minimize_scalar, nnls

from detectkit.core import ShapeError, UsageError
from detectkit.sim.soil.water import Complex, Values

BAND_HZ = (0.3e9, 3.0e9)
"""Where soils are fitted: what reaches the ground from antennas of 0.4 to 1.5 GHz."""

RELAXATION_S = (2e-12, 3e-9)
"""Between which a free relaxation time is looked for."""

SECTION_S = (2e-11, 3e-9)
"""The same where the solver is to march with it: a pole faster than a time step of 12 ps (cells of
5 mm) is not resolved anyway, and costs at most 1 % of the permittivity in the band."""


@dataclass(frozen=True, slots=True)
class DebyeFit:
    """``ε = permittivity + debye_strength / (1 + jωτ) - j conductivity / (ω ε₀)``, and how well.

    Parameters
    ----------
    permittivity, debye_strength, conductivity_s_per_m, relaxation_s
        As of a `detectkit.sim.scene.Material`.
    misfit
        Root mean square of the difference, as a share of the permittivity's size.
    """

    permittivity: float
    debye_strength: float
    conductivity_s_per_m: float
    relaxation_s: float
    misfit: float

    def at(self, freq_hz: Values) -> Complex:
        """Return the relative permittivity ε' - jε'', one value per frequency."""
        turns = 2.0 * np.pi * np.asarray(freq_hz, dtype=np.float64)
        pole = self.debye_strength / (1.0 + 1j * turns * self.relaxation_s)
        loss = self.conductivity_s_per_m / (turns * epsilon_0)
        return np.asarray(self.permittivity + pole - 1j * loss)


@dataclass(frozen=True, slots=True, eq=False)
class DebyeTable:
    """Fits over a range of moisture, to look up between; linear, all three at once.

    Parameters
    ----------
    moisture
        Evenly spaced from 0, (rows,).
    permittivity, debye_strength, conductivity_s_per_m
        One value per moisture, (rows,).
    relaxation_s
        The same for all.
    misfit
        The worst of the fits'.
    """

    moisture: Values
    permittivity: Values
    debye_strength: Values
    conductivity_s_per_m: Values
    relaxation_s: float
    misfit: float

    def at(self, moisture: Values) -> tuple[Values, Values, Values]:
        """Return permittivity, Debye strength and conductivity, shaped as `moisture`.

        Moistures outside of the table take its first or last row.
        """
        last = len(self.moisture) - 1
        place = np.clip(moisture * (last / self.moisture[-1]), 0.0, last)
        row = np.minimum(place.astype(np.int64), last - 1)
        part = place - row
        return (
            _between(self.permittivity, row, part),
            _between(self.debye_strength, row, part),
            _between(self.conductivity_s_per_m, row, part),
        )


def band(count: int = 24) -> Values:
    """Return frequencies in Hz spread evenly in log over the band of the fits, (count,)."""
    return np.geomspace(*BAND_HZ, count)


def fit_debye(
    freq_hz: Values, permittivity: Complex, *, relaxation_s: float | None = None
) -> DebyeFit:
    """Fit one Debye pole and a conductivity to a permittivity, by non-negative least squares.

    For a given relaxation time the model is linear in its other three values; each frequency
    counts by the size of its permittivity. A free relaxation time is found by golden section and
    parabolas (Brent) on its logarithm.

    Parameters
    ----------
    freq_hz, permittivity
        Both (frequencies,), two of them or more; ε' - jε''.
    relaxation_s
        None: the best between 2 ps and 3 ns.

    Raises
    ------
    ShapeError
        Arrays that do not go together.

    Examples
    --------
    >>> from detectkit.sim.soil import band, mironov
    >>> fit = fit_debye(band(), mironov(band(), 0.2, clay=0.2))
    >>> round(fit.permittivity + fit.debye_strength, 1), fit.misfit < 0.02
    (10.0, True)
    """
    freq, wanted = np.asarray(freq_hz, np.float64), np.asarray(permittivity, np.complex128)
    if freq.ndim != 1 or freq.shape != wanted.shape or len(freq) < 2:
        msg = f"debye fit: {freq.shape} frequencies, {wanted.shape} values; give (n,) both, n ≥ 2"
        raise ShapeError(msg)
    if relaxation_s is None:
        relaxation_s = shared_relaxation(freq, wanted[np.newaxis], between_s=RELAXATION_S)
    return _fitted(freq, wanted, relaxation_s)


def shared_relaxation(
    freq_hz: Values, permittivities: Complex, *, between_s: tuple[float, float] = SECTION_S
) -> float:
    """Return the relaxation time in s that fits several permittivities best, (media, frequencies).

    The sum of the squared misfits is least; looked for only between the two times.
    """

    def total(log_s: float) -> float:
        fits = (_fitted(freq_hz, one, float(np.exp(log_s))) for one in permittivities)
        return float(sum(one.misfit**2 for one in fits))

    bounds = tuple(np.log(between_s))
    found = minimize_scalar(total, bounds=bounds, method="bounded", options={"xatol": 0.01})
    return float(np.exp(found.x))


def debye_table(
    medium: Callable[[Values, float], Complex],
    *,
    highest: float,
    relaxation_s: float,
    rows: int = 49,
) -> DebyeTable:
    """Return the fits of a medium over its moistures, from 0 to the highest.

    Parameters
    ----------
    medium
        (frequencies in Hz, moisture) → permittivity, (frequencies,).
    highest
        Moisture of the last row, more than 0.
    relaxation_s
        Of the section that it is for.
    rows
        Of the table.

    Raises
    ------
    UsageError
        No range of moistures.
    """
    if highest <= 0.0 or rows < 2:
        msg = f"debye table: highest = {highest}, rows = {rows}; give more than 0, and 2 or more"
        raise UsageError(msg)
    moisture, freq = np.linspace(0.0, highest, rows), band()
    fits = [_fitted(freq, medium(freq, float(one)), relaxation_s) for one in moisture]
    return DebyeTable(
        moisture,
        np.array([one.permittivity for one in fits]),
        np.array([one.debye_strength for one in fits]),
        np.array([one.conductivity_s_per_m for one in fits]),
        relaxation_s,
        max(one.misfit for one in fits),
    )


def _fitted(freq: Values, wanted: Complex, relaxation_s: float) -> DebyeFit:
    """Fit what is left over 1, so that the permittivity at infinity is 1 or more."""
    turns = 2.0 * np.pi * freq
    columns = np.column_stack([
        np.ones_like(turns, dtype=np.complex128),
        1.0 / (1.0 + 1j * turns * relaxation_s),
        -1j / (turns * epsilon_0),
    ])  # fmt: skip
    size = 1.0 / np.abs(wanted)
    rows = columns * size[:, np.newaxis]
    unit = 1.0 / np.abs(rows).max(axis=0)
    left = (wanted - 1.0) * size
    found, rest = nnls(_real(rows * unit), _real(left))
    above, strength, conductivity = found * unit
    misfit = float(rest / np.sqrt(len(freq)))
    return DebyeFit(float(1.0 + above), float(strength), float(conductivity), relaxation_s, misfit)


def _real(values: npt.NDArray[np.complex128]) -> Values:
    return np.concatenate([values.real, values.imag])


def _between(table: Values, row: npt.NDArray[np.int64], part: Values) -> Values:
    return np.asarray(table[row] + part * (table[row + 1] - table[row]))
