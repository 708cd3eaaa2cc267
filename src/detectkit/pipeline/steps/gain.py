"""Steps that make late reflections visible; for display only, they falsify amplitudes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from detectkit.core import BlockSpec
from detectkit.pipeline.step import samples_of
from detectkit.pipeline.steps.along_delay import AlongDelay, Traces, twt_of
from detectkit.signal.gain import agc, apply_gain, power_gain, sec_gain


@dataclass(frozen=True, slots=True)
class SecGain(AlongDelay):
    """Undo spherical spreading and absorption, for display.

    Method: ``y = x min(g, maximum_gain)``, ``g(t) = (t / t0) 10^(a v (t - t0) / 20)`` after t0 and
    1 before (spreading and exponential compensation; Annan, 1993; Jol, Ground Penetrating Radar,
    2009, ch. 5).

    - `attenuation_db_per_m`: a, per metre of path, that is down and back.
    - `velocity_m_per_s`: v, in the ground.
    - `start_s`: t0, the two-way time of the ground's surface.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "sec-gain"
        attenuation_db_per_m = 20.0
        velocity_m_per_s = 1.0e8
        start_s = 1e-9
        maximum_gain = 1e4
    """

    name: ClassVar[str] = "sec-gain"
    display_only: ClassVar[bool] = True
    attenuation_db_per_m: float = 10.0
    velocity_m_per_s: float = 1.0e8
    start_s: float = 1e-9
    maximum_gain: float = 1e4

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the amplified traces."""
        gain = sec_gain(
            twt_of(spec, step=self.name),
            attenuation_db_per_m=self.attenuation_db_per_m,
            velocity_m_per_s=self.velocity_m_per_s,
            start_s=self.start_s,
            maximum_gain=self.maximum_gain,
        )
        return apply_gain(data, gain)


@dataclass(frozen=True, slots=True)
class PowerGain(AlongDelay):
    """Multiply by a power of the two-way travel time from `start_s` on, for display.

    Method: ``y = x (t / start_s)^exponent`` after `start_s`, ``y = x`` before (Claerbout, 1985, who
    takes an exponent near 2).

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "power-gain"
        exponent = 1.5
        start_s = 1e-9
    """

    name: ClassVar[str] = "power-gain"
    display_only: ClassVar[bool] = True
    exponent: float = 1.5
    start_s: float = 1e-9

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the amplified traces."""
        delay_s = twt_of(spec, step=self.name)
        return apply_gain(data, power_gain(delay_s, exponent=self.exponent, start_s=self.start_s))


@dataclass(frozen=True, slots=True)
class Agc(AlongDelay):
    """Divide by the running root mean square (automatic gain control), for display.

    Method: ``y[i] = x[i] / max(rms of x in the window around i, 1e-4 rms of the trace)``, the
    window shorter at the ends (Yilmaz, Seismic Data Analysis, 2001, section 1.4). Amplitudes of
    different times and traces can no longer be compared.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "agc"
        window_s = 4e-9
    """

    name: ClassVar[str] = "agc"
    display_only: ClassVar[bool] = True
    window_s: float = 5e-9

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the levelled traces."""
        samples = samples_of(self.window_s, spec, setting="window_s", step=self.name)
        return agc(data, window_samples=samples)
