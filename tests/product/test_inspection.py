"""Inspection: clipped, dead, not finite, gaps, distance, positions, counted on known data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectkit.core import Sensor
from detectkit.io import Fixes, Notice, Recording, Stream, StreamHeader
from detectkit.product.canvas import Canvas
from detectkit.product.inspection import (
    describe_recording,
    distance_m,
    inspect_stream,
    thumbnail,
)

LIMITS = (-1000.0, 1000.0)


@dataclass(frozen=True)
class Rows:
    data: np.ndarray
    columns: Mapping[str, np.ndarray]

    def read(self, start: int, stop: int) -> tuple[np.ndarray, dict[str, Any]]:
        return self.data[start:stop], {n: v[start:stop] for n, v in self.columns.items()}


def stream(data: np.ndarray, *, columns: Mapping[str, Any] | None = None, **head: Any) -> Stream:
    sensor = head.pop("sensor", Sensor(full_scale=LIMITS))
    header = StreamHeader(sensor, "L", len(data), data.shape[1], 1e-10, **head)
    return Stream(header, Rows(data, columns or {}))


def noise(traces: int = 50, samples: int = 20) -> np.ndarray:
    return np.random.default_rng(2).integers(-500, 500, (traces, samples)).astype(np.int16)


def facts(one: Stream) -> dict[str, Any]:
    return inspect_stream(one).to_dict()


def test_a_healthy_line_has_nothing_to_count() -> None:
    found = facts(stream(noise()))
    for name in ("clipped_fraction", "dead_traces", "nonfinite_samples", "gaps", "missing_traces"):
        assert found[name] == 0, name
    assert (found["traces"], found["samples"]) == (50, 20)
    assert found["window_s"] == pytest.approx(2e-9)


def test_runs_at_full_scale_are_clipped() -> None:
    data = noise()
    data[3, 4:7] = 1000
    data[9, 10:12] = -1000
    assert facts(stream(data))["clipped_fraction"] == 5 / 1000


def test_without_a_full_scale_clipping_is_not_known() -> None:
    data = np.full((5, 20), 1000, np.int16)
    assert facts(stream(data, sensor=Sensor()))["clipped_fraction"] is None


def test_constant_traces_are_dead() -> None:
    data = noise()
    data[[4, 5, 30]] = [[0], [0], [77]]
    assert facts(stream(data))["dead_traces"] == 3


def test_samples_that_are_not_finite_are_counted_and_hide_nothing() -> None:
    data = noise().astype(np.float32)
    data[0, 0], data[1, 1], data[2, 2] = np.nan, np.inf, -np.inf
    data[7] = np.nan
    data[8, 3:5] = 1000.0
    found = facts(stream(data))
    assert found["nonfinite_samples"] == 3 + 20
    assert found["clipped_fraction"] == 2 / 1000


def test_blank_samples_are_not_judged() -> None:
    data = noise()
    data[:, :2] = 1000
    data[6] = 5
    data[6, 0] = 7
    found = facts(stream(data, sensor=Sensor(full_scale=LIMITS, blank_samples=2)))
    assert found["clipped_fraction"] == 0
    assert found["dead_traces"] == 1


def test_jumps_of_the_counter_are_gaps() -> None:
    counter = np.arange(50)
    counter[20:] += 4
    counter[41:] += 1
    found = facts(stream(noise(), columns={"trace_counter": counter}, counter_modulus=1 << 16))
    assert (found["gaps"], found["missing_traces"]) == (2, 5)


def test_a_long_line_is_counted_across_its_blocks() -> None:
    data = noise(2500)
    data[1024, 3:6] = 1000
    data[[1023, 1025]] = 0
    seen: list[int] = []
    found = inspect_stream(stream(data), progress=seen.append).to_dict()
    assert found["dead_traces"] == 2
    assert found["clipped_fraction"] == 3 / (2500 * 20)
    assert sum(seen) == 2500


class TestDistance:
    def test_it_is_from_the_first_to_the_last_trace(self) -> None:
        assert distance_m(stream(noise(), trace_spacing_m=0.1)) == pytest.approx(4.9)

    def test_in_time_mode_there_is_none(self) -> None:
        assert facts(stream(noise()))["distance_m"] is None

    def test_one_that_is_not_finite_is_none(self) -> None:
        along = np.full(50, np.nan)
        assert distance_m(stream(noise(), columns={"along_track_m": along})) is None

    def test_an_empty_line_has_none(self) -> None:
        assert distance_m(stream(noise(0), trace_spacing_m=0.1)) is None


def test_fixes_are_counted_by_validity() -> None:
    fixes = Fixes(
        row=np.arange(4.0),
        longitude_deg=np.array([15.0, 15.1, np.nan, 15.2]),
        latitude_deg=np.array([45.0, 45.0, np.nan, 45.0]),
        up_m=np.zeros(4),
        quality=np.array([4, 1, 0, 4], np.uint8),
    )
    found = facts(stream(noise(), fixes=fixes))
    assert (found["fixes"], found["fixes_without_position"]) == (3, 1)


def test_traces_that_carry_positions_are_counted() -> None:
    place = np.full(50, 15.0)
    place[10:] = np.nan
    columns = {"longitude_deg": place, "latitude_deg": place}
    found = facts(stream(noise(), columns=columns))
    assert (found["fixes"], found["traces_with_position"]) == (10, 10)


class TestDescription:
    NOTICES = (
        Notice("note", "worth knowing", "a.dt1"),
        Notice("assumed", "no unit; correct it with --set unit", "a.hd", setting="unit"),
        Notice("warning", "cut short", "a.dt1", 77),
    )

    def described(self, *streams: Stream) -> dict[str, Any]:
        recording = Recording(Path("/some/where/a.dt1"), "sensoft-dt1", streams, self.NOTICES)
        return describe_recording(recording, [inspect_stream(one) for one in streams])

    def test_the_first_stream_is_on_top_and_all_are_listed(self) -> None:
        found = self.described(stream(noise()), stream(noise(30)))
        assert (found["file"], found["format"]) == ("a.dt1", "sensoft-dt1")
        assert found["traces"] == 50
        assert [one["traces"] for one in found["streams"]] == [50, 30]

    def test_what_was_assumed_stands_with_the_warnings(self) -> None:
        found = self.described(stream(noise()))
        assert len(found["warnings"]) == 2
        assert "a.dt1 at byte 77: cut short" in found["warnings"]
        assert found["notes"] == ["a.dt1: worth knowing"]

    def test_it_is_json_even_where_a_number_is_none(self) -> None:
        one = stream(noise())
        strange = replace(one.header, sample_interval_s=float("nan"), permittivity=float("inf"))
        text = json.dumps(self.described(replace(one, header=strange)), allow_nan=False)
        found = json.loads(text)
        assert found["sample_interval_s"] is found["window_s"] is found["permittivity"] is None

    def test_a_recording_without_streams_is_described(self) -> None:
        assert self.described()["streams"] == []


class TestThumbnail:
    def test_it_shows_where_the_energy_is(self) -> None:
        data = np.zeros((720, 20), np.float32)
        data[400:420, 5] = 100.0
        strip = thumbnail(inspect_stream(stream(data)).health.canvas)
        assert len(strip) == 72
        assert strip[40:42] == "██"
        assert set(strip[:39]) == {"▁"}

    def test_nothing_has_none(self) -> None:
        assert thumbnail(Canvas(0)) == ""

    def test_silence_is_flat(self) -> None:
        assert set(thumbnail(inspect_stream(stream(np.zeros((9, 5)))).health.canvas)) == {"▁"}
