"""Indications as a table of columns, one per field, so that any HDF5 tool can plot them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Evidence, Indication
from detectkit.io.flight.hdf5 import get_table, put_table, reading, text_column, texts_of
from detectkit.io.flight.layout import as_json

if TYPE_CHECKING:
    import h5py

_UNITS = {
    "along_track_m": "m",
    "longitude_deg": "degree_east",
    "latitude_deg": "degree_north",
    "twt_s": "s",
    "depth_m": "m",
    "depth_error_m": "m",
    "velocity_m_per_s": "m s-1",
}


def _evidence_texts(values: list[Any]) -> npt.NDArray[Any]:
    return text_column([as_json([asdict(one) for one in evidence]) for evidence in values])


def _evidences(column: npt.NDArray[Any]) -> list[Any]:
    rows = (json.loads(text) for text in texts_of(column))
    return [tuple(Evidence(**one) for one in row) for row in rows]


def _none_for_nan(column: npt.NDArray[Any]) -> list[Any]:
    return [None if math.isnan(value) else value for value in column.tolist()]


_TO_COLUMN: Mapping[str, Callable[[list[Any]], npt.NDArray[Any]]] = {
    "str": text_column,
    "int": lambda values: np.array(values, np.int64),
    "float": lambda values: np.array(values, np.float64),
    "float | None": lambda values: np.array(values, np.float64),
    "tuple[Evidence, ...]": _evidence_texts,
}
_FROM_COLUMN: Mapping[str, Callable[[npt.NDArray[Any]], list[Any]]] = {
    "str": texts_of,
    "int": lambda column: column.tolist(),
    "float": lambda column: column.tolist(),
    "float | None": _none_for_nan,
    "tuple[Evidence, ...]": _evidences,
}


def put_indications(file: h5py.File, indications: Sequence[Indication]) -> None:
    """Write the table ``/indications``; a None is stored as NaN."""
    columns = {
        one.name: _TO_COLUMN[str(one.type)]([getattr(row, one.name) for row in indications])
        for one in fields(Indication)
    }
    put_table(file, "indications", columns, units=_UNITS)


def read_indications(path: str | Path) -> tuple[Indication, ...]:
    """Return the indications kept in a flight, none where it has no such table.

    Columns of later versions are ignored.

    Raises
    ------
    FormatError
        The file is damaged, or a column without default is missing.
    """
    with reading(Path(path)) as file:
        if "indications" not in file:
            return ()
        table = get_table(file, "indications")
        known = {
            one.name: _FROM_COLUMN[str(one.type)](table[one.name])
            for one in fields(Indication)
            if one.name in table or one.default is MISSING
        }
        rows = zip(*known.values(), strict=True)
        return tuple(Indication(**dict(zip(known, row, strict=True))) for row in rows)
