from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import i0

from detectkit.core.errors import ShapeError
from detectkit.signal._sinc import bessel_i0, windowed_sinc
from detectkit.signal.shift import shift_rows


def ricker(delay: np.ndarray, freq: float = 0.08) -> np.ndarray:
    square = (np.pi * freq * delay) ** 2
    return (1 - 2 * square) * np.exp(-square)


@given(st.floats(-60, 60))
@settings(max_examples=60, deadline=None)
def test_a_pulse_arrives_later_by_the_shift(shift: float) -> None:
    i = np.arange(300.0)
    data = ricker(i - 150)[np.newaxis].astype(np.float32)
    result = shift_rows(data, np.array([shift]))
    np.testing.assert_allclose(result[0], ricker(i - 150 - shift), atol=1.5e-4)


@given(st.floats(0.02, 0.65), st.floats(-3, 3), st.floats(0, 6.3))
@settings(max_examples=80, deadline=None)
def test_the_stated_error_bound_holds(of_nyquist: float, shift: float, phase: float) -> None:
    i = np.arange(120.0)
    data = np.cos(np.pi * of_nyquist * i + phase)[np.newaxis].astype(np.float32)
    expected = np.cos(np.pi * of_nyquist * (i - shift) + phase)
    bound = 1.2e-4 if of_nyquist <= 0.5 else 2e-4
    result = shift_rows(data, np.array([shift]))[0]
    np.testing.assert_allclose(result[15:-15], expected[15:-15], atol=bound)


@pytest.mark.parametrize("shift", [-7, 0, 3])
def test_a_whole_shift_is_an_exact_copy(shift: int) -> None:
    data = np.random.default_rng(0).standard_normal((1, 40)).astype(np.float32)
    result = shift_rows(data, np.array([shift]), fill=9.0)[0]
    expected = np.full(40, 9.0, np.float32)
    expected[max(shift, 0) : 40 + min(shift, 0)] = data[0, max(-shift, 0) : 40 - max(shift, 0)]
    np.testing.assert_array_equal(result, expected)


@given(st.floats(-30, 30))
@settings(max_examples=40, deadline=None)
def test_a_constant_stays_constant_and_the_rest_is_filled(shift: float) -> None:
    result = shift_rows(np.full((1, 25), 7.0, np.float32), np.array([shift]), fill=-1.0)[0]
    place = np.arange(25) - shift
    inside = (place >= 0) & (place <= 24)
    np.testing.assert_allclose(result[inside], 7.0, rtol=1e-6)
    np.testing.assert_array_equal(result[~inside], -1.0)


@pytest.mark.parametrize("shift", [np.nan, np.inf, -1e300, 41.0])
def test_an_unknown_or_endless_shift_leaves_only_fill(shift: float) -> None:
    result = shift_rows(np.ones((1, 40), np.float32), np.array([shift]), fill=5.0)
    assert (result == 5.0).all()


def test_each_trace_has_its_own_shift_in_every_chunk() -> None:
    rng = np.random.default_rng(0)
    data = rng.standard_normal((20, 50)).astype(np.float32)
    shift = rng.uniform(-5, 5, 20)
    whole = shift_rows(data, shift)
    parts = [shift_rows(data[:7], shift[:7]), shift_rows(data[7:], shift[7:])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_one_shift_per_trace_is_required() -> None:
    with pytest.raises(ShapeError, match="one per trace"):
        shift_rows(np.ones((3, 5), np.float32), np.zeros(2))


@pytest.mark.parametrize("x", [0.0, 0.5, 3.0, 8.0, 20.0])
def test_the_bessel_function_agrees_with_scipy(x: float) -> None:
    assert bessel_i0(x) == pytest.approx(float(i0(x)), rel=1e-13)


def test_the_interpolator_is_one_at_zero_and_zero_beyond_its_width() -> None:
    assert windowed_sinc(0.0, 0.5, 8.0, 8.0) == pytest.approx(1.0)
    assert windowed_sinc(8.0, 0.5, 8.0, 8.0) == 0.0
    assert windowed_sinc(2.0, 0.5, 8.0, 8.0) == pytest.approx(0.0, abs=1e-15)
