"""What a flight's geometry can resolve: widths, sidelobes, and how close its lines must lie.

Widths are measured on the numeric point-spread function. Beside them stand rules of thumb: in
depth ``v / (2 B)``, along the line ``λ / (4 sin θ)`` with the angle θ in the ground up to which
echoes keep half their strength (Daniels, Ground Penetrating Radar, 2004, ch. 2; Soumekh 1999).
Sampling: neighbouring traces must see the highest frequency less than half a turn apart, which is
a spacing of ``λ / (4 sin θ)`` again, in the medium of the antennas; a quarter of the wavelength
for antennas on the ground (Grasmueck, Weger and Horstmeyer, Geophysics 70, 2005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.imaging.backprojection import Antennas
from detectkit.imaging.point_spread import (
    Lobe,
    Medium,
    Pulse,
    echo_strength,
    lobe_of,
    medium_of,
    point_spread,
)
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Values = npt.NDArray[np.float64]
ALONG, ACROSS, DOWN = range(3)
STEPS_PER_WAVE = 40.0
FINEST_SHARE = 0.25
"""Traces nearer than this part of the spacing that is near enough add nothing to the function."""
FAINT = 0.01
"""Nor do traces that hear the body with less than this part of the strongest."""
HALF = 0.5
MOST_TRACES = 200_000


@dataclass(frozen=True, slots=True)
class LineGeometry:
    """Parallel lines at one height, flown along the first axis.

    Parameters
    ----------
    height_m
        Of the antennas over the ground; 0: on it.
    line_spacing_m, trace_spacing_m
        Between neighbouring lines, and between the traces of a line.
    antenna_separation_m
        Of transmitter and receiver, along the line.
    radius_m
        Traces farther than this from a body, horizontally, are not used for its image.
    """

    height_m: float
    line_spacing_m: float
    trace_spacing_m: float
    antenna_separation_m: float = 0.0
    radius_m: float = 1.5

    def __post_init__(self) -> None:
        lengths = (self.line_spacing_m, self.trace_spacing_m, self.radius_m)
        rest = (self.height_m, self.antenna_separation_m)
        if not all(map(math.isfinite, lengths + rest)) or min(lengths) <= 0.0 or min(rest) < 0.0:
            msg = (
                f"height {self.height_m:g} m, antennas {self.antenna_separation_m:g} m apart, "
                f"lines {self.line_spacing_m:g} m and traces {self.trace_spacing_m:g} m apart, "
                f"radius {self.radius_m:g} m: spacings and radius must be above 0, the others not "
                "below"
            )
            raise UsageError(msg)

    def antennas(self, *, aside_m: float = 0.0, finest_m: float = 0.0) -> Antennas:
        """Return the antennas around a body at the origin.

        Parameters
        ----------
        aside_m
            How far a line passes beside the body.
        finest_m
            Traces and lines are thinned, every n-th, until just not farther apart than this.
        """
        along = _multiples(self.radius_m, _thinned(self.trace_spacing_m, finest_m))
        line_m = _thinned(self.line_spacing_m, finest_m)
        lines = _multiples(self.radius_m + abs(aside_m), line_m) + aside_m
        if along.size * lines.size > MOST_TRACES:
            msg = (
                f"{lines.size} lines of {along.size} traces within {self.radius_m:g} m are too "
                f"many to sum; give wider spacings or a smaller radius"
            )
            raise UsageError(msg)
        x, y = (one.ravel() for one in np.meshgrid(along, lines, indexing="ij"))
        near = np.hypot(x, y) <= self.radius_m
        middle = np.column_stack([x, y, np.full(x.size, self.height_m)])[near]
        half = np.array([0.5 * self.antenna_separation_m, 0.0, 0.0])
        return Antennas.level(middle - half, middle + half)


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A radar over ground: what decides what can be told apart.

    Parameters
    ----------
    geometry
        Where the antennas go.
    pulse
        What they send.
    velocity_m_per_s
        In the ground.
    """

    geometry: LineGeometry
    pulse: Pulse
    velocity_m_per_s: float
    medium: Medium = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "medium", medium_of(self.velocity_m_per_s))

    @property
    def wave_m(self) -> float:
        """Wavelength in the ground at the pulse's mean frequency."""
        return self.velocity_m_per_s / self.pulse.mean_hz

    def spread(self, depth_m: float, at_m: Values) -> Values:
        """Return the image of a point under a line at places (places, 3) around it."""
        point = np.array([0.0, 0.0, depth_m])
        finest_m = FINEST_SHARE * sampling(self, depth_m).alias_free_m
        antennas = self.geometry.antennas(finest_m=finest_m)
        strength = echo_strength(antennas, point, self.medium)
        heard = strength >= FAINT * strength.max()
        loud = Antennas.level(antennas.transmitter[heard], antennas.receiver[heard])
        return point_spread(
            loud, point, at_m, pulse=self.pulse, medium=self.medium, weight=strength[heard]
        )


