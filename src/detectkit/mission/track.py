"""Track: where a sensor was, thinned to what a map can show."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectkit.core import Block
from detectkit.geo import LocalFrame

SPACING_M = 0.05
"""Positions nearer than this to the last one kept are left out."""


@dataclass(slots=True)
class Track:
    """Where one sensor was, thinned to what a map can show; memory grows with the way only."""

    longitude_deg: list[float] = field(default_factory=list)
    latitude_deg: list[float] = field(default_factory=list)
    height_m: list[float] = field(default_factory=list)
    fix_quality: list[float] = field(default_factory=list)
    rows: int = 0
    without_position: int = 0
    _frame: LocalFrame | None = None
    _last: tuple[float, float] = (np.inf, np.inf)

    def push(self, block: Block) -> None:
        """Take located traces."""
        if "longitude_deg" not in block.coords:
            return
        lon, lat = block.coord("longitude_deg"), block.coord("latitude_deg")
        known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        self.rows += len(block)
        self.without_position += len(block) - known.size
        if known.size == 0:
            return
        if self._frame is None:
            self._frame = LocalFrame(float(lon[known[0]]), float(lat[known[0]]))
        east, north, _ = self._frame.to_local(lon[known], lat[known])
        unknown = np.full(known.size, np.nan)
        height, quality = (
            block.coord(name)[known] if name in block.coords else unknown
            for name in ("height_m", "fix_quality")
        )
        for number, row in enumerate(known):
            here = (float(east[number]), float(north[number]))
            if np.hypot(here[0] - self._last[0], here[1] - self._last[1]) >= SPACING_M:
                self._last = here
                self.longitude_deg.append(float(lon[row]))
                self.latitude_deg.append(float(lat[row]))
                self.height_m.append(float(height[number]))
                self.fix_quality.append(float(quality[number]))
