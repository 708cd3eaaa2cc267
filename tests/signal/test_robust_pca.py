from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.core.errors import UsageError
from detectkit.signal.lowrank import subtract_components
from detectkit.signal.robust_pca import robust_split, windowed_robust_pca

Matrix = npt.NDArray[np.float64]


def low_rank_and_sparse(traces: int, samples: int, *, rank: int) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(5)
    low = rng.normal(size=(traces, rank)) @ rng.normal(size=(rank, samples))
    spikes = rng.random((traces, samples)) < 0.04
    return low, np.where(spikes, 20.0 * rng.normal(size=(traces, samples)), 0.0)


@pytest.mark.parametrize("shape", [(700, 120), (90, 200)])
def test_spikes_on_a_low_rank_background_are_recovered_exactly(shape: tuple[int, int]) -> None:
    low, sparse = low_rank_and_sparse(*shape, rank=2)
    split = robust_split(low + sparse, tolerance=1e-6)
    assert split.rank == 2
    assert split.relative_residual <= 1e-6
    assert np.linalg.norm(split.foreground - sparse) < 1e-4 * np.linalg.norm(sparse)


def test_plain_svd_is_bent_by_the_same_spikes() -> None:
    low, sparse = low_rank_and_sparse(700, 120, rank=2)
    plain = subtract_components(low + sparse, components=2)
    assert np.linalg.norm(plain - sparse) > 0.1 * np.linalg.norm(sparse)


def test_a_larger_sparsity_weight_leaves_less_in_the_foreground() -> None:
    low, sparse = low_rank_and_sparse(300, 60, rank=3)
    noisy = low + sparse + np.random.default_rng(0).normal(size=low.shape)
    energy = [np.linalg.norm(robust_split(noisy, sparsity=s).foreground) for s in (0.7, 1.0, 1.5)]
    assert energy[0] > energy[1] > energy[2]


def test_zeros_need_no_iteration() -> None:
    split = robust_split(np.zeros((20, 10)))
    assert (split.iterations, split.rank, split.foreground.any()) == (0, 0, False)
    assert robust_split(np.zeros((0, 10))).foreground.shape == (0, 10)


def test_iterations_end_at_the_limit_and_the_residual_tells() -> None:
    low, sparse = low_rank_and_sparse(300, 60, rank=3)
    split = robust_split(low + sparse, max_iterations=3)
    assert split.iterations == 3
    assert split.relative_residual > 1e-5


def test_windows_keep_the_spike_and_drop_the_background() -> None:
    line = np.outer(np.linspace(1.0, 2.0, 100), np.sin(np.arange(30.0)))
    line[57, 11] += 5.0
    stream = windowed_robust_pca(30, window_traces=40, overlap_traces=10)
    cleaned = np.concatenate([stream.push(line), stream.finish()])
    assert cleaned[57, 11] == pytest.approx(5.0, rel=0.01)
    cleaned[57, 11] = 0.0
    assert abs(cleaned).max() < 0.02


def test_options_must_be_positive() -> None:
    with pytest.raises(UsageError, match="sparsity is 0"):
        robust_split(np.ones((4, 3)), sparsity=0.0)
    with pytest.raises(UsageError, match="max_iterations"):
        windowed_robust_pca(3, window_traces=4, overlap_traces=0, max_iterations=0)
