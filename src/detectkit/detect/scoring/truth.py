"""What is known to lie in the ground: tables of simulated flights, of seeded lanes, of digging.

A table is CSV with a header. The truth of a simulated flight is told by its column ``class``. Any
other table has ``found_category``: what was dug up, or laid.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from detectkit.core import FormatError
from detectkit.core.indication import CATEGORIES

NOTHING = "nothing_found"
USUAL_RADII_M: Mapping[str, float] = {
    "ap_mine": 0.05, "av_mine": 0.15, "metal_clutter": 0.03, "other_clutter": 0.05, NOTHING: 0.0,
}  # fmt: skip
"""Where a table tells no radius."""
FIND_CATEGORIES = (*CATEGORIES[:-1], NOTHING)
SIMULATED_WORDS = ("metal", "body")
PLACES = {"lon": "longitude_deg", "lat": "latitude_deg"}
KNOWN = (
    "longitude_deg", "latitude_deg", "line", "along_track_m", "offset_m", "found_category",
    "radius_m", "depth_m", "name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """One row: something in the ground, or a place where digging found nothing.

    Parameters
    ----------
    category
        One of `CATEGORIES` without "none", or ``"nothing_found"``.
    radius_m, depth_m
        Depth is None where it is not known.
    name
        Its name, or its row.
    longitude_deg, latitude_deg
        None where the table tells none; then `along_track_m` is there.
    line, along_track_m, offset_m
        Line of the survey, metres from its first trace, metres to the right of it.
    words
        Everything else that the table tells, to sort by.
    """

    category: str
    radius_m: float
    depth_m: float | None
    name: str
    longitude_deg: float | None = None
    latitude_deg: float | None = None
    line: str = ""
    along_track_m: float | None = None
    offset_m: float = 0.0
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Truth:
    """A table of what is known.

    Parameters
    ----------
    name
        Of its file.
    kind
        ``"simulated"`` or ``"dug"``.
    rows
        What it tells, in its order.
    """

    name: str
    kind: str
    rows: tuple[Known, ...]


def read_truth(path: Path) -> Truth:
    """Read a table of what lies in the ground.

    Raises
    ------
    FormatError
        It is no such table, or a row of it cannot be understood; names file and row.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            table = csv.DictReader(handle)
            names = [name.strip() for name in table.fieldnames or ()]
            rows = [
                {PLACES.get(name, name): (row.get(name) or "").strip() for name in names}
                for row in ({(k or "").strip(): v for k, v in one.items()} for one in table)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path}: cannot be read as a table of what lies in the ground ({error})"
        raise FormatError(msg) from error
    if "class" in names:
        return Truth(path.name, "simulated", _all(path, rows, _simulated))
    if "found_category" in names:
        return Truth(path.name, "dug", _all(path, rows, _dug))
    msg = (
        f"{path}: has neither a column 'class' (truth of a simulated flight) nor 'found_category' "
        f"(what was dug up or laid: {', '.join(FIND_CATEGORIES)}); its columns: "
        f"{', '.join(names) or 'none'}"
    )
    raise FormatError(msg)


Row = dict[str, str]


def _all(path: Path, rows: list[Row], read: Callable[[Row, int], Known]) -> tuple[Known, ...]:
    found = []
    for number, row in enumerate(rows, start=2):
        try:
            found.append(read(row, number))
        except ValueError as error:
            msg = f"{path}, row {number}: {error}"
            raise FormatError(msg) from error
    return tuple(found)


def _simulated(row: Row, number: int) -> Known:
    metal = row.get("metal", "")
    category = simulated_category(row["class"], row.get("kind", ""), metal)
    words = {name: row[name] for name in SIMULATED_WORDS if row.get(name)}
    return _known(row, number, category, words)


def simulated_category(object_class: str, kind: str, metal: str) -> str:
    """Return the category of a body of the simulator by its class, kind and metal.

    Examples
    --------
    >>> simulated_category("target", "AT blast, plastic case", "minimum")
    'av_mine'
    >>> simulated_category("clutter", "nail", "rich"), simulated_category("clutter", "root", "none")
    ('metal_clutter', 'other_clutter')
    """
    if object_class == "target":
        return "av_mine" if kind.startswith("AT") else "ap_mine"
    if object_class != "clutter":
        msg = f"class {object_class!r} is neither target nor clutter"
        raise ValueError(msg)
    told = metal or ("rich" if "metal" in kind else "none")
    return "other_clutter" if told == "none" else "metal_clutter"


def _dug(row: Row, number: int) -> Known:
    category = row["found_category"]
    if category not in FIND_CATEGORIES:
        msg = f"found_category {category!r} is none of {', '.join(FIND_CATEGORIES)}"
        raise ValueError(msg)
    words = {name: value for name, value in row.items() if name and name not in KNOWN and value}
    return _known(row, number, category, words)


def _known(row: Row, number: int, category: str, words: Mapping[str, str]) -> Known:
    longitude, latitude = _number(row, "longitude_deg"), _number(row, "latitude_deg")
    along = _number(row, "along_track_m")
    if None in (longitude, latitude) and along is None:
        msg = "has no place: longitude_deg and latitude_deg, or line and along_track_m, are needed"
        raise ValueError(msg)
    radius = _number(row, "radius_m")
    if radius is not None and radius < 0.0:
        msg = f"radius_m {radius} is negative"
        raise ValueError(msg)
    return Known(
        category,
        USUAL_RADII_M[category] if radius is None else radius,
        _number(row, "depth_m"),
        row.get("name") or f"row {number}",
        longitude,
        latitude,
        row.get("line", ""),
        along,
        _number(row, "offset_m") or 0.0,
        words,
    )


def _number(row: Row, name: str) -> float | None:
    text = row.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"{name} {text!r} is no number"
        raise ValueError(msg)
    return value
