"""Write the page of the library: every value with its range, its confidence and its source.

Run ``python -m detectkit_sim_data.recipes.target_table > docs/targets.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from detectkit.sim.bodies import Category, Fact, Library, load_library

MINES: tuple[Category, ...] = ("anti-personnel", "fragmentation", "anti-tank")

HEAD = """\
# Mines and clutter of the simulator

What a simulated field can hold: {mines} types of mines and {clutter} things that are none. Each is
a few convex parts for the radar and a few pieces of metal for the detector, read from
`sim_data/detectkit_sim_data/targets/*.toml`. Every value there says how it is known:

- **measured**: by someone who tells how; **published**: in print, without it; both with a source
- **assumed**: by us, from what is like it; **unknown**: nobody told, and the range is wide

A type whose share of known values is low is a surrogate of that size, not a model of that mine.
No source describes the PMN-E, so it is a wide range around the PMN family until somebody measures
one. What is simulated with this library says nothing about detection in the field.

![Cuts through all bodies, to scale](pictures/targets.png)

*Cuts through the middle of each body, seen from the side, all to one scale:
`python benchmarks/target_pictures.py docs/pictures/targets.png`.*

This page is written by `python -m detectkit_sim_data.recipes.target_table > docs/targets.md`.

## Use it, change it

```python
import numpy as np
from detectkit.sim.bodies import PlacedBody, cut, load_library

library = load_library()  # or load_library("my-targets/")
nominal = library["PMN-2"]
drawn = library.draw("PMN-2", np.random.default_rng(1))  # from the ranges below
placed = PlacedBody(drawn, along_m=2.0, across_m=0.03, depth_m=0.08, tilt_deg=12.0)
outlines = cut(placed, library, across_m=0.0, ground_up_m=0.0)  # 3 cm beside its middle
```

A body of your own is a table. Sizes are in m, a part's depth is that of its upper end under the
body's top, and later parts replace what they overlap. When a body is drawn, the first part's size
scales the rest.

```toml
[sources.me]
title = "Measured with a caliper, our store"
year = "2026"

[body."my mine"]
category = "anti-personnel"
kind = "AP blast, plastic case"

[[body."my mine".part]]
name = "case"
shape = "cylinder"      # or sphere, box, cone (on its base), capsule (lying)
material = {{value = "plastic", confidence = "assumed"}}
diameter_m = {{value = 0.100, low = 0.098, high = 0.102, source = "me", confidence = "measured"}}
height_m = {{value = 0.050, source = "me", confidence = "measured"}}

[[body."my mine".metal]]
name = "striker"
shape = "rod"           # or sphere, disc, ring (open), shell (closed)
axis = "horizontal"
metal = {{value = "steel", confidence = "assumed"}}
radius_m = {{value = 0.001, confidence = "assumed"}}
length_m = {{value = 0.020, confidence = "assumed"}}
below_top_m = {{value = 0.020, confidence = "assumed"}}
```

Where bodies lie is said by a scenario's tables `[[layout]]`: `pattern` is `row`, `belt`, `scatter`,
`surface`, `trench` or `single`. The same seed gives the same field.

```toml
[[layout]]
pattern = "row"
bodies = ["PMN-2", "PMN"]
weights = [3, 1]
from_m = [1.0, 0.4]     # along the lanes, and to their right
spacing_m = 1.0
jitter_m = 0.15
depth_m = [0.02, 0.10]
tilt_deg = [0, 15]
disturbed_m = 0.06      # the soil above was dug this far around it
```

## All at a glance

