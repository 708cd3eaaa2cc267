"""Make demo_line: the flight, its truth and its entries in the registry.

Run ``python -m detectkit_sim_data.recipes.make_demo_line [FOLDER]``; without a folder it
replaces the files of the package itself. The same machine makes the same bytes.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, Sensor
from detectkit.geo import LocalFrame
from detectkit.io import Fixes, Notice
from detectkit.io.flight import FlightWriter
from detectkit_sim_data.recipes.ray_model import radargram
from detectkit_sim_data.recipes.registry import write_registry
from detectkit_sim_data.recipes.scenario import Scenario

PACKAGE = Path(__file__).resolve().parent.parent
TRUTH_COLUMNS = (
    "along_track_m",
    "offset_m",
    "longitude_deg",
    "latitude_deg",
    "depth_m",
    "class",
    "kind",
)
SIMULATED = "simulated by a ray model, not full-wave"

Values = npt.NDArray[np.float64]


def make(folder: Path) -> None:
    """Write ``demo_line.h5`` and ``demo_line.truth.csv`` into `folder`."""
    scenario = Scenario.read(PACKAGE / "scenarios" / "demo_line.toml")
    folder.mkdir(parents=True, exist_ok=True)
    write_flight(scenario, folder / f"{scenario.name}.h5")
    write_truth(scenario, folder / f"{scenario.name}.truth.csv")


def write_flight(scenario: Scenario, path: Path) -> None:
    """Write the recording, labelled as simulated in the sensor, the header and a notice."""
    header = {"simulated": SIMULATED, "scenario": f"{scenario.name}.toml", "seed": scenario.seed}
    with FlightWriter(path, existing="replace") as flight:
        stream = flight.stream(
            "gpr",
            sample_interval_s=scenario.radar.sample_interval_s,
            first_twt_s=scenario.radar.first_twt_s,
            permittivity=scenario.soil.permittivity,
            header=header,
        )
        stream.append(block_of(scenario))
        stream.fixes(scenario.name, fixes_of(scenario))
        flight.notices([Notice("note", f"{SIMULATED}; nobody has been to that place")])
        flight.attach("source/name", f"{scenario.name}.toml")
        flight.attach("source/format", SIMULATED)
        flight.attach("source/scenario", scenario.text)


def block_of(scenario: Scenario) -> Block:
    """Return the whole line as one block."""
    line, radar = scenario.line, scenario.radar
    row = np.arange(line.traces)
    distance = row * line.trace_spacing_m
    per_mark = round(line.marks_every_m / line.trace_spacing_m)
    start = round(line.start_time.timestamp()) * 1_000_000_000
    step = round(line.trace_spacing_m / line.speed_m_per_s * 1e9)
    twt = radar.first_twt_s + radar.sample_interval_s * np.arange(radar.samples)
    limits = np.iinfo(np.int16)
    sensor = Sensor(
        id="gpr",
        instrument="simulated (ray model)",
        antenna_hz=radar.centre_hz,
        antenna_separation_m=radar.antenna_separation_m,
        full_scale=(float(limits.min), float(limits.max)),
    )
    coords: dict[str, tuple[str, npt.NDArray[np.generic]]] = {
        "twt_s": ("delay", twt),
        "time_ns": ("trace", start + step * row.astype(np.int64)),
        "along_track_m": ("trace", distance),
        "mark": ("trace", (row % per_mark == 0).astype(np.uint8)),
    }
    return Block(
        radargram(scenario),
        coords=coords,
        sensor=sensor,
        line=scenario.name,
        trace_spacing_m=line.trace_spacing_m,
    )


def fixes_of(scenario: Scenario) -> Fixes:
    """Return fixes like those of an RTK receiver: noisy, one without a solution."""
    line, settings = scenario.line, scenario.fixes
    rng = np.random.default_rng([scenario.seed, 1])
    row = np.arange(0, line.traces, settings.every_traces, dtype=np.float64)
    east, north = ground_track(scenario, row * line.trace_spacing_m, np.zeros(row.size))
    noise = rng.normal(0.0, 1.0, (3, row.size))
    lon, lat, up = frame_of(scenario).to_geographic(
        east + settings.horizontal_error_m * noise[0],
        north + settings.horizontal_error_m * noise[1],
        up_m=settings.vertical_error_m * noise[2],
    )
    quality = np.full(row.size, 4, np.uint8)
    quality[list(settings.lost)] = 0
    # Receivers give 1e-9 degrees (0.1 mm); rounding keeps the last bits of PROJ out of it.
    return Fixes(row, lon.round(9), lat.round(9), up.round(4), quality)


def ground_track(
    scenario: Scenario, along_track_m: Values, offset_m: Values
) -> tuple[Values, Values]:
    """Return metres east and north of the start; the offset is to the right of the heading."""
    heading = np.radians(scenario.line.heading_deg)
    east = along_track_m * np.sin(heading) + offset_m * np.cos(heading)
    north = along_track_m * np.cos(heading) - offset_m * np.sin(heading)
    return east, north


def frame_of(scenario: Scenario) -> LocalFrame:
    """Return the frame with its origin at the start of the line."""
    line = scenario.line
    return LocalFrame(line.start_longitude_deg, line.start_latitude_deg, line.start_up_m)


def write_truth(scenario: Scenario, path: Path) -> None:
    """Write where everything is, along the line."""
    objects = sorted(scenario.objects, key=lambda one: one.along_track_m)
    along, offset = (
        np.array([getattr(one, name) for one in objects]) for name in ("along_track_m", "offset_m")
    )
    lon, lat, _ = frame_of(scenario).to_geographic(*ground_track(scenario, along, offset))
    with path.open("w", encoding="utf-8", newline="") as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(TRUTH_COLUMNS)
        for number, one in enumerate(objects):
            place = (f"{lon[number]:.9f}", f"{lat[number]:.9f}")
            table.writerow(
                [one.along_track_m, one.offset_m, *place, one.depth_m, one.class_name, one.kind]
            )


def main(arguments: Sequence[str]) -> None:
    """Make the files in the folder given, or in the package."""
    folder = Path(arguments[0]) if arguments else PACKAGE
    make(folder)
    if folder == PACKAGE:
        write_registry(PACKAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
