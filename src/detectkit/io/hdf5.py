"""Opening HDF5 files that may be damaged, without being taken down by its library.

The library walks a damaged global heap (where texts of variable length lie) for ever, copies
as many bytes as a damaged reference into it claims, and crashes on some damaged types. None
of this can be caught once it has begun, so heaps, references and types are looked at first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from detectkit.core import FormatError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HEAP_SIGNATURE = b"GCOL\x01"
_CHECKED_BYTES = 1 << 24
_REFERENCES_WITHIN = 1 << 16
_HEADER, _ALIGNMENT = 16, 8
_MOST_VALUES, _LONGEST_TEXT = 64, 65536
_Objects = Mapping[int, int]
"""Index of each object of a heap → its size in bytes."""


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

    An attribute whose type, length or reference is damaged is left out.
    """
    texts = _references_are_sound(Path(item.file.filename))
    found = {name: _attribute(item.attrs.get_id(name), texts=texts) for name in item.attrs}
    return {name: value for name, value in found.items() if value is not None}


def _attribute(attribute: Any, *, texts: bool) -> Any:
    from h5py import h5t

    kind = attribute.get_type()
    values = attribute.get_space().get_simple_extent_npoints()
    if isinstance(kind, h5t.TypeStringID):
        return _text(attribute, kind) if values == 1 and texts else None
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
    value = content.item()
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _check_heaps(path: Path) -> None:
    """Refuse a file with a damaged heap in its first 16 MiB, where attributes lie."""
    try:
        with path.open("rb") as handle:
            content = handle.read(min(path.stat().st_size, _CHECKED_BYTES))
    except OSError as error:
        msg = f"{path.name}: expected an HDF5 file, cannot read it: {error}"
        raise FormatError(msg) from error
    for start in _heap_starts(content):
        if _heap_objects(content, start) is None:
            msg = (
                f"{path.name} at byte {start:,}: expected a global heap whose objects fill it, "
                "found damage"
            )
            raise FormatError(msg)


def _heap_starts(content: bytes) -> Iterator[int]:
    start = content.find(_HEAP_SIGNATURE)
    while start >= 0:
        yield start
        start = content.find(_HEAP_SIGNATURE, start + 1)


def _heap_objects(content: bytes, start: int) -> _Objects | None:
    """Walk one heap: each object must lie inside, the free space must end it; None if not."""
    end = start + int.from_bytes(content[start + 8 : start + _HEADER], "little")
    place = start + _HEADER
    if not place <= end <= len(content):
        return None
    objects: dict[int, int] = {}
    while place + _HEADER <= end:
        index = int.from_bytes(content[place : place + 2], "little")
        size = int.from_bytes(content[place + 8 : place + _HEADER], "little")
        if index == 0:
            return objects if place + size == end else None
        objects[index] = size
        place += _HEADER + -(-size // _ALIGNMENT) * _ALIGNMENT
    return objects if place <= end else None


def _references_are_sound(path: Path) -> bool:
    """Tell whether all references into heaps (length, address, index) fit their objects.

    What looks like a reference and is none can only make a text unread, never a file refused.
    """
    with path.open("rb") as handle:
        content = handle.read(min(path.stat().st_size, _CHECKED_BYTES))
    for start in _heap_starts(content):
        objects = _heap_objects(content, start) or {}
        address = start.to_bytes(8, "little")
        place = content.find(address, 4, _REFERENCES_WITHIN)
        while place >= 0:
            length = int.from_bytes(content[place - 4 : place], "little")
            index = int.from_bytes(content[place + 8 : place + 12], "little")
            if length > objects.get(index, length):
                return False
            place = content.find(address, place + 1, _REFERENCES_WITHIN)
    return True
