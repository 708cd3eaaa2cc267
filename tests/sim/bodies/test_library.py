"""The library: what it says, how it says that it knows it, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.sim.bodies import Body, MetalPart, library_of, load_library

LIBRARY = load_library()
MINES = ("anti-personnel", "anti-tank", "fragmentation")

SMALL = """
[sources.me]
title = "measured with a ruler"

[material.plastic]
permittivity = {value = 3.0, confidence = "assumed"}

[metal.steel]
conductivity_s_per_m = {value = 5e6, confidence = "assumed"}
permeability = {value = 100.0, confidence = "assumed"}

[body.tin]
category = "clutter"
kind = "a tin"

[[body.tin.part]]
name = "tin"
shape = "cylinder"
material = {value = "plastic", confidence = "assumed"}
diameter_m = {value = 0.10, low = 0.05, high = 0.20, source = "me", confidence = "measured"}
height_m = {value = 0.04, confidence = "assumed"}

[[body.tin.part]]
name = "inside"
shape = "cylinder"
material = {value = "plastic", confidence = "assumed"}
diameter_m = {value = 0.08, confidence = "assumed"}
height_m = {value = 0.02, confidence = "assumed"}
below_top_m = {value = 0.01, confidence = "assumed"}

[[body.tin.metal]]
name = "pin"
shape = "rod"
metal = {value = "steel", confidence = "assumed"}
radius_m = {value = 0.001, confidence = "assumed"}
length_m = {value = 0.01, confidence = "assumed"}
below_top_m = {value = 0.02, confidence = "assumed"}
"""


def test_the_library_that_ships_has_the_mines_of_the_field_and_their_clutter() -> None:
    asked = {"PMN", "PMN-2", "PMN-E", "OZM-72", "TM-62M", "TM-62P", "VS-50", "PMA-1", "PMA-2"}
    assert asked | {"PMA-3", "TS-50", "Type 72a"} <= set(LIBRARY)
    clutter = {"stone", "root", "splinter", "cartridge case", "wire", "burrow", "wood", "void"}
    assert clutter <= set(LIBRARY.names("clutter"))
    assert len(LIBRARY) == sum(len(LIBRARY.names(one)) for one in (*MINES, "clutter"))


def test_sizes_are_those_of_the_sources() -> None:
    """A disc of 112 mm is a PMN, not a PMN-2."""
    assert 2.0 * LIBRARY["PMN"].outer_radius_m == pytest.approx(0.112)
    assert 2.0 * LIBRARY["PMN-2"].outer_radius_m == pytest.approx(0.120)
    assert LIBRARY["TM-62M"].thickness_m == pytest.approx(0.128)
    assert LIBRARY["TM-62M"].parts[0].size_m[0] == pytest.approx(0.320)


def test_what_nobody_described_says_so() -> None:
    facts = LIBRARY.facts("PMN-E")
    assert {one.confidence for one in facts} == {"unknown"}
    assert LIBRARY["PMN-E"].known == 0.0
    assert "nothing is known" in LIBRARY["PMN-E"].kind
    widths = [one.high / one.low for one in facts if one.low and one.high]
    assert max(widths) > 3.0
    assert np.median(widths) > 1.5, "a wide range, not a drawing"


def test_every_value_has_a_source_or_says_that_it_has_none() -> None:
    names = [*LIBRARY.material_values, *LIBRARY.metals]
    facts = [fact for name in LIBRARY for fact in LIBRARY.facts(name)]
    facts += [fact for name in names for fact in LIBRARY.material_facts(name)]
    for one in facts:
        if one.source:
            assert one.source in LIBRARY.sources, one
            assert one.confidence in {"measured", "published"}, one
        else:
            assert one.confidence in {"assumed", "unknown"}, one
    used = {one.source for one in facts}
    unused = set(LIBRARY.sources) - used
    assert unused == {"trend2022", "hirano2009"}, "named in notes"


def test_known_is_the_share_of_values_with_a_source() -> None:
    tin = library_of({"small.toml": SMALL})["tin"]
    assert tin.known == pytest.approx(1.0 / 11.0)


def test_metal_in_words_follows_its_volume() -> None:
    words = {name: LIBRARY[name].metal_content for name in LIBRARY}
    for name in ("PMN-2", "PMN-E", "PMA-2", "VS-50", "TS-50", "Type 72a", "TM-62P3", "bullet"):
        assert words[name] == "minimum", name
    for name in ("TM-62M", "OZM-72", "POMZ-2", "can", "rebar"):
        assert words[name] == "rich", name
    assert words["stone"] == words["burrow"] == "none"
    assert LIBRARY["PMN-2"].metal_m3 * 7.8e6 == pytest.approx(8.0, rel=0.4), "about 8 g of steel"
    assert LIBRARY["OZM-72"].metal_m3 * 7.8e3 == pytest.approx(4.0, rel=0.2), "of its 5 kg"
    assert LIBRARY["TM-62M"].metal_m3 * 7.8e3 == pytest.approx(2.0, rel=0.3), "of its 9.5 kg"


def test_volumes_of_metal_are_those_of_the_shapes() -> None:
    def volume(shape: str, length: float, wall: float = 0.0) -> float:
        part = MetalPart(shape, 0.02, 1e6, 1.0, 0.0, length, wall)  # type: ignore[arg-type]
        return part.volume_m3

    assert volume("sphere", 0.0) == pytest.approx(4.0 / 3.0 * np.pi * 8e-6)
    assert volume("rod", 0.1) == volume("disc", 0.1) == pytest.approx(np.pi * 4e-4 * 0.1)
    ring = 2.0 * np.pi * 0.0195 * 0.001 * 0.1
    assert volume("ring", 0.1, 0.001) == pytest.approx(ring)
    ends = 2.0 * np.pi * 0.019**2 * 0.001
    assert volume("shell", 0.1, 0.001) == pytest.approx(ring + ends)


def test_the_ray_model_is_told_the_filling_and_0_for_metal() -> None:
    assert LIBRARY.fill_permittivity(LIBRARY["TM-62P"]) == pytest.approx(2.9)
    assert LIBRARY.fill_permittivity(LIBRARY["TM-62M"]) == 0.0
    assert LIBRARY.fill_permittivity(LIBRARY["OZM-72"]) == 0.0
    assert LIBRARY.fill_permittivity(LIBRARY["burrow"]) == 1.0
    assert LIBRARY.fill_permittivity(LIBRARY["limestone"]) == pytest.approx(7.5)


def inside(body: Body) -> bool:
    """Tell whether every part reaches neither over the body's top nor out of its sides."""
    width = [2.0 * body.outer_radius_m + 1e-9] * 2
    return all(
        one.below_top_m >= 0.0 and one.size_m[0] <= width[0] and one.size_m[1] <= width[1]
        for one in body.parts
    )


