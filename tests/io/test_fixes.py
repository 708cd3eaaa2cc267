"""Fixes: only real ones become positions, and none is invented. NMEA: damage is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import ShapeError
from detectkit.io import NO_FIXES, Fixes
from detectkit.io.nmea import fixes_from_nmea

from .writers import gga, nmea

PLACE = (14.3, 50.1, 250.0)


def fix(row: float, quality: int = 4, *, longitude: float = 14.3, latitude: float = 50.1) -> Fixes:
    return Fixes.of([(row, longitude, latitude, 250.0, quality)])


class TestValidity:
    @pytest.mark.parametrize("quality", [1, 2, 4, 5, 9])
    def test_any_fix_quality_above_zero_is_valid(self, quality: int) -> None:
        assert fix(0.0, quality).valid.all()

    @pytest.mark.parametrize(
        "bad",
        [
            fix(0.0, 0),
            fix(0.0, longitude=0.0, latitude=0.0),
            fix(0.0, longitude=181.0),
            fix(0.0, latitude=-90.5),
            fix(0.0, latitude=float("nan")),
            fix(float("nan")),
            fix(float("inf")),
        ],
    )
    def test_what_is_no_position(self, bad: Fixes) -> None:
        assert not bad.valid.any()
        assert len(bad.valid_within(10)) == 0

    def test_equator_and_meridian_are_places(self) -> None:
        assert fix(0.0, longitude=0.0, latitude=1.0).valid.all()
        assert fix(0.0, longitude=1.0, latitude=0.0).valid.all()

    def test_quality_out_of_range_is_clipped_not_wrapped(self) -> None:
        assert Fixes.of([(0.0, *PLACE, 256), (1.0, *PLACE, -1)]).quality.tolist() == [255, 0]

    def test_columns_of_different_length_are_refused(self) -> None:
        one, two = np.zeros(1), np.zeros(2)
        with pytest.raises(ShapeError, match="one length"):
            Fixes(one, two, one, one, np.zeros(1, np.uint8))


class TestWithin:
    def test_rows_outside_the_recording_are_left_out(self) -> None:
        table = Fixes.of([(row, *PLACE, 4) for row in (-1.0, 0.0, 9.0, 9.5, 10.0)])
        assert table.valid_within(10).row.tolist() == [0.0, 9.0]

    def test_rows_are_sorted_and_the_last_of_a_row_is_kept(self) -> None:
        table = Fixes.of(
            [(5.0, 1.0, 1.0, 0.0, 4), (2.0, 2.0, 2.0, 0.0, 4), (5.0, 3.0, 3.0, 0.0, 4)]
        )
        kept = table.valid_within(10)
        assert kept.row.tolist() == [2.0, 5.0]
        assert kept.longitude_deg.tolist() == [2.0, 3.0]


class TestInterpolation:
    def test_between_fixes_linearly_and_never_beyond(self) -> None:
        table = Fixes.of([(2.0, 10.0, 50.0, 100.0, 4), (6.0, 10.4, 50.8, 104.0, 4)])
        pose = table.valid_within(9).at_rows(np.arange(9.0))
        nan = float("nan")
        np.testing.assert_allclose(
            pose.longitude_deg, [nan, nan, 10.0, 10.1, 10.2, 10.3, 10.4, nan, nan]
        )
        np.testing.assert_allclose(pose.up_m[2:7], [100, 101, 102, 103, 104])
        assert np.isnan(pose.yaw_rad).all()

    def test_across_the_date_line_by_the_short_way(self) -> None:
        table = Fixes.of([(0.0, 179.9, 0.5, 0.0, 4), (2.0, -179.9, 0.5, 0.0, 4)])
        longitude = table.at_rows(np.arange(3.0)).longitude_deg
        np.testing.assert_allclose(np.abs(longitude), [179.9, 180.0, 179.9])

    def test_no_fixes_are_no_positions(self) -> None:
        pose = NO_FIXES.at_rows(np.arange(4.0))
        assert len(pose) == 4
        assert not pose.valid.any()

    @settings(max_examples=50, deadline=None)
    @given(
        st.lists(
            st.tuples(st.floats(0, 50), st.floats(-170, 170), st.floats(-80, 80)),
            min_size=2,
            max_size=10,
        )
    )
    def test_interpolated_places_stay_between_their_fixes(
        self, places: list[tuple[float, float, float]]
    ) -> None:
        kept = Fixes.of([(*place, 0.0, 4) for place in places]).valid_within(60)
        latitude = kept.at_rows(np.linspace(0, 59, 100)).latitude_deg
        found = latitude[np.isfinite(latitude)]
        if len(kept):
            assert (found >= kept.latitude_deg.min() - 1e-9).all()
            assert (found <= kept.latitude_deg.max() + 1e-9).all()


class TestNmea:
    def test_gga_gives_a_signed_place(self) -> None:
        line = gga(latitude=-33.25, longitude=-70.5, height_m=520.0, quality=4)
        fixes = fixes_from_nmea([(7.0, line)]).fixes
        assert fixes.row.tolist() == [7.0]
        np.testing.assert_allclose(fixes.latitude_deg, [-33.25], atol=1e-9)
        np.testing.assert_allclose(fixes.longitude_deg, [-70.5], atol=1e-9)
        assert (fixes.up_m.tolist(), fixes.quality.tolist()) == ([520.0], [4])

    def test_gga_of_quality_0_is_kept_and_not_valid(self) -> None:
        line = "$GPGGA,000320,4739.2552,N,12218.5815,W,0,00,,,M,,M,,*46"
        tally = fixes_from_nmea([(23.0, line)])
        assert len(tally.fixes) == 1
        assert not tally.fixes.valid.any()
        assert np.isnan(tally.fixes.up_m).all()

    @pytest.mark.parametrize(
        "line",
        [
            "",
            "noise",
            "$GPGGA,000320,4739.2552,N,12218.5815,W,0,00,,,M,,M,,*47",
            gga(latitude=1.0, longitude=2.0, height_m=3.0, quality=4)[:40],
            gga(latitude=1.0, longitude=2.0, height_m=3.0, quality=4)[:-3],
            nmea("GPGGA,000320"),
        ],
    )
    def test_damage_is_counted_and_gives_no_fix(self, line: str) -> None:
        tally = fixes_from_nmea([(0.0, line)])
        assert (len(tally.fixes), tally.damaged, tally.other) == (0, 1, 0)

    def test_other_sentences_are_counted_apart(self) -> None:
        line = "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A"
        tally = fixes_from_nmea([(0.0, line)])
        assert (len(tally.fixes), tally.damaged, tally.other) == (0, 0, 1)

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(st.integers(0, 60), st.text("0123456789.,NSEW*-$A\0é", min_size=1, max_size=3))
    def test_no_sentence_breaks_the_reader(self, place: int, noise: str) -> None:
        good = gga(latitude=1.0, longitude=2.0, height_m=3.0, quality=4)
        body = (good[:place] + noise + good[place + len(noise) :]).lstrip("$").split("*")[0]
        sentences = [body] if not body.isascii() else [body, nmea(body)]
        tally = fixes_from_nmea([(0.0, one) for one in sentences])
        assert len(tally.fixes) + tally.damaged + tally.other == len(sentences)
