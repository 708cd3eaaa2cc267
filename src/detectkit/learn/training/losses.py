"""What training makes small, and what it is watched by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from detectkit.core.indication import CATEGORIES, TARGETS
from detectkit.learn.network import Output
from detectkit.learn.training.recipe import Loss

Float64s = npt.NDArray[np.float64]
NOT_KNOWN = -1
PASSED = 0.05
"""Share of what is no target that passes, where the share of targets found is told."""


class Parts(NamedTuple):
    """A loss and what it is made of."""

    total: Tensor
    category: Tensor
    target: Tensor
    depth: Tensor


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the categories, and of "no target" and "target"."""

    category: Tensor
    target: Tensor

    @classmethod
    def of(cls, category: npt.NDArray[np.int8], balance: float) -> Weights:
        """Return weights from the categories of the training examples."""
        counts = np.bincount(category[category >= 0], minlength=len(CATEGORIES))
        both = np.array([counts[len(TARGETS) :].sum(), counts[: len(TARGETS)].sum()])
        return cls(_rarity(counts, balance), _rarity(both, balance))

    def to(self, device: torch.device) -> Weights:
        """Return them on another device."""
        return Weights(self.category.to(device), self.target.to(device))


def _rarity(counts: npt.NDArray[np.int64], balance: float) -> Tensor:
    """Return rarity to a power, 1 in the mean over the examples; 1 for what there is none of."""
    there = counts > 0
    rare = np.where(there, np.maximum(counts, 1).astype(np.float64) ** -balance, 0.0)
    mean = (rare * counts).sum() / counts.sum()
    return torch.as_tensor(np.where(there, rare / mean, 1.0), dtype=torch.float32)


def target_log_odds(logits: Tensor) -> Tensor:
    """Return the log-odds that a target lies there, (examples,)."""
    targets = torch.logsumexp(logits[:, : len(TARGETS)], dim=1)
    return targets - torch.logsumexp(logits[:, len(TARGETS) :], dim=1)


def loss_of(
    output: Output, category: Tensor, depth_m: Tensor, settings: Loss, weights: Weights
) -> Parts:
    """Return the loss of a batch.

    Cross-entropy of the category and of "target or not", both by rarity; the depth's is the
    negative log-likelihood of a normal whose variance the network tells (Kendall and Gal 2017),
    over the examples whose depth is known. An example of unknown category counts for its depth
    alone.
    """
    logits = output.logits.float()
    known = category != NOT_KNOWN
    of_category = functional.cross_entropy(
        logits,
        category,
        weight=weights.category,
        label_smoothing=settings.smoothing,
        ignore_index=NOT_KNOWN,
        reduction="sum",
    )
    count = known.sum().clamp(min=1)
    truth = (category < len(TARGETS)) & known
    wanted = truth.float() * (1.0 - settings.smoothing) + 0.5 * settings.smoothing
    each = functional.binary_cross_entropy_with_logits(
        target_log_odds(logits), wanted, reduction="none"
    )
    of_target = torch.where(known, each * weights.target[truth.long()], 0.0).sum() / count
    of_depth = depth_loss(output, depth_m)
    total = of_category / count + settings.target_share * of_target
    return Parts(total + settings.depth_share * of_depth, of_category / count, of_target, of_depth)


def depth_loss(output: Output, depth_m: Tensor) -> Tensor:
    """Return the mean negative log-likelihood of the known depths; 0 where there is none."""
    known = torch.isfinite(depth_m)
    truth = torch.where(known, depth_m, 0.0)
    log_variance = output.depth_log_variance.float()
    error = (truth - output.depth_m.float()) ** 2 * torch.exp(-log_variance)
    each = torch.where(known, 0.5 * (error + log_variance), 0.0)
    return each.sum() / known.sum().clamp(min=1)


def share_found(score: Float64s, target: npt.NDArray[np.bool_], passed: float = PASSED) -> float:
    """Return the share of targets above a threshold that a share of all others passes."""
    if target.all() or not target.any():
        return float("nan")
    threshold = np.quantile(score[~target], 1.0 - passed)
    return float((score[target] > threshold).mean())
