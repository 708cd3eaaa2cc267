"""The metal detector's strip of a sample: the same lane, the same bodies, its own coil."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.sim.bodies import PlacedBody
from detectkit.sim.ground import Soil
from detectkit.sim.induction import detector_rows
from detectkit.synthesis.dataset.scene import Sample, Scene

CONDUCTED_HZ = 1e8
"""Where the soil's conductivity is taken for coils: below the water's own loss."""


def strip(scene: Scene, sample: Sample) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return what the detector says at each trace, and the body's part of it.

    Both are in nV, float32 (traces, channels).

    Its coil hangs where the antennas are, less its own lever arm along and down. It hears the
    metal of the sample's body, of all clutter and scrap.
    """
    track, detector = scene.track, sample.detector
    roll, pitch = np.deg2rad(track.roll_deg), np.deg2rad(track.pitch_deg)
    forward, right, down = detector.lever_arm_m
    place = np.column_stack(
        [
            track.along_m + forward,
            np.full_like(track.along_m, scene.across_m + right),
            scene.ground_up_m(track.along_m) + track.height_m - down,
        ]
    )
    up = np.column_stack([-np.sin(pitch), np.sin(roll), np.cos(roll) * np.cos(pitch)])
    up /= np.linalg.norm(up, axis=1)[:, np.newaxis]
    body = scene.body_of(sample)
    ground = scene.site.subsurface
    soil = Soil(
        conductivity_s_per_m=ground.at(CONDUCTED_HZ)[1],
        susceptibility=ground.susceptibility,
        viscosity_ratio=ground.viscosity_ratio,
    )

    def rows(bodies: tuple[PlacedBody, ...]) -> npt.NDArray[np.float32]:
        return detector_rows(
            place,
            up,
            bodies=bodies,
            soil=soil,
            detector=detector,
            time_s=track.time_s,
            seed=sample.seed,
            ground_up_m=lambda places: scene.ground_up_m(places[:, 0]),
        )

    around = (*scene.clutter, *scene.scrap)
    without = rows(around)
    if body is None:
        return without, np.zeros_like(without)
    heard = rows((*around, body))
    return heard, heard - without
