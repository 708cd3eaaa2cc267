"""The page of the library is what the library says today, and its examples run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from detectkit.sim.bodies import library_of, load_library
from detectkit.sim.layout import layouts_of
from detectkit_sim_data.recipes.target_table import page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "targets.md"
CODE = re.compile(r"^```(python|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_is_up_to_date() -> None:
    """Else: python -m detectkit_sim_data.recipes.target_table > docs/targets.md."""
    assert PAGE.read_text(encoding="utf-8") == page(load_library())


def test_its_examples_run() -> None:
    (_, code), (_, body), (_, layout) = CODE.findall(PAGE.read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    exec(code, names)
    assert len(names["outlines"]) == 4
    materials = """
        [material.plastic]
        permittivity = {value = 3.0, confidence = "assumed"}
        [metal.steel]
        conductivity_s_per_m = {value = 5e6, confidence = "assumed"}
        permeability = {value = 100.0, confidence = "assumed"}
    """
    mine = library_of({"mine.toml": body, "materials.toml": materials})["my mine"]
    assert mine.known == 2.0 / 7.0
    (row,) = layouts_of(tomllib.loads(layout)["layout"])
    assert row.bodies == ("PMN-2", "PMN")
