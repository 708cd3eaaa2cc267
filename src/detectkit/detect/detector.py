"""Detector: processed traces in, what the radar found out; the same live and in batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from detectkit.core import Block, BlockSpec, Evidence, Indication, PipelineError
from detectkit.core.vocabulary import unit_of
from detectkit.detect.candidates import Candidate, CandidateFinder, CandidateSettings
from detectkit.detect.echoes import Echoes
from detectkit.detect.evidence import GRID, PatchGrid
from detectkit.detect.found import Found
from detectkit.detect.radar_track import RadarTrack
from detectkit.detect.settings import Detection, DetectSettings
from detectkit.pipeline import Runner, describe
from detectkit.signal.travel_time import depth_m

CIRCUMSTANCES = ("horizontal_error_m", "height_m", "fix_quality")
"""What is kept with an indication of the moment it was measured, where the traces tell it."""


@dataclass(slots=True)
class Detector:
    """Scores processed blocks and yields what stands out, unranked.

    It keeps, in `track`, what the evidence at any place is cut from.

    Parameters
    ----------
    detection
        Settings and score steps.
    recording
        Name of the raw file, for the reference.
    fingerprint
        The pipeline's sha256.
    grid
        That the track keeps its rows on.
    """

    detection: Detection
    recording: str = ""
    fingerprint: str = ""
    grid: PatchGrid = GRID
    _focus: Runner | None = None
    _prescreen: Runner | None = None
    _echoes: Echoes = field(default_factory=Echoes)
    _finder: CandidateFinder | None = None
    track: RadarTrack = field(init=False)

    def __post_init__(self) -> None:
        self.track = RadarTrack(self.detection.settings, self.grid)

    def push(self, block: Block) -> Iterator[Found]:
        """Take the next processed block; yield the finds that are decided."""
        if self._focus is None:
            self._begin(block.spec)
        self.track.push_processed(block)
        if self._focus is not None:
            yield from self._from_focused(self._focus.push(block))

    def finish(self) -> Iterator[Found]:
        """End the recording; yield the last finds."""
        if self._focus is not None and self._prescreen is not None and self._finder is not None:
            yield from self._from_focused(self._focus.finish())
            yield from self._from_scores(self._prescreen.finish())
            yield from map(self._found, self._finder.finish())

    def _begin(self, spec: BlockSpec) -> None:
        scored = describe(self.detection.steps, spec)
        if scored.quantity != "score":
            last = self.detection.steps[-1].name
            msg = f"the last [[detect.score]] step {last!r} gives {scored.quantity}, not scores"
            raise PipelineError(msg)
        self._focus = Runner(self.detection.steps[:-1])
        self._prescreen = Runner(self.detection.steps[-1:])
        self._finder = CandidateFinder(candidate_settings(self.detection.settings, scored))

    @property
    def _reads_echoes(self) -> bool:
        return self.detection.settings.depth_of == "echo"

    def _from_focused(self, focused: Iterable[Block]) -> Iterator[Found]:
        for block in focused:
            self.track.push_focused(block)
            if self._prescreen is not None:
                if self._reads_echoes:
                    self._echoes.put(block)
                yield from self._from_scores(self._prescreen.push(block))

    def _from_scores(self, scores: Iterable[Block]) -> Iterator[Found]:
        for block in scores:
            if self._finder is not None:
                in_band = within_band(block, self.detection.settings)
                strength = self._echoes.take(block) if self._reads_echoes else None
                found = self._finder.push(in_band, strength)
                yield from map(self._found, found)

    def _found(self, candidate: Candidate) -> Found:
        row = candidate.row
        number = self.track.number_of(row)
        return Found("gpr", row.sensor.id, self._indication(candidate), row.line, number)

    def _indication(self, candidate: Candidate) -> Indication:
        settings = self.detection.settings
        row = candidate.row
        twt_s = float(row.coord("twt_s")[candidate.delay])
        separation = row.sensor.antenna_separation_m or 0.0
        depth = depth_from(twt_s, settings.velocity_m_per_s, separation)
        return Indication(
            line=row.line,
            trace=int(row.coord("source_trace")[0]) + 1,
            first_trace=candidate.first_source + 1,
            last_trace=candidate.last_source + 1,
            along_track_m=_value(row, "along_track_m"),
            longitude_deg=_value(row, "longitude_deg"),
            latitude_deg=_value(row, "latitude_deg"),
            twt_s=twt_s,
            depth_m=depth,
            depth_error_m=depth_error(twt_s, settings, separation),
            velocity_m_per_s=settings.velocity_m_per_s,
            velocity_source=settings.velocity_source,
            score=candidate.score,
            rank=0,
            evidence=_evidence(candidate),
            recording=self.recording,
            pipeline_sha256=self.fingerprint,
        )


def candidate_settings(settings: DetectSettings, spec: BlockSpec) -> CandidateSettings:
    """Return the settings in rows and samples of the score image."""
    spacing, interval = spec.trace_spacing_m, spec.sample_interval_s
    rows = settings.separation_traces
    cell = 3
    if spacing is not None:
        rows = max(1, round(settings.separation_m / spacing))
        cell = max(1, round(settings.cell_m / spacing))
    most = max(1, spec.samples)
    samples = apart = 1
    if interval is not None:
        samples = max(1, round(settings.cell_s / interval))
        apart = max(1, round(2.0 * settings.separation_m / settings.velocity_m_per_s / interval))
    return CandidateSettings(settings.threshold, rows, min(apart, most), cell, min(samples, most))


def within_band(scores: Block, settings: DetectSettings) -> Block:
    """Return the scores with everything outside the depth band set to 0."""
    separation = scores.sensor.antenna_separation_m or 0.0
    depth = depth_m(
        scores.coord("twt_s"), velocity_m_per_s=settings.velocity_m_per_s, separation_m=separation
    )
    inside = (depth >= settings.band_m[0]) & (depth <= settings.band_m[1])
    return scores.with_data(np.where(inside, scores.data, np.float32(0.0)))


def depth_from(twt_s: float, velocity_m_per_s: float, separation_m: float) -> float:
    """Return the depth in m of a two-way time; 0 where the wave is not in the ground yet."""
    depth = depth_m(twt_s, velocity_m_per_s=velocity_m_per_s, separation_m=separation_m)
    return float(np.nan_to_num(depth))


def depth_error(twt_s: float, settings: DetectSettings, separation_m: float) -> float:
    """Return one standard deviation of the depth from that of velocity and of the pick.

    Half the difference of the depths at velocity ± its deviation, and of those at the time ±
    half the resolution cell, added in quadrature.
    """
    v, dv, dt = settings.velocity_m_per_s, settings.velocity_error, settings.cell_s / 2.0
    from_velocity = depth_from(twt_s, v * (1 + dv), separation_m) - depth_from(
        twt_s, v * (1 - dv), separation_m
    )
    from_pick = depth_from(twt_s + dt, v, separation_m) - depth_from(twt_s - dt, v, separation_m)
    return float(np.hypot(from_velocity / 2.0, from_pick / 2.0))


def _value(row: Block, name: str) -> float | None:
    if name not in row.coords:
        return None
    value = float(row.coord(name)[0])
    return value if np.isfinite(value) else None


def _evidence(candidate: Candidate) -> tuple[Evidence, ...]:
    spacing = candidate.row.trace_spacing_m
    width = Evidence("width_traces", float(candidate.extent_rows))
    if spacing is not None:
        width = Evidence("width_m", candidate.extent_rows * spacing, "m")
    interval = candidate.row.spec.sample_interval_s or 0.0
    found = [width, Evidence("duration_s", candidate.extent_samples * interval, "s")]
    for name in CIRCUMSTANCES:
        value = _value(candidate.row, name)
        if value is not None:
            found.append(Evidence(name, value, unit_of(name)))
    return tuple(found)
