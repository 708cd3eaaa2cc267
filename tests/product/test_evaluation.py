"""The products of an evaluation: page, pictures, lists, figures for programs."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.detect.scoring.made_runs import TRUTH, run

from detectkit.detect.scoring.evaluation import Evaluation, EvaluationSettings, evaluate
from detectkit.product.evaluation_facts import evaluation_facts, falls_behind, sentences
from detectkit.product.evaluation_lists import write_lists
from detectkit.product.evaluation_page import write_page
from detectkit.product.evaluation_pictures import draw_of


@pytest.fixture(scope="module")
def judged() -> Evaluation:
    return evaluate(run(), TRUTH, settings=EvaluationSettings(threshold=0.5, draws=50))


def test_the_page_stands_alone_and_no_share_stands_without_its_interval(
    judged: Evaluation, tmp_path: Path
) -> None:
    page = tmp_path / "evaluation.html"
    write_page(judged, page)
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 4
    assert "http" not in text  # nothing is fetched from anywhere
    assert "color-scheme: light dark" in text
    plain = re.sub(r'src="data:[^"]*"', "", text)
    for match in re.finditer(r"detected (\d\.\d\d)(.{40})", plain):
        assert re.match(r" \(\d+ of \d+; 95 % interval", match[2]), match[0]
    assert "The truth is simulated" in plain
    assert "no indication does not mean that nothing is there" in plain
    assert "Worst part: " in plain
    assert not re.search(r"\b(clear|cleared|safe|safely|free of)\b", plain, re.IGNORECASE)


def test_the_page_opens_with_what_must_not_be_overlooked_and_folds_what_is_long(
    judged: Evaluation, tmp_path: Path
) -> None:
    page = tmp_path / "evaluation.html"
    write_page(judged, page)
    text = page.read_text(encoding="utf-8")
    box, rest = text.partition("</h1>")[2].split("</div>", 1)
    assert box.count("<p>") == 2
    assert box.index("simulated") < box.index("no indication does not mean")
    assert "The truth is simulated" not in rest
    unfolded, folded = re.sub(r"<details>.*?</details>", "", rest, flags=re.DOTALL), rest
    assert unfolded.count("<h3>discrimination, halo 0.25 m</h3>") == 1
    assert unfolded.count("<h3>") == 1
    assert folded.count("<h3>") == len(judged.judged)
    for table in re.findall(r"<table>.*?</table>", text):  # no cut table, no empty heading
        assert f'<div class="wide">{table}</div>' in text
        assert "<th></th>" not in table
    assert "unknown to unknown" not in text


def test_a_part_as_good_as_the_whole_is_not_called_the_worst(judged: Evaluation) -> None:
    whole = judged.head.curve.at_threshold(0.5).pd
    even = replace(
        judged, worst=replace(judged.strata[0], point=judged.head.curve.at_threshold(0.5))
    )
    assert falls_behind(even) is None
    assert not any(one.startswith("Worst part") for one in sentences(even))
    told = falls_behind(judged)
    assert told is not None
    assert told.point.pd.hits / told.point.pd.of < whole.hits / whole.of


def test_shares_that_cost_the_same_are_told_in_one_sentence(judged: Evaluation) -> None:
    (said,) = [one for one in sentences(judged) if "are reached" in one]
    assert said.startswith("90, 95 and 98 % of the targets are reached at no threshold")


def test_the_sentences_say_what_to_be_careful_of(judged: Evaluation) -> None:
    said = " ".join(sentences(judged))
    assert "0.50 (2 of 4; 95 % interval 0.07 to 0.93)" in said
    assert "Of the targets in surveyed ground: 0.67 (2 of 3;" in said
    assert "2 lanes are few" in said
    assert "98 % of the targets are reached at no threshold" in said


def test_every_picture_is_drawn(judged: Evaluation) -> None:
    figures = draw_of(judged)
    assert list(figures) == ["curve", "map", "parts", "calibration"]
    for one in figures.values():
        assert all(axes.get_xlabel() or axes.get_ylabel() for axes in one.axes)


def test_the_lists_hold_every_indication_and_every_missed_target(
    judged: Evaluation, tmp_path: Path
) -> None:
    response, discrimination = (
        list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        for path in write_lists(judged, tmp_path)
    )
    assert [one["outcome"] for one in response] == [
        "false alarm", "hit", "hit", "on a target already hit", "false alarm",
        "missed", "missed: not surveyed",
    ]  # fmt: skip
    assert response[0]["category"] == "metal_clutter"
    assert [(one["hits_so_far"], one["false_so_far"]) for one in discrimination[:5]] == [
        ("1", "0"), ("2", "0"), ("2", "0"), ("2", "1"), ("2", "2"),
    ]  # fmt: skip
    assert [one["declared"] for one in discrimination[:5]] == ["yes", "yes", "no", "no", "no"]
    assert [one["what"] for one in discrimination[5:]] == ["deaf", "far away"]


def test_figures_for_programs_are_json_with_counts(judged: Evaluation) -> None:
    facts = json.loads(json.dumps(evaluation_facts(judged), allow_nan=False))
    assert set(facts["systems"]) == {
        "response", "radar alone", "detector alone", "discrimination",
    }  # fmt: skip
    halo = facts["systems"]["response"]["halos"][1]
    assert halo["targets"] == 4
    assert halo["targets_not_surveyed"] == 1
    assert halo["points"][0]["pd"]["n"] == 4
    assert halo["false_at"] == {"metal_clutter": 1, "none": 1}
    assert facts["calibration"]["there"]["n"] == 5
    assert facts["worst"]["pd"]["n"] >= 1
    assert facts["truth"]["kind"] == "simulated"
