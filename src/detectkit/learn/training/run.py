"""A training from start to end; killed, the same call goes on where it was."""

from __future__ import annotations

import json
import logging
import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import EMAWeightAveraging

from detectkit import __version__
from detectkit.core import UsageError
from detectkit.core.settings import settings_of
from detectkit.detect.evidence import GRID, SCALARS
from detectkit.learn.corpus.settings import SPLITS
from detectkit.learn.network import (
    EvidenceNetwork,
    build_network,
    parameters_of,
    scalars_as_read,
)
from detectkit.learn.training.batches import scalar_statistics
from detectkit.learn.training.callbacks import (
    BestAndLast,
    EpochLog,
    HardNegatives,
    Report,
    Reporting,
)
from detectkit.learn.training.curves import draw_curves
from detectkit.learn.training.experiment import (
    Experiment,
    Trained,
    open_experiment,
    save_weights,
    write_json,
)
from detectkit.learn.training.losses import Weights
from detectkit.learn.training.module import TrainingData, TrainingModule
from detectkit.learn.training.predictions import predict
from detectkit.learn.training.recipe import TrainingRecipe
from detectkit.learn.training.rows import (
    Corpus,
    require_both_kinds,
    require_separate_sites,
    rows_of,
)

STATISTICS_OF = 8192
"""Training examples at most that the scalars' mean and spread are taken from."""
Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


@dataclass(frozen=True, slots=True)
class Machine:
    """What trains; the same recipe on another machine gives other last bits.

    Parameters
    ----------
    accelerator
        ``"auto"``: a graphics processor where there is one; ``"cpu"``, ``"gpu"``.
    devices
        More than one: as many processes that share every epoch (DDP).
    precision
        Of the arithmetic; the mixed ones are for graphics processors.
    threads
        Of this process; None: as torch has them.
    """

    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    devices: int = 1
    precision: Precision = "32-true"
    threads: int | None = None


def run_training(
    recipe: TrainingRecipe,
    corpus: Corpus,
    folder: str | Path,
    *,
    machine: Machine | None = None,
    progress: Report | None = None,
) -> Trained:
    """Train a network and leave all that came of it in a folder.

    Stopped or killed, the same call goes on after the last whole epoch, and ends with the same
    weights, bit for bit, as if nothing had been. A finished folder is read and returned.

    Parameters
    ----------
    recipe
        Everything that decides the weights, but the corpus.
    corpus
        What to learn from.
    folder
        Where everything goes; made if needed.
    machine
        What trains.
    progress
        Called after every batch.

    Raises
    ------
    UsageError
        The folder holds another experiment, a site is in two splits, or a split lacks targets or
        the rest.
    """
    machine = machine or Machine()
    experiment = Experiment(Path(folder))
    require_separate_sites(corpus)
    for split in SPLITS[:2]:
        require_both_kinds(corpus, rows_of(corpus, split), split)
    _prepare(experiment, recipe, corpus, machine)
    if experiment.result.is_file():
        return open_experiment(folder)
    with _quiet(), _own_chance(machine.threads):
        return _train(recipe, corpus, experiment, machine, progress)


def _train(
    recipe: TrainingRecipe,
    corpus: Corpus,
    experiment: Experiment,
    machine: Machine,
    progress: Report | None,
) -> Trained:
    torch.manual_seed(recipe.seed)
    network = build_network(recipe.network)
    data = TrainingData(corpus, recipe)
    scalars = _fit_scalars(network, data)
    weights = Weights.of(data.category, recipe.loss.balance)
    module = TrainingModule(network, recipe, weights)
    log = EpochLog(experiment.log, data)
    keep = BestAndLast(experiment.best, experiment.last, recipe.optimiser.patience)
    callbacks: list[Any] = [HardNegatives(recipe.negatives, data), log]
    callbacks += [Reporting(progress, log)] if progress else []
    if recipe.optimiser.averaged:
        callbacks.append(EMAWeightAveraging(decay=recipe.optimiser.averaged))
    trainer = _trainer(recipe, experiment, machine, [*callbacks, keep])
    last = str(experiment.last) if experiment.last.is_file() else None
    trainer.fit(module, datamodule=data, ckpt_path=last)
    if trainer.is_global_zero:
        _finish(network, corpus, experiment, scalars, (log, keep, recipe.name))
    trainer.strategy.barrier()
    return open_experiment(experiment.folder)


