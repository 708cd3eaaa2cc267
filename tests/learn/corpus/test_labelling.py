"""What lay at a place: within the halo a body's, just beyond it nobody knows, elsewhere ground."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core.indication import CATEGORIES
from detectkit.learn.corpus.labelling import NOT_KNOWN, NOTHING, found_by, label_of
from detectkit.learn.corpus.passage import Body, category_of
from detectkit.learn.corpus.settings import Labels

LABELS = Labels(halo_m=0.25, unsure_m=0.1)
MINE = Body(1.0, 0.2, 0.06, "ap_mine", 0.08, "PMN-2")
NAIL = Body(1.1, 0.2, 0.02, "metal_clutter", 0.02, "nail")


@given(st.floats(0.0, 1.0), st.floats(0.0, 2.0 * math.pi))
def test_a_label_hangs_on_the_distance_alone(away: float, angle: float) -> None:
    x, y = MINE.x_m + away * math.cos(angle), MINE.y_m + away * math.sin(angle)
    label, beyond = label_of(x, y, [MINE], LABELS), away - MINE.radius_m
    if min(abs(beyond - 0.25), abs(beyond - 0.35)) < 1e-6:
        return
    expected = MINE.code if beyond < 0.25 else NOT_KNOWN if beyond < 0.35 else NOTHING
    assert label.category == expected
    assert found_by(MINE, [(5.0, 5.0), (x, y)], LABELS) == (expected == MINE.code)


def test_a_mine_goes_before_the_scrap_that_lies_nearer() -> None:
    label = label_of(1.1, 0.2, [NAIL, MINE], LABELS)
    assert (label.category, label.depth_m) == (MINE.code, MINE.depth_m)


def test_of_dug_ground_only_what_was_dug_is_known() -> None:
    nothing = Body(4.0, 0.0, 0.0, "none", math.nan, "row 3")
    at = {x: label_of(x, 0.0, [nothing], LABELS, known="where dug").category for x in (4.1, 9.0)}
    assert at == {4.1: NOTHING, 9.0: NOT_KNOWN}


@pytest.mark.parametrize(
    ("library", "metallic", "category"),
    [
        ("anti-personnel", False, "ap_mine"),
        ("fragmentation", True, "ap_mine"),
        ("anti-tank", True, "av_mine"),
        ("clutter", True, "metal_clutter"),
        ("clutter", False, "other_clutter"),
    ],
)
def test_bodies_of_the_library_have_a_category(
    library: str, category: str, *, metallic: bool
) -> None:
    assert category_of(library=library, metallic=metallic) == category
    assert category in CATEGORIES
