"""What the metal branch makes of simulated lanes and flights, and of two real coil maps.

    python benchmarks/metal_branch.py table DATASET.zarr
    python benchmarks/metal_branch.py flights
    python benchmarks/metal_branch.py reach
    python benchmarks/metal_branch.py picture -o docs/pictures --maps FOLDER

`table` counts, on the lanes of a dataset, which bodies are heard, by how far their metal stands out
over the soil, and alarms per metre of lanes without a body. `flights` lists the alarms of the
flights that ship beside what lies there. `reach` flies a coil at rising heights over 1 cm³ of steel
in three soils and prints when it falls silent. `picture` draws a lane of a flight and, where FOLDER
holds `Mine01` and `Metal01`, the maps. Simulated, except where it says real.
"""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.core import Block, Sensor, concat
from detectkit.detect.found import Found
from detectkit.detect.metal import Coil, MetalBranch, MetalSettings, lane_reach, metal_pipeline
from detectkit.detect.metal.steps import SCORES
from detectkit.geo import LocalFrame
from detectkit.io import open_recording
from detectkit.pipeline import run
from detectkit.signal.soil_scatter import SOIL_ERROR
from detectkit.sim import Detector, Soil
from detectkit.sim.bodies import MetalPart, PlacedBody
from detectkit.sim.bodies.body import Body, Part
from detectkit.sim.induction import detector_rows
from detectkit.synthesis.dataset.reader import Dataset, open_dataset

Values = npt.NDArray[np.float64]
FLIGHTS = Path(__file__).parent.parent / "sim_data" / "detectkit_sim_data" / "flights"
NAMES = ("ap_row", "at_hill", "empty_clutter")
INK = ("#0072B2", "#D55E00", "#009E73")
CLASSES_DB = ((-math.inf, -10.0), (-10.0, 0.0), (0.0, 10.0), (10.0, 20.0), (20.0, math.inf))
WITHIN_M = 0.35
FAINTEST_NV = 1.0
HEIGHTS_M = np.round(np.arange(0.1, 0.72, 0.02), 2).tolist()
SOILS = {
    "quiet: χ 0.0002, 5 mS/m, height ± 3 %": (
        Soil(susceptibility=2e-4, conductivity_s_per_m=0.005),
        0.02,
    ),
    "usual: χ 0.001, 5 mS/m, height ± 5 %": (
        Soil(susceptibility=1e-3, conductivity_s_per_m=0.005),
        0.036,
    ),
    "restless: χ 0.001, 20 mS/m, height ± 9 %": (
        Soil(susceptibility=1e-3, conductivity_s_per_m=0.02),
        0.06,
    ),
}
BALL = PlacedBody(
    Body(
        "ball", "clutter", "steel, 1 cm³", (Part("cylinder", "plastic", (0.1, 0.1, 0.04)),),
        (MetalPart("sphere", 0.0062, 5e6, 150.0, 0.0062),), 0.0,
    ), 4.0, 0.0, 0.05,
)  # fmt: skip
SENSOR = Sensor(id="detector", kind="metal_detector", unit="nV")


def alarms(blocks: list[Block], settings: MetalSettings | None = None) -> list[Found]:
    """Return the alarms of some rows."""
    branch = MetalBranch(settings or MetalSettings())
    found = [one for block in blocks for one in branch.push(block)]
    return found + list(branch.finish())


def samples(dataset: Dataset, which: slice) -> list[Block]:
    """Return detector lanes of a dataset."""
    track = dataset.read("track", which).astype(np.float64)
    at = {name: number for number, name in enumerate(dataset.track_columns)}
    return [
        Block(
            rows,
            ("trace", "channel"),
            {
                "along_track_m": ("trace", places[:, at["along_m"]]),
                "height_m": ("trace", places[:, at["told_height_m"]]),
            },
            SENSOR,
            line=str(number),
        )
        for number, (rows, places) in enumerate(
            zip(dataset.read("detector", which), track, strict=True)
        )
    ]


