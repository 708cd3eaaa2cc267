"""Fusion: finds of all sensors and lanes become places, each with every sensor's evidence.

Finds that lie together are one place. An assessor weighs what each sensor recorded there, also the
one that did not stand out, and re-ranks the places. It removes none: every find of every sensor is
in exactly one place, whatever a radar or a network makes of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from detectkit.core import Evidence, Indication
from detectkit.core.indication import UNKNOWN
from detectkit.detect.assess import Assessment, Assessor
from detectkit.detect.clusters import clusters
from detectkit.detect.evidence import SCALARS, EvidencePatch, no_evidence
from detectkit.detect.found import Found
from detectkit.detect.metal import DetectorTrack
from detectkit.detect.metal.piece import MOST_PLACES, Heard, with_piece
from detectkit.detect.radar_track import RadarCut, RadarTrack

WITHIN_M = 0.25
"""Finds nearer than this are one place: half a lane spacing, and about the error of both places."""
REASONS_TOLD = 3
UNITS = {name: "m/s" if name.endswith("_m_per_s") else "m"
         for name in SCALARS if name.endswith(("_m", "_m_per_s"))}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One place: what is said of it, and the evidence that it is said on."""

    indication: Indication
    patch: EvidencePatch


@dataclass(slots=True)
class Branch:
    """What one sensor found along one line or flight, and the track to cut its evidence from.

    Parameters
    ----------
    track, founds
        See above.
    coil_radius_m
        Of a detector.
    """

    track: RadarTrack | DetectorTrack
    founds: list[Found] = field(default_factory=list)
    coil_radius_m: float = 0.14


def fuse(branches: Sequence[Branch], assessor: Assessor | None) -> list[Place]:
    """Return the places of all finds, ranked; none is left out.

    Where passes of a detector beside each other heard something, the place gets the piece of metal
    that explains it, see `detectkit.detect.metal.piece`.

    Parameters
    ----------
    branches
        Of every radar and detector, in any order.
    assessor
        What weighs the evidence; None: ranked by the strongest score.
    """
    owner = {id(found): branch for branch in branches for found in branch.founds}
    everything = [found for branch in branches for found in branch.founds]
    groups = clusters(everything, WITHIN_M)
    places = _with_pieces([_place(group, owner, branches) for group in groups], groups, owner)
    if assessor is not None:
        assessed = assessor.assess([one.patch for one in places])
        places = [
            replace(place, indication=_assessed(place.indication, one, assessor))
            for place, one in zip(places, assessed, strict=True)
        ]
    return ranked(places)


def ranked(places: Sequence[Place]) -> list[Place]:
    """Return places with numbers from 1, the first to be looked at first.

    By probability; what is unlike anything known by the upper end of its interval, as an alarm;
    what was not assessed by its score.
    """
    ordered = sorted(places, key=lambda one: _urgency(one.indication))
    return [
        replace(one, indication=replace(one.indication, rank=number))
        for number, one in enumerate(ordered, start=1)
    ]


def _urgency(one: Indication) -> tuple[float, float, str, int]:
    chance = one.probability if one.category != UNKNOWN else one.probability_high
    return (-(chance or 0.0), -one.score, one.line, one.trace)


def _place(
    group: tuple[Found, ...], owner: Mapping[int, Branch], branches: Sequence[Branch]
) -> Place:
    radar = [one for one in group if one.sensor == "gpr"]
    metal = [one for one in group if one.sensor != "gpr"]
    first = max(radar or metal, key=_strength)
    cut, patch = _radar_part(first, owner, branches)
    patch = _with_detector(patch, cut, first, branches)
    snr = max((one.indication.score for one in metal), default=math.nan)
    patch = _raised(patch, "detector_snr", snr)
    sensors = "+".join(name for name, found in (("gpr", radar), ("metal_detector", metal)) if found)
    alarm = max(metal, key=_strength) if radar and metal else None
    return Place(
        replace(
            first.indication,
            sensors=sensors,
            gpr_score=_told(patch.scalar("gpr_score")),
            detector_snr=_told(patch.scalar("detector_snr")),
            evidence=(*first.indication.evidence, *_beside(group, alarm)),
        ),
        patch,
    )


def _with_pieces(
    places: Sequence[Place], groups: Sequence[Sequence[Found]], owner: Mapping[int, Branch]
) -> list[Place]:
    """Return the places, those that several passes of a detector heard with what explains them."""
    heard: dict[int, Heard] = {}
    told = list(places)
    left = MOST_PLACES
    for number, group in enumerate(groups):
        alarm = max((one for one in group if one.sensor != "gpr"), key=_strength, default=None)
        branch = None if alarm is None else owner[id(alarm)]
        if alarm is None or branch is None or not isinstance(branch.track, DetectorTrack):
            continue
        if id(branch) not in heard:
            heard[id(branch)] = Heard.of(branch.track, branch.founds, branch.coil_radius_m)
        if left > 0 and heard[id(branch)].near(alarm) > 1:
            left -= 1
            indication = with_piece(told[number].indication, alarm, heard[id(branch)])
            told[number] = replace(told[number], indication=indication)
    return told


