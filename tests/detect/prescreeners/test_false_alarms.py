"""What a score means: a deviation of clutter, whatever the ground, the gain and the neighbours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from detectkit.core import Block, PipelineError
from detectkit.detect.prescreeners.clutter import TAIL_DEVIATE, LocalClutter, tail_of
from detectkit.detect.prescreeners.depth_energy import DepthEnergy
from detectkit.detect.prescreeners.lowrank import LowRankPrescreener
from detectkit.detect.prescreeners.pca import PcaPrescreener
from detectkit.detect.prescreeners.rls import RlsPrescreener
from detectkit.pipeline import Step, run

Ground = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
GROUNDS: dict[str, Ground] = {
    "gaussian": lambda rng, shape: rng.normal(size=shape),
    "exponential": lambda rng, shape: rng.laplace(size=shape),
}
WINDOW_S = 4e-10
STEPS: dict[str, Step] = {
    "depth-energy": DepthEnergy(energy_window_s=WINDOW_S),
    "pca": PcaPrescreener(energy_window_s=WINDOW_S),
    "lowrank": LowRankPrescreener(energy_window_s=WINDOW_S),
    "rls": RlsPrescreener(energy_window_s=WINDOW_S),
}
WARMED = 300
each_step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())


def clutter(ground: str, rows: int, samples: int = 40, *, seed: int = 3) -> np.ndarray:
    """Independent amplitudes, weaker with depth, as many scatterers of a ground give."""
    rng = np.random.default_rng(seed)
    decay = np.linspace(100.0, 0.1, samples)
    return np.asarray(GROUNDS[ground](rng, (rows, samples)) * decay, np.float32)


def scored(step: Step, data: np.ndarray) -> np.ndarray:
    axis = {"twt_s": ("delay", np.arange(data.shape[1]) * 1e-10)}
    return np.concatenate([b.data for b in run([step], [Block(data, coords=axis, line="l")])])


@each_step
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_false_alarm_rate_is_that_of_a_normal_deviate(step: Step, ground: str) -> None:
    """On exponential tails an uncorrected score would be above 4 more than 30 times too often."""
    scores = scored(step, clutter(ground, 4000))[WARMED:]
    for level, most in ((2.0, 1.4), (3.0, 2.0), (4.0, 7.0)):
        assert (scores > level).mean() < most * norm.sf(level)
    assert (scores > 2.0).mean() > 0.4 * norm.sf(2.0)
    by_depth = (scores > 2.0).mean(axis=0) / norm.sf(2.0)
    assert by_depth.max() < 2.6, "the same rate at every depth"


@each_step
@pytest.mark.parametrize("gain", [1e-5, 1e5])
def test_the_gain_does_not_matter(step: Step, gain: float) -> None:
    data = clutter("gaussian", 500)
    np.testing.assert_allclose(
        scored(step, data * np.float32(gain)), scored(step, data), atol=5e-3, rtol=1e-3
    )


@each_step
def test_steps_of_gain_along_depth_do_not_matter(step: Step) -> None:
    """A time-varying gain with jumps, in bins wider than the energy window, changes no rate."""
    data = clutter("gaussian", 900)
    stepped = data * np.repeat(np.array([1.0, 30.0, 0.2, 500.0], np.float32), 10)
    inside = [k for k in range(40) if 3 <= k % 10 <= 6]
    rates = [(scored(step, one)[WARMED:, inside] > 2.0).mean() for one in (data, stepped)]
    assert 0.5 < rates[1] / rates[0] < 1.8


@each_step
def test_a_body_is_found_and_a_faint_patch_is_not(step: Step) -> None:
    data = clutter("gaussian", 900)
    data[598:603, 18:24] *= 12.0
    data[400:410, 5:15] *= 0.01
    scores = scored(step, data)
    assert scores[598:603, 20].max() > 6.0
    assert scores[402:408, 8:12].max() < 2.0


@each_step
def test_bodies_in_the_training_stretch_do_not_hide_each_other(step: Step) -> None:
    """A row of bodies, a third of the track: each must still stand out."""
    data = clutter("gaussian", 1400)
    centres = range(460, 1400, 40)
    for centre in centres:
        data[centre - 6 : centre + 7, 18:24] *= 10.0
    scores = scored(step, data)
    assert min(scores[centre - 6 : centre + 7, 20].max() for centre in centres) > 3.0


@pytest.mark.parametrize("name", ["pca", "lowrank"])
def test_energy_that_swells_at_all_depths_together_is_explained(name: str) -> None:
    """Antennas that swing make every depth louder for a moment: that is no body."""
    data = clutter("gaussian", 900)
    swell = np.where(np.arange(900) % 90 < 10, 4.0, 1.0)
    data *= swell[:, np.newaxis].astype(np.float32)
    plain = scored(STEPS["depth-energy"], data)[WARMED:]
    assert (scored(STEPS[name], data)[WARMED:] > 4.0).mean() < 0.3 * (plain > 4.0).mean()


def test_rls_follows_a_ground_that_changes_for_good() -> None:
    data = clutter("gaussian", 1500)
    data[700:] *= 20.0
    scores = scored(STEPS["rls"], data)
    assert np.median(scores[705:715]) > 4.0
    assert (scores[1100:] > 3.0).mean() < 0.01


@each_step
@settings(max_examples=5, deadline=None)
@given(level=st.sampled_from([0.0, 1e-12, 3.0, 1e20]))
def test_dead_traces_score_nothing(step: Step, level: float) -> None:
    assert scored(step, np.full((120, 40), level, np.float32)).max() < 0.05


@given(st.floats(0.0, 50.0))
def test_the_tail_puts_its_quantile_where_a_normal_one_is(quantile: float) -> None:
    tail = tail_of(quantile)
    assert 0.0 <= tail <= 0.3
    if TAIL_DEVIATE < quantile < 1.5:
        assert np.log1p(tail * quantile) / tail == pytest.approx(TAIL_DEVIATE, abs=1e-6)


def test_higher_values_never_score_lower() -> None:
    training = np.abs(np.random.default_rng(1).standard_cauchy((64, 5))).astype(np.float32)
    rising = np.repeat(np.array([0.0, 1.0, 5.0, 1e3, 1e9], np.float32), 5).reshape(5, 5)
    scores = LocalClutter.of_energy(training).scores(rising)
    assert np.isfinite(scores).all()
    assert (np.diff(scores, axis=0) >= 0.0).all()


@pytest.mark.parametrize(
    ("step", "word"),
    [
        (DepthEnergy(training_traces=3), "training_traces"),
        (DepthEnergy(energy_window_s=0.0), "energy_window_s"),
        (PcaPrescreener(components=9), "components"),
        (LowRankPrescreener(components=0), "components"),
        (LowRankPrescreener(overlap=0.7), "overlap"),
        (RlsPrescreener(taps=20, memory_traces=30), "memory_traces"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(step: Step, word: str) -> None:
    axis = {"twt_s": ("delay", np.arange(40) * 1e-10)}
    with pytest.raises(PipelineError, match=word):
        step.describe(Block(clutter("gaussian", 2), coords=axis).spec)
