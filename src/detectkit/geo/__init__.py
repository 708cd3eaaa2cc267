"""Times and places: clocks, poses between samples, local and projected frames, ground heights.

Order is always longitude, latitude, up; easting, northing, up. Degrees in WGS 84, times as int64
nanoseconds of the computer's monotonic clock unless the name says otherwise.
"""

from __future__ import annotations

from detectkit.geo.arrival_clock import ArrivalClock
from detectkit.geo.attitude import arm_to_ned
from detectkit.geo.frame import LocalFrame
from detectkit.geo.ground_height import TerrainGrid
from detectkit.geo.peer_clock import PeerClock
from detectkit.geo.pose_join import OVER_GROUND, Posed, PoseJoin
from detectkit.geo.pose_track import PoseTrack
from detectkit.geo.projection import from_projected, to_projected, utm_epsg
from detectkit.geo.site_frame import SiteFrame, geographic_of
from detectkit.geo.time_lag import Lag, LagLine, NoLagError, estimate_lag
from detectkit.geo.track import along_track
from detectkit.geo.utc_clock import UtcClock

__all__ = [
    "OVER_GROUND",
    "ArrivalClock",
    "Lag",
    "LagLine",
    "LocalFrame",
    "NoLagError",
    "PeerClock",
    "PoseJoin",
    "PoseTrack",
    "Posed",
    "SiteFrame",
    "TerrainGrid",
    "UtcClock",
    "along_track",
    "arm_to_ned",
    "estimate_lag",
    "from_projected",
    "geographic_of",
    "to_projected",
    "utm_epsg",
]
