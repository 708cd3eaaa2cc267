"""The ``[metal]`` section of a pipeline, and the steps that it makes for a detector's rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from detectkit.core import BlockSpec, PipelineError
from detectkit.core.settings import build, settings_of
from detectkit.detect.metal.map_distance import DistanceFromMap
from detectkit.detect.metal.reach import Coil
from detectkit.detect.metal.steps import DetectorBaseline, MetalAnomaly
from detectkit.pipeline import Pipeline, Step
from detectkit.pipeline.steps.along_track import ResampleDistance
from detectkit.pipeline.steps.distance import DistanceFromPositions
from detectkit.pipeline.steps.steady import DistanceAlongCourse
from detectkit.signal.soil_scatter import SOIL_ERROR

KINDS = frozenset({"metal_detector", "magnetometer"})
SECTION = "metal"
POSITIVE = ("_m", "_traces", "threshold", "_turns", "_a", "_hz")


@dataclass(frozen=True, slots=True)
class MetalSettings:
    """How a detector's rows become alarms.

    Lengths are in metres; those ending in ``_traces`` are for recordings without distance.

    Parameters
    ----------
    spacing_m
        Rows are put at equal distances; those nearer together are averaged.
    max_gap_m
        Rows farther apart are not bridged: everything starts afresh.
    baseline_m, baseline_traces
        Window of the median that is taken off.
    before_m, after_m, before_traces, after_traces
        Window behind and ahead that level, spread and soil are learned in. What lies ahead is the
        latency, with half of the baseline's window.
    direction
        The soil's part of each channel, where it was measured; none: learned.
    soil_error
        Of the soil's direction, in rad: what the soil moves is explained no better than this share.
    threshold
        Lowest anomaly of an alarm, in standard deviations of the lane.
    separation_m, separation_traces
        Of several peaks within this distance only the highest is kept.
    shoulder_m, shoulder_traces
        A peak with a higher one within this distance is kept only where the anomaly falls between
        them to less than its height over `dip`.
    dip
        See above, 1 or more.
    coil_radius_m, coil_turns, coil_current_a, coil_frequency_hz
        Of the instrument. The radius tells how deep a piece lies that several passes heard; all
        four tell how high a piece is silent, of a detector whose channels are in nV.
    """

    spacing_m: float = 0.05
    max_gap_m: float = 0.5
    baseline_m: float = 6.0
    baseline_traces: int = 301
    before_m: float = 10.0
    after_m: float = 3.0
    before_traces: int = 240
    after_traces: int = 60
    direction: tuple[float, ...] = ()
    soil_error: float = SOIL_ERROR
    threshold: float = 6.0
    separation_m: float = 0.3
    separation_traces: int = 12
    shoulder_m: float = 1.0
    shoulder_traces: int = 40
    dip: float = 1.5
    coil_radius_m: float = 0.14
    coil_turns: int = 10
    coil_current_a: float = 1.0
    coil_frequency_hz: float = 20e3

    def __post_init__(self) -> None:
        lengths = {
            name: value for name, value in settings_of(self).items()
            if name.endswith(POSITIVE) and not value > 0
        }  # fmt: skip
        if lengths or self.dip < 1.0:
            wrong = ", ".join(f"{name} = {value}" for name, value in lengths.items())
            msg = f"[metal]: {wrong or f'dip = {self.dip}'}: all above 0, dip at least 1"
            raise PipelineError(msg)

    @classmethod
    def of(cls, pipeline: Pipeline) -> MetalSettings | None:
        """Return the settings of a pipeline, None where it has no ``[metal]`` section.

        Raises
        ------
        PipelineError
            A wrong setting.
        """
        section = pipeline.sections.get(SECTION)
        if section is None:
            return None
        if not isinstance(section, Mapping):
            msg = f"metal = {section!r}: the detector's settings are a section, written as [metal]"
            raise PipelineError(msg)
        return build(cls, dict(section), where="[metal]", error=PipelineError)

    @property
    def coil(self) -> Coil:
        """The detector's coil."""
        return Coil(
            self.coil_radius_m, self.coil_turns, self.coil_current_a, self.coil_frequency_hz
        )

    def to_table(self) -> dict[str, Any]:
        """Return the section as TOML values."""
        return settings_of(self)

    def steps(self, spec: BlockSpec) -> tuple[Step, ...]:
        """Return the steps for rows of a detector: distance, level, anomaly.

        Raises
        ------
        PipelineError
            The rows are not those of a metal detector or magnetometer, or the direction of the
            soil does not fit their channels.
        """
        if spec.sensor.kind not in KINDS or spec.dims[1] != "channel":
            msg = (
                f"sensor {spec.sensor.id!r} is a {spec.sensor.kind} with {spec.dims}; the metal "
                f"branch takes channels of: {', '.join(sorted(KINDS))}"
            )
            raise PipelineError(msg)
        track = self._track(spec)
        if not track and spec.trace_spacing_m is None:
            level: Step = DetectorBaseline(window_traces=self.baseline_traces)
            anomaly: Step = MetalAnomaly(
                before_traces=self.before_traces,
                after_traces=self.after_traces,
                direction=self.direction,
                soil_error=self.soil_error,
            )
            return level, anomaly
        anomaly = MetalAnomaly(
            before_m=self.before_m,
            after_m=self.after_m,
            direction=self.direction,
            soil_error=self.soil_error,
        )
        return *track, DetectorBaseline(window_m=self.baseline_m), anomaly

    def rows(self, length_m: float, traces: int, spec: BlockSpec) -> int:
        """Return a length in rows of what the steps give: from metres where there is distance."""
        spacing = spec.trace_spacing_m
        return traces if spacing is None else max(1, round(length_m / spacing))

    def _track(self, spec: BlockSpec) -> tuple[Step, ...]:
        """Return the steps that put rows at equal distances; none where it cannot be."""
        grid = ResampleDistance(
            spacing_m=self.spacing_m, stationary_m=0.5 * self.spacing_m, max_gap_m=self.max_gap_m
        )
        if "along_track_m" in spec.coords:
            return (grid,)
        if {"longitude_deg", "latitude_deg"} <= spec.coords:
            timed = "time_ns" in spec.coords
            return DistanceAlongCourse() if timed else DistanceFromPositions(), grid
        if {"easting_m", "northing_m"} <= spec.coords:
            return DistanceFromMap(), grid
        return ()


def metal_pipeline(spec: BlockSpec, settings: MetalSettings | None = None) -> Pipeline:
    """Return the pipeline of the metal branch, written out: its steps and the section.

    Examples
    --------
    >>> from detectkit.core import Sensor
    >>> sensor = Sensor(id="coil", kind="metal_detector")
    >>> spec = BlockSpec(("trace", "channel"), 3, sensor, frozenset({"along_track_m"}))
    >>> [step.name for step in metal_pipeline(spec).steps]
    ['resample-distance', 'detector-baseline', 'metal-anomaly']
    """
    chosen = settings or MetalSettings()
    steps = chosen.steps(replace(spec))
    return Pipeline(steps, "metal", {SECTION: chosen.to_table()})
