"""The contract of a file format, and the opening of any file by its content.

A format is an object with four members, registered under the entry-point group
``detectkit.formats``; those that ship with detectkit register exactly as a third party's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, TypeVar

from detectkit.core import FormatError, UnknownFormatError, UsageError
from detectkit.io.overrides import Overrides, with_overrides
from detectkit.io.recording import Recording

HEAD_BYTES = 8192


class Certainty(IntEnum):
    """How sure a format is that a file is its own."""

    NO = 0
    PLAUSIBLE = 1
    """No magic number, but every figure of the header fits the file's size."""
    LIKELY = 2
    """A weak magic number, and the figures fit."""
    CERTAIN = 3
    """A magic number that nothing else has."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a format may look at to recognise a file: its path, size and first 8 KiB."""

    path: Path
    size: int
    head: bytes

    @classmethod
    def of(cls, path: Path) -> Probe:
        """Look at a file.

        Raises
        ------
        FormatError
            There is no such file, or it cannot be read.
        """
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            msg = f"{path}: {what}; give the path of one recorded file (of a flight: its flight.h5)"
            raise FormatError(msg)
        try:
            with path.open("rb") as handle:
                head = handle.read(HEAD_BYTES)
        except OSError as error:
            msg = f"{path}: cannot be read ({error.strerror}); check its rights and its disk"
            raise FormatError(msg) from error
        return cls(path, path.stat().st_size, head)

    def sibling(self, *suffixes: str) -> Path | None:
        """Return the file of the same stem with one of `suffixes` (".rad"), any letter case."""
        return sibling(self.path, *suffixes)


class Format(Protocol):
    """A file format: recognises by content, opens lazily, warns instead of dying.

    Attributes
    ----------
    name
        Short lower-case name: ``"gssi-dzt"``.
    structural
        Settings of its own for ``--set``: name → meaning (e.g. ``"data_offset"``).
    """

    name: str
    structural: Mapping[str, str]

    def recognise(self, probe: Probe) -> Certainty:
        """Tell from the content whether the file is of this format. Never raises."""
        ...

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Open the file: header and side files are read, traces are not.

        Raises
        ------
        FormatError
            The file cannot be used at all; names file, offset, expected and found.
        """
        ...


def sibling(path: Path, *suffixes: str) -> Path | None:
    """Return the file beside `path` of the same stem and one of `suffixes`, any letter case."""
    wanted = {suffix.lower() for suffix in suffixes}
    if not path.parent.is_dir():
        return None
    for other in sorted(path.parent.iterdir()):
        same = other.stem.lower() == path.stem.lower() and other != path
        if same and other.suffix.lower() in wanted and other.is_file():
            return other
    return None


@cache
def formats() -> tuple[Format, ...]:
    """Return every installed format, by name."""
    found = sorted(entry_points(group="detectkit.formats"), key=lambda point: point.name)
    return tuple(point.load()() for point in found)


def open_recording(
    path: str | Path,
    *,
    overrides: Overrides | Mapping[str, str] | None = None,
    format_name: str | None = None,
) -> Recording:
    """Open any recording by what is in it, whatever its suffix says.

    Parameters
    ----------
    path
        The file; of a pair (.rd3 and .rad, .dt1 and .hd) either one.
    overrides
        Settings that replace what the file says, kept in the answer.
    format_name
        Skip the recognition and use this format.

    Raises
    ------
    UnknownFormatError
        No format recognises it; the message lists the formats there are.
    FormatError
        The format was recognised but the file cannot be used.
    """
    path = Path(path)
    settings = overrides if isinstance(overrides, Overrides) else Overrides(overrides)
    chosen = _by_name(format_name) if format_name else recognise(path)
    return open_as(chosen, path, settings)


def open_as(chosen: Format, path: Path, settings: Overrides) -> Recording:
    """Open a file as one format and put the user's settings in place of the file's.

    Raises
    ------
    UsageError
        A setting has a name that the format does not take, or a value that is not allowed.
    FormatError
        The file cannot be used at all.
    """
    Probe.of(path)
    settings.check_names(chosen.structural, format_name=chosen.name)
    recording = chosen.open(path, settings)
    streams = tuple(
        replace(stream, header=with_overrides(stream.header, settings))
        for stream in recording.streams
    )
    notices = tuple(one for one in recording.notices if one.setting not in settings)
    return replace(recording, streams=streams, notices=notices, overrides=dict(settings))


def recognise(path: Path) -> Format:
    """Return the format that is surest of the file's content.

    Raises
    ------
    UnknownFormatError
        None recognises it, or two are equally sure.
    """
    return surest(Probe.of(path), formats(), of="", more="; name one with --format to try it")


class Recogniser(Protocol):
    """What can be chosen by content: it has a name and tells how sure it is of a file."""

    name: str

    def recognise(self, probe: Probe) -> Certainty:
        """Tell from the content whether the file is of this format. Never raises."""
        ...


R = TypeVar("R", bound=Recogniser)


def surest(probe: Probe, candidates: Sequence[R], *, of: str, more: str = "") -> R:
    """Return the candidate that is surest of the file's content.

    Parameters
    ----------
    probe
        The file.
    candidates
        What there is to choose from.
    of
        What the candidates read, for the message: ``" of position logs"``.
    more
        What to do when none recognises it, for the message.

    Raises
    ------
    UnknownFormatError
        None recognises it, or two are equally sure: nothing is guessed.
    """
    claims = [(one.recognise(probe), one) for one in candidates]
    highest = max((certainty for certainty, _ in claims), default=Certainty.NO)
    best = [one for certainty, one in claims if certainty == highest]
    name = probe.path.name
    if highest == Certainty.NO:
        names = ", ".join(one.name for one in candidates)
        msg = (
            f"{name}: no reader{of} recognises its {probe.size:,} bytes, which begin "
            f"{probe.head[:8].hex(' ') or 'with nothing'}; known formats: {names}{more}"
        )
        raise UnknownFormatError(msg)
    if len(best) > 1:
        names = " and ".join(one.name for one in best)
        msg = f"{name}: {names} fit equally well; choose with --format"
        raise UnknownFormatError(msg)
    return best[0]


def _by_name(name: str) -> Format:
    known = {one.name: one for one in formats()}
    if name not in known:
        msg = f"--format {name}: use one of {', '.join(known)}"
        raise UsageError(msg)
    return known[name]
