from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core.errors import UsageError
from detectkit.signal.dip import DipFilter, Fan

Line = npt.NDArray[np.float64]

SPACING_M, INTERVAL_S, SAMPLES = 0.02, 1e-10, 128


def plane_wave(velocity_m_per_s: float, *, traces: int = 200) -> Line:
    """A 600 MHz burst train whose delay grows along the track at an apparent velocity."""
    delay_s = np.arange(SAMPLES) * INTERVAL_S
    along_m = np.arange(traces)[:, np.newaxis] * SPACING_M
    envelope = np.hanning(SAMPLES)[np.newaxis, :]
    return np.asarray(envelope * np.cos(2e9 * np.pi * 0.6 * (delay_s - along_m / velocity_m_per_s)))


def through(fan: Fan, line: npt.ArrayLike, *, tile: int = 64) -> npt.NDArray[np.float32]:
    stream = DipFilter(
        SAMPLES, fan=fan, tile_traces=tile, trace_spacing_m=SPACING_M, sample_interval_s=INTERVAL_S
    )
    return np.concatenate([stream.push(line), stream.finish()])


def left_over(fan: Fan, line: Line) -> float:
    """Return the share that is left, away from the ends where the mirror turns the slope."""
    inside = slice(40, 160)
    return float(np.linalg.norm(through(fan, line)[inside]) / np.linalg.norm(line[inside]))


def test_a_dipping_wave_outside_the_fan_goes_and_one_inside_stays() -> None:
    fan = Fan(slowest_m_per_s=2e7, fastest_m_per_s=6e7)
    slow, fast = plane_wave(4e7), plane_wave(5e8)
    assert left_over(fan, slow) > 0.97
    assert left_over(fan, fast) < 0.03
    assert left_over(Fan(slowest_m_per_s=2e7, fastest_m_per_s=6e7, action="reject"), slow) < 0.03
    np.testing.assert_allclose(through(fan, slow + fast)[40:160], slow[40:160], atol=0.05)


def test_direction_tells_forward_from_backward_waves() -> None:
    forward, backward = plane_wave(4e7), plane_wave(-4e7)
    fan = Fan(slowest_m_per_s=2e7, direction="forward")
    assert left_over(fan, forward) > 0.97
    assert left_over(fan, backward) < 0.03
    assert left_over(Fan(slowest_m_per_s=2e7, direction="backward"), backward) > 0.97


def test_flat_layers_pass_every_direction_and_go_with_a_finite_fastest() -> None:
    flat = plane_wave(np.inf)
    np.testing.assert_allclose(through(Fan(slowest_m_per_s=1e8), flat), flat, atol=5e-3)
    for direction in ("forward", "backward"):
        assert left_over(Fan(fastest_m_per_s=2e8, direction=direction), flat) < 0.01
        assert left_over(Fan(slowest_m_per_s=1e8, direction=direction), flat) > 0.7


@settings(max_examples=30, deadline=None)
@given(traces=st.integers(0, 90), half=st.integers(1, 16))
def test_the_open_fan_changes_nothing_for_any_length_of_line(traces: int, half: int) -> None:
    line = np.random.default_rng(0).normal(size=(traces, SAMPLES))
    np.testing.assert_allclose(through(Fan(), line, tile=2 * half), line, atol=1e-5)


def test_keep_and_reject_add_to_the_line() -> None:
    line = np.random.default_rng(0).normal(size=(100, SAMPLES))
    fans = (Fan(2e7, 1e8, action=action) for action in ("keep", "reject"))
    kept, rejected = (through(fan, line) for fan in fans)
    np.testing.assert_allclose(kept + rejected, line, atol=1e-5)


def test_the_gain_is_one_inside_and_zero_outside_the_edge() -> None:
    fan = Fan(slowest_m_per_s=1e8, fastest_m_per_s=4e8, edge=0.5)
    gain = fan.response((64, 256), trace_spacing_m=SPACING_M, sample_interval_s=INTERVAL_S)
    wavenumber = np.fft.fftfreq(64, SPACING_M)[:, np.newaxis]
    frequency = np.fft.rfftfreq(256, INTERVAL_S)[np.newaxis, 1:]
    velocity = np.abs(frequency / np.where(wavenumber == 0.0, 1e-30, wavenumber))
    gain = gain[:, 1:]
    inside = (velocity > 1.0001e8) & (velocity < 3.999e8)
    outside = (velocity < 0.666e8) | (velocity > 6.01e8)
    assert inside.any()
    np.testing.assert_allclose(gain[inside], 1.0, atol=1e-6)
    np.testing.assert_allclose(gain[outside], 0.0, atol=1e-6)


@pytest.mark.parametrize(
    "settings_",
    [
        {"slowest_m_per_s": 2.0, "fastest_m_per_s": 1.0},
        {"slowest_m_per_s": -1.0},
        {"edge": 0.0},
        {"direction": "sideways"},
        {"action": "drop"},
    ],
)
def test_an_impossible_fan_is_refused(settings_: dict[str, float | str]) -> None:
    with pytest.raises(UsageError):
        Fan(**settings_)  # type: ignore[arg-type]


def test_odd_tiles_and_missing_steps_are_refused() -> None:
    with pytest.raises(UsageError, match="it must be even"):
        through(Fan(), np.zeros((3, SAMPLES)), tile=7)
    with pytest.raises(UsageError, match="must be above 0"):
        Fan().response((4, 4), trace_spacing_m=0.0, sample_interval_s=1e-10)
