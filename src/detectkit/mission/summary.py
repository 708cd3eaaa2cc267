"""Summary of a flight: what every stream holds, from when to when, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from detectkit.core import Block
from detectkit.io.journal import scan
from detectkit.mission.flow import StreamCount
from detectkit.mission.folder import FlightFolder
from detectkit.mission.replay import Progress, Replay

LISTED = 100
"""How many gaps of a stream are listed one by one."""


def summarize(folder: FlightFolder, *, progress: Progress | None = None) -> dict[str, Any]:
    """Decode a flight's journal and return counts, spans and gaps per stream, for JSON.

    ``streams`` is a list with the names that `detectkit inspect` uses for every recording:
    ``sensor``, ``traces`` (rows), ``gaps``, ``missing_traces``, ``span_s``. Nothing is written.
    """
    report = scan(folder.path)
    replay = Replay(folder)
    gaps: dict[str, _Gaps] = {}
    for block in replay.blocks(progress=progress):
        gaps.setdefault(block.sensor.id, _Gaps()).push(block)
    flow = replay.flow
    return {
        "format": "detectkit-flight-folder",
        "name": folder.mission.name,
        "simulated": folder.simulated,
        "finalized": folder.flight.exists(),
        "streams": [
            {
                "sensor": name,
                **_span(count),
                **gaps.get(name, _Gaps()).to_dict(),
                "without_position": flow.unposed.get(name),
            }
            for name, count in sorted(flow.counts.items(), key=lambda one: ("." in one[0], one[0]))
        ],
        "instruments": {name: one.to_dict() for name, one in flow.tallies.items()},
        "journal": {
            "segments": len(report.segments),
            "records": report.records,
            "bytes": sum(one.bytes for one in report.segments),
            "damage": [str(one) for one in replay.damage],
        },
    }


@dataclass(slots=True)
class _Gaps:
    """Where rows of a stream are missing; the first of them are listed."""

    rows: int = 0
    gaps: int = 0
    missing: int = 0
    listed: list[dict[str, int]] = field(default_factory=list)
    _next: int | None = None

    def push(self, block: Block) -> None:
        missing = 0 if self._next is None else block.first_trace - self._next
        if missing > 0:
            self.gaps += 1
            self.missing += missing
            if len(self.listed) < LISTED:
                self.listed.append({"before_row": self.rows, "missing": missing})
        self._next = block.stop_trace
        self.rows += len(block)

    def to_dict(self) -> dict[str, Any]:
        return {
            "gaps": self.gaps,
            "missing_traces": self.missing,
            "first_gaps": self.listed,
        }


def _span(count: StreamCount) -> dict[str, Any]:
    first, last = count.first_host_ns, count.last_host_ns
    span_s = None if first is None or last is None else (last - first) / 1e9
    return {
        "traces": count.rows,
        "restarts": count.counter.restarts,
        "first_host_ns": first,
        "last_host_ns": last,
        "span_s": span_s,
        "rate_hz": None if not span_s else (count.rows - 1) / span_s,
        "clipped_fraction": count.clipped / count.samples if count.samples else None,
    }
