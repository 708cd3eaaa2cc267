"""Principal components by fixed loops: no library may sum them another way, or in more threads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.signal._jit import njit

Float64s = npt.NDArray[np.float64]
ROUNDS = 12
"""Enough for components that stand out; those that do not are alike anyway."""


@njit
def main_components(rows: Float64s, components: int) -> Float64s:
    """Return the strongest right singular vectors, shape (components, delay), approximately.

    Orthogonal iteration from cosines (Golub and Van Loan, Matrix Computations, §8.2), a fixed
    number of rounds.

    Parameters
    ----------
    rows
        Shape (row, delay); no mean is subtracted.
    components
        At most the number of delays.

    Examples
    --------
    >>> rows = np.outer(np.arange(1.0, 9.0), [0.6, 0.0, 0.8])
    >>> np.abs(main_components(rows, 1)).round(6) + 0.0
    array([[0.6, 0. , 0.8]])
    """
    samples = rows.shape[1]
    basis = np.empty((components, samples))
    for one in range(components):
        for k in range(samples):
            basis[one, k] = np.cos(np.pi * one * (k + 0.5) / samples)
    _orthonormal(basis)
    for _ in range(ROUNDS):
        fresh = np.zeros_like(basis)
        for row in rows:
            for one in range(components):
                share = 0.0
                for k in range(samples):
                    share += row[k] * basis[one, k]
                for k in range(samples):
                    fresh[one, k] += share * row[k]
        basis = fresh
        _orthonormal(basis)
    return basis


@njit
def _orthonormal(basis: Float64s) -> None:
    """Make the rows orthogonal and of length 1, in place; a row that vanishes becomes 0."""
    components, samples = basis.shape
    for one in range(components):
        before = np.sum(basis[one] * basis[one])
        for other in range(one):
            share = np.sum(basis[one] * basis[other])
            for k in range(samples):
                basis[one, k] -= share * basis[other, k]
        power = np.sum(basis[one] * basis[one])
        scale = 1.0 / np.sqrt(power) if power > 1e-20 * before and power > 0.0 else 0.0
        for k in range(samples):
            basis[one, k] *= scale


@njit
def explained(rows: Float64s, basis: Float64s) -> Float64s:
    """Return the part of rows that lies in the components, row by row."""
    out = np.zeros_like(rows)
    for number in range(rows.shape[0]):
        for one in range(basis.shape[0]):
            share = 0.0
            for k in range(rows.shape[1]):
                share += rows[number, k] * basis[one, k]
            for k in range(rows.shape[1]):
                out[number, k] += share * basis[one, k]
    return out
