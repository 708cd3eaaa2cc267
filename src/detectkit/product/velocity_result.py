"""What a measurement of the velocity says, as values and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from detectkit.core import FormatError
from detectkit.imaging.velocity.combine import Combined
from detectkit.imaging.velocity.focus import Focus
from detectkit.imaging.velocity.hyperbola import LEVEL
from detectkit.imaging.velocity.picking import Line
from detectkit.imaging.velocity.semblance import DirectWave, Gather, Layer, Panel, Reflection
from detectkit.io import Notice


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredGather:
    """What one gather tells; errors are one standard deviation, intervals of 95 %.

    Parameters
    ----------
    name
        Of the line.
    gather, panel
        Prepared traces with time zero by the wave in air; their semblance.
    air, ground
        The direct waves; None where none was seen.
    reflections, layers
        Picks, and Dix velocities between them.
    recommended
        Mean of the reflections; of the ground wave where there are none.
    """

    name: str
    gather: Gather
    panel: Panel
    air: DirectWave | None
    ground: DirectWave | None
    reflections: list[Reflection]
    layers: list[Layer]
    recommended: Combined | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        mean = self.recommended
        return {
            "line": self.name,
            "first_offset_m": float(self.gather.offset_m[0]),
            "last_offset_m": float(self.gather.offset_m[-1]),
            "air_wave": None if self.air is None else asdict(self.air),
            "ground_wave": None if self.ground is None else asdict(self.ground),
            "reflections": [_reflection(one) for one in self.reflections],
            "layers": [asdict(one) for one in self.layers],
            "velocity_m_per_s": None if mean is None else mean.value,
            "interval_m_per_s": None if mean is None else mean.interval(LEVEL),
        }


def _reflection(one: Reflection) -> dict[str, Any]:
    half = one.reach * one.velocity_error_m_per_s
    interval = (one.velocity_m_per_s - half, one.velocity_m_per_s + half)
    return {**asdict(one), "velocity_interval_m_per_s": interval}


@dataclass(frozen=True, slots=True)
class Hyperbola:
    """A diffraction and what it tells; intervals of the level that the result states.

    Times are two-way, from transmission less the flight in air.
    """

    line: str
    recording: str
    along_track_m: float
    along_track_interval_m: tuple[float, float]
    apex_time_s: float
    apex_time_interval_s: tuple[float, float]
    depth_m: float
    depth_interval_m: tuple[float, float]
    velocity_m_per_s: float
    velocity_interval_m_per_s: tuple[float, float]
    picks: int
    residual_s: float
    first_pick_m: float
    last_pick_m: float
    height_m: float


@dataclass(frozen=True, slots=True)
class Recommended:
    """The velocity to use."""

    velocity_m_per_s: float
    interval_m_per_s: tuple[float, float]
    standard_error_m_per_s: float
    method: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A piece of a processed line, for pictures."""

    name: str
    line: Line
    focus: Focus | None


@dataclass(slots=True, eq=False)
class MeasuredVelocity:
    """What was measured on some recordings.

    Parameters
    ----------
    hyperbolas
        In the order of lines and along them.
    recommended
        None where the velocity was not measured.
    focus
        The result of the focus search over all lines; None where it has none.
    gathers
        Of common-midpoint recordings.
    notices
        What was assumed, and what disagrees.
    seen
        The processed lines, first pieces.
    """

    hyperbolas: list[Hyperbola] = field(default_factory=list)
    recommended: Recommended | None = None
    focus: Recommended | None = None
    gathers: list[MeasuredGather] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "interval_level": LEVEL,
            "hyperbolas": [asdict(one) for one in self.hyperbolas],
            "recommended": None if self.recommended is None else asdict(self.recommended),
            "focus": None if self.focus is None else asdict(self.focus),
            "cmp": [one.to_dict() for one in self.gathers] or None,
            "notices": [str(one) for one in self.notices],
        }


def read_measured(path: Path) -> tuple[float, float]:
    """Return velocity and standard error (m/s) of a file that ``velocity --json`` wrote.

    Raises
    ------
    FormatError
        It is none, or the velocity was not measured.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        found = document["recommended"]
        if found is not None:
            velocity = float(found["velocity_m_per_s"])
            return velocity, float(found["standard_error_m_per_s"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path}: cannot be read as the answer of `detectkit velocity --json` ({error!r})"
        raise FormatError(msg) from error
    msg = f"{path}: the velocity was not measured there; give --velocity, or measure elsewhere"
    raise FormatError(msg)
