"""The field of a line source in a homogeneous medium, in closed form: what the solver must give."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.constants import c as light_m_per_s
from scipy.constants import epsilon_0, mu_0
from scipy.special import hankel2

from detectkit.sim.fdtd.shots import Pulse
from detectkit.sim.scene.section import Material

Values = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

FINER = 8
"""The sum over frequencies runs to so many times the pulse's centre frequency."""


def permittivity(material: Material, relaxation_s: float, freq_hz: Values) -> Complex:
    """Return the complex relative permittivity, ``exp(+j ω t)``; frequencies above 0."""
    turns = 2.0 * np.pi * freq_hz
    pole = material.debye_strength / (1.0 + 1j * turns * relaxation_s)
    loss = material.conductivity_s_per_m / (turns * epsilon_0)
    return np.asarray(material.permittivity + pole - 1j * loss)


def spectrum(distance_m: float, epsilon: Complex, freq_hz: Values) -> Complex:
    """Return the field in V/m per A of a line current: ``-(ω μ₀ / 4) H₀⁽²⁾(k r)``."""
    turns = 2.0 * np.pi * freq_hz
    wavenumber = turns / light_m_per_s * np.sqrt(epsilon)
    return np.asarray(-0.25 * turns * mu_0 * hankel2(0, wavenumber * distance_m))


def line_source(
    distance_m: float,
    pulse: Pulse,
    time_s: Values,
    *,
    material: Material,
    relaxation_s: float = 1e-10,
) -> Values:
    """Return the field of a line source driven by a pulse, in a medium without end.

    Parameters
    ----------
    distance_m
        From the source.
    pulse
        Its current.
    time_s
        Any times after the start of the pulse.
    material, relaxation_s
        Of the medium, conductivity and Debye pole included.

    Returns
    -------
    ndarray
        V/m, float64, like `time_s`.

    References
    ----------
    Harrington, *Time-Harmonic Electromagnetic Fields* (1961), section 5-6.

    Examples
    --------
    >>> import numpy as np
    >>> from detectkit.sim.fdtd import Pulse
    >>> from detectkit.sim.scene.section import AIR
    >>> field = line_source(0.3, Pulse(1e9), np.arange(0.0, 6e-9, 1e-11), material=AIR)
    >>> int(round(float(np.abs(field).max())))
    845
    """
    # Periodic in the record: long enough for the slow end of a 2-D echo to have died away.
    length_s = 16.0 * max(float(np.max(time_s)), 12.0 / pulse.centre_hz)
    count = int(np.ceil(FINER * pulse.centre_hz * length_s))
    freq_hz = np.arange(1, count + 1) / length_s
    epsilon = permittivity(material, relaxation_s, freq_hz)
    parts = spectrum(distance_m, epsilon, freq_hz) * pulse.spectrum(freq_hz)
    times = np.asarray(time_s, np.float64)
    field = np.empty(times.size)
    for one, time in enumerate(times.ravel()):
        field[one] = np.sum((parts * np.exp(2j * np.pi * freq_hz * time)).real)
    return field.reshape(times.shape) * (2.0 / length_s)
