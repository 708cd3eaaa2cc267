"""Relative permittivity of soil from its moisture and texture, by three published models.

All are ``ε' - jε''`` for fields that go as exp(+jωt), and broadcast frequency against moisture.
Sand and clay are shares of the dry mass, moisture is the share of the volume that is water.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.constants import epsilon_0

from detectkit.sim.soil.water import INFINITE, Complex, Values, water_pole

PARTICLES_KG_PER_M3 = 2660.0
"""Density of the grains themselves (Dobson 1985)."""

PEPLINSKI_HZ = 1.4e9
"""Below it the branch of Peplinski 1995 holds, from it on that of Dobson 1985."""

_ALPHA = 0.65


def topp(moisture: Values) -> Values:
    """Return the real permittivity by Topp, Davis and Annan 1980, the same at all frequencies.

    From reflectometry of mineral soils between 20 MHz and 1 GHz, moisture 0 to 0.55; no loss, no
    texture.

    Examples
    --------
    >>> import numpy as np
    >>> topp(np.array([0.05, 0.2, 0.4])).round(1)
    array([ 3.9, 10.1, 25.2])
    """
    wet = np.asarray(moisture, dtype=np.float64)
    return np.asarray(3.03 + wet * (9.3 + wet * (146.0 - 76.7 * wet)))


def mironov(freq_hz: Values, moisture: Values, *, clay: float) -> Complex:
    """Return the permittivity by the mineralogically based model of Mironov 2009.

    Mironov, Kosolapova and Fomin 2009, IEEE TGRS 47(7) 2059, equations 11 to 25: the refractive
    indices of dry soil, bound and free water add up by volume. Made for 45 MHz to 26.5 GHz, 20 to
    22 °C, clay 0 to 0.76. Density enters only through the soils it was fitted to.

    Parameters
    ----------
    freq_hz, moisture
        Broadcast against each other.
    clay
        Share of the mass, 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> mironov(np.array([1e9]), np.array(0.2), clay=0.2).round(2)
    array([9.96-1.16j])
    """
    wet = np.asarray(moisture, dtype=np.float64)
    turns = 2.0 * np.pi * np.asarray(freq_hz, dtype=np.float64)
    dry = complex(1.634 - 0.539 * clay + 0.2748 * clay**2, -(0.03952 - 0.04038 * clay))
    most_bound = 0.02863 + 0.30673 * clay
    bound = _index(
        turns,
        static=79.8 - 85.4 * clay + 32.7 * clay**2,
        relaxation_s=1.062e-11 + 3.450e-12 * clay,
        conductivity_s_per_m=0.3112 + 0.467 * clay,
    )
    free = _index(
        turns,
        static=100.0,
        relaxation_s=8.5e-12,
        conductivity_s_per_m=0.3631 + 1.217 * clay,
    )
    held = np.minimum(wet, most_bound)
    index = dry + (bound - 1.0) * held + (free - 1.0) * (wet - held)
    return np.asarray(index**2)


def dobson(
    freq_hz: Values,
    moisture: Values,
    *,
    sand: float,
    clay: float,
    bulk_density_kg_per_m3: float = 1400.0,
    temperature_c: float = 20.0,
) -> Complex:
    """Return the permittivity by Dobson 1985, below 1.4 GHz as Peplinski 1995 extended it.

    Dobson, Ulaby, Hallikainen and El-Rayes 1985, IEEE TGRS 23(1) 35 (1.4 to 18 GHz); Peplinski,
    Ulaby and Dobson 1995, IEEE TGRS 33(3) 803 (0.3 to 1.3 GHz), with its correction. Between 1.3
    and 1.4 GHz and outside of 0.3 to 18 GHz nothing was measured. The two do not meet at 1.4 GHz.
    The effective conductivity is negative for light and sandy soils, which no soil is: 0 then.

    Parameters
    ----------
    freq_hz, moisture
        Broadcast against each other; moisture below 0.001 is taken as 0.001.
    sand, clay
        Shares of the mass; together 1 at most.
    bulk_density_kg_per_m3
        Of the dry soil.
    temperature_c
        Of its water, 0 to 40.

    Examples
    --------
    >>> import numpy as np
    >>> dobson(np.array([1e9, 2e9]), np.array(0.2), sand=0.4, clay=0.2).round(2)
    array([12.83-1.3j , 11.68-1.36j])
    """
    freq, wet = np.broadcast_arrays(
        np.asarray(freq_hz, dtype=np.float64),
        np.maximum(np.asarray(moisture, dtype=np.float64), 1e-3),
    )
    grains = (1.01 + 0.44e-3 * PARTICLES_KG_PER_M3) ** 2 - 0.062
    static, relaxation_s = water_pole(temperature_c)
    turns = 2.0 * np.pi * freq
    pole = (static - INFINITE) / (1.0 + 1j * turns * relaxation_s)
    solid = bulk_density_kg_per_m3 / PARTICLES_KG_PER_M3
    conductivity = _effective_conductivity(freq, sand, clay, bulk_density_kg_per_m3)
    loss = -pole.imag + conductivity * (1.0 - solid) / (turns * epsilon_0 * wet)
    beta_real = 1.2748 - 0.519 * sand - 0.152 * clay
    beta_loss = 1.33797 - 0.603 * sand - 0.166 * clay
    total = 1.0 + solid * (grains**_ALPHA - 1.0) - wet
    real = (total + wet**beta_real * (INFINITE + pole.real) ** _ALPHA) ** (1.0 / _ALPHA)
    real = np.where(freq < PEPLINSKI_HZ, 1.15 * real - 0.68, real)
    return np.asarray(real - 1j * wet ** (beta_loss / _ALPHA) * loss)


def _index(
    turns: Values, *, static: float, relaxation_s: float, conductivity_s_per_m: float
) -> Complex:
    """Return the complex refractive index of a water with one Debye pole."""
    pole = (static - INFINITE) / (1.0 + 1j * turns * relaxation_s)
    return np.asarray(np.sqrt(INFINITE + pole - 1j * conductivity_s_per_m / (turns * epsilon_0)))


def _effective_conductivity(
    freq: Values, sand: float, clay: float, bulk_density_kg_per_m3: float
) -> npt.NDArray[np.float64]:
    density = 1e-3 * bulk_density_kg_per_m3
    low = 0.0467 + 0.2204 * density - 0.4111 * sand + 0.6614 * clay
    high = -1.645 + 1.939 * density - 2.25622 * sand + 1.594 * clay
    return np.where(freq < PEPLINSKI_HZ, max(low, 0.0), max(high, 0.0))
