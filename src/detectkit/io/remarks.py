"""Collects what a reader has to say while it opens a file and the files beside it."""

from __future__ import annotations

from pathlib import Path

from detectkit.io.notice import Notice, Severity


class Remarks:
    """Notices about one file, in the order found; `about` shares them with a side file.

    Examples
    --------
    >>> remarks = Remarks(Path("line.dt1"))
    >>> remarks.about(Path("line.hd")).assumed("no unit, so metres", setting="position_unit")
    >>> str(remarks.notices[0])
    'line.hd: no unit, so metres; correct it with --set position_unit'
    """

    def __init__(self, path: Path) -> None:
        self._file = path.name
        self._notices: list[Notice] = []

    @property
    def notices(self) -> tuple[Notice, ...]:
        """All notices so far, about all files."""
        return tuple(self._notices)

    def about(self, path: Path) -> Remarks:
        """Return remarks about another file that collect into the same list."""
        other = Remarks(path)
        other._notices = self._notices
        return other

    def extend(self, notices: tuple[Notice, ...]) -> None:
        """Add notices of another reader."""
        self._notices.extend(notices)

    def note(self, text: str, *, offset: int | None = None, setting: str = "") -> None:
        """Say something worth knowing; `setting` would settle it."""
        self._add("note", text, offset, setting)

    def assumed(self, text: str, *, offset: int | None = None, setting: str) -> None:
        """Say what was assumed; the text gets the name of the setting that overrides it."""
        self._add("assumed", text, offset, setting)

    def warning(self, text: str, *, offset: int | None = None, setting: str = "") -> None:
        """Say what is damaged, missing or contradictory; `setting` would settle it."""
        self._add("warning", text, offset, setting)

    def _add(self, severity: Severity, text: str, offset: int | None, setting: str) -> None:
        remedy = f"{text}; correct it with --set {setting}" if setting else text
        self._notices.append(Notice(severity, remedy, self._file, offset, setting))
