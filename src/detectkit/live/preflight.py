"""The check before take-off: every fault there is, named at once."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import anyio

from detectkit.live.flown import Flown
from detectkit.live.fly import Fly
from detectkit.live.health import Health
from detectkit.live.workable import check_workable, shortage
from detectkit.mission import FlightFolder, Mission
from detectkit.mission.folder import now, read_live

LOOK_S = 6.0
"""How long every instrument may take to show that it works."""


def preflight(
    mission: Mission,
    addresses: Mapping[str, str],
    *,
    seconds: float = LOOK_S,
    folder: Path = Path(),
) -> list[str]:
    """Run a mission for some seconds in a folder that is thrown away; return all faults.

    `folder` is where the flight is to lie: there is to be room on its disk.

    Raises
    ------
    UsageError, PipelineError
        The mission cannot work, whatever answers.
    """
    check_workable(mission)
    full = shortage(mission, folder)
    with tempfile.TemporaryDirectory(prefix="detectkit-check-") as place:
        flown = anyio.run(_short_flight, Path(place) / "flight", mission, addresses, seconds)
        faults = [*_links(flown.health, mission), *_streams(flown, mission)]
        faults += _calibrations(flown, severity="warning")
    return [*faults, full] if full else faults


async def _short_flight(
    path: Path, mission: Mission, addresses: Mapping[str, str], seconds: float
) -> Flown:
    host_ns, utc_ns = now()
    folder = FlightFolder.create(path, mission, host_ns=host_ns, utc_ns=utc_ns)
    return await Fly(folder, addresses, duration_s=seconds).run()


def _links(health: Health, mission: Mission) -> list[str]:
    faults = []
    for mount in mission.mounts:
        one = health.instruments[mount.id]
        rows = any(name.partition(".")[0] == mount.id for name in health.streams)
        if one.fault and not rows:
            faults.append(f"{mount.id}: {one.fault}")
        elif not rows:
            what = f"{one.bytes_in} bytes came" if one.bytes_in else "nothing came"
            faults.append(f"{mount.id}: no measurement in {health.elapsed_s:.0f} s, {what}")
    required = {mount.id for mount in mission.mounts if mount.required}
    return [one for one in faults if one.partition(":")[0] in required]


def _calibrations(flown: Flown, *, severity: str) -> list[str]:
    """Return what does not fit of the calibrations; a missing one is no fault."""
    told = (read_live(flown.folder) or {}).get("calibration", {})
    found = [(name, one) for name, said in told.items() for one in said]
    return [f"{name}: {one['text']}" for name, one in found if one["severity"] == severity]


def _streams(flown: Flown, mission: Mission) -> list[str]:
    """Return what is wrong with the streams that do come."""
    faults = [str(one) for one in flown.alarms if one.condition != "stalled"]
    if flown.fault:
        faults.append(f"processing: {flown.fault}")
    fix = flown.health.platform.get("fix_quality")
    if any(mount.instrument().kind in {"gnss", "autopilot"} for mount in mission.mounts) and (
        fix is None or not fix > 0.0
    ):
        faults.append("position: no valid fix yet")
    return faults
