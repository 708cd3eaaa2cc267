from __future__ import annotations

import numpy as np

from detectkit.signal.distance import Odometer


def test_a_path_is_as_long_as_its_legs() -> None:
    length = Odometer(minimum_step_m=0.0).push(np.array([0.0, 3, 3, 0]), np.array([0.0, 0, 4, 4]))
    assert length.tolist() == [0.0, 3.0, 7.0, 10.0]


def test_the_noise_of_a_resting_receiver_does_not_grow_into_distance() -> None:
    easting, northing = np.random.default_rng(5).normal(0.0, 0.02, (2, 1000))
    assert Odometer(minimum_step_m=0.0).push(easting, northing)[-1] > 20.0
    assert Odometer(minimum_step_m=0.2).push(easting, northing)[-1] == 0.0


def test_an_unknown_position_has_no_length_and_the_path_goes_on_behind_it() -> None:
    length = Odometer(minimum_step_m=0.0).push(np.array([np.nan, 0.0, np.nan, 5.0]), np.zeros(4))
    np.testing.assert_array_equal(length, [np.nan, 0.0, np.nan, 5.0])


def test_cutting_the_positions_changes_no_bit() -> None:
    easting, northing = np.cumsum(np.random.default_rng(6).normal(0.1, 0.3, (2, 200)), axis=1)
    whole = Odometer(minimum_step_m=0.25).push(easting, northing)
    odometer = Odometer(minimum_step_m=0.25)
    cut = [odometer.push(easting[part], northing[part]) for part in (slice(0, 61), slice(61, 200))]
    np.testing.assert_array_equal(np.concatenate(cut), whole)
