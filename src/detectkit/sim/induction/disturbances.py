"""What a detector's channels show of themselves: offset, drift, noise, pick-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim.instruments import Detector
from detectkit.sim.noise import Sinusoids, Stream, band, white

Values = npt.NDArray[np.float64]

DRIFT_HZ = (0.002, 0.05)
FLICKER_HZ = (0.05, 20.0)
HUM_SPREAD = 0.002
"""The hum's frequency wanders within this share of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Disturbances:
    """Of all channels, as functions of time; build it with `disturbances_of`."""

    detector: Detector
    slow: tuple[tuple[Sinusoids, ...], ...]
    seed: int

    def rows(self, time_s: Values) -> Values:
        """Return nV, float64 (rows, channels)."""
        detector = self.detector
        out = detector.noise_nv * white(
            self.seed, Stream.DETECTOR_NOISE, time_s, columns=len(detector.channels)
        )
        for number, channel in enumerate(detector.channels):
            total = np.full(time_s.shape, detector.offset_nv + channel.offset_nv)
            for one in self.slow[number]:
                total += one.at(time_s)
            out[:, number] += total
        return out


def disturbances_of(detector: Detector, seed: int) -> Disturbances:
    """Return what disturbs a detector: each channel has its own drift and flicker, hum is shared.

    Flicker is noise whose power falls as one over the frequency; hum is what mains or motors leave
    after the detection, a narrow band about one frequency.
    """
    hum = detector.hum_hz * (1.0 - HUM_SPREAD), detector.hum_hz * (1.0 + HUM_SPREAD)
    shared = []
    if detector.hum_nv > 0.0:
        shared = [band(seed, Stream.DETECTOR_HUM, rms=detector.hum_nv, hz=hum, count=6)]
    slow = []
    for number in range(len(detector.channels)):
        own = [band(seed + number, Stream.DETECTOR_DRIFT, rms=detector.drift_nv, hz=DRIFT_HZ)]
        if detector.flicker_nv > 0.0:
            stream, rms = Stream.DETECTOR_FLICKER, detector.flicker_nv
            own.append(band(seed + number, stream, rms=rms, hz=FLICKER_HZ, count=48))
        slow.append((*own, *shared))
    return Disturbances(detector, tuple(slow), seed)
