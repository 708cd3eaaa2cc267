"""Pipeline: steps in order, parsed once from TOML, with the fingerprint of what they do."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tomli_w

from detectkit.core import Applied, BlockSpec, PipelineError
from detectkit.core.settings import build, settings_of
from detectkit.pipeline.registry import step_class
from detectkit.pipeline.step import Step


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps in order, and the other sections of their TOML for the rooms above.

    Examples
    --------
    >>> pipeline = Pipeline.from_toml('step = [{use = "dc"}]')
    >>> [step.name for step in pipeline.steps]
    ['dc']
    """

    steps: tuple[Step, ...]
    name: str = "pipeline"
    sections: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_toml(cls, text: str) -> Pipeline:
        """Parse a pipeline.

        Raises
        ------
        PipelineError
            Not TOML, an unknown step, or a wrong setting; says where and what is allowed.
        """
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            msg = f"the pipeline is not valid TOML: {error}"
            raise PipelineError(msg) from error
        tables = document.pop("step", [])
        name = document.pop("name", "pipeline")
        return cls(parse_steps(tables), str(name), document)

    def to_toml(self) -> str:
        """Return the pipeline as TOML, every default written out."""
        document: dict[str, Any] = {"name": self.name, "step": step_tables(self.steps)}
        return tomli_w.dumps({**document, **self.sections})

    @property
    def fingerprint(self) -> str:
        """The sha256 of the settings, written into every product.

        Neither the name nor the layout of the TOML changes it.
        """
        document = _as_floats({**self.sections, "step": step_tables(self.steps)})
        canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return what comes out for what goes in; refuse a chain that cannot work."""
        return describe(self.steps, spec)

    def check_live(self) -> None:
        """Refuse steps that need the whole line, naming what to use instead."""
        for number, step in enumerate(self.steps, start=1):
            if step.live_substitute:
                msg = (
                    f"step {number} {step.name!r} needs the whole line; use it in reprocessing, "
                    f"or take {step.live_substitute!r}"
                )
                raise PipelineError(msg)

    def latency_traces(self, spec: BlockSpec) -> int:
        """Return by how many traces the output trails the input.

        Where a step changes the trace spacing, its followers' rows count for as many traces.
        """
        latency, first_m = 0.0, spec.trace_spacing_m
        for step in self.steps:
            traces_per_row = (spec.trace_spacing_m or 1.0) / (first_m or 1.0)
            latency += step.reach(spec)[1] * traces_per_row
            spec = step.describe(spec)
        return math.ceil(latency - 1e-9)


def _as_floats(value: Any) -> Any:
    """Return the value with each whole number as a float: 4 and 4.0 are the same setting."""
    if isinstance(value, Mapping):
        return {name: _as_floats(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_floats(one) for one in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def parse_steps(tables: Any) -> tuple[Step, ...]:
    """Build steps from a list of TOML tables with a ``use`` each."""
    if not isinstance(tables, list):
        msg = "steps are written as [[step]], with two brackets on each side"
        raise PipelineError(msg)
    steps: list[Step] = []
    for number, table in enumerate(tables, start=1):
        settings = dict(table) if isinstance(table, Mapping) else {}
        name = settings.pop("use", None)
        if not isinstance(name, str):
            msg = f'step {number}: say which one with use = "...", e.g. use = "dewow"'
            raise PipelineError(msg)
        where = f"step {number} {name!r}"
        steps.append(build(step_class(name), settings, where=where, error=PipelineError))
    return tuple(steps)


def step_tables(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return steps as TOML tables, every setting written out."""
    return [{"use": step.name, **settings_of(step)} for step in steps]


def describe(steps: Sequence[Step], spec: BlockSpec) -> BlockSpec:
    """Return what comes out of a chain; an error says which step refuses and why."""
    for number, step in enumerate(steps, start=1):
        try:
            spec = step.describe(spec)
        except PipelineError as error:
            msg = f"step {number}: {error}"
            raise PipelineError(msg) from error
    return spec


def applied(step: Step) -> Applied:
    """Return the note that a step leaves in a block's history."""
    canonical = json.dumps(settings_of(step), sort_keys=True, separators=(",", ":"))
    return Applied(step.name, hashlib.sha256(canonical.encode()).hexdigest()[:16])
