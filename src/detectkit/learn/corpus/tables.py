"""The tables of a corpus: examples, lanes and targets, and what their columns mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, numpy type, unit and meaning."""

    name: str
    kind: str
    unit: str
    meaning: str


EXAMPLES = (
    Column("split", "i1", "", "0 train, 1 validation, 2 test"),
    Column("site", "i4", "", "number of the site; a site is in one split alone"),
    Column("lane", "i4", "", "row of the lanes' table"),
    Column("copy", "i2", "", "0: as simulated or flown; others: changed by physics"),
    Column("source", "i2", "", "number of the dataset or flight"),
    Column("x_m", "f8", "m", "place in the plane of the lane"),
    Column("y_m", "f8", "m", "place in the plane of the lane"),
    Column("category", "i1", "", "number in CATEGORIES; -1: not known"),
    Column("depth_m", "f4", "m", "of the body's top; NaN: no body"),
    Column("gpr_score", "f4", "1", "the radar's score there; NaN: not known"),
    Column("detector_snr", "f4", "1", "the detector's there; NaN: not known"),
    Column("by_radar", "?", "", "the radar found it"),
    Column("by_detector", "?", "", "the detector found it"),
)
LANES = (
    Column("split", "i1", "", "0 train, 1 validation, 2 test"),
    Column("site", "i4", "", "number of the site"),
    Column("copy", "i2", "", "as of the examples"),
    Column("source", "i2", "", "number of the dataset or flight"),
    Column("x0_m", "f8", "m", "where it begins"),
    Column("y0_m", "f8", "m", "where it begins"),
    Column("x1_m", "f8", "m", "where it ends"),
    Column("y1_m", "f8", "m", "where it ends"),
    Column("length_m", "f8", "m", "surveyed, along it"),
    Column("swath_m", "f8", "m", "surveyed, across it"),
    Column("height_m", "f4", "m", "of the antenna over the ground, mean"),
    Column("permittivity", "f4", "1", "of the ground as it is"),
    Column("told_permittivity", "f4", "1", "that the pipeline was told"),
    Column("site_name", "U64", "", "the site, in its source's words"),
    Column("scene", "U64", "", "lanes of one scene are the same ground"),
    Column("terrain", "U32", "", "kind of ground"),
    Column("soil", "U64", "", "soil in words"),
)
TARGETS = (
    Column("lane", "i4", "", "row of the lanes' table"),
    Column("x_m", "f8", "m", "middle of the body"),
    Column("y_m", "f8", "m", "middle of the body"),
    Column("radius_m", "f4", "m", "its half width"),
    Column("category", "i1", "", "number in CATEGORIES"),
    Column("depth_m", "f4", "m", "of its top"),
    Column("found", "?", "", "a candidate lies within radius and halo"),
    Column("name", "U32", "", "for people"),
)
KINDS = {"table": EXAMPLES, "lanes": LANES, "targets": TARGETS}


def type_of(columns: tuple[Column, ...]) -> np.dtype[Any]:
    """Return the structured type of a table."""
    return np.dtype([(one.name, one.kind) for one in columns])


def table_of(columns: tuple[Column, ...], rows: list[tuple[Any, ...]]) -> Table:
    """Return rows, each in the order of the columns, as a table."""
    return np.array(rows, type_of(columns))
