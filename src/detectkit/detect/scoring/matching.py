"""Alarms and targets, one to one: the surest alarm first, each takes the nearest target left.

A target is hit where an alarm lies within its radius and a halo. An alarm in the halo of targets
that are all taken is neither hit nor false: the place is dug once. Because alarms come in order of
confidence, the assignment at any threshold is the beginning of the whole one: it is made once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.detect.scoring.fields import Alarm, Field, Target

Values = npt.NDArray[np.float64]
HALOS_M = (0.10, 0.25)
"""Halos that are reported: that of CWA 14747 for deminers, and that of vehicles' lanes."""
DEFAULT_HALO_M = 0.25


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a target.

    Parameters
    ----------
    target
        Which.
    alarm
        The surest that is assigned to it; None: missed at every threshold.
    surveyed
        Whether its cell was surveyed; if not it counts as missed, whatever the alarm.
    group, field
        What it is drawn with in a bootstrap, and the number of its field.
    away_m
        Alarm from target; NaN where there is none.
    """

    target: Target
    alarm: Alarm | None
    surveyed: bool
    group: str
    field: int
    away_m: float = float("nan")

    @property
    def hit(self) -> Alarm | None:
        """The alarm, where the target lies in surveyed ground."""
        return self.alarm if self.surveyed else None


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """An alarm in no target's halo.

    Parameters
    ----------
    alarm
        Which.
    lies_at
        Category of the known clutter whose halo holds it, else "none".
    group, field
        As of `Outcome`.
    surveyed
        False: outside of the surveyed ground. It counts all the same.
    """

    alarm: Alarm
    lies_at: str
    group: str
    field: int
    surveyed: bool = True


@dataclass(frozen=True, slots=True)
class Ground:
    """Surveyed area of a lane less the halos of the targets."""

    group: str
    field: int
    area_m2: float


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What became of each target and each alarm of many fields.

    Parameters
    ----------
    halo_m
        Beyond the target's radius.
    outcomes, false, doubles
        Targets, false alarms, and alarms that hit nothing new: neither hit nor false.
    ground
        Lane by lane.
    fields
        What was scored.
    """

    halo_m: float
    outcomes: tuple[Outcome, ...]
    false: tuple[FalseAlarm, ...]
    doubles: tuple[Outcome, ...]
    ground: tuple[Ground, ...]
    fields: tuple[Field, ...]

    @property
    def area_m2(self) -> float:
        """Surveyed area less the halos."""
        return sum(one.area_m2 for one in self.ground)

    @property
    def areas_m2(self) -> dict[str, float]:
        """Group → surveyed area less the halos, in the groups' order."""
        areas: dict[str, float] = {}
        for one in self.ground:
            areas[one.group] = areas.get(one.group, 0.0) + one.area_m2
        return areas

    def of_targets(self, keep: Callable[[Target], bool]) -> Scored:
        """Return the same with only some targets; false alarms and area stay."""
        kept = tuple(one for one in self.outcomes if keep(one.target))
        return replace(self, outcomes=kept)

    def of_fields(self, keep: Callable[[Field], bool]) -> Scored:
        """Return the same with only some fields: their targets, false alarms and ground."""
        kept = {at for at, one in enumerate(self.fields) if keep(one)}
        return replace(
            self,
            outcomes=tuple(one for one in self.outcomes if one.field in kept),
            false=tuple(one for one in self.false if one.field in kept),
            doubles=tuple(one for one in self.doubles if one.field in kept),
            ground=tuple(one for one in self.ground if one.field in kept),
        )

    @property
    def on_surveyed(self) -> Scored:
        """The same with only the targets in surveyed ground."""
        return replace(self, outcomes=tuple(one for one in self.outcomes if one.surveyed))


def score(fields: Iterable[Field], *, halo_m: float = DEFAULT_HALO_M) -> Scored:
    """Assign the alarms of each field to its targets, and measure the ground.

    Parameters
    ----------
    fields
        As many as there are; one pass.
    halo_m
        How far beyond a target's radius an alarm may lie.

    Examples
    --------
    >>> from detectkit.detect.scoring.fields import Rectangle
    >>> lane = Field(
    ...     "lane", [Alarm(1.1, 0.0, 7.0), Alarm(3.0, 0.1, 5.0)],
    ...     [Target(1.0, 0.0, 0.05, "ap_mine")], Rectangle(0.0, -0.25, 4.0, 0.25),
    ... )
    >>> done = score([lane], halo_m=0.1)
    >>> done.outcomes[0].alarm.confidence, len(done.false), round(done.area_m2, 2)
    (7.0, 1, 1.93)
    """
    if not halo_m >= 0.0:
        msg = f"halo {halo_m} m must not be negative; 0.10 and 0.25 are usual"
        raise UsageError(msg)
    kept = tuple(fields)
    outcomes: list[Outcome] = []
    false: list[FalseAlarm] = []
    doubles: list[Outcome] = []
    ground: list[Ground] = []
    for number, one in enumerate(kept):
        place = _Placed.of(one, number, halo_m)
        for group, area in zip(place.groups, place.areas_m2(), strict=True):
            ground.append(Ground(group, number, float(area)))
        found, extra, wrong = place.assigned()
        outcomes += found
        doubles += extra
        false += wrong
    return Scored(halo_m, tuple(outcomes), tuple(false), tuple(doubles), tuple(ground), kept)


