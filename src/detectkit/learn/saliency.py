"""Saliency: which samples of the evidence moved a network, by integrated gradients.

The gradient of a target's log-odds is summed up along the straight way from the same evidence with
nothing heard, times what was heard. Then the samples' shares add up to what all of it moved
(Sundararajan, Taly & Yan, Axiomatic attribution for deep networks, ICML 2017). Masks and scalars
stay as they are on the way.

A picture of attributions looks convincing even where it shows no more than the edges in the
radargram. So it is checked: networks with random weights must give other pictures (Adebayo et al.,
Sanity checks for saliency maps, NeurIPS 2018).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import spearmanr
from torch import Tensor

from detectkit.core.indication import TARGETS
from detectkit.detect.evidence import SCALARS, EvidencePatch
from detectkit.detect.fusion import Place
from detectkit.learn.explanation import Explanation
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.model import Model, inputs_of
from detectkit.learn.network import build_network
from detectkit.learn.threads import one_thread

Values = npt.NDArray[np.float64]

STEPS, PART = 128, 32
SENSORS = {"radar": ("radar", "gpr_"), "metal_detector": ("detector", "detector_")}
"""Sensor → how its part of a patch is called, and how its scalars begin."""


def explain(place: Place, assessor: NetworkAssessor) -> Explanation:
    """Return what moved a network at a place of a survey.

    Parameters
    ----------
    place
        From `detectkit.detect.fusion`: the indication with its evidence.
    assessor
        The network that weighed it, at the prior that is wanted.
    """
    patch = place.patch
    parts = [name for name, (part, _) in SENSORS.items() if getattr(patch, f"{part}_known").any()]
    said = assessor.assess([patch, *(without(patch, name) for name in parts)])
    radar, detector, moved = attribution(assessor.model, patch)
    return Explanation(
        indication=place.indication,
        patch=patch,
        grid=assessor.model.manifest.grid,
        label=assessor.label,
        assessment=said[0],
        without=tuple(zip(parts, said[1:], strict=True)),
        radar=radar,
        detector=detector,
        moved=moved,
    )


def without(patch: EvidencePatch, sensor: str) -> EvidencePatch:
    """Return a patch as if a sensor, one of `SENSORS`, had not flown."""
    part, beginning = SENSORS[sensor]
    scalars = patch.scalars.copy()
    scalars[[name.startswith(beginning) for name in SCALARS]] = np.nan
    hidden = {name: np.zeros_like(getattr(patch, name)) for name in (part, f"{part}_known")}
    return replace(patch, scalars=scalars, **hidden)


def attribution(model: Model, patch: EvidencePatch) -> tuple[Values, Values, float]:
    """Return by how much each sample moved the log-odds, and by how much all of it did.

    Returns
    -------
    radar, detector, moved
        (images, rows, columns), (strips, columns), and one number.
    """
    radar, radar_known, strips, strips_known, scalars = inputs_of(patch, model.manifest.validity)
    radar = torch.where(radar_known[:, None, None, :], radar, torch.zeros_like(radar))
    strips = torch.where(strips_known[:, None, :], strips, torch.zeros_like(strips))

    def odds(share: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        on_the_way = (
            (share.reshape(-1, 1, 1, 1) * radar).requires_grad_(),
            (share.reshape(-1, 1, 1) * strips).requires_grad_(),
        )
        masks = (one.expand(len(share), -1) for one in (radar_known, strips_known, scalars))
        known, strips_there, told = masks
        said = model.network(on_the_way[0], known, on_the_way[1], strips_there, told)
        return _target_odds(said.logits), on_the_way

    slopes = [torch.zeros_like(radar[0]), torch.zeros_like(strips[0])]
    with one_thread():
        middles = (torch.arange(STEPS) + 0.5) / STEPS
        for first in range(0, STEPS, PART):
            found, inputs = odds(middles[first : first + PART])
            for at, slope in enumerate(torch.autograd.grad(found.sum(), inputs)):
                slopes[at] += slope.sum(dim=0) / STEPS
        with torch.no_grad():
            before, after = odds(torch.tensor([0.0, 1.0]))[0].tolist()
    of_radar, of_strips = (
        (slope * one[0]).numpy().astype(np.float64)
        for slope, one in zip(slopes, (radar, strips), strict=True)
    )
    return of_radar, of_strips, after - before


def likeness_to_random(model: Model, patch: EvidencePatch, *, seed: int = 0) -> float:
    """Return how alike the radar's attribution is to that of a network with random weights.

    Spearman's rank correlation of their sizes, -1 to 1: near 1, the picture shows the radargram and
    nothing that was learned.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        drawn = build_network(model.manifest.network, model.manifest.grid)
    drawn.load_state_dict(
        {name: one for name, one in model.network.state_dict().items()
         if name in {"scalars.mean", "scalars.scale"}}, strict=False,
    )  # fmt: skip
    drawn.eval()
    ours, random = (
        np.abs(attribution(one, patch)[0]).ravel() for one in (model, replace(model, network=drawn))
    )
    return float(spearmanr(ours, random).statistic)


def _target_odds(logits: Tensor) -> Tensor:
    first = len(TARGETS)
    return torch.logsumexp(logits[:, :first], dim=1) - torch.logsumexp(logits[:, first:], dim=1)
