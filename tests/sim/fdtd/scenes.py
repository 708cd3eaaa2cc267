"""Small sections, and what is known of them in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.constants import c as light_m_per_s
from scipy.constants import mu_0

from detectkit.sim.fdtd import Pulse, Shots
from detectkit.sim.scene.section import AIR, Material, Section

Values = npt.NDArray[np.float64]
RELAXATION_S = 1e-10


def everywhere(material: Material, spacing_m: float) -> Section:
    """Return a section of one material, without end."""
    return over(material, spacing_m, upper=material)


def over(material: Material, spacing_m: float, *, rows: int = 60, upper: Material = AIR) -> Section:
    """Return air over a material from up 0 down; the surface lies between two rows."""
    grids = []
    for name in ("permittivity", "conductivity_s_per_m", "debye_strength"):
        grid = np.full((4, rows), getattr(upper, name), np.float32)
        grid[:, rows // 2 :] = getattr(material, name)
        grids.append(grid)
    return Section(spacing_m, 0.0, (rows // 2 - 0.5) * spacing_m, *grids, RELAXATION_S)


def random_ground(seed: int, *, columns: int = 40, rows: int = 50) -> Section:
    """Return air over cells that have nothing to do with each other, some of metal."""
    random = np.random.default_rng(seed)
    shape = columns, rows - 15
    permittivity = np.ones((columns, rows), np.float32)
    conductivity, strength = np.zeros_like(permittivity), np.zeros_like(permittivity)
    permittivity[:, 15:] = random.uniform(1.0, 9.0, shape)
    conductivity[:, 15:] = 10.0 ** random.uniform(-4.0, -1.0, shape)
    strength[:, 15:] = random.uniform(0.0, 6.0, shape)
    conductivity[12:18, 30:33] = 1e7
    return Section(0.01, 0.0, 0.15, permittivity, conductivity, strength, RELAXATION_S)


def shot(source: tuple[float, float], *receivers: tuple[float, float]) -> Shots:
    """Return one shot."""
    return Shots(np.array([source]), np.array([receivers]))


def misfit(found: Any, expected: Any) -> float:
    """Return the root mean square difference as a share of what was expected."""
    return float(np.sqrt(np.mean((found - expected) ** 2) / np.mean(expected**2)))


def echo_of_half_space(
    ground: Material, pulse: Pulse, time_s: Values, *, rise_m: float, apart_m: float
) -> Values:
    """Return the field that a level ground sends back: a sum of plane waves, each reflected.

    `rise_m`: height of source and receiver together. Harrington (1961), section 5-12. The
    frequencies lie a little below the real axis, so that no pole is met and the record's end
    does not come round to its beginning.
    """
    length_s = 1.5 * float(time_s[-1])
    damping = 4.0 / length_s
    number = np.arange(int(6.0 * pulse.centre_hz * length_s))
    omega = 2.0 * np.pi * (number + 0.5) / length_s - 1j * damping
    along = np.linspace(0.0, 300.0, 3001)[:, np.newaxis]
    lossy = ground.permittivity + ground.debye_strength / (1.0 + 1j * omega * RELAXATION_S)
    lossy = lossy - 1j * ground.conductivity_s_per_m / (omega * 8.8541878128e-12)
    above = _down(omega**2 / light_m_per_s**2 - along**2)
    below = _down(omega**2 * lossy / light_m_per_s**2 - along**2)
    waves = (above - below) / (above + below) * np.exp(-1j * above * rise_m) / above
    waves = waves * np.cos(along * apart_m) * (along[1] - along[0])
    total = waves.sum(axis=0) - 0.5 * waves[0]
    sent = pulse.spectrum(omega / (2.0 * np.pi))
    parts = -(omega * mu_0 / (2.0 * np.pi)) * total * sent
    turns = np.exp(1j * omega * time_s[:, np.newaxis])
    return np.asarray((parts * turns).real.sum(axis=1) * 2.0 / length_s)


def _down(square: Any) -> Any:
    """Return the root of a wave that decays downwards."""
    root = np.sqrt(square)
    return np.where(root.imag > 0.0, -root, root)
