"""Background removal by low rank: drop the strongest components of a radargram.

A background that repeats along the track is a matrix of low rank; buried objects are not.
Never forms anything of size trace x trace: the right singular vectors come from the Gram
matrix XᵀX, delay x delay, whatever the length of the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh
from scipy.linalg.blas import dsyrk

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_traces, destination
from detectkit.signal.overlap import CrossFade

Matrix = npt.NDArray[np.float64]

ROWS_PER_BLOCK = 512  # of float64, so that a block and the Gram matrix share the cache


def gram_matrix(data: npt.ArrayLike) -> Matrix:
    """Return XᵀX, shape (delay, delay), accumulated in float64; its upper triangle is filled.

    Blocks of rows have a fixed size and begin at the first row, so the sum does not depend on
    anything but the rows.

    Examples
    --------
    >>> np.triu(gram_matrix([[1.0, 2.0], [3.0, 4.0]]))
    array([[10., 14.],
           [ 0., 20.]])
    """
    traces = as_traces(data)
    samples = traces.shape[1]
    total = np.zeros((samples, samples), order="F")
    for block, _ in _blocks(traces):
        total = dsyrk(1.0, block.T, beta=1.0, c=total, overwrite_c=1)
    return total


def principal_components(data: npt.ArrayLike, *, components: int) -> Matrix:
    """Return the strongest right singular vectors, shape (delay, components), strongest first.

    Parameters
    ----------
    data
        Shape (trace, delay). No mean is subtracted: the mean trace is most of the background.
    components
        How many, at most the number of delay samples. Vectors beyond the rank of `data` are
        orthogonal to it.

    Notes
    -----
    X = U S Vᵀ gives XᵀX = V S² Vᵀ (Golub & Van Loan, Matrix Computations, §8.6). Singular
    values below about 1e-8 of the strongest are lost in the squares, which float32 recordings
    do not resolve anyway.
    """
    traces = as_traces(data)
    _check_components(components, traces.shape[1])
    return _leading(gram_matrix(traces), components)


def subtract_components(
    data: npt.ArrayLike, *, components: int, out: Traces | None = None
) -> Traces:
    """Remove the strongest singular components of a whole line: Y = X - X V Vᵀ.

    Parameters
    ----------
    data
        Shape (trace, delay).
    components
        How many to remove: 1 or 2 take a steady background, more take slow changes too.
    out
        Buffer for the result, float32, shape (trace, delay).

    Notes
    -----
    SVD (eigenimage) background removal: Freire & Ulrych, Application of singular value
    decomposition to vertical seismic profiling, Geophysics 53 (1988). A radargram with
    fewer traces than samples is transposed, so that the Gram matrix is the smaller one.

    Examples
    --------
    >>> subtract_components([[1.0, 2.0], [2.0, 4.0]], components=1).round(6) + 0.0
    array([[0., 0.],
           [0., 0.]], dtype=float32)
    """
    traces = as_traces(data)
    result = destination(out, *traces.shape)
    _check_components(components, traces.shape[1])
    if components >= len(traces):
        result[:] = 0.0
    elif len(traces) < traces.shape[1]:
        result[:] = subtract_components(traces.T, components=components).T
    else:
        _project_out(traces, principal_components(traces, components=components), result)
    return result


def _leading(gram: Matrix, components: int) -> Matrix:
    """Return the eigenvectors of the largest eigenvalues, largest first; reads the upper half."""
    size = gram.shape[0]
    _, vectors = eigh(gram, lower=False, subset_by_index=(size - components, size - 1))
    return np.ascontiguousarray(vectors[:, ::-1])


def _project_out(traces: Traces, basis: Matrix, out: Traces) -> None:
    for block, rows in _blocks(traces):
        np.subtract(block, (block @ basis) @ basis.T, out=block)
        out[rows] = block[: rows.stop - rows.start]


def _check_components(components: int, most: int) -> None:
    if not 1 <= components <= most:
        msg = f"components is {components}; it must be 1 to {most}, the samples per trace"
        raise UsageError(msg)


def windowed_svd(
    samples: int, *, window_traces: int, overlap_traces: int, components: int
) -> CrossFade:
    """Return the stream that removes the strongest components of each window of traces.

    Parameters
    ----------
    samples
        Samples per trace.
    window_traces, overlap_traces
        Length and overlap of the windows, which are counted from the start of the line;
        neighbours are cross-faded, see `CrossFade`.
    components
        How many to remove from each window; a window of no more traces than that becomes zero.

    Examples
    --------
    >>> stream = windowed_svd(2, window_traces=3, overlap_traces=1, components=1)
    >>> background = np.outer([1.0, 1.0, 1.0, 2.0, 2.0], [3.0, 4.0])
    >>> rows = np.concatenate([stream.push(background), stream.finish()])
    >>> bool(abs(rows).max() < 1e-6)
    True
    """
    _check_components(components, samples)
    clean = partial(subtract_components, components=components)
    return CrossFade(samples, window=window_traces, overlap=overlap_traces, clean=clean)


def _blocks(traces: Traces) -> Iterator[tuple[Matrix, slice]]:
    """Yield float64 copies of fixed size, with the rows they hold; zeros fill the last one."""
    block = np.zeros((min(ROWS_PER_BLOCK, len(traces)), traces.shape[1]))
    for start in range(0, len(traces), ROWS_PER_BLOCK):
        rows = slice(start, min(start + ROWS_PER_BLOCK, len(traces)))
        number = rows.stop - rows.start
        block[:number] = traces[rows]
        block[number:] = 0.0
        yield block, rows
