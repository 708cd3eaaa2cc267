"""The radar of a flight, full-wave: each lane is computed once, at places along the true way.

A lane is the straight part between the turns. The antennas' true way in it, with wind and height
error, is followed in the lane's vertical plane: sideways wind moves the whole plane to the lane's
mean place, no single trace. Places are `FullWave.shot_spacing_m` apart; a trace between them is
interpolated over four of them by its time, before the receiver's effects are added at its time.

Stated limits: two dimensions with the corrections of `detectkit.sim.spreading`; the vehicle's roll
moves nothing; small clutter is an endless cylinder, and not there where the plane misses it; echoes
between two bodies that are computed each by itself are left out; lanes that are not parallel to the
first have clods and moisture of their own where they cross it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

import numpy as np
import numpy.typing as npt

from detectkit.sim.antenna import in_air, radargram, record_s
from detectkit.sim.antenna.effects import Effects, direct_wave, effects_of
from detectkit.sim.bodies import PlacedBody
from detectkit.sim.burial import Buried
from detectkit.sim.fdtd import Pulse, Solver
from detectkit.sim.flight import Trajectory
from detectkit.sim.fullwave.lane import BAND_HZ, Lane, respond
from detectkit.sim.fullwave.pattern import pattern_of
from detectkit.sim.fullwave.plan import solver_for, spacing_for, wettest_index
from detectkit.sim.fullwave.settings import FullWave
from detectkit.sim.fullwave.track import Frame, LaneTrack, track_of
from detectkit.sim.instruments import Radar
from detectkit.sim.layout import plugs_of
from detectkit.sim.scene import Subsurface

Values = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Progress = Callable[[int, int, int], None]

LIGHTER = 0.9
"""Of the mean refractive index: dry pieces through which waves come deeper."""


class LaneStore(Protocol):
    """Keeps what lanes have cost to compute."""

    def get(self, number: int) -> Floats | None:
        """Return the counts at a lane's places, None where they are not kept."""
        ...

    def put(self, number: int, counts: Floats) -> None:
        """Keep them."""
        ...


@dataclass(frozen=True, slots=True)
class LaneWork:
    """How lanes are computed; nothing of it changes a bit.

    Parameters
    ----------
    threads
        Used by the solver.
    progress
        Called with the lane's number, the shots done and all shots of that lane.
    store
        Keeps the lanes over the life of the process; None: in memory only.
    """

    threads: int = 1
    progress: Progress | None = None
    store: LaneStore | None = None


