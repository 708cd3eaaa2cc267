"""Autoencoder: how badly ground without targets explains what the radar recorded at a place.

A small network squeezes a patch through a few numbers and draws it again. It is trained on patches
without targets only, so it draws layers, clods and ringing well and what it never saw badly
(Picetti et al., Convolutional autoencoder for landmine detection on GPR scans, EUSIPCO 2018;
Bestagini et al., IEEE TGRS 2020). The score needs no examples of what is sought.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from detectkit.core import UsageError
from detectkit.detect.evidence import GRID, IMAGES, PatchGrid
from detectkit.learn.autoencoder_settings import AutoencoderSettings
from detectkit.learn.threads import one_thread

Float32s = npt.NDArray[np.float32]
Booleans = npt.NDArray[np.bool_]

NEAR_M = 0.3
"""Half the width of what is scored: what lies farther off has a patch of its own."""
FEWEST = 32
LEAST_ERROR = 1e-9
PART = 256


class Autoencoder(nn.Module):
    """Draws a patch, (batch, images, rows, columns), through a code of a few numbers."""

    def __init__(self, settings: AutoencoderSettings, grid: PatchGrid = GRID) -> None:
        super().__init__()
        wide = settings.width
        rows, columns = grid.rows // 8, grid.columns // 8
        self.inner = (2 * wide, rows, columns)
        self.squeeze = nn.Sequential(
            nn.Conv2d(len(IMAGES), wide, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv2d(wide, 2 * wide, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(2 * wide, 2 * wide, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(2 * wide * rows * columns, settings.code),
        )  # fmt: skip
        self.spread = nn.Linear(settings.code, 2 * wide * rows * columns)
        self.draw = nn.Sequential(
            nn.ConvTranspose2d(2 * wide, 2 * wide, 4, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(2 * wide, wide, 4, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(wide, len(IMAGES), 4, stride=2, padding=1),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """Return the patch as it draws it, in the terms of `as_drawn`."""
        inner = torch.relu(self.spread(self.squeeze(images))).reshape(-1, *self.inner)
        drawn: Tensor = self.draw(inner)
        return drawn


def as_drawn(radar: Tensor, known: Tensor) -> Tensor:
    """Return the images as the autoencoder sees them: large values by their logarithm, masked 0."""
    shown = torch.asinh(radar)
    return torch.where(known[:, None, None, :], shown, torch.zeros_like(shown))


@dataclass(frozen=True, slots=True, eq=False)
class Anomaly:
    """A score of radar patches, in standard deviations above ground without targets.

    Parameters
    ----------
    network
        The trained autoencoder.
    settings
        Its shape.
    middle, deviation
        Of the error's logarithm, on patches without targets that it was not trained on.
    near
        Columns that count, (columns,).
    """

    network: Autoencoder
    settings: AutoencoderSettings
    middle: float
    deviation: float
    near: Booleans

    def score(self, radar: Float32s, known: Booleans) -> float:
        """Return the score of one patch, (images, rows, columns); NaN where no radar passed."""
        return float(self.scores(radar[None], known[None])[0])

    def scores(self, radar: Float32s, known: Booleans) -> npt.NDArray[np.float64]:
        """Return the scores of patches, (examples,), in parts of `PART`, by one thread."""
        parts = [slice(at, at + PART) for at in range(0, len(radar), PART)]
        with one_thread():
            errors = [
                self._errors(torch.as_tensor(radar[one]), torch.as_tensor(known[one]))
                for one in parts
            ]
        values = torch.cat(errors).numpy().astype(np.float64)
        return np.asarray((values - self.middle) / self.deviation)

    @torch.inference_mode()
    def misdrawn(self, radar: Float32s, known: Booleans) -> Float32s:
        """Return by how much each sample is misdrawn, squared, (examples, images, rows, columns).

        In the terms of `as_drawn`; 0 where nothing is known, and beyond the columns that count.
        """
        with one_thread():
            seen = as_drawn(torch.as_tensor(radar), torch.as_tensor(known & self.near))
            off = (self.network(seen) - seen) ** 2
        counts = (known & self.near)[:, None, None, :]
        return np.where(counts, off.numpy(), np.float32(0.0))

    @torch.inference_mode()
    def _errors(self, radar: Tensor, known: Tensor) -> Tensor:
        return torch.log(_error(self.network, radar, known & torch.as_tensor(self.near)))


def near_columns(grid: PatchGrid = GRID) -> Booleans:
    """Return the columns within `NEAR_M` of the middle, (columns,)."""
    return np.asarray(np.abs(grid.along_m) <= NEAR_M)


def _error(network: Autoencoder, radar: Tensor, counts: Tensor) -> Tensor:
    """Return the mean squared error over the columns that count, (batch,)."""
    seen = as_drawn(radar, counts)
    off = torch.where(counts[:, None, None, :], (network(seen) - seen) ** 2, torch.zeros_like(seen))
    samples = counts.sum(dim=1) * radar.shape[1] * radar.shape[2]
    return (off.sum(dim=(1, 2, 3)) / samples).clamp_min(LEAST_ERROR)


def fit_autoencoder(
    radar: Float32s,
    known: Booleans,
    settings: AutoencoderSettings | None = None,
    *,
    grid: PatchGrid = GRID,
    site: npt.ArrayLike = (),
    progress: Callable[[int, float], None] | None = None,
) -> Anomaly:
    """Train an autoencoder on patches of ground without targets.

    Parameters
    ----------
    radar, known
        (examples, images, rows, columns) and (examples, columns); none of them with a target.
    settings
        None: the defaults.
    grid
        Of the patches.
    site
        (examples,): the last sites are held out whole; empty: the last examples.
    progress
        Is told each epoch's number and mean squared error.

    Raises
    ------
    UsageError
        Fewer than `FEWEST` patches with radar.
    """
    settings = settings or AutoencoderSettings()
    near = near_columns(grid)
    usable = (known & near).any(axis=1)
    if usable.sum() < FEWEST:
        msg = f"{usable.sum()} patches with radar and without target; at least {FEWEST} are needed"
        raise UsageError(msg)
    held = _held_out(np.asarray(site)[usable] if np.size(site) else np.arange(usable.sum()),
                     settings.held_out)  # fmt: skip
    images = torch.as_tensor(radar[usable])
    counts = torch.as_tensor((known & near)[usable])
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(settings.seed)
        network = Autoencoder(settings, grid)
        _train(network, images[~held], counts[~held], settings, progress)
        network.eval().requires_grad_(requires_grad=False)
        errors = np.log(_error(network, images[held], counts[held]).numpy().astype(np.float64))
    middle = float(np.median(errors))
    deviation = max(float(np.median(np.abs(errors - middle)) / 0.6744897501960817), 1e-6)
    return Anomaly(network, settings, middle, deviation, near)


def _held_out(site: npt.NDArray[np.int64], share: float) -> Booleans:
    """Return which examples are of the last sites that together hold about the share."""
    order = np.argsort(site, kind="stable")
    first = site[order[min(round((1.0 - share) * site.size), site.size - 1)]]
    held = site >= first
    return np.asarray(held if not held.all() else np.arange(site.size) >= 0.75 * site.size)


def _train(
    network: Autoencoder,
    images: Tensor,
    counts: Tensor,
    settings: AutoencoderSettings,
    progress: Callable[[int, float], None] | None,
) -> None:
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.rate)
    for epoch in range(settings.epochs):
        total = 0.0
        order = torch.randperm(len(images))
        for first in range(0, len(images), settings.batch):
            part = order[first : first + settings.batch]
            flipped = torch.rand(()) < 0.5
            radar, known = images[part], counts[part]
            if flipped:
                radar, known = radar.flip(-1), known.flip(-1)
            loss = _error(network, radar, known).mean()
            optimiser.zero_grad()
            torch.autograd.backward([loss])
            optimiser.step()
            total += float(loss.detach()) * len(part)
        if progress is not None:
            progress(epoch, total / len(images))
