"""Opening any position log by its content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from detectkit.core import FormatError, UsageError
from detectkit.io.format import Certainty, Probe, surest
from detectkit.io.overrides import Overrides
from detectkit.io.positions.log import PositionLog

MORE = " (a text log needs its line of column names)"


class PositionFormat(Protocol):
    """A format of position logs: recognises by content, reads, reports instead of guessing.

    Attributes
    ----------
    name
        Short lower-case name: ``"mavlink-tlog"``.
    structural
        Settings of its own for ``--set``: name → meaning.
    """

    name: str
    structural: Mapping[str, str]

    def recognise(self, probe: Probe) -> Certainty:
        """Tell from the content whether the file is of this format. Never raises."""
        ...

    def read(self, path: Path, overrides: Overrides) -> PositionLog:
        """Read the log.

        Raises
        ------
        FormatError
            It holds no position, or cannot be used at all; names file, place, expected, found.
        """
        ...


def position_formats() -> tuple[PositionFormat, ...]:
    """Return every format of position logs, by name."""
    from detectkit.io.positions.dataflash import DataFlash
    from detectkit.io.positions.rtklib import Rtklib
    from detectkit.io.positions.skyhub import SkyHub
    from detectkit.io.positions.tlog import MavlinkTlog
    from detectkit.io.positions.ulog import ULog

    return (DataFlash(), MavlinkTlog(), Rtklib(), SkyHub(), ULog())


def open_positions(
    path: str | Path,
    *,
    overrides: Overrides | Mapping[str, str] | None = None,
    format_name: str | None = None,
) -> PositionLog:
    """Read any position log by what is in it, whatever its suffix says.

    Parameters
    ----------
    path
        The log.
    overrides
        Settings that replace what the log says or does not say.
    format_name
        Skip the recognition and use this format.

    Raises
    ------
    UnknownFormatError
        No format recognises it; the message lists the formats there are.
    FormatError
        It was recognised, but holds no position or cannot be used.
    UsageError
        A setting has a name that the format does not take, or a value that is not allowed.
    """
    path = Path(path)
    settings = overrides if isinstance(overrides, Overrides) else Overrides(overrides)
    probe = Probe.of(path)
    if format_name:
        chosen = _by_name(format_name)
    else:
        chosen = surest(probe, position_formats(), of=" of position logs", more=MORE)
    unknown = sorted(set(settings) - set(chosen.structural))
    if unknown:
        table = "; ".join(f"{name} ({meaning})" for name, meaning in chosen.structural.items())
        msg = f"--set {unknown[0]}: {chosen.name} logs take: {table or 'no settings'}"
        raise UsageError(msg)
    log = chosen.read(path, settings)
    if not len(log):
        reasons = "; ".join(f"{reason}: {number:,}" for reason, number in log.rejected.items())
        said = "; ".join(str(one) for one in log.notices if one.severity == "warning")
        msg = (
            f"{path.name}: no row of this {chosen.name} log is a position "
            f"({reasons or 'it has no rows'}); choose the log of another receiver"
        )
        raise FormatError(f"{msg}. {said}" if said else msg)
    return log


def _by_name(name: str) -> PositionFormat:
    known = {one.name: one for one in position_formats()}
    if name not in known:
        msg = f"position log format {name}: use one of {', '.join(known)}"
        raise UsageError(msg)
    return known[name]
