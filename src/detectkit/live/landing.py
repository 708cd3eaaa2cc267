"""After landing: the finished recording, the tables, the map, the targets to fly to again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from detectkit.core import Indication
from detectkit.live.flown import Flown
from detectkit.mission import Finalized, Track, finalize
from detectkit.mission.settings import ReflySettings
from detectkit.product.flight_map import Place, draw_flight_map
from detectkit.product.refly import write_plan, write_waypoints
from detectkit.product.tables import write_csv, write_geojson


def land(
    flown: Flown, *, truth: Sequence[Place] = (), progress: Callable[[int], None] | None = None
) -> tuple[Finalized, list[Path]]:
    """Finalize a flight and write its products beside it; return what was written."""
    folder = flown.folder
    finalized = finalize(folder, progress=progress)
    title = folder.mission.name + (" · simulated" if folder.simulated else "")
    files = [finalized.path, *sorted(folder.path.glob("*.zarr"))]
    files += write_products(
        folder.path,
        flown.indications,
        flown.track,
        title=title,
        refly=folder.mission.refly,
        truth=truth,
    )
    return finalized, files


def write_products(
    path: Path,
    indications: Sequence[Indication],
    track: Track,
    *,
    title: str,
    refly: ReflySettings,
    truth: Sequence[Place] = (),
) -> list[Path]:
    """Write tables, map and targets into a folder; return the files that there are."""
    table, layer, picture = (
        path / name for name in ("indications.csv", "indications.geojson", "map.png")
    )
    plan, waypoints = path / "refly.plan", path / "refly.waypoints"
    write_csv(indications, table)
    files = [table]
    placed = [one for one in indications if None not in (one.longitude_deg, one.latitude_deg)]
    if write_geojson(indications, layer):
        write_plan(placed, plan, height_m=refly.height_m, hold_s=refly.hold_s)
        write_waypoints(placed, waypoints, height_m=refly.height_m, hold_s=refly.hold_s)
        files += [layer, plan, waypoints]
    if draw_flight_map(track, picture, title=title, indications=indications, truth=truth):
        files.append(picture)
    return files


def truth_of(scenario: Path) -> list[Place]:
    """Return the buried objects of a scenario, to draw beside what was found."""
    from detectkit.sim import FlightSimulator, Scenario

    simulator = FlightSimulator(Scenario.read(scenario))
    return [
        Place(one.longitude_deg, one.latitude_deg, f"{one.name}, {one.depth_m:.2f} m")
        for one in simulator.truth.objects
    ]
