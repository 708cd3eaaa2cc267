"""Probability of detection against false alarms per square metre, at every threshold at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.detect.scoring.intervals import AreaRate, Share, clopper_pearson
from detectkit.detect.scoring.matching import Scored

Values = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Everything that moves the curve, the surest first.

    Parameters
    ----------
    confidence
        (events,), falling.
    hit
        (events,): True a target's first alarm, False a false alarm.
    group
        (events,): number of its group.
    last
        (points,): the last event at each different confidence.
    targets, area_m2
        (groups,): targets, and area less halos.
    """

    confidence: Values
    hit: npt.NDArray[np.bool_]
    group: Ints
    last: Ints
    targets: Values
    area_m2: Values

    @classmethod
    def of(cls, scored: Scored) -> Events:
        """Return the events of what was scored."""
        number = {name: at for at, name in enumerate(scored.areas_m2)}
        hits = [
            (one.hit.confidence, 1, number[one.group])
            for one in scored.outcomes
            if one.hit is not None
        ]
        false = [(one.alarm.confidence, 0, number[one.group]) for one in scored.false]
        table = np.array(hits + false, np.float64).reshape(-1, 3)
        table = table[np.argsort(-table[:, 0], kind="stable")]
        confidence = table[:, 0]
        last = np.flatnonzero(np.append(confidence[1:] != confidence[:-1], len(confidence) > 0))
        in_group = [number[one.group] for one in scored.outcomes]
        return cls(
            confidence,
            table[:, 1] > 0.0,
            table[:, 2].astype(np.int64),
            last,
            np.bincount(in_group, minlength=len(number)).astype(np.float64),
            np.array(list(scored.areas_m2.values()), np.float64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Detected share and false alarms at each threshold, from "no alarm at all" down.

    Parameters
    ----------
    threshold
        (points,): confidences, falling; the first is infinite.
    hits, false
        (points,): counts at or above it.
    targets, area_m2
        What they are counted among.
    """

    threshold: Values
    hits: Ints
    false: Ints
    targets: int
    area_m2: float

    @classmethod
    def of(cls, scored: Scored) -> Curve:
        """Return the curve of what was scored.

        Raises
        ------
        UsageError
            No ground is left beside the halos.
        """
        events = Events.of(scored)
        if not scored.area_m2 > 0.0:
            msg = "no surveyed ground is left beside the halos: false alarms per m² mean nothing"
            raise UsageError(msg)
        hits = np.concatenate([[0], np.cumsum(events.hit)[events.last]])
        false = np.concatenate([[0], np.cumsum(~events.hit)[events.last]])
        return cls(
            np.concatenate([[np.inf], events.confidence[events.last]]),
            hits.astype(np.int64),
            false.astype(np.int64),
            len(scored.outcomes),
            scored.area_m2,
        )

    @property
    def pd(self) -> Values:
        """Detected share, (points,); NaN without targets. For axes; in words: `share_at`."""
        return self.hits / self.targets if self.targets else np.full(len(self.hits), np.nan)

    @property
    def far_per_m2(self) -> Values:
        """False alarms per square metre, (points,)."""
        return self.false / self.area_m2

    def pd_interval(self) -> tuple[Values, Values]:
        """Return the exact interval of each detected share."""
        return clopper_pearson(self.hits, self.targets)

    def at_threshold(self, threshold: float) -> Point:
        """Return the point where everything at or above a confidence is an alarm."""
        return self._point(int(np.count_nonzero(self.threshold >= threshold)) - 1)

    def at_far(self, far_per_m2: float) -> Point:
        """Return the point with the most hits at no more than so many false alarms per m²."""
        allowed = self.far_per_m2 <= far_per_m2 * (1.0 + 1e-12)
        return self._point(int(np.flatnonzero(allowed)[-1]))

    def at_pd(self, pd: float) -> Point | None:
        """Return the first point that detects at least this share; None: no threshold does."""
        reached = np.flatnonzero(self.hits >= needed(pd, self.targets))
        return self._point(int(reached[0])) if self.targets and reached.size else None

    def partial_area(self, to_far_per_m2: float) -> float:
        """Return the mean detected share for false alarms from 0 to `to_far_per_m2`.

        The curve is a step: between two thresholds the lower share holds. Beyond its last alarm it
        goes on level, as a system without further alarms would.
        """
        hits, far = self.hits[None].astype(np.float64), self.far_per_m2[None]
        return float(partial_areas(hits / max(self.targets, 1), far, to_far_per_m2)[0])

    def _point(self, at: int) -> Point:
        return Point(
            float(self.threshold[at]),
            Share(int(self.hits[at]), self.targets),
            AreaRate(int(self.false[at]), self.area_m2),
        )


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold: what is detected, at how many false alarms."""

    threshold: float
    pd: Share
    far: AreaRate


def needed(pd: float, targets: int) -> int:
    """Return how many of so many targets are at least this share."""
    if not 0.0 < pd <= 1.0:
        msg = f"a detected share of {pd} cannot be asked for; above 0, at most 1"
        raise UsageError(msg)
    return int(np.ceil(pd * targets - 1e-9))


def partial_areas(pd: Values, far: Values, to_far_per_m2: float) -> Values:
    """Return the mean of each step curve from 0 to a rate, (curves,).

    Parameters
    ----------
    pd, far
        (curves, points), rising; the first point is that of no alarm.
    to_far_per_m2
        Where to stop.
    """
    if not to_far_per_m2 > 0.0:
        msg = f"the area to {to_far_per_m2} false alarms per m² is none; above 0"
        raise UsageError(msg)
    ends = np.minimum(far, to_far_per_m2)
    width = np.diff(ends, axis=1, append=to_far_per_m2)
    return np.asarray((pd * width).sum(axis=1) / to_far_per_m2)
