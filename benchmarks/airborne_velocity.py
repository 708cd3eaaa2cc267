"""Velocities from the air over bodies that are no points: python benchmarks/airborne_velocity.py.

Three simulated flights of the demo mission (rays, no full-wave solution): every curve that could be
followed, before and after the rule on the fastest ground, against the true velocity.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from unittest import mock

from airborne_depths import lanes

from detectkit.batch.velocity import _band, radargram_of
from detectkit.core import concat
from detectkit.detect.preset import Ground, nominal_pipeline
from detectkit.imaging.velocity import diffractions
from detectkit.pipeline import Runner
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S
from detectkit.sim import FlightSimulator, Scenario

SEEDS = (None, 1, 2)

if __name__ == "__main__":
    scenario = Scenario.read(
        Path(str(files("detectkit_sim_data"))) / "scenarios" / "demo_mission.toml"
    )
    truth = SPEED_OF_LIGHT_M_S / scenario.soil.permittivity**0.5
    print(f"true velocity {truth:.4g} m/s")
    for seed in SEEDS:
        for lane in lanes(FlightSimulator(scenario, seed=seed)):
            runner = Runner(nominal_pipeline(lane.spec, Ground(1e8, "assumed")).steps)
            line = radargram_of(concat([*runner.push(lane), *runner.finish()]))
            if line is None:
                continue
            with mock.patch.object(diffractions, "FASTEST_M_PER_S", 2.6e8):
                found = diffractions.find_diffractions(line, band_s=_band(line))
            for one in found:
                fit = one.fit.with_shared_error(line.period_s)
                off = fit.velocity_m_per_s - truth
                inside = abs(off) <= fit.reach * fit.velocity_error_m_per_s
                kept = fit.velocity_m_per_s <= diffractions.FASTEST_M_PER_S
                print(
                    f"seed {seed}, {lane.line}, {fit.place_m[0]:.2f} m: "
                    f"{fit.velocity_m_per_s / truth:.2f} of the truth, "
                    f"{'within' if inside else 'outside'} its interval, "
                    f"{'kept' if kept else 'left out: too fast'}"
                )
