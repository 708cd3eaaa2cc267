"""Evidence of the known kind is rarely novel; of another kind it is, whichever way it differs."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.learn.novelty import Novelty, Seen, fit_novelty

FEATURES, CLASSES = 8, 5
MIDDLES = np.random.default_rng(9).normal(0.0, 6.0, (CLASSES, FEATURES))


def seen(count: int, seed: int, *, others: int = 1) -> tuple[Seen, np.ndarray]:
    """Return what a network might make of known evidence: a cloud around each class's middle."""
    random = np.random.default_rng(seed)
    code = random.integers(CLASSES, size=count)
    embedding = MIDDLES[code] + random.normal(size=(count, FEATURES))
    logits = random.normal(0.0, 0.3, (count, CLASSES))
    logits[np.arange(count), code] += 8.0
    return Seen(logits, embedding, random.normal(size=(count, others))), code


@pytest.fixture(scope="module")
def novelty() -> Novelty:
    trained, code = seen(800, 0)
    return fit_novelty(trained, code, seen(800, 1)[0])


def shares(novelty: Novelty, one: Seen) -> np.ndarray:
    rows = zip(one.logits, one.embedding, one.others, strict=True)
    return np.array([novelty.share(novelty.measures(*row)) for row in rows])


def test_of_known_evidence_the_share_is_what_it_says(novelty: Novelty) -> None:
    """Of the known kind a tenth lies above 0.9, one hundredth above 0.99."""
    told = shares(novelty, seen(2000, 2)[0])
    assert (told > 0.9).mean() == pytest.approx(0.1, abs=0.03)
    assert (told > 0.99).mean() < 0.03


def test_far_from_every_class_no_class_loud_or_badly_drawn_is_novel(novelty: Novelty) -> None:
    known, _ = seen(200, 3)
    odd = {
        "far": Seen(known.logits, known.embedding + 5.0, known.others),
        "quiet": Seen(0.1 * known.logits, known.embedding, known.others),
        "badly drawn": Seen(known.logits, known.embedding, known.others + 8.0),
    }
    for name, one in odd.items():
        assert (shares(novelty, one) > 0.99).mean() > 0.9, name


def test_what_is_no_number_is_novel(novelty: Novelty) -> None:
    assert novelty.share([np.nan, 0.0, 0.0]) == 1.0


def test_arrays_give_it_back(novelty: Novelty) -> None:
    again = Novelty.from_arrays(novelty.arrays())
    one = seen(50, 4)[0]
    assert (shares(again, one) == shares(novelty, one)).all()
    with pytest.raises(ValueError, match="'joint' is missing"):
        Novelty.from_arrays({k: v for k, v in novelty.arrays().items() if k != "joint"})
    with pytest.raises(ValueError, match="fit together"):
        Novelty.from_arrays({**novelty.arrays(), "whitener": np.eye(3)})


def test_too_few_examples_are_refused() -> None:
    few, code = seen(10, 5)
    with pytest.raises(UsageError, match="20 examples"):
        fit_novelty(few, code, few)
