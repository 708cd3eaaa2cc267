"""The commands about models: what ships, its card, its export, and why it thinks so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import detectkit_sim_data
from detectkit.cli.app import app
from detectkit.learn.model import shipped
from detectkit.learn.model.files import save_model
from detectkit.learn.model.model import Model


@pytest.fixture(scope="module")
def folder(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("shipped") / "spots"
    save_model(model, place)
    return place


def said(*words: str | Path) -> str:
    answer = CliRunner().invoke(app, [str(one) for one in words], catch_exceptions=False)
    assert answer.exit_code in {0, 4}, answer.output
    return answer.stdout


def test_models_lists_what_ships_and_shows_a_card(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shipped, "files", lambda _: folder.parent)
    from detectkit.cli.models import models

    models(None)
    models("spots")
    told = " ".join(capsys.readouterr().out.split())
    assert "Weighs spots over noise" in told
    assert "It knows drawn pictures only." in told


def test_models_are_told_to_programs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "files", lambda _: folder.parent)
    (listed,) = json.loads(said("models", "--json"))["models"]
    assert listed["name"] == "spots"
    assert not listed["default"]
    told = json.loads(said("models", folder, "--json"))
    assert told["folder"] == listed["folder"] == str(folder)
    assert told["label"] == listed["label"]
    assert told["weights_sha256"] == json.loads((folder / "manifest.json").read_text("utf-8"))[
        "weights_sha256"
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_runs_indication_is_explained(folder: Path, tmp_path: Path) -> None:
    """A run keeps no patches: its lines are processed once more, and the ranks are the same."""
    run = tmp_path / "run"
    said("process", detectkit_sim_data.path("flights/ap_row.h5"), "-o", run, "--model", folder,
         "--force-model")  # fmt: skip
    rows = (run / "indications.csv").read_text("utf-8").splitlines()
    column = rows[0].split(",").index("probability")
    from detectkit.batch.explain import explain_run
    from detectkit.product.explanation_picture import draw_explanation

    for rank in (1, 2):
        found = explain_run(run, rank)
        assert found.indication.rank == rank
        assert found.assessment.probability == pytest.approx(
            float(rows[rank].split(",")[column]), abs=1e-4
        )
    draw_explanation(found, tmp_path / "second.png")
    told = json.loads(said("explain", run, "--rank", "2", "--json"))
    assert told["probability"] == found.assessment.probability
    assert (run / "explain-2.png").is_file()
