"""The store of a corpus: Zarr arrays of evidence, tables as one array per column."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.detect.evidence import EvidencePatch
from detectkit.learn.corpus.tables import KINDS

FORMAT, VERSION = "detectkit-corpus", 1
PARTS = "parts"
"""Folder of what is done, until all of it is."""
EXAMPLES_PER_CHUNK = 256
EVIDENCE = tuple(one.name for one in fields(EvidencePatch))
TABLES = {"table": "examples", "lanes": "lanes", "targets": "targets"}
"""Group in the store → name of the table while it is built."""
STORED_AS = {"radar": np.float16}
"""Half precision keeps eleven bits: more than the evidence is worth."""


def digest_of(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """Return the sha256 over all values, as they are stored."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(_as_stored(name, arrays[name])).tobytes())
    return digest.hexdigest()


def write_store(
    place: Path, arrays: Mapping[str, npt.NDArray[Any]], attributes: Mapping[str, Any]
) -> None:
    """Write evidence, tables and attributes; the attributes last: without them it is none."""
    import zarr

    root = zarr.open_group(place, mode="a")
    root.attrs.clear()
    for name in EVIDENCE:
        values = _as_stored(name, arrays[name])
        chunks = (min(EXAMPLES_PER_CHUNK, max(1, len(values))), *values.shape[1:])
        root.create_array(name, data=values, chunks=chunks, overwrite=True)
    texts: dict[str, list[str]] = {}
    for group, source in TABLES.items():
        for column in KINDS[group]:
            values = arrays[source][column.name]
            if column.kind.startswith("U"):
                texts[f"{group}/{column.name}"] = values.tolist()
            else:
                root.create_array(f"{group}/{column.name}", data=values, overwrite=True)
    meanings: dict[str, Any] = {
        f"{group}/{one.name}": f"{one.meaning} ({one.unit})" if one.unit else one.meaning
        for group, columns in KINDS.items()
        for one in columns
    }
    told: dict[str, Any] = {"format": FORMAT, "format_version": VERSION, "texts": texts}
    root.attrs.update({**told, "columns": meanings, **attributes})


def _as_stored(name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if name not in STORED_AS:
        return values
    most = np.finfo(STORED_AS[name]).max
    return np.asarray(np.clip(values, -most, most).astype(STORED_AS[name]))
