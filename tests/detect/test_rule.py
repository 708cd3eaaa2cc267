"""The rule that can be read: it moves as it says, and silence of a detector moves it not at all."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.detect.evidence import SCALARS, EvidencePatch, no_evidence
from detectkit.detect.rule import FEATURES, LogisticRule, log_odds, probability

SIZE = len(FEATURES) + 1


def text_of(**changes: str) -> str:
    rows = {
        "intercept": "-2.0",
        "prior": "0.1",
        "covariance": str((0.01 * np.eye(SIZE)).tolist()),
        **changes,
    }
    head = "\n".join(f"{name} = {value}" for name, value in rows.items())
    tables = "\n".join(
        f'[[feature]]\nname = "{name}"\nweight = {weight}\nmean = 0.0\nscale = 1.0'
        for name, weight in zip(FEATURES, (1.0, 0.2, -0.5, 0.4, 0.7, -1.0, 0.0, 0.0), strict=True)
    )
    return f"{head}\n{tables}\n"


RULE = LogisticRule.from_toml(text_of())


def heard(**values: float) -> EvidencePatch:
    patch = no_evidence()
    scalars = patch.scalars.copy()
    for name, value in values.items():
        scalars[SCALARS.index(name)] = value
    known = np.ones_like(patch.radar_known)
    return replace(patch, radar_known=known, detector_known=known, scalars=scalars)


def test_every_reason_adds_up_to_the_log_odds() -> None:
    [found] = RULE.assess([heard(gpr_score=9.0, gpr_depth_m=0.1, detector_snr=3.0, height_m=0.5)])
    total = RULE.intercept + sum(moved for _, moved in found.reasons)
    assert log_odds(found.probability) == pytest.approx(total)
    assert found.low < found.probability < found.high


@given(st.floats(0.0, 1e6), st.floats(0.0, 1e6))
def test_a_louder_detector_never_lowers_and_silence_is_as_no_detector(
    one: float, two: float
) -> None:
    quiet, loud = sorted((one, two))
    softer, louder, silent, absent = RULE.assess(
        [
            heard(gpr_score=6.0, detector_snr=quiet),
            heard(gpr_score=6.0, detector_snr=loud),
            heard(gpr_score=6.0, detector_snr=0.0),
            heard(gpr_score=6.0),
        ]
    )
    assert softer.probability <= louder.probability
    assert silent.probability == absent.probability


@given(st.floats(0.001, 0.999))
def test_another_prior_moves_the_odds_as_bayes_says(prior: float) -> None:
    patch = heard(gpr_score=8.0)
    before, after = (rule.assess([patch])[0] for rule in (RULE, RULE.with_prior(prior)))
    likelihood = before.probability / (1 - before.probability) * (1 - RULE.prior) / RULE.prior
    expected = likelihood * prior / (1 - prior)
    assert after.probability / (1 - after.probability) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prior": "1.0"}, "prior within 0..1"),
        ({"intercept": "nan"}, "finite"),
        ({"covariance": "[[1.0]]"}, "9 x 9"),
        ({"prior": '"high"'}, "not a rule"),
    ],
)
def test_a_file_that_is_no_rule_is_refused(changes: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        LogisticRule.from_toml(text_of(**changes))


def test_extreme_odds_neither_overflow_nor_warn() -> None:
    assert (probability(1e9), probability(-1e9)) == (1.0, 0.0)
    assert math.isclose(probability(log_odds(0.37)), 0.37)
    with pytest.raises(UsageError, match="between 0 and 1"):
        log_odds(0.0)
