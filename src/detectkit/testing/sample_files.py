"""Sample recordings for FormatSuite: copied, cut, damaged and compared."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Block
from detectkit.io import Notice, Recording, Stream


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A recording to try the laws on; None = whatever the reader says.

    Parameters
    ----------
    path
        The file to open; its side files lie beside it with the same stem.
    traces
        Number of traces of each stream.
    samples
        Number of samples of each trace.
    """

    path: Path
    traces: tuple[int, ...] | None = None
    samples: int | None = None

    @property
    def files(self) -> list[Path]:
        """The file itself, then its side files."""
        stem = self.path.stem.lower()
        beside = [one for one in self.path.parent.iterdir() if one.stem.lower() == stem]
        return [self.path, *sorted(one for one in beside if one != self.path and one.is_file())]


def copied(sample: SampleFile, folder: Path) -> SampleFile:
    """Copy a recording with its side files into a new folder."""
    folder.mkdir()
    for path in sample.files:
        shutil.copyfile(path, folder / path.name)
    return SampleFile(folder / sample.path.name, sample.traces, sample.samples)


def shapes_of(recording: Recording) -> list[tuple[int, int]]:
    """Return (traces, samples) of each stream."""
    return [(one.header.traces, one.header.samples) for one in recording.streams]


def assert_equal(one: Block, other: Block) -> None:
    """Fail unless two blocks have the same samples and coordinates."""
    np.testing.assert_array_equal(one.data, other.data, strict=True)
    assert one.coords.keys() == other.coords.keys()
    for name in one.coords:
        np.testing.assert_array_equal(one.coord(name), other.coord(name), strict=True)


def numbered_rows(stream: Stream, size: int) -> dict[str, npt.NDArray[Any]]:
    """Return samples, trace counters and coordinates of all blocks, joined."""
    blocks = list(stream.blocks(size))
    if not blocks:
        return {}
    numbers = [np.arange(one.first_trace, one.stop_trace) for one in blocks]
    columns = {"data": [one.data for one in blocks], "first_trace": numbers}
    for name, (dim, _) in blocks[0].coords.items():
        if dim == "trace":
            columns[name] = [one.coord(name) for one in blocks]
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def check_time_axis(stream: Stream) -> None:
    """Fail unless the time axis is finite, rising and as long as a trace; channels have none."""
    if getattr(stream, "axis", "delay") == "channel":
        return
    twt_s = stream.twt_s
    assert twt_s.shape == (stream.header.samples,)
    assert np.isfinite(twt_s).all()
    assert (np.diff(twt_s) > 0.0).all()


def check_notice(notice: Notice) -> None:
    """Fail unless a notice is well formed; an assumption names its setting."""
    assert isinstance(notice, Notice)
    assert notice.severity in {"note", "assumed", "warning"}
    assert notice.text.strip()
    if notice.severity == "assumed":
        assert f"--set {notice.setting}" in notice.text, f"names no setting: {notice}"


def check_prefix(found: Recording, whole: Recording) -> None:
    """Fail unless what is left of a cut recording is the beginning of the whole."""
    assert len(found.streams) <= len(whole.streams)
    for part, full in zip(found.streams, whole.streams, strict=False):
        assert part.traces <= full.traces
        if part.header.samples == full.header.samples:
            cut = part.rows(0, part.traces).data
            np.testing.assert_array_equal(cut, full.rows(0, part.traces).data, strict=True)


def cut_sizes(size: int) -> list[int]:
    """Return sizes to cut a file to: the ends, the middle and some at random."""
    rng = np.random.default_rng(size)
    spread = rng.integers(0, size + 1, 12).tolist()
    ends = [0, 1, 2, 100, 1023, 1024, 1025, size // 2, size - 3, size - 1, size]
    return sorted({min(max(0, cut), size) for cut in [*spread, *ends]})


def overwrite(files: Sequence[Path], which: float, place: float, value: int, *, reach: int) -> None:
    """Replace one byte of one of the files; `which` and `place` run from 0 to 1."""
    path = files[min(int(which * len(files)), len(files) - 1)]
    content = bytearray(path.read_bytes())
    if content:
        content[int(place * (min(len(content), reach) - 1))] = value
        path.write_bytes(content)


def fingerprint(path: Path) -> tuple[str, int]:
    """Return the digest of a file's content and its date."""
    return hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns
