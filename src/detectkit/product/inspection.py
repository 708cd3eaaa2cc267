"""What a recording is and how healthy: counted while it streams by once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.calibration.check import check_record
from detectkit.calibration.choose import attached, flown_at
from detectkit.calibration.record import CalibrationRecord
from detectkit.core import Block
from detectkit.core.block import follows
from detectkit.io import Recording, Stream
from detectkit.product.canvas import Canvas
from detectkit.signal._jit import njit
from detectkit.signal.clipping import count_clipped

BARS = " ▁▂▃▄▅▆▇█"
THUMBNAIL_COLUMNS = 72
Progress = Callable[[int], None]


@dataclass(slots=True)
class Health:
    """Counts over all traces of a stream."""

    traces: int = 0
    samples: int = 0
    clipped: int = 0
    nonfinite: int = 0
    dead_traces: int = 0
    positioned: int = 0
    gaps: int = 0
    missing_traces: int = 0
    canvas: Canvas = field(default_factory=lambda: Canvas(0))
    _last: Block | None = None

    def push(self, block: Block) -> None:
        """Count one block."""
        if self._last is not None and not follows(self._last, block):
            self.gaps += 1
            self.missing_traces += max(0, block.first_trace - self._last.stop_trace)
        self._last = block.traces(len(block) - 1, len(block))
        self.traces += len(block)
        self.samples += len(block) * (block.data.shape[1] - block.sensor.blank_samples)
        low, high, bad = _row_extremes(np.ascontiguousarray(block.data), block.sensor.blank_samples)
        self.nonfinite += int(bad)
        self.dead_traces += int((low == high).sum())
        self._count_clipped(block, low, high)
        if "longitude_deg" in block.coords:
            self.positioned += int(np.isfinite(block.coord("longitude_deg")).sum())
        if "twt_s" in block.coords:
            self.canvas.push(block)

    def _count_clipped(
        self, block: Block, low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
    ) -> None:
        """Count on the few rows that reach a limit of the digitiser at all."""
        if block.sensor.full_scale is None:
            return
        lowest, highest = block.sensor.full_scale
        rows = (low <= lowest) | (high >= highest)
        if rows.any():
            signal = np.asarray(block.data[rows, block.sensor.blank_samples :], np.float32)
            self.clipped += int(count_clipped(signal, low=lowest, high=highest)[0].sum())

    @property
    def clipped_share(self) -> float:
        """Share of the samples that stand at full scale, 0 to 1."""
        return self.clipped / self.samples if self.samples else 0.0

    def remarks(self) -> list[str]:
        """Return what is worth saying of the recording's health, one sentence each."""
        said = []
        if self.clipped_share >= 1e-4:
            said.append(f"{100 * self.clipped_share:.2g} % of the samples stand at full scale")
        if self.dead_traces:
            said.append(f"{self.dead_traces} of {self.traces} traces are dead (constant)")
        return said


@njit
def _row_extremes(
    data: npt.NDArray[Any], first: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], int]:
    """Return lowest and highest finite value of each row from sample `first`; and what is not."""
    rows = data.shape[0]
    low = np.full(rows, np.inf)
    high = np.full(rows, -np.inf)
    bad = 0
    for row in range(rows):
        least, most = np.inf, -np.inf
        for k in range(first, data.shape[1]):
            value = np.float64(data[row, k])
            if value - value != 0.0:
                bad += 1
                continue
            least = min(least, value)
            most = max(most, value)
        low[row], high[row] = least, most
    return low, high, bad


