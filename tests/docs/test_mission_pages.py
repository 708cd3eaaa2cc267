"""The pages of missions name what there is: settings, status fields, alarms, events' files."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from detectkit.drivers import driver_names
from detectkit.live.alarms import RULES
from detectkit.live.health import Health, InstrumentHealth, StreamHealth
from detectkit.mission import Mission
from detectkit.mission.settings import SECTIONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/how-to/fly-a-mission.md").read_text(encoding="utf-8")
MISSIONS = dict(
    re.findall(r'^```toml title="([\w.]+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)
)


@pytest.mark.parametrize("name", sorted(MISSIONS))
def test_the_missions_of_the_page_are_missions(name: str) -> None:
    assert Mission.from_toml(MISSIONS[name], pipeline="").mounts


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_the_page_shows_every_setting_of_a_mission(section: str) -> None:
    shown = tomllib.loads(MISSIONS["whole.toml"])[section]
    assert set(shown) == {one.name for one in fields(SECTIONS[section])}


@pytest.mark.parametrize("kind", [Health, StreamHealth, InstrumentHealth])
def test_the_page_explains_every_field_of_the_status(kind: type) -> None:
    assert [one.name for one in fields(kind) if f"`{one.name}`" not in PAGE] == []


def test_the_page_explains_every_alarm() -> None:
    assert [name for name in RULES if f"| `{name}` |" not in PAGE] == []


def test_the_table_of_instruments_has_every_driver() -> None:
    index = (ROOT / "docs/drivers/index.md").read_text(encoding="utf-8")
    assert [name for name in driver_names() if f"| [`{name}`]({name}.md) |" not in index] == []
