"""A model's network as ONNX, for programs without torch: one file, tried before it is trusted."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from detectkit.core import UsageError
from detectkit.detect.evidence import IMAGES, SCALARS, STRIPS
from detectkit.learn.model.model import INPUTS, Model

OUTPUTS = ("logits", "depth_m", "depth_log_variance", "embedding")
AGREE = 1e-4
"""Largest difference between both, in units of the outputs, that counts as the same."""


class _Plain(nn.Module):
    """The network with a plain tuple as its answer."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        radar: Tensor,
        radar_known: Tensor,
        detector: Tensor,
        detector_known: Tensor,
        scalars: Tensor,
    ) -> tuple[Tensor, ...]:
        """Return the network's outputs, in the order of `OUTPUTS`."""
        return tuple(self.network(radar, radar_known, detector, detector_known, scalars))


def export_onnx(model: Model, path: Path) -> float:
    """Write a network as ONNX for a batch of one; return the largest difference found.

    Raises
    ------
    UsageError
        A package of ``detectkit[onnx]`` is missing, or both do not say the same.
    """
    try:
        import onnxruntime
    except ImportError as error:
        msg = "exporting needs onnx, onnxscript and onnxruntime: pip install 'detectkit[onnx]'"
        raise UsageError(msg) from error
    inputs = _drawn(model, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Plain(model.network),
            inputs,
            str(path),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    largest = max(_difference(model, session, seed) for seed in range(4))
    if largest > AGREE:
        path.unlink()
        msg = f"{path}: differs from torch by {largest:.2g}, more than {AGREE:g}; not kept"
        raise UsageError(msg)
    return largest


def _difference(model: Model, session: object, seed: int) -> float:
    inputs = _drawn(model, seed)
    with torch.inference_mode():
        ours = [one.numpy() for one in model.network(*inputs)]
    fed = {name: one.numpy() for name, one in zip(INPUTS, inputs, strict=True)}
    theirs = session.run(None, fed)  # type: ignore[attr-defined]
    return max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))


def _drawn(model: Model, seed: int) -> tuple[Tensor, ...]:
    """Return evidence drawn at random, with unknown columns and scalars, as a batch of one."""
    rng, grid = np.random.default_rng(seed), model.manifest.grid
    scalars = rng.uniform(0.1, 1.0, (1, len(SCALARS))).astype(np.float32)
    scalars[0, seed % len(SCALARS)] = np.nan
    arrays = (
        rng.normal(size=(1, len(IMAGES), grid.rows, grid.columns)).astype(np.float32),
        rng.uniform(size=(1, grid.columns)) < 0.9,
        rng.normal(size=(1, len(STRIPS), grid.columns)).astype(np.float32),
        rng.uniform(size=(1, grid.columns)) < 0.5,
        scalars,
    )
    return tuple(torch.from_numpy(one) for one in arrays)
