"""A binary log read in a stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from detectkit.core import FormatError

CHUNK_BYTES = 1 << 20


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file in parts of 1 MiB.

    Raises
    ------
    FormatError
        The file cannot be read.
    """
    try:
        with path.open("rb") as handle:
            yield from iter(lambda: handle.read(CHUNK_BYTES), b"")
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); check its rights and its disk"
        raise FormatError(msg) from error
