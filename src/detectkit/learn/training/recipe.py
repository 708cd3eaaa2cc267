"""A training recipe: everything that decides the weights, read from TOML."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from detectkit.core import UsageError
from detectkit.core.settings import build, settings_of
from detectkit.learn.deciding import DecisionSettings
from detectkit.learn.network_settings import NetworkSettings

PACKAGE = "detectkit_models"
FOLDER = "recipes"
MOST_SMOOTHING = 0.02
"""Of labels: more, and rare certainties could no longer be told."""


@dataclass(frozen=True, slots=True)
class Optimiser:
    """How weights are moved: AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101), one cycle.

    Parameters
    ----------
    epochs
        At most; an epoch shows as many examples as the training split has.
    batch
        Examples per step.
    rate
        Highest learning rate.
    weight_decay
        Of all weights.
    rising_share
        Of the steps in which the rate rises; then it falls by a cosine.
    patience
        Ends early after so many epochs without a better validation loss.
    largest_gradient
        Norm to which gradients are cut.
    averaged
        The weights that are judged and kept are a running mean over some ``1 / (1 - averaged)``
        steps (Polyak and Juditsky 1992): less chance in which epoch is kept. 0: as they are.
    """

    epochs: int = 30
    batch: int = 64
    rate: float = 2e-3
    weight_decay: float = 0.02
    rising_share: float = 0.15
    patience: int = 8
    largest_gradient: float = 5.0
    averaged: float = 0.0

    def __post_init__(self) -> None:
        counts = min(self.epochs, self.batch, self.patience)
        _require(counts >= 1, "optimiser", "epochs, batch, patience: 1 or more")
        _require(self.batch >= 2, "optimiser", "batch: 2 or more, as it is normalised by itself")
        least = min(self.rate, self.largest_gradient)
        _require(least > 0.0, "optimiser", "rate, largest_gradient: above 0")
        _require(self.weight_decay >= 0.0, "optimiser", "weight_decay: 0 or more")
        _require(0.0 < self.rising_share < 1.0, "optimiser", "rising_share: between 0 and 1")
        _require(0.0 <= self.averaged < 1.0, "optimiser", "averaged: 0 or more, below 1")


@dataclass(frozen=True, slots=True)
class Loss:
    """What is made small.

    Parameters
    ----------
    balance
        Power of a category's rarity in its weight: 0 weighs every example alike, 1 every category.
    smoothing
        Share of each label that is spread over all categories, at most 0.02.
    target_share
        Weight of "target or not" beside the category's own loss: what is scored in the end.
    depth_share
        Weight of the depth's loss, which counts only where a depth is known.
    """

    balance: float = 0.5
    smoothing: float = 0.01
    target_share: float = 1.0
    depth_share: float = 0.1

    def __post_init__(self) -> None:
        _require(0.0 <= self.balance <= 1.0, "loss", "balance: 0 to 1")
        fits = 0.0 <= self.smoothing <= MOST_SMOOTHING
        _require(fits, "loss", f"smoothing = {self.smoothing}: 0 to {MOST_SMOOTHING}")
        _require(min(self.target_share, self.depth_share) >= 0.0, "loss", "shares: 0 or more")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How examples are changed each time they are shown.

    Parameters
    ----------
    reversed_share
        Share of examples shown as on the way back.
    shift_m
        Along the track, up to so much either way.
    depth_shift_m, depth_stretch
        Of the pictures, up to so much either way: a height and a velocity in error. The depth to
        be told stays, so that the network learns how wrong it may be.
    gain, noise
        Standard deviation of the gain's logarithm, per example; most noise in clutter levels.
    dropped_columns
        Share of columns without a trace, up to so much.
    hidden_detector, hidden_radar
        Share of examples shown without that sensor; never without both.
    hidden_scalars
        Share of each scalar that is shown as not known.
    """

    reversed_share: float = 0.5
    shift_m: float = 0.1
    depth_shift_m: float = 0.015
    depth_stretch: float = 0.15
    gain: float = 0.2
    noise: float = 0.3
    dropped_columns: float = 0.1
    hidden_detector: float = 0.3
    hidden_radar: float = 0.1
    hidden_scalars: float = 0.1

    def __post_init__(self) -> None:
        values = [getattr(self, one.name) for one in fields(self)]
        _require(min(values) >= 0.0, "augmentation", "nothing below 0")
        _require(self.depth_stretch < 0.5, "augmentation", "depth_stretch: below 0.5")
        shares = (self.reversed_share, self.dropped_columns, self.hidden_scalars)
        hidden = self.hidden_detector + self.hidden_radar
        _require(
            max(*shares, hidden) <= 1.0, "augmentation", "shares: at most 1, hidden ones in all"
        )


