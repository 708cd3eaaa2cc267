"""The network that weighs evidence: small residual networks over a patch, in PyTorch.

Residual blocks as of He et al. 2016 (CVPR, 10.1109/CVPR.2016.90), with batch normalisation; what
is known about the flight and the ground enters by feature-wise scaling (FiLM, Perez et al. 2018,
arXiv 1709.07871); depth comes with its own variance (Kendall and Gal 2017, arXiv 1703.04977).
Nothing that is masked reaches a weight: masked values are replaced, not multiplied, by zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from detectkit.core.indication import CATEGORIES
from detectkit.detect.evidence import GRID, IMAGES, SCALARS, STRIPS, PatchGrid
from detectkit.learn.hiding import DETECTOR_SCALARS, RADAR_SCALARS
from detectkit.learn.network_settings import NetworkSettings, require_grid

SCORES = ("gpr_score", "detector_snr")
"""Scalars without an upper end: they enter by their logarithm."""
FARTHEST = 4.0
"""Scalars enter in standard deviations of the training's, and at most so many."""
DETECTOR_WIDTH = 24
REDUCED = 8
USUAL_DEPTH_M, DEPTH_SPREAD_M = 0.12, 0.1
LOG_VARIANCES = (-9.2, -1.4)
"""Of the depth: standard deviations of 1 cm and of 0.5 m."""


class Output(NamedTuple):
    """What a network says of a batch.

    Parameters
    ----------
    logits
        (examples, categories), of `detectkit.core.indication.CATEGORIES`; not calibrated.
    depth_m, depth_log_variance
        (examples,): of the body's top, were there one; variance in m².
    embedding
        (examples, embedding): what the outputs are read from.
    """

    logits: Tensor
    depth_m: Tensor
    depth_log_variance: Tensor
    embedding: Tensor


def build_network(settings: NetworkSettings, grid: PatchGrid = GRID) -> EvidenceNetwork:
    """Return a network with random weights, drawn from torch's generator.

    Raises
    ------
    UsageError
        The grid's rows or columns are no multiple of 8.

    Examples
    --------
    >>> network = build_network(NetworkSettings()).eval()
    >>> parameters_of(network) < 350_000
    True
    """
    require_grid(grid)
    return EvidenceNetwork(settings, grid)


def parameters_of(network: nn.Module) -> int:
    """Return the number of trained values."""
    return sum(one.numel() for one in network.parameters())


class EvidenceNetwork(nn.Module):
    """Category, depth and an embedding from a batch of evidence.

    Parameters
    ----------
    settings
        Its shape.
    grid
        Of the patches.
    """

    def __init__(self, settings: NetworkSettings, grid: PatchGrid = GRID) -> None:
        super().__init__()
        self.settings = settings
        self.shown = _Shown(settings)
        self.scalars = _Scalars(settings.scalar_width)
        self.detector = _Detector(settings.scalar_width)
        kind = _Images if settings.variant == "images" else _DepthChannels
        self.radar = kind(settings, grid)
        found = self.radar.features + self.detector.features + settings.scalar_width
        self.embed = nn.Linear(found, settings.embedding)
        self.read = nn.Sequential(nn.ReLU(), nn.Dropout(settings.dropout))
        self.categories = nn.Linear(settings.embedding, len(CATEGORIES))
        self.depth = nn.Linear(settings.embedding, 2)

    def forward(
        self,
        radar: Tensor,
        radar_known: Tensor,
        detector: Tensor,
        detector_known: Tensor,
        scalars: Tensor,
    ) -> Output:
        """Weigh a batch; the arrays are those of `detectkit.learn.examples.Examples`."""
        radar_known, detector_known, scalars = self.shown.known(
            radar_known, detector_known, scalars
        )
        context = self.scalars(scalars)
        radar = self.shown.images_of(radar)
        images = _known_part(torch.asinh(radar), radar_known[:, None, None, :])
        strips = _known_part(torch.asinh(detector), detector_known[:, None, :])
        strips = torch.cat([strips, detector_known[:, None, :].to(strips.dtype)], dim=1)
        from_radar = self.radar(images, radar_known.to(images.dtype), strips, context)
        found = torch.cat([from_radar, self.detector(strips, context), context], dim=1)
        embedding = self.embed(found)
        read = self.read(embedding)
        depth, spread = self.depth(read).unbind(dim=1)
        low, high = LOG_VARIANCES
        return Output(
            self.categories(read),
            USUAL_DEPTH_M + DEPTH_SPREAD_M * depth,
            low + (high - low) * torch.sigmoid(spread),
            embedding,
        )

    def set_scalar_statistics(
        self, mean: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]
    ) -> None:
        """Take mean and standard deviation of each of `SCALARS`, after `scalars_as_read`."""
        self.scalars.mean.copy_(torch.as_tensor(mean, dtype=torch.float32))
        self.scalars.scale.copy_(torch.as_tensor(scale, dtype=torch.float32))