@dataclass(frozen=True, slots=True)
class Sampling:
    """How close traces must lie for a depth, by three rules.

    Parameters
    ----------
    half_strength_m
        Horizontal distance at which a body's echo has half the strength as from above it.
    alias_free_m
        Farthest spacing at which neighbours see the band less than half a turn apart.
    fresnel_m
        Radius of the first Fresnel zone: from its edge the echo comes half a period later. Lines
        no farther apart than this cross the zone of every body at least twice.
    midway_db
        Strength of a body midway between two lines against one under a line.
    sine_in_ground
        Of the angle in the ground at `half_strength_m`.
    """

    half_strength_m: float
    alias_free_m: float
    fresnel_m: float
    midway_db: float
    sine_in_ground: float


@dataclass(frozen=True, slots=True)
class Resolution:
    """What is told apart at one depth; widths at -3 dB in m, levels in dB under the peak.

    An infinite width: no narrower than the radius in which traces are used.
    """

    depth_m: float
    along_m: float
    across_m: float
    down_m: float
    along_rule_m: float
    down_rule_m: float
    along_sidelobe_db: float
    across_sidelobe_db: float
    sampling: Sampling
    line_spacing_m: float
    trace_spacing_m: float

    @property
    def lines_focus(self) -> bool:
        """Tell whether the lines lie close enough to be focused together."""
        return self.line_spacing_m <= self.sampling.alias_free_m * (1.0 + 1e-9)

    @property
    def traces_focus(self) -> bool:
        """Tell whether the traces of a line lie close enough."""
        return self.trace_spacing_m <= self.sampling.alias_free_m * (1.0 + 1e-9)

    @property
    def lines_alone(self) -> bool:
        """Tell whether a body under one line is not seen by the next at half strength."""
        return self.line_spacing_m > self.sampling.half_strength_m

    @property
    def apart_along_m(self) -> float:
        """Bodies farther apart along the line show as two."""
        return self.along_m if self.traces_focus else max(self.along_m, self.trace_spacing_m)

    @property
    def apart_across_m(self) -> float:
        """The same across the lines: never less than their spacing where they cannot focus."""
        return self.across_m if self.lines_focus else max(self.across_m, self.line_spacing_m)


def resolution(sight: Sight, depth_m: float) -> Resolution:
    """Return what a flight can resolve at a depth, for a body under a line.

    Raises
    ------
    UsageError
        The depth is not above 0.

    Examples
    --------
    >>> lines = LineGeometry(height_m=0.5, line_spacing_m=0.4, trace_spacing_m=0.02)
    >>> found = resolution(Sight(lines, Pulse.ricker(1.2e9), 1e8), 0.1)
    >>> found.lines_focus, found.lines_alone, round(found.down_rule_m, 3)
    (False, True, 0.036)
    """
    if not (math.isfinite(depth_m) and depth_m > 0.0):
        msg = f"depth {depth_m} m must be above 0, below the ground's surface"
        raise UsageError(msg)
    known = sampling(sight, depth_m)
    lobes = [_cut(sight, depth_m, axis) for axis in (ALONG, ACROSS, DOWN)]
    return Resolution(
        depth_m=depth_m,
        along_m=lobes[ALONG].width_m,
        across_m=lobes[ACROSS].width_m,
        down_m=lobes[DOWN].width_m,
        along_rule_m=sight.wave_m / (4.0 * known.sine_in_ground),
        down_rule_m=sight.velocity_m_per_s / (2.0 * sight.pulse.bandwidth_hz),
        along_sidelobe_db=decibels(lobes[ALONG].sidelobe),
        across_sidelobe_db=decibels(lobes[ACROSS].sidelobe),
        sampling=known,
        line_spacing_m=sight.geometry.line_spacing_m,
        trace_spacing_m=sight.geometry.trace_spacing_m,
    )


