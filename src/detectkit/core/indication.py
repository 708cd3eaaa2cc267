"""Indication: one place that a sensor responded to, with its evidence. Never "a mine"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

USUAL_VELOCITY_ERRORS: Mapping[str, float] = {
    "given": 0.05,
    "measured": 0.05,
    "file": 0.1,
    "assumed": 0.2,
}
"""Relative standard deviation of a velocity by its source, where nobody tells another."""

CATEGORIES = ("ap_mine", "av_mine", "metal_clutter", "other_clutter", "none")
"""What a place may hold: mines against persons and vehicles, clutter of metal and of other stuff,
nothing but ground. The first two are `TARGETS`."""
TARGETS = CATEGORIES[:2]
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one sensor says at the place: a name, a value in `unit`, and how it was got."""

    name: str
    value: float
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class Indication:
    """One suspicious place in the ground: where, how strong, from which data, by which recipe.

    Parameters
    ----------
    line
        Survey line (for a single file: its name).
    trace
        Trace number of the apex in the recording, 1-based like the instrument's display.
    first_trace, last_trace
        1-based trace range in the recording that carries the evidence.
    along_track_m
        Distance from the line's first trace in m; None when the recording has none.
    longitude_deg, latitude_deg
        WGS 84; None when the recording has no valid position there.
    twt_s
        Two-way travel time of the apex after time-zero, in s.
    depth_m, depth_error_m
        Depth in m with the velocity below, and one standard deviation from the velocity's
        and the pick's uncertainty.
    velocity_m_per_s
        Velocity used for the depth.
    velocity_source
        ``"given"``, ``"measured"``, ``"file"`` or ``"assumed"``.
    score
        Peak anomaly score of the sensor that found it: standard deviations above the local clutter.
        Not a probability.
    rank
        1 = first of the run to be looked at.
    evidence
        Further named values.
    recording, pipeline_sha256
        The raw file's name and the fingerprint of the pipeline that made it.
    status
        ``"unverified"`` until somebody has been there.
    sensors
        Which sensors stood out here: ``"gpr"``, ``"metal_detector"`` or ``"gpr+metal_detector"``.
    gpr_score, detector_snr
        Each sensor's own evidence at the place, in standard deviations above its clutter, whether
        it stood out or not; None where it was not there.
    probability, probability_low, probability_high
        That a target of the model's classes lies here, and its interval; None: not assessed.
    prior
        Share of targets among candidates that the probability rests on.
    category, category_probability
        Hypothesis, one of `CATEGORIES` or ``"unknown"``: the evidence is unlike anything the model
        was made on, and its probability means little.
    novelty
        Share of known evidence that is more usual than this one, 0 to 1.
    assessed_by
        Name and beginning of the sha256 of the model or rule.
    """

    line: str
    trace: int
    first_trace: int
    last_trace: int
    along_track_m: float | None
    longitude_deg: float | None
    latitude_deg: float | None
    twt_s: float
    depth_m: float
    depth_error_m: float
    velocity_m_per_s: float
    velocity_source: str
    score: float
    rank: int
    evidence: tuple[Evidence, ...] = ()
    recording: str = ""
    pipeline_sha256: str = ""
    status: str = "unverified"
    sensors: str = "gpr"
    gpr_score: float | None = None
    detector_snr: float | None = None
    probability: float | None = None
    probability_low: float | None = None
    probability_high: float | None = None
    prior: float | None = None
    category: str = ""
    category_probability: float | None = None
    novelty: float | None = None
    assessed_by: str = ""
