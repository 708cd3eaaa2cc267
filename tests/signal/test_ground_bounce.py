from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core.errors import UsageError
from detectkit.signal.attributes import envelope
from detectkit.signal.ground_bounce import NOT_LOCKED, Track, TrackState, track_ground_bounce

TRACES, SAMPLES = 300, 256
OPTIONS = {"start": 30, "stop": 240, "maximum_move": 4.0}


def flight(*, noise: float = 0.01, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return where the ground is, and the envelope of a line over it."""
    rng = np.random.default_rng(seed)
    ground = 120 + 50 * np.sin(np.arange(TRACES) / 40)
    delay = np.arange(SAMPLES) - ground[:, np.newaxis]
    square = (np.pi * 0.06 * delay) ** 2
    data = (1 - 2 * square) * np.exp(-square) + noise * rng.standard_normal((TRACES, SAMPLES))
    data[:, :20] += 5 * np.sin(np.arange(20))
    return ground, envelope(data)


def test_a_varying_height_is_followed_to_half_a_sample() -> None:
    ground, amplitude = flight()
    track, _ = track_ground_bounce(amplitude, **OPTIONS)
    assert np.abs(track.samples - ground).max() < 0.6
    assert track.quality.min() > 0.6


@given(st.lists(st.integers(1, TRACES - 1), max_size=8))
@settings(max_examples=25, deadline=None)
def test_carrying_the_state_over_a_cut_changes_no_bit(cuts: list[int]) -> None:
    _, amplitude = flight(noise=0.4)
    whole, end = track_ground_bounce(amplitude, **OPTIONS)
    state, samples, quality = NOT_LOCKED, [], []
    bounds = [0, *sorted(set(cuts)), TRACES]
    for first, stop in pairwise(bounds):
        track, state = track_ground_bounce(amplitude[first:stop], **OPTIONS, state=state)
        samples.append(track.samples)
        quality.append(track.quality)
    np.testing.assert_array_equal(np.concatenate(samples), whole.samples)
    np.testing.assert_array_equal(np.concatenate(quality), whole.quality)
    np.testing.assert_array_equal(state, end)


@pytest.mark.parametrize("kind", ["dead", "spike", "noise", "nan"])
def test_one_bad_trace_does_not_throw_the_tracker_off(kind: str) -> None:
    ground, amplitude = flight()
    bad = {
        "dead": np.zeros(SAMPLES),
        "spike": np.where(np.arange(SAMPLES) == 200, 1e4, 0.0),
        "noise": np.random.default_rng(1).rayleigh(0.05, SAMPLES),
        "nan": np.full(SAMPLES, np.nan),
    }
    amplitude[150] = bad[kind]
    track, _ = track_ground_bounce(amplitude, **OPTIONS)
    assert np.isnan(track.samples[150])
    others = np.delete(np.arange(TRACES), 150)
    assert np.abs(track.samples[others] - ground[others]).max() < 0.6


def test_a_run_of_dead_traces_is_bridged_as_the_reach_grows() -> None:
    ground, amplitude = flight()
    amplitude[100:115] = 0.0
    track, _ = track_ground_bounce(amplitude, **OPTIONS)
    assert np.isnan(track.samples[100:115]).all()
    assert np.abs(track.samples[115:] - ground[115:]).max() < 0.6


def test_a_wild_first_trace_is_given_up_after_the_patience() -> None:
    ground, amplitude = flight()
    amplitude[0] = np.where(np.arange(SAMPLES) == 230, 1e4, 0.0)
    track, _ = track_ground_bounce(amplitude, **OPTIONS, patience=5)
    assert np.abs(track.samples[8:] - ground[8:]).max() < 0.6


def test_only_the_window_is_searched() -> None:
    ground, amplitude = flight()
    track, _ = track_ground_bounce(amplitude, start=0, stop=25, maximum_move=3)
    assert np.nanmax(track.samples) < 25
    assert not np.any(np.abs(track.samples - ground) < 5)


def test_silence_has_no_ground_and_no_quality() -> None:
    track, state = track_ground_bounce(
        np.zeros((30, 64), np.float32), start=0, stop=64, maximum_move=2
    )
    assert np.isnan(track.samples).all()
    assert not track.quality.any()
    assert state.lost == 30


def test_quality_falls_from_a_sharp_reflection_to_noise() -> None:
    _, sharp = flight(noise=0.01)
    _, poor = flight(noise=0.3)
    noise = np.random.default_rng(0).rayleigh(1.0, (TRACES, SAMPLES))

    def mean_quality(amplitude: np.ndarray) -> float:
        track: Track = track_ground_bounce(amplitude, **OPTIONS)[0]
        return float(track.quality.mean())

    assert mean_quality(sharp) > 0.85 > mean_quality(poor) > mean_quality(noise)


def test_a_state_continues_where_it_was() -> None:
    amplitude = np.zeros((1, 100), np.float32)
    amplitude[0, [29, 30, 31, 79, 80, 81]] = 1, 2, 1, 4, 8, 4
    near = TrackState(position=31.0, amplitude=2.0, lost=0)
    track, _ = track_ground_bounce(amplitude, start=0, stop=100, maximum_move=3, state=near)
    assert track.samples[0] == 30.0
    track, _ = track_ground_bounce(amplitude, start=0, stop=100, maximum_move=3)
    assert track.samples[0] == 80.0


def test_bad_options_are_refused() -> None:
    amplitude = np.ones((2, 50))
    with pytest.raises(UsageError, match="maximum_move is 0"):
        track_ground_bounce(amplitude, start=0, stop=50, maximum_move=0)
    with pytest.raises(UsageError, match="minimum_quality is 2"):
        track_ground_bounce(amplitude, start=0, stop=50, maximum_move=1, minimum_quality=2)
    with pytest.raises(UsageError, match="does not lie within"):
        track_ground_bounce(amplitude, start=0, stop=51, maximum_move=1)


def test_a_move_without_bounds_is_a_move_over_the_whole_trace() -> None:
    amplitude = np.zeros((3, 30), np.float32)
    amplitude[[0, 1, 2], [5, 25, 8]] = 1.0
    track, _ = track_ground_bounce(amplitude, start=0, stop=30, maximum_move=1e300)
    np.testing.assert_allclose(track.samples, [5, 25, 8], atol=0.5)