def _trainer(
    recipe: TrainingRecipe, experiment: Experiment, machine: Machine, callbacks: list[Any]
) -> Trainer:
    return Trainer(
        max_epochs=recipe.optimiser.epochs,
        accelerator=machine.accelerator,
        devices=machine.devices,
        strategy="ddp" if machine.devices > 1 else "auto",
        precision=machine.precision,
        gradient_clip_val=recipe.optimiser.largest_gradient,
        callbacks=callbacks,
        default_root_dir=experiment.folder,
        deterministic=True,
        reload_dataloaders_every_n_epochs=1,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _finish(
    network: EvidenceNetwork,
    corpus: Corpus,
    experiment: Experiment,
    scalars: dict[str, tuple[float, float]],
    kept: tuple[EpochLog, BestAndLast, str],
) -> None:
    """Write weights, predictions, curves and, last, the result."""
    log, keep, name = kept
    checkpoint = torch.load(experiment.best, map_location="cpu", weights_only=True)
    network.load_state_dict(
        {key.removeprefix("network."): one for key, one in checkpoint["state_dict"].items()}
    )
    network.eval()
    save_weights(network, experiment.weights, grid=GRID)
    draw_curves(log.rows, experiment.curves, name=name, best_epoch=keep.epoch)
    experiment.predictions("train").parent.mkdir(exist_ok=True)
    figures: dict[str, dict[str, float]] = {}
    for split in SPLITS:
        if split == "test" and not (corpus.table["split"] == SPLITS.index("test")).any():
            continue
        said = predict(network, corpus, rows_of(corpus, split))
        said.save(experiment.predictions(split))
        figures[split] = said.figures()
    count = parameters_of(network)
    Trained(experiment, count, len(log.rows), keep.epoch, keep.loss, figures, scalars).save()


def _prepare(
    experiment: Experiment, recipe: TrainingRecipe, corpus: Corpus, machine: Machine
) -> None:
    """Write what decides the experiment, or see that the folder holds the same."""
    decides = {"recipe": recipe.fingerprint, "corpus": corpus.fingerprint}
    if experiment.config.is_file():
        before = json.loads(experiment.config.read_text(encoding="utf-8"))["decided_by"]
        other = [name for name, value in decides.items() if before.get(name) != value]
        if other:
            msg = (
                f"{experiment.folder}: holds an experiment with another {other[0]}; "
                "give another folder, or delete it"
            )
            raise UsageError(msg)
        return
    experiment.folder.mkdir(parents=True, exist_ok=True)
    experiment.recipe.write_text(recipe.text, encoding="utf-8")
    told = {
        "decided_by": decides,
        "settings": recipe.settings,
        "grid": settings_of(GRID),
        "machine": asdict(machine),
        "versions": {
            "detectkit": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "pytorch_lightning": version("pytorch-lightning"),
            "numpy": np.__version__,
        },
        "examples": {
            split: int((corpus.table["split"] == number).sum())
            for number, split in enumerate(SPLITS)
        },
    }
    write_json(experiment.config, told)


def _fit_scalars(network: EvidenceNetwork, data: TrainingData) -> dict[str, tuple[float, float]]:
    """Give the network the scalars' mean and spread; return their ends."""
    step = -(-len(data.rows) // STATISTICS_OF)
    scalars = data.held.read(data.rows[::step]).scalars
    network.set_scalar_statistics(*scalar_statistics(scalars_as_read(scalars)))
    ends = {}
    for name, values in zip(SCALARS, scalars.T, strict=True):
        known = values[np.isfinite(values)]
        if len(known):
            ends[name] = (float(known.min()), float(known.max()))
    return ends


@contextmanager
def _own_chance(threads: int | None) -> Iterator[None]:
    """Leave torch's generators, threads and strictness as they were."""
    before, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    try:
        if threads is not None:
            torch.set_num_threads(threads)
        with torch.random.fork_rng():
            yield
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(strict)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning's own words off the screen; errors come through."""
    speaker = logging.getLogger("pytorch_lightning")
    level = speaker.level
    speaker.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pytorch_lightning")
            warnings.filterwarnings("ignore", module="lightning_fabric")
            yield
    finally:
        speaker.setLevel(level)
