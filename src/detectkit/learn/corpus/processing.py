"""From a passage to labelled evidence: the pipeline, detection and fusion of a flight."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, Indication
from detectkit.core.indication import CATEGORIES, TARGETS
from detectkit.detect.detector import Detector
from detectkit.detect.evidence import EvidencePatch
from detectkit.detect.fusion import Branch, Place, fuse
from detectkit.detect.kind import kind_of
from detectkit.detect.metal import MetalBranch, MetalSettings
from detectkit.detect.preset import default_pipeline
from detectkit.detect.settings import Detection
from detectkit.io import Stream
from detectkit.io.header import StreamHeader
from detectkit.learn.corpus.labelling import found_by, label_of
from detectkit.learn.corpus.passage import Body, LaneFacts, Passage
from detectkit.learn.corpus.settings import SPLITS, Labels
from detectkit.pipeline import Pipeline, Runner
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Processed:
    """Labelled evidence of a passage; rows are those of the tables, lanes counted from 0.

    Parameters
    ----------
    ground
        Words that tell equal ground: it must not be in two splits.
    traces
        Sha256 of the raw traces, one per lane: nor must they.
    kind
        Of the pipeline.
    """

    patches: tuple[EvidencePatch, ...]
    examples: tuple[Row, ...]
    lanes: tuple[Row, ...]
    targets: tuple[Row, ...]
    ground: str
    traces: tuple[str, ...]
    kind: str


def processed(passage: Passage, labels: Labels) -> Processed:
    """Return what stood out in a passage, labelled by what lay there."""
    pipeline = pipeline_of(passage)
    found = places_of(passage, pipeline, threshold=labels.threshold)
    surveyed = [
        (one, at)
        for one in found
        for at in (_plane(one.indication, passage),)
        if _surveyed(*at, passage.lanes, labels.swath_m)
    ]
    places, at = [one for one, _ in surveyed], [xy for _, xy in surveyed]
    lanes = [_nearest(x, y, passage.lanes)[1] for x, y in at]
    rows = [
        _example(place, xy, lane, passage, labels)
        for place, xy, lane in zip(places, at, lanes, strict=True)
    ]
    return Processed(
        patches=tuple(one.patch for one in places),
        examples=tuple(rows),
        lanes=tuple(_lane(one, passage, labels) for one in passage.lanes),
        targets=tuple(
            _target(one, passage, found=found_by(one, at, labels))
            for one in passage.bodies
            if one.category in TARGETS
        ),
        ground=passage.origin.ground,
        traces=tuple(
            hashlib.sha256(np.ascontiguousarray(one.data).tobytes()).hexdigest()
            for one in passage.radar
        ),
        kind=kind_of(pipeline),
    )


def places_of(passage: Passage, pipeline: Pipeline, *, threshold: float | None) -> list[Place]:
    """Return the places of a passage, each with its evidence, as a flight's would be found.

    Parameters
    ----------
    threshold
        Of the radar's candidates; None: the pipeline's.
    """
    detection = Detection.of(pipeline)
    if detection is None:
        return []
    if threshold is not None:
        settings = replace(detection.settings, threshold=threshold)
        detection = replace(detection, settings=settings)
    branches: list[Branch] = []
    for raw in passage.radar:
        detector, runner = Detector(detection), Runner(pipeline.steps)
        branch = Branch(detector.track)
        for block in (*runner.push(raw), *runner.finish()):
            branch.founds += detector.push(block)
        branch.founds += detector.finish()
        branches.append(branch)
    coil = MetalBranch(MetalSettings())
    metal = Branch(coil.track)
    for rows in passage.detector:
        metal.founds += coil.push(rows)
    metal.founds += coil.finish()
    return fuse([*branches, metal], None)


def pipeline_of(passage: Passage) -> Pipeline:
    """Return the pipeline that a flight of such lines would get."""
    pipeline, _ = default_pipeline([_stream(one) for one in passage.radar], passage.told)
    return pipeline


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """Traces in memory where a recording's are in its file."""

    block: Block

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], Mapping[str, Any]]:
        rows = self.block.traces(start, stop)
        columns = {name: one for name, (dim, one) in rows.coords.items() if dim == "trace"}
        return rows.data, columns


