"""Depths from the air, with and without the air gap: python benchmarks/airborne_depths.py.

Eight simulated flights of the demo mission (rays, no full-wave solution), each detected twice by
the default pipeline: as it is, and with all that is told of the air gap forgotten and the depth
read at the score's peak. Of each body within 25 cm of a lane the best indication within 15 cm along
the track counts. Then, at some scores, how many passes over bodies are indicated and how many
indications lie more than half a metre from any body. Ends with the cost of both in microseconds of
one core per trace.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from detectkit.core import Block, Indication, Sensor
from detectkit.detect.detector import Detector
from detectkit.detect.preset import Ground, nominal_pipeline
from detectkit.detect.settings import Detection
from detectkit.pipeline import Runner
from detectkit.sim import FlightSimulator, Scenario

GROUND = Ground(1.22e8, "given", (0.02, 0.35))
SEEDS = (None, 1, 2, 3, 4, 5, 6, 7)
AIR_GAP = {"height_m", "removed_twt_s"}
PUSH_TRACES = 15
FAR_M = 0.5
LOWEST = 4.0


@dataclass(slots=True)
class Tally:
    """What one way of detecting made of all flights."""

    through_air: bool
    indications: int = 0
    traces: int = 0
    seconds: float = 0.0
    passes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    depth: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    along: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    heard: list[float] = field(default_factory=list)
    elsewhere: list[float] = field(default_factory=list)
    length_m: float = 0.0

    def detect(self, line: Block) -> list[Indication]:
        """Return a lane's indications."""
        pipeline = nominal_pipeline(line.spec, GROUND)
        detection = Detection.of(pipeline)
        assert detection is not None
        if not self.through_air:
            detection = replace(detection, settings=replace(detection.settings, depth_of="score"))
        settings = replace(detection.settings, threshold=LOWEST)
        detection = replace(detection, settings=settings)
        runner, detector = Runner(pipeline.steps), Detector(detection)
        found: list[Indication] = []
        pieces = [
            line.traces(start, min(start + PUSH_TRACES, len(line)))
            for start in range(0, len(line), PUSH_TRACES)
        ]
        processed = [block for piece in pieces for block in runner.push(piece)]
        begin = time.process_time()
        for block in [*processed, *runner.finish()]:
            seen = block if self.through_air else _blind(block)
            found += [one.indication for one in detector.push(seen)]
        found += [one.indication for one in detector.finish()]
        self.seconds += time.process_time() - begin
        self.traces += len(line)
        self.indications += len(found)
        return found

    def compare(self, flown: FlightSimulator, line: Block) -> None:
        """Detect on a lane and hold the indications to the bodies beside it."""
        found, track = self.detect(line), line.coord("along_track_m")
        self.length_m += float(track[-1])
        self.elsewhere += [one.score for one in found if _far(one, line, flown)]
        for body in flown.truth.objects:
            away = np.hypot(
                line.coord("easting_m") - body.easting_m, line.coord("northing_m") - body.northing_m
            )
            if away.min() > 0.25:
                continue
            self.passes[body.name] += 1
            place = track[away.argmin()]
            near = [one for one in found if abs((one.along_track_m or 0.0) - place) < 0.15]
            self.heard.append(max((one.score for one in near), default=0.0))
            if near:
                best = max(near, key=lambda one: one.score)
                self.depth[body.name].append(best.depth_m - body.depth_m)
                self.along[body.name].append((best.along_track_m or 0.0) - place)

    def report(self) -> None:
        """Print the table."""
        print("through the air gap" if self.through_air else "as if on the ground")
        for name, passes in sorted(self.passes.items()):
            depth, along = (np.array(one[name]) for one in (self.depth, self.along))
            print(
                f"  {name}: found {depth.size} of {passes}, depth error median "
                f"{100 * np.median(np.abs(depth)):.1f} cm, rms {100 * _rms(depth):.1f} cm, "
                f"along the track rms {100 * _rms(along):.1f} cm"
            )
        heard, elsewhere = np.array(self.heard), np.array(self.elsewhere)
        for threshold in (4.0, 5.0, 6.0, 8.0, 10.0, 13.0):
            false = (elsewhere >= threshold).sum() / self.length_m
            print(
                f"  score {threshold:.0f}: {(heard >= threshold).sum()} of {heard.size} passes "
                f"over bodies, {false:.3f} elsewhere per metre"
            )
        cost = 1e6 * self.seconds / self.traces
        print(f"  {self.indications} indications; {cost:.0f} µs per trace")


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _far(one: Indication, line: Block, flown: FlightSimulator) -> bool:
    """Tell whether an indication is more than half a metre from every body."""
    row = int(np.abs(line.coord("along_track_m") - (one.along_track_m or 0.0)).argmin())
    east, north = line.coord("easting_m")[row], line.coord("northing_m")[row]
    return all(
        np.hypot(east - body.easting_m, north - body.northing_m) > FAR_M
        for body in flown.truth.objects
    )


def _blind(block: Block) -> Block:
    told = {name: one for name, one in block.coords.items() if name not in AIR_GAP}
    return replace(block, coords=told)


def lanes(flown: FlightSimulator) -> Iterator[Block]:
    """Yield the lanes as recorded: true places, the altimeter's heights."""
    radar, altimeter = flown.scenario.radar, flown.scenario.altimeter
    over = radar.lever_arm_m[2] - altimeter.lever_arm_m[2]
    for lane in flown.truth.lanes:
        time_s = np.arange(lane.start_s, lane.end_s, 1.0 / 150.0)
        place = flown._trajectory.motion(time_s).at(radar.lever_arm_m)  # noqa: SLF001 - the truth
        steps = np.hypot(np.diff(place[:, 0]), np.diff(place[:, 1]))
        yield Block(
            flown.radar(time_s),
            coords={
                "twt_s": ("delay", np.arange(radar.samples) * radar.sample_interval_s),
                "source_trace": ("trace", np.arange(time_s.size)),
                "along_track_m": ("trace", np.concatenate([[0.0], np.cumsum(steps)])),
                "easting_m": ("trace", place[:, 0]),
                "northing_m": ("trace", place[:, 1]),
                "height_m": ("trace", flown.altimeter(time_s)[:, 0] - over),
            },
            sensor=Sensor(
                antenna_hz=radar.centre_hz, antenna_separation_m=radar.antenna_separation_m
            ),
            line=f"lane-{lane.number}",
        )


if __name__ == "__main__":
    scenario = Scenario.read(
        Path(str(files("detectkit_sim_data"))) / "scenarios" / "demo_mission.toml"
    )
    tallies = (Tally(through_air=False), Tally(through_air=True))
    for seed in SEEDS:
        simulator = FlightSimulator(scenario, seed=seed)
        for recorded in lanes(simulator):
            for tally in tallies:
                tally.compare(simulator, recorded)
    for tally in tallies:
        tally.report()
