"""Which calibration applies to a radar's traces, and the pipeline with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from detectkit.calibration.apply import with_calibration
from detectkit.calibration.check import Finding, check_record
from detectkit.calibration.record import CalibrationRecord
from detectkit.calibration.record_file import record_from
from detectkit.core import Block, BlockSpec, Sensor
from detectkit.pipeline import Pipeline

GROUP = "calibration/"
"""Where a flight keeps its calibrations among its texts."""


def attached(texts: Mapping[str, str]) -> dict[str, CalibrationRecord]:
    """Return the calibrations among a recording's texts, by the name of their instrument.

    Texts in the group that are no record of this schema, as other programs put there, are passed
    over.
    """
    found: dict[str, CalibrationRecord] = {}
    for name, text in texts.items():
        if not name.startswith(GROUP):
            continue
        try:
            record = record_from(text, where=name)
        except ValueError:
            continue
        found[name.removeprefix(GROUP).removesuffix(".toml")] = record
    return found


def record_for(
    records: Mapping[str, CalibrationRecord], sensor: Sensor
) -> CalibrationRecord | None:
    """Return the radar's record: that under its own name, else the one of its instrument."""
    having = {name: one for name, one in records.items() if one.radar is not None}
    own = having.get(sensor.id) or having.get(sensor.id.partition(".")[0])
    if own is not None:
        return own
    alike = [one for one in having.values() if one.instrument == sensor.instrument]
    return alike[0] if len(alike) == 1 else None


def fitted(
    pipeline: Pipeline,
    record: CalibrationRecord | None,
    spec: BlockSpec,
    flown_utc: datetime | None,
) -> tuple[Pipeline, list[Finding]]:
    """Return the pipeline with the calibration where it may be applied, and what does not fit."""
    if record is not None and record.radar is None:
        record = None
    findings = check_record(record, spec, flown_utc)
    if record is None or any(one.bars for one in findings):
        return pipeline, findings
    return with_calibration(pipeline, record, spec), findings


def flown_at(block: Block) -> datetime | None:
    """Return the UTC of a block's first trace, None where it does not tell.

    >>> stamp = np.array([0, 10**9], np.int64) + 1_700_000_000 * 10**9
    >>> block = Block(np.zeros((2, 4), np.float32), coords={"time_ns": ("trace", stamp)})
    >>> flown_at(block).isoformat()
    '2023-11-14T22:13:20+00:00'
    """
    if "time_ns" not in block.coords or len(block) == 0:
        return None
    first_ns = int(np.asarray(block.coord("time_ns"))[0])
    return datetime.fromtimestamp(first_ns // 1_000_000_000, tz=UTC) if first_ns > 0 else None
