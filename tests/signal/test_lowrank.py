from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.core.errors import UsageError
from detectkit.signal.lowrank import (
    gram_matrix,
    principal_components,
    subtract_components,
    windowed_svd,
)


def radargram(traces: int, samples: int) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(3)
    steady = np.outer(1.0 + 0.1 * rng.normal(size=traces), rng.normal(size=samples))
    drift = np.outer(np.linspace(-1.0, 1.0, traces), rng.normal(size=samples))
    noise = rng.normal(size=(traces, samples))
    return (1000.0 * steady + 100.0 * drift + noise).astype(np.float32)


def by_full_svd(data: npt.NDArray[np.float32], components: int) -> npt.NDArray[np.float64]:
    u, s, vt = np.linalg.svd(data.astype(np.float64), full_matrices=False)
    return np.asarray((u[:, components:] * s[components:]) @ vt[components:])


@pytest.mark.parametrize("shape", [(1300, 40), (30, 64), (40, 40)])
@pytest.mark.parametrize("components", [1, 2, 5])
def test_removal_equals_the_full_svd(shape: tuple[int, int], components: int) -> None:
    data = radargram(*shape)
    cleaned = subtract_components(data, components=components)
    np.testing.assert_allclose(cleaned, by_full_svd(data, components), atol=1e-3)


def test_the_gram_matrix_is_summed_in_float64_over_blocks_and_rest() -> None:
    data = radargram(1100, 12)
    wide = data.astype(np.float64)
    np.testing.assert_allclose(np.triu(gram_matrix(data)), np.triu(wide.T @ wide), rtol=1e-12)


def test_components_are_orthonormal_and_strongest_first() -> None:
    data = radargram(500, 30)
    basis = principal_components(data, components=3)
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)
    strength = np.linalg.norm(data.astype(np.float64) @ basis, axis=0)
    assert strength[0] > strength[1] > strength[2]


def test_a_background_of_that_rank_is_removed_to_rounding_and_a_target_stays() -> None:
    rng = np.random.default_rng(1)
    background = rng.normal(size=(600, 2)) @ rng.normal(size=(2, 50)) * 1000.0
    line = background.astype(np.float32)
    assert abs(subtract_components(line, components=2)).max() < 1e-3
    line[300, 25] += 500.0
    assert subtract_components(line, components=2)[300, 25] > 400.0


def test_removing_as_many_components_as_traces_leaves_nothing() -> None:
    assert not subtract_components(radargram(3, 20), components=3).any()
    assert subtract_components(radargram(0, 20), components=3).shape == (0, 20)


def test_each_window_is_cleaned_on_its_own() -> None:
    rng = np.random.default_rng(2)
    wavelets = rng.normal(size=(2, 30))
    line = np.concatenate([np.tile(wavelets[0], (40, 1)), np.tile(wavelets[1], (40, 1))])
    stream = windowed_svd(30, window_traces=40, overlap_traces=0, components=1)
    assert abs(np.concatenate([stream.push(line), stream.finish()])).max() < 1e-5
    assert abs(subtract_components(line, components=1)).max() > 0.1


@pytest.mark.parametrize("components", [0, 21])
def test_an_impossible_number_of_components_is_refused(components: int) -> None:
    with pytest.raises(UsageError, match="must be 1 to 20"):
        subtract_components(radargram(30, 20), components=components)
    with pytest.raises(UsageError, match="must be 1 to 20"):
        windowed_svd(20, window_traces=30, overlap_traces=0, components=components)
