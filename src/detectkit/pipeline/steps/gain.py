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
