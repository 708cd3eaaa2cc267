"""MetalBranch: rows of a metal detector in, alarms out; the same live and in batch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from detectkit.core import Block, Evidence, Indication
from detectkit.core.block import follows
from detectkit.core.vocabulary import unit_of
from detectkit.detect.found import Found
from detectkit.detect.metal.alarms import Alarm, AlarmFinder, AlarmSettings, source_of
from detectkit.detect.metal.settings import MetalSettings
from detectkit.detect.metal.steps import SCORES
from detectkit.detect.metal.track import DetectorTrack
from detectkit.pipeline import Runner

CIRCUMSTANCES = ("horizontal_error_m", "height_m", "fix_quality", "easting_m", "northing_m")
"""What is kept with an alarm of the moment it was measured, where the rows tell it."""
TOLD = ("soil", "phase")
SENSOR = "metal_detector"


@dataclass(slots=True)
class MetalBranch:
    """Scores rows of a detector and yields its alarms, unranked.

    One for each sensor: its track holds what one sensor said.

    Parameters
    ----------
    settings
        The ``[metal]`` section.
    recording, fingerprint
        For the indications' reference.
    track
        Where the detector passed and what it said there.
    unit
        Of the channels, as the rows tell it.

    Examples
    --------
    >>> import numpy as np
    >>> from detectkit.core import Sensor
    >>> along = np.arange(0.0, 12.0, 0.05)
    >>> rows = np.random.default_rng(1).normal(0.0, 5.0, (along.size, 3))
    >>> rows[:, 1:] += 400.0 / (1.0 + ((along - 6.0) / 0.2) ** 2)[:, None] ** 3
    >>> block = Block(
    ...     rows, ("trace", "channel"), {"along_track_m": ("trace", along)},
    ...     Sensor(id="coil", kind="metal_detector"),
    ... )
    >>> branch = MetalBranch(MetalSettings())
    >>> found = [*branch.push(block), *branch.finish()]
    >>> [round(one.indication.along_track_m, 1) for one in found]
    [6.0]
    """

    settings: MetalSettings = field(default_factory=MetalSettings)
    recording: str = ""
    fingerprint: str = ""
    track: DetectorTrack = field(default_factory=DetectorTrack)
    unit: str = ""
    _runner: Runner | None = None
    _finder: AlarmFinder | None = None
    _last: Block | None = None
    _told: bool = False

    def push(self, block: Block) -> Iterator[Found]:
        """Take the next rows; yield the alarms that are decided."""
        if len(block) == 0:
            return
        if self._last is None or not follows(self._last, block):
            yield from self.finish()
            self._runner = Runner(self.settings.steps(block.spec))
            self._told = "along_track_m" in block.coords
        self._last = block.traces(len(block) - 1, len(block))
        self.unit = block.sensor.unit
        if self._runner is not None:
            for scored in self._runner.push(block):
                yield from self._from_scored(scored)

    def finish(self) -> Iterator[Found]:
        """End the recording; yield the last alarms."""
        if self._runner is not None:
            for scored in self._runner.finish():
                yield from self._from_scored(scored)
        if self._finder is not None:
            yield from map(self._found, self._finder.finish())
        self._runner = self._finder = self._last = None

    def _from_scored(self, block: Block) -> Iterator[Found]:
        if self._finder is None:
            settings, spec = self.settings, block.spec
            separation = settings.rows(settings.separation_m, settings.separation_traces, spec)
            shoulder = settings.rows(settings.shoulder_m, settings.shoulder_traces, spec)
            self._finder = AlarmFinder(
                AlarmSettings(settings.threshold, separation, shoulder, settings.dip),
                self.track.taken,
            )
        self.track.push(block, told=self._told)
        yield from map(self._found, self._finder.push(block))

    def _found(self, alarm: Alarm) -> Found:
        row = alarm.row
        indication = Indication(
            line=row.line,
            trace=int(source_of(row)[0]) + 1,
            first_trace=alarm.first_source + 1,
            last_trace=alarm.last_source + 1,
            along_track_m=_value(row, "along_track_m"),
            longitude_deg=_value(row, "longitude_deg"),
            latitude_deg=_value(row, "latitude_deg"),
            twt_s=math.nan,
            depth_m=math.nan,
            depth_error_m=math.nan,
            velocity_m_per_s=math.nan,
            velocity_source="",
            score=alarm.snr,
            rank=0,
            evidence=_evidence(alarm),
            recording=self.recording,
            pipeline_sha256=self.fingerprint,
            sensors=SENSOR,
            detector_snr=alarm.snr,
        )
        return Found(SENSOR, row.sensor.id, indication, row.line, alarm.number)


def _value(row: Block, name: str) -> float | None:
    if name not in row.coords:
        return None
    value = float(row.coord(name)[0])
    return value if math.isfinite(value) else None


def _evidence(alarm: Alarm) -> tuple[Evidence, ...]:
    """Return width, channels and circumstances of an alarm."""
    row = alarm.row
    spacing = row.trace_spacing_m
    width = Evidence("detector_width_traces", float(alarm.width_rows))
    if spacing is not None:
        width = Evidence("detector_width_m", alarm.width_rows * spacing, "m")
    values = row.data[0]
    found = [width, Evidence("detector_width_is_whole", float(alarm.whole))]
    found += [Evidence(f"detector_{name}", float(values[SCORES.index(name)])) for name in TOLD]
    spread = float(values[SCORES.index("spread")])
    found.append(Evidence("detector_spread", spread, row.sensor.unit))
    balanced = enumerate(values[len(SCORES) :])
    found += [Evidence(f"channel_{k}", float(one), row.sensor.unit) for k, one in balanced]
    for name in CIRCUMSTANCES:
        told = _value(row, name)
        if told is not None:
            found.append(Evidence(name, told, unit_of(name)))
    return tuple(found)
