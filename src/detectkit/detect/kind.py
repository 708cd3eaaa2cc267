"""The kind of a pipeline: what evidence that comes through it looks like, in words."""

from __future__ import annotations

from detectkit.detect.evidence import GRID, PatchGrid
from detectkit.detect.settings import Detection
from detectkit.pipeline import Pipeline

PLACING = frozenset({
    "clip-report", "distance-along-course", "distance-from-marks", "distance-from-positions",
    "resample-distance", "scale-amplitude", "straight-rows",
})  # fmt: skip
"""Steps that change no patch: they say where a trace was, or multiply all of it by one number."""


def kind_of(pipeline: Pipeline, grid: PatchGrid = GRID) -> str:
    """Return the names of the steps that shape a patch, those of the score, and the patch's grid.

    Pipelines of one kind give evidence that one model can weigh. Lengths and times in their
    settings follow each antenna's wavelength, so they differ from recording to recording; what they
    were comes with the evidence (`detectkit.detect.evidence.SCALARS`), and a model has limits for
    it. The steps that only place a trace along the track, and a factor for all samples, are left
    out.

    Raises
    ------
    PipelineError
        The section ``[detect]`` is wrong.

    Examples
    --------
    >>> kind_of(Pipeline.from_toml('step = [{use = "dc"}, {use = "distance-from-positions"}]'))
    'dc | no score | 48 x 48 of 25 x 15 mm from -60 mm'
    """
    steps = (step.name for step in pipeline.steps if step.name not in PLACING)
    detection = Detection.of(pipeline)
    score = () if detection is None else (step.name for step in detection.steps)
    shape = (
        f"{grid.columns} x {grid.rows} of {1e3 * grid.spacing_m:g} x {1e3 * grid.row_m:g} mm "
        f"from {1e3 * grid.top_m:g} mm"
    )
    return " | ".join((" > ".join(steps) or "no step", " > ".join(score) or "no score", shape))
