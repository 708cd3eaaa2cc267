"""A picture of a training: losses, what is watched, the learning rate."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"  # Okabe and Ito's
Rows = list[dict[str, float]]


def draw_curves(rows: Rows, path: Path, *, name: str, best_epoch: int) -> None:
    """Write the curves of a training as PNG.

    Parameters
    ----------
    rows
        Of `EpochLog`: one per epoch.
    path
        File to write.
    name
        Of the experiment.
    best_epoch
        Whose weights are kept, from 1.
    """
    figure = Figure(figsize=(12.0, 3.9), dpi=110, layout="constrained")
    loss, watched, rate = figure.subplots(1, 3)
    epochs = [one["epoch"] for one in rows]
    for column, colour, words in (
        ("train_loss", GREY, "training, changed examples"),
        ("loss", BLUE, "validation"),
    ):
        loss.plot(epochs, _column(rows, column), "o-", ms=3, color=colour, label=words)
    loss.set_title("Loss", fontsize=10)
    for column, colour, words in (
        ("auc", BLUE, "area under the curve"),
        ("found", ORANGE, "targets found where 5 % of the rest pass"),
    ):
        watched.plot(epochs, _column(rows, column), "o-", ms=3, color=colour, label=words)
    watched.set(ylim=(min(0.48, *(one - 0.03 for one in _column(rows, "found"))), 1.005))
    watched.set_title("Validation, per example (not per area)", fontsize=10)
    rate.plot(epochs, _column(rows, "rate"), "o-", ms=3, color=GREEN, label="learning rate")
    rate.set_title("Learning rate at the epoch's end", fontsize=10)
    _mark_negatives(rate, rows)
    for one in (loss, watched, rate):
        one.axvline(best_epoch, color=GREY, lw=0.8, ls="--", zorder=0)
        one.set_xlabel("epoch")
        one.xaxis.set_major_locator(MaxNLocator(integer=True))
        one.grid(alpha=0.25)
        one.legend(fontsize=8)
    figure.suptitle(f"Training of {name}; weights kept: epoch {best_epoch} (dashed)", fontsize=11)
    figure.savefig(path)


def _mark_negatives(axes: Axes, rows: Rows) -> None:
    """Mark where hard negatives begin to be shown more often."""
    after = [one["epoch"] for one in rows if one["hard_negatives"]]
    if after and after[0] < rows[-1]["epoch"]:
        axes.axvline(after[0] + 0.5, color=ORANGE, lw=1.0, ls=":", label="hard negatives begin")


def _column(rows: Rows, name: str) -> list[float]:
    return [one[name] for one in rows]
