"""Patterns in which bodies lie: settings that a scenario gives as tables ``[[layout]]``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from detectkit.core import UsageError
from detectkit.core.settings import build

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Burial:
    """What all patterns say: which bodies, and how they lie in the ground.

    Parameters
    ----------
    bodies, weights
        Names in the library, and how often each is drawn; without weights all alike.
    name
        Of what is placed: ``name-1``, ``name-2`` and so on; the pattern's word where not given.
    depth_m
        Of the tops, drawn evenly between both; negative: standing out.
    tilt_deg
        Lean of the axes, drawn evenly between both, in any direction.
    water
        Share of the hollows that water has filled, drawn evenly between both.
    sizes
        ``"drawn"``: each body's values from the library's ranges; ``"nominal"``: all alike.
    apart_m
        Least distance to all that is there already, from above or in depth.
    disturbed_m
        How far around each body the soil above it was dug; 0: untouched.
    """

    bodies: tuple[str, ...]
    weights: tuple[float, ...] = ()
    name: str = ""
    depth_m: Pair = (0.03, 0.10)
    tilt_deg: Pair = (0.0, 10.0)
    water: Pair = (0.0, 0.0)
    sizes: Literal["drawn", "nominal"] = "drawn"
    apart_m: float = 0.05
    disturbed_m: float = 0.0

    def __post_init__(self) -> None:
        if not self.bodies:
            _refuse("bodies = []; name at least one body of the library")
        if self.weights and (len(self.weights) != len(self.bodies) or min(self.weights) <= 0.0):
            _refuse(f"weights = {list(self.weights)}; give one above 0 for each body, or none")
        for name in ("depth_m", "tilt_deg", "water"):
            low, high = getattr(self, name)
            if low > high:
                _refuse(f"{name} = [{low}, {high}]; give the smaller first")
        _within("tilt_deg", self.tilt_deg, (0.0, 90.0))
        _within("water", self.water, (0.0, 1.0))
        _not_negative(self, "apart_m", "disturbed_m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Burial):
    """A line of bodies at a spacing, as anti-personnel mines are laid by hand.

    Parameters
    ----------
    from_m
        Along and across of the first.
    heading_deg
        Of the row: 0 along the lanes, 90 to their right.
    spacing_m
        From body to body.
    count
        How many; 0: as many as the area holds.
    jitter_m
        Each lies up to this far from its place, along and across.
    """

    pattern: ClassVar[str] = "row"
    from_m: Pair
    heading_deg: float = 0.0
    spacing_m: float = 1.0
    count: int = 0
    jitter_m: float = 0.1

    def __post_init__(self) -> None:
        Burial.__post_init__(self)
        _positive(self, "spacing_m")
        _not_negative(self, "count", "jitter_m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Belt(Burial):
    """Rows side by side, each shifted against the one before, as anti-tank mines are laid.

    Parameters
    ----------
    from_m, heading_deg, spacing_m, count, jitter_m
        Of the rows, see `Row`; the first starts at `from_m`.
    rows, row_spacing_m
        How many, and how far apart, to the right of the heading.
    stagger
        Shift from row to row, as a share of the spacing.
    """

    pattern: ClassVar[str] = "belt"
    from_m: Pair
    heading_deg: float = 0.0
    spacing_m: float = 4.0
    count: int = 0
    jitter_m: float = 0.2
    rows: int = 2
    row_spacing_m: float = 3.0
    stagger: float = 0.5

    def __post_init__(self) -> None:
        Burial.__post_init__(self)
        _positive(self, "spacing_m", "row_spacing_m", "rows")
        _not_negative(self, "count", "jitter_m", "stagger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter(Burial):
    """Bodies anywhere, as many as a density says.

    Parameters
    ----------
    per_m2
        How many; the number is rounded, not drawn.
    along_m, across_m
        Where; without them the whole area.
    """

    pattern: ClassVar[str] = "scatter"
    per_m2: float
    along_m: Pair | None = None
    across_m: Pair | None = None

    def __post_init__(self) -> None:
        Burial.__post_init__(self)
        _positive(self, "per_m2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface(Burial):
    """Bodies lying on the ground, anywhere; `depth_m` is not theirs to say.

    Parameters
    ----------
    per_m2, along_m, across_m
        See `Scatter`.
    sunk
        Share of their thickness that is in the ground, drawn evenly between both.
    """

    pattern: ClassVar[str] = "surface"
    per_m2: float
    along_m: Pair | None = None
    across_m: Pair | None = None
    sunk: Pair = (0.0, 0.5)

    def __post_init__(self) -> None:
        Burial.__post_init__(self)
        _positive(self, "per_m2")
        _within("sunk", self.sunk, (0.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trench(Burial):
    """A filled trench: bodies at all depths and in any position, in a strip.

    Parameters
    ----------
    from_m, heading_deg
        Start of its middle line, and its direction, see `Row`.
    length_m, width_m
        Of the strip.
    per_m2
        How many, rounded.
    """

    pattern: ClassVar[str] = "trench"
    from_m: Pair
    heading_deg: float = 0.0
    length_m: float = 6.0
    width_m: float = 0.8
    per_m2: float = 6.0
    depth_m: Pair = (0.02, 0.8)
    tilt_deg: Pair = (0.0, 90.0)

    def __post_init__(self) -> None:
        Burial.__post_init__(self)
        _positive(self, "length_m", "width_m", "per_m2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Single(Burial):
    """One body at a place.

    Parameters
    ----------
    at_m
        Along and across.
    """

    pattern: ClassVar[str] = "single"
    at_m: Pair

    def __post_init__(self) -> None:
        Burial.__post_init__(self)


Layout = Row | Belt | Scatter | Surface | Trench | Single

PATTERNS: dict[str, type[Layout]] = {
    one.pattern: one for one in (Row, Belt, Scatter, Surface, Trench, Single)
}


def layout_of(table: dict[str, Any], *, where: str = "[[layout]]") -> Layout:
    """Build a pattern from its table; ``pattern`` tells which.

    Raises
    ------
    UsageError
        No such pattern, or a setting that is unknown, missing or not allowed.

    Examples
    --------
    >>> layout_of({"pattern": "row", "bodies": ["PMN-2"], "from_m": [1.0, 0.4]}).spacing_m
    1.0
    """
    rest = dict(table)
    pattern = rest.pop("pattern", None)
    kind = PATTERNS.get(pattern) if isinstance(pattern, str) else None
    if kind is None:
        msg = f"{where}: pattern = {pattern!r}; allowed: {', '.join(PATTERNS)}"
        raise UsageError(msg)
    return build(kind, rest, where=where)


def layouts_of(tables: Sequence[dict[str, Any]], *, where: str = "scenario") -> tuple[Layout, ...]:
    """Build the patterns of all tables ``[[layout]]``; see `layout_of`."""
    numbered = enumerate(tables, start=1)
    return tuple(layout_of(one, where=f"{where}, [[layout]] {number}") for number, one in numbered)


def _refuse(what: str) -> None:
    msg = f"layout: {what}"
    raise UsageError(msg)


def _within(name: str, pair: Pair, limits: Pair) -> None:
    low, high = pair
    if not limits[0] <= low <= high <= limits[1]:
        _refuse(f"{name} = [{low}, {high}]; give two from {limits[0]} to {limits[1]}, rising")


def _positive(layout: Any, *names: str) -> None:
    for name in names:
        if not getattr(layout, name) > 0:
            _refuse(f"{name} = {getattr(layout, name)}; give more than 0")


def _not_negative(layout: Any, *names: str) -> None:
    for name in names:
        if not getattr(layout, name) >= 0:
            _refuse(f"{name} = {getattr(layout, name)}; give 0 or more")
