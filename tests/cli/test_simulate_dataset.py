"""``detectkit simulate dataset``: from a recipe to a set, its statistics and its sheet."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from detectkit.synthesis.dataset import Recipe, make_dataset, open_dataset

from .conftest import Command

TEXT = (Path(__file__).parents[1] / "data" / "dataset.toml").read_text(encoding="utf-8")


def text_of(samples: int) -> str:
    return TEXT.replace("samples = 24", f"samples = {samples}")


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    path = tmp_path / "trial.toml"
    path.write_text(
        text_of(6).replace("scenes_per_shard = 2", "scenes_per_shard = 1"), encoding="utf-8"
    )
    return path


def test_every_command_shows_examples(detectkit: Command) -> None:
    for words in (["dataset"], ["sheet"], ["show-recipe"]):
        answer = detectkit("simulate", *words, "--help")
        assert answer.code == 0
        assert f"detectkit simulate {words[0]}" in answer.out.split("Examples:")[1]
    assert "simulated" in " ".join(detectkit("simulate", "--help").out.split())


@pytest.mark.slow
def test_processes_make_the_same_bits_and_a_second_run_has_nothing_to_do(
    detectkit: Command, trial: Path, tmp_path: Path
) -> None:
    output = tmp_path / "data.zarr"
    answer = detectkit("simulate", "dataset", trial, "-o", output, "--workers", 2, "--json")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert (told["samples"], told["shards_made"], told["model"]) == (6, 2, "sketch")
    assert sum(told["splits"].values()) == 6
    for name in ("data.statistics.json", "data.sheet.png"):
        assert str(tmp_path / name) in told["files"]
    assert json.loads((tmp_path / "data.statistics.json").read_text())["simulated"] is True
    assert (tmp_path / "data.sheet.png").read_bytes().startswith(b"\x89PNG")

    alone = make_dataset(tmp_path / "alone.zarr", Recipe.read(trial))
    assert alone.dataset.digest == told["digest"]

    again = detectkit("simulate", "dataset", trial, "-o", output)
    assert again.code == 0
    assert "SIMULATED by a sketch, nothing to train on; it was there already" in again.out
    drawn = detectkit("simulate", "sheet", output, "-o", tmp_path / "two.png", "--samples", "2")
    assert drawn.code == 0
    assert (tmp_path / "two.png").exists()


def test_what_it_would_cost_is_told_without_making_it(
    detectkit: Command, trial: Path, tmp_path: Path
) -> None:
    told = json.loads(detectkit("simulate", "dataset", trial, "--dry-run", "--json").out)
    assert (told["samples"], told["scenes"], told["runs"], told["seconds"]) == (6, 2, 0, None)
    said = detectkit("simulate", "dataset", trial, "--dry-run", "--samples", "30").out
    assert "30 samples, 10 scenes" in said
    assert "nothing to train on" in said
    assert [one.name for one in tmp_path.iterdir()] == ["trial.toml"]


def test_recipes_that_ship_are_listed_and_printed(detectkit: Command) -> None:
    known = json.loads(detectkit("simulate", "show-recipe", "--json").out)
    assert known["default"] >= 1000
    assert known["research"] >= 10_000
    text = detectkit("simulate", "show-recipe", "tiny").out
    assert text.startswith("#")
    assert 'name = "tiny"' in text
    assert "tiny" in detectkit("simulate", "show-recipe").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["dataset", "{folder}/trial.toml"], "-o"),
        (
            ["dataset", "nothing", "-o", "{folder}/a.zarr"],
            "default, half_metre, lanes, research, tiny",
        ),
        (["dataset", "{folder}/trial.toml", "-o", "{folder}/none/a.zarr"], "make it first"),
        (["dataset", "{folder}/trial.toml", "-o", "{folder}/trial.toml"], "is no dataset"),
        (["dataset", "{folder}/trial.toml", "-o", "{folder}/a.zarr", "--workers", "0"], "workers"),
    ],
)
def test_wrong_use_names_the_way_out(
    detectkit: Command, trial: Path, tmp_path: Path, words: list[str], says: str
) -> None:
    answer = detectkit("simulate", *[word.format(folder=tmp_path) for word in words])
    assert answer.code == 2
    assert says in answer.err
    assert [one.name for one in tmp_path.iterdir()] == ["trial.toml"]


def test_what_is_no_dataset_has_no_sheet(detectkit: Command, tmp_path: Path) -> None:
    answer = detectkit("simulate", "sheet", tmp_path)
    assert answer.code == 3
    assert str(tmp_path) in answer.err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_says_how_to_go_on(
    detectkit: Command, trial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(sent)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # another test may have left its own
    monkeypatch.setattr("detectkit.synthesis.dataset.make_dataset", interrupted)
    answer = detectkit("simulate", "dataset", trial, "-o", tmp_path / "a.zarr")
    assert answer.code == 4
    assert "the same command goes on" in answer.err


@pytest.mark.slow
def test_after_a_kill_the_same_command_goes_on_and_no_worker_is_left(
    detectkit: Command, tmp_path: Path
) -> None:
    import subprocess
    import sys
    import time

    path, output = tmp_path / "trial.toml", tmp_path / "a.zarr"
    path.write_text(text_of(600), encoding="utf-8")
    words = ["simulate", "dataset", str(path), "-o", str(output), "--workers", "2"]
    program = [sys.executable, "-c", "from detectkit.cli import main; main()", *words]
    running = subprocess.Popen(program, stderr=subprocess.DEVNULL)
    shards = output / "digest" / "c"
    deadline = time.monotonic() + 60.0
    while len(list(shards.glob("*/*"))) < 10 and time.monotonic() < deadline:
        time.sleep(0.02)
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(running.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    running.kill()
    running.wait()
    assert len(children) >= 2
    deadline = time.monotonic() + 20.0
    while any(Path(f"/proc/{one}").exists() for one in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [one for one in children if Path(f"/proc/{one}").exists()]
    answer = detectkit(*words, "--json")
    told = json.loads(answer.out)
    assert 0 < told["shards_made"] < 100
    whole = make_dataset(tmp_path / "b.zarr", Recipe.from_toml(text_of(600))).dataset
    assert open_dataset(output).digest == whole.digest
