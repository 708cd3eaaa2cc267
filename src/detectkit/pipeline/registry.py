"""Steps by name: those that ship with detectkit and those of plug-ins, one way for both."""

from __future__ import annotations

from typing import cast

from detectkit.core import PipelineError
from detectkit.core.plugins import PlugIns
from detectkit.pipeline.step import Step

STEPS = PlugIns("detectkit.steps", "step", "detectkit steps", PipelineError)


def step_names() -> tuple[str, ...]:
    """Return the names of all installed steps, sorted."""
    return STEPS.names()


def step_class(name: str) -> type[Step]:
    """Return the class of a step.

    Raises
    ------
    PipelineError
        No such step, the message names the nearest ones; or one that cannot be loaded.
    """
    return cast("type[Step]", STEPS.load(name))