The metal is `minimum` up to the volume of 20 g of steel. The permittivity is that of the largest
filling; a metal body has none.
"""


def main() -> None:
    """Print the page."""
    sys.stdout.write(page(load_library()))


def page(library: Library) -> str:
    """Return the page of a library."""
    clutter = library.names("clutter")
    mines = [name for category in MINES for name in library.names(category)]
    lines = [HEAD.format(mines=len(mines), clutter=len(clutter))]
    lines += _table(
        ("name", "what it is", "size in mm", "permittivity", "metal", "values known"),
        (_glance(library, name) for name in (*mines, *clutter)),
    )
    lines.append("\n## Mines, value by value\n")
    for name in mines:
        lines += _mine(library, name)
    lines.append("## Clutter, value by value\n\nAll assumed, where no source is named.\n")
    rows = (row for name in clutter for row in _clutter(library, name))
    lines += _table(("name", "piece", "values"), rows)
    lines.append("\n## Materials\n")
    names = [*library.material_values, *library.metals]
    facts = (fact for name in names for fact in library.material_facts(name))
    header = ("material", "quantity", "value", "range", "known", "note")
    lines += _table(header, (_row(fact) for fact in facts))
    lines.append("\n## Sources\n")
    lines += [_source(library, name) for name in library.sources]
    return "\n".join([*lines, ""])


def _glance(library: Library, name: str) -> tuple[str, ...]:
    body = library[name]
    filling = library.fill_permittivity(body)
    size = _size(2.0 * body.outer_radius_m, body.thickness_m)
    metal = body.metal_content
    cm3 = body.metal_m3 * 1e6
    content = metal if metal == "none" else f"{metal}, {cm3:{'.0f' if cm3 > 10.0 else '.2g'}} cm³"
    permittivity = f"{filling:g}" if filling else "metal"
    return name, body.kind, size, permittivity, content, f"{100.0 * body.known:.0f} %"


def _size(across_m: float, up_m: float) -> str:
    return f"{across_m * 1e3:.4g} × {up_m * 1e3:.4g}"


def _mine(library: Library, name: str) -> list[str]:
    kind = library.kinds[name]
    lines = [f"### {name}\n", f"{kind.kind}." + (f" {_sentence(kind.note)}" if kind.note else "")]
    header = ("part", "quantity", "value", "range", "known", "note")
    return [*lines, "", *_table(header, (_row(fact) for fact in library.facts(name))), ""]


def _row(fact: Fact) -> tuple[str, ...]:
    known = f"{fact.confidence}, {fact.source}" if fact.source else fact.confidence
    return fact.item, _quantity(fact), _value(fact), _range(fact), known, fact.note


def _clutter(library: Library, name: str) -> Iterator[tuple[str, ...]]:
    """Yield a row per piece: it is radar's and the detector's, its values in one line."""
    pieces: dict[str, list[str]] = {}
    for fact in library.facts(name):
        where = f" [{fact.source}]" if fact.source else ""
        between = f" ({_range(fact)})" if _range(fact) else ""
        told = f"{_quantity(fact)} {_value(fact)}{between}{where}"
        if fact.quantity in {"material", "metal"}:
            pieces[f"{fact.item}, {fact.quantity}"] = [f"{fact.value}{where}"]
        else:
            pieces[next(reversed(pieces))].append(told)
    for number, (piece, values) in enumerate(pieces.items()):
        item = piece.replace(", material", ": radar").replace(", metal", ": detector")
        yield name if number == 0 else "", item, "; ".join(values)


def _quantity(fact: Fact) -> str:
    words = fact.quantity.removesuffix("_s_per_m").removesuffix("_m").replace("_", " ")
    return "depth below top" if words == "below top" else words


def _value(fact: Fact) -> str:
    if isinstance(fact.value, str):
        return fact.value
    return f"{_number(fact.value, fact)}{_unit(fact)}"


def _range(fact: Fact) -> str:
    if fact.low is None or fact.high is None:
        return ""
    return f"{_number(fact.low, fact)} to {_number(fact.high, fact)}"


def _number(value: float, fact: Fact) -> str:
    return f"{value * 1e3:.4g}" if _unit(fact) == " mm" else f"{value:.4g}"


def _unit(fact: Fact) -> str:
    if fact.quantity.endswith("_s_per_m"):
        return " S/m"
    return " mm" if fact.quantity.endswith("_m") else ""


def _source(library: Library, name: str) -> str:
    source = library.sources[name]
    told = ", ".join(part for part in (source.author, source.year) if part)
    note = f" ({source.note})" if source.note else ""
    link = f" <{source.url}>" if source.url else ""
    return f"- **{name}**: {told + ': ' if told else ''}{source.title}{note}.{link}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


if __name__ == "__main__":
    main()
