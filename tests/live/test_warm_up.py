"""What the first traces would wait for is done before: compiled, loaded, tried."""

from __future__ import annotations

import pytest
from flights import MISSION

from detectkit.live import warm_up as module
from detectkit.live.warm_up import warm_up
from detectkit.mission import Mission, Processing


@pytest.fixture
def processed(monkeypatch: pytest.MonkeyPatch) -> list[Processing]:
    """The processings that were made."""
    made: list[Processing] = []

    class Seen(Processing):
        def __init__(self, mission: Mission, *, recording: str) -> None:
            super().__init__(mission, recording=recording)
            self.is_ready = False
            made.append(self)

        def get_ready(self) -> None:
            super().get_ready()
            self.is_ready = self.choice.assessor is not None

    monkeypatch.setattr(module, "Processing", Seen)
    return made


def test_invented_traces_go_the_whole_way(processed: list[Processing]) -> None:
    assert warm_up(Mission.from_toml(MISSION)).fault == ""
    assert processed[0].traces["gpr"] > 300
    assert processed[0].pipelines["gpr"].steps
    assert processed[0].is_ready, "a model that is loaded in flight keeps traces waiting"


def test_it_never_raises_and_says_why_it_was_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "Processing", fail)
    assert "ZeroDivisionError" in warm_up(Mission.from_toml(MISSION)).fault


def test_a_twin_that_says_nothing_leaves_the_others_warm(
    processed: list[Processing], monkeypatch: pytest.MonkeyPatch
) -> None:
    mission = Mission.from_toml(MISSION)
    mute = {"coil", "gnss"}
    voice = module._voice
    monkeypatch.setattr(module, "_voice", lambda one: None if one.id in mute else voice(one))
    assert warm_up(mission).fault == ""
    assert processed[0].traces["gpr"] > 300
