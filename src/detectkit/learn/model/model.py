"""A model in memory: what its networks make of one patch, the same bits each time."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from detectkit.detect.evidence import EvidencePatch
from detectkit.learn.autoencoder import Anomaly
from detectkit.learn.examples import Examples
from detectkit.learn.model.manifest import Manifest
from detectkit.learn.model.validity import Validity
from detectkit.learn.network import EvidenceNetwork
from detectkit.learn.novelty import Novelty, Seen

Values = npt.NDArray[np.float64]

BATCH = 256
"""Examples at a time where only the figures matter, not the bits."""
INPUTS = tuple(one.name for one in fields(EvidencePatch))
"""What goes into a network, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the networks say of one patch.

    Parameters
    ----------
    logits, embedding
        (categories,) and (features,).
    depth_m, depth_deviation_m
        Of a body's top, were there one.
    anomaly
        Of the autoencoder; NaN: there is none, or no radar.
    """

    logits: Values
    embedding: Values
    depth_m: float
    depth_deviation_m: float
    anomaly: float


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Networks with all that is known of them.

    Parameters
    ----------
    network
        In evaluation mode.
    manifest, novelty, anomaly
        As in the files.
    """

    network: EvidenceNetwork
    manifest: Manifest
    novelty: Novelty
    anomaly: Anomaly | None = None

    def answer(self, patch: EvidencePatch) -> Answer:
        """Return what the networks say, by a batch of one; call it inside `one_thread`."""
        with torch.inference_mode():
            said = self.network(*inputs_of(patch, self.manifest.validity))
        known = patch.radar_known
        drawn = self.anomaly is not None and bool(known.any())
        return Answer(
            said.logits[0].numpy().astype(np.float64),
            said.embedding[0].numpy().astype(np.float64),
            float(said.depth_m[0]),
            float(np.exp(0.5 * float(said.depth_log_variance[0]))),
            self.anomaly.score(patch.radar, known) if self.anomaly and drawn else float("nan"),
        )

    def strangeness(self, answer: Answer) -> Values:
        """Return the measures of novelty of an answer; no radar is nothing strange."""
        others = () if self.anomaly is None else (np.nan_to_num(answer.anomaly, nan=0.0),)
        return self.novelty.measures(answer.logits, answer.embedding, others)


def inputs_of(patch: EvidencePatch, validity: Validity) -> tuple[Tensor, ...]:
    """Return a patch as a network takes it, a batch of one."""
    arrays = [getattr(patch, name) for name in INPUTS[:-1]]
    arrays.append(validity.shown(patch.scalars))
    return tuple(torch.from_numpy(np.ascontiguousarray(one[None])) for one in arrays)


def seen_by(
    network: EvidenceNetwork, examples: Examples, validity: Validity, anomaly: Anomaly | None
) -> tuple[Seen, Values, Values]:
    """Return what a network makes of examples, and its depths and their deviations."""
    logits, embedding, depth, deviation = [], [], [], []
    for first in range(0, len(examples), BATCH):
        part = examples.take(slice(first, first + BATCH))
        arrays = [getattr(part, name) for name in INPUTS[:-1]]
        tensors = [torch.as_tensor(one) for one in (*arrays, validity.shown(part.scalars))]
        with torch.inference_mode():
            said = network(*tensors)
        logits.append(said.logits.numpy())
        embedding.append(said.embedding.numpy())
        depth.append(said.depth_m.numpy())
        deviation.append(np.exp(0.5 * said.depth_log_variance.numpy()))
    others = np.zeros((len(examples), 0))
    if anomaly is not None:
        scores = anomaly.scores(examples.radar, examples.radar_known)
        others = np.nan_to_num(scores, nan=0.0)[:, None]
    wide = [np.concatenate(one).astype(np.float64) for one in (logits, embedding, depth, deviation)]
    return Seen(wide[0], wide[1], others), wide[2], wide[3]
