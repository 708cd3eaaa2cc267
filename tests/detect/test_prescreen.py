from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import Block, PipelineError
from detectkit.detect.prescreen import energy_root, reed_xiaoli, robust_moments
from detectkit.detect.settings import Detection
from detectkit.detect.steps import LmsPrescreener, ReedXiaoli
from detectkit.pipeline import Pipeline, run

SEED = 3


def clutter(rows: int, samples: int = 40) -> np.ndarray:
    """Gaussian amplitudes, as many independent scatterers give."""
    return np.random.default_rng(SEED).normal(size=(rows, samples)).astype(np.float32)


def scored(step: ReedXiaoli | LmsPrescreener, data: np.ndarray) -> np.ndarray:
    axis = {"twt_s": ("delay", np.arange(data.shape[1]) * 1e-10)}
    return np.concatenate([b.data for b in run([step], [Block(data, coords=axis, line="l")])])


def test_energy_root_is_the_cube_root_of_the_windowed_mean_square() -> None:
    data = clutter(20, 30)
    got = energy_root(data, 2, 1)
    expected = np.cbrt(np.mean(data[9:12, 13:18].astype(np.float64) ** 2))
    assert got[10, 15] == pytest.approx(expected, rel=1e-6)


def test_scores_of_pure_clutter_keep_the_false_alarm_rate() -> None:
    """Above 3.5 deviations lie few of the samples, at every depth: the normalisation works."""
    data = clutter(6000)
    data *= np.linspace(100.0, 0.1, 40, dtype=np.float32)  # decay with depth must not matter
    scores = scored(ReedXiaoli(energy_window_s=4e-10, energy_traces=3), data)
    rate = (scores > 3.5).mean(axis=0)
    assert rate.mean() < 0.01
    assert rate.max() < 0.03


@pytest.mark.parametrize("gain", [1e-6, 1.0, 1e6])
def test_scores_do_not_depend_on_the_gain(gain: float) -> None:
    data = clutter(400)
    plain = scored(ReedXiaoli(), data)
    scaled = scored(ReedXiaoli(), data * np.float32(gain))
    np.testing.assert_allclose(scaled, plain, atol=2e-3)


def test_a_target_scores_high_and_a_faint_patch_scores_nothing() -> None:
    data = clutter(600)
    data[298:303, 18:24] *= 12.0
    data[100:110, 5:15] *= 0.01
    scores = scored(ReedXiaoli(), data)
    assert scores[300, 20] > 6.0
    assert scores[102:108, 8:12].max() < 1.0


def test_targets_in_the_training_stretch_do_not_hide_each_other() -> None:
    """A row of targets, a third of the track: each must still stand out."""
    data = clutter(900)
    centres = range(40, 900, 40)
    for centre in centres:
        data[centre - 6 : centre + 7, 18:24] *= 10.0
    scores = scored(ReedXiaoli(guard_traces=10, training_traces=200), data)
    assert min(scores[centre - 4 : centre + 5, 20].max() for centre in centres) > 4.0


def test_lms_hears_a_target_and_stays_quiet_before_it_has_learnt() -> None:
    data = clutter(800)
    data[500:505, 18:24] *= 12.0
    step = LmsPrescreener(guard_traces=8, taps=10)
    scores = scored(step, data)
    assert not scores[:18].any()
    assert scores[500:505, 20].max() > 6.0
    assert np.median(scores[100:]) < 1.0


@settings(max_examples=25, deadline=None)
@given(st.integers(16, 60), st.integers(1, 30), st.floats(0.0, 10.0))
def test_moments_are_always_finite_and_positive(rows: int, samples: int, level: float) -> None:
    """Dead or constant clutter must not divide by zero."""
    training = np.full((rows, samples), level, np.float32)
    centre, inverse = robust_moments(training, 2)
    scores = reed_xiaoli(training, centre, inverse, 2)
    assert np.isfinite(inverse).all()
    assert not scores.any()


@pytest.mark.parametrize(
    ("step", "word"),
    [
        (ReedXiaoli(training_traces=3), "training_traces"),
        (ReedXiaoli(energy_window_s=0.0), "energy_window_s"),
        (LmsPrescreener(rate=1.5), "rate"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(
    step: ReedXiaoli | LmsPrescreener, word: str
) -> None:
    spec = Block(clutter(2), coords={"twt_s": ("delay", np.arange(40) * 1e-10)}).spec
    with pytest.raises(PipelineError, match=word):
        step.describe(spec)


def test_a_detect_that_is_no_section_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"\[detect\]"):
        Detection.of(Pipeline.from_toml("detect = 3"))


def test_whole_numbers_and_floats_have_one_fingerprint() -> None:
    texts = [
        f'[detect]\nthreshold = {number}\n[[detect.score]]\nuse = "reed-xiaoli"'
        for number in ("4", "4.0")
    ]
    assert len({Pipeline.from_toml(text).fingerprint for text in texts}) == 1
