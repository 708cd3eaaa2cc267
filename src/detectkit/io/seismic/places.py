"""Where traces were, from whichever fields of the trace header hold it.

Standard files have scaled integers in metres, feet, arc seconds or degrees. Drone loggers
(SkyHub, Zond) write floats as NMEA does, degrees × 100 + minutes: float64 at 182/190 or
float32 at 72/76; of the two the float64 is preferred, a float32 is only good to a metre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from detectkit.io.fixes import NO_FIXES, Fixes
from detectkit.io.overrides import Overrides
from detectkit.io.remarks import Remarks
from detectkit.io.seismic.trace_header import numbers

CoordinateField = Literal["float64", "float32", "int32"]
CoordinateUnit = Literal["nmea", "degree", "arc_second", "dms", "metre", "foot", "none"]
FIELDS: tuple[str, ...] = get_args(CoordinateField)
UNITS: tuple[str, ...] = get_args(CoordinateUnit)
LENGTHS_M = {"metre": 1.0, "foot": 0.3048}
STRUCTURAL = {
    "coordinate_field": f"header numbers that hold positions: {', '.join(FIELDS)}",
    "coordinate_unit": f"unit of those numbers: {', '.join(UNITS)}",
}
_NAMES = {
    "float64": ("longitude_f8", "latitude_f8"),
    "float32": ("longitude_f4", "latitude_f4"),
    "int32": ("source_x", "source_y"),
}
_UNIT_CODES = {1: "metre", 2: "arc_second", 3: "degree", 4: "dms"}
_FEET = 2
_WIDEST_LINE_DEG = 5.0
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Places:
    """Which fields hold positions and in what unit; ``unit="none"`` for no positions."""

    field: str
    unit: str

    @property
    def drone(self) -> bool:
        """True where the positions are a drone logger's floats."""
        return self.field != "int32"

    def columns(self, head: npt.NDArray[Any]) -> dict[str, Values]:
        """Return longitude and latitude, or easting and northing, of each trace."""
        if self.unit == "none":
            return {}
        x, y = self.xy(head)
        if self.unit in LENGTHS_M:
            return {"easting_m": x * LENGTHS_M[self.unit], "northing_m": y * LENGTHS_M[self.unit]}
        longitude, latitude = to_degrees(x, self.unit), to_degrees(y, self.unit)
        with np.errstate(invalid="ignore"):
            nowhere = (x == 0.0) & (y == 0.0)
            bad = nowhere | ~(np.abs(longitude) <= 180.0) | ~(np.abs(latitude) <= 90.0)
        longitude[bad] = np.nan
        latitude[bad] = np.nan
        return {"longitude_deg": longitude, "latitude_deg": latitude}

    def fixes(self, heads: npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> Fixes:
        """Return the positions of some trace headers as fixes; none where they are lengths."""
        columns = self.columns(heads)
        if "longitude_deg" not in columns:
            return NO_FIXES
        longitude, latitude = columns["longitude_deg"], columns["latitude_deg"]
        quality = (np.isfinite(longitude) & np.isfinite(latitude)).astype(np.uint8)
        unknown = np.full(rows.shape, np.nan)
        return Fixes(rows.astype(np.float64), longitude, latitude, unknown, quality)

    def xy(self, head: npt.NDArray[Any]) -> tuple[Values, Values]:
        """Return the two numbers of each trace, the standard's scalar applied to integers."""
        x, y = (numbers(head[name]) for name in _NAMES[self.field])
        if self.field != "int32":
            return x, y
        factor = scalar_factor(head["coordinate_scalar"])
        return x * factor, y * factor


def scalar_factor(scalar: npt.NDArray[Any]) -> Values:
    """Return the factor of a SEG-Y scalar: positive multiplies, negative divides, 0 is 1.

    Examples
    --------
    >>> scalar_factor(np.array([-100, 0, 10])).tolist()
    [0.01, 1.0, 10.0]
    """
    value = scalar.astype(np.float64)
    size = np.where(value == 0.0, 1.0, np.abs(value))
    return np.where(value < 0.0, 1.0 / size, size)


def to_degrees(values: Values, unit: str) -> Values:
    """Return degrees of numbers in an angular unit; NaN where minutes or seconds pass 60.

    Examples
    --------
    >>> to_degrees(np.array([5006.0]), "nmea").tolist()
    [50.1]
    """
    if unit == "degree":
        return values.copy()
    if unit == "arc_second":
        return values / 3600.0
    size = np.abs(values)
    with np.errstate(invalid="ignore"):
        if unit == "nmea":
            degrees, minutes = np.divmod(size, 100.0)
            seconds = np.zeros_like(size)
        else:
            degrees, rest = np.divmod(size, 10000.0)
            minutes, seconds = np.divmod(rest, 100.0)
        angle = degrees + minutes / 60.0 + seconds / 3600.0
        angle[(minutes >= 60.0) | (seconds >= 60.0)] = np.nan
    return np.copysign(angle, values)


def find_places(
    heads: npt.NDArray[Any],
    overrides: Overrides,
    remarks: Remarks,
    *,
    arc_seconds: bool,
    feet: bool,
) -> Places:
    """Choose the fields and unit of positions from sampled trace headers and the user's word.

    `arc_seconds` and `feet` tell what integers of no or of unit 1 are in this kind of file.
    """
    field = overrides.choice("coordinate_field", FIELDS, None)
    unit = overrides.choice("coordinate_unit", UNITS, None)
    if field is None:
        field = next((one for one in ("float64", "float32") if _float_unit(heads, one)), "int32")
    if unit is None:
        unit = _float_unit(heads, field) or "nmea"
        if field == "int32":
            unit = _integer_unit(heads, arc_seconds=arc_seconds, feet=feet)
        _report(Places(field, unit), heads, remarks)
    return Places(field, unit)


def _float_unit(heads: npt.NDArray[Any], field: str) -> str:
    """Return the unit in which floats are one line's positions, empty where in none.

    As NMEA both below 100 would lie in the sea off Africa: such numbers are degrees.
    """
    if field == "int32":
        return ""
    x, y = (numbers(heads[name]) for name in _NAMES[field])
    with np.errstate(invalid="ignore"):
        told = (np.abs(x) > 1e-4) & (np.abs(y) > 1e-4) & np.isfinite(x) & np.isfinite(y)
    empty = (x == 0.0) & (y == 0.0)
    if told.sum() * 2 < x.size or not np.all(told | empty):
        return ""
    x, y = x[told], y[told]
    small = float(np.abs(x).max()) < 100.0 and float(np.abs(y).max()) < 90.0
    for unit in ("degree", "nmea") if small else ("nmea", "degree"):
        if _one_line(to_degrees(x, unit), 180.0) and _one_line(to_degrees(y, unit), 90.0):
            return unit
    return ""


def _one_line(degrees: Values, most: float) -> bool:
    with np.errstate(invalid="ignore"):
        near = bool(np.ptp(degrees) <= _WIDEST_LINE_DEG)
        return near and bool(np.all(np.abs(degrees) <= most))


def _integer_unit(heads: npt.NDArray[Any], *, arc_seconds: bool, feet: bool) -> str:
    if not np.any(heads["source_x"]) and not np.any(heads["source_y"]):
        return "none"
    told = _UNIT_CODES.get(int(heads["coordinate_unit"][0]))
    if told is None:
        return "arc_second" if arc_seconds else "metre"
    return "foot" if told == "metre" and feet else told


def _report(places: Places, heads: npt.NDArray[Any], remarks: Remarks) -> None:
    if places.unit == "none":
        return
    x, y = places.xy(heads[:1])
    text = (
        f"positions read from {places.field} header numbers as {places.unit} (first trace "
        f"{x[0]:.10g}, {y[0]:.10g})"
    )
    told = int(heads["coordinate_unit"][0]) in _UNIT_CODES and not places.drone
    if told:
        remarks.note(text, setting="coordinate_unit")
    else:
        remarks.assumed(text, setting="coordinate_unit")
    if places.unit not in LENGTHS_M:
        text = "every trace header holds its position; those of some traces are listed as fixes"
        remarks.note(text)
    if places.field == "float32":
        remarks.warning("positions are float32: good to about a metre")