@dataclass(frozen=True, slots=True)
class Negatives:
    """Rounds in which what is wrongly taken for a target is sought, to be shown more often after.

    Parameters
    ----------
    after_epochs
        Epochs between rounds; 0: none.
    share
        Of the examples that are no targets: the worst ones, by the network's own word.
    times
        How often they are shown where others are shown once.
    """

    after_epochs: int = 6
    share: float = 0.1
    times: float = 3.0

    def __post_init__(self) -> None:
        _require(self.after_epochs >= 0, "negatives", "after_epochs: 0 or more")
        fits = 0.0 < self.share <= 1.0 and self.times >= 1.0
        _require(fits, "negatives", "share: above 0, at most 1; times: 1 or more")


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """Everything that decides the weights, and the text it was read from.

    Parameters
    ----------
    name, seed
        Of the experiment; the seed decides first weights, order and changes of examples.
    held_in_memory
        Examples at once, about 20 kB each; a larger corpus is read again every epoch.
    network, optimiser, loss, augmentation, negatives
        See their classes.
    decision
        What thresholds are set for, after the training.
    corpus
        The table ``[corpus]``: ``path`` of one that is there, or settings to make one from.
    text
        The TOML.
    """

    name: str
    seed: int
    held_in_memory: int
    network: NetworkSettings
    optimiser: Optimiser
    loss: Loss
    augmentation: Augmentation
    negatives: Negatives
    decision: DecisionSettings
    corpus: dict[str, Any]
    text: str

    @classmethod
    def from_toml(cls, text: str, *, where: str = "recipe") -> TrainingRecipe:
        """Build a recipe from TOML.

        Raises
        ------
        UsageError
            Not TOML, or a table or setting that is unknown, missing or not allowed.

        Examples
        --------
        >>> recipe = TrainingRecipe.from_toml('name = "trial"')
        >>> recipe.seed, recipe.network.variant, recipe.optimiser.epochs
        (1, 'images', 30)
        """
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            msg = f"{where}: not TOML: {error}"
            raise UsageError(msg) from error
        corpus = document.pop("corpus", {})
        tables = {name: document.pop(name, {}) for name in SECTIONS}
        odd = [name for name, value in document.items() if isinstance(value, dict)]
        if odd:
            allowed = ", ".join((*SECTIONS, "corpus"))
            msg = f"{where}: no table {odd[0]!r}; allowed: {allowed}"
            raise UsageError(msg)
        head = build(_Head, document, where=where)
        sections: dict[str, Any] = {
            name: build(kind, tables[name], where=f"{where}, [{name}]")
            for name, kind in SECTIONS.items()
        }
        return cls(head.name, head.seed, head.held_in_memory, **sections, corpus=corpus, text=text)

    @classmethod
    def read(cls, path: str | Path) -> TrainingRecipe:
        """Read a recipe's file."""
        place = Path(path)
        if not place.is_file():
            msg = f"no recipe at {place}; give a TOML file"
            raise UsageError(msg)
        return cls.from_toml(place.read_text(encoding="utf-8"), where=place.name)

    @property
    def settings(self) -> dict[str, Any]:
        """All settings as plain values, defaults too, without the corpus."""
        head = {"name": self.name, "seed": self.seed, "held_in_memory": self.held_in_memory}
        return head | {name: settings_of(getattr(self, name)) for name in SECTIONS}

    @property
    def fingerprint(self) -> str:
        """Sha256 over all that decides the weights but the corpus."""
        others = {"name", "decision"}
        told = {name: value for name, value in self.settings.items() if name not in others}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands before the tables."""

    name: str
    seed: int = 1
    held_in_memory: int = 40_000

    def __post_init__(self) -> None:
        _require(self.seed >= 0, "", "seed: 0 or more")
        _require(self.held_in_memory >= 1, "", "held_in_memory: 1 or more")


SECTIONS: dict[str, type] = {
    "network": NetworkSettings,
    "optimiser": Optimiser,
    "loss": Loss,
    "augmentation": Augmentation,
    "negatives": Negatives,
    "decision": DecisionSettings,
}


def shipped_recipes() -> dict[str, Path]:
    """Return name → file of every training recipe that ships."""
    folder = Path(str(files(PACKAGE))) / FOLDER
    return {one.stem: one for one in sorted(folder.glob("*.toml"))}


def find_recipe(named: str | Path) -> TrainingRecipe:
    """Return a recipe: a TOML file, or one that ships by its name.

    Raises
    ------
    UsageError
        Neither; lists those that ship.
    """
    shipped = shipped_recipes()
    if str(named) in shipped:
        return TrainingRecipe.read(shipped[str(named)])
    if not Path(named).is_file():
        msg = f"no recipe {str(named)!r}; give a TOML file, or one that ships: {', '.join(shipped)}"
        raise UsageError(msg)
    return TrainingRecipe.read(named)


def _require(holds: bool, table: str, what: str) -> None:  # noqa: FBT001 - a check, not a mode
    if not holds:
        msg = f"recipe{f', [{table}]' if table else ''}: {what}"
        raise UsageError(msg)
