"""What a network says of a split, kept in a file for calibration and evaluation."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from detectkit.core import FormatError
from detectkit.core.indication import TARGETS
from detectkit.learn.ranking import area_under_curve
from detectkit.learn.training.batches import Held, batch_of
from detectkit.learn.training.losses import share_found
from detectkit.learn.training.rows import Corpus, Rows, is_target

Float32s = npt.NDArray[np.float32]
AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a network says of examples, with the truth.

    Parameters
    ----------
    row
        (examples,), int64: of the corpus.
    site, lane
        (examples,), int64: of the corpus's table; -1: it tells none.
    category, true_depth_m
        (examples,): the truth, as in `Examples`.
    logits
        (examples, categories), float32; not calibrated.
    depth_m, depth_log_variance
        (examples,), float32.
    embedding
        (examples, embedding), float32.
    """

    row: Rows
    site: Rows
    lane: Rows
    category: npt.NDArray[np.int8]
    true_depth_m: Float32s
    logits: Float32s
    depth_m: Float32s
    depth_log_variance: Float32s
    embedding: Float32s

    def __len__(self) -> int:
        return len(self.row)

    @property
    def target_log_odds(self) -> npt.NDArray[np.float64]:
        """Of a target, (examples,), not calibrated."""
        logits, count = self.logits.astype(np.float64), len(TARGETS)
        parts = (logits[:, :count], logits[:, count:])
        targets, others = (np.logaddexp.reduce(one, axis=1) for one in parts)
        return np.asarray(targets - others)

    @property
    def is_target(self) -> npt.NDArray[np.bool_]:
        """Whether a target lay there, (examples,)."""
        return is_target(self.category)

    def figures(self) -> dict[str, float]:
        """Return figures per example: to watch a training by, not what a field would show."""
        odds, target = self.target_log_odds, self.is_target
        known = np.isfinite(self.true_depth_m)
        error = self.depth_m[known].astype(np.float64) - self.true_depth_m[known]
        return {
            "examples": float(len(self)),
            "targets": float(target.sum()),
            "auc": area_under_curve(odds, target),
            "found": share_found(odds, target),
            "depth_error_m": float(np.median(np.abs(error))) if known.any() else float("nan"),
        }

    def save(self, path: Path) -> None:
        """Write a file of numpy's, whole or not at all."""
        part = path.with_suffix(".part.npz")
        np.savez_compressed(part, **{one.name: getattr(self, one.name) for one in fields(self)})
        part.replace(path)

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """Read a file.

        Raises
        ------
        FormatError
            It lacks an array.
        """
        with np.load(path, allow_pickle=False) as arrays:
            missing = [one.name for one in fields(cls) if one.name not in arrays]
            if missing:
                msg = f"{path}: no array {missing[0]!r}; train again, or give another file"
                raise FormatError(msg)
            return cls(**{one.name: arrays[one.name] for one in fields(cls)})


def predict(network: nn.Module, corpus: Corpus, rows: Rows) -> Predictions:
    """Return what a network says of rows of a corpus; its mode is left as it was."""
    table, held = corpus.table, Held(corpus, rows, 0)
    parts: list[dict[str, Any]] = []
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        for first in range(0, len(rows), AT_ONCE):
            examples = held.read(rows[first : first + AT_ONCE])
            output = network(*batch_of(examples).to(_device(network)).inputs)
            said = {name: one.float().cpu().numpy() for name, one in output._asdict().items()}
            said |= {"category": examples.category, "true_depth_m": examples.depth_m}
            parts.append(said)
    network.train(was_training)
    joined = {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}
    named = table.dtype.names or ()
    places: dict[str, Any] = {
        name: np.asarray(table[name][rows], np.int64) if name in named else np.full(len(rows), -1)
        for name in ("site", "lane")
    }
    return Predictions(row=rows, **places, **joined)


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device
