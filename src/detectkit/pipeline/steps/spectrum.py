"""Steps that flatten the spectrum of each trace or take a measured wavelet out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from detectkit.core import BlockSpec
from detectkit.pipeline.steps.along_delay import AlongDelay, Traces, interval_of
from detectkit.signal.spectrum import deconvolve, whiten


@dataclass(frozen=True, slots=True)
class Whiten(AlongDelay):
    """Flatten the amplitude spectrum of each trace within a band, phases unchanged.

    Method: ``Y(f) = c X(f) B(f) / sqrt(S(f) + e max S)``, S the running mean of ``|X|^2`` over
    `smoothing_hz` (Bensen et al., 2007), B the band as in `bandpass` with order 8, c such that the
    trace keeps the energy it has in the band.

    - `low_hz`, `high_hz`: the band; outside it there is only noise to amplify.
    - `smoothing_hz`: finer detail of the spectrum, the trace's structure in time, is kept.
    - `water_level`: e, which bounds the gain where the spectrum is weak.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "whiten"
        low_hz = 3e8
        high_hz = 2e9
        smoothing_hz = 3e8
        water_level = 1e-3
    """

    name: ClassVar[str] = "whiten"
    low_hz: float = 2e8
    high_hz: float = 2e9
    smoothing_hz: float = 3e8
    water_level: float = 1e-3

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the whitened traces."""
        return whiten(
            data,
            sample_interval_s=interval_of(spec, step=self.name),
            low_hz=self.low_hz,
            high_hz=self.high_hz,
            smoothing_hz=self.smoothing_hz,
            water_level=self.water_level,
        )


@dataclass(frozen=True, slots=True)
class Deconvolve(AlongDelay):
    """Divide a measured wavelet out of each trace, so that a reflection becomes a sharp pulse.

    `wavelet` holds the system's answer to one reflector at the sample interval of the traces,
    `origin_s` the time within it that marks the reflection.

    Method: ``Y(f) = X(f) W*(f) / max(|W(f)|^2, e max |W|^2)``, W the wavelet's spectrum with its
    origin at time zero (least-squares inverse; Treitel and Robinson, 1966; water level: Clayton and
    Wiggins, 1976). A reflection becomes a zero-phase pulse at its time.

    - `water_level`: e; smaller is sharper and noisier.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "deconvolve"
        wavelet = [-0.1, -0.4, 1.0, -0.4, -0.1]
        origin_s = 2e-10
        water_level = 0.01
    """

    name: ClassVar[str] = "deconvolve"
    wavelet: tuple[float, ...]
    origin_s: float = 0.0
    water_level: float = 0.01

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the deconvolved traces."""
        return deconvolve(
            data,
            wavelet=np.array(self.wavelet),
            origin_sample=round(self.origin_s / interval_of(spec, step=self.name)),
            water_level=self.water_level,
        )
