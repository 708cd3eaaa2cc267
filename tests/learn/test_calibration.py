"""What log-odds are worth is learned on some sites and holds on others, within its interval."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from detectkit.core import UsageError
from detectkit.detect.scoring.calibration import expected_calibration_error
from detectkit.learn.calibration import (
    METHODS,
    Calibration,
    CalibrationSettings,
    between_sites,
    fit_calibration,
    target_odds,
)

BOLD = 2.5
"""The stand-in of a network is this much too sure of itself."""


def logits_of(raw: np.ndarray) -> np.ndarray:
    """Return logits of five categories whose log-odds of a target are `raw`."""
    logits = np.full((raw.size, 5), -30.0)
    logits[:, 0], logits[:, 4] = raw, 0.0
    return logits


def survey(
    sites: int, seed: int, *, scatter: float = 0.0, per_site: int = 200
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return raw log-odds, categories, sites and the true chance, of a network too sure."""
    random = np.random.default_rng(seed)
    site = np.repeat(np.arange(sites), per_site)
    odds = random.normal(-1.5, 1.5, site.size)
    chance = expit(odds + scatter * random.normal(size=sites)[site])
    category = np.where(random.uniform(size=site.size) < chance, 0, 4)
    return BOLD * odds + 1.0, category, site, chance


@pytest.fixture(scope="module")
def fitted() -> dict[str, Calibration]:
    raw, category, site, _ = survey(8, 0, per_site=150)
    return {
        method: fit_calibration(
            logits_of(raw), category, site, CalibrationSettings(method, replicates=5)
        )
        for method in ("auto", *METHODS)
    }


@pytest.mark.parametrize("method", ["auto", "platt", "beta", "isotonic"])
def test_a_network_too_sure_is_calibrated_on_sites_it_was_not_fitted_on(
    fitted: dict[str, Calibration], method: str
) -> None:
    raw, category, _, chance = survey(10, 1)
    said = expit(fitted[method].calibrated(raw))
    before, after = (expected_calibration_error(one, category == 0) for one in (expit(raw), said))
    assert after < 0.03
    assert before > 0.05
    assert np.abs(said - chance).mean() < 0.03


def test_temperature_cannot_move_an_offset_so_it_is_not_taken(
    fitted: dict[str, Calibration],
) -> None:
    assert fitted["auto"].method != "temperature"


@pytest.mark.parametrize("method", METHODS)
def test_calibration_never_reorders(fitted: dict[str, Calibration], method: str) -> None:
    raw = np.linspace(-30.0, 30.0, 2001)
    assert (np.diff(fitted[method].calibrated(raw)) >= 0).all()
    assert (fitted[method].half_width(raw) >= 0).all()


def test_the_interval_holds_the_share_of_a_further_site_nine_times_in_ten() -> None:
    """Each further site has an offset of its own; the limits are those of the curve and of it."""
    scatter, inside, count = 0.6, 0, 0
    for seed in range(8):
        raw, category, site, _ = survey(10, 100 + seed, scatter=scatter, per_site=150)
        made = fit_calibration(
            logits_of(raw), category, site, CalibrationSettings("platt", replicates=12)
        )
        at = np.linspace(-6.0, 6.0, 5)
        offsets = scatter * np.random.default_rng(seed).normal(size=(200, 1))
        true = (at - 1.0) / BOLD + offsets
        off = np.abs(true - made.calibrated(at))
        inside += int((off <= made.half_width(at)).sum())
        count += off.size
    assert 0.83 < inside / count < 0.98


def test_sites_alike_have_no_spread_sites_apart_have_theirs() -> None:
    for scatter, low, high in ((0.0, 0.0, 0.15), (1.0, 0.6, 1.5)):
        raw, category, site, _ = survey(20, 7, scatter=scatter)
        assert low <= between_sites((raw - 1.0) / BOLD, category == 0, site) <= high


def test_examples_that_one_threshold_divides_do_not_make_certainty() -> None:
    raw = np.concatenate([np.full(30, -9.0), np.full(30, 9.0)])
    category, site = np.where(raw > 0, 1, 3), np.tile([0, 1, 2], 20)
    for method in METHODS:
        made = fit_calibration(
            logits_of(raw), category, site, CalibrationSettings(method, replicates=5)
        )
        low, high = expit(made.calibrated([-9.0, 9.0]))
        assert 0.0 < low < 0.2
        assert 0.8 < high < 1.0


def test_json_gives_it_back_to_the_bit(fitted: dict[str, Calibration]) -> None:
    made = fitted["beta"]
    again = Calibration.from_table(json.loads(json.dumps(made.to_table())))
    raw = np.linspace(-20.0, 20.0, 101)
    assert again.calibrated(raw).tobytes() == made.calibrated(raw).tobytes()
    assert again.half_width(raw).tobytes() == made.half_width(raw).tobytes()


def test_a_curve_that_falls_is_not_read(fitted: dict[str, Calibration]) -> None:
    table = fitted["beta"].to_table()
    with pytest.raises(ValueError, match="must rise"):
        Calibration.from_table({**table, "odds": table["odds"][::-1]})


@pytest.mark.parametrize(
    ("category", "site", "says"),
    [([0, 4, 0, 4], [1, 1, 1, 1], "two sites"), ([4, 4, 4, 4], [1, 1, 2, 2], "both kinds")],
)
def test_what_cannot_be_calibrated_on_is_refused(
    category: list[int], site: list[int], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        fit_calibration(logits_of(np.arange(4.0)), category, site)


@given(st.lists(st.floats(-50, 50), min_size=5, max_size=5))
def test_log_odds_of_a_target_are_those_of_its_categories_together(logits: list[float]) -> None:
    share = np.exp(np.array(logits) - max(logits))
    odds = target_odds([logits])[0]
    together = share[:2].sum() / share.sum()
    assert expit(odds) == pytest.approx(together, rel=1e-9, abs=1e-12)
