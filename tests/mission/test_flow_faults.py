"""Clocks that jump, bytes that are damaged, lines that fall out: counted, and the rest is right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flights import HOST_NS, Spoken, simulator, speak, write_flight

from detectkit.core import Block
from detectkit.io.journal import Record
from detectkit.mission import Flow, Replay, Replayed


def flown(path: Path, records: tuple[Record, ...]) -> tuple[Flow, list[Block]]:
    replay = Replay(write_flight(path / "flight", records))
    return replay.flow, list(replay.blocks())


def host_s(blocks: list[Block], stream: str) -> np.ndarray:
    """Return the rows' times in s of the flight."""
    mine = [one.coord("host_ns") for one in blocks if one.sensor.id == stream]
    return (np.concatenate(mine) - HOST_NS) / 1e9


@pytest.mark.parametrize("by_s", [3600.0, -4.0])
def test_an_instrument_s_clock_that_jumps_moves_no_row(by_s: float, tmp_path: Path) -> None:
    spoken = speak(simulator(), duration_s=9.0, jumps={"coil": (5.0, by_s)})
    flow, blocks = flown(tmp_path, spoken.records)
    times = host_s(blocks, "coil")
    assert times.size == spoken.rows["coil"]
    assert np.abs(times - np.arange(times.size) / 50.0).max() < 0.1
    assert flow.resets["coil"] == 1


def test_the_computer_s_utc_may_be_set_without_any_effect(
    spoken: Spoken, flight: Path, tmp_path: Path
) -> None:
    """Only the monotonic clock counts; UTC stamps of records are for people."""
    half = len(spoken.records) // 2
    moved = [
        replace(one, utc_ns=one.utc_ns + 86_400_000_000_000) if one.seq > half else one
        for one in spoken.records
    ]
    assert result(moved, tmp_path).digests == result(spoken.records, tmp_path / "as").digests


def result(records, path: Path) -> Replayed:
    return Replay(write_flight(path / "flight", tuple(records))).run()


def test_five_percent_of_damaged_bytes_cost_rows_and_are_counted(
    spoken: Spoken, tmp_path: Path
) -> None:
    rng = np.random.default_rng(5)
    start = HOST_NS + 4_000_000_000

    def hurt(record: Record) -> Record:
        if record.kind != "in" or record.arrival_ns < start or record.source == "gpr":
            return record
        data = np.frombuffer(record.data, np.uint8).copy()
        bad = rng.random(data.size) < 0.05
        data[bad] ^= (1 << rng.integers(0, 8, int(bad.sum()))).astype(np.uint8)
        return replace(record, data=data.tobytes())

    flow, blocks = flown(tmp_path, tuple(hurt(one) for one in spoken.records))
    for name, share in (("coil", 0.05), ("altimeter", 0.2), ("gnss", 0.0)):
        tally = flow.tallies[name]
        assert tally.damaged > 10, name
        assert tally.dropped_bytes > 100, name
        counts = [c.rows for key, c in flow.counts.items() if key.partition(".")[0] == name]
        assert share * spoken.rows[name] < counts[0] < spoken.rows[name]
    before = host_s(blocks, "coil")
    assert (before < 4.05).sum() >= 198  # nothing earlier is lost
    assert flow.counts["gpr"].rows == spoken.rows["gpr"]


def test_what_falls_out_is_a_gap_and_what_comes_after_is_in_its_place(
    spoken: Spoken, tmp_path: Path
) -> None:
    out = (HOST_NS + 5_000_000_000, HOST_NS + 7_000_000_000)
    kept = tuple(
        one
        for one in spoken.records
        if one.source != "coil" or not out[0] < one.arrival_ns < out[1] or one.kind == "event"
    )
    flow, blocks = flown(tmp_path, kept)
    assert flow.counts["coil"].missing == pytest.approx(100, abs=3)
    times = host_s(blocks, "coil")
    numbers = np.concatenate(
        [np.arange(one.first_trace, one.stop_trace) for one in blocks if one.sensor.id == "coil"]
    )
    assert np.abs(times - numbers / 50.0).max() < 0.1


def test_traces_without_a_position_say_so(spoken: Spoken, tmp_path: Path) -> None:
    out = (HOST_NS + 5_000_000_000, HOST_NS + 8_000_000_000)
    kept = tuple(
        one
        for one in spoken.records
        if one.source != "gnss" or not out[0] < one.arrival_ns < out[1] or one.kind == "event"
    )
    flow, blocks = flown(tmp_path, kept)
    radar = [one for one in blocks if one.sensor.id == "gpr"]
    longitude = np.concatenate([one.coord("longitude_deg") for one in radar])
    times = host_s(blocks, "gpr")
    lost = np.isnan(longitude)
    assert flow.unposed["gpr"] == lost.sum()
    assert lost[(times > 5.3) & (times < 7.7)].all()
    assert not lost[(times > 1.0) & (times < 4.7)].any()
    assert not lost[(times > 8.3) & (times < 13.0)].any()
