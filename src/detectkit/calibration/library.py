"""Where calibrations lie, and which of them belongs to an instrument.

In this order: the user's folder, then what ships in the package ``detectkit_calibration``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from detectkit.calibration.record import CalibrationRecord, Section
from detectkit.calibration.record_file import read_record
from detectkit.core import DetectkitError, UsageError
from detectkit.io import Notice

FOLDER_VARIABLE = "DETECTKIT_CALIBRATION"
"""Environment variable that names another folder than the user's."""
PACKAGE = "detectkit_calibration"


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the library."""

    path: Path
    record: CalibrationRecord


def user_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Return the user's folder for calibrations; it need not exist.

    ``$DETECTKIT_CALIBRATION``, else ``$XDG_CONFIG_HOME/detectkit/calibration``, else
    ``~/.config/detectkit/calibration``.

    >>> user_folder({"DETECTKIT_CALIBRATION": "here"}).name
    'here'
    """
    known = os.environ if environment is None else environment
    if named := known.get(FOLDER_VARIABLE):
        return Path(named)
    config = known.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(config) / "detectkit" / "calibration"


def shelves() -> tuple[Path, ...]:
    """Return the folders that are looked through, the nearest first."""
    spec = find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return (user_folder(), *(Path(one) for one in places))


def entries(folders: tuple[Path, ...] | None = None) -> tuple[list[Entry], list[Notice]]:
    """Return all records that can be read, and a warning for each file that cannot."""
    found: list[Entry] = []
    said: list[Notice] = []
    for path in _files(shelves() if folders is None else folders):
        try:
            found.append(Entry(path, read_record(path)))
        except DetectkitError as error:
            said.append(Notice("warning", f"left out: {error}", path.name))
    return found, said


def best(
    known: list[Entry],
    *,
    instrument: str,
    serial: str,
    at_utc: datetime,
    section: Section = "radar",
) -> Entry | None:
    """Return the newest record that holds for an instrument at a time, None where none does.

    Of two of the same moment, the one whose id is smaller: the answer does not depend on the
    order of files.

    Parameters
    ----------
    known
        From `entries`.
    instrument, serial
        Both must agree; an empty serial number only with an empty one.
    at_utc
        When it is to hold.
    section
        Which the record must have.
    """
    fitting = [
        one
        for one in known
        if (one.record.instrument, one.record.serial) == (instrument, serial)
        and section in one.record.sections
        and one.record.made_utc <= at_utc < one.record.expires_utc
    ]
    fitting.sort(key=lambda one: one.record.id)
    return max(fitting, key=lambda one: one.record.made_utc, default=None)


def find(given: Path) -> Path:
    """Return the file of a record: a path, or a name in the library.

    Raises
    ------
    UsageError
        It is neither.
    """
    if given.is_file():
        return given
    for folder in shelves():
        for name in (given.name, f"{given.name}.toml"):
            if (folder / name).is_file():
                return folder / name
    places = ", ".join(str(one) for one in shelves())
    msg = (
        f"calibration {str(given)!r}: no such file, nor in {places}; see `detectkit calibrate list`"
    )
    raise UsageError(msg)


def _files(folders: tuple[Path, ...]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(folder.glob("*.toml"))
