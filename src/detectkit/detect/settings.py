"""The ``[detect]`` section of a pipeline, in metres and metres per second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from detectkit.core import PipelineError
from detectkit.core.settings import build, settings_of
from detectkit.pipeline import Pipeline, Step, parse_steps, step_tables


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """How scores become indications.

    Parameters
    ----------
    velocity_m_per_s
        Velocity of the wave in the ground, for depths.
    velocity_error
        Its relative standard deviation, for the depth error.
    velocity_source
        ``"given"``, ``"measured"``, ``"file"`` or ``"assumed"``.
    band_m
        Shallowest and deepest depth that is searched.
    threshold
        Lowest score, standard deviations above the local clutter.
    separation_m
        Of several peaks within this distance, along the track and in depth, only the highest
        is kept.
    separation_traces
        The same for recordings without distance.
    cell_m, cell_s
        Size of the resolution cell along the track and in two-way time.
    depth_of
        Where in a candidate's region its depth is read: at the peak of the ``"score"``, or at the
        first strong ``"echo"`` that went into it.
    allow_display_gain
        Names of display-only steps that may stand before detection all the same.
    score
        The steps that turn a processed radargram into scores.
    """

    velocity_m_per_s: float = 1.0e8
    velocity_error: float = 0.15
    velocity_source: str = "assumed"
    band_m: tuple[float, float] = (0.02, 0.5)
    threshold: float = 4.0
    separation_m: float = 0.1
    separation_traces: int = 10
    cell_m: float = 0.02
    cell_s: float = 3e-10
    depth_of: Literal["score", "echo"] = "score"
    allow_display_gain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detection:
    """Settings and the score steps, parsed from a pipeline's ``[detect]``."""

    settings: DetectSettings
    steps: tuple[Step, ...] = field(default=())

    @classmethod
    def of(cls, pipeline: Pipeline) -> Detection | None:
        """Return the detection of a pipeline, None when it has no ``[detect]`` section.

        Raises
        ------
        PipelineError
            A wrong setting, no score step, or a display gain before detection.
        """
        section = pipeline.sections.get("detect")
        if section is None:
            return None
        if not isinstance(section, Mapping):
            msg = f"detect = {section!r}: detection is a section, written as [detect]"
            raise PipelineError(msg)
        table = dict(section)
        steps = parse_steps(table.pop("score", []))
        if not steps:
            msg = '[detect] needs at least one [[detect.score]] step, e.g. use = "reed-xiaoli"'
            raise PipelineError(msg)
        settings = build(DetectSettings, table, where="[detect]", error=PipelineError)
        _check(settings, pipeline)
        return cls(settings, steps)

    def to_table(self) -> dict[str, Any]:
        """Return the section as TOML values."""
        return {**settings_of(self.settings), "score": step_tables(self.steps)}


def _check(settings: DetectSettings, pipeline: Pipeline) -> None:
    shallow, deep = settings.band_m
    if not (0.0 <= shallow < deep and settings.velocity_m_per_s > 0.0):
        msg = (
            f"[detect]: band_m = {list(settings.band_m)} must be [shallow, deep] in metres and "
            f"velocity_m_per_s = {settings.velocity_m_per_s} above 0"
        )
        raise PipelineError(msg)
    if min(settings.threshold, settings.separation_m, settings.separation_traces) <= 0:
        msg = "[detect]: threshold, separation_m and separation_traces must be above 0"
        raise PipelineError(msg)
    for step in pipeline.steps:
        if step.display_only and step.name not in settings.allow_display_gain:
            msg = (
                f"step {step.name!r} is for display: it changes what detection sees; take it out, "
                f'or write allow_display_gain = ["{step.name}"] in [detect]'
            )
            raise PipelineError(msg)
