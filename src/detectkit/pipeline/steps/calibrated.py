"""Steps that apply what was measured of an instrument; `detectkit calibrate` writes their settings.

Each carries all it needs, so that a pipeline means the same wherever it is run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

import numpy as np

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.pipeline.step import PerTrace
from detectkit.pipeline.steps.alignment import aligned, aligned_spec
from detectkit.pipeline.steps.along_delay import AlongDelay, Traces, interval_of
from detectkit.signal.response import deconvolve_response


@dataclass(frozen=True, slots=True)
class SubtractTrace(AlongDelay):
    """Subtract one and the same trace from all: what the receiver hears with nothing in front.

    Unlike a mean over the line it takes away nothing of the ground.

    Method: ``y[i] = x[i] - trace[i]``, the trace from an air shot (removal of the direct coupling;
    Daniels, Ground Penetrating Radar, 2004, ch. 7).

    - `trace`: the values from the first sample on, in the unit of the traces; what lies behind its
      end stays.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "subtract-trace"
        trace = [0.0, 120.0, -340.0, 90.0]
    """

    name: ClassVar[str] = "subtract-trace"
    trace: tuple[float, ...]

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the traces without it."""
        if len(self.trace) > spec.samples:
            msg = (
                f"step {self.name!r}: trace has {len(self.trace)} values, the recording "
                f"{spec.samples} samples; it belongs to other settings of the instrument"
            )
            raise PipelineError(msg)
        heard = np.zeros(spec.samples, np.float32)
        heard[: len(self.trace)] = self.trace
        return np.asarray(data - heard, np.float32)


@dataclass(frozen=True, slots=True)
class TimeZeroKnown(PerTrace):
    """Set time zero where it was measured, the same for every trace.

    ``twt_s`` then counts from the moment when the middle of the pulse leaves the antenna, so that
    the middle of an echo has the time of its path. `lead_s` of what came before are kept.

    Method: every trace is moved by a sinc under a Kaiser window (Kaiser, 1974) so that
    `time_zero_s` of its own axis has the time 0.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "time-zero-known"
        time_zero_s = 1.53e-9
        lead_s = 1e-9
    """

    name: ClassVar[str] = "time-zero-known"
    time_zero_s: float
    lead_s: float = 1e-9

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the new first time."""
        place = self._place(spec)
        if not 0.0 <= place < spec.samples:
            last_s = spec.first_twt_s + (spec.samples - 1) * interval_of(spec, step=self.name)
            msg = (
                f"step {self.name!r}: time_zero_s = {self.time_zero_s:g} lies outside of the "
                f"traces, {spec.first_twt_s:g} to {last_s:g} s"
            )
            raise PipelineError(msg)
        return aligned_spec(spec, lead_s=self.lead_s, zero_s=0.0, step=self.name)

    def apply(self, block: Block) -> Block:
        """Return the moved traces."""
        places = np.full(len(block), self._place(block.spec))
        return aligned(block, places, lead_s=self.lead_s, zero_s=0.0, step=self.name)

    def _place(self, spec: BlockSpec) -> float:
        return (self.time_zero_s - spec.first_twt_s) / interval_of(spec, step=self.name)


@dataclass(frozen=True, slots=True)
class ScaleAmplitude(AlongDelay):
    """Multiply all samples by one factor, into a unit that does not depend on the instrument.

    With a factor of one over the amplitude of a perfect mirror after a metre of path, 1 means such
    a mirror.

    Method: ``y = factor x`` (no published source; a plain product).

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "scale-amplitude"
        factor = 5e-5
        unit = "mirror at 1 m"
    """

    name: ClassVar[str] = "scale-amplitude"
    factor: float
    unit: str = ""

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the new unit."""
        if self.factor == 0.0:
            msg = f"step {self.name!r}: factor = 0 would leave nothing; give another"
            raise PipelineError(msg)
        unit = self.unit or spec.sensor.unit
        limits = spec.sensor.full_scale
        scaled = None if limits is None else self._scaled(limits)
        return replace(spec, sensor=replace(spec.sensor, unit=unit, full_scale=scaled))

    def apply(self, block: Block) -> Block:
        """Return the block with scaled samples."""
        data = self.filtered(block.data, block.spec)
        return replace(block.with_data(data), sensor=self.describe(block.spec).sensor)

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:  # noqa: ARG002 - the contract
        """Return the product."""
        return np.asarray(data * np.float32(self.factor), np.float32)

    def _scaled(self, limits: tuple[float, float]) -> tuple[float, float]:
        low, high = sorted(self.factor * one for one in limits)
        return low, high