@dataclass(slots=True, eq=False)
class FullWaveRadar:
    """The full-wave radar of one scenario and seed.

    Parameters
    ----------
    radar, subsurface, settings
        Of the scenario.
    buried, trajectory
        What it flies over, and how.
    seed
        Of the ground and of all noise.
    work
        See `LaneWork`.
    """

    radar: Radar
    subsurface: Subsurface
    settings: FullWave
    buried: Buried
    trajectory: Trajectory
    seed: int
    work: LaneWork
    _effects: Effects = field(init=False)
    _direct: Values = field(init=False)
    _tracks: dict[int, LaneTrack] = field(default_factory=dict)
    _counts: dict[int, Floats] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._effects = effects_of(self.radar, seed=self.seed)
        self._direct = direct_wave(self.radar)

    def traces(self, number: int, time_s: Values) -> Floats:
        """Return the traces of a lane at times in it, in counts, float32 (rows, samples)."""
        rows = between(self.counts(number), self.track(number).time_s, time_s)
        radar, effects = self.radar, self._effects
        rows += self._direct
        if max(radar.time_zero_drift_s, radar.trace_jitter_s, radar.sample_jitter_s) > 0.0:
            rows = effects.moved(rows, effects.late_s(time_s), time_s)
        return effects.recorded(rows, time_s)

    def counts(self, number: int) -> Floats:
        """Return the counts at a lane's places, without the receiver's effects.

        Computes the lane where that was not done yet: this takes minutes.

        Returns
        -------
        float32 (places, samples)
        """
        with self._lock:
            if number not in self._counts:
                store = self.work.store
                kept = None if store is None else store.get(number)
                if kept is None:
                    kept = self._computed(number)
                    if store is not None:
                        store.put(number, kept)
                self._counts[number] = kept
        return self._counts[number]

    def track(self, number: int) -> LaneTrack:
        """Return where a lane's places are, and when the antennas are there."""
        if number not in self._tracks:
            lane = self.trajectory.route.lanes[number]
            self._tracks[number] = track_of(
                self.trajectory, lane, self.radar, spacing_m=self.settings.shot_spacing_m
            )
        return self._tracks[number]

    def shots(self, number: int) -> int:
        """Return how many shots a lane costs."""
        lane = self.lane(number)
        return len(lane.shots) + sum(len(lane.heard_by(one)) for one in lane.targets)

    def lane(self, number: int) -> Lane:
        """Return a lane as the full-wave solver takes it, in coordinates of its own plane."""
        track = self.track(number)
        frame, across_m = track.frame, track.across_m
        targets = [frame.turned(one) for one in self.buried.targets]
        clutter = [frame.turned(one) for one in self.buried.clutter]
        heard = [one for one in targets if abs(one.across_m - across_m) <= self.settings.beside_m]
        alone = [one for one in clutter if self._is_alone(one, across_m)]
        return Lane(
            self.subsurface,
            self.seed,
            track.shots,
            targets=(*heard, *alone),
            clutter=tuple(one for one in clutter if one not in alone),
            plugs=plugs_of([*targets, *clutter], across_m=across_m),
            surface=lambda along_m: self._ground(frame, along_m, across_m),
            across_m=across_m,
            reach_m=self.settings.reach_m,
        )

    def _is_alone(self, one: PlacedBody, across_m: float) -> bool:
        """Tell whether clutter is computed by itself, as targets are."""
        settings = self.settings
        stands_out = bool(one.body.metal) or 2.0 * one.body.outer_radius_m >= settings.compact_m
        return stands_out and abs(one.across_m - across_m) <= settings.compact_beside_m

    def spacing_m(self) -> float:
        """Return the side of a cell."""
        if self.settings.cell_m > 0.0:
            return self.settings.cell_m
        centre_hz = self.pulse_hz()
        index = wettest_index(self.subsurface, centre_hz=centre_hz)
        return spacing_for(centre_hz=centre_hz, index=index)

    def pulse_hz(self) -> float:
        """Return the centre of the pulse that drives the solver."""
        if self.settings.pulse_hz > 0.0:
            return self.settings.pulse_hz
        radar = self.radar
        return radar.centre_hz if radar.mode == "impulse" else 0.5 * sum(radar.band_hz)

    def solver(self, number: int) -> Solver:
        """Return how a lane is solved."""
        track, pulse = self.track(number), Pulse(self.pulse_hz())
        over = track.shots.sources[:, 1] - self._ground(
            track.frame, track.shots.sources[:, 0], track.across_m
        )
        return solver_for(
            centre_hz=pulse.centre_hz,
            trace_s=record_s(self.radar, pulse) - 2.0 * pulse.peak_s,
            height_m=(float(over.min()), float(over.max())),
            index=LIGHTER * math.sqrt(self.subsurface.at(BAND_HZ)[0]),
            half_width_m=self.settings.half_width_m,
        )

    def _computed(self, number: int) -> Floats:
        lane, told = self.lane(number), self.work.progress
        heard = respond(
            lane,
            self.buried.library,
            self.solver(number),
            spacing_m=self.spacing_m(),
            threads=self.work.threads,
            progress=None if told is None else lambda done, total: told(number, done, total),
        )
        background = heard.background
        counts = radargram(background, self.radar, air=in_air(background, lane.shots))
        for one in heard.targets:
            weight = pattern_of(lane, one, self.radar)
            counts[one.shots] += radargram(one.responses, self.radar, weight=weight)
        return counts

    def _ground(self, frame: Frame, along_m: Values, across_m: float) -> Values:
        """Return the mean ground in a lane's plane."""
        place = frame.site(along_m, np.full(np.shape(along_m), across_m))
        return self.trajectory.surface.mean_up_m(*self.trajectory.geography.local(*place))


def between(counts: Floats, known_s: Values, time_s: Values) -> Values:
    """Return traces between places, by a cubic through the two places on either side.

    Parameters
    ----------
    counts
        At the places, (places, samples).
    known_s
        When the antennas are there, evenly spaced, (places,).
    time_s
        When the traces are taken; from the second place to the last but one, (rows,).

    Returns
    -------
    float64 (rows, samples)
    """
    step = (known_s[-1] - known_s[0]) / (len(known_s) - 1)
    at = (time_s - known_s[0]) / step
    first = np.clip(np.floor(at).astype(np.int64) - 1, 0, len(known_s) - 4)
    x = (at - first)[:, np.newaxis]
    weights = (
        -(x - 1.0) * (x - 2.0) * (x - 3.0) / 6.0,
        x * (x - 2.0) * (x - 3.0) / 2.0,
        -x * (x - 1.0) * (x - 3.0) / 2.0,
        x * (x - 1.0) * (x - 2.0) / 6.0,
    )
    rows = np.zeros((time_s.size, counts.shape[1]))
    for offset, weight in enumerate(weights):
        rows += weight * counts[first + offset]
    return rows
