"""Position fixes of a recording: where some of its traces were, and which fixes to trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import Pose, ShapeError

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fixes:
    """Fixes as recorded, valid or not, each tied to a row of the recording.

    Parameters
    ----------
    row
        0-based trace row (may be fractional, may lie outside the recording).
    longitude_deg, latitude_deg, up_m
        WGS 84 degrees and height in m (NaN where the file gives none).
    quality
        Fix quality as NMEA GGA counts it: 0 = no fix, so no position.
    """

    row: Values
    longitude_deg: Values
    latitude_deg: Values
    up_m: Values
    quality: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        sizes = {self.row.size, self.longitude_deg.size, self.latitude_deg.size}
        if len(sizes | {self.up_m.size, self.quality.size}) != 1:
            msg = f"the columns of a fix table must have one length; got {sorted(sizes)}"
            raise ShapeError(msg)

    @classmethod
    def of(cls, rows: Sequence[tuple[float, float, float, float, int]]) -> Fixes:
        """Build from (row, longitude_deg, latitude_deg, up_m, quality) tuples."""
        table = np.array(rows, dtype=np.float64).reshape(len(rows), 5)
        quality = np.clip(np.nan_to_num(table[:, 4]), 0, 255).astype(np.uint8)
        return cls(table[:, 0], table[:, 1], table[:, 2], table[:, 3], quality)

    def __len__(self) -> int:
        return int(self.row.size)

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """True for fixes that are positions: quality above 0, on the globe, not (0, 0)."""
        lon, lat = self.longitude_deg, self.latitude_deg
        finite = np.isfinite(self.row) & np.isfinite(lon) & np.isfinite(lat)
        with np.errstate(invalid="ignore"):
            on_globe = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)
        nowhere = (lon == 0.0) & (lat == 0.0)
        valid: npt.NDArray[np.bool_] = finite & on_globe & ~nowhere & (self.quality > 0)
        return valid

    def valid_within(self, traces: int) -> Fixes:
        """Return the valid fixes that lie on rows of a recording of `traces` traces, by row.

        Of several fixes on one row the last is kept.
        """
        keep = self.valid & (self.row >= 0.0) & (self.row <= traces - 1.0)
        chosen = np.flatnonzero(keep)
        chosen = chosen[np.argsort(self.row[chosen], kind="stable")]
        if chosen.size > 1:
            last_of_row = np.append(np.diff(self.row[chosen]) > 0.0, [True])
            chosen = chosen[last_of_row]
        return Fixes(
            self.row[chosen],
            self.longitude_deg[chosen],
            self.latitude_deg[chosen],
            self.up_m[chosen],
            self.quality[chosen],
        )

    def at_rows(self, rows: Values) -> Pose:
        """Interpolate the fixes linearly at `rows`; NaN before the first and after the last.

        Call it on the answer of `valid_within`.
        """
        if len(self) == 0:
            unknown = np.full(rows.shape, np.nan)
            return Pose.at(unknown, unknown)
        longitude = np.unwrap(self.longitude_deg, period=360.0)
        lon, lat, up = (
            np.interp(rows, self.row, column, left=np.nan, right=np.nan)
            for column in (longitude, self.latitude_deg, self.up_m)
        )
        return Pose.at((lon + 180.0) % 360.0 - 180.0, lat, up_m=up)


NO_FIXES = Fixes.of([])
