"""Robust least squares with intervals that do not trust neighbouring picks to be independent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.stats import t as student

Float64s = npt.NDArray[np.float64]
BLOCKS = 10
"""Blocks of neighbouring picks that the jackknife leaves out in turn."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Parameters of a robust fit.

    Parameters
    ----------
    values
        (parameters,).
    covariance
        (parameters, parameters): the mean of the residuals' and the jackknife's.
    residuals
        (observations,), in the unit of the observations.
    weights
        (observations,): 1 for what agrees, towards 0 for what does not.
    freedom
        Degrees of freedom that the errors rest on.
    pull
        (parameters, observations): by how much each moves when one observation grows by 1.
    """

    values: Float64s
    covariance: Float64s
    residuals: Float64s
    weights: Float64s
    freedom: int
    pull: Float64s

    @property
    def errors(self) -> Float64s:
        """One standard deviation of each parameter."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    @property
    def scatter(self) -> float:
        """Root of the weighted mean of the squared residuals."""
        return float(np.sqrt((self.weights * self.residuals**2).sum() / self.weights.sum()))


def quantile(level: float, freedom: float) -> float:
    """Return how many standard deviations the two-sided interval of this level reaches.

    Examples
    --------
    >>> round(quantile(0.95, 1e6), 2), round(quantile(0.95, 7), 2)
    (1.96, 2.36)
    """
    return float(student.ppf(0.5 + 0.5 * level, max(1.0, freedom)))


def robust_fit(
    model: Callable[[Float64s], Float64s],
    observed: Float64s,
    start: Float64s,
    *,
    scale: Float64s,
    tolerance: float,
    weights: Float64s | None = None,
) -> Fit:
    """Fit `model` to what was observed by the soft L1 norm.

    The loss is ``2 (sqrt(1 + (r / f)^2) - 1)`` (Charbonnier; scipy's ``soft_l1``), f from the
    residuals' own median deviation, not below `tolerance`. The covariance is the mean of two: that
    of the least squares scaled by the residuals, with as many independent observations as their
    autocorrelation leaves; and a jackknife over blocks of neighbours (Kuensch, Annals of Statistics
    17, 1989), linearised at the solution.

    Parameters
    ----------
    model
        Parameters (p,) in, predictions (n,) out.
    observed
        (n,), ordered along the curve.
    start, scale
        (p,): first guess and the size of a change that matters.
    tolerance
        Smallest deviation that may be held for an outlier.
    weights
        (n,): a priori, 0 to 1; None: all 1.
    """
    prior = np.ones(observed.size) if weights is None else weights
    root = np.sqrt(prior)
    spread = tolerance
    solution = start
    for _ in range(2):
        limit = 2.0 * spread

        def misfit(p: Float64s, limit: float = limit) -> Float64s:
            return root * (model(p * scale) - observed) / limit

        found = least_squares(misfit, solution / scale, loss="soft_l1", x_scale="jac", max_nfev=60)
        solution = found.x * scale
        residuals = observed - model(solution)
        spread = max(tolerance, 1.4826 * float(np.median(np.abs(residuals))))
    soft = prior / np.sqrt(1.0 + (residuals / limit) ** 2)
    slopes = _slopes(model, solution, scale)
    covariance, freedom = _covariance(slopes, residuals, soft, tolerance=tolerance)
    outer = np.outer(scale, scale)
    weighted = soft[:, None] * slopes
    pull = scale[:, None] * (np.linalg.pinv(slopes.T @ weighted) @ weighted.T)
    return Fit(solution, covariance * outer, residuals, soft, freedom, pull)


def _slopes(model: Callable[[Float64s], Float64s], at: Float64s, scale: Float64s) -> Float64s:
    """Return the derivatives (n, p) by the scaled parameters, by central differences."""
    columns = []
    for number in range(at.size):
        step = np.zeros(at.size)
        step[number] = 1e-4 * scale[number]
        columns.append((model(at + step) - model(at - step)) / 2e-4)
    return np.stack(columns, axis=1)


def _covariance(
    slopes: Float64s, residuals: Float64s, weights: Float64s, *, tolerance: float
) -> tuple[Float64s, int]:
    count, parameters = slopes.shape
    normal = slopes.T @ (weights[:, None] * slopes)
    inverse = np.linalg.pinv(normal)
    # Neighbours share noise and wavelet: fewer of them are independent.
    centred = residuals * np.sqrt(weights)
    energy = max(float(centred @ centred), 1e-300)
    alike = min(0.95, max(0.0, float(centred[1:] @ centred[:-1]) / energy))
    independent = count * (1.0 - alike) / (1.0 + alike)
    freedom = max(1.0, independent - parameters)
    variance = max(energy / max(1.0, weights.sum()), (0.1 * tolerance) ** 2) * count / freedom
    from_residuals = inverse * variance
    from_blocks = _jackknife(slopes, residuals, weights, normal)
    return 0.5 * (from_residuals + from_blocks), int(min(max(freedom, 3.0), BLOCKS - 1))


def _jackknife(
    slopes: Float64s, residuals: Float64s, weights: Float64s, normal: Float64s
) -> Float64s:
    """Return the covariance from leaving out each block of neighbours in turn."""
    moved = []
    for rows in np.array_split(np.arange(residuals.size), min(BLOCKS, residuals.size)):
        part = slopes[rows]
        pull = weights[rows, None] * part
        rest = normal - part.T @ pull
        moved.append(-np.linalg.pinv(rest) @ (pull.T @ residuals[rows]))
    shifts = np.array(moved)
    shifts -= shifts.mean(axis=0)
    blocks = shifts.shape[0]
    return np.asarray((blocks - 1) / blocks * (shifts.T @ shifts))
