"""What decides a network's shape; kept apart so that reading a recipe does not import torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detectkit.core import UsageError
from detectkit.detect.evidence import GRID, IMAGES, PatchGrid

Variant = Literal["images", "depth-channels"]
Image = Literal["processed", "focused"]
Sensor = Literal["radar", "detector"]
SENSORS: tuple[Sensor, ...] = ("radar", "detector")
MOST_PARAMETERS = 350_000
"""A shipped network keeps within this many: it has to run beside the instruments."""


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What decides a network's shape.

    Parameters
    ----------
    variant
        ``"images"``: convolutions over depth and along the track; ``"depth-channels"``: every
        depth of every image a channel, convolutions along the track only.
    width
        Channels of the first stage; the others have two and four times as many (``"images"``), or
        all stages have four times as many (``"depth-channels"``).
    blocks
        Residual blocks per stage.
    scalar_width
        Numbers that the scalars are encoded to.
    embedding
        Numbers before the outputs; what a novelty score looks at.
    dropout
        Share of the embedding that is hidden in training.
    images
        Which of the radar's pictures it sees; None: all (`detectkit.detect.evidence.IMAGES`).
    sensors
        Which sensors it sees, with their scalars; None: both. Of another sensor nothing reaches it,
        in training or later.

    Examples
    --------
    >>> NetworkSettings(images=("processed",)).sees("focused")
    False
    >>> NetworkSettings().sees("detector")
    True
    """

    variant: Variant = "images"
    width: int = 16
    blocks: int = 2
    scalar_width: int = 24
    embedding: int = 64
    dropout: float = 0.1
    images: tuple[Image, ...] | None = None
    sensors: tuple[Sensor, ...] | None = None

    def __post_init__(self) -> None:
        least = min(self.width, self.blocks, self.scalar_width, self.embedding)
        if least < 1 or not 0.0 <= self.dropout < 1.0:
            msg = (
                f"network: width = {self.width}, blocks = {self.blocks}, "
                f"scalar_width = {self.scalar_width}, embedding = {self.embedding}, "
                f"dropout = {self.dropout}; give 1 or more of each, and a dropout of 0 up to 1"
            )
            raise UsageError(msg)
        _require_some("images", self.images, IMAGES)
        _require_some("sensors", self.sensors, SENSORS)

    def sees(self, name: str) -> bool:
        """Tell whether one of `IMAGES` or of `SENSORS` reaches the network."""
        of_radar = name in IMAGES
        if of_radar and not self.sees("radar"):
            return False
        shown = self.images if of_radar else self.sensors
        return shown is None or name in shown


def _require_some(name: str, shown: tuple[str, ...] | None, allowed: tuple[str, ...]) -> None:
    if shown is None:
        return
    if not shown or len(set(shown)) < len(shown) or not set(shown) <= set(allowed):
        msg = (
            f"network: {name} = {list(shown)}; give one or more of {', '.join(allowed)}, each once"
        )
        raise UsageError(msg)


def require_grid(grid: PatchGrid) -> None:
    """Raise a UsageError for a grid that the networks' three halvings do not divide."""
    if grid.columns % 8 or grid.rows % 8:
        msg = (
            f"network: a grid of {grid.rows} rows and {grid.columns} columns; "
            f"give multiples of 8, as {GRID.rows} and {GRID.columns}"
        )
        raise UsageError(msg)
