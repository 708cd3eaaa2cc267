"""Steps by name: ours and those of plug-ins, one way for both."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from detectkit.core import PipelineError, plugins
from detectkit.pipeline import step_class, step_names
from detectkit.pipeline.steps.fast_time import Dewow


def installed(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    """Let these be all registered steps, until the test ends."""

    def found(*, group: str) -> list[EntryPoint]:
        return [EntryPoint(name, value, group) for name, value in points]

    monkeypatch.setattr(plugins, "entry_points", found)
    plugins._installed.cache_clear()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    plugins._installed.cache_clear()


def test_names_are_sorted_and_give_their_class() -> None:
    assert list(step_names()) == sorted(step_names())
    assert "dewow" in step_names()
    assert step_class("dewow") is Dewow


@pytest.mark.parametrize(
    ("typed", "meant"), [("dewov", "dewow"), ("sliding-mean", "sliding-mean-background")]
)
def test_an_unknown_step_is_answered_with_near_names(typed: str, meant: str) -> None:
    with pytest.raises(PipelineError, match=f"no step '{typed}'; did you mean .*{meant}"):
        step_class(typed)


def test_a_name_near_to_none_is_answered_with_where_to_look() -> None:
    with pytest.raises(PipelineError, match="no step '§§§'; `detectkit steps` lists all"):
        step_class("§§§")


def test_a_plug_in_is_found_as_ours_are(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("theirs", "detectkit.pipeline.steps.fast_time:Dewow"))
    assert step_names() == ("theirs",)
    assert step_class("theirs") is Dewow


def test_two_packages_with_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("dewow", "ours:Dewow"), ("dewow", "theirs:Dewow"))
    with pytest.raises(PipelineError, match="'dewow': ours:Dewow and theirs:Dewow; uninstall one"):
        step_names()


def test_one_package_seen_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, *[("dewow", "detectkit.pipeline.steps.fast_time:Dewow")] * 2)
    assert step_class("dewow") is Dewow


@pytest.mark.parametrize("value", ["no_such_package.steps:X", "detectkit.pipeline:NoSuchStep"])
def test_a_plug_in_that_cannot_be_loaded_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    installed(monkeypatch, ("broken", value))
    with pytest.raises(PipelineError, match=f"'broken' is registered as {value}.*uninstall"):
        step_class("broken")