def sampling(sight: Sight, depth_m: float) -> Sampling:
    """Return how close traces must lie to focus a depth; see `Sampling`."""
    geometry, pulse = sight.geometry, sight.pulse
    away = np.linspace(0.0, geometry.radius_m, 1501)
    one_leg = _single(geometry.height_m, away)
    strength = echo_strength(one_leg, np.array([0.0, 0.0, depth_m]), sight.medium)
    delay_s = _delay_s(sight, depth_m, away)
    strong = strength >= HALF * strength[0]
    # slowness is the slope of the two-way time: Snell keeps it through the surface
    slowness = np.gradient(delay_s, away)
    steepest = float(slowness[strong].max())
    late = np.flatnonzero(delay_s - delay_s[0] >= 0.5 / pulse.mean_hz)
    midway = float(np.interp(0.5 * geometry.line_spacing_m, away, strength))
    return Sampling(
        half_strength_m=float(away[strong][-1]),
        alias_free_m=0.5 / (pulse.band_hz[1] * steepest),
        fresnel_m=float(away[late[0]]) if late.size else geometry.radius_m,
        midway_db=decibels(midway / float(strength[0])),
        sine_in_ground=0.5 * steepest * sight.velocity_m_per_s,
    )


def decibels(ratio: float) -> float:
    """Return an amplitude ratio in dB; -inf for none."""
    return 20.0 * math.log10(ratio) if ratio > 0.0 else -math.inf


def _cut(sight: Sight, depth_m: float, axis: int) -> Lobe:
    reach = 2.0 * sight.velocity_m_per_s / sight.pulse.bandwidth_hz
    if axis != DOWN:
        reach = sight.geometry.radius_m
    offset = _multiples(reach, sight.wave_m / STEPS_PER_WAVE)
    at = np.zeros((offset.size, 3))
    at[:, axis] = offset
    at[:, DOWN] += depth_m
    return lobe_of(offset, sight.spread(depth_m, at))


def _delay_s(sight: Sight, depth_m: float, away: Values) -> Values:
    """Return the two-way time to a point at a depth from antennas so far away."""
    n, h = sight.medium.index, sight.geometry.height_m
    if h <= 0.0:
        return np.asarray(2.0 * np.hypot(away, depth_m) / sight.velocity_m_per_s, np.float64)
    tangent = np.linspace(0.0, 1.0, 4001) ** 2 * 2.0 * sight.geometry.radius_m / h
    root = np.sqrt(n * n + (n * n - 1.0) * tangent**2)
    sine = tangent / np.sqrt(1.0 + tangent**2)
    path = h * np.sqrt(1.0 + tangent**2) + n * depth_m / np.sqrt(1.0 - (sine / n) ** 2)
    reached = h * tangent + depth_m * tangent / root
    return np.asarray(2.0 * np.interp(away, reached, path) / SPEED_OF_LIGHT_M_S, np.float64)


def _single(height_m: float, away: Values) -> Antennas:
    place = np.column_stack([away, np.zeros(away.size), np.full(away.size, height_m)])
    return Antennas.level(place, place)


def _thinned(spacing_m: float, finest_m: float) -> float:
    return spacing_m * max(1, math.floor(finest_m / spacing_m))


def _multiples(reach: float, step: float) -> Values:
    count = math.floor(reach / step + 1e-9)
    return np.asarray(np.arange(-count, count + 1) * step, np.float64)