def table(path: Path, settings: MetalSettings) -> None:
    """Print who is heard, and alarms where there is no body."""
    dataset = open_dataset(path)
    labels, words = dataset.labels, dataset.words("category")
    over_db, peak_nv = labels["metal_over_soil_db"], labels["metal_peak_nv"]
    heard: dict[tuple[float, float], list[float]] = {one: [] for one in CLASSES_DB}
    empty_m, false = 0.0, 0
    for number, block in enumerate(samples(dataset, slice(0, len(dataset)))):
        found, along = alarms([block], settings), np.asarray(block.coord("along_track_m"))
        if words[number] == "empty":
            empty_m += float(along[-1] - along[0])
            false += len(found)
        elif peak_nv[number] > FAINTEST_NV:
            place = float(along.mean()) + float(labels["along_m"][number])
            near = [
                one.indication.score for one in found
                if abs((one.indication.along_track_m or 0.0) - place) < WITHIN_M
            ]  # fmt: skip
            kind = next(one for one in CLASSES_DB if one[0] <= over_db[number] < one[1])
            heard[kind].append(max(near, default=0.0))
    print("| metal over soil | bodies | heard | median SNR of those |")
    print("|---|---|---|---|")
    for (low, high), scores in heard.items():
        loud = [one for one in scores if one > 0.0]
        middle = f"{np.median(loud):.0f}" if loud else ""
        print(f"| {low:g} to {high:g} dB | {len(scores)} | {len(loud)} | {middle} |")
    print(f"{false} alarms on {empty_m:.0f} m without a body: {false / empty_m:.4f} per m")


def detector_lines(name: str) -> list[Block]:
    """Return the detector's lines of a flight that ships."""
    return [
        one.rows(0, one.header.traces)
        for one in open_recording(FLIGHTS / f"{name}.h5").streams
        if one.header.sensor.kind == "metal_detector"
    ]


def truth(name: str) -> list[dict[str, str]]:
    """Return what lies there."""
    with (FLIGHTS / f"{name}.truth.csv").open() as lines:
        return list(csv.DictReader(lines))


def flights() -> None:
    """Print bodies with metal beside the alarm that is nearest, and alarms far from all."""
    print("| flight | body | metal | over soil, best channel | nearest alarm | SNR |")
    print("|---|---|---|---|---|---|")
    for name in NAMES:
        found = [one for one in alarms(detector_lines(name)) if one.indication.longitude_deg]
        taken: set[int] = set()
        for body in truth(name):
            if body["metal"] == "none":
                continue
            away = distances(found, body)
            nearest = int(away.argmin())
            taken |= {k for k, one in enumerate(away) if one < 0.75}
            near = away[nearest] < WITHIN_M
            told = f"{away[nearest]:.2f} m | {found[nearest].indication.score:.0f}"
            over_soil = float(body["metal_over_soil_best_channel"])
            what = f"{body['name']} ({body['body']}) | {body['metal']} | {over_soil:.3g}"
            print(f"| {name} | {what} | {told if near else 'none |'} |")
        far = len(found) - len(taken)
        print(
            f"| {name} | alarms farther than 0.75 m from all metal | | | {far} of {len(found)} | |"
        )


def distances(found: list[Found], body: dict[str, str]) -> Values:
    """Return how far alarms are from a body, in m."""
    frame = LocalFrame(float(body["longitude_deg"]), float(body["latitude_deg"]))
    east, north, _ = frame.to_local(
        np.array([one.indication.longitude_deg for one in found], np.float64),
        np.array([one.indication.latitude_deg for one in found], np.float64),
    )
    return np.asarray(np.hypot(east, north))


