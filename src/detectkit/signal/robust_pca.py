"""Background removal by robust PCA: low rank is background, sparse is what is buried.

Plain SVD lets a strong reflector bend the components; here the reflector is put aside while
the components are found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh
from scipy.linalg.blas import dsyrk

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_traces, at_least, destination
from detectkit.signal._jit import njit
from detectkit.signal.overlap import CrossFade

Matrix = npt.NDArray[np.float64]

ROWS_PER_BLOCK = 512
PENALTY_START, PENALTY_GROWTH, PENALTY_RANGE = 1.25, 1.5, 1e7  # Lin, Chen & Ma 2010, §4


@dataclass(frozen=True, slots=True, eq=False)
class RobustSplit:
    """A radargram without its background, and how the split went.

    Parameters
    ----------
    foreground
        X - L, float32, shape (trace, delay).
    rank
        Rank of the background L.
    iterations
        Iterations used.
    relative_residual
        ‖X - L - S‖ / ‖X‖ (Frobenius) at the end; above the tolerance when the iterations ran out.
    """

    foreground: Traces
    rank: int
    iterations: int
    relative_residual: float


def robust_split(
    data: npt.ArrayLike,
    *,
    sparsity: float = 1.0,
    tolerance: float = 1e-5,
    max_iterations: int = 60,
    out: Traces | None = None,
) -> RobustSplit:
    """Split X into a low-rank background L and a sparse part S and return X - L.

    minimise ‖L‖_* + λ ‖S‖₁ subject to X = L + S, with λ = sparsity / √max(traces, samples).

    Parameters
    ----------
    data
        Shape (trace, delay), the whole line.
    sparsity
        1 is the value of theory; larger leaves less in the foreground.
    tolerance
        Stop when ‖X - L - S‖ ≤ tolerance ‖X‖; float32 storage allows about 1e-6.
    max_iterations
        Stop here at the latest.
    out
        Buffer for the foreground, float32, shape (trace, delay).

    Notes
    -----
    Principal component pursuit: Candès, Li, Ma & Wright, Robust principal component analysis?
    (J. ACM 58, 2011). Solved by the inexact augmented Lagrange multiplier method: Lin, Chen &
    Ma, arXiv:1009.5055 (2010), with its penalty μ₀ = 1.25/‖X‖₂, growing by 1.5. Used on GPR by
    Masarik et al., GPR anomaly detection with robust principal component analysis (Proc. SPIE
    9454, 2015). Singular values are thresholded through the eigenvectors of the Gram matrix, in
    float64, so that nothing of size trace x trace is formed.

    Examples
    --------
    >>> line = np.outer(np.ones(40), np.arange(20.0))
    >>> line[30, 5] += 50.0
    >>> split = robust_split(line)
    >>> split.rank, float(split.foreground[30, 5].round(2))
    (1, 50.0)
    """
    traces = as_traces(data)
    result = destination(out, *traces.shape)
    _check(sparsity, tolerance, max_iterations)
    if not len(traces):
        return RobustSplit(result, 0, 0, 0.0)
    if len(traces) < traces.shape[1]:
        split = _pursue(as_traces(traces.T), sparsity, tolerance, max_iterations)
        result[:] = split.foreground.T
    else:
        split = _pursue(traces, sparsity, tolerance, max_iterations)
        result[:] = split.foreground
    return RobustSplit(result, split.rank, split.iterations, split.relative_residual)


def windowed_robust_pca(
    samples: int,
    *,
    window_traces: int,
    overlap_traces: int,
    sparsity: float = 1.0,
    tolerance: float = 1e-5,
    max_iterations: int = 60,
) -> CrossFade:
    """Return the stream that splits each window of traces and keeps the foreground.

    Windows are counted from the start of the line and cross-faded, see `CrossFade`; the other
    options are those of `robust_split`.

    Examples
    --------
    >>> stream = windowed_robust_pca(4, window_traces=6, overlap_traces=2)
    >>> rows = np.concatenate([stream.push(np.ones((9, 4))), stream.finish()])
    >>> rows.shape, bool(abs(rows).max() < 1e-4)
    ((9, 4), True)
    """
    _check(sparsity, tolerance, max_iterations)

    def clean(rows: Traces) -> Traces:
        split = robust_split(
            rows, sparsity=sparsity, tolerance=tolerance, max_iterations=max_iterations
        )
        return split.foreground

    return CrossFade(samples, window=window_traces, overlap=overlap_traces, clean=clean)


def _check(sparsity: float, tolerance: float, max_iterations: int) -> None:
    at_least(max_iterations, 1, "max_iterations")
    if not (sparsity > 0.0 and tolerance > 0.0 and math.isfinite(sparsity)):
        msg = f"sparsity is {sparsity} and tolerance {tolerance}; both must be above 0"
        raise UsageError(msg)


def _pursue(traces: Traces, sparsity: float, tolerance: float, max_iterations: int) -> RobustSplit:
    """Inexact augmented Lagrange multipliers; needs at least as many rows as columns.

    `scaled` is Y/μ of the paper, so that one iteration is: L = shrunk singular values of
    X - S + Y/μ, then v = X - L + Y/μ is cut at ±λ/μ: the cut part is the new Y/μ, the rest S.
    """
    sparse = np.zeros_like(traces)
    scaled = np.zeros_like(traces)
    foreground = traces.copy()
    strongest = math.sqrt(max(0.0, _largest(_gram(traces, sparse, scaled))))
    if strongest == 0.0:
        return RobustSplit(foreground, 0, 0, 0.0)
    weight = sparsity / math.sqrt(max(traces.shape))
    penalty = PENALTY_START / strongest
    last_penalty = penalty * PENALTY_RANGE
    dual_norm = max(strongest, float(np.abs(traces).max()) / weight)
    np.multiply(traces, np.float32(1.0 / (dual_norm * penalty)), out=scaled)
    energy = _energy(traces)
    rank, residual, iteration = 0, 1.0, 0
    while residual > tolerance and iteration < max_iterations:
        gram = _gram(traces, sparse, scaled)
        values, vectors = _eigen(gram, above=1.0 / penalty**2, expected=rank)
        rank = values.size
        shrink = _shrinkage(vectors, 1.0 - 1.0 / (penalty * np.sqrt(values)))
        grown = min(penalty * PENALTY_GROWTH, last_penalty)
        misfit = np.zeros(traces.shape[1])
        for block, rows in _blocks(traces, sparse, scaled):
            background = shrink(block)
            _update(
                traces[rows], background, foreground[rows], sparse[rows], scaled[rows],
                weight / penalty, penalty / grown, misfit,
            )  # fmt: skip
        residual = math.sqrt(misfit.sum() / energy)
        penalty = grown
        iteration += 1
    return RobustSplit(foreground, rank, iteration, residual)


def _gram(traces: Traces, sparse: Traces, scaled: Traces) -> Matrix:
    """Return AᵀA of A = X - S + Y/μ; its upper triangle is filled."""
    total = np.zeros((traces.shape[1], traces.shape[1]), order="F")
    for block, _ in _blocks(traces, sparse, scaled):
        total = dsyrk(1.0, block.T, beta=1.0, c=total, overwrite_c=1)
    return total


def _largest(gram: Matrix) -> float:
    last = gram.shape[0] - 1
    return float(eigh(gram, lower=False, eigvals_only=True, subset_by_index=(last, last))[0])


def _eigen(gram: Matrix, *, above: float, expected: int) -> tuple[Matrix, Matrix]:
    """Return the eigenvalues above a threshold, rising, and their eigenvectors.

    Asking for many of them one by one takes longer than asking for all: the limit was measured
    at sizes 200 and 512.
    """
    if 6 * expected <= gram.shape[0]:
        values, vectors = eigh(gram, lower=False, subset_by_value=(above, np.inf))
    else:
        values, vectors = eigh(gram, lower=False, driver="evd")
        first = int(np.searchsorted(values, above, side="right"))
        values, vectors = values[first:], vectors[:, first:]
    return values, np.ascontiguousarray(vectors)


def _shrinkage(vectors: Matrix, factors: Matrix) -> Callable[[Matrix], Matrix]:
    """Return A -> A V diag(factors) Vᵀ, in whichever order takes fewer products."""
    kept = vectors * factors
    if 2 * factors.size > len(vectors):
        projector = kept @ vectors.T
        return lambda block: block @ projector
    return lambda block: (block @ kept) @ vectors.T


def _energy(traces: Traces) -> float:
    """Return the sum of squares; row by row, so that no float64 copy of the line is made."""
    return float(sum(np.dot(row, row) for row in map(np.float64, traces)))


def _blocks(traces: Traces, sparse: Traces, scaled: Traces) -> Iterator[tuple[Matrix, slice]]:
    """Yield X - S + Y/μ in float64 blocks of fixed size; the last is filled with zeros."""
    block = np.zeros((min(ROWS_PER_BLOCK, len(traces)), traces.shape[1]))
    for start in range(0, len(traces), ROWS_PER_BLOCK):
        rows = slice(start, min(start + ROWS_PER_BLOCK, len(traces)))
        _combine(traces[rows], sparse[rows], scaled[rows], block)
        yield block, rows


@njit
def _combine(traces: Traces, sparse: Traces, scaled: Traces, block: Matrix) -> None:
    for i in range(traces.shape[0]):
        target, row, less, more = block[i], traces[i], sparse[i], scaled[i]
        for j in range(target.size):
            target[j] = np.float64(row[j]) - less[j] + more[j]
    block[traces.shape[0] :] = 0.0


@njit
def _update(
    traces: Traces,
    background: Matrix,
    foreground: Traces,
    sparse: Traces,
    scaled: Traces,
    threshold: float,
    rescale: float,
    misfit: Matrix,
) -> None:
    for i in range(traces.shape[0]):
        row, low_rank = traces[i], background[i]
        front, rest, dual = foreground[i], sparse[i], scaled[i]
        for j in range(misfit.size):
            difference = row[j] - low_rank[j]
            value = difference + dual[j]
            cut = min(max(value, -threshold), threshold)
            error = difference - (value - cut)
            misfit[j] += error * error
            front[j] = difference
            rest[j] = value - cut
            dual[j] = cut * rescale
