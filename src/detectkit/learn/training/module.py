"""The network in Lightning's hands: steps, schedule, what is watched."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningDataModule, LightningModule
from torch import Tensor
from torch.utils.data import DataLoader

from detectkit.learn.network import EvidenceNetwork, Output
from detectkit.learn.ranking import area_under_curve
from detectkit.learn.training.batches import (
    Batch,
    Held,
    PlainBatches,
    TrainingBatches,
)
from detectkit.learn.training.losses import (
    Parts,
    Weights,
    loss_of,
    share_found,
    target_log_odds,
)
from detectkit.learn.training.recipe import Optimiser, TrainingRecipe
from detectkit.learn.training.rows import Corpus, Rows, is_target, rows_of

FORWARD_BATCH = 256
"""Examples at once where nothing is learned from them."""
LOWEST_RATE = 0.01
"""Share of the highest learning rate at both ends."""


class TrainingModule(LightningModule):
    """A network, its loss and its optimiser.

    Parameters
    ----------
    network
        To be trained.
    recipe
        How.
    weights
        Of the categories.
    """

    def __init__(self, network: EvidenceNetwork, recipe: TrainingRecipe, weights: Weights) -> None:
        super().__init__()
        self.network = network
        self._recipe, self._weights = recipe, weights
        self._seen: list[tuple[Output, Tensor, Tensor]] = []

    def training_step(self, batch: Batch, number: int) -> Tensor:
        """Return the loss of a batch.

        An epoch's chance begins with its first batch, after all that Lightning draws for itself, so
        that a resumed run draws what it would have drawn.
        """
        if number == 0:
            torch.manual_seed(_mixed(self._recipe.seed, self.current_epoch))
        parts = self._loss(self.network(*batch.inputs), batch.category, batch.depth_m)
        count = len(batch.category)
        self.log("train_loss", parts.total, on_step=False, on_epoch=True, batch_size=count)
        return parts.total

    def validation_step(self, batch: Batch, number: int) -> None:
        """Keep what the network says of a batch."""
        del number
        self._seen.append((self.network(*batch.inputs), batch.category, batch.depth_m))

    def on_validation_epoch_end(self) -> None:
        """Log what is watched, over all of the split at once."""
        output = Output(
            *(torch.cat(one) for one in zip(*(each[0] for each in self._seen), strict=True))
        )
        category = torch.cat([one[1] for one in self._seen])
        depth = torch.cat([one[2] for one in self._seen])
        self._seen.clear()
        parts = self._loss(output, category, depth)
        score = target_log_odds(output.logits.float()).double().cpu().numpy()
        target = is_target(category.cpu().numpy().astype(np.int8))
        watched = {
            "loss": parts.total.item(),
            "category_loss": parts.category.item(),
            "target_loss": parts.target.item(),
            "depth_loss": parts.depth.item(),
            "auc": area_under_curve(score, target),
            "found": share_found(score, target),
        }
        self.log_dict(watched)

    def configure_optimizers(self) -> Any:
        """Return AdamW and one rise and fall of its rate."""
        chosen = self._recipe.optimiser
        optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=chosen.rate, weight_decay=chosen.weight_decay
        )
        steps = max(1, int(self.trainer.estimated_stepping_batches))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: rate_at(step, steps, chosen)
        )
        return [optimiser], [{"scheduler": schedule, "interval": "step"}]

    def _loss(self, output: Output, category: Tensor, depth_m: Tensor) -> Parts:
        weights = self._weights.to(category.device)
        return loss_of(output, category, depth_m, self._recipe.loss, weights)


class TrainingData(LightningDataModule):
    """The splits of a corpus, and how often each training example is shown.

    Parameters
    ----------
    corpus
        Where the examples are.
    recipe
        How they are shown.

    Attributes
    ----------
    rows
        Of the training split.
    weights
        (rows,): how often each is shown, relative to the others; a checkpoint holds it.
    """

    def __init__(self, corpus: Corpus, recipe: TrainingRecipe) -> None:
        super().__init__()
        self._recipe = recipe
        self.rows = rows_of(corpus, "train")
        self.category = np.asarray(corpus.table["category"][self.rows], np.int8)
        self.weights = np.ones(len(self.rows))
        self.held = Held(corpus, self.rows, recipe.held_in_memory)
        self._validation = rows_of(corpus, "validation")
        self._held_validation = Held(corpus, self._validation, recipe.held_in_memory)

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return the batches of the epoch that is now."""
        trainer = self.trainer
        assert trainer is not None  # noqa: S101 - Lightning sets it before it asks
        batches = TrainingBatches(
            self.held,
            self._recipe,
            self.rows,
            self.weights,
            epoch=trainer.current_epoch,
            part=(trainer.global_rank, trainer.world_size),
        )
        return DataLoader(batches, batch_size=None)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return the validation split; with several processes each looks at all of it."""
        batches = PlainBatches(self._held_validation, self._validation, FORWARD_BATCH)
        return DataLoader(batches, batch_size=None)

    @property
    def negatives(self) -> Rows:
        """Places in `rows` of what is no target."""
        return np.flatnonzero(~is_target(self.category))

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint has to hold."""
        return {"weights": torch.from_numpy(self.weights)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take it back."""
        self.weights = state_dict["weights"].numpy()


def rate_at(step: int, steps: int, settings: Optimiser) -> float:
    """Return the learning rate as a share of the highest: a straight rise, a cosine down.

    Examples
    --------
    >>> [round(rate_at(step, 100, Optimiser(rising_share=0.2)), 2) for step in (0, 10, 20, 60, 100)]
    [0.01, 0.51, 1.0, 0.51, 0.01]
    """
    done = step / steps
    rising = settings.rising_share
    if done < rising:
        share = done / rising
    else:
        share = 0.5 * (1.0 + math.cos(math.pi * min(1.0, (done - rising) / (1.0 - rising))))
    return LOWEST_RATE + (1.0 - LOWEST_RATE) * share


def _mixed(seed: int, epoch: int) -> int:
    """Return a seed of torch's own for an epoch."""
    return int(np.random.SeedSequence([seed, 2, epoch]).generate_state(1, np.uint64)[0] >> 1)