@given(st.sampled_from(LIBRARY.names()), st.integers(0, 2**32))
def test_a_drawn_body_is_within_its_ranges_and_holds_together(name: str, seed: int) -> None:
    body = LIBRARY.draw(name, np.random.default_rng(seed))
    assert body == LIBRARY.draw(name, np.random.default_rng(seed)), "the same seed, the same body"
    assert inside(body)
    case = body.parts[0]
    if len(body.parts) > 1 and case.below_top_m == 0.0:
        bottom = case.size_m[2]
        assert all(one.below_top_m + one.size_m[2] <= bottom + 1e-9 for one in body.parts[1:])
    assert all(one.below_top_m <= body.thickness_m for one in body.metal)


def test_the_first_part_scales_the_rest() -> None:
    library = library_of({"small.toml": SMALL})
    drawn = library.draw("tin", np.random.default_rng(3))
    scale = drawn.parts[0].size_m[0] / 0.10
    assert 0.5 < scale < 2.0
    assert abs(scale - 1.0) > 0.05
    assert drawn.parts[1].size_m == pytest.approx((0.08 * scale, 0.08 * scale, 0.02))


def test_materials_are_drawn_from_their_ranges_too() -> None:
    drawn = LIBRARY.with_drawn_materials(np.random.default_rng(5))
    assert 2.7 <= drawn.materials["tnt"].permittivity <= 3.1
    assert drawn.materials["tnt"] != LIBRARY.materials["tnt"]
    assert drawn.materials["steel"] == LIBRARY.materials["steel"]


MEASURED = 'source = "me", confidence = "measured"'
PLACE = r"small\.toml, \[body\.tin\], "


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (MEASURED, MEASURED.replace("me", "you", 1), PLACE + "part 1, diameter_m: no source 'you'"),
        (MEASURED, 'confidence = "measured"', "needs a source"),
        ("{value = 0.04, ", '{value = 0.04, source = "me", ', "drop one"),
        ('{value = 0.04, confidence = "assumed"}', "0.04", "height_m: 0.04; write {value"),
        ("low = 0.05, high", "low = 0.15, high", "is not between"),
        ("low = 0.05, high = 0.20,", "low = 0.05,", "give both or neither"),
        ('"assumed"}\n\n[metal', '"sure"}\n\n[metal', "confidence = 'sure'"),
        ('shape = "rod"', 'shape = "ring"', "a ring needs wall_m"),
        ('shape = "cylinder"', 'shape = "egg"', "shape = 'egg'; allowed: cylinder"),
        (
            "height_m = {value = 0.02",
            "tall_m = {value = 0.02",
            "part 2: a cylinder needs",
        ),
        ('metal = {value = "steel"', 'metal = {value = "gold"', "no material 'gold'"),
        ("[body.tin]\n", "[thing.tin]\n", "no table 'thing'; allowed: sources, material"),
        ('kind = "a tin"', 'kind = "a tin"\ncolour = "red"', "no setting 'colour'"),
    ],
)
def test_a_mistake_is_named_with_its_place(old: str, new: str, message: str) -> None:
    assert SMALL.count(old) >= 1
    with pytest.raises(UsageError, match=message):
        library_of({"small.toml": SMALL.replace(old, new, 1)})


def test_a_body_that_is_there_twice_and_one_that_is_not_there_are_named(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"b\.toml, \[sources\.me\]: is there twice, first as a"):
        library_of({"a.toml": SMALL, "b.toml": SMALL})
    with pytest.raises(UsageError, match=r"no body 'PMN-3'; there are: PMN, PMN-2"):
        LIBRARY["PMN-3"]
    with pytest.raises(UsageError, match="no TOML files"):
        load_library(tmp_path)
    (tmp_path / "mine.toml").write_text(SMALL, encoding="utf-8")
    assert (
        load_library(tmp_path).names() == load_library(tmp_path / "mine.toml").names() == ("tin",)
    )
