"""Processing: located radar blocks through the pipeline and the detector, with a digest of all.

The digest is taken over every processed sample and coordinate in order, so that two ways of
processing one flight can be told to be the same to the bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectkit.core import Block, DetectkitError, Indication
from detectkit.detect.assess import Assessor
from detectkit.detect.detector import Detector, candidate_settings
from detectkit.detect.evidence import no_evidence
from detectkit.detect.found import Found
from detectkit.detect.fusion import Branch, fuse
from detectkit.detect.metal import MetalBranch, MetalSettings, metal_pipeline
from detectkit.detect.metal.hearing import Hearing, hearing_of
from detectkit.detect.preset import Ground, nominal_pipeline
from detectkit.detect.settings import Detection
from detectkit.learn.choose import Choice, choose
from detectkit.mission.calibrations import MissionCalibrations
from detectkit.mission.gather import Gather
from detectkit.mission.settings import Mission
from detectkit.mission.volumes import DIGEST_SUFFIX, FlightVolume, VolumePlace
from detectkit.mission.weighing import Weighing
from detectkit.pipeline import Pipeline, Runner, describe

ASSUMED_M_PER_S = 1.0e8
"""Velocity of the wave in the ground where nobody gave one: every depth depends on it."""
GATHERED_TRACES = 32
"""Traces that are processed together: the work of a call is shared, the wait stays short."""


class Digest:
    """The sha256 of processed traces; how they are cut into blocks changes nothing.

    Examples
    --------
    >>> whole, cut = Digest(), Digest()
    >>> block = Block(np.ones((4, 3), np.float32))
    >>> whole.push(block)
    >>> [cut.push(block.traces(row, row + 1)) for row in range(4)]
    [None, None, None, None]
    >>> whole.value == cut.value
    True
    """

    def __init__(self) -> None:
        self.traces = 0
        self._hashes: dict[str, Any] = {}

    def push(self, block: Block) -> None:
        """Take processed traces."""
        self.traces += len(block)
        self._update("data", block.data)
        numbers = np.arange(block.first_trace, block.stop_trace, dtype=np.int64)
        self._update("number", numbers)
        self._hash("line").update(len(block) * (block.line.encode() + b"\n"))
        for name, (dim, values) in block.coords.items():
            if dim == "trace":
                self._update(f"coord {name}", values)

    @property
    def value(self) -> str:
        """The digest so far, as hexadecimal digits."""
        parts = (f"{name} {one.hexdigest()}" for name, one in sorted(self._hashes.items()))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _update(self, name: str, values: Any) -> None:
        self._hash(name).update(np.ascontiguousarray(values).tobytes())

    def _hash(self, name: str) -> Any:
        return self._hashes.setdefault(name, hashlib.sha256())


@dataclass(slots=True)
class _Lane:
    """One radar stream at work."""

    pipeline: Pipeline
    latency: tuple[int, float]
    gather: Gather
    runner: Runner
    detector: Detector | None
    branch: Branch | None
    volume: FlightVolume | None
    digest: Digest = field(default_factory=Digest)
    processed_ns: int = 0


class Processing:
    """Puts every radar and detector stream through its pipeline and collects the indications.

    In flight they are the finds of each sensor as they come, each weighed by itself where somebody
    calls `weigh`; after `finish` they are the places of the whole flight, weighed with the evidence
    of all sensors and lanes.

    The pipeline is the mission's, else one fitted to the radar's settings, see
    `detectkit.detect.preset.nominal_pipeline`.

    Parameters
    ----------
    mission
        Its pipeline and what it knows of the ground.
    pipeline
        Another pipeline than the mission's.
    recording
        Name of the flight, for the indications' reference.
    gathered
        Traces that are processed together; changes no bit of the result.
    volumes
        Where the volume of each radar goes, if the mission wants one; None: there is none.
    """

    def __init__(
        self,
        mission: Mission,
        *,
        recording: str,
        pipeline: Pipeline | None = None,
        gathered: int = GATHERED_TRACES,
        volumes: VolumePlace | None = None,
    ) -> None:
        if pipeline is None and mission.pipeline_toml:
            pipeline = Pipeline.from_toml(mission.pipeline_toml)
        self.indications: list[Indication] = []
        self.choice = Choice(None)
        self.calibrations = MissionCalibrations(mission.calibrations)
        self._ground = ground_of(mission)
        self._pipeline = pipeline
        self._recording = recording
        self._gathered = gathered
        self._mission = mission
        self._volumes = volumes if mission.image.write else None
        self._lanes: dict[str, _Lane] = {}
        self._coils: dict[str, tuple[MetalBranch, Branch]] = {}
        self._weighing = Weighing()
        self._chosen_for: list[Pipeline] | None = None
        self._now_ns = 0

    def push(self, block: Block) -> Iterator[Block]:
        """Take located rows of any stream; yield processed radar traces."""
        if block.sensor.kind == "gpr" or not self._lanes:
            self._now_ns = _last_ns(block) or self._now_ns
        if block.sensor.kind == "metal_detector":
            self._hear(block)
        if block.sensor.kind != "gpr":
            return
        lane = self._lanes.get(block.sensor.id)
        if lane is None:
            lane = self._lanes[block.sensor.id] = self._lane(block)
        for gathered in lane.gather.push(block):
            yield from self._through(lane, lane.runner.push(gathered))

    def flush(self) -> Iterator[Block]:
        """Process what is gathered, without waiting for more."""
        for lane in self._lanes.values():
            for gathered in lane.gather.flush():
                yield from self._through(lane, lane.runner.push(gathered))

    def finish(self) -> Iterator[Block]:
        """End the flight; yield the last traces and bring all finds together, ranked."""
        yield from self.flush()
        for lane in self._lanes.values():
            yield from self._through(lane, lane.runner.finish())
            if lane.detector is not None and lane.branch is not None:
                lane.branch.founds += lane.detector.finish()
            if lane.volume is not None:
                lane.volume.finish()
        for coil, branch in self._coils.values():
            branch.founds += coil.finish()
        self.indications = [one.indication for one in fuse(self._branches, self._weigher())]

    @property
    def _branches(self) -> list[Branch]:
        radars = [lane.branch for lane in self._lanes.values() if lane.branch is not None]
        return [*radars, *(branch for _, branch in self._coils.values())]

    def weigh(self) -> None:
        """Weigh a few of the finds whose surroundings have been recorded since; for in flight."""
        lanes = [lane.processed_ns for lane in self._lanes.values() if lane.detector is not None]
        processed_ns = min(lanes, default=self._now_ns)
        if not self._weighing.due(processed_ns):
            return
        assessor = self._weigher()
        if assessor is not None:
            for number, one in self._weighing.weigh(self._branches, assessor, processed_ns):
                self.indications[number] = one

    def get_ready(self) -> None:
        """Load what weighs, and weigh nothing once: its first use takes seconds."""
        assessor = self._weigher()
        if assessor is not None:
            assessor.assess([no_evidence()])

    def _weigher(self) -> Assessor | None:
        """Return what weighs the evidence; a model that cannot be used costs no indication."""
        sought = [lane.pipeline for lane in self._lanes.values() if lane.detector is not None]
        if sought != self._chosen_for:
            self._chosen_for = sought
            try:
                self.choice = choose(self._mission.evidence, sought) if sought else Choice(None)
            except DetectkitError as error:
                self.choice = Choice(None, (str(error),))
        return self.choice.assessor

    def _hear(self, block: Block) -> None:
        """Take located rows of a metal detector; note its alarms."""
        if len(block) == 0:
            return
        known = self._coils.get(block.sensor.id)
        if known is None:
            settings = MetalSettings()
            if self._pipeline is not None:
                settings = MetalSettings.of(self._pipeline) or settings
            fingerprint = metal_pipeline(block.spec, settings).fingerprint
            coil = MetalBranch(settings, self._recording, fingerprint)
            branch = Branch(coil.track, coil_radius_m=settings.coil_radius_m)
            known = self._coils[block.sensor.id] = (coil, branch)
        coil, branch = known
        self._note(branch, coil.push(block))

    def _note(self, branch: Branch, founds: Iterator[Found]) -> None:
        for found in founds:
            branch.founds.append(found)
            self._weighing.expect(len(self.indications), found, self._now_ns)
            self.indications.append(found.indication)

    @property
    def hearing(self) -> list[Hearing]:
        """What each metal detector can have heard so far, along each lane that it passed."""
        return [
            hearing_of(coil.track, name, coil.unit, coil.settings)
            for name, (coil, _) in self._coils.items()
        ]

    @property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """Pipeline of each radar stream."""
        return {name: lane.pipeline for name, lane in self._lanes.items()}

    @property
    def sought(self) -> bool:
        """Whether indications are looked for in any radar stream; True before the first trace."""
        return not self._lanes or any(lane.detector is not None for lane in self._lanes.values())

    @property
    def digests(self) -> Mapping[str, str]:
        """Digest of the processed traces of each radar stream, and of its volume."""
        traces = {name: lane.digest.value for name, lane in self._lanes.items()}
        volumes = {name: one.digest for name, one in self.volumes.items() if one.digest}
        return traces | {f"{name}{DIGEST_SUFFIX}": one for name, one in volumes.items()}

    @property
    def volumes(self) -> Mapping[str, FlightVolume]:
        """Volume of each radar stream that has one, with its fault if any."""
        lanes = self._lanes.items()
        return {name: lane.volume for name, lane in lanes if lane.volume is not None}

    @property
    def traces(self) -> Mapping[str, int]:
        """Number of processed traces of each radar stream."""
        return {name: lane.digest.traces for name, lane in self._lanes.items()}

    @property
    def latencies(self) -> Mapping[str, tuple[int, float]]:
        """By how many traces, and then by how many metres, each stream's results trail."""
        return {name: lane.latency for name, lane in self._lanes.items()}

    def gathered_rows(self, stream: str) -> int:
        """Return how many traces of a stream wait to be processed with others."""
        lane = self._lanes.get(stream)
        return 0 if lane is None else lane.gather.held_rows

    @property
    def missing(self) -> int:
        """Traces that were missing by the counter, over all radar streams."""
        return sum(lane.runner.tally.missing_traces for lane in self._lanes.values())

    def _lane(self, block: Block) -> _Lane:
        if self._pipeline is None:
            nominal = nominal_pipeline(block.spec, self._ground)
            pipeline = self.calibrations.fitted(nominal, block)
        else:
            pipeline = self.calibrations.checked(self._pipeline, block)
        check_live(pipeline, block)
        detection, detector, branch = Detection.of(pipeline), None, None
        if detection is not None:
            detector = Detector(detection, self._recording, pipeline.fingerprint)
            branch = Branch(detector.track)
        volume = None
        if self._volumes is not None:
            volume = FlightVolume.of(
                self._mission, self._ground, block.spec, pipeline, self._volumes
            )
        latency, gather = latency_of(pipeline, block), Gather(self._gathered)
        runner = Runner(pipeline.steps)
        return _Lane(pipeline, latency, gather, runner, detector, branch, volume)

    def _through(self, lane: _Lane, blocks: Iterator[Block]) -> Iterator[Block]:
        for block in blocks:
            lane.digest.push(block)
            lane.processed_ns = _last_ns(block) or lane.processed_ns
            if lane.detector is not None and lane.branch is not None:
                self._note(lane.branch, lane.detector.push(block))
            if lane.volume is not None:
                lane.volume.push(block)
            yield block