def reach() -> None:
    """Print, for three soils, the greatest height at which a steel ball is heard in all of three
    flights, the least at which it is in none, and what is said of the latter.
    """
    print("| soil | heard in all | in none | said to be silent from |")
    print("|---|---|---|---|")
    for name, (soil, wavers) in SOILS.items():
        heard: dict[float, list[bool]] = {}
        said = math.nan
        for height_m in HEIGHTS_M:
            for seed in (1, 2, 3):
                branch = MetalBranch()
                block = over_ball(height_m, soil, wavers, seed)
                found = [*branch.push(block), *branch.finish()]
                near = [abs((one.indication.along_track_m or 0.0) - 4.0) < 0.3 for one in found]
                heard.setdefault(height_m, []).append(any(near))
            told = lane_reach(branch.track, block.line, Coil())
            if math.isnan(said) and told is not None and height_m > told.height_m:
                said = told.height_m
        loud = max((one for one, all_ in heard.items() if all(all_)), default=0.0)
        silent = min((one for one, any_ in heard.items() if not any(any_)), default=math.nan)
        print(f"| {name} | {loud:.2f} m | {silent:.2f} m | {said:.2f} m |")


def over_ball(height_m: float, soil: Soil, wavers: float, seed: int) -> Block:
    """Return a lane over a steel ball at 4 m, 5 cm deep, at a height that wavers by a share."""
    along = np.arange(0.0, 8.0, 0.02)
    height = height_m * (1.0 + wavers * (np.sin(2.0 * along + seed) + 0.5 * np.sin(5.3 * along)))
    rows = detector_rows(
        np.column_stack([along, 0.0 * along, height]), np.array([0.0, 0.0, 1.0]), bodies=(BALL,),
        soil=soil, detector=Detector(coil="coincident"), time_s=100.0 * seed + 2.0 * along,
        seed=seed,
    )  # fmt: skip
    coords = {"along_track_m": ("trace", along), "height_m": ("trace", height)}
    return Block(rows, ("trace", "channel"), coords, SENSOR, line="lane")


def picture(folder: Path, maps: Path | None) -> None:
    """Draw a lane, and real maps."""
    figure = Figure(figsize=(11.0, 7.0 if maps is None else 10.5), layout="constrained")
    parts = figure.subfigures(2, 1, height_ratios=(3, 2)) if maps else [figure.subfigures(1, 1)]
    _lane(parts[0].subplots(3, 1, sharex=True))
    if maps is not None:
        for axes, name in zip(parts[1].subplots(1, 2), ("Mine01", "Metal01"), strict=True):
            _map(axes, maps / name)
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "metal-branch.png", dpi=110)


def _lane(axes: npt.NDArray[np.object_]) -> None:
    line = next(one for one in detector_lines("empty_clutter") if one.line.endswith("003"))
    pipeline = metal_pipeline(line.spec)
    scored = concat(list(run(pipeline.steps, [line])))
    level = concat(list(run(pipeline.steps[:-1], [line])))
    along = np.asarray(scored.coord("along_track_m"))
    names = ("20 kHz in phase", "20 kHz quadrature", "60 kHz quadrature")
    for channel, name in enumerate(names):
        axes[0].plot(along, 1e-3 * level.data[:, channel], color=INK[channel], label=name)
        balanced = 1e-3 * scored.data[:, len(SCORES) + channel]
        axes[1].plot(along, balanced, color=INK[channel])
    axes[0].set_title("Simulated: a lane over a can and a splinter; channels without their level")
    axes[0].set_ylabel("µV")
    axes[0].legend(loc="lower center", ncols=3)
    axes[1].set_title("without what the soil moves")
    axes[1].set_ylabel("µV")
    for axis in axes[:2]:
        axis.set_yscale("symlog", linthresh=0.5)
        axis.set_yticks([-100, -10, -1, 0, 1, 10])
        axis.set_yticklabels(["-100", "-10", "-1", "0", "1", "10"])
    _anomaly(axes[2], scored, alarms([line]))


