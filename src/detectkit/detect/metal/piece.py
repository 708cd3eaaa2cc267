"""Pieces: where several passes of a detector heard something, the small piece that explains it.

One pass cannot tell a piece beside its way from another under it; so a place that passes beside
each other heard gets the dipole that explains their rows, with what is known of its errors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detectkit.core import Evidence, Indication
from detectkit.detect.found import Found
from detectkit.detect.metal.dipole import Dipole, invert_dipole
from detectkit.detect.metal.track import DetectorTrack

Values = npt.NDArray[np.float64]

SUPPORT_M = 0.5
"""Alarms of other passes nearer than this may be of the same piece: a usual lane spacing."""
ROWS_M = 0.7
"""Rows so near are explained; those farther off hear other pieces as loud as this one."""
FARTHEST_M = 0.35
"""A piece farther from the place is another one."""
MOST_UNEXPLAINED = 1.0 / 3.0
SHALLOWEST_M = -0.05
"""An answer higher above the ground than this tells a place, but no depth."""
MODEL_ERROR_M = 0.03
"""Of a depth: a coil is no thin ring, a piece no ball."""
PASS_ERROR_M = 0.02
"""Of a pass beside another, where the rows tell no ``horizontal_error_m``."""
WIDTH_OVER_DEVIATION = 2.355
"""Full width at half the height over one standard deviation, of a normal distribution."""
FIT = "dipole_fit"
MOST_PLACES = 40
"""So many places get a fit, the strongest first: each takes a fifth of a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What one detector heard: its track, its alarms with their places, its coil.

    Parameters
    ----------
    track, founds
        Of one `MetalBranch`.
    coil_radius_m
        Of the detector.
    east_m, north_m, passes
        Of each alarm, in the track's metres; NaN and -1 where not known.
    numbers
        Where an alarm stands among them, by its ``id``.
    """

    track: DetectorTrack
    founds: tuple[Found, ...]
    coil_radius_m: float
    east_m: Values
    north_m: Values
    passes: npt.NDArray[np.int64]
    numbers: Mapping[int, int]

    @classmethod
    def of(
        cls, track: DetectorTrack, founds: Sequence[Found], coil_radius_m: float = 0.14
    ) -> Heard:
        """Find the places of some alarms."""
        places = [_metres(track, one.indication) for one in founds]
        east, north = np.array(places, np.float64).reshape(-1, 2).T
        passes = np.array([track.pass_of(one.row) for one in founds], np.int64)
        numbers = {id(one): number for number, one in enumerate(founds)}
        return cls(track, tuple(founds), coil_radius_m, east, north, passes, numbers)

    def near(self, found: Found) -> int:
        """Return how many passes have an alarm near that of `found`, its own included."""
        at = self.numbers[id(found)]
        away = np.hypot(self.east_m - self.east_m[at], self.north_m - self.north_m[at])
        return int(np.unique(self.passes[(away <= SUPPORT_M) & (self.passes >= 0)]).size)

    def fit(self, one: Indication) -> tuple[Dipole, Dipole] | None:
        """Return a ball and a body of any shape that explain the rows around a place; or None."""
        east, north = _metres(self.track, one)
        rows = self.track.around(east, north, within_m=ROWS_M)
        ball = invert_dipole(rows, coil_radius_m=self.coil_radius_m)
        if ball is None or not _is_here(ball):
            return None
        other = invert_dipole(rows, coil_radius_m=self.coil_radius_m, shape="any")
        return None if other is None else (ball, other)


def with_piece(one: Indication, found: Found, heard: Heard) -> Indication:
    """Return an indication with the piece of metal that explains it; nothing is taken from it.

    Its place becomes the piece's where that is known better. Before, it is known to a standard
    deviation of the width over which one pass hears it, over 2.355. The old place stays in the
    evidence. Numbers are rounded to a tenth of a millimetre.

    Parameters
    ----------
    one
        A place.
    found
        The place's strongest alarm.
    heard
        Of the detector that `found` is of.
    """
    made = heard.fit(found.indication)
    told = [Evidence(FIT, float(made is not None))]
    if made is None:
        return replace(one, evidence=(*one.evidence, *told))
    ball, other = made
    pass_error = _named(found.indication, "horizontal_error_m", PASS_ERROR_M)
    width = _named(found.indication, "detector_width_m", 0.0) / WIDTH_OVER_DEVIATION
    error = _position_error_m(ball, other, pass_error)
    east, north = _metres(heard.track, found.indication)
    longitude, latitude = heard.track.degrees(east + ball.east_m, north + ball.north_m)
    told += _evidence(ball, other, _unit(found.indication))
    told += [
        Evidence("dipole_position_error_m", round(error, 4), "m"),
        Evidence("dipole_longitude_deg", longitude, "degree_east"),
        Evidence("dipole_latitude_deg", latitude, "degree_north"),
    ]
    if error < math.hypot(width, pass_error) and None not in (one.longitude_deg, one.latitude_deg):
        told += [
            Evidence("found_longitude_deg", one.longitude_deg or 0.0, "degree_east"),
            Evidence("found_latitude_deg", one.latitude_deg or 0.0, "degree_north"),
        ]
        one = replace(one, longitude_deg=longitude, latitude_deg=latitude)
    return replace(one, evidence=(*one.evidence, *told))


def pieces_text(indications: Sequence[Indication]) -> str:
    """Return how many places got a piece, and how many none; empty where none was looked for."""
    fits = [each.value for one in indications for each in one.evidence if each.name == FIT]
    if not fits:
        return ""
    moved = sum(
        any(each.name == "found_longitude_deg" for each in one.evidence) for one in indications
    )
    failed = int(len(fits) - sum(fits))
    words = (
        f"{len(fits)} places were heard by several passes of a detector; {int(sum(fits))} of them "
        f"fit a small piece of metal, {moved} were moved to it (dipole_ in the evidence)"
    )
    return f"{words}; {failed}: no fit" if failed else words


def _is_here(ball: Dipole) -> bool:
    return (
        not ball.at_edge
        and ball.unexplained <= MOST_UNEXPLAINED
        and math.hypot(ball.east_m, ball.north_m) <= FARTHEST_M
    )


def _position_error_m(ball: Dipole, other: Dipole, pass_error_m: float) -> float:
    """Return one standard deviation: of the fit, of the passes, of what shape the piece has."""
    shape = 0.5 * math.hypot(ball.east_m - other.east_m, ball.north_m - other.north_m)
    return math.hypot(ball.east_error_m, ball.north_error_m, pass_error_m, shape)


def _evidence(ball: Dipole, other: Dipole, unit: str) -> Iterator[Evidence]:
    """Yield depth and moment, each with its error, and how well the rows are explained."""
    if ball.depth_m >= SHALLOWEST_M:
        error = math.hypot(ball.depth_error_m, ball.depth_m - other.depth_m, MODEL_ERROR_M)
        yield Evidence("dipole_depth_m", round(ball.depth_m, 4), "m")
        yield Evidence("dipole_depth_error_m", round(error, 4), "m")
    loudest = int(np.abs(ball.moment).argmax())
    moment = f"{unit} m2"
    yield Evidence("dipole_moment", float(f"{ball.moment[loudest]:.4g}"), moment)
    yield Evidence("dipole_moment_error", float(f"{ball.moment_error[loudest]:.4g}"), moment)
    yield Evidence("dipole_unexplained", round(ball.unexplained, 4))
    yield Evidence("dipole_passes", float(ball.passes))


def _metres(track: DetectorTrack, one: Indication) -> tuple[float, float]:
    if one.longitude_deg is None or one.latitude_deg is None:
        return math.nan, math.nan
    return track.metres(one.longitude_deg, one.latitude_deg)


def _named(one: Indication, name: str, otherwise: float) -> float:
    return next((each.value for each in one.evidence if each.name == name), otherwise)


def _unit(one: Indication) -> str:
    return next((each.unit for each in one.evidence if each.name == "detector_spread"), "1")
