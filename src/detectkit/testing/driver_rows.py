"""Comparing what decoders give out, for `DriverSuite`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.drivers import Decoder, Frame, Item, Note

Array = npt.NDArray[Any]
Tolerance = float | Sequence[float]
"""Largest difference of a value: one for all columns, or one for each."""


@dataclass(slots=True)
class StreamRows:
    """Rows of one stream, joined over the frames that brought them."""

    frames: list[Frame] = field(default_factory=list)

    @property
    def values(self) -> Array:
        """Shape (rows, width)."""
        return np.concatenate([one.values for one in self.frames])

    @property
    def counter(self) -> Array | None:
        """The counters, None where a frame has none."""
        return _joined([one.counter for one in self.frames])

    @property
    def device_ns(self) -> Array | None:
        """The stamps, None where a frame has none."""
        return _joined([one.device_ns for one in self.frames])

    def keys(self) -> list[bytes]:
        """Return for each row its layout, values and counter as bytes, to compare rows by."""
        keys: list[bytes] = []
        for one in self.frames:
            about = f"{one.layout}{one.values.dtype}".encode()
            for row in range(len(one)):
                count = b"" if one.counter is None else one.counter[row].tobytes()
                keys.append(about + one.values[row].tobytes() + count)
        return keys


def _joined(parts: Sequence[Array | None]) -> Array | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known and len(known) == len(parts) else None


def by_stream(items: Iterable[Item]) -> dict[str, StreamRows]:
    """Return the rows by stream, in the order of the streams' first rows."""
    streams: dict[str, StreamRows] = {}
    for one in items:
        if isinstance(one, Frame):
            streams.setdefault(one.layout.stream, StreamRows()).frames.append(one)
    return {name: rows for name, rows in streams.items() if sum(map(len, rows.frames))}


def keys_of(items: Iterable[Item]) -> dict[str, list[bytes]]:
    """Return the rows of each stream as comparable bytes."""
    return {name: rows.keys() for name, rows in by_stream(items).items()}


def assert_same_items(found: Sequence[Item], expected: Sequence[Item]) -> None:
    """Check that rows, counters, stamps, further values and notes are the same."""
    assert [one for one in found if isinstance(one, Note)] == [
        one for one in expected if isinstance(one, Note)
    ]
    assert keys_of(found) == keys_of(expected)
    theirs = by_stream(expected)
    for name, rows in by_stream(found).items():
        np.testing.assert_array_equal(rows.device_ns, theirs[name].device_ns, err_msg=name)
        _assert_same_coords(rows.frames, theirs[name].frames)


def _assert_same_coords(found: Sequence[Frame], expected: Sequence[Frame]) -> None:
    names = {name for frame in (*found, *expected) for name in frame.coords}
    for name in names:
        ours, theirs = (
            [frame.coords[name] for frame in frames if name in frame.coords]
            for frames in (found, expected)
        )
        assert ours, f"{name} is missing"
        assert theirs, f"{name} is too much"
        np.testing.assert_array_equal(np.concatenate(ours), np.concatenate(theirs), err_msg=name)


def close(found: Array, expected: npt.ArrayLike, tolerance: Tolerance) -> npt.NDArray[np.bool_]:
    """Tell for each value whether it is right within the tolerance, NaN equal to NaN."""
    theirs, ours = np.asarray(expected, dtype=np.float64), found.astype(np.float64)
    limit = np.asarray(tolerance, dtype=np.float64)
    right: npt.NDArray[np.bool_] = np.isclose(ours, theirs, rtol=0.0, atol=limit, equal_nan=True)
    return right


def assert_values(found: Array, expected: npt.ArrayLike, tolerance: Tolerance, name: str) -> None:
    """Check the values of a stream's rows."""
    table = np.atleast_2d(np.asarray(expected))
    assert found.shape == table.shape, f"stream {name!r}: {found.shape} instead of {table.shape}"
    wrong = ~close(found, table, tolerance)
    assert not wrong.any(), (
        f"stream {name!r}: {wrong.sum()} values are wrong, the first at row and column "
        f"{np.argwhere(wrong)[0].tolist()}: {found[wrong][0]} instead of {table[wrong][0]}"
    )


def wrong_rows(found: Array, allowed: npt.ArrayLike, tolerance: Tolerance) -> Array:
    """Return the rows that equal none of the allowed ones within the tolerance."""
    table = np.atleast_2d(np.asarray(allowed))
    if table.shape[1] != found.shape[1]:
        return found
    right = [bool(close(row[None, :], table, tolerance).all(axis=1).any()) for row in found]
    wrong: Array = found[~np.asarray(right, dtype=np.bool_)]
    return wrong


def is_ordered_part(found: Sequence[bytes], whole: Sequence[bytes]) -> bool:
    """Tell whether `found` is `whole` with some rows left out."""
    rest = iter(whole)
    return all(any(key == other for other in rest) for key in found)


def messages_of(decoder: Decoder, data: bytes) -> tuple[list[int], list[int]]:
    """Return where the messages of good bytes end, and how many rows were out by then."""
    ends: list[int] = []
    rows: list[int] = []
    for byte in range(len(data)):
        before = decoder.tally.messages
        decoder.feed(data[byte : byte + 1])
        if decoder.tally.messages > before:
            ends.append(decoder.tally.good_bytes + decoder.tally.dropped_bytes)
            rows.append(decoder.tally.rows)
    return ends, rows


def tails_match(found: Mapping[str, list[bytes]], expected: Mapping[str, list[bytes]]) -> bool:
    """Tell whether the rows of each stream end with the expected ones."""
    return all(
        found.get(name, [])[len(found.get(name, [])) - len(keys) :] == keys
        for name, keys in expected.items()
        if keys
    )
