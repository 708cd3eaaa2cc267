"""What goes wrong in flight and what the default pipeline makes of it: three tables, simulated.

    python benchmarks/flight_troubles.py

Distance: the length of the lanes of the shipped flights by two ways and in truth; the second lane
of `ap_row` has a float fix for a second. Height: how far the ground lies from where `remove-height`
puts it, with and without `steady-height`; grass stands under the altimeter of `at_hill`. Turns: the
demo mission as one line, from before its first lane to after its last, with and without
`straight-rows`: indications more than half a metre from any body, in the lanes and outside of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

import detectkit_sim_data
from detectkit.core import Block, Sensor, concat
from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.detect.detector import Detector
from detectkit.detect.preset import Ground, nominal_pipeline
from detectkit.detect.settings import Detection
from detectkit.geo import LocalFrame
from detectkit.io import Stream, open_recording
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.distance import DistanceFromPositions
from detectkit.pipeline.steps.steady import DistanceAlongCourse
from detectkit.signal.attributes import envelope
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S, two_way_time_s
from detectkit.sim import FlightSimulator, Scenario
from detectkit.testing.steps import joined

Values = npt.NDArray[np.float64]
FLIGHTS = ("at_hill", "ap_row", "empty_clutter")
SEEDS = (None, 1, 2)
FRAME = LocalFrame(46.9, 40.0)
RATE_HZ = 150.0
FIX_M = 0.014
FAR_M = 0.5


def flight(name: str) -> tuple[list[Block], Block]:
    """Return a shipped flight's radar lines and its true state."""
    recording = open_recording(detectkit_sim_data.path(f"flights/{name}.h5"))

    def block(stream: Stream) -> Block:
        return max(joined(list(stream.blocks(64))), key=len)

    radar = [block(one) for one in recording.streams if one.header.sensor.kind == "gpr"]
    (truth,) = (one for one in recording.streams if one.header.sensor.id == "truth")
    return radar, concat(list(truth.blocks(64)))


def path_m(truth: Block, time_ns: npt.NDArray[np.int64]) -> float:
    """Return the length of the true path over some times."""
    longitude, latitude = (
        truth.data[:, PLATFORM_COLUMNS.index(name)].astype(np.float64)
        for name in ("longitude_deg", "latitude_deg")
    )
    frame = LocalFrame(float(longitude[0]), float(latitude[0]))
    local = frame.to_local(longitude, latitude)[:2]
    east, north = (np.interp(time_ns, truth.coord("time_ns"), one) for one in local)
    return float(np.hypot(np.diff(east), np.diff(north)).sum())


def distances() -> None:
    """Print how long the lanes are."""
    print("| lane | true | distance-from-positions | distance-along-course |\n|---|---|---|---|")
    for name in FLIGHTS:
        lines, truth = flight(name)
        for line in lines:
            told = []
            for step in (DistanceFromPositions(), DistanceAlongCourse()):
                out = max(joined(list(run([step], [line]))), key=len)
                told.append(float(out.coord("along_track_m")[-1]))
            true = path_m(truth, line.coord("time_ns"))
            print(f"| {line.line} | {true:.2f} m | {told[0]:.2f} m | {told[1]:.2f} m |")


def heights() -> None:
    """Print how far the ground is from time 0 once the height is taken off, trace by trace."""
    print("| lane | as told: sd, steps over 0.25 ns | steady-height: the same |\n|---|---|---|")
    for name in FLIGHTS:
        for line in flight(name)[0]:
            steps = nominal_pipeline(line.spec, Ground(1.2e8, "given")).steps
            first = steps[: [one.name for one in steps].index("remove-height") + 1]
            plain = [one for one in first if one.name != "steady-height"]
            left = [_left_over(one, line) for one in (plain, first)]
            cells = [f"{1e9 * np.std(one):.2f} ns, {_jumps(one)}" for one in left]
            print(f"| {line.line} | {cells[0]} | {cells[1]} |")


def _left_over(steps: Sequence[Step], line: Block) -> Values:
    """Return the ground's two-way time less what was taken off, by the raw reflection, in s.

    The reflection is the highest of the envelope of the traces as recorded, within 2 ns behind the
    lane's median height.
    """
    out = max(joined(list(run(steps, [line]))), key=len)
    rows = np.isin(line.coord("source_trace"), out.coord("source_trace"))
    twt_s = line.coord("twt_s")
    raw = line.data[rows].astype(np.float32)
    strength = envelope(np.ascontiguousarray(raw - raw.mean(axis=1, keepdims=True)))
    usual_m = float(np.median(line.coord("height_m")))
    away_s = two_way_time_s(
        np.array([usual_m]),
        velocity_m_per_s=SPEED_OF_LIGHT_M_S,
        separation_m=line.sensor.antenna_separation_m or 0.0,
    )[0]
    near = (twt_s > away_s) & (twt_s < away_s + 2e-9)
    place_s = twt_s[near][strength[:, near].argmax(axis=1)]
    return np.asarray(place_s - out.coord("removed_twt_s"))


