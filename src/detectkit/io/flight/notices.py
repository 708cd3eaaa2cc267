"""What the source's reader had to say, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from detectkit.io.flight.hdf5 import get_table, put_table, text_column, texts_of
from detectkit.io.notice import Notice, Severity

if TYPE_CHECKING:
    import h5py

_NO_OFFSET = -1


def put_notices(file: h5py.File, notices: Sequence[Notice]) -> None:
    """Write the table ``/notices``; a notice without place has the offset -1."""
    texts = {
        name: text_column([getattr(one, name) for one in notices])
        for name in ("severity", "text", "file", "setting")
    }
    offsets = [_NO_OFFSET if one.offset is None else one.offset for one in notices]
    put_table(file, "notices", {**texts, "offset": np.array(offsets, np.int64)})


def get_notices(file: h5py.File) -> tuple[Notice, ...]:
    """Return the notices of a flight, none where it has no such table."""
    if "notices" not in file:
        return ()
    table = get_table(file, "notices")
    columns = [texts_of(table[name]) for name in ("severity", "text", "file", "setting")]
    rows = zip(*columns, table["offset"].tolist(), strict=True)
    return tuple(
        Notice(
            cast("Severity", severity),
            text,
            file_name,
            None if offset == _NO_OFFSET else offset,
            setting,
        )
        for severity, text, file_name, setting, offset in rows
    )
