"""Make the recordings of a radar's calibration with the virtual radar of the demo mission.

Run ``python -m detectkit_sim_data.recipes.make_calibration_shots FOLDER``: it writes ``air.h5``,
``plate-0.45.h5``, ``plate-0.70.h5``, ``plate-1.00.h5`` and ``target-0.60.h5``, to try
``detectkit calibrate radar`` without hardware. Simulated by rays, see `detectkit.sim.radar`: the
plate is an endless mirror, the target one point.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

import detectkit_sim_data
from detectkit.core import Block, Sensor
from detectkit.core.block import Coord
from detectkit.io import Notice
from detectkit.io.flight import FlightWriter
from detectkit.sim import Scenario
from detectkit.sim.flight import Trajectory, trajectory_of
from detectkit.sim.geography import Geography
from detectkit.sim.ground import Soil
from detectkit.sim.instruments import Radar
from detectkit.sim.radar import RadarModel, radar_of
from detectkit.sim.route import plan
from detectkit.sim.scatterers import sorted_into_cells
from detectkit.sim.terrain import surface_of

Values = npt.NDArray[np.float64]

MIRROR = Soil(permittivity=1e12, conductivity_s_per_m=0.0)
NOTHING = Soil(permittivity=1.0, conductivity_s_per_m=0.0)
FAR_M = 30.0
RATE_HZ = 50.0
START = datetime(2025, 6, 11, 7, 0, tzinfo=UTC)
PLATES_M = (0.45, 0.70, 1.00)
TARGET_M = 0.60
TARGET_LENGTH_M = 0.045
"""Scattering length of a metal sphere of 3 cm radius, K a = 1.5 a."""
SIMULATED = "simulated by a ray model, not full-wave"


@dataclass(frozen=True, slots=True)
class VirtualRadar:
    """A radar to be calibrated: its truth, and the seed of its drift and noise."""

    radar: Radar
    seed: int = 1
    instrument: str = "Radar Systems zGPR"

    @classmethod
    def of_demo(cls) -> VirtualRadar:
        """Return that of the demo mission; the target is in reach from far along its track."""
        scenario = Scenario.read(detectkit_sim_data.path("scenarios/demo_mission.toml"))
        return cls(replace(scenario.radar, reach_m=5.0), scenario.seed)

    def model(self, soil: Soil, points: Values | None = None) -> RadarModel:
        """Return the radar over an endless plain of `soil`, with points over it."""
        place = np.zeros((0, 7)) if points is None else points
        found = sorted_into_cells(place, 2.0)
        return radar_of(self.radar, soil, _level(), found, seed=self.seed)

    def shot(self, height_m: float, *, start_s: float, traces: int, soil: Soil = MIRROR) -> Block:
        """Return traces of the antennas at rest over a mirror."""
        time_s = start_s + np.arange(traces) / RATE_HZ
        nowhere = np.zeros((traces, 3))
        attitude = np.tile([0.0, 0.0, 1.0, height_m], (traces, 1))
        counts = self.model(soil).heard(nowhere, nowhere, attitude, time_s)
        return self._block(counts, time_s)

    def air(self, *, start_s: float = 0.0, traces: int = 6000) -> Block:
        """Return an air shot."""
        return self.shot(FAR_M, start_s=start_s, traces=traces, soil=NOTHING)

    def target_pass(self, height_m: float, *, start_s: float, length_m: float = 3.0) -> Block:
        """Return a pass at 0.5 m/s over one point in the air; it lies in the middle."""
        traces = round(length_m / 0.5 * RATE_HZ)
        time_s = start_s + np.arange(traces) / RATE_HZ
        along = np.arange(traces) * 0.5 / RATE_HZ
        point = np.zeros((1, 7))
        point[0, 4], point[0, 6] = TARGET_LENGTH_M, 2.0
        middle = np.column_stack([along - 0.5 * length_m, 0.0 * along, height_m + 0.0 * along])
        half = np.array([0.5 * self.radar.antenna_separation_m, 0.0, 0.0])
        attitude = np.tile([0.0, 0.0, 1.0, FAR_M], (traces, 1))
        model = self.model(NOTHING, point)
        counts = model.heard(middle - half, middle + half, attitude, time_s)
        return self._block(counts, time_s, {"along_track_m": ("trace", along)})

    def _block(
        self, counts: npt.NDArray[np.float32], time_s: Values, more: dict[str, Coord] | None = None
    ) -> Block:
        start_ns = round(START.timestamp()) * 1_000_000_000
        twt_s = np.arange(self.radar.samples) * self.radar.sample_interval_s
        coords: dict[str, Coord] = {
            "twt_s": ("delay", twt_s),
            "time_ns": ("trace", start_ns + np.rint(time_s * 1e9).astype(np.int64)),
            **(more or {}),
        }
        sensor = Sensor(
            id="gpr",
            instrument=self.instrument,
            antenna_hz=self.radar.centre_hz,
            antenna_separation_m=self.radar.antenna_separation_m,
            full_scale=(-32768.0, 32767.0),
        )
        whole = np.clip(np.rint(counts), -32768, 32767).astype(np.int16)
        return Block(whole, coords=coords, sensor=sensor, line="calibration")


@lru_cache(maxsize=1)
def _level() -> Trajectory:
    """Return a flight over smooth ground, of which only the ground is used."""
    scenario = Scenario.read(detectkit_sim_data.path("scenarios/demo_mission.toml"))
    ground = surface_of(replace(scenario.terrain, roughness_m=0.0), scenario.seed)
    geography = Geography(scenario.site)
    route = plan(scenario.flight)
    return trajectory_of(
        route, scenario.flight, scenario.wind, ground, geography, seed=scenario.seed
    )


def make(folder: Path) -> list[Path]:
    """Write all recordings; return their paths."""
    virtual = VirtualRadar.of_demo()
    shots = {"air": virtual.air()}
    for number, height_m in enumerate(PLATES_M):
        start_s = 140.0 + 30.0 * number
        shots[f"plate-{height_m:.2f}"] = virtual.shot(height_m, start_s=start_s, traces=500)
    shots[f"target-{TARGET_M:.2f}"] = virtual.target_pass(TARGET_M, start_s=300.0)
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(block, folder / f"{name}.h5") for name, block in shots.items()]


def _write(block: Block, path: Path) -> Path:
    with FlightWriter(path, existing="replace") as flight:
        flight.stream("gpr", header={"simulated": SIMULATED}).append(block)
        flight.notices([Notice("note", SIMULATED)])
        flight.attach("attachments/simulated", "calibration of the virtual radar of demo_mission")
    return path


if __name__ == "__main__":
    for made in make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path()):
        sys.stdout.write(f"{made}\n")
