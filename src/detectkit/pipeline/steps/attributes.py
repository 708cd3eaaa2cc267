"""Steps that give the envelope, the instantaneous phase and the instantaneous frequency."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from detectkit.core import Block, BlockSpec
from detectkit.pipeline.step import PerTrace
from detectkit.pipeline.steps.along_delay import Traces, interval_of, no_traces, refusing
from detectkit.signal import attributes


@dataclass(frozen=True, slots=True)
class _Attribute(PerTrace):
    """A step whose samples are another quantity: fill in `computed`."""

    quantity: ClassVar[str] = ""

    def computed(self, data: Traces, spec: BlockSpec) -> Traces:
        raise NotImplementedError

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the new quantity, once the kernel has accepted its settings."""
        with refusing(self.name):
            self.computed(no_traces(spec), spec)
        return replace(spec, quantity=self.quantity)

    def apply(self, block: Block) -> Block:
        """Return the attribute of each sample."""
        data = self.computed(block.data, block.spec)
        return replace(block, data=data, quantity=self.quantity)


@dataclass(frozen=True, slots=True)
class Envelope(_Attribute):
    """Take the envelope of each trace, the magnitude of its analytic signal.

    Method: ``y = |z| = sqrt(x^2 + H{x}^2)``, z = x + i H{x} the analytic signal, H the Hilbert
    transform, taken in the frequency domain (Gabor, 1946; Taner, Koehler and Sheriff, 1979). Take
    the level out before (`dc`): the envelope of a constant is that constant.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "envelope"
    """

    name: ClassVar[str] = "envelope"
    quantity: ClassVar[str] = "envelope"

    def computed(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the envelope."""
        interval_of(spec, step=self.name)
        return attributes.envelope(data)


@dataclass(frozen=True, slots=True)
class BandpassEnvelope(_Attribute):
    """Band-pass each trace and take the envelope, with one forward transform for both.

    Method: ``y = sqrt(b^2 + H{b}^2)``, b the trace filtered as in `bandpass`, H the Hilbert
    transform as in `envelope` (Butterworth, 1930; Gabor, 1946). The same as those two steps but for
    the ends of the trace; the settings are those of `bandpass`.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "bandpass-envelope"
        low_hz = 3e8
        high_hz = 2e9
    """

    name: ClassVar[str] = "bandpass-envelope"
    quantity: ClassVar[str] = "envelope"
    low_hz: float = 1e8
    high_hz: float = 2.5e9
    order: int = 4

    def computed(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the envelope of the band."""
        return attributes.bandpass_envelope(
            data,
            sample_interval_s=interval_of(spec, step=self.name),
            low_hz=self.low_hz,
            high_hz=self.high_hz,
            order=self.order,
        )


@dataclass(frozen=True, slots=True)
class InstantaneousPhase(_Attribute):
    """Take the instantaneous phase of each trace, in radians from -pi to pi.

    Method: ``y = atan2(H{x}, x)``, H the Hilbert transform, taken in the frequency domain (Gabor,
    1946; Taner, Koehler and Sheriff, 1979).

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "instantaneous-phase"
    """

    name: ClassVar[str] = "instantaneous-phase"
    quantity: ClassVar[str] = "instantaneous_phase"

    def computed(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the phase."""
        interval_of(spec, step=self.name)
        return attributes.instantaneous_phase(data)


@dataclass(frozen=True, slots=True)
class InstantaneousFrequency(_Attribute):
    """Take the instantaneous frequency of each trace, in hertz.

    Method: ``y[i] = (arg(z[i] z*[i-1]) + arg(z[i+1] z*[i])) / (4 pi dt)``, z the analytic signal as
    in `envelope`, one of both steps at the ends (central difference; Boashash, 1992). It is 0 where
    the trace is 0 and means nothing where the envelope is small.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "instantaneous-frequency"
    """

    name: ClassVar[str] = "instantaneous-frequency"
    quantity: ClassVar[str] = "instantaneous_frequency"

    def computed(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the frequency."""
        interval_s = interval_of(spec, step=self.name)
        return attributes.instantaneous_frequency(data, sample_interval_s=interval_s)
