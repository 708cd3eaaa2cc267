"""Opening HDF5 with detectkit's errors, and the few shapes of data that a flight is made of.

Nothing that is read back is of variable length: HDF5 keeps such values in heaps without a
checksum, while chunks carry Fletcher-32 and the version 1.10 metadata its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError

if TYPE_CHECKING:
    import h5py

_UNREADABLE = (
    OSError,
    LookupError,
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    MemoryError,
)
"""What h5py, json and numpy raise on a file that is damaged or tampered with."""

_BARE_DIMENSION = "This is a netCDF dimension but not a netCDF variable.{size:10d}"
"""netCDF-4's own words for a dimension scale that holds no values."""


@contextmanager
def reading(path: Path) -> Iterator[h5py.File]:
    """Open for reading; whatever goes wrong inside becomes a FormatError."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except FormatError:
        raise
    except _UNREADABLE as error:
        reason = str(error).strip("'\"") or type(error).__name__
        msg = (
            f"{path.name}: damaged or cut off, not readable as a flight ({reason}); copy it "
            "again, or make it anew from the journal or the source file"
        )
        raise FormatError(msg) from error


def text_type(length: int) -> np.dtype[Any]:
    """Return the dtype of a UTF-8 text of at most `length` bytes."""
    import h5py

    dtype: np.dtype[Any] = h5py.string_dtype("utf-8", max(1, length))
    return dtype


def as_bytes(text: str) -> bytes:
    """Return UTF-8; what a file name smuggled in besides becomes visible backslashes."""
    return text.encode("utf-8", errors="backslashreplace")


def put_attribute(target: Any, name: str, text: str) -> None:
    """Write a text attribute of fixed length."""
    raw = as_bytes(text)
    target.attrs.create(name, np.bytes_(raw), dtype=text_type(len(raw)))


def get_attribute(target: Any, name: str) -> str:
    """Return a text attribute, whatever kind of HDF5 string it is."""
    value = target.attrs[name]
    return value.decode() if isinstance(value, bytes) else str(value)


def dimension(group: h5py.Group, name: str, size: int) -> h5py.Dataset:
    """Make a dimension scale without values, which takes no room in the file."""
    scale = group.create_dataset(name, shape=(size,), dtype=">f4")
    scale.make_scale(_BARE_DIMENSION.format(size=size))
    return scale


def put_table(
    parent: h5py.Group,
    name: str,
    columns: Mapping[str, npt.NDArray[Any]],
    *,
    units: Mapping[str, str] | None = None,
) -> None:
    """Write a group of equally long columns along the dimension ``entry``."""
    group = parent.require_group(name)
    size = len(next(iter(columns.values())))
    scale = dimension(group, "entry", size)
    for title, values in columns.items():
        dataset = group.create_dataset(
            title,
            data=values,
            dtype=values.dtype,
            maxshape=(None,),
            chunks=(max(1, size),),
            shuffle=True,
            compression="gzip",
            compression_opts=1,
            fletcher32=True,
        )
        dataset.dims[0].attach_scale(scale)
        put_attribute(dataset, "units", (units or {}).get(title, "1"))


def get_table(parent: h5py.Group, name: str) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of a table; they must be of one length."""
    group = parent[name]
    columns = {title: group[title][:] for title in group if title != "entry"}
    if len({len(values) for values in columns.values()}) > 1:
        sizes = {title: len(values) for title, values in columns.items()}
        msg = f"the columns of {group.name} differ in length: {sizes}"
        raise ValueError(msg)
    return columns


def text_column(texts: list[str]) -> npt.NDArray[Any]:
    """Return texts as one fixed-length column."""
    raw = [as_bytes(text) for text in texts]
    return np.array(raw, dtype=text_type(max((len(one) for one in raw), default=1)))


def texts_of(column: npt.NDArray[Any]) -> list[str]:
    """Return a text column as str."""
    return [one.decode() for one in column.tolist()]


def put_text(group: h5py.Group, name: str, text: str) -> None:
    """Write one text of any length, checked by Fletcher-32."""
    scale = group["entry"] if "entry" in group else dimension(group, "entry", 1)
    raw = text_column([text])
    dataset = group.create_dataset(
        name, data=raw, dtype=raw.dtype, chunks=(1,), fletcher32=True, track_times=False
    )
    dataset.dims[0].attach_scale(scale)


def get_text(group: h5py.Group, name: str) -> str:
    """Return a text written by `put_text`."""
    return texts_of(group[name][:])[0]
