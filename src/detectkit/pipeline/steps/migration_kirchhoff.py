"""The step that migrates a line by Kirchhoff's sum, on the ground or from the air."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.imaging.kirchhoff import (
    half_derivative,
    kirchhoff_level,
    kirchhoff_varying,
    stationary_weights,
)
from detectkit.imaging.line_curves import CurveTables, Float64s
from detectkit.pipeline.step import Halo, Windowed
from detectkit.pipeline.steps.focusing import (
    AIR_GAP,
    Focusing,
    apex_axis,
    over_air,
    row_curves,
    with_apex_axis,
)


@dataclass(frozen=True, slots=True)
class KirchhoffMigration(Windowed):
    """Migrate a line: put echoes where they come from, on the ground or from varying height.

    The output's delay axis is that of the ground-coupled apex within `band_m` of depth, so that it
    tells depth below the surface from the air as well. Traces with ``removed_twt_s`` (from
    `remove-height` and `align-ground`), or else with ``height_m``, are migrated through the air
    below them and the refracting surface; others as ground-coupled. Latency is the aperture.

    Method: ``m(x, z) = sum of w d'(x + u, t(u))``, t(u) the time to the point and back by Fermat's
    principle through air and soil, less the air time taken off; d' the half-derivative of the
    traces; ``w = dx sqrt(t''(0) / 2 pi) cos(theta) sqrt(t(0) / t(u))``, theta the ray's angle at
    the antenna, so that a layer keeps its wavelet and amplitude (Schneider, Geophysics 43, 1978;
    Yilmaz, Seismic Data Analysis, 2001, section 4.2). The aperture ends in a half cosine.

    - `velocity_m_per_s`: in the ground.
    - `band_m`: shallowest and deepest depth of the image; the deepest decides the aperture.
    - `half_angle_deg`: of the aperture, at the antenna; on the ground it reaches
      ``z tan(half_angle_deg)`` to each side.
    - `highest_m`: in the air, the height up to which the aperture is whole; it, and the latency,
      grow no further above.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "kirchhoff-migration"
        velocity_m_per_s = 1.0e8
        band_m = [0.0, 1.5]
        half_angle_deg = 45.0
        highest_m = 0.6
    """

    name: ClassVar[str] = "kirchhoff-migration"
    velocity_m_per_s: float = 1.0e8
    band_m: tuple[float, float] = (0.0, 1.0)
    half_angle_deg: float = 45.0
    highest_m: float = 0.6

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the apex's delay axis; refuse a line without distance."""
        twt_s, _ = self._axis(spec)
        if twt_s.size < 2:
            msg = f"step {self.name!r}: band_m = {list(self.band_m)} holds a single sample"
            raise PipelineError(msg)
        return replace(spec, samples=twt_s.size, first_twt_s=float(twt_s[0]))

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return the aperture at the deepest point, to both sides."""
        reach = self._tables(spec).geometry.reach
        return reach, reach

    def push(self, state: Halo, block: Block) -> tuple[Halo, Block | None]:
        """Filter the traces once, as they come, then answer those whose window is complete."""
        interval_s = block.spec.sample_interval_s or 1.0
        filtered = half_derivative(block.data, sample_interval_s=interval_s)
        return Windowed.push(self, state, block.with_data(filtered))

    def window(self, rows: Block, start: int, stop: int) -> Block:
        """Return the migrated rows."""
        curves = row_curves(self._tables(rows.spec), rows)
        migrate = kirchhoff_varying if over_air(rows.spec) else kirchhoff_level
        image = migrate(rows.data, start, stop, curves)
        return with_apex_axis(rows, start, stop, data=image, twt_s=self._axis(rows.spec)[0])

    def aperture(self) -> Focusing:
        """Return how the line is focused."""
        return Focusing(self.velocity_m_per_s, self.half_angle_deg, self.highest_m, self.band_m)

    def _axis(self, spec: BlockSpec) -> tuple[Float64s, Float64s]:
        return _axis(self, _checked(self, spec))

    def _tables(self, spec: BlockSpec) -> CurveTables:
        return _tables(self, _checked(self, spec))


def _checked(step: KirchhoffMigration, spec: BlockSpec) -> BlockSpec:
    """Return what the tables depend on of a spec; refuse what cannot work."""
    step.aperture().check(spec, step=step.name)
    return replace(spec, coords=spec.coords & AIR_GAP)


@cache
def _axis(step: KirchhoffMigration, spec: BlockSpec) -> tuple[Float64s, Float64s]:
    interval_s = spec.sample_interval_s or 1.0
    return apex_axis(spec, step.aperture(), interval_s=interval_s, step=step.name)


@cache
def _tables(step: KirchhoffMigration, spec: BlockSpec) -> CurveTables:
    geometry = step.aperture().geometry(spec, _axis(step, spec)[1])
    return CurveTables(geometry, stationary_weights)