def _stream(block: Block) -> Stream:
    """Return a block as a recording's line, to fit a pipeline to."""
    spec = block.spec
    header = StreamHeader(
        block.sensor,
        block.line,
        len(block),
        spec.samples,
        spec.sample_interval_s or 1.0,
        spec.first_twt_s,
        block.trace_spacing_m,
    )
    return Stream(header, _Held(block))


def _plane(one: Indication, passage: Passage) -> tuple[float, float]:
    """Return where an indication lies in the plane of the passage; NaN where it has no place."""
    if one.longitude_deg is None or one.latitude_deg is None:
        return math.nan, math.nan
    x, y, _ = passage.frame.to_local(np.array([one.longitude_deg]), np.array([one.latitude_deg]))
    return float(x[0]), float(y[0])


def _surveyed(x_m: float, y_m: float, lanes: Sequence[LaneFacts], swath_m: float) -> bool:
    """Tell whether a place lies beside a lane, not beyond its ends, and no farther than that."""
    away_m, number = _nearest(x_m, y_m, lanes)
    return away_m <= swath_m and 0.0 <= _share(x_m, y_m, lanes[number]) <= 1.0


def _nearest(x_m: float, y_m: float, lanes: Sequence[LaneFacts]) -> tuple[float, int]:
    """Return how far the nearest lane is, and its number; infinitely far from no place."""
    if not (math.isfinite(x_m) and math.isfinite(y_m)):
        return math.inf, 0
    return min((_away(x_m, y_m, one), number) for number, one in enumerate(lanes))


def _away(x_m: float, y_m: float, lane: LaneFacts) -> float:
    """Return the distance of a place from a lane."""
    begin, end = np.array(lane.begin_m), np.array(lane.end_m)
    share = min(1.0, max(0.0, _share(x_m, y_m, lane)))
    return float(np.linalg.norm(begin + share * (end - begin) - np.array([x_m, y_m])))


def _share(x_m: float, y_m: float, lane: LaneFacts) -> float:
    """Return where along a lane a place lies: 0 at its begin, 1 at its end."""
    begin = np.array(lane.begin_m)
    along = np.array(lane.end_m) - begin
    return float((np.array([x_m, y_m]) - begin) @ along / max(float(along @ along), 1e-9))


def _example(
    place: Place, at: tuple[float, float], lane: int, passage: Passage, labels: Labels
) -> Row:
    label = label_of(*at, passage.bodies, labels, known=passage.known)
    origin, sensors = passage.origin, place.indication.sensors.split("+")
    return (
        SPLITS.index(origin.split), 0, lane, origin.copy, origin.source, *at,
        label.category, label.depth_m,
        place.patch.scalar("gpr_score"), place.patch.scalar("detector_snr"),
        "gpr" in sensors, "metal_detector" in sensors,
    )  # fmt: skip


def _lane(one: LaneFacts, passage: Passage, labels: Labels) -> Row:
    origin = passage.origin
    told = (SPEED_OF_LIGHT_M_S / passage.told.velocity_m_per_s) ** 2
    return (
        SPLITS.index(origin.split), 0, origin.copy, origin.source,
        *one.begin_m, *one.end_m, math.dist(one.begin_m, one.end_m), labels.swath_m,
        one.height_m, one.permittivity, told,
        origin.site, origin.scene, origin.terrain, origin.soil,
    )  # fmt: skip


def _target(one: Body, passage: Passage, *, found: bool) -> Row:
    lane = _nearest(one.x_m, one.y_m, passage.lanes)[1]
    code = CATEGORIES.index(one.category)
    return lane, one.x_m, one.y_m, one.radius_m, code, one.depth_m, found, one.name
