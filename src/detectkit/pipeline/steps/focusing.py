"""What the steps that focus along a line share: its geometry, and the air gap below each trace."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.imaging.line_curves import (
    CurveTables,
    Float32s,
    Float64s,
    LineGeometry,
    RowCurves,
    aperture_traces,
)
from detectkit.pipeline.step import LONGEST_M, samples_of
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S, depth_m

REMOVED = "removed_twt_s"
HEIGHT = "height_m"
AIR_GAP = frozenset({REMOVED, HEIGHT})


@dataclass(frozen=True, slots=True)
class Focusing:
    """How a line is focused: the settings that the steps share; see `DiffractionStack`.

    Parameters
    ----------
    velocity_m_per_s, half_angle_deg, highest_m
        Settings of those names.
    band_m
        Shallowest and deepest depth.
    """

    velocity_m_per_s: float
    half_angle_deg: float
    highest_m: float
    band_m: tuple[float, float]

    def check(self, spec: BlockSpec, *, step: str) -> None:
        """Refuse settings that cannot work, and a line without delay axis or distance."""
        samples_of(spec.sample_interval_s or 1.0, spec, setting="the axis", step=step)
        if spec.trace_spacing_m is None:
            msg = (
                f"step {step!r} needs the distance between traces, which the recording does not "
                "have; give --set trace_spacing_m=..., or leave the step out"
            )
            raise PipelineError(msg)
        if not 0.0 < self.half_angle_deg < 85.0:
            msg = f"step {step!r}: half_angle_deg = {self.half_angle_deg} must lie in 0..85"
            raise PipelineError(msg)
        if not 0.0 < self.velocity_m_per_s <= SPEED_OF_LIGHT_M_S:
            msg = (
                f"step {step!r}: velocity_m_per_s = {self.velocity_m_per_s} must lie above 0 and "
                f"not above that of light, {SPEED_OF_LIGHT_M_S:.0f}; 0.1 m/ns is 1e8"
            )
            raise PipelineError(msg)
        if not 0.0 <= self.band_m[0] < self.band_m[1]:
            band = list(self.band_m)
            msg = f"step {step!r}: band_m = {band} must be [shallow, deep] in metres"
            raise PipelineError(msg)
        if not 0.0 < self.highest_m <= LONGEST_M:
            msg = f"step {step!r}: highest_m = {self.highest_m} must be above 0, in metres"
            raise PipelineError(msg)

    def geometry(self, spec: BlockSpec, depth: Float64s) -> LineGeometry:
        """Return the geometry of a line that is focused at these depths."""
        half_angle_rad = float(np.radians(self.half_angle_deg))
        spacing_m = spec.trace_spacing_m or 1.0
        reach = aperture_traces(
            float(depth[-1]),
            highest_m=self.highest_m if over_air(spec) else 0.0,
            velocity_m_per_s=self.velocity_m_per_s,
            half_angle_rad=half_angle_rad,
            trace_spacing_m=spacing_m,
        )
        return LineGeometry(
            depth_m=depth,
            first_twt_s=spec.first_twt_s,
            sample_interval_s=spec.sample_interval_s or 1.0,
            trace_spacing_m=spacing_m,
            velocity_m_per_s=self.velocity_m_per_s,
            antenna_separation_m=spec.sensor.antenna_separation_m or 0.0,
            half_angle_rad=half_angle_rad,
            reach=reach,
        )


def apex_axis(
    spec: BlockSpec, aperture: Focusing, *, interval_s: float, step: str
) -> tuple[Float64s, Float64s]:
    """Return the apex's two-way times within the band and their depths, both (delay,).

    A time is that of antennas on the ground, whatever their height: `depth_m` tells its depth.
    """
    interval = spec.sample_interval_s or interval_s
    last_s = spec.first_twt_s + interval * (spec.samples - 2)
    twt_s = np.arange(max(0.0, spec.first_twt_s), last_s, interval_s)
    depth = depth_m(
        twt_s,
        velocity_m_per_s=aperture.velocity_m_per_s,
        separation_m=spec.sensor.antenna_separation_m or 0.0,
    )
    depth = np.nan_to_num(depth, nan=-1.0)
    inside = (depth >= aperture.band_m[0]) & (depth <= aperture.band_m[1])
    if not inside.any():
        deepest = float(depth.max(initial=0.0))
        msg = (
            f"step {step!r}: band_m = {list(aperture.band_m)} holds no sample; the recording "
            f"reaches {deepest:.2f} m at {aperture.velocity_m_per_s:.3g} m/s"
        )
        raise PipelineError(msg)
    return twt_s[inside], depth[inside]


def with_apex_axis(rows: Block, start: int, stop: int, *, data: Float32s, twt_s: Float64s) -> Block:
    """Return the answer for some rows: focused data with their coordinates and the new axis."""
    answered = rows.traces(start, stop)
    others = {name: one for name, one in answered.coords.items() if one[0] == "trace"}
    return replace(answered, data=data, coords={**others, "twt_s": ("delay", twt_s)})


def over_air(spec: BlockSpec) -> bool:
    """Return whether the traces tell of an air gap: what was levelled, or a height."""
    return bool(spec.coords & AIR_GAP)


def row_curves(tables: CurveTables, rows: Block) -> RowCurves:
    """Return the curves of a block's traces.

    The height is that of the air time that was taken off the trace, ``removed_twt_s``: it is the
    radar's own, free of the altimeter's error. Without it, ``height_m`` counts, and the trace as
    one that still has its air time; without both the antennas are on the ground.
    """
    if REMOVED in rows.coords:
        removed_s = np.asarray(rows.coord(REMOVED), np.float64)
        separation_m = rows.sensor.antenna_separation_m or 0.0
        return tables.at(height_of(removed_s, separation_m), removed_s)
    if HEIGHT in rows.coords:
        height_m = np.asarray(rows.coord(HEIGHT), np.float64)
        return tables.at(height_m, np.zeros(len(rows)))
    return tables.on_the_ground(len(rows))


def height_of(removed_s: Float64s, separation_m: float) -> Float64s:
    """Return the height whose flight to the ground and back takes that long, 0 or more."""
    square = (0.5 * SPEED_OF_LIGHT_M_S * removed_s) ** 2 - (0.5 * separation_m) ** 2
    return np.sqrt(np.maximum(square, 0.0))
