"""Plug-ins by name: those that ship with detectkit and those of others, one way for both."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from detectkit.core.errors import DetectkitError


@dataclass(frozen=True, slots=True)
class PlugIns:
    """The entry points of one group.

    Parameters
    ----------
    group
        Name of the group: ``"detectkit.steps"``.
    kind
        What one of them is called in messages: ``"step"``.
    listed_by
        The command that lists them.
    error
        Class of the errors.
    """

    group: str
    kind: str
    listed_by: str
    error: type[DetectkitError]

    def names(self) -> tuple[str, ...]:
        """Return the names of all that are installed, sorted."""
        return tuple(sorted(self._points()))

    def load(self, name: str) -> Any:
        """Return what is registered under a name.

        Raises
        ------
        DetectkitError
            `error`: no such name, the message has the nearest ones; or it cannot be loaded.
        """
        points = self._points()
        if name not in points:
            near = difflib.get_close_matches(name, points, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            msg = f"no {self.kind} {name!r}; {hint}`{self.listed_by}` lists all {len(points)}"
            raise self.error(msg)
        try:
            return points[name].load()
        except (ImportError, AttributeError) as error:
            msg = (
                f"the {self.kind} {name!r} is registered as {points[name].value}, which cannot be "
                f"loaded ({error}); install what it needs (`pip install detectkit[all]`), or "
                "repair or uninstall that package"
            )
            raise self.error(msg) from error

    def _points(self) -> dict[str, EntryPoint]:
        points: dict[str, EntryPoint] = {}
        for point in _installed(self.group):
            if point.name in points and points[point.name].value != point.value:
                msg = (
                    f"two packages register the {self.kind} {point.name!r}: "
                    f"{points[point.name].value} and {point.value}; uninstall one"
                )
                raise self.error(msg)
            points[point.name] = point
        return points


@cache
def _installed(group: str) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=group))