def _last_ns(block: Block) -> int:
    """Return the time of a block's last row, 0 where it has none."""
    return int(block.coord("time_ns")[-1]) if len(block) and "time_ns" in block.coords else 0


def ground_of(mission: Mission) -> Ground:
    """Return what the mission knows of the ground."""
    known = mission.ground
    velocity, source = known.velocity_m_per_s, "given"
    if velocity is None:
        velocity, source = ASSUMED_M_PER_S, "assumed"
    error = known.velocity_error_m_per_s
    relative = None if error is None else error / velocity
    return Ground(velocity, source, known.band_m, velocity_error=relative)


def check_live(pipeline: Pipeline, block: Block) -> None:
    """Refuse a pipeline that cannot work trace by trace, or not on this radar."""
    pipeline.check_live()
    spec = pipeline.describe(block.spec)
    detection = Detection.of(pipeline)
    if detection is not None:
        Pipeline(detection.steps).check_live()
        describe(detection.steps, spec)


def latency_of(pipeline: Pipeline, block: Block) -> tuple[int, float]:
    """Return by how much the results trail the newest trace: traces as recorded, then metres.

    Steps before the traces stand at equal distances wait for traces, those behind for metres.
    """
    detection = Detection.of(pipeline)
    spec, traces, metres = block.spec, 0, 0.0
    for step in (*pipeline.steps, *(() if detection is None else detection.steps)):
        ahead = step.reach(spec)[1]
        if spec.trace_spacing_m is None:
            traces += ahead
        else:
            metres += ahead * spec.trace_spacing_m
        spec = step.describe(spec)
    if detection is not None and spec.trace_spacing_m is not None:
        reach = candidate_settings(detection.settings, spec).reach
        metres += (reach + 1) * spec.trace_spacing_m
    return traces, metres
