"""Steps that migrate lines of equal spacing in the frequency domain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from detectkit.core import Block, BlockSpec, PipelineError, UsageError
from detectkit.imaging.aperture import Aperture
from detectkit.imaging.layers import Layers
from detectkit.imaging.phase_shift import PhaseShift
from detectkit.imaging.regular_line import OverlapSave, RegularLine
from detectkit.imaging.stolt import Stolt
from detectkit.pipeline.step import traces_of
from detectkit.pipeline.steps.streamed import Stream, Streamed


@dataclass(frozen=True, slots=True)
class _AlongWindows(Streamed):
    """What both have in common: fill in `method`."""

    name: ClassVar[str] = ""
    window_m: float | None = None

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec unchanged; refuse a line without spacing, or impossible settings."""
        _made(self, spec)
        return spec

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return what a window holds before and behind a trace that it gives."""
        windows = _made(self, spec).windows
        around = windows.hop - 1 + windows.reach
        return around, around

    def stream(self, first: Block) -> Stream:
        """Return the windows of a run."""
        method = _made(self, first.spec)
        return OverlapSave(first.spec.samples, method.windows, method.migrate)

    def method(self, line: RegularLine, window_traces: int | None) -> Stolt | PhaseShift:
        """Return the kernel for a line."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class StoltMigration(_AlongWindows):
    """Focus a ground-coupled line of equal spacing: one velocity, fast, by moving frequencies.

    Time zero must be right, the background removed and the antennas' separation small against
    the depths; the delay axis stays two-way time, now vertical. Over an air gap use
    ``phase-shift-migration``; where spacing or height change, `detectkit image`.

    Method: ``M(k, f') = (f' / f) D(k, f)`` with ``f = sqrt(f'^2 + (v k / 2)^2)``, D and M the
    spectra of line and image (Stolt, Geophysics 43, 1978), times ``cos(a)^obliquity``, a the
    angle of the wave. Windows at fixed places along the line, the part of each that its ends
    reach thrown away; beyond the line stands its fading mirror image.

    Latency: an event moves by ``R = v T sin(max_angle_deg) / 2`` at most, T the last time of a
    trace and 16 samples, and traces are given back up to ``window_m - R`` behind the newest: 3 R
    where `window_m` is not given, e.g. 2.1 m for traces of 12.5 ns and 1e8 m/s.

    - `velocity_m_per_s`: v, in the ground.
    - `max_angle_deg`: steeper waves are left out; less makes the reach R and the latency shorter.
    - `obliquity`: 1 weighs as an antenna hears; 0 leaves the amplitudes of the wave equation.
    - `window_m`: more than 2 R; 4 R where not given. Longer is faster and waits longer.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "stolt-migration"
        velocity_m_per_s = 1.0e8
    """

    name: ClassVar[str] = "stolt-migration"
    velocity_m_per_s: float = 1.0e8
    max_angle_deg: float = 90.0
    obliquity: float = 1.0

    def method(self, line: RegularLine, window_traces: int | None) -> Stolt:
        """Return the kernel for a line."""
        return Stolt(
            line,
            velocity_m_per_s=self.velocity_m_per_s,
            aperture=Aperture(self.max_angle_deg, self.obliquity),
            window_traces=window_traces,
        )


@dataclass(frozen=True, slots=True)
class PhaseShiftMigration(_AlongWindows):
    """Focus a line of equal spacing and constant height through flat layers, with refraction.

    An air gap is the first layer: its height as thickness, and 2.998e8 m/s. Time zero (when the
    wave leaves the antennas) must be right, the background removed and the antennas' separation
    small against the depths; the delay axis stays two-way time, now vertical.

    Method: each wave of the spectrum is turned by ``exp(2 pi i f cos(a) dt)`` from sample to
    sample, ``sin(a) = v k / (2 f)`` with the velocity v of each layer, and the waves are summed
    (Gazdag, Geophysics 43, 1978), weighted by ``cos(a)^obliquity`` at the antennas. Windows as
    in ``stolt-migration``.

    Latency: as for ``stolt-migration``, with R the distance that the farthest running wave gets
    within the trace's time; an air gap makes it longer (at most c T / 2).

    - `velocity_m_per_s`: of each layer, from the antennas downwards.
    - `thickness_m`: of each layer but the last.
    - `max_angle_deg`: steeper waves in the first layer are left out; shortens R over an air gap.
    - `obliquity`: 1 weighs as an antenna hears; 0 leaves the amplitudes of the wave equation.
    - `window_m`: more than 2 R; 4 R where not given.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "phase-shift-migration"
        velocity_m_per_s = [2.998e8, 1.0e8]
        thickness_m = [0.4]
        max_angle_deg = 60.0
    """

    name: ClassVar[str] = "phase-shift-migration"
    velocity_m_per_s: tuple[float, ...] = (1.0e8,)
    thickness_m: tuple[float, ...] = ()
    max_angle_deg: float = 90.0
    obliquity: float = 1.0

    def method(self, line: RegularLine, window_traces: int | None) -> PhaseShift:
        """Return the kernel for a line."""
        return PhaseShift(
            line,
            layers=Layers.of_thickness(self.thickness_m, velocity_m_per_s=self.velocity_m_per_s),
            aperture=Aperture(self.max_angle_deg, self.obliquity),
            window_traces=window_traces,
        )


def _made(step: _AlongWindows, spec: BlockSpec) -> Stolt | PhaseShift:
    """Return the kernel of a step for what it is given, made once."""
    if spec.trace_spacing_m is None or spec.sample_interval_s is None:
        msg = (
            f"step {step.name!r} needs a delay axis and the distance between traces; put "
            "'resample-distance' before it, or give --set trace_spacing_m=..."
        )
        raise PipelineError(msg)
    traces = None
    if step.window_m is not None:
        traces = traces_of(step.window_m, spec, setting="window_m", step=step.name)
    try:
        line = RegularLine(
            spec.samples, spec.sample_interval_s, spec.first_twt_s, spec.trace_spacing_m
        )
        return _kept(step, line, traces)
    except UsageError as error:
        msg = f"step {step.name!r}: {error}"
        raise PipelineError(msg) from error


@lru_cache(maxsize=4)
def _kept(step: _AlongWindows, line: RegularLine, window_traces: int | None) -> Stolt | PhaseShift:
    return step.method(line, window_traces)
