"""What a network is not to see changes no bit of what it says; what it sees does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from detectkit.core import UsageError
from detectkit.core.settings import settings_of
from detectkit.detect.evidence import GRID, IMAGES, SCALARS, STRIPS
from detectkit.learn.examples import Examples
from detectkit.learn.hiding import without_detector, without_radar
from detectkit.learn.network import build_network
from detectkit.learn.network_settings import NetworkSettings, Variant
from detectkit.learn.training.batches import batch_of
from detectkit.learn.training.recipe import TrainingRecipe

COUNT = 3


def drawn(seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    known = np.ones((COUNT, GRID.columns), np.bool_)
    return Examples(
        rng.standard_normal((COUNT, len(IMAGES), GRID.rows, GRID.columns), np.float32),
        known,
        rng.standard_normal((COUNT, len(STRIPS), GRID.columns), np.float32),
        known.copy(),
        rng.uniform(0.5, 2.0, (COUNT, len(SCALARS))).astype(np.float32),
        np.zeros(COUNT, np.int8),
        np.full(COUNT, 0.1, np.float32),
    )


def said(examples: Examples, variant: Variant = "images", **shown: Any) -> torch.Tensor:
    torch.manual_seed(1)
    settings = NetworkSettings(variant=variant, width=2, blocks=1, **shown)
    with torch.inference_mode():
        logits: torch.Tensor = build_network(settings).eval()(*batch_of(examples).inputs).logits
    return logits


def with_other_images(examples: Examples, name: str) -> Examples:
    radar = examples.radar.copy()
    radar[:, IMAGES.index(name)] += np.float32(3.0)
    return replace(examples, radar=radar)


def with_other_sensor(examples: Examples, name: str) -> Examples:
    """Return the evidence with what another flight's radar, or detector, recorded."""
    other, begins = drawn(9), {"radar": "gpr_", "detector": "detector_"}[name]
    scalars = examples.scalars.copy()
    columns = [number for number, one in enumerate(SCALARS) if one.startswith(begins)]
    scalars[:, columns] = other.scalars[:, columns]
    return replace(examples, scalars=scalars, **{name: getattr(other, name)})


@pytest.mark.parametrize("variant", ["images", "depth-channels"])
def test_a_picture_that_is_not_seen_changes_no_bit(variant: Variant) -> None:
    examples = drawn(0)
    for seen, hidden in (IMAGES, IMAGES[::-1]):
        first = said(examples, variant, images=(seen,))
        assert torch.equal(
            said(with_other_images(examples, hidden), variant, images=(seen,)), first
        )
        assert not torch.equal(
            said(with_other_images(examples, seen), variant, images=(seen,)), first
        )


def test_a_sensor_that_is_not_seen_changes_no_bit() -> None:
    examples = drawn(0)
    for seen, hidden in (("radar", "detector"), ("detector", "radar")):
        first = said(examples, sensors=(seen,))
        assert torch.equal(said(with_other_sensor(examples, hidden), sensors=(seen,)), first)
        assert not torch.equal(said(with_other_sensor(examples, seen), sensors=(seen,)), first)


def test_never_seen_is_the_same_as_hidden_afterwards() -> None:
    """A radar-only network takes evidence with a detector as if none had flown, and conversely."""
    examples = drawn(0)
    assert torch.equal(said(examples, sensors=("radar",)), said(without_detector(examples)))
    assert torch.equal(said(examples, sensors=("detector",)), said(without_radar(examples)))
    focused = np.array([name == "focused" for name in IMAGES])[None, :, None, None]
    alone = replace(examples, radar=np.where(focused, examples.radar, np.float32(0.0)))
    assert torch.equal(said(examples, images=("focused",)), said(alone))


def test_both_of_all_is_the_network_that_there_was() -> None:
    examples = drawn(0)
    everything = said(examples, images=IMAGES, sensors=("radar", "detector"))
    assert torch.equal(everything, said(examples))


def test_a_network_that_sees_all_says_nothing_new_of_itself() -> None:
    """So models and experiments of before keep their names and fingerprints."""
    assert {"images", "sensors"}.isdisjoint(settings_of(NetworkSettings()))


def test_a_recipe_says_what_is_seen() -> None:
    recipe = TrainingRecipe.from_toml('name = "a"\n[network]\nimages = ["processed"]')
    assert recipe.network.images == ("processed",)
    assert recipe.settings["network"]["images"] == ["processed"]
    assert recipe.fingerprint != TrainingRecipe.from_toml('name = "a"').fingerprint


@pytest.mark.parametrize(
    "wrong", ['images = ["migrated"]', "images = []", 'sensors = ["radar", "radar"]']
)
def test_what_there_is_not_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match=r"images|sensors"):
        TrainingRecipe.from_toml(f'name = "a"\n[network]\n{wrong}')
