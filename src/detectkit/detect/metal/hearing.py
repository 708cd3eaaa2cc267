"""Hearing: what a detector can have heard along its lanes, so that its silence is not believed.

Two pieces stand for what lies in the ground: a cubic centimetre of steel, which most minimum-metal
mines do not hold, and a tenth of one, which is what those with the least metal do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from detectkit.detect.metal.reach import PIECE_M3, USUAL_DEPTH_M, Reach, lane_reach
from detectkit.detect.metal.settings import MetalSettings
from detectkit.detect.metal.track import DetectorTrack

LEAST_PIECE_M3 = 1e-7
"""Metal of the mines that hold least: 0.06 to 0.16 cm³ in PMA-2, TS-50, Type 72a and VS-50 as the
simulator's library has them."""
UNIT = "nV"


@dataclass(frozen=True, slots=True)
class LaneHearing:
    """What can have been heard along one lane.

    Parameters
    ----------
    line
        Its name.
    steel, least
        From which height on a cubic centimetre of steel is silent, and a tenth of one.
    """

    line: str
    steel: Reach
    least: Reach

    @property
    def down_to_m(self) -> float:
        """How deep the steel is heard at most from the height flown; 0: not at all."""
        deepest = self.steel.height_m + self.steel.depth_m - self.steel.flown_m
        return max(0.0, deepest) if self.steel.height_m > 0.0 else 0.0

    @property
    def hears_least(self) -> bool:
        """Whether the least metal may be heard from the height flown."""
        return self.least.flown_m <= self.least.height_m

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON and TOML."""
        return {
            "line": self.line,
            "noise_nv": round(self.steel.noise, 4),
            "flown_m": round(self.steel.flown_m, 3),
            "steel_silent_above_m": round(self.steel.height_m, 3),
            "steel_heard_to_depth_m": round(self.down_to_m, 3),
            "least_metal_silent_above_m": round(self.least.height_m, 3),
        }


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a detector can have heard.

    Parameters
    ----------
    sensor
        Its name.
    lanes
        Those that were judged and whose height is known.
    unjudged
        How many were not.
    settings
        Its coil, and the threshold of its alarms.
    unit
        Of its channels.
    """

    sensor: str
    lanes: tuple[LaneHearing, ...]
    unjudged: int
    settings: MetalSettings
    unit: str = UNIT

    @property
    def text(self) -> str:
        """What the operator is told, one paragraph."""
        if self.unit != UNIT:
            return (
                f"{self.sensor}: how small a piece it hears cannot be told of channels in "
                f"{self.unit or 'no unit'}; its silence says nothing without a test piece"
            )
        if not self.lanes:
            return f"{self.sensor}: no lane was long enough to judge; its silence says nothing"
        return f"{self.sensor}: {self._steel()}; {self._least()} ({self._coil()})"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON and TOML."""
        settings = self.settings
        return {
            "sensor": self.sensor,
            "says": self.text,
            "steel_m3": PIECE_M3,
            "least_metal_m3": LEAST_PIECE_M3,
            "depth_m": USUAL_DEPTH_M,
            "threshold": settings.threshold,
            "coil_radius_m": settings.coil_radius_m,
            "coil_turns": settings.coil_turns,
            "coil_current_a": settings.coil_current_a,
            "coil_frequency_hz": settings.coil_frequency_hz,
            "unjudged": self.unjudged,
            "lane": [one.to_dict() for one in self.lanes],
        }

    def _steel(self) -> str:
        flown = _span([one.steel.flown_m for one in self.lanes])
        heard = [one for one in self.lanes if one.down_to_m > 0.0]
        piece = f"{1e6 * PIECE_M3:.3g} cm³ of steel"
        if not heard:
            return f"{piece} is not heard at any depth from the {flown} m flown"
        where = _lanes(len(heard), len(self.lanes))
        deep = _span([one.down_to_m for one in heard])
        return f"{piece} is heard down to {deep} m at most, {where} flown at {flown} m"

    def _least(self) -> str:
        heard = sum(one.hears_least for one in self.lanes)
        where = "not heard" if not heard else f"heard at most {_lanes(heard, len(self.lanes))}"
        if heard == len(self.lanes):
            where = "may be heard"
        return (
            f"a minimum-metal AP mine ({1e6 * LEAST_PIECE_M3:.1g} cm³, "
            f"{100.0 * USUAL_DEPTH_M:.0f} cm deep): {where}"
        )

    def _coil(self) -> str:
        one = self.settings
        return (
            f"coil as [metal] has it: radius {one.coil_radius_m:g} m, {one.coil_turns} turns, "
            f"{one.coil_current_a:g} A, {one.coil_frequency_hz / 1e3:g} kHz"
        )


def hearing_of(
    track: DetectorTrack,
    sensor: str,
    unit: str,
    settings: MetalSettings,
    *,
    lines: Sequence[str] | None = None,
) -> Hearing:
    """Return what a detector can have heard, lane by lane.

    Parameters
    ----------
    track
        What was heard where.
    sensor, unit
        Name of the detector, and unit of its channels: only in nV can it be told.
    settings
        Its coil, and the threshold of its alarms.
    lines
        Lanes to judge; None: all.
    """
    lines = track.lines if lines is None else lines
    lanes = [_lane(track, one, settings) for one in lines] if unit == UNIT else []
    judged = tuple(one for one in lanes if one is not None)
    return Hearing(sensor, judged, len(lines) - len(judged), settings, unit)


def _lane(track: DetectorTrack, line: str, settings: MetalSettings) -> LaneHearing | None:
    steel = lane_reach(track, line, settings.coil, threshold=settings.threshold)
    if steel is None or math.isnan(steel.flown_m):
        return None
    least = lane_reach(
        track, line, settings.coil, threshold=settings.threshold, volume_m3=LEAST_PIECE_M3
    )
    return LaneHearing(line, steel, replace(steel, height_m=0.0) if least is None else least)


def _span(values: Sequence[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low}–{high}"


def _lanes(some: int, every: int) -> str:
    if some == every:
        return f"in all {every} lanes" if every > 1 else "in the lane"
    return f"in {some} of {every} lanes"