@dataclass(frozen=True, slots=True)
class Inspection:
    """One stream of a recording, described."""

    stream: Stream
    health: Health

    @property
    def fixes(self) -> int:
        """Number of valid positions: of the fix table, or of traces that carry their own."""
        _, columns = self.stream.source.read(0, min(1, self.stream.traces))
        if "longitude_deg" in columns:
            return self.health.positioned
        return int(self.stream.header.fixes.valid.sum())

    def to_dict(self) -> dict[str, Any]:
        """Return the stream's part of ``inspect --json``; what is not known is None."""
        head, health = self.stream.header, self.health
        full_scale = head.sensor.full_scale
        facts = {
            "line": head.line,
            "sensor": head.sensor.id,
            "instrument": head.sensor.instrument,
            "traces": head.traces,
            "samples": head.samples,
            "sample_interval_s": head.sample_interval_s,
            "window_s": head.sample_interval_s * head.samples,
            "first_twt_s": head.first_twt_s,
            "antenna_hz": head.sensor.antenna_hz,
            "antenna_separation_m": head.sensor.antenna_separation_m,
            "trace_spacing_m": head.trace_spacing_m,
            "distance_m": distance_m(self.stream),
            "fixes": self.fixes,
            "traces_with_position": health.positioned,
            "fixes_without_position": int(len(head.fixes) - head.fixes.valid.sum()),
            "marks": [int(mark) for mark in head.marks],
            "permittivity": head.permittivity,
            "clipped_fraction": None if full_scale is None else health.clipped_share,
            "nonfinite_samples": health.nonfinite,
            "dead_traces": health.dead_traces,
            "gaps": health.gaps,
            "missing_traces": health.missing_traces,
        }
        return {name: _known(value) for name, value in facts.items()}


def inspect_stream(stream: Stream, *, progress: Progress | None = None) -> Inspection:
    """Read a stream once and count; memory stays bounded."""
    health = Health(canvas=Canvas(stream.traces, widest=2000))
    for block in stream.blocks():
        health.push(block)
        if progress is not None:
            progress(len(block))
    return Inspection(stream, health)


def describe_recording(recording: Recording, parts: list[Inspection]) -> dict[str, Any]:
    """Return the object of ``inspect --json``: the first stream's figures on top.

    ``warnings`` holds what is wrong and what had to be assumed, ``notes`` what is worth
    knowing, ``calibrations`` those that came with a flight; ``streams`` holds the figures of
    every line and channel.
    """
    streams = [part.to_dict() for part in parts]
    notices = recording.notices
    return {
        "file": recording.path.name,
        "format": recording.format,
        **(streams[0] if streams else {}),
        "warnings": [str(one) for one in notices if one.severity != "note"],
        "notes": [str(one) for one in notices if one.severity == "note"],
        "calibrations": calibrations_of(recording),
        "overrides": dict(recording.overrides),
        "streams": streams,
    }


def calibrations_of(recording: Recording) -> list[dict[str, Any]]:
    """Return the calibrations that came with a recording, and what does not fit of each."""
    return [
        {
            "name": name,
            "id": record.id,
            "instrument": record.instrument,
            "serial": record.serial,
            "expires_utc": record.expires_utc.isoformat(),
            "simulated": record.simulated,
            "faults": _faults(recording, record),
        }
        for name, record in attached(recording.attachments).items()
    ]


def _faults(recording: Recording, record: CalibrationRecord) -> list[str]:
    radars = [one for one in recording.streams if one.header.sensor.kind == "gpr" and one.traces]
    if record.radar is None or not radars:
        return []
    alike = [one for one in radars if one.header.sensor.instrument == record.instrument]
    first = (alike or radars)[0].rows(0, 1)
    return [one.text for one in check_record(record, first.spec, flown_at(first))]


def distance_m(stream: Stream) -> float | None:
    """Return the length of the line in m, None when the recording has no distance."""
    if stream.traces == 0:
        return None
    ends = [stream.rows(0, 1), stream.rows(stream.traces - 1, stream.traces)]
    if any("along_track_m" not in block.coords for block in ends):
        return None
    first, last = (float(block.coord("along_track_m")[0]) for block in ends)
    return last - first if np.isfinite(last - first) else None


def _known(value: Any) -> Any:
    """Return None for a number that is none: JSON has no word for it."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def thumbnail(canvas: Canvas) -> str:
    """Return the line's energy along the track, in one row of block characters."""
    columns = canvas.image - canvas.image.mean(axis=0, keepdims=True) if canvas.image.size else None
    if columns is None:
        return ""
    energy = np.sqrt((columns.astype(np.float64) ** 2).mean(axis=1))
    parts = np.array_split(energy, min(THUMBNAIL_COLUMNS, energy.size))
    heights = np.array([float(part.max()) for part in parts])
    return "".join(BARS[level] for level in _levels(heights))


def _levels(heights: npt.NDArray[np.float64]) -> list[int]:
    low, high = float(heights.min()), float(np.percentile(heights, 98))
    share = (heights - low) / max(high - low, 1e-30)
    return [int(level) for level in np.clip(np.round(1 + share * 7), 1, 8)]