def scalars_as_read(scalars: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return (examples, scalars) as the network takes their statistics: scores by logarithm."""
    values = np.asarray(scalars, np.float64).copy()
    columns = [SCALARS.index(name) for name in SCORES]
    values[:, columns] = np.arcsinh(values[:, columns])
    return values


class _Shown(nn.Module):
    """Lets through what a network is to see; where that is everything, does nothing at all."""

    images: Tensor
    scalars: Tensor

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.radar, self.detector = settings.sees("radar"), settings.sees("detector")
        images = torch.tensor([self.radar is False or settings.sees(name) for name in IMAGES])
        hidden = (*(() if self.radar else RADAR_SCALARS),
                  *(() if self.detector else DETECTOR_SCALARS))  # fmt: skip
        scalars = torch.tensor([name not in hidden for name in SCALARS])
        self.register_buffer("images", images[:, None, None], persistent=False)
        self.register_buffer("scalars", scalars, persistent=False)
        self.every_image = bool(images.all())

    def images_of(self, radar: Tensor) -> Tensor:
        return radar if self.every_image else _known_part(radar, self.images)

    def known(
        self, radar: Tensor, detector: Tensor, scalars: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        if not (self.radar and self.detector):
            scalars = torch.where(self.scalars, scalars, torch.full_like(scalars, torch.nan))
        radar = radar if self.radar else torch.zeros_like(radar)
        return radar, detector if self.detector else torch.zeros_like(detector), scalars


class _Scalars(nn.Module):
    """Encodes the scalars; one that is not known has no value, and says so."""

    mean: Tensor
    scale: Tensor
    is_score: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        count = len(SCALARS)
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("scale", torch.ones(count))
        scores = torch.tensor([name in SCORES for name in SCALARS])
        self.register_buffer("is_score", scores, persistent=False)
        self.encode = nn.Sequential(
            nn.Linear(2 * count, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
        )

    def forward(self, scalars: Tensor) -> Tensor:
        known = torch.isfinite(scalars)
        values = _known_part(scalars, known)
        values = torch.where(self.is_score, torch.asinh(values), values)
        values = ((values - self.mean) / self.scale).clamp(-FARTHEST, FARTHEST)
        values = _known_part(values, known)
        encoded: Tensor = self.encode(torch.cat([values, known.to(values.dtype)], dim=1))
        return encoded


class _Film(nn.Module):
    """Scales and shifts channels by what the scalars say; does nothing before it is trained."""

    def __init__(self, context: int, channels: int) -> None:
        super().__init__()
        self.say = nn.Linear(context, 2 * channels)
        nn.init.zeros_(self.say.weight)
        nn.init.zeros_(self.say.bias)

    def forward(self, values: Tensor, context: Tensor) -> Tensor:
        scale, shift = self.say(context).chunk(2, dim=1)
        shape = scale.shape + (1,) * (values.dim() - 2)
        found: Tensor = values * (1.0 + scale.reshape(shape)) + shift.reshape(shape)
        return found


class _Residual(nn.Module):
    """Two convolutions and what they leave out; the second is scaled by the scalars."""

    def __init__(
        self,
        layers: tuple[type[nn.Module], type[nn.Module]],
        channels: tuple[int, int],
        stride: int,
        context: int,
    ) -> None:
        super().__init__()
        convolution, norm = layers
        before, after = channels
        self.first = convolution(before, after, 3, stride=stride, padding=1, bias=False)
        self.first_norm = norm(after)
        self.second = convolution(after, after, 3, padding=1, bias=False)
        self.second_norm = norm(after)
        self.film = _Film(context, after)
        same = stride == 1 and before == after
        self.beside = nn.Identity() if same else convolution(before, after, 1, stride=stride)

    def forward(self, values: Tensor, context: Tensor) -> Tensor:
        inner = torch.relu(self.first_norm(self.first(values)))
        inner = self.film(self.second_norm(self.second(inner)), context)
        found: Tensor = torch.relu(inner + self.beside(values))
        return found


class _Images(nn.Module):
    """Over depth and along the track; the detector's strips lie under every depth."""

    planes: Tensor

    def __init__(self, settings: NetworkSettings, grid: PatchGrid) -> None:
        super().__init__()
        width, context = settings.width, settings.scalar_width
        depth = torch.linspace(-1.0, 1.0, grid.rows)[:, None].expand(grid.rows, grid.columns)
        along = torch.linspace(-1.0, 1.0, grid.columns).abs()[None].expand_as(depth)
        self.register_buffer("planes", torch.stack([depth, along])[None], persistent=False)
        self.stem = nn.Conv2d(len(IMAGES) + 3, width, 5, stride=2, padding=2, bias=False)
        self.under = nn.Conv1d(len(STRIPS) + 1, width, 5, stride=2, padding=2, bias=False)
        self.norm = nn.BatchNorm2d(width)
        widths = (width, 2 * width, 4 * width)
        layers: list[nn.Module] = []
        before = width
        for stage, after in enumerate(widths):
            for block in range(settings.blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                kinds = (nn.Conv2d, nn.BatchNorm2d)
                layers.append(_Residual(kinds, (before, after), stride, context))
                before = after
        self.blocks = nn.ModuleList(layers)
        self.reduce = nn.Conv2d(before, REDUCED, 1)
        self.features = before + REDUCED * (grid.rows // 8) * (grid.columns // 8)

    def forward(self, images: Tensor, known: Tensor, strips: Tensor, context: Tensor) -> Tensor:
        count, _, rows, columns = images.shape
        masks = known[:, None, None, :].expand(count, 1, rows, columns)
        planes = self.planes.expand(count, -1, -1, -1)
        values = self.stem(torch.cat([images, masks, planes], dim=1))
        values = torch.relu(self.norm(values + self.under(strips)[:, :, None, :]))
        for block in self.blocks:
            values = block(values, context)
        places = torch.relu(self.reduce(values)).flatten(1)
        return torch.cat([values.mean(dim=(2, 3)), places], dim=1)


class _DepthChannels(nn.Module):
    """Along the track only: every depth of every image is a channel, as are the strips."""

    def __init__(self, settings: NetworkSettings, grid: PatchGrid) -> None:
        super().__init__()
        width, context = 4 * settings.width, settings.scalar_width
        channels = len(IMAGES) * grid.rows + len(STRIPS) + 2
        self.stem = nn.Conv1d(channels, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm1d(width)
        kinds = (nn.Conv1d, nn.BatchNorm1d)
        self.blocks = nn.ModuleList(
            _Residual(kinds, (width, width), 2 if block == 0 else 1, context)
            for _ in range(3)
            for block in range(settings.blocks)
        )
        self.reduce = nn.Conv1d(width, REDUCED, 1)
        self.features = width + REDUCED * (grid.columns // 8)

    def forward(self, images: Tensor, known: Tensor, strips: Tensor, context: Tensor) -> Tensor:
        values = torch.cat([images.flatten(1, 2), strips, known[:, None, :]], dim=1)
        values = torch.relu(self.norm(self.stem(values)))
        for block in self.blocks:
            values = block(values, context)
        places = torch.relu(self.reduce(values)).flatten(1)
        return torch.cat([values.mean(dim=2), places], dim=1)


class _Detector(nn.Module):
    """The detector's strips alone: how much, how wide, where."""

    def __init__(self, context: int) -> None:
        super().__init__()
        width = DETECTOR_WIDTH
        self.stem = nn.Conv1d(len(STRIPS) + 1, width, 5, stride=2, padding=2, bias=False)
        self.norm = nn.BatchNorm1d(width)
        self.block = _Residual((nn.Conv1d, nn.BatchNorm1d), (width, width), 2, context)
        self.features = 2 * width

    def forward(self, strips: Tensor, context: Tensor) -> Tensor:
        values = self.block(torch.relu(self.norm(self.stem(strips))), context)
        return torch.cat([values.mean(dim=2), values.amax(dim=2)], dim=1)


def _known_part(values: Tensor, known: Tensor) -> Tensor:
    """Return what is known, 0 elsewhere, whatever stood there."""
    return torch.where(known, values, torch.zeros_like(values))
