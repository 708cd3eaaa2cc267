from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import ShapeError, UsageError
from detectkit.geo import LagLine, NoLagError, estimate_lag

Places = list[tuple[float, float]]
OBJECTS: Places = [(2.0, 0.2), (4.1, 1.4), (5.5, 2.3), (7.2, 0.9), (8.4, 3.1), (3.2, 3.4)]


def response(east: np.ndarray, north: np.ndarray, objects: Places) -> np.ndarray:
    width = 0.45
    return sum(np.exp(-((east - e) ** 2 + (north - n) ** 2) / width**2) for e, n in objects)


def lane(
    north_m: float,
    *,
    back: bool,
    lag_s: float,
    seed: int = 0,
    v: float = 1.0,
    objects: Places = OBJECTS,
) -> LagLine:
    """Return a lane of 10 m whose rows are stamped late by a lag; 6 % noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(10.0 / v * 50)) / 50.0
    measured = time - lag_s
    start, sense = (10.0, -v) if back else (0.0, v)
    north = np.full(time.size, north_m)
    strength = response(start + sense * measured, north, objects) + 0.06 * rng.standard_normal(
        time.size
    )
    stamps = (time * 1e9).astype(np.int64) + seed * 20 * 10**9
    return LagLine(stamps, start + sense * time, north, strength)


def lawn(
    lag_s: float, *, seed: int = 0, spacing_m: float = 0.5, objects: Places = OBJECTS
) -> list[LagLine]:
    """Return eight lanes, flown to and fro, not all at one speed."""
    return [
        lane(
            spacing_m * k,
            back=k % 2 == 1,
            lag_s=lag_s,
            seed=seed + k,
            v=1.0 + 0.05 * (k % 3),
            objects=objects,
        )
        for k in range(8)
    ]


@pytest.mark.parametrize("lag_s", [-0.15, 0.0, 0.043, 0.2])
def test_a_lawn_mower_survey_tells_the_lag(lag_s: float) -> None:
    lag = estimate_lag(lawn(lag_s))
    assert lag.lag_s == pytest.approx(lag_s, abs=0.015)
    assert abs(lag.lag_s - lag_s) < 2.0 * lag.error_s
    assert lag.error_s < 0.03
    assert lag.pairs == 7


def test_one_line_to_and_fro_is_enough() -> None:
    to, fro = (lane(1.2, back=back, lag_s=0.12, seed=back) for back in (False, True))
    lag = estimate_lag([to, fro])
    assert lag.lag_s == pytest.approx(0.12, abs=0.01)
    assert abs(lag.lag_s - 0.12) < 3.0 * lag.error_s
    assert lag.pairs == 1


def test_the_stated_error_holds_over_many_surveys() -> None:
    """Thirty surveys with six objects each, anywhere."""
    rng = np.random.default_rng(5)
    places = [
        list(zip(rng.uniform(1, 9, 6), rng.uniform(0, 3.5, 6), strict=True)) for _ in range(30)
    ]
    found = [estimate_lag(lawn(0.1, seed=100 * k, objects=o)) for k, o in enumerate(places)]
    error = np.array([abs(one.lag_s - 0.1) for one in found])
    stated = np.array([one.error_s for one in found])
    assert np.median(error) < 0.015
    assert np.sqrt(np.mean(error**2)) < 0.03
    assert (error < stated).mean() > 0.6
    assert (error < 2.0 * stated).mean() >= 0.9


def test_lines_flown_one_way_tell_nothing() -> None:
    with pytest.raises(NoLagError, match="to and fro"):
        estimate_lag([lane(0.5 * k, back=False, lag_s=0.1, seed=k) for k in range(6)])


def test_lanes_too_far_apart_tell_nothing() -> None:
    with pytest.raises(NoLagError, match="opposite passes"):
        estimate_lag(lawn(0.1, spacing_m=3.0))


def test_two_neighbouring_lanes_alone_are_not_trusted() -> None:
    with pytest.raises(NoLagError, match=r"0\.25 m"):
        estimate_lag(lawn(0.1)[:2])


def test_nothing_but_noise_is_refused() -> None:
    empty = [lane(0.5 * k + 20.0, back=k % 2 == 1, lag_s=0.1, seed=k) for k in range(8)]
    with pytest.raises(NoLagError, match="agree at no lag"):
        estimate_lag(empty)


def test_a_lag_beyond_what_was_tried_is_refused() -> None:
    with pytest.raises(NoLagError, match="longest_lag_s"):
        estimate_lag(lawn(0.25), longest_lag_s=0.2)


def test_lines_across_are_passed_over() -> None:
    cross = lane(1.2, back=False, lag_s=0.1)
    turned = LagLine(cross.time_ns, cross.northing_m, cross.easting_m, cross.strength)
    assert estimate_lag([*lawn(0.1), turned]).pairs == 7


def test_the_same_lines_give_the_same_answer() -> None:
    assert estimate_lag(lawn(0.1)) == estimate_lag(lawn(0.1))


def test_what_is_not_allowed_is_refused() -> None:
    with pytest.raises(UsageError, match="must be positive"):
        estimate_lag(lawn(0.1), reach_m=0.0)
    with pytest.raises(ShapeError, match="3 or more"):
        LagLine(np.arange(2), np.zeros(2), np.zeros(2), np.zeros(2))
