"""Pipelines: the Step contract, the steps that ship, the runner, the TOML form."""

from __future__ import annotations

from detectkit.pipeline.pipeline import Pipeline, describe, parse_steps, step_tables
from detectkit.pipeline.registry import step_class, step_names
from detectkit.pipeline.runner import Runner, Tally, run
from detectkit.pipeline.step import (
    PerTrace,
    Recursive,
    Step,
    WholeLine,
    Windowed,
    samples_of,
    traces_of,
)

__all__ = [
    "PerTrace",
    "Pipeline",
    "Recursive",
    "Runner",
    "Step",
    "Tally",
    "WholeLine",
    "Windowed",
    "describe",
    "parse_steps",
    "run",
    "samples_of",
    "step_class",
    "step_names",
    "step_tables",
    "traces_of",
]
