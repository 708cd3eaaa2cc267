"""Every driver has a page, and every mission's table on it builds that instrument."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from detectkit.drivers import driver_names
from detectkit.mission import Mission

PAGES = Path(__file__).resolve().parents[2] / "docs" / "drivers"
TABLE = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def examples() -> list[tuple[str, str]]:
    """Return (driver, TOML) of each table on a driver's page."""
    pages = [page for page in sorted(PAGES.glob("*.md")) if page.stem != "index"]
    return [
        (page.stem, block)
        for page in pages
        for block in TABLE.findall(page.read_text(encoding="utf-8"))
        if "[[instrument]]" in block
    ]


def test_every_driver_has_a_page_with_an_example() -> None:
    assert {name for name, _ in examples()} == set(driver_names())


@pytest.mark.parametrize(("driver", "block"), examples(), ids=lambda one: one[:12])
def test_an_example_is_a_mission(driver: str, block: str) -> None:
    mission = Mission.from_toml(block)
    assert driver in {mount.driver for mount in mission.mounts}
