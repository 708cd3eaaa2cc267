"""Writing a flight: all or nothing under its final name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectkit import __version__
from detectkit.core import DetectkitError, Indication, UsageError
from detectkit.io.durable import sync_folder
from detectkit.io.flight.hdf5 import put_attribute, put_text
from detectkit.io.flight.indications import put_indications
from detectkit.io.flight.layout import (
    FORMAT,
    LAYOUT_VERSION,
    TEXT_GROUPS,
    Compression,
    Existing,
    FlightWriteError,
)
from detectkit.io.flight.notices import put_notices
from detectkit.io.flight.stream_writer import StreamSettings, StreamWriter
from detectkit.io.notice import Notice
from detectkit.io.whole import WholeOrNothing

if TYPE_CHECKING:
    import h5py


class FlightWriter(WholeOrNothing):
    """Writes one flight; use it in a ``with`` statement.

    The file grows under a hidden temporary name in the same folder. When the block ends well
    it is completed, synced to the disk and renamed in one step; when it ends with an error the
    temporary file is removed, because every flight is made of something that is still there:
    a journal, a recorded file. What a killed process leaves (``.NAME.*.part``) is marked as
    incomplete, no reader takes it, and it may be deleted.

    Parameters
    ----------
    path
        Final name, usually ``.h5``.
    existing
        ``"refuse"`` or ``"replace"`` a file that is already there.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from detectkit.core import Block
    >>> path = Path(tempfile.mkdtemp()) / "flight.h5"
    >>> twt = {"twt_s": ("delay", np.arange(3) * 1e-10)}
    >>> with FlightWriter(path) as flight:
    ...     flight.stream("gpr").append(Block(np.ones((2, 3), np.int16), coords=twt))
    >>> path.exists()
    True
    """

    def __init__(self, path: str | Path, *, existing: Existing = "refuse") -> None:
        super().__init__(path)
        if existing == "refuse" and self.path.exists():
            msg = f"{self.path}: exists already; choose another name or replace it on purpose"
            raise UsageError(msg)
        self._opened: h5py.File | None = None
        self._streams: list[StreamWriter] = []

    def stream(
        self,
        name: str,
        *,
        sample_interval_s: float | None = None,
        first_twt_s: float | None = None,
        permittivity: float | None = None,
        header: Mapping[str, Any] | None = None,
        compression: Compression = "auto",
    ) -> StreamWriter:
        """Open a stream; nothing is written for it before its first block.

        Parameters
        ----------
        name
            Name of its group, normally the sensor's id; ``~2`` is added where it is taken.
        sample_interval_s, first_twt_s
            Fast-time axis; None: from ``twt_s`` of the blocks, which must then be uniform.
        permittivity
            Relative permittivity that the operator set.
        header
            The source's own header, kept as JSON.
        compression
            ``"auto"`` packs integers by shuffle and gzip 1, and leaves floats as they are.
        """
        settings = StreamSettings(
            sample_interval_s, first_twt_s, permittivity, dict(header or {}), compression
        )
        with self._writing():
            streams = self._file["streams"]
            group = streams.create_group(_free_name(name, streams))
            group.attrs["order"] = len(self._streams)
        self._streams.append(StreamWriter(group, settings, self._writing))
        return self._streams[-1]

    def attach(self, name: str, text: str) -> None:
        """Keep a text: ``"calibration/radar.toml"``, ``"pipeline/toml"``, ``"source/name"``.

        A name outside the groups of `detectkit.io.flight.layout.TEXT_GROUPS` goes under
        ``attachments``. The recording gives all of them back in ``attachments``.
        """
        group, _, rest = name.partition("/")
        if group not in TEXT_GROUPS or not rest:
            group, rest = "attachments", name
        if not rest or rest in {"entry", "."} or "/" in rest:
            msg = f"attachment {name!r}: use NAME or GROUP/NAME, without further '/'"
            raise UsageError(msg)
        if f"{group}/{rest}" in self._file:
            msg = f"attachment {name!r} is there already; give the second one another name"
            raise UsageError(msg)
        with self._writing():
            put_text(self._file.require_group(group), rest, text)

    def pipeline(self, toml: str, *, fingerprint: str) -> None:
        """Keep the pipeline that made the streams, and its fingerprint."""
        self.attach("pipeline/toml", toml)
        self.attach("pipeline/fingerprint", fingerprint)

    def notices(self, notices: Sequence[Notice]) -> None:
        """Keep what the reader of the source had to say."""
        with self._writing():
            put_notices(self._file, notices)

    def indications(self, indications: Sequence[Indication]) -> None:
        """Keep the indications found in the flight."""
        with self._writing():
            put_indications(self._file, indications)

    @property
    def _file(self) -> h5py.File:
        if self._opened is None:
            msg = f"{self.path.name}: not open; use `with FlightWriter(path) as flight:`"
            raise UsageError(msg)
        return self._opened

    def _begin(self) -> None:
        """Open the temporary file.

        Version 1.10 of the file format: tools of today's distributions cannot read "latest",
        and "earliest" has no checksums in its metadata. Without a chunk cache whole chunks go
        straight through the filters, which is twice as fast.
        """
        import h5py

        self._opened = h5py.File(self._part, "x", libver=("v110", "v110"), rdcc_nbytes=0)
        self._describe(self._opened)

    def _describe(self, file: h5py.File) -> None:
        import h5py

        put_attribute(file, "format", FORMAT)
        file.attrs["layout_version"] = LAYOUT_VERSION
        file.attrs["complete"] = 0
        put_attribute(file, "detectkit_version", __version__)
        put_attribute(file, "h5py_version", h5py.version.version)
        put_attribute(file, "hdf5_version", h5py.version.hdf5_version)
        file.create_group("streams")

    def _complete(self) -> None:
        file = self._file
        for stream in self._streams:
            stream.finish()
        file.attrs.modify("complete", 1)
        file.close()
        self._opened = None
        with self._part.open("rb+") as handle:
            os.fsync(handle.fileno())
        self._part.replace(self.path)
        sync_folder(self.path.parent)

    def _abandon(self) -> None:
        if self._opened is not None:
            with suppress(OSError, RuntimeError):
                self._opened.close()
            self._opened = None
        with suppress(OSError):
            self._part.unlink()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Turn what HDF5 and the disk raise into an error that says what to do."""
        try:
            yield
        except DetectkitError:
            raise
        except (OSError, RuntimeError) as error:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number else str(error).partition("\n")[0]
            msg = (
                f"{self.path}: could not be written ({reason}); nothing was left under that "
                "name; check that the folder exists and has room, then write it again"
            )
            raise FlightWriteError(msg) from error


def _free_name(name: str, taken: h5py.Group) -> str:
    base = name.replace("/", "_").strip(".") or "stream"
    number, free = 1, base
    while free in taken:
        number += 1
        free = f"{base}~{number}"
    return free
