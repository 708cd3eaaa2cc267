"""A run against its truth: every system that the run holds, at every halo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from detectkit.core import Indication, UsageError
from detectkit.detect.scoring.bootstrap import AT_PD, DRAWS, TO_FAR_PER_M2, Bands, Comparison
from detectkit.detect.scoring.bootstrap import bands as bands_of
from detectkit.detect.scoring.bootstrap import compare as compare_systems
from detectkit.detect.scoring.calibration import Calibration, calibration
from detectkit.detect.scoring.curve import Curve, Point
from detectkit.detect.scoring.fields import Alarm, Field
from detectkit.detect.scoring.matching import HALOS_M, Scored, alarms_with_labels, score
from detectkit.detect.scoring.placing import GroundSettings, Placed, placed, with_alarms
from detectkit.detect.scoring.run import Run
from detectkit.detect.scoring.strata import Exactness, Stratum, exactness, strata, worst
from detectkit.detect.scoring.truth import Truth

AT_FAR_PER_M2 = (0.02, 0.1, 0.5)
"""False alarms per m² at which the detected share is told."""
Undug = Literal["unknown", "false"]


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """How a run is judged.

    Parameters
    ----------
    halos_m
        Beyond the target's radius; the last is that of the strata, the lists and the map.
    ground
        What counts as surveyed.
    threshold
        Confidence from which an indication counts in the discrimination stage; None: all count.
    undug
        What an alarm is where a table of digging has no row: ``"unknown"``, neither hit nor false,
        or ``"false"``, where all of the ground was dug.
    to_far_per_m2, draws, seed
        End of the useful part of the curve; how many draws of lanes, and their seed.
    """

    halos_m: tuple[float, ...] = HALOS_M
    ground: GroundSettings = field(default_factory=GroundSettings)
    threshold: float | None = None
    undug: Undug = "unknown"
    to_far_per_m2: float = TO_FAR_PER_M2
    draws: int = DRAWS
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.halos_m:
            msg = "no halo is given; 0.10 and 0.25 m are usual"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class System:
    """One way to be sure of an indication.

    Parameters
    ----------
    name
        Short, for tables: ``"response"``, ``"discrimination"``, ``"radar alone"``.
    means
        What its confidence is, in words.
    """

    name: str
    means: str


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One system at one halo.

    Parameters
    ----------
    scored, covered
        Of all targets; of those in surveyed ground only.
    curve, bands
        Detected share against false alarms; None: too few lanes to draw from.
    undug
        Alarms where nobody dug, which count neither way.
    """

    system: System
    halo_m: float
    scored: Scored
    curve: Curve
    bands: Bands | None
    undug: tuple[Alarm, ...]

    @property
    def covered(self) -> Curve:
        """The curve over the targets in surveyed ground."""
        return Curve.of(self.scored.on_surveyed)

    def points(self, threshold: float | None) -> list[tuple[str, Point | None]]:
        """Return the points that are told, each with what was asked for."""
        asked = [("all indications", self.curve.at_threshold(-math.inf))]
        if threshold is not None:
            asked.append((f"confidence {threshold:g} or more", self.curve.at_threshold(threshold)))
        return [
            *asked,
            *((f"{pd:.0%} detected".replace("%", " %"), self.curve.at_pd(pd)) for pd in AT_PD),
            *((f"at most {far:g} per m²", self.curve.at_far(far)) for far in AT_FAR_PER_M2),
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Everything there is to say of a run against its truth.

    Parameters
    ----------
    run, truth, ground, settings
        What was judged, by what, where, how.
    judged
        Every system at every halo, the systems' order first.
    head
        The one that the strata and lists are of: the run's own last word, at the last halo.
    strata, worst, exactness
        Of `head`, at the threshold.
    compared
        `head`'s system against each of the others, at the last halo.
    calibration
        Where there are probabilities.
    unplaced
        Indications without a place: they cannot be judged.
    """

    run: Run
    truth: Truth
    ground: Placed
    settings: EvaluationSettings
    judged: tuple[Judged, ...]
    head: Judged
    strata: tuple[Stratum, ...]
    worst: Stratum | None
    exactness: Exactness
    compared: tuple[tuple[System, Comparison], ...]
    calibration: Calibration | None
    unplaced: int

    def of(self, system: str, halo_m: float) -> Judged | None:
        """Return one system at one halo, None where the run holds no such."""
        pairs = {(one.system.name, one.halo_m): one for one in self.judged}
        return pairs.get((system, halo_m))

    def threshold_of(self, judged: Judged) -> float | None:
        """Return the threshold where it is one of this system's confidences, else None."""
        return self.settings.threshold if judged.system == self.head.system else None

    @property
    def systems(self) -> tuple[System, ...]:
        """The systems in their order."""
        return tuple(dict.fromkeys(one.system for one in self.judged))


def evaluate(
    run: Run, truth: Truth, *, settings: EvaluationSettings, against: Run | None = None
) -> Evaluation:
    """Judge a run by its truth.

    Parameters
    ----------
    run, truth
        From `read_run` and `read_truth`.
    settings
        How.
    against
        Another run over the same ground, to compare with; the ground is that of `run`.

    Raises
    ------
    UsageError
        The truth cannot be placed on the run, or nothing was surveyed.
    """
    on = placed(run, truth, ground=settings.ground)
    contenders = [(one, on, run.indications, sure) for one, sure in systems_of(run.indications)]
    own = len(contenders)
    if against is not None:
        there = placed(replace(run, indications=against.indications), truth, ground=settings.ground)
        last, sure = systems_of(against.indications)[-1]
        other = System(f"against {against.name}", last.means)
        contenders.append((other, there, against.indications, sure))
    judged = tuple(
        _judged(system, with_alarms(where, found, sure), on, truth, (halo, settings))
        for system, where, found, sure in contenders
        for halo in settings.halos_m
    )
    halos = len(settings.halos_m)
    head = judged[_last_word(contenders[:own]) * halos + halos - 1]
    at = -math.inf if settings.threshold is None else settings.threshold
    parts = tuple(strata(head.scored, threshold=at))
    return Evaluation(
        run, truth, on, settings, judged, head, parts, worst(list(parts)),
        exactness(head.scored, threshold=at), _compared(judged, head, settings),
        _calibration(head), sum(one is None for one in on.places),
    )  # fmt: skip


Contender = tuple[System, Placed, tuple[Indication, ...], list[float | None]]


def systems_of(
    indications: Sequence[Indication],
) -> list[tuple[System, list[float | None]]]:
    """Return the systems that the indications hold, with how sure each is of every one.

    The response stage is always the first: what the sensors gave, ranked by the score. The
    discrimination stage is the last, where every indication has a probability. Those of a single
    sensor hold only the places at which that sensor stood out, where the sensors together put them.
    """
    response = System("response", "anomaly score of the sensor that found it")
    systems = [(response, [float(one.score) for one in indications])]
    found: list[tuple[System, list[float | None]]] = [*systems]  # type: ignore[list-item]
    sensors = {each for one in indications for each in one.sensors.split("+")}
    for name, what, sensor, values in (
        ("radar alone", "the radar's own score where it stood out", "gpr",
         [one.gpr_score for one in indications]),
        ("detector alone", "the metal detector's own strength where it stood out",
         "metal_detector", [one.detector_snr for one in indications]),
    ):  # fmt: skip
        stood_out = [sensor in one.sensors.split("+") for one in indications]
        own = [one if out else None for one, out in zip(values, stood_out, strict=True)]
        if len(sensors) > 1 and any(one is not None for one in own):
            found.append((System(name, what), own))
    probability = [one.probability for one in indications]
    if probability and all(one is not None for one in probability):
        found.append((System("discrimination", "probability of a target"), probability))
    return found


def _last_word(contenders: Sequence[Contender]) -> int:
    names = [one[0].name for one in contenders]
    return names.index("discrimination") if "discrimination" in names else 0


def _judged(
    system: System,
    fields: tuple[Field, ...],
    on: Placed,
    truth: Truth,
    how: tuple[float, EvaluationSettings],
) -> Judged:
    halo_m, settings = how
    undug: tuple[Alarm, ...] = ()
    if truth.kind == "dug" and settings.undug == "unknown":
        fields, undug = _dug_only(fields, on, halo_m)
    scored = score(fields, halo_m=halo_m)
    drawn = bands_of(
        scored,
        to_far_per_m2=settings.to_far_per_m2,
        draws=settings.draws,
        seed=settings.seed,
    )
    return Judged(system, halo_m, scored, Curve.of(scored), drawn, undug)


def _dug_only(
    fields: tuple[Field, ...], on: Placed, halo_m: float
) -> tuple[tuple[Field, ...], tuple[Alarm, ...]]:
    """Leave out the alarms at which no row of the table lies; return them beside the rest."""
    kept: list[Field] = []
    left: list[Alarm] = []
    for number, one in enumerate(fields):
        known = [(each.x_m, each.y_m, each.radius_m) for each in one.targets]
        known += [(x, y, radius) for at, x, y, radius in on.nothing if at == number]
        x, y, radius = np.array(known, np.float64).reshape(-1, 3).T
        alarms = tuple(
            alarm
            for alarm in one.alarms
            if (np.hypot(x - alarm.x_m, y - alarm.y_m) <= radius + halo_m + 1e-9).any()
        )
        left += [alarm for alarm in one.alarms if alarm not in alarms]
        kept.append(replace(one, alarms=alarms))
    return tuple(kept), tuple(left)


def _compared(
    judged: Sequence[Judged], head: Judged, settings: EvaluationSettings
) -> tuple[tuple[System, Comparison], ...]:
    found = []
    for one in judged:
        if one.halo_m == head.halo_m and one is not head:
            drawn = compare_systems(
                one.scored,
                head.scored,
                to_far_per_m2=settings.to_far_per_m2,
                draws=settings.draws,
                seed=settings.seed,
            )
            if drawn is not None:
                found.append((one.system, drawn))
    return tuple(found)


def _calibration(head: Judged) -> Calibration | None:
    said = [
        (alarm.probability, there, group)
        for alarm, there, group in alarms_with_labels(head.scored)
        if alarm.probability is not None
    ]
    if not said:
        return None
    probability, there, group = zip(*said, strict=True)
    return calibration(np.array(probability), np.array(there), group=group)