def _anomaly(axis: Axes, scored: Block, found: list[Found]) -> None:
    along = np.asarray(scored.coord("along_track_m"))
    axis.semilogy(along, np.maximum(scored.data[:, 0], 0.1), color="black", label="anomaly")
    axis.semilogy(
        along, np.maximum(np.abs(scored.data[:, 1]), 0.1), color="#999999", label="soil, size"
    )
    threshold = MetalSettings().threshold
    axis.axhline(threshold, color=INK[1], linestyle="--", label=f"threshold {threshold:g}")
    for one in found:
        place = one.indication.along_track_m
        axis.plot(place, 1.6 * one.indication.score, "v", color=INK[1], markersize=9)
    for body in truth("empty_clutter"):
        if body["metal"] != "none":
            place = along[_nearest_row(scored, body)]
            axis.annotate(
                body["body"], (place, 0.12), ha="center", color=INK[0], fontsize=10,
                xytext=(place, 0.35), arrowprops={"arrowstyle": "->", "color": INK[0]},
            )  # fmt: skip
    axis.set_ylim(0.1, 2000.0)
    axis.set_yticks([0.1, 1, 10, 100, 1000], ["0.1", "1", "10", "100", "1000"])
    axis.set_ylabel("standard deviations")
    axis.set_xlabel("along the lane (m)")
    axis.set_title("the score; ▼ alarms, arrows: where the metal lies")
    axis.legend(loc="upper right")


def _nearest_row(block: Block, body: dict[str, str]) -> int:
    frame = LocalFrame(float(body["longitude_deg"]), float(body["latitude_deg"]))
    east, north, _ = frame.to_local(
        np.asarray(block.coord("longitude_deg")), np.asarray(block.coord("latitude_deg"))
    )
    return int(np.hypot(east, north).argmin())


def _map(axis: Axes, folder: Path) -> None:
    stream = open_recording(folder / "coilLch0.csv").streams[0]
    rows = stream.rows(0, stream.header.traces)
    settings = MetalSettings(soil_error=0.0)
    scored = list(run(metal_pipeline(rows.spec, settings).steps, [rows]))
    east = np.concatenate([one.coord("easting_m") for one in scored])
    north = np.concatenate([one.coord("northing_m") for one in scored])
    anomaly = np.concatenate([one.data[:, 0] for one in scored])
    drawn = axis.scatter(
        east,
        north,
        c=np.log10(np.maximum(anomaly, 1.0)),
        s=26,
        marker="s",
        cmap="cividis",
        vmin=0.0,
        vmax=3.1,
    )
    best = max(alarms([rows], settings), key=lambda one: one.indication.score)
    told = {each.name: each.value for each in best.indication.evidence}
    axis.plot(
        told["easting_m"], told["northing_m"], "o", markersize=16, markerfacecolor="none",
        markeredgecolor="white", markeredgewidth=2.0,
    )  # fmt: skip
    axis.set_aspect("equal")
    axis.set_title(f"Real: {folder.name}, three coils; ring: strongest alarm")
    axis.set_xlabel("east (m)")
    axis.set_ylabel("north (m)")
    figure = axis.figure
    bar = figure.colorbar(drawn, ax=axis, label="anomaly (standard deviations)")
    bar.set_ticks([0, 1, 2, 3], labels=["≤ 1", "10", "100", "1000"])


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    lanes = commands.add_parser("table")
    lanes.add_argument("dataset", type=Path)
    lanes.add_argument("--soil-error", type=float, default=SOIL_ERROR)
    commands.add_parser("reach")
    commands.add_parser("flights")
    draw = commands.add_parser("picture")
    draw.add_argument("-o", "--output", type=Path, default=Path("docs/pictures"))
    draw.add_argument("--maps", type=Path)
    chosen = parser.parse_args()
    if chosen.command == "table":
        table(chosen.dataset, MetalSettings(soil_error=chosen.soil_error))
    elif chosen.command == "reach":
        reach()
    elif chosen.command == "flights":
        flights()
    else:
        picture(chosen.output, chosen.maps)


if __name__ == "__main__":
    main()
