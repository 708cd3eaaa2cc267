"""Opening HDF5 files that may be damaged, without being taken down by its library.

The library walks a damaged global heap (where strings of variable length lie) for ever and
cannot be interrupted, so the heaps are walked here first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from detectkit.core import FormatError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HEAP_SIGNATURE = b"GCOL\x01\0\0\0"
_CHECKED_BYTES = 1 << 24
_HEADER, _ALIGNMENT = 16, 8
_MOST_VALUES, _LONGEST_TEXT = 64, 65536


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open an HDF5 file to read; what its library raises on damage becomes a FormatError.

    Raises
    ------
    FormatError
        The file is no HDF5, or damaged.
    """
    import h5py

    _check_heaps(path)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, FormatError):
            raise
        msg = f"{path.name}: expected an HDF5 file, found damage: {error}"
        raise FormatError(msg) from error


def attributes(item: Any) -> dict[str, Any]:
    """Return the attributes of a file or group that are numbers or a text, as plain values.

    A damaged attribute can name any other type, and some of those crash the library.
    """
    found = {name: _attribute(item.attrs.get_id(name)) for name in item.attrs}
    return {name: value for name, value in found.items() if value is not None}


def _attribute(attribute: Any) -> Any:
    from h5py import h5t

    kind = attribute.get_type()
    values = attribute.get_space().get_simple_extent_npoints()
    if isinstance(kind, h5t.TypeStringID):
        return _text(attribute, kind) if values == 1 else None
    if isinstance(kind, h5t.TypeIntegerID | h5t.TypeFloatID) and 0 < values <= _MOST_VALUES:
        numbers = np.zeros(attribute.shape, attribute.dtype)
        attribute.read(numbers)
        return numbers.tolist()
    return None


def _text(attribute: Any, kind: Any) -> str | None:
    if not kind.is_variable_str() and kind.get_size() > _LONGEST_TEXT:
        return None
    content = np.empty(attribute.shape, attribute.dtype)
    attribute.read(content)
    value = content[()]
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _check_heaps(path: Path) -> None:
    """Refuse a file with a damaged heap in its first 16 MiB, where attributes lie."""
    try:
        with path.open("rb") as handle:
            content = handle.read(_CHECKED_BYTES)
    except OSError as error:
        msg = f"{path.name}: expected an HDF5 file, cannot read it: {error}"
        raise FormatError(msg) from error
    start = content.find(_HEAP_SIGNATURE)
    while start >= 0:
        if not _is_heap(content, start):
            msg = (
                f"{path.name} at byte {start:,}: expected a global heap whose objects fill it, "
                "found damage"
            )
            raise FormatError(msg)
        start = content.find(_HEAP_SIGNATURE, start + 1)


def _is_heap(content: bytes, start: int) -> bool:
    """Walk the objects of one heap: each must lie inside, the free space must end it."""
    end = start + int.from_bytes(content[start + 8 : start + _HEADER], "little")
    place = start + _HEADER
    if not start + _HEADER <= end <= len(content):
        return False
    while place + _HEADER <= end:
        index = int.from_bytes(content[place : place + 2], "little")
        size = int.from_bytes(content[place + 8 : place + _HEADER], "little")
        if index == 0:
            return place + size == end
        place += _HEADER + -(-size // _ALIGNMENT) * _ALIGNMENT
    return place <= end