@dataclass(slots=True)
class _Placed:
    """One field as arrays, in an order that does not depend on the order given."""

    field: Field
    number: int
    halo_m: float
    groups: list[str]
    alarms: list[Alarm]
    targets: list[Target]
    clutter: list[Target]

    @classmethod
    def of(cls, one: Field, number: int, halo_m: float) -> _Placed:
        groups = [f"{one.group} {lane}".strip() or one.name for lane in one.surveyed.lanes]
        alarms = sorted(one.alarms, key=_surest_first)
        known = sorted(one.targets, key=_from_the_west)
        targets = [each for each in known if each.is_target]
        clutter = [each for each in known if not each.is_target]
        return cls(one, number, halo_m, groups, alarms, targets, clutter)

    def areas_m2(self) -> Values:
        x, y, radius = _places(self.targets)
        return self.field.surveyed.areas_m2(x, y, radius + self.halo_m)

    def assigned(self) -> tuple[list[Outcome], list[Outcome], list[FalseAlarm]]:
        """Return the targets' outcomes, the doubles and the false alarms."""
        x = np.array([one.x_m for one in self.alarms])
        y = np.array([one.y_m for one in self.alarms])
        away, within = self._reached(x, y, self.targets)
        at_clutter = self._clutter_at(x, y)
        alarm_lane, alarm_in = self.field.surveyed.lane_of(x, y)
        lane, surveyed = self.field.surveyed.lane_of(*_places(self.targets)[:2])
        taken: dict[int, int] = {}
        doubles: list[Outcome] = []
        false: list[FalseAlarm] = []
        near = [bool(one.any()) for one in within]
        for number, alarm in enumerate(self.alarms):
            if not near[number]:
                group = self.groups[alarm_lane[number]]
                false.append(
                    FalseAlarm(
                        alarm, at_clutter[number], group, self.number, bool(alarm_in[number])
                    )
                )
                continue
            order = np.flatnonzero(within[number])
            order = order[np.argsort(away[number, order], kind="stable")]
            left = next((int(one) for one in order if int(one) not in taken), None)
            if left is None:
                at = int(order[0])
                doubles.append(self._outcome(at, alarm, lane, surveyed, away[number, at]))
            else:
                taken[left] = number
        found = [
            self._outcome(at, self.alarms[taken[at]], lane, surveyed, away[taken[at], at])
            if at in taken
            else self._outcome(at, None, lane, surveyed, np.nan)
            for at in range(len(self.targets))
        ]
        return found, doubles, false

    def _outcome(
        self,
        at: int,
        alarm: Alarm | None,
        lane: npt.NDArray[np.int64],
        surveyed: npt.NDArray[np.bool_],
        away_m: float,
    ) -> Outcome:
        group = self.groups[lane[at]]
        return Outcome(
            self.targets[at], alarm, bool(surveyed[at]), group, self.number, float(away_m)
        )

    def _reached(
        self, x: Values, y: Values, those: Sequence[Target]
    ) -> tuple[Values, npt.NDArray[np.bool_]]:
        east, north, radius = _places(those)
        away: Values = np.hypot(x[:, None] - east, y[:, None] - north)
        # rounding of coordinates must not decide at the halo's edge
        within: npt.NDArray[np.bool_] = away <= radius + (self.halo_m + 1e-9)
        return away, within

    def _clutter_at(self, x: Values, y: Values) -> list[str]:
        """Return the category of the nearest known clutter whose halo holds each alarm."""
        away, within = self._reached(x, y, self.clutter)
        if not self.clutter or not len(x):
            return ["none"] * len(x)
        distance = np.where(within, away, np.inf)
        nearest = np.argmin(distance, axis=1).tolist()
        return [
            self.clutter[at].category if np.isfinite(row[at]) else "none"
            for at, row in zip(nearest, distance, strict=True)
        ]


def alarms_with_labels(scored: Scored) -> list[tuple[Alarm, bool, str]]:
    """Return every alarm, whether a target lies there, and its group; the surest first.

    An alarm that is a second one on the same target lies at a target as well.
    """
    hits = ((one.alarm, True, one.group) for one in chain(scored.outcomes, scored.doubles))
    false = ((one.alarm, False, one.group) for one in scored.false)
    there = [
        (alarm, label, group) for alarm, label, group in chain(hits, false) if alarm is not None
    ]
    return sorted(there, key=lambda one: (_surest_first(one[0]), one[1], one[2]))


def _surest_first(alarm: Alarm) -> tuple[float, float, float, str, float]:
    return -alarm.confidence, alarm.x_m, alarm.y_m, alarm.name, _or_least(alarm.depth_m)


def _from_the_west(one: Target) -> tuple[float, float, float, str, str, float]:
    return one.x_m, one.y_m, one.radius_m, one.category, one.name, _or_least(one.depth_m)


def _or_least(value: float | None) -> float:
    return -math.inf if value is None else value


def _places(those: Sequence[Target]) -> tuple[Values, Values, Values]:
    table = np.array([(one.x_m, one.y_m, one.radius_m) for one in those], np.float64)
    east, north, radius = table.reshape(-1, 3).T
    return east, north, radius
