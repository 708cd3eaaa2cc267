"""The depth of a candidate is that of its first strong echo, where the echoes are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectkit.core import Block
from detectkit.detect.candidates import CandidateFinder, CandidateSettings
from detectkit.detect.echoes import Echoes
from detectkit.signal.attributes import envelope
from detectkit.testing.steps import cut

SETTINGS = CandidateSettings(
    threshold=4.0, separation_rows=10, separation_samples=12, opening_rows=3, opening_samples=2
)


def block_of(data: np.ndarray, *, first_trace: int = 0, line: str = "l") -> Block:
    rows, samples = data.shape
    return Block(
        data.astype(np.float32),
        coords={
            "twt_s": ("delay", np.arange(samples) * 1e-10),
            "source_trace": ("trace", np.arange(rows)),
        },
        line=line,
        first_trace=first_trace,
        trace_spacing_m=0.01,
    )


def column(scores: np.ndarray) -> None:
    """Score high over a long column, highest at its upper end."""
    scores[48:53, 8:22] = 6.0
    scores[48:53, 8:11] = 7.0


def test_the_first_strong_echo_of_the_region_tells_the_depth() -> None:
    """A top at 60 % of the underside; what is weaker than half is passed over."""
    scores, strength = np.zeros((100, 30), np.float32), np.ones((100, 30), np.float32)
    column(scores)
    strength[50, 9], strength[50, 11], strength[50, 14] = 2.0, 3.0, 5.0
    strength[50, 27] = 9.0  # not of the region
    finder = CandidateFinder(SETTINGS)
    (one,) = [*finder.push(block_of(scores), strength), *finder.finish()]
    assert (one.delay, one.score) == (11, 7.0)


def test_an_echo_further_than_half_the_separation_is_another_bodys() -> None:
    scores, strength = np.zeros((100, 30), np.float32), np.ones((100, 30), np.float32)
    column(scores)
    strength[50, 20] = 5.0
    finder = CandidateFinder(SETTINGS)
    (one,) = [*finder.push(block_of(scores), strength), *finder.finish()]
    assert abs(one.delay - 9) <= 6


def test_envelopes_come_back_with_their_scores_however_they_were_cut() -> None:
    data = np.random.default_rng(1).normal(size=(60, 24)).astype(np.float32)
    echoes = Echoes()
    for part in cut(block_of(data, first_trace=5), [7, 20, 21, 50]):
        echoes.put(part)
    scores = block_of(np.zeros((60, 24)), first_trace=5)
    taken = [echoes.take(part) for part in cut(scores, [1, 33, 34])]
    np.testing.assert_array_equal(np.concatenate(taken), envelope(data))


def test_after_a_gap_and_on_another_line_they_begin_anew() -> None:
    data = np.random.default_rng(2).normal(size=(20, 24)).astype(np.float32)
    echoes = Echoes()
    for first, line in ((0, "a"), (40, "a"), (0, "b")):
        echoes.put(block_of(data, first_trace=first, line=line))
    late = block_of(np.zeros((5, 24)), first_trace=45)
    np.testing.assert_array_equal(echoes.take(replace(late, line="a")), envelope(data[5:10]))
    other = block_of(np.zeros((20, 24)), line="b")
    np.testing.assert_array_equal(echoes.take(other), envelope(data))


def test_scores_on_another_axis_have_no_echoes_beside_them() -> None:
    echoes = Echoes()
    echoes.put(block_of(np.ones((20, 24))))
    assert echoes.take(block_of(np.ones((20, 12)))) is None
