"""What weighing evidence costs: candidates a second on one core, with everything a model tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectkit.detect.evidence import GRID, IMAGES, SCALARS, STRIPS, EvidencePatch

pytest.importorskip("torch", reason="weighing with a network needs detectkit[learn]")

PATCHES = 50
LEAST_PER_S = 200.0
"""What a flight needs many times over: at 2 m/s a lane gives a few candidates a second."""


def drawn(seed: int) -> EvidencePatch:
    random = np.random.default_rng(seed)
    return EvidencePatch(
        random.normal(size=(len(IMAGES), GRID.rows, GRID.columns)).astype(np.float32),
        np.ones(GRID.columns, np.bool_),
        random.normal(size=(len(STRIPS), GRID.columns)).astype(np.float32),
        np.ones(GRID.columns, np.bool_),
        random.uniform(0.1, 1.0, len(SCALARS)).astype(np.float32),
    )


def made(variant: str) -> Any:
    """Return an assessor of the full size with random weights: the same work as a trained one."""
    from detectkit.learn.calibration import CalibrationSettings
    from detectkit.learn.examples import examples_of
    from detectkit.learn.model.assessor import NetworkAssessor
    from detectkit.learn.model.making import MakingSettings, Sites, make_model
    from detectkit.learn.model.manifest import Facts
    from detectkit.learn.network import build_network
    from detectkit.learn.network_settings import NetworkSettings

    category = ["ap_mine", "none"] * 40
    examples = examples_of([drawn(one) for one in range(80)], category)
    parts = [Sites(examples, np.arange(80) % 4 + first) for first in (0, 4)]
    network = build_network(NetworkSettings(variant=variant)).eval()
    settings = MakingSettings(CalibrationSettings("platt", replicates=4))
    facts = Facts("random", "Random weights.", "any", seed=0)
    return NetworkAssessor(make_model(network, facts, *parts, settings))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("variant", ["images", "depth-channels"])
def test_candidates_per_second(variant: str, benchmark: Any) -> None:
    """Network, calibration, interval, novelty, autoencoder, one patch at a time, one thread."""
    assessor = made(variant)
    patches = [drawn(one) for one in range(PATCHES)]
    said = benchmark.pedantic(assessor.assess, args=(patches,), rounds=7, warmup_rounds=1)
    assert len(said) == PATCHES
    if benchmark.stats is not None:
        per_s = PATCHES / benchmark.stats.stats.median
        benchmark.extra_info["candidates_per_s"] = per_s
        assert per_s >= LEAST_PER_S


@pytest.mark.timeout(600)
def test_explaining(benchmark: Any) -> None:
    """Integrated gradients over one patch, on request only."""
    from detectkit.learn.saliency import attribution

    model = made("images").model
    benchmark.pedantic(attribution, args=(model, drawn(1)), rounds=3, warmup_rounds=1)
