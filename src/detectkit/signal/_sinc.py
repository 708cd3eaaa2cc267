"""Weights of band-limited interpolation: a sinc under a Kaiser window (Kaiser, 1974)."""

from __future__ import annotations

import math

from detectkit.signal._jit import njit


@njit
def bessel_i0(x: float) -> float:  # pragma: no cover - compiled
    """Return the modified Bessel function I0 by its power series (Abramowitz, Stegun 9.6.12)."""
    quarter = 0.25 * x * x
    term = 1.0
    total = 1.0
    k = 1
    while term > 1e-17 * total:
        term *= quarter / (k * k)
        total += term
        k += 1
    return total


@njit
def windowed_sinc(
    distance: float, cutoff: float, half_width: float, beta: float
) -> float:  # pragma: no cover - compiled
    """Return ``2 fc sinc(2 fc d) I0(beta sqrt(1 - (d / h)^2)) / I0(beta)``, 0 beyond h.

    `distance` and `half_width` are in samples, `cutoff` in cycles per sample.
    """
    inside = 1.0 - (distance / half_width) ** 2
    if inside <= 0.0:
        return 0.0
    x = 2.0 * math.pi * cutoff * distance
    sinc = math.sin(x) / x if abs(x) > 1e-12 else 1.0
    return 2.0 * cutoff * sinc * bessel_i0(beta * math.sqrt(inside)) / bessel_i0(beta)