@dataclass(frozen=True, slots=True)
class DeconvolveResponse(AlongDelay):
    """Replace the system's measured wavelet by a short zero-phase pulse within its band.

    An echo with the sign of a metal plate's becomes a positive pulse, at its time, of the height
    that the wavelet's largest magnitude had.

    Method: ``Y = X W* D / (|W|² + e max|W|²)`` (Wiener, 1949; Treitel and Robinson, 1966). D is the
    output's pulse: its spectrum rises as a half cosine over the first tenth of `band_hz`, is
    level, and falls over the last 0.3 of it, so that the pulse rings little (side lobes -21 dB).

    - `wavelet`: the answer to a mirror, at the sample interval of the traces.
    - `origin_s`: the time within it that marks the mirror.
    - `band_hz`: lowest and highest frequency that the wavelet holds.
    - `noise_share`: e; smaller is sharper and noisier.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "deconvolve-response"
        wavelet = [-0.1, -0.4, 1.0, -0.4, -0.1]
        origin_s = 2e-10
        band_hz = [5e8, 3e9]
        noise_share = 0.001
    """

    name: ClassVar[str] = "deconvolve-response"
    wavelet: tuple[float, ...]
    band_hz: tuple[float, float]
    origin_s: float = 0.0
    noise_share: float = 1e-3

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the deconvolved traces."""
        interval_s = interval_of(spec, step=self.name)
        return deconvolve_response(
            data,
            wavelet=np.array(self.wavelet),
            origin_sample=self.origin_s / interval_s,
            sample_interval_s=interval_s,
            band_hz=self.band_hz,
            noise_share=self.noise_share,
        )


@dataclass(frozen=True, slots=True)
class Calibrated(PerTrace):
    """Note which calibration the steps around it come from; samples stay as they are.

    The id goes to the sensor of the traces. The run compares instrument, serial number and days
    with the recording, and says where they do not fit.

    Method: nothing is computed (no published source; a note).

    - `id`: of the record, as ``detectkit calibrate show`` tells it.
    - `made_utc`, `expires_utc`: when it was measured and until when it holds.
    - `simulated`: of a virtual instrument, the simulation's name.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "calibrated"
        id = "3f2a9c01d7be"
        instrument = "Radar Systems zGPR"
        serial = "1207"
        made_utc = "2026-05-04T06:30:00+00:00"
        expires_utc = "2026-06-03T06:30:00+00:00"
    """

    name: ClassVar[str] = "calibrated"
    id: str
    instrument: str
    serial: str
    made_utc: str
    expires_utc: str
    simulated: str = ""

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the calibration noted."""
        for name in ("made_utc", "expires_utc"):
            try:
                zone = datetime.fromisoformat(getattr(self, name)).tzinfo
            except ValueError:
                zone = None
            if zone is None:
                msg = (
                    f"step {self.name!r}: {name} = {getattr(self, name)!r}; write date, time and "
                    'zone, e.g. "2026-05-04T06:30:00+00:00"'
                )
                raise PipelineError(msg)
        return replace(spec, sensor=replace(spec.sensor, calibration=self.id))

    def apply(self, block: Block) -> Block:
        """Return the block with the calibration noted."""
        return replace(block, sensor=replace(block.sensor, calibration=self.id))
