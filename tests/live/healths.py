"""Healths to judge: all is well, but for what a test says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from detectkit.core import Indication
from detectkit.live.health import Health, InstrumentHealth, StreamHealth

STREAM = StreamHealth(
    received=6000,
    decoded=6000,
    dropped=0,
    durable=5950,
    rate_hz=100.0,
    nominal_hz=100.0,
    steady_hz=100.0,
    watched_s=4.0,
    age_s=0.01,
    clipped=0.0,
    without_position=0,
    clock_resets=0,
    running_s=60.0,
    told_lately=6000,
    dropped_lately=0,
    unplaced=0.0,
    jumps_lately=0,
)
INSTRUMENT = InstrumentHealth(
    state="streaming",
    fault="",
    openings=1,
    bytes_in=1_000_000,
    dropped_bytes=0,
    damaged=0,
    kind="gpr",
    idle_s=0.02,
)
HEALTH = Health(
    time_ns=1_790_000_000_000_000_000,
    elapsed_s=60.0,
    recording=True,
    waiting=False,
    failure="",
    queue_fill=0.0,
    written_bytes=5 << 20,
    free_bytes=70 << 30,
    lag_s=0.0,
    overflowed=False,
    processing_fault="",
    latency={"p99_s": 0.1},
    indications=0,
    display_dropped=0,
    platform={},
    streams={},
    instruments={},
)


def stream(**changed: Any) -> StreamHealth:
    return replace(STREAM, **changed)


def instrument(**changed: Any) -> InstrumentHealth:
    return replace(INSTRUMENT, **changed)


def health(**changed: Any) -> Health:
    """Return the health of a mission with one radar."""
    known = {"streams": {"gpr": stream()}, "instruments": {"gpr": instrument()}}
    return replace(HEALTH, **{**known, **changed})


def indication(**changed: Any) -> Indication:
    one = Indication(
        line="field-003",
        trace=100,
        first_trace=90,
        last_trace=110,
        along_track_m=2.0,
        longitude_deg=47.0120123,
        latitude_deg=-40.0305123,
        twt_s=2e-9,
        depth_m=0.12,
        depth_error_m=0.03,
        velocity_m_per_s=1.2e8,
        velocity_source="given",
        score=7.5,
        rank=1,
    )
    return replace(one, **changed)
