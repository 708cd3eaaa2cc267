"""Water's permittivity: one Debye pole that moves with the temperature, and salt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.constants import epsilon_0

from detectkit.core import UsageError

Values = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

INFINITE = 4.9
"""Permittivity of water far above its relaxation, for all of this room's formulas."""


def water_pole(temperature_c: float) -> tuple[float, float]:
    """Return the static permittivity of pure water and its relaxation time in s.

    Klein and Swift 1977 and Stogryn 1971, as Ulaby, Moore and Fung 1986 (volume III, appendix E)
    give them; for 0 to 40 °C.

    Raises
    ------
    UsageError
        A temperature outside of it: ice is another matter.

    Examples
    --------
    >>> static, relaxation_s = water_pole(25.0)
    >>> round(static, 1), round(1e12 * relaxation_s, 1)
    (78.2, 8.1)
    """
    if not 0.0 <= temperature_c <= 40.0:
        msg = f"water: temperature_c = {temperature_c}; give 0 to 40"
        raise UsageError(msg)
    static = np.polyval([1.075e-5, 6.295e-4, -0.4147, 88.045], temperature_c)
    turns_s = np.polyval([-5.096e-16, 6.938e-14, -3.824e-12, 1.1109e-10], temperature_c)
    return float(static), float(turns_s / (2.0 * np.pi))


def water(
    freq_hz: Values, *, temperature_c: float = 20.0, conductivity_s_per_m: float = 0.0
) -> Complex:
    """Return the relative permittivity ε' - jε'' of water, one value per frequency.

    Parameters
    ----------
    freq_hz
        Any shape, more than 0.
    temperature_c
        0 to 40.
    conductivity_s_per_m
        Of what is dissolved in it: 0.01 rain, 0.05 a puddle on soil, 4 the sea.
    """
    freq = np.asarray(freq_hz, dtype=np.float64)
    static, relaxation_s = water_pole(temperature_c)
    turns = 2.0 * np.pi * freq
    pole = (static - INFINITE) / (1.0 + 1j * turns * relaxation_s)
    return np.asarray(INFINITE + pole - 1j * conductivity_s_per_m / (turns * epsilon_0))
