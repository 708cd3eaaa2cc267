"""Steps that focus: the kernels of `imaging` on Blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.imaging.diffraction import diffraction_stack, obliquity
from detectkit.imaging.line_curves import CurveTables, Float64s
from detectkit.pipeline.step import Windowed, samples_of
from detectkit.pipeline.steps.focusing import (
    AIR_GAP,
    Focusing,
    apex_axis,
    row_curves,
    with_apex_axis,
)


@dataclass(frozen=True, slots=True)
class DiffractionStack(Windowed):
    """Focus a line: sum each point's echoes in the neighbouring traces, weighted by coherence.

    The output's delay axis is that of the ground-coupled apex, every `interval_s`, within `band_m`
    of depth, so that it tells depth below the surface from the air as well. The background must
    have been removed before. Traces with ``removed_twt_s`` (from `remove-height` and
    `align-ground`), or else with ``height_m``, are focused through the air below them and the
    refracting surface; others as ground-coupled.

    Method: ``y = m sqrt(S)``, m the mean of samples x on the curve
    ``t(u) = (L(|u + s/2|) + L(|u - s/2|)) / c - t0`` weighted by the cosine of the ray's angle at
    the antenna; L is the optical path by Fermat's principle, through soil alone on the ground
    (``L = (c / v) sqrt(z^2 + u^2)``), z the depth, u the distance along the line, s that of the
    antennas, t0 the air time taken off (Kirchhoff summation; Yilmaz, Seismic Data Analysis, 2001,
    section 4.2). S is the semblance, the sum of m^2 over that of the mean of x^2 in the coherence
    window (Neidell and Taner, Geophysics 36, 1971). Beyond the ends of the line and of its traces
    x is 0.

    - `velocity_m_per_s`: v, in the ground.
    - `half_angle_deg`: of the aperture, at the antenna; on the ground it reaches
      ``z tan(half_angle_deg)`` to each side.
    - `coherence_window_s`: length along delay over which S is taken.
    - `highest_m`: in the air, the height up to which the aperture is whole; it, and the latency,
      grow no further above.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "diffraction-stack"
        velocity_m_per_s = 1.0e8
        band_m = [0.02, 0.4]
        interval_s = 1e-10
        half_angle_deg = 45.0
        coherence_window_s = 1e-9
        highest_m = 0.6
    """

    name: ClassVar[str] = "diffraction-stack"
    velocity_m_per_s: float = 1.0e8
    band_m: tuple[float, float] = (0.02, 0.5)
    interval_s: float = 1e-10
    half_angle_deg: float = 45.0
    coherence_window_s: float = 1e-9
    highest_m: float = 0.6

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the apex's delay axis; refuse a line without distance."""
        twt_s, _ = self._axis(spec)
        return replace(
            spec,
            samples=twt_s.size,
            first_twt_s=float(twt_s[0]),
            sample_interval_s=self.interval_s if twt_s.size > 1 else None,
        )

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return the aperture at the deepest point, to both sides."""
        reach = self._tables(spec).geometry.reach
        return reach, reach

    def window(self, rows: Block, start: int, stop: int) -> Block:
        """Return the focused rows."""
        curves = row_curves(self._tables(rows.spec), rows)
        window = max(1, round(self.coherence_window_s / self.interval_s / 2))
        stacked = diffraction_stack(rows.data, start, stop, curves, window=window)
        return with_apex_axis(rows, start, stop, data=stacked, twt_s=self._axis(rows.spec)[0])

    def aperture(self) -> Focusing:
        """Return how the line is focused."""
        return Focusing(self.velocity_m_per_s, self.half_angle_deg, self.highest_m, self.band_m)

    def _axis(self, spec: BlockSpec) -> tuple[Float64s, Float64s]:
        return _axis(self, _checked(self, spec))

    def _tables(self, spec: BlockSpec) -> CurveTables:
        return _tables(self, _checked(self, spec))


def _checked(step: DiffractionStack, spec: BlockSpec) -> BlockSpec:
    """Return what the tables depend on of a spec; refuse what cannot work."""
    step.aperture().check(spec, step=step.name)
    samples_of(step.interval_s, spec, setting="interval_s", step=step.name)
    samples_of(step.coherence_window_s, spec, setting="coherence_window_s", step=step.name)
    finest_s = 0.1 * (spec.sample_interval_s or 0.0)
    if step.interval_s < finest_s:
        msg = f"step {step.name!r}: interval_s = {step.interval_s} is below a tenth of a sample"
        raise PipelineError(msg)
    return replace(spec, coords=spec.coords & AIR_GAP)


@cache
def _axis(step: DiffractionStack, spec: BlockSpec) -> tuple[Float64s, Float64s]:
    return apex_axis(spec, step.aperture(), interval_s=step.interval_s, step=step.name)


@cache
def _tables(step: DiffractionStack, spec: BlockSpec) -> CurveTables:
    return CurveTables(step.aperture().geometry(spec, _axis(step, spec)[1]), obliquity)
