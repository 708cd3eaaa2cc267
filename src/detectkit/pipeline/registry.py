"""Steps by name: those that ship with detectkit and those of plug-ins, one way for both."""

from __future__ import annotations

import difflib
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from detectkit.core import PipelineError
from detectkit.pipeline.step import Step

GROUP = "detectkit.steps"


@cache
def _points() -> dict[str, EntryPoint]:
    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name in points and points[point.name].value != point.value:
            msg = (
                f"two packages register the step {point.name!r}: {points[point.name].value} and "
                f"{point.value}; uninstall one"
            )
            raise PipelineError(msg)
        points[point.name] = point
    return points


def step_names() -> tuple[str, ...]:
    """Return the names of all installed steps, sorted."""
    return tuple(sorted(_points()))


def step_class(name: str) -> type[Step]:
    """Return the class of a step.

    Raises
    ------
    PipelineError
        No such step, the message names the nearest ones; or one that cannot be loaded.
    """
    points = _points()
    if name not in points:
        near = difflib.get_close_matches(name, points, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        msg = f"no step {name!r}; {hint}`detectkit steps` lists all {len(points)}"
        raise PipelineError(msg)
    try:
        return cast("type[Step]", points[name].load())
    except (ImportError, AttributeError) as error:
        msg = (
            f"the step {name!r} is registered as {points[name].value}, which cannot be loaded "
            f"({error}); repair or uninstall that package"
        )
        raise PipelineError(msg) from error
