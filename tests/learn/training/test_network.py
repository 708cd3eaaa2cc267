"""The network: small, quick, blind to what is masked; and what its loss looks at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from detectkit.core import FormatError, UsageError
from detectkit.core.indication import CATEGORIES
from detectkit.detect.evidence import GRID, PatchGrid
from detectkit.learn.network import EvidenceNetwork, Output, build_network, parameters_of
from detectkit.learn.network_settings import MOST_PARAMETERS, NetworkSettings, Variant
from detectkit.learn.training.batches import batch_of
from detectkit.learn.training.experiment import load_weights, save_weights
from detectkit.learn.training.losses import Weights, depth_loss, loss_of, target_log_odds
from detectkit.learn.training.recipe import Loss

from .drawn import drawn_examples

VARIANTS: tuple[Variant, ...] = ("images", "depth-channels")


def network(variant: Variant, width: int = 4) -> EvidenceNetwork:
    torch.manual_seed(1)
    return build_network(NetworkSettings(variant=variant, width=width)).eval()


def output_of(logits: list[list[float]], depth: list[float], log_variance: list[float]) -> Output:
    return Output(
        torch.tensor(logits), torch.tensor(depth), torch.tensor(log_variance), torch.zeros(1)
    )


@pytest.mark.parametrize("variant", VARIANTS)
class TestNetwork:
    def test_the_default_is_small(self, variant: Variant) -> None:
        assert parameters_of(build_network(NetworkSettings(variant))) <= MOST_PARAMETERS

    def test_what_it_says_has_the_shapes_of_the_contract(self, variant: Variant) -> None:
        examples = drawn_examples(3)
        said = network(variant)(*batch_of(examples).inputs)
        assert said.logits.shape == (3, len(CATEGORIES))
        assert said.depth_m.shape == said.depth_log_variance.shape == (3,)
        assert said.embedding.shape == (3, 64)

    def test_masked_values_reach_nothing(self, variant: Variant) -> None:
        """Whatever lies under a mask, even no number, not one bit of the output changes."""
        examples = drawn_examples(6)
        random = np.random.default_rng(4)
        masked = replace(
            examples,
            radar_known=random.random(examples.radar_known.shape) < 0.7,
            detector_known=random.random(examples.detector_known.shape) < 0.7,
        )
        radar, detector = masked.radar.copy(), masked.detector.copy()
        radar[np.broadcast_to(~masked.radar_known[:, None, None, :], radar.shape)] = np.nan
        detector[np.broadcast_to(~masked.detector_known[:, None, :], detector.shape)] = 1e6
        weigh = network(variant)
        with torch.inference_mode():
            first = weigh(*batch_of(masked).inputs)
            second = weigh(*batch_of(replace(masked, radar=radar, detector=detector)).inputs)
        assert all(torch.equal(one, two) for one, two in zip(first, second, strict=True))

    def test_not_known_is_not_zero(self, variant: Variant) -> None:
        examples = drawn_examples(2)
        silent = replace(examples, detector=np.zeros_like(examples.detector))
        absent = replace(silent, detector_known=np.zeros_like(silent.detector_known))
        weigh = network(variant)
        first, second = (weigh(*batch_of(one).inputs).logits for one in (silent, absent))
        assert not torch.allclose(first, second)

    def test_nothing_known_is_an_answer_too(self, variant: Variant) -> None:
        examples = drawn_examples(2)
        nothing = replace(
            examples,
            radar_known=np.zeros_like(examples.radar_known),
            detector_known=np.zeros_like(examples.detector_known),
            scalars=np.full_like(examples.scalars, np.nan),
        )
        assert torch.isfinite(network(variant)(*batch_of(nothing).inputs).logits).all()

    def test_weights_come_back_with_their_network(self, variant: Variant, tmp_path: Path) -> None:
        before = network(variant)
        before.set_scalar_statistics(np.arange(12.0), np.arange(1.0, 13.0))
        save_weights(before, tmp_path / "weights.safetensors", grid=GRID)
        after = load_weights(tmp_path / "weights.safetensors")
        inputs = batch_of(drawn_examples(2)).inputs
        with torch.inference_mode():
            assert torch.equal(before(*inputs).logits, after(*inputs).logits)


def test_a_grid_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(UsageError, match="multiples of 8"):
        build_network(NetworkSettings(), PatchGrid(rows=50))


def test_weights_of_somebody_else_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(FormatError, match="lack 'network'"):
        load_weights(tmp_path / "a.safetensors")


class TestLoss:
    def test_depth_counts_only_where_it_is_known(self) -> None:
        nan = float("nan")
        said = output_of([[0.0] * 5] * 3, [0.1, 0.2, 9.0], [-4.0, -4.0, -4.0])
        truth = torch.tensor([0.1, 0.2, nan])
        assert depth_loss(said, truth).item() == pytest.approx(-2.0)
        assert depth_loss(said, torch.full((3,), nan)).item() == 0.0

    def test_an_honest_variance_costs_least(self) -> None:
        truth = torch.tensor([0.0, 0.2])
        losses = [
            depth_loss(output_of([[0.0] * 5] * 2, [0.1, 0.1], [2.0 * np.log(sd)] * 2), truth)
            for sd in (0.05, 0.1, 0.2)
        ]
        assert min(range(3), key=lambda n: losses[n].item()) == 1

    def test_a_depth_that_is_not_known_moves_no_weight(self) -> None:
        weigh = network("images")
        examples = drawn_examples(4)
        batch = batch_of(replace(examples, depth_m=np.full(4, np.nan, np.float32)))
        depth_loss(weigh(*batch.inputs), batch.depth_m).backward()
        assert all(one.grad is None or not one.grad.any() for one in weigh.parameters())

    def test_rare_categories_weigh_more_and_the_mean_stays(self) -> None:
        category = np.array([0] * 10 + [4] * 90, np.int8)
        none, half, full = (Weights.of(category, balance).category for balance in (0.0, 0.5, 1.0))
        assert none.tolist() == [1.0] * 5
        assert float(half[0] / half[4]) == pytest.approx(3.0)
        assert float(full[0] / full[4]) == pytest.approx(9.0)
        assert 0.1 * float(full[0]) + 0.9 * float(full[4]) == pytest.approx(1.0)

    def test_an_unknown_category_is_left_out(self) -> None:
        weights = Weights.of(np.array([0, 4], np.int8), 0.0)
        nan = torch.tensor([float("nan")] * 2)
        said = output_of([[3.0, 0, 0, 0, 0], [0, 9.0, 0, 0, 0]], [0.1] * 2, [-4.0] * 2)
        both = loss_of(said, torch.tensor([0, -1]), nan, Loss(), weights)
        one = Output(*(part[:1] for part in said))
        alone = loss_of(one, torch.tensor([0]), nan[:1], Loss(), weights)
        assert both.total.item() == pytest.approx(alone.total.item())

    def test_log_odds_add_up_the_targets(self) -> None:
        odds = target_log_odds(torch.log(torch.tensor([[0.3, 0.3, 0.1, 0.1, 0.2]])))
        assert odds.item() == pytest.approx(np.log(0.6 / 0.4), rel=1e-5)
