"""Pipelines of one kind give evidence that one model can weigh; another kind is told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detectkit.detect.evidence import PatchGrid
from detectkit.detect.kind import kind_of
from detectkit.pipeline import Pipeline

STEPS = """
name = "one"
step = [{use = "dc"}, {use = "dewow", window_s = 4e-9}, {use = "mean-background"}]
[detect]
score = [{use = "reed-xiaoli"}]
"""


def of(text: str) -> str:
    return kind_of(Pipeline.from_toml(text))


def test_it_can_be_read() -> None:
    assert of(STEPS) == (
        "dc > dewow > mean-background | reed-xiaoli | 48 x 48 of 25 x 15 mm from -60 mm"
    )


@pytest.mark.parametrize(
    "alike",
    [
        STEPS.replace("one", "another"),
        STEPS.replace("4e-9", "9e-9"),
        STEPS.replace('{use = "dc"},', '{use = "dc"}, {use = "distance-from-positions"},'),
        STEPS.replace('{use = "dc"},', '{use = "dc"}, {use = "clip-report"},'),
        STEPS.replace("[detect]", "[detect]\nvelocity_m_per_s = 6e7"),
    ],
)
def test_name_lengths_velocity_and_placing_make_no_other_kind(alike: str) -> None:
    assert of(alike) == of(STEPS)


@pytest.mark.parametrize(
    "other",
    [
        STEPS.replace("mean-background", "svd-background"),
        STEPS.replace('{use = "dc"},', ""),
        STEPS.replace("reed-xiaoli", "lms-prescreener"),
        STEPS.split("[detect]", maxsplit=1)[0],
    ],
)
def test_another_step_or_another_score_is_another_kind(other: str) -> None:
    assert of(other) != of(STEPS)


def test_another_grid_is_another_kind() -> None:
    pipeline = Pipeline.from_toml(STEPS)
    assert kind_of(pipeline, replace(PatchGrid(), row_m=0.01)) != kind_of(pipeline)
