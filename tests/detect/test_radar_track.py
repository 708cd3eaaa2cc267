"""The radar's evidence: where it lies in the patch, what is masked, what changes no bit of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import Block, UsageError
from detectkit.detect.evidence import GRID
from detectkit.detect.radar_track import RadarCut, RadarTrack, times_at
from detectkit.detect.settings import DetectSettings
from detectkit.signal.travel_time import depth_m

from .tracks import (
    LATITUDE_DEG,
    LONGITUDE_DEG,
    METRES_PER_DEGREE,
    SEPARATION_M,
    VELOCITY_M_PER_S,
    brightest,
    cut,
    line,
    track_of,
)

LINE = line()
AT = 100
"""The row over the spot."""


def assert_same_cut(one: RadarCut, other: RadarCut) -> None:
    for name in ("radar", "known", "longitude_deg", "latitude_deg", "along_m"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert list(one.scalars) == list(other.scalars)
    np.testing.assert_array_equal(list(one.scalars.values()), list(other.scalars.values()))


class TestAKnownPoint:
    @pytest.mark.parametrize("deep_m", [0.05, 0.2, 0.45])
    @pytest.mark.parametrize("separation_m", [0.0, SEPARATION_M])
    def test_lies_in_the_middle_at_its_depth(self, deep_m: float, separation_m: float) -> None:
        there = cut(track_of([line(depth_m=deep_m, separation_m=separation_m)]), AT)
        for image in there.radar:
            found_m, away_m = brightest(image)
            assert abs(found_m - deep_m) <= GRID.row_m
            assert abs(away_m) <= GRID.spacing_m

    def test_lies_aside_where_the_middle_is_aside(self) -> None:
        there = cut(track_of([LINE]), AT - 12)
        assert brightest(there.radar[0])[1] == pytest.approx(12 * 0.02, abs=GRID.spacing_m)

    @pytest.mark.parametrize("spacing_m", [0.005, 0.01, 0.04])
    def test_looks_alike_however_dense_the_rows_are(self, spacing_m: float) -> None:
        rows = round(4.0 / spacing_m)
        dense = line(rows=rows, spacing_m=spacing_m, noise=0.001)
        there = cut(track_of([dense]), rows // 2)
        alike = cut(track_of([line(noise=0.001)]), AT)
        shapes = [one.radar[0] / np.abs(one.radar[0]).max() for one in (there, alike)]
        np.testing.assert_allclose(*shapes, atol=0.12)

    def test_from_the_air_the_ground_is_at_time_zero(self) -> None:
        """Levelled traces: the antennas' separation has no part in the depth any more."""
        removed_s = np.full(200, 2.0 * np.hypot(0.5, 0.5 * SEPARATION_M) / 299_792_458.0)
        flown = line(noise=0.05, removed_twt_s=removed_s, height_m=np.full(200, 0.9))
        sensor = replace(flown.sensor, antenna_separation_m=SEPARATION_M)
        there = cut(track_of([replace(flown, sensor=sensor)]), AT)
        assert abs(brightest(there.radar[0])[0] - 0.2) <= GRID.row_m
        assert there.scalars["height_m"] == pytest.approx(0.5), (
            "the radar's own, not the altimeter's"
        )

    def test_flown_backwards_it_is_mirrored(self) -> None:
        back = replace(
            LINE,
            data=LINE.data[::-1],
            coords={
                **LINE.coords,
                "longitude_deg": ("trace", LINE.coord("longitude_deg")[::-1]),
                "latitude_deg": ("trace", LINE.coord("latitude_deg")[::-1]),
            },
        )
        there, again = cut(track_of([LINE]), 90), cut(track_of([back]), 199 - 90)
        np.testing.assert_allclose(again.radar[..., ::-1], there.radar, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(again.latitude_deg[::-1], there.latitude_deg, atol=1e-12)

    @given(deep_m=st.floats(0.0, 2.0), separation_m=st.floats(0.0, 1.0))
    def test_times_and_depths_are_each_other_s_inverse(
        self, deep_m: float, separation_m: float
    ) -> None:
        twt_s = times_at(np.array([deep_m]), VELOCITY_M_PER_S, separation_m)
        again = depth_m(twt_s * (1 + 1e-12), velocity_m_per_s=1.2e8, separation_m=separation_m)
        np.testing.assert_allclose(again, deep_m, atol=1e-5)


class TestWhatChangesNothing:
    @settings(max_examples=15, deadline=None)
    @given(at=st.lists(st.integers(1, 199), max_size=8, unique=True), behind=st.integers(0, 3))
    def test_cutting_changes_no_bit(self, at: list[int], behind: int) -> None:
        bounds = [0, *sorted(at), 200]
        pieces = [LINE.traces(a, b) for a, b in pairwise(bounds)]
        whole, parts = track_of([LINE]), track_of(pieces, behind=behind)
        for row in (3, AT, 196):
            assert_same_cut(cut(whole, row), cut(parts, row))

    @given(gain=st.floats(0.01, 1e6))
    @settings(max_examples=10, deadline=None)
    def test_counts_and_their_multiples_are_the_same(self, gain: float) -> None:
        there = cut(track_of([LINE]), AT)
        loud = cut(track_of([LINE.with_data(LINE.data * np.float32(gain))]), AT)
        np.testing.assert_allclose(loud.radar, there.radar, rtol=1e-4, atol=1e-5)
        twice = cut(track_of([LINE.with_data(LINE.data * np.float32(2.0))]), AT)
        np.testing.assert_array_equal(twice.radar, there.radar)

    def test_noise_is_of_deviation_one(self) -> None:
        """Of rows as dense as the columns; a mean of envelopes spreads a little less than one."""
        noise = line(rows=400, spacing_m=GRID.spacing_m, at_m=-9.0)
        parts = [cut(track_of([noise]), row).radar for row in range(50, 350, 48)]
        processed, focused = np.concatenate(parts, axis=2)
        assert processed[8:].std() == pytest.approx(1.0, abs=0.1)
        assert np.sqrt((focused[8:] ** 2).mean() / 2.0) == pytest.approx(0.9, abs=0.1)

    def test_another_body_in_the_clutter_does_not_make_this_one_fainter(self) -> None:
        data = LINE.data.copy()
        data[140:160] += LINE.data[90:110]
        alone, beside = (
            cut(track_of([LINE.with_data(one)]), AT).radar[0].max() for one in (LINE.data, data)
        )
        assert beside > 0.85 * alone

    def test_a_body_in_silence_is_seen(self) -> None:
        there = cut(track_of([line(noise=0.0)]), AT)
        assert abs(brightest(there.radar[0])[0] - 0.2) <= GRID.row_m
        assert np.isfinite(there.radar).all()

    def test_silence_stays_silent(self) -> None:
        there = cut(track_of([LINE.with_data(np.zeros_like(LINE.data))]), AT)
        assert not there.radar.any()
        assert there.known.all()


class TestWhatIsMasked:
    def test_beyond_the_ends_of_the_line(self) -> None:
        track = track_of([LINE])
        first, last = cut(track, 0), cut(track, 199)
        np.testing.assert_array_equal(first.known, GRID.along_m > 0.0)
        np.testing.assert_array_equal(last.known, GRID.along_m < 0.0)
        assert not first.radar[..., ~first.known].any()
        assert np.isnan(first.latitude_deg[~first.known]).all()
        assert np.isfinite(first.latitude_deg[first.known]).all()

    def test_behind_a_gap(self) -> None:
        """Rows of two runs are never seen together, whatever their distances."""
        track = track_of([LINE.traces(0, 110), LINE.traces(115, 200)])
        there = cut(track, AT)
        np.testing.assert_array_equal(there.known, GRID.along_m <= 9 * 0.02)

    def test_rows_far_apart(self) -> None:
        sparse = line(rows=40, spacing_m=0.3)
        assert not cut(track_of([sparse]), 20).known.any()

    def test_a_recording_without_distance_keeps_its_numbers(self) -> None:
        unknown = replace(LINE, trace_spacing_m=None)
        unknown = unknown.with_data(
            LINE.data,
            coords={
                "along_track_m": ("trace", np.full(200, np.nan)),
                "height_m": ("trace", np.full(200, 0.4)),
                "removed_twt_s": ("trace", np.full(200, 2.0 * 0.4 / 299_792_458.0)),
            },
        )
        there = cut(track_of([unknown]), AT)
        assert not there.known.any()
        assert there.scalars["height_m"] == pytest.approx(0.4)
        assert there.scalars["wavelength_m"] == pytest.approx(0.2)
        assert np.isnan(there.scalars["speed_m_per_s"])

    def test_a_radargram_that_still_has_its_air_time(self) -> None:
        assert not cut(track_of([line(height_m=np.full(200, 0.5))]), AT).known.any()

    def test_rows_that_are_not_focused_yet(self) -> None:
        track = RadarTrack(DetectSettings(VELOCITY_M_PER_S))
        track.push_processed(LINE)
        track.push_focused(LINE.traces(0, 105))
        np.testing.assert_array_equal(cut(track, AT).known, GRID.along_m <= 4 * 0.02)


class TestNumbers:
    def test_what_the_radar_knows(self) -> None:
        there = cut(track_of([LINE]), AT)
        assert there.scalars["speed_m_per_s"] == pytest.approx(0.8)
        assert there.scalars["permittivity"] == pytest.approx(6.24, abs=0.01)
        assert np.isnan(there.scalars["height_m"])

    def test_a_distance_that_begins_again_does_not_mix_places_up(self) -> None:
        """Behind lost traces a path may count from 0 again, in the same line."""
        again = line(at_m=1.0)
        source = ("trace", np.arange(300, 500))
        again = again.with_data(again.data, coords={"source_trace": source})
        track = track_of([LINE, again])
        first, second = LINE.traces(50, 51), again.traces(50, 51)
        assert (track.number_of(first), track.number_of(second)) == (50, 250)
        assert abs(brightest(cut(track, 250).radar[0])[1]) <= GRID.spacing_m
        assert brightest(cut(track, 50).radar[0])[0] != pytest.approx(0.2, abs=0.01)

    def test_an_unknown_row_is_of_no_number(self) -> None:
        track = track_of([LINE])
        assert track.number_of(line(name="L2").traces(3, 4)) == -1
        assert track.cut("L1", -1) is None
        assert track.cut("L1", 200) is None

    def test_a_row_of_another_line_is_refused(self) -> None:
        with pytest.raises(UsageError, match="of line 'L1', not of 'L2'"):
            track_of([LINE]).cut("L2", 3)

    def test_the_oldest_rows_are_let_go_and_counted(self) -> None:
        long = line(rows=15_000)
        pieces = [long.traces(start, start + 700) for start in range(0, 15_000, 700)]
        track = track_of(pieces, behind=1, most_rows=3000)
        assert track.let_go == 8192
        assert track.cut("L1", 8000) is None
        assert cut(track, 14_000).known.all()
        assert_same_cut(cut(track, 14_000), cut(track_of([long]), 14_000))


class TestAPlaceThatAnotherSensorFound:
    def at(self, track: RadarTrack, along_m: float, *, east_m: float = 0.0) -> RadarCut | None:
        east = east_m / (METRES_PER_DEGREE * np.cos(np.radians(LATITUDE_DEG)))
        return track.cut_at(
            longitude_deg=LONGITUDE_DEG + east,
            latitude_deg=LATITUDE_DEG + along_m / METRES_PER_DEGREE,
        )

    def test_is_cut_from_the_nearest_row_of_any_line(self) -> None:
        other = line(name="L2", at_m=1.0)
        track = track_of([other.traces(0, 60), LINE])
        there = self.at(track, 2.0, east_m=0.2)
        assert there is not None
        assert there.along_m.mean() == pytest.approx(2.0, abs=0.011)
        assert abs(brightest(there.radar[0])[1]) <= GRID.spacing_m

    def test_has_none_where_the_radar_did_not_pass(self) -> None:
        track = track_of([LINE])
        assert self.at(track, 2.0, east_m=0.5) is None
        assert self.at(track, -1.0) is None
        assert self.at(track_of([]), 2.0) is None

    def test_without_position_by_its_distance_along_its_line(self) -> None:
        track = track_of([LINE])

        def there(name: str, along_m: float) -> RadarCut | None:
            return track.cut_at(longitude_deg=None, latitude_deg=None, line=name, along_m=along_m)

        found = there("L1", 2.005)
        assert found is not None
        assert found.along_m.mean() == pytest.approx(2.0)
        assert there("L2", 2.0) is None
        assert there("L1", 9.0) is None

    def test_rows_without_a_fix_are_nowhere(self) -> None:
        lost = LINE.with_data(LINE.data, coords={"latitude_deg": ("trace", np.full(200, np.nan))})
        assert self.at(track_of([lost]), 2.0) is None


def empty(block: Block) -> Block:
    return block.traces(0, 0)


def test_an_empty_block_is_no_run() -> None:
    track = RadarTrack(DetectSettings(VELOCITY_M_PER_S))
    track.push_processed(empty(LINE))
    assert track.lines == ()
