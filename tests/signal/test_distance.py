from __future__ import annotations

import numpy as np
import pytest

from detectkit.core.errors import ShapeError, UsageError
from detectkit.signal.distance import distance_from_marks, distance_from_positions


def test_distance_is_straight_between_marks_and_undefined_outside() -> None:
    distance = distance_from_marks([2, 4, 8], traces=10, mark_spacing_m=5.0)
    expected = [np.nan, np.nan, 0, 2.5, 5, 6.25, 7.5, 8.75, 10, np.nan]
    np.testing.assert_array_equal(distance, expected)


def test_extending_goes_on_at_the_pace_of_the_nearest_marks() -> None:
    distance = distance_from_marks([2, 4, 8], traces=10, mark_spacing_m=5.0, outside="extend")
    assert distance[[0, 1, 9]].tolist() == [-5.0, -2.5, 11.25]


@pytest.mark.parametrize("marks", [[3], [4, 4], [5, 2]])
def test_marks_must_be_two_or_more_and_rise(marks: list[int]) -> None:
    with pytest.raises(UsageError, match="two or more"):
        distance_from_marks(marks, traces=10, mark_spacing_m=1.0)


@pytest.mark.parametrize(("marks", "spacing"), [([-1, 4], 1.0), ([1, 10], 1.0), ([1, 4], 0.0)])
def test_marks_must_lie_on_the_line(marks: list[int], spacing: float) -> None:
    with pytest.raises(UsageError, match="must lie"):
        distance_from_marks(marks, traces=10, mark_spacing_m=spacing)


def test_the_path_is_measured_along_its_bends() -> None:
    distance = distance_from_positions([0, 3, 3, 0], [0, 0, 4, 4])
    assert distance.tolist() == [0, 3, 7, 10]


def test_unknown_positions_are_bridged_at_even_pace_but_not_before_the_first() -> None:
    easting = [np.nan, 1.0, np.nan, np.nan, 4.0, np.nan]
    distance = distance_from_positions(easting, np.zeros(6))
    np.testing.assert_array_equal(distance, [np.nan, 0, 1, 2, 3, 3])


def test_the_noise_of_a_resting_receiver_does_not_grow_into_distance() -> None:
    rng = np.random.default_rng(0)
    easting = 0.01 * rng.normal(size=2000)
    northing = 0.01 * rng.normal(size=2000)
    assert distance_from_positions(easting, northing)[-1] > 20.0
    assert distance_from_positions(easting, northing, minimum_step_m=0.1)[-1] == 0.0
    easting[1000:] += np.linspace(0.0, 50.0, 1000)
    walked = distance_from_positions(easting, northing, minimum_step_m=0.1)
    assert walked[-1] == pytest.approx(50.0, rel=0.03)
    assert np.all(np.diff(walked) >= 0.0)


def test_wrong_positions_are_refused() -> None:
    with pytest.raises(ShapeError, match="equal lists"):
        distance_from_positions([0, 1], [0])
    with pytest.raises(UsageError, match="minimum_step_m"):
        distance_from_positions([0], [0], minimum_step_m=-1.0)
    assert np.isnan(distance_from_positions([np.nan], [0.0])).all()
