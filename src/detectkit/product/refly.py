"""Targets to be flown to again, as files that an operator loads into a ground station.

Nothing is sent to the drone from here: a person looks, adds take-off and landing, and uploads.
Formats: QGroundControl's ``.plan`` (docs.qgroundcontrol.com, "Plan File Format") and Mission
Planner's ``.waypoints`` (mavlink.io/en/file_formats, "QGC WPL 110"). The height counts over the
terrain (frame 10), because at 1 m over a slope any other is wrong. Coordinates have 10 decimals;
the 6 that other writers give are 11 cm.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detectkit.core import Indication, UsageError
from detectkit.product.writing import naming

WAYPOINT, TERRAIN_FRAME, GLOBAL_FRAME = 16, 10, 0
TERRAIN_ALTITUDE_MODE = 4
ARDUPILOT, QUADROTOR = 3, 2
DECIMALS = 10
HEIGHT_M, HOLD_S = 2.0, 10.0
MOST_HEIGHT_M, MOST_HOLD_S = 120.0, 3600.0
FIRST_LINE = "QGC WPL 110"

Place = tuple[float, float]


def write_plan(
    indications: Sequence[Indication],
    path: Path,
    *,
    height_m: float = HEIGHT_M,
    hold_s: float = HOLD_S,
) -> int:
    """Write a QGroundControl plan that stops over each indication, in the order given.

    Parameters
    ----------
    indications
        Those without a position are left out.
    path
        The file, ending in ``.plan``.
    height_m
        Height over the terrain in m.
    hold_s
        How long to stay over each in s.

    Returns
    -------
    int
        Number of targets; with 0 nothing is written.

    Raises
    ------
    UsageError
        A height or time that makes no sense.
    """
    places = _places(indications, height_m=height_m, hold_s=hold_s)
    if places:
        plan = _plan(places, height_m=height_m, hold_s=hold_s)
        with naming(path):
            path.write_text(json.dumps(plan, indent=2) + "\n", encoding="utf-8")
    return len(places)


def write_waypoints(
    indications: Sequence[Indication],
    path: Path,
    *,
    height_m: float = HEIGHT_M,
    hold_s: float = HOLD_S,
) -> int:
    """Write a Mission Planner file that stops over each indication; see `write_plan`.

    Line 0 is the home position, as that program has it: the first target at height 0. An
    autopilot keeps its own home.
    """
    places = _places(indications, height_m=height_m, hold_s=hold_s)
    if places:
        lines = [FIRST_LINE, _line(0, places[0], frame=GLOBAL_FRAME, height_m=0.0, hold_s=0.0)]
        lines += [
            _line(at, place, frame=TERRAIN_FRAME, height_m=height_m, hold_s=hold_s)
            for at, place in enumerate(places, start=1)
        ]
        with naming(path):
            path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return len(places)


def _places(indications: Sequence[Indication], *, height_m: float, hold_s: float) -> list[Place]:
    """Return latitude and longitude of those that have both."""
    if not 0.0 < height_m <= MOST_HEIGHT_M:
        msg = f"height_m={height_m!r} must be above 0 and at most {MOST_HEIGHT_M:g} m over terrain"
        raise UsageError(msg)
    if not 0.0 <= hold_s <= MOST_HOLD_S:
        msg = f"hold_s={hold_s!r} must lie from 0 to {MOST_HOLD_S:g} s"
        raise UsageError(msg)
    pairs = ((one.latitude_deg, one.longitude_deg) for one in indications)
    return [
        (latitude, longitude)
        for latitude, longitude in pairs
        if latitude is not None
        and longitude is not None
        and math.isfinite(latitude)
        and math.isfinite(longitude)
    ]


def _plan(places: Sequence[Place], *, height_m: float, hold_s: float) -> dict[str, Any]:
    items = [
        _item(at, place, height_m=height_m, hold_s=hold_s)
        for at, place in enumerate(places, start=1)
    ]
    home = [round(one, DECIMALS) for one in places[0]]
    return {
        "fileType": "Plan",
        "geoFence": {"circles": [], "polygons": [], "version": 2},
        "groundStation": "QGroundControl",
        "mission": {
            "cruiseSpeed": 1,
            "firmwareType": ARDUPILOT,
            "globalPlanAltitudeMode": TERRAIN_ALTITUDE_MODE,
            "hoverSpeed": 1,
            "items": items,
            "plannedHomePosition": [*home, 0.0],
            "vehicleType": QUADROTOR,
            "version": 2,
        },
        "rallyPoints": {"points": [], "version": 2},
        "version": 1,
    }


def _item(at: int, place: Place, *, height_m: float, hold_s: float) -> dict[str, Any]:
    latitude, longitude = (round(one, DECIMALS) for one in place)
    return {
        "AMSLAltAboveTerrain": None,
        "Altitude": height_m,
        "AltitudeMode": TERRAIN_ALTITUDE_MODE,
        "autoContinue": True,
        "command": WAYPOINT,
        "doJumpId": at,
        "frame": TERRAIN_FRAME,
        "params": [hold_s, 0, 0, None, latitude, longitude, height_m],
        "type": "SimpleItem",
    }


def _line(at: int, place: Place, *, frame: int, height_m: float, hold_s: float) -> str:
    fields = [
        str(at),
        "1" if at == 0 else "0",
        str(frame),
        str(WAYPOINT),
        f"{hold_s:.8f}",
        *["0.00000000"] * 3,
        *(f"{one:.{DECIMALS}f}" for one in place),
        f"{height_m:.6f}",
        "1",
    ]
    return "\t".join(fields)
