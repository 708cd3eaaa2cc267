"""The folder of an experiment: what lies where, and what a finished one tells."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectkit.core import FormatError, UsageError
from detectkit.core.settings import build
from detectkit.detect.evidence import PatchGrid
from detectkit.learn.network_settings import NetworkSettings

if TYPE_CHECKING:
    from detectkit.learn.network import EvidenceNetwork
    from detectkit.learn.training.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Experiment:
    """Where the files of an experiment are.

    Parameters
    ----------
    folder
        Of all of them.
    """

    folder: Path

    @property
    def recipe(self) -> Path:
        """The recipe's TOML, as given."""
        return self.folder / "recipe.toml"

    @property
    def config(self) -> Path:
        """All settings, versions, machine and what the corpus is, as JSON."""
        return self.folder / "config.json"

    @property
    def log(self) -> Path:
        """CSV with a row per epoch."""
        return self.folder / "log.csv"

    @property
    def curves(self) -> Path:
        """Picture of the log."""
        return self.folder / "curves.png"

    @property
    def best(self) -> Path:
        """Lightning's checkpoint with the least validation loss."""
        return self.folder / "best.ckpt"

    @property
    def last(self) -> Path:
        """Lightning's checkpoint of the last whole epoch, to go on from."""
        return self.folder / "last.ckpt"

    @property
    def weights(self) -> Path:
        """Weights of the best, with the network's settings."""
        return self.folder / "weights.safetensors"

    @property
    def result(self) -> Path:
        """What came of it, as JSON; it is written last."""
        return self.folder / "result.json"

    def predictions(self, split: str) -> Path:
        """Of ``"train"``, ``"validation"`` or ``"test"``."""
        return self.folder / "predictions" / f"{split}.npz"


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished experiment.

    Parameters
    ----------
    experiment
        Its files.
    parameters
        Trained values of the network.
    epochs, best_epoch
        How many there were, and whose weights are kept, from 1.
    loss
        The best on validation.
    figures
        Split → figures per example; see `Predictions.figures`.
    scalars
        Name → lowest and highest value among the training examples; where no value is known: none.
    """

    experiment: Experiment
    parameters: int
    epochs: int
    best_epoch: int
    loss: float
    figures: dict[str, dict[str, float]]
    scalars: dict[str, tuple[float, float]]

    def network(self) -> EvidenceNetwork:
        """Return the trained network, ready to weigh evidence."""
        return load_weights(self.experiment.weights)

    def predictions(self, split: str) -> Predictions:
        """Return what it says of ``"train"``, ``"validation"`` or ``"test"``."""
        from detectkit.learn.training.predictions import Predictions

        return Predictions.read(self.experiment.predictions(split))

    def save(self) -> None:
        """Write what came of it."""
        told = {
            "parameters": self.parameters,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "loss": self.loss,
            "figures": self.figures,
            "scalars": self.scalars,
        }
        write_json(self.experiment.result, told)


def open_experiment(folder: str | Path) -> Trained:
    """Return what came of a finished experiment.

    Raises
    ------
    UsageError
        There is none, or it is not finished.
    """
    experiment = Experiment(Path(folder))
    if not experiment.result.is_file():
        msg = f"{folder}: no finished experiment; the same `detectkit train` goes on with it"
        raise UsageError(msg)
    told = json.loads(experiment.result.read_text(encoding="utf-8"))
    scalars = {name: (low, high) for name, (low, high) in told.pop("scalars").items()}
    return Trained(experiment, **told, scalars=scalars)


def save_weights(network: EvidenceNetwork, path: Path, *, grid: PatchGrid) -> None:
    """Write a network's weights with what is needed to build it again."""
    from safetensors.torch import save_file

    from detectkit.core.settings import settings_of

    about = {
        "network": json.dumps(settings_of(network.settings)),
        "grid": json.dumps(settings_of(grid)),
    }
    tensors = {name: one.detach().cpu().contiguous() for name, one in network.state_dict().items()}
    part = path.with_suffix(".part")
    save_file(tensors, part, metadata=about)
    part.replace(path)


def load_weights(path: Path) -> EvidenceNetwork:
    """Return the network of a file of `save_weights`, in the mode to weigh evidence.

    Raises
    ------
    FormatError
        The file does not say which network it is of.
    """
    from safetensors import safe_open

    from detectkit.learn.network import build_network

    with safe_open(path, framework="pt") as file:
        about = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    if not {"network", "grid"} <= about.keys():
        msg = f"{path}: its metadata lack 'network' or 'grid'; give weights of `detectkit train`"
        raise FormatError(msg)
    settings = build(NetworkSettings, json.loads(about["network"]), where=path.name)
    network = build_network(settings, build(PatchGrid, json.loads(about["grid"]), where=path.name))
    network.load_state_dict(tensors)
    return network.eval()


def write_json(path: Path, told: Any) -> None:
    """Write a file of JSON, whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    part.replace(path)
