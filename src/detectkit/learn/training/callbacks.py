"""What happens between epochs: hard negatives, the log, the best and the last checkpoint."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from detectkit.learn.training.batches import batch_of
from detectkit.learn.training.losses import target_log_odds
from detectkit.learn.training.module import FORWARD_BATCH, TrainingData, TrainingModule
from detectkit.learn.training.recipe import Negatives

WATCHED = (
    "train_loss", "loss", "category_loss", "target_loss", "depth_loss", "auc", "found",
)  # fmt: skip
COLUMNS = ("epoch", *WATCHED, "rate", "hard_negatives")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far training is.

    Parameters
    ----------
    epoch, epochs
        The one at work, from 1, and how many at most.
    batch, batches
        Done of all epochs, and how many at most.
    figures
        Of the last whole epoch.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int
    figures: dict[str, float]


Report = Callable[[Progress], None]


class HardNegatives(Callback):
    """After some epochs, looks for what is no target and most like one; it is shown more often.

    Parameters
    ----------
    settings
        When, how many, how often.
    data
        Whose weights are set; a checkpoint holds them.
    """

    def __init__(self, settings: Negatives, data: TrainingData) -> None:
        self._settings, self._data = settings, data

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Set the weights anew, if it is time."""
        done = trainer.current_epoch + 1
        every = self._settings.after_epochs
        if not every or done % every or done == trainer.max_epochs:
            return
        score = _scores(pl_module, self._data)
        count = max(1, round(self._settings.share * len(score)))
        worst = self._data.negatives[np.argsort(-score, kind="stable")[:count]]
        weights = np.ones(len(self._data.rows))
        weights[worst] = self._settings.times
        self._data.weights = weights


class EpochLog(Callback):
    """Keeps the figures of every epoch, in a file too; a resumed run goes on with them.

    Parameters
    ----------
    path
        CSV to write after every epoch.
    data
        Tells whether hard negatives are at work.
    """

    def __init__(self, path: Path, data: TrainingData) -> None:
        self._path, self._data = path, data
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add a row."""
        del pl_module
        figures = trainer.callback_metrics
        row = {"epoch": float(trainer.current_epoch + 1)}
        row |= {name: float(figures[name]) for name in WATCHED}
        row |= {
            "rate": float(trainer.optimizers[0].param_groups[0]["lr"]),
            "hard_negatives": float((self._data.weights > 1.0).sum()),
        }
        self.rows.append(row)
        if trainer.is_global_zero:
            self._write()

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint has to hold."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take it back."""
        self.rows = list(state_dict["rows"])

    def _write(self) -> None:
        part = self._path.with_suffix(".part")
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows({name: f"{one[name]:.6g}" for name in COLUMNS} for one in self.rows)
        part.replace(self._path)


class BestAndLast(Callback):
    """Keeps the checkpoint with the least validation loss and the last one; ends early.

    Parameters
    ----------
    best, last
        Files to write.
    patience
        Ends after so many epochs without a better one.
    """

    def __init__(self, best: Path, last: Path, patience: int) -> None:
        self._best, self._last, self._patience = best, last, patience
        self.loss, self.epoch, self.waited = math.inf, 0, 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Do not go on with a run that had come to its end."""
        del pl_module
        trainer.should_stop = self.waited >= self._patience

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the weights, and say whether it is enough."""
        del pl_module
        loss = float(trainer.callback_metrics["loss"])
        self.waited += 1
        if loss < self.loss:
            self.loss, self.epoch, self.waited = loss, trainer.current_epoch + 1, 0
            _save(trainer, self._best)
        _save(trainer, self._last)
        trainer.should_stop = trainer.should_stop or self.waited >= self._patience

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint has to hold."""
        return {"loss": self.loss, "epoch": self.epoch, "waited": self.waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take it back."""
        self.loss, self.epoch = float(state_dict["loss"]), int(state_dict["epoch"])
        self.waited = int(state_dict["waited"])


class Reporting(Callback):
    """Tells after every batch how far training is."""

    def __init__(self, report: Report, log: EpochLog) -> None:
        self._report, self._log = report, log

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Tell it."""
        del pl_module, outputs, batch
        epochs, each = trainer.max_epochs or 1, int(trainer.num_training_batches)
        done = trainer.current_epoch * each + batch_idx + 1
        figures = self._log.rows[-1] if self._log.rows else {}
        self._report(Progress(trainer.current_epoch + 1, epochs, done, epochs * each, figures))


def _save(trainer: Trainer, path: Path) -> None:
    """Write a checkpoint whole or not at all; all processes have to call it."""
    part = path.with_suffix(".part")
    trainer.save_checkpoint(part)
    if trainer.is_global_zero:
        part.replace(path)


def _scores(module: LightningModule, data: TrainingData) -> Any:
    """Return the log-odds of a target of each training example that is none."""
    assert isinstance(module, TrainingModule)  # noqa: S101 - Lightning hands back what it was given
    rows = data.rows[data.negatives]
    said = []
    module.network.eval()
    with torch.inference_mode():
        for first in range(0, len(rows), FORWARD_BATCH):
            batch = batch_of(data.held.read(rows[first : first + FORWARD_BATCH]))
            output = module.network(*batch.to(module.device).inputs)
            said.append(target_log_odds(output.logits.float()).cpu().numpy())
    module.network.train()
    return np.concatenate(said)
