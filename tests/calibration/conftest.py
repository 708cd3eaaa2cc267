"""A virtual radar on the ground, whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from detectkit.calibration.air_shot import AirShot, air_shot
from detectkit.calibration.capture import Capture
from detectkit.calibration.plate import PlateFit, PlateShot, plate_fit
from detectkit_sim_data.recipes.make_calibration_shots import NOTHING, VirtualRadar

HEIGHTS_M = (0.45, 0.7, 1.0)


@dataclass(frozen=True)
class Bench:
    """One radar, measured once."""

    virtual: VirtualRadar
    air: AirShot
    plate: PlateFit

    @property
    def period_s(self) -> float:
        return 1.0 / self.virtual.radar.centre_hz

    @property
    def wander_s(self) -> np.ndarray:
        """What time zero truly did over the air shot."""
        return self.virtual.model(NOTHING).effects.time_zero.at(self.air.time_s)

    @property
    def time_zero_s(self) -> float:
        """Its true time zero, on average over the air shot."""
        return self.virtual.radar.time_zero_s + float(np.mean(self.wander_s))


def measured(
    seed: int,
    *,
    off_m: tuple[float, ...] = (0.0, 0.0, 0.0),
    plane_error_m: float = 0.0,
    traces: int = 1500,
) -> Bench:
    """Measure a virtual radar whose plates are `off_m` from where they are said to be."""
    virtual = replace(VirtualRadar.of_demo(), seed=seed)
    period_s = 1.0 / virtual.radar.centre_hz
    air = air_shot(Capture.of([virtual.air(traces=traces)], name="air"), period_s=period_s)
    plates = [
        PlateShot(Capture.of([virtual.shot(h - off, start_s=60.0 + n, traces=50)], name=f"{h}"), h)
        for n, (h, off) in enumerate(zip(HEIGHTS_M, off_m, strict=True))
    ]
    plate = plate_fit(
        plates,
        air,
        separation_m=virtual.radar.antenna_separation_m,
        height_error_m=0.002,
        plane_error_m=plane_error_m,
        period_s=period_s,
    )
    return Bench(virtual, air, plate)


@pytest.fixture(scope="session")
def bench() -> Bench:
    return measured(3)
