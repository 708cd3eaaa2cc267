from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import Block
from detectkit.detect.candidates import Candidate, CandidateFinder, CandidateSettings
from detectkit.testing.steps import cut

SETTINGS = CandidateSettings(
    threshold=4.0, separation_rows=10, separation_samples=12, opening_rows=3, opening_samples=2
)


def score_block(data: np.ndarray) -> Block:
    rows, samples = data.shape
    return Block(
        data.astype(np.float32),
        coords={
            "twt_s": ("delay", np.arange(samples) * 1e-10),
            "source_trace": ("trace", np.arange(rows)),
        },
        line="l",
        trace_spacing_m=0.01,
        quantity="score",
    )


def found(blocks: Iterable[Block], settings_: CandidateSettings = SETTINGS) -> list[Candidate]:
    finder = CandidateFinder(settings_)
    candidates = [one for block in blocks for one in finder.push(block)]
    return [*candidates, *finder.finish()]


def spots(*places: tuple[int, int, float]) -> np.ndarray:
    data = np.zeros((120, 30), np.float32)
    for row, delay, height in places:
        data[row - 2 : row + 3, delay - 2 : delay + 3] = np.maximum(
            data[row - 2 : row + 3, delay - 2 : delay + 3], height
        )
    return data


def summary(candidates: list[Candidate]) -> list[tuple[int, int, float, int, int]]:
    return [
        (int(c.row.coord("source_trace")[0]), c.delay, c.score, c.first_source, c.last_source)
        for c in candidates
    ]


def test_a_spot_is_found_at_its_middle_with_its_extent() -> None:
    (one,) = found([score_block(spots((50, 12, 7.0)))])
    assert int(one.row.coord("source_trace")[0]) in {49, 50}
    assert one.delay in {11, 12}
    assert (one.first_source, one.last_source) == (48, 52)
    assert (one.extent_rows, one.extent_samples) == (5, 5)


def test_a_lone_bright_pixel_is_noise() -> None:
    data = np.zeros((60, 20), np.float32)
    data[30, 10] = 50.0
    assert found([score_block(data)]) == []


def test_below_the_threshold_nothing_is_found() -> None:
    assert found([score_block(spots((50, 12, 3.9)))]) == []


def test_of_two_within_the_separation_the_higher_is_kept() -> None:
    places = [c.row.first_trace for c in found([score_block(spots((50, 12, 7.0), (57, 20, 9.0)))])]
    assert len(places) == 1
    assert abs(places[0] - 57) <= 1


def test_two_above_each_other_farther_than_the_separation_are_both_kept() -> None:
    assert len(found([score_block(spots((50, 5, 7.0), (52, 24, 9.0)))])) == 2


def test_two_farther_apart_are_both_kept() -> None:
    assert len(found([score_block(spots((40, 12, 7.0), (60, 20, 9.0)))])) == 2


def test_a_spot_on_the_last_rows_is_found() -> None:
    assert len(found([score_block(spots((117, 12, 7.0), (2, 5, 6.0)))])) == 2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 299), max_size=15), st.integers(0, 5))
def test_cutting_the_scores_changes_no_candidate(at: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = np.abs(rng.normal(0.0, 3.0, (300, 16)))
    block = score_block(np.round(data, 1))
    few = CandidateSettings(1.5, 6, 4, 2, 2)
    assert summary(found(cut(block, at), few)) == summary(found([block], few))
    assert len(found([block], few)) > 3