def _strength(found: Found) -> tuple[float, str, int]:
    return found.indication.score, found.line, -found.row


def _beside(group: Sequence[Found], alarm: Found | None) -> tuple[Evidence, ...]:
    """Return what else is known of a place: how often it was found, and the alarm's own place."""
    found = [Evidence("finds", float(len(group)))]
    if alarm is not None and alarm.indication.longitude_deg is not None:
        place = alarm.indication
        found += [
            Evidence("detector_longitude_deg", place.longitude_deg or math.nan, "degree_east"),
            Evidence("detector_latitude_deg", place.latitude_deg or math.nan, "degree_north"),
        ]
    return tuple(found)


def _radar_part(
    first: Found, owner: Mapping[int, Branch], branches: Sequence[Branch]
) -> tuple[RadarCut | None, EvidencePatch]:
    """Return what the radar recorded at the place, found by itself or not."""
    cut = None
    if first.sensor == "gpr":
        track = owner[id(first)].track
        cut = track.cut(first.line, first.row) if isinstance(track, RadarTrack) else None
    else:
        cut = _nearest_cut(first.indication, branches)
    patch = no_evidence()
    if cut is None:
        return None, patch
    scalars = _filled(patch, cut.scalars)
    if first.sensor == "gpr":
        scalars = _filled(replace(patch, scalars=scalars), _own(first.indication))
    return cut, replace(patch, radar=cut.radar, radar_known=cut.known, scalars=scalars)


def _own(one: Indication) -> dict[str, float]:
    """Return the radar's numbers of its own find."""
    told = {each.name: each.value for each in one.evidence}
    return {
        "gpr_score": one.score,
        "gpr_width_m": told.get("width_m", math.nan),
        "gpr_depth_m": one.depth_m,
    }


def _nearest_cut(one: Indication, branches: Sequence[Branch]) -> RadarCut | None:
    """Return the radar's evidence at a place that the detector found, None where none passed."""
    cuts = []
    for branch in branches:
        if isinstance(branch.track, RadarTrack):
            cut = branch.track.cut_at(
                longitude_deg=one.longitude_deg,
                latitude_deg=one.latitude_deg,
                line=one.line,
                along_m=one.along_track_m,
            )
            cuts += [] if cut is None else [cut]
    return max(cuts, key=lambda cut: int(cut.known.sum()), default=None)


def _with_detector(
    patch: EvidencePatch, cut: RadarCut | None, first: Found, branches: Sequence[Branch]
) -> EvidencePatch:
    """Return the patch with the detector's strip under its columns, of the detector nearest."""
    best = None
    for branch in branches:
        if isinstance(branch.track, DetectorTrack):
            strip = (
                branch.track.strip(cut.longitude_deg, cut.latitude_deg, line=first.line,
                                   along_m=cut.along_m)
                if cut is not None
                else branch.track.cut(first.line, first.row)
            )  # fmt: skip
            if best is None or strip.known.sum() > best.known.sum():
                best = strip
    if best is None:
        return patch
    return replace(
        patch,
        detector=best.strips,
        detector_known=best.known,
        scalars=_filled(patch, best.scalars),
    )


def _filled(patch: EvidencePatch, values: Mapping[str, float]) -> np.typing.NDArray[np.float32]:
    scalars = patch.scalars.copy()
    for name, value in values.items():
        scalars[SCALARS.index(name)] = value
    return scalars


def _raised(patch: EvidencePatch, name: str, value: float) -> EvidencePatch:
    """Return the patch with a scalar at least as large as a value."""
    if not value > np.nan_to_num(patch.scalar(name), nan=-math.inf):
        return patch
    return replace(patch, scalars=_filled(patch, {name: value}))


def _told(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _assessed(one: Indication, given: Assessment, assessor: Assessor) -> Indication:
    """Return the indication with what the assessor thinks of it; nothing else changes."""
    told = (*one.evidence, *_reasons(given))
    if math.isfinite(given.anomaly):
        told = (*told, Evidence("radar_anomaly", given.anomaly))
    if math.isfinite(given.depth_m):
        told = (*told, Evidence("model_depth_m", given.depth_m, "m"),
                Evidence("model_depth_error_m", given.depth_error_m, "m"))  # fmt: skip
    return replace(
        one,
        probability=given.probability,
        probability_low=given.low,
        probability_high=given.high,
        prior=assessor.prior,
        category=given.category,
        category_probability=_told(given.category_probability),
        novelty=_told(given.novelty),
        assessed_by=assessor.label,
        evidence=told,
    )


def _reasons(given: Assessment) -> tuple[Evidence, ...]:
    """Return what moved a rule most, in log-odds, and what lay beyond a model's experience."""
    largest = sorted(given.reasons, key=lambda pair: -abs(pair[1]))[:REASONS_TOLD]
    outside = (Evidence(f"outside_{name}", value, UNITS.get(name, "1"))
               for name, value in given.outside)  # fmt: skip
    return *(Evidence(f"log_odds_of_{name}", value) for name, value in largest), *outside
