"""How high a detector may fly and still hear a piece of metal: the number the operator needs.

A small piece answers a coil as the square of the coil's field at it. On the axis that falls as
``(a² + z²)^-3``: twice as high is 64 times fainter. So every detector has a height over which a
minimum-metal charge is silent, and silence there says nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from detectkit.core import UsageError
from detectkit.detect.metal.track import DetectorTrack

MU_0 = 4e-7 * math.pi
LEAST_SHARE = 0.5
"""Of what a perfect magnet of the ball's size would answer: a perfect conductor gives half, and
everything else of steel lies between (Grant and West, 1965)."""
PIECE_M3 = 1e-6
"""A cubic centimetre of steel, 8 g: metal of a minimum-metal mine."""
USUAL_DEPTH_M = 0.05


@dataclass(frozen=True, slots=True)
class Coil:
    """A coil that transmits a wave and listens to it.

    Parameters
    ----------
    radius_m, turns, current_a
        Of the coil; transmitter and receiver are alike.
    frequency_hz
        Of the wave.
    """

    radius_m: float = 0.14
    turns: int = 10
    current_a: float = 1.0
    frequency_hz: float = 20e3

    def __post_init__(self) -> None:
        if min(self.radius_m, self.turns, self.current_a, self.frequency_hz) <= 0.0:
            msg = f"a coil has radius, turns, current and frequency above 0; got {self}"
            raise UsageError(msg)

    def answer_nv(
        self, distance_m: float, *, volume_m3: float = PIECE_M3, share: float = LEAST_SHARE
    ) -> float:
        """Return what a small ball of metal on the axis answers at least, in nV.

        Method: ``V = ω μ0 I α (N H)²``, ``α = 3 v share``, H the field of one turn per ampere on
        the axis, ``a² / (2 (a² + z²)^1.5)`` (reciprocity; the polarizability of a ball: Grant and
        West, Interpretation Theory in Applied Geophysics, 1965, ch. 17).

        Parameters
        ----------
        distance_m
            From the coil to the ball.
        volume_m3
            Of the metal.
        share
            Of what a perfect magnet would answer.

        Examples
        --------
        >>> round(Coil(turns=1).answer_nv(0.13, volume_m3=2.7e-7, share=0.74))  # measured: 185
        187
        """
        field = self.turns * self.radius_m**2 / (2.0 * (self.radius_m**2 + distance_m**2) ** 1.5)
        drive = 2.0 * math.pi * self.frequency_hz * MU_0 * self.current_a
        answer: float = 1e9 * drive * 3.0 * volume_m3 * share * field**2
        return answer


@dataclass(frozen=True, slots=True)
class Reach:
    """From which height on a piece is silent over a lane.

    Below it the piece may be heard, if it does not answer along the soil's own direction.

    Parameters
    ----------
    height_m
        Of the coil over the ground; 0: everywhere.
    depth_m, volume_m3
        Of the piece.
    noise
        One standard deviation of the lane, in the channels' unit.
    flown_m
        Median height of the lane; NaN: not told.
    """

    height_m: float
    depth_m: float
    volume_m3: float
    noise: float
    flown_m: float = math.nan

    @property
    def text(self) -> str:
        """What the operator is told.

        Examples
        --------
        >>> print(Reach(0.42, 0.05, 1e-6, 5.0, 0.6).text)
        1 cm³ of steel 5 cm deep is not heard from higher than 0.42 m over this ground; flown at \
0.60 m: silence says nothing of it
        """
        piece = f"{1e6 * self.volume_m3:.3g} cm³ of steel {100.0 * self.depth_m:.0f} cm deep"
        if self.height_m <= 0.0:
            return f"{piece} is not heard from any height over this ground"
        said = f"{piece} is not heard from higher than {self.height_m:.2f} m over this ground"
        if math.isnan(self.flown_m):
            return said
        low = self.flown_m <= self.height_m
        meaning = "low enough to hear it" if low else "silence says nothing of it"
        return f"{said}; flown at {self.flown_m:.2f} m: {meaning}"


def reach_of(
    response: float,
    at_m: float,
    *,
    noise: float,
    threshold: float,
    coil_radius_m: float = 0.14,
    depth_m: float = USUAL_DEPTH_M,
) -> float:
    """Return the greatest height in m at which a piece still stands out; 0 where at none.

    Parameters
    ----------
    response
        Of the piece, in the unit of the noise, measured (a test piece, see the calibration) or from
        `Coil.answer_nv`.
    at_m
        Distance from the coil at which that is.
    noise
        One standard deviation.
    threshold
        In standard deviations.
    coil_radius_m
        Of the detector.
    depth_m
        Of the piece.

    Examples
    --------
    >>> response = Coil().answer_nv(0.35)
    >>> round(reach_of(response, 0.35, noise=5.0, threshold=6.0), 2)
    0.59
    """
    if min(response, at_m, noise, threshold, coil_radius_m) <= 0.0:
        msg = (
            f"reach: response {response}, at_m {at_m}, noise {noise}, threshold {threshold} and "
            f"coil_radius_m {coil_radius_m} must be above 0"
        )
        raise UsageError(msg)
    square = coil_radius_m**2
    farthest = (square + at_m**2) * (response / (threshold * noise)) ** (1.0 / 3.0) - square
    return max(0.0, math.sqrt(max(farthest, 0.0)) - depth_m)


def lane_reach(
    track: DetectorTrack,
    line: str,
    coil: Coil,
    *,
    threshold: float = 6.0,
    volume_m3: float = PIECE_M3,
    depth_m: float = USUAL_DEPTH_M,
) -> Reach | None:
    """Return from which height on a piece is silent over a lane; None: nothing of it is kept.

    The noise is the lane's own, with what is left of the soil where it moves, so that over restless
    soil the reach is short. It is for a detector of the type of `Coil` whose channels are in nV; of
    others, measure a test piece and use `reach_of`.

    Parameters
    ----------
    track, line
        What was heard where.
    coil
        Of the detector.
    threshold
        In standard deviations, that of the alarms.
    volume_m3, depth_m
        Of the piece.
    """
    heights, spread = track.lane(line)
    if not len(spread):
        return None
    noise = max(float(np.median(spread)), 1e-12)
    known = heights[np.isfinite(heights)]
    flown = float(np.median(known)) if known.size else math.nan
    at_m = coil.radius_m + depth_m
    height = reach_of(
        coil.answer_nv(at_m, volume_m3=volume_m3), at_m,
        noise=noise, threshold=threshold, coil_radius_m=coil.radius_m, depth_m=depth_m,
    )  # fmt: skip
    return Reach(height, depth_m, volume_m3, noise, flown)
