"""Random fields of the ground: functions of the place and the seed, the same in every cut.

A field is a sum of plane waves whose wave numbers follow the spectrum of von Kármán. In a vertical
section a wave is a product of a part along it and a part down it, which makes the sum fast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv

from detectkit.sim._jit import njit
from detectkit.sim.noise import Sinusoids

Values = npt.NDArray[np.float64]

WAVES_IN_GROUND = 320
WAVES_OVER_GROUND = 96


@dataclass(frozen=True, slots=True, eq=False)
class GroundField:
    """A field of mean 0 and standard deviation 1 over along, across and depth.

    Parameters
    ----------
    waves
        Wave numbers in rad/m, (waves, 3): along, across, down.
    phase
        In rad, (waves,).
    """

    waves: Values
    phase: Values

    def section(
        self, along_m: Values, across_m: float, ground_up_m: Values, up_m: Values
    ) -> Values:
        """Return the values in a vertical section, (columns, rows).

        Parameters
        ----------
        along_m, ground_up_m
            Of the columns, (columns,); depth is counted from the ground.
        across_m
            Of the section.
        up_m
            Of the rows, (rows,).
        """
        out = np.zeros((len(along_m), len(up_m)))
        phase = self.phase + self.waves[:, 1] * across_m
        _add_waves(along_m, ground_up_m, up_m, self.waves, phase, out)
        return out


def ground_field(
    rng: np.random.Generator,
    *,
    lengths_m: tuple[float, float],
    hurst: float,
    shortest_m: float = 0.02,
) -> GroundField:
    """Draw a field in the ground with the covariance of von Kármán.

    ``C(r) ∝ r^H K_H(r)`` with r over the correlation lengths; H = 0.5 is exp(-r), larger is
    smoother. (Goff and Jordan 1988, JGR 93(B11) 13589.)

    Parameters
    ----------
    rng
        What decides it.
    lengths_m
        Level and down.
    hurst
        More than 0, up to 1. The fractal dimension of a profile is 2 - H.
    shortest_m
        Waves shorter than this (in the direction of the shorter length) are left out, with the
        share of the variance that they have, which the others get.
    """
    level, down = lengths_m
    size = _sizes(
        rng, WAVES_IN_GROUND, dims=3, hurst=hurst, most=2.0 * np.pi * min(lengths_m) / shortest_m
    )
    up = rng.uniform(-1.0, 1.0, WAVES_IN_GROUND)
    turn = rng.uniform(0.0, 2.0 * np.pi, WAVES_IN_GROUND)
    flat = np.sqrt(1.0 - up**2)
    units = np.column_stack([flat * np.cos(turn) / level, flat * np.sin(turn) / level, up / down])
    phase = rng.uniform(0.0, 2.0 * np.pi, WAVES_IN_GROUND)
    return GroundField(size[:, np.newaxis] * units, phase)


def surface_field(
    rng: np.random.Generator, *, length_m: float, hurst: float, shortest_m: float = 0.03
) -> Sinusoids:
    """Draw a field over the ground, mean 0 and standard deviation 1: `.at(along_m, across_m)`.

    Parameters as of `ground_field`.
    """
    count = WAVES_OVER_GROUND
    most = 2.0 * np.pi * length_m / min(shortest_m, 0.5 * length_m)
    size = _sizes(rng, count, dims=2, hurst=hurst, most=most) / (2.0 * np.pi * length_m)
    turn = rng.uniform(0.0, 2.0 * np.pi, count)
    frequency = size[:, np.newaxis] * np.column_stack([np.cos(turn), np.sin(turn)])
    phase = rng.uniform(0.0, 2.0 * np.pi, count)
    return Sinusoids(frequency, phase, np.full(count, math.sqrt(2.0 / count)))


def _sizes(rng: np.random.Generator, count: int, *, dims: int, hurst: float, most: float) -> Values:
    """Draw lengths of wave vectors times the correlation length, one from each equal share.

    The spectrum (1 + k²)^-(H + dims/2) makes k² a beta-prime variable.
    """
    shape = 0.5 * dims
    whole = betainc(shape, hurst, most**2 / (1.0 + most**2))
    shares = whole * (np.arange(count) + rng.uniform(0.0, 1.0, count)) / count
    part = betaincinv(shape, hurst, shares)
    return np.asarray(np.sqrt(part / (1.0 - part)))


@njit
def _add_waves(
    along: Values, ground: Values, up: Values, waves: Values, phase: Values, out: Values
) -> None:
    """Add wave by wave, each cell in the same order wherever the section begins."""
    count, rows = phase.shape[0], up.shape[0]
    cosine, sine = np.empty((count, rows)), np.empty((count, rows))
    for wave in range(count):
        for row in range(rows):
            angle = waves[wave, 2] * up[row]
            cosine[wave, row] = math.cos(angle)
            sine[wave, row] = math.sin(angle)
    amplitude = math.sqrt(2.0 / count)
    for column in range(along.shape[0]):
        total = out[column]
        for wave in range(count):
            here = waves[wave, 0] * along[column] + waves[wave, 2] * ground[column] + phase[wave]
            even, odd = amplitude * math.cos(here), amplitude * math.sin(here)
            for row in range(rows):
                total[row] += even * cosine[wave, row] + odd * sine[wave, row]