def _jumps(left_s: Values) -> int:
    return int((np.abs(np.diff(left_s)) > 2.5e-10).sum())


def whole_flight(flown: FlightSimulator) -> tuple[Block, Values, npt.NDArray[np.bool_]]:
    """Return the flight as one line, its true places, and which rows are of lanes."""
    radar, altimeter, lanes = flown.scenario.radar, flown.scenario.altimeter, flown.truth.lanes
    time_s = np.arange(max(lanes[0].start_s - 12.0, 0.0), lanes[-1].end_s + 15.0, 1.0 / RATE_HZ)
    place = flown._trajectory.motion(time_s).at(radar.lever_arm_m)  # noqa: SLF001 - the truth
    fixes = np.random.default_rng(1).normal(0.0, 0.7 * FIX_M, (2, time_s[::15].size))
    east, north = (
        place[:, column] + np.interp(time_s, time_s[::15], fixes[column]) for column in (0, 1)
    )
    longitude, latitude, _ = FRAME.to_geographic(east, north)
    over_m = radar.lever_arm_m[2] - altimeter.lever_arm_m[2]
    line = Block(
        flown.radar(time_s),
        coords={
            "twt_s": ("delay", np.arange(radar.samples) * radar.sample_interval_s),
            "source_trace": ("trace", np.arange(time_s.size)),
            "time_ns": ("trace", (time_s * 1e9).astype(np.int64)),
            "longitude_deg": ("trace", longitude),
            "latitude_deg": ("trace", latitude),
            "horizontal_error_m": ("trace", np.full(time_s.size, FIX_M)),
            "height_m": ("trace", flown.altimeter(time_s)[:, 0] - over_m),
        },
        sensor=Sensor(antenna_hz=radar.centre_hz, antenna_separation_m=radar.antenna_separation_m),
        line="whole",
    )
    of_lanes = np.zeros(time_s.size, np.bool_)
    for lane in lanes:
        of_lanes |= (time_s >= lane.start_s) & (time_s <= lane.end_s)
    return line, place, of_lanes


def turns() -> None:
    """Print indications in lanes and outside of them."""
    print("| | lanes: metres, elsewhere | outside: metres, elsewhere |\n|---|---|---|")
    path = Path(str(detectkit_sim_data.path("scenarios/demo_mission.toml")))
    sums = {False: np.zeros(4), True: np.zeros(4)}
    for seed in SEEDS:
        flown = FlightSimulator(Scenario.read(path), seed=seed)
        line, place, of_lanes = whole_flight(flown)
        for straight in sums:
            sums[straight] += _counted(flown, line, place, of_lanes, straight=straight)
    for straight, told in sums.items():
        words = "straight-rows" if straight else "all rows"
        print(f"| {words} | {told[0]:.0f} m, {told[1]:.0f} | {told[2]:.0f} m, {told[3]:.0f} |")


def _counted(
    flown: FlightSimulator,
    line: Block,
    place: Values,
    of_lanes: npt.NDArray[np.bool_],
    *,
    straight: bool,
) -> Values:
    """Return metres and indications far from bodies in the lanes, and the same outside of them."""
    pipeline = nominal_pipeline(line.spec, Ground(1.22e8, "given", (0.02, 0.35)))
    detection = Detection.of(pipeline)
    assert detection is not None
    steps = [one for one in pipeline.steps if straight or one.name != "straight-rows"]
    first = run(steps[: 1 + straight], [line])
    kept = np.zeros(len(line), np.bool_)
    for block in first:
        kept[block.coord("source_trace")] = True
    detector = Detector(detection)
    found = [one for block in run(steps, [line]) for one in detector.push(block)]
    found += detector.finish()
    way = np.hypot(np.diff(place[:, 0]), np.diff(place[:, 1]))
    told = np.array([way[(kept & which)[1:]].sum() for which in (of_lanes, ~of_lanes)])
    counts = np.zeros(2)
    for one in found:
        row = min(one.indication.trace - 1, len(line) - 1)
        away = min(
            np.hypot(place[row, 0] - body.easting_m, place[row, 1] - body.northing_m)
            for body in flown.truth.objects
        )
        counts[0 if of_lanes[row] else 1] += away > FAR_M
    return np.array([told[0], counts[0], told[1], counts[1]])


if __name__ == "__main__":
    distances()
    print()
    heights()
    print()
    turns()
