"""A model in files: weights in safetensors, a manifest, a card; no pickle anywhere.

safetensors hold numbers and names only: opening a model from a stranger runs none of their code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from detectkit.core import FormatError
from detectkit.learn.autoencoder import Anomaly, Autoencoder, near_columns
from detectkit.learn.model.card import CARD_FILE, card_of
from detectkit.learn.model.manifest import FILE, Manifest, read_manifest
from detectkit.learn.model.model import Model
from detectkit.learn.model.shipped import DEFAULT, model_folder
from detectkit.learn.network import build_network
from detectkit.learn.novelty import Novelty

WEIGHTS_FILE = "weights.safetensors"
NETWORK, AUTOENCODER, NOVELTY = "network.", "autoencoder.", "novelty."


def save_model(model: Model, folder: Path) -> Model:
    """Write a model into a folder and return it as it is there, with the weights' sha256.

    The manifest comes last: a folder without one is no model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)
    weights = save(_tensors(model))
    digest = hashlib.sha256(weights).hexdigest()
    saved = replace(model, manifest=replace(model.manifest, weights_sha256=digest))
    (folder / WEIGHTS_FILE).write_bytes(weights)
    (folder / CARD_FILE).write_text(card_of(saved.manifest), encoding="utf-8")
    (folder / FILE).write_text(saved.manifest.to_json(), encoding="utf-8")
    return saved


def load_model(name_or_path: str | Path = DEFAULT) -> Model:
    """Read a model by the name of one that ships, or from its folder.

    Raises
    ------
    UsageError
        There is no such model.
    FormatError
        Its weights are not those that the manifest vouches for, or do not fit.
    """
    folder = model_folder(name_or_path)
    manifest = read_manifest(folder)
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        msg = f"{path}: missing; the manifest beside it has no weights to speak of"
        raise FormatError(msg)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != manifest.weights_sha256:
        msg = (
            f"{path}: sha256 {digest[:12]}..., where the manifest says "
            f"{manifest.weights_sha256[:12]}...; take both files from one model"
        )
        raise FormatError(msg)
    try:
        return _built(manifest, load(data))
    except (SafetensorError, RuntimeError, ValueError) as error:
        msg = f"{path}: does not fit its manifest: {error}"
        raise FormatError(msg) from error


def _tensors(model: Model) -> dict[str, Tensor]:
    found = _named(NETWORK, model.network)
    if model.anomaly is not None:
        found |= _named(AUTOENCODER, model.anomaly.network)
    return found | {
        NOVELTY + name: torch.tensor(np.ascontiguousarray(array))
        for name, array in model.novelty.arrays().items()
    }


def _named(prefix: str, network: nn.Module) -> dict[str, Tensor]:
    return {prefix + name: one.detach().clone() for name, one in network.state_dict().items()}


def _built(manifest: Manifest, tensors: Mapping[str, Tensor]) -> Model:
    network = build_network(manifest.network, manifest.grid)
    _filled(network, tensors, NETWORK)
    parts = {name: one.numpy() for name, one in _under(tensors, NOVELTY).items()}
    anomaly = None
    if manifest.autoencoder is not None and manifest.anomaly is not None:
        drawing = Autoencoder(manifest.autoencoder, manifest.grid)
        _filled(drawing, tensors, AUTOENCODER)
        middle, deviation = manifest.anomaly
        near = near_columns(manifest.grid)
        anomaly = Anomaly(drawing, manifest.autoencoder, middle, deviation, near)
    return Model(network, manifest, Novelty.from_arrays(parts), anomaly)


def _filled(network: nn.Module, tensors: Mapping[str, Tensor], prefix: str) -> None:
    network.load_state_dict(_under(tensors, prefix), strict=True)
    network.eval()
    network.requires_grad_(requires_grad=False)


def _under(tensors: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): one for name, one in tensors.items() if name.startswith(prefix)
    }
