"""Places on the ground: local and projected frames, distance along a track. Degrees in WGS 84.

Order is always longitude, latitude, up; easting, northing, up.
"""

from __future__ import annotations

from detectkit.geo.frame import LocalFrame
from detectkit.geo.projection import from_projected, to_projected, utm_epsg
from detectkit.geo.track import along_track

__all__ = ["LocalFrame", "along_track", "from_projected", "to_projected", "utm_epsg"]
