"""A passage: what instruments recorded over a piece of ground, and what is known to lie in it.

A lane of a dataset and a flight with truth become the same thing, so that both are processed and
labelled by the same code. Places are metres in a plane, x and y; a lane of a dataset runs along x,
of a flight x is east and y north.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detectkit.core import Block
from detectkit.core.indication import CATEGORIES
from detectkit.detect.preset import Ground
from detectkit.geo import LocalFrame
from detectkit.learn.corpus.settings import Split

MINES = {
    "anti-personnel": "ap_mine",
    "fragmentation": "ap_mine",
    "anti-tank": "av_mine",
}
"""Categories of the simulator's library that are mines; bounding mines are laid against persons."""


@dataclass(frozen=True, slots=True)
class Body:
    """Something in the ground.

    Parameters
    ----------
    x_m, y_m, radius_m
        Its middle and its half width.
    category
        One of `CATEGORIES`.
    depth_m
        Of its top.
    name
        For people.
    """

    x_m: float
    y_m: float
    radius_m: float
    category: str
    depth_m: float
    name: str

    @property
    def code(self) -> int:
        """Number in `CATEGORIES`."""
        return CATEGORIES.index(self.category)


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """What is known of a line besides its traces; it decides nothing that a model sees.

    Parameters
    ----------
    line
        Name of its blocks.
    begin_m, end_m
        (x, y) of its ends.
    height_m, permittivity
        Of the antenna over the ground, mean; of the ground as it is.
    """

    line: str
    begin_m: tuple[float, float]
    end_m: tuple[float, float]
    height_m: float
    permittivity: float


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a passage comes from; `ground` tells equal ground in whatever source it is."""

    source: int
    site: str
    ground: str
    scene: str
    copy: int
    split: Split
    terrain: str
    soil: str


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """Recorded blocks with places, what lies there, and what a field team would know.

    Parameters
    ----------
    radar
        Raw traces, line by line.
    detector
        Raw rows; empty: none flew.
    told
        The velocity that the pipeline is told.
    bodies
        In the plane of `frame`, x east; of category "none" where digging found nothing.
    known
        Whether ground without a body is known to hold none ``"everywhere"``, as in a simulation,
        or only ``"where dug"``.
    """

    radar: tuple[Block, ...]
    detector: tuple[Block, ...]
    told: Ground
    bodies: tuple[Body, ...]
    frame: LocalFrame
    lanes: tuple[LaneFacts, ...]
    origin: Origin
    known: Literal["everywhere", "where dug"] = "everywhere"


def category_of(*, library: str, metallic: bool) -> str:
    """Return one of `CATEGORIES` for a body of the simulator's library.

    Examples
    --------
    >>> category_of(library="fragmentation", metallic=True)
    'ap_mine'
    >>> [category_of(library="clutter", metallic=metal) for metal in (True, False)]
    ['metal_clutter', 'other_clutter']
    """
    if library in MINES:
        return MINES[library]
    return "metal_clutter" if metallic else "other_clutter"
